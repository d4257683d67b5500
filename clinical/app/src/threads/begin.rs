//! Beginning a thread.

use clinical_model::text::{Line, MessageText};
use clinical_model::threads::{MEMBERS_MAX, Member, Thread, is_colleague, treats};
use clinical_model::{Micros, PatientId, Role, ThreadId, UserId};
use clinical_store::access::Viewer;
use clinical_store::threads as store;
use clinical_store::{Conn, StoreError, Tx, identity};

use super::read::{Full, whole};
use super::{ThreadsError, own, tell_others};
use crate::{Access, Actor, Clinic};

/// What to begin.
#[derive(Debug, Clone)]
pub struct BeginCommand {
    /// About whom; patients mean themselves.
    pub patient: Option<PatientId>,
    /// Who reads it besides who begins it.
    pub people: Vec<UserId>,
    /// What it is about.
    pub subject: Line,
    /// The first message.
    pub text: MessageText,
}

/// Whether a doctor treats a patient now.
pub(super) async fn is_treating(
    conn: &mut Conn,
    (actor, patient): (&Actor, PatientId),
    doctor: UserId,
    now: Micros,
) -> Result<bool, StoreError> {
    let viewer = Viewer {
        tenant: actor.tenant,
        person: doctor,
        role: Role::Doctor,
        now,
    };
    let grant = clinical_store::access::grant(conn, &viewer, patient).await?;
    Ok(grant.is_some_and(treats))
}

/// Somebody of the facility with a living account.
async fn living(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
) -> Result<Option<clinical_model::Account>, StoreError> {
    let account = identity::account(conn, id).await?;
    Ok(account.filter(|it| it.tenant == actor.tenant && !it.disabled))
}

/// The role of a colleague; none for anybody else.
pub(super) async fn colleague(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
) -> Result<Option<Role>, StoreError> {
    let account = living(conn, actor, id).await?;
    let role = account.map(|it| it.position.role());
    Ok(role.filter(|role| is_colleague(*role)))
}

/// Who will be in the thread, with their roles; who begins it comes first.
async fn members(
    conn: &mut Conn,
    actor: &Actor,
    (patient, people): (PatientId, &[UserId]),
    now: Micros,
) -> Result<Vec<(UserId, Role)>, ThreadsError> {
    let bad = ThreadsError::Invalid("people");
    if people.is_empty() || people.len() >= MEMBERS_MAX {
        return Err(bad);
    }
    let mut members = vec![(actor.user, actor.role)];
    let account = store::account_of(conn, actor.tenant, patient).await?;
    let account = account.map(|it| it.id);
    for &person in people {
        if members.iter().any(|(known, _)| *known == person) {
            return Err(bad);
        }
        let role = if account == Some(person) {
            Some(Role::Patient)
        } else {
            colleague(conn, actor, person).await?
        };
        let role = match role {
            Some(Role::Doctor) if actor.role == Role::Patient => {
                let of = (actor, patient);
                let treats = is_treating(conn, of, person, now).await?;
                Some(Role::Doctor).filter(|_| treats)
            }
            // Patients write to doctors.
            _ if actor.role == Role::Patient => None,
            other => other,
        };
        let Some(role) = role else {
            return Err(bad);
        };
        members.push((person, role));
    }
    Ok(members)
}

/// Lets everybody in; the patient and the first doctor stay.
async fn join_all(
    tx: &mut Tx,
    thread: &Thread,
    members: &[(UserId, Role)],
) -> Result<(), StoreError> {
    let first = members.iter().find(|(_, role)| *role == Role::Doctor);
    let first = first.map(|(doctor, _)| *doctor);
    for &(person, role) in members {
        let stays = role == Role::Patient || first == Some(person);
        let member = Member::new(person, stays, thread.created);
        store::join(tx, (thread.tenant, thread.id), &member).await?;
    }
    Ok(())
}

/// Begins a thread with its first message. A patient writes to doctors who treat them; a doctor or
/// nurse who treats the patient, to the patient and to colleagues.
///
/// # Errors
/// [`ThreadsError`]
pub async fn begin(
    clinic: &Clinic,
    actor: &Actor,
    command: BeginCommand,
) -> Result<Full, ThreadsError> {
    let now = clinic.clock.now();
    let patient = command.patient.or(actor.patient);
    let patient = patient.ok_or(ThreadsError::Invalid("patient"))?;
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    let may_begin = match actor.role {
        Role::Patient => actor.patient == Some(patient),
        Role::Doctor | Role::Nurse => treats(access.grant()),
        _ => false,
    };
    if !may_begin {
        return Err(ThreadsError::Forbidden);
    }
    let members = members(&mut tx, actor, (patient, &command.people), now).await?;
    let words = (command.subject, command.text);
    opened((tx, clinic), actor, (access, members), words, now).await
}

/// Writes a thread with its members and its first message, and tells them.
pub(super) async fn opened(
    (mut tx, clinic): (Tx, &Clinic),
    actor: &Actor,
    (access, members): (Access, Vec<(UserId, Role)>),
    (subject, text): (Line, MessageText),
    now: Micros,
) -> Result<Full, ThreadsError> {
    let thread = Thread {
        id: ThreadId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        patient: access.patient(),
        subject,
        prescription: None,
        created: now,
        created_by: actor.user,
        last_seq: 0,
        last: now,
        closed: None,
    };
    store::insert(&mut tx, &thread).await?;
    join_all(&mut tx, &thread, &members).await?;
    store::say(&mut tx, &thread, (actor.user, &text), now).await?;
    tell_others(&mut tx, clinic, (&thread, actor.user), now).await?;
    let done = access.entry(actor, "thread.begin");
    let done = done.about("thread", thread.id.as_uuid());
    let begun = own(&mut tx, actor, thread.id, now).await?;
    let full = whole(&mut tx, begun).await?;
    tx.commit(done).await?;
    Ok(full)
}
