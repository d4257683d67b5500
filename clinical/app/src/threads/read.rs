//! Reading threads.

use clinical_model::threads::{Message, Thread};
use clinical_model::{PatientId, Role, ThreadId};
use clinical_store::access::Viewer;
use clinical_store::threads::{
    self as store, After, Correspondent, Listed, MESSAGES_MAX, Person, Range, THREADS_MAX,
};
use clinical_store::{Conn, StoreError, patients};

use super::begin::is_treating;
use super::{ThreadsError, entry, own};
use crate::{Access, Actor, Clinic};

/// A thread with everything that its members see beside it.
#[derive(Debug, Clone)]
pub struct Full {
    /// The thread, and how far the reader has read.
    pub listed: Listed,
    /// The name of the patient whom it is about.
    pub patient_name: String,
    /// Who is in it now.
    pub people: Vec<Person>,
}

/// A message with who wrote it.
#[derive(Debug, Clone)]
pub struct Said {
    /// The message.
    pub message: Message,
    /// The name of its author.
    pub name: String,
    /// What the author is to the clinic.
    pub role: Role,
}

impl Said {
    /// Finds the author among those who are and were in the thread.
    pub(super) fn by_one_of(people: &[Person], message: Message) -> Self {
        let author = people.iter().find(|it| it.member.person == message.author);
        Self {
            name: author.map_or_else(String::new, |it| it.name.clone()),
            // The store lets nobody write who never was a member.
            role: author.map_or(Role::Patient, |it| it.role),
            message,
        }
    }
}

/// A part of a list, and whether there is more in the same direction.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there is more.
    pub has_more: bool,
}

/// A thread as it stands after an act on it.
pub(super) async fn whole(conn: &mut Conn, listed: Listed) -> Result<Full, StoreError> {
    let thread = &listed.thread;
    let patient = patients::record(conn, thread.tenant, thread.patient).await?;
    let mut people = store::people(conn, thread.id).await?;
    people.retain(|it| it.member.left.is_none());
    Ok(Full {
        patient_name: patient.map_or_else(String::new, |it| it.demographics.full_name()),
        people,
        listed,
    })
}

/// The actor's threads, those with the newest messages first.
///
/// # Errors
/// [`ThreadsError::Store`]
pub async fn list(
    clinic: &Clinic,
    actor: &Actor,
    after: Option<After>,
) -> Result<Page<Full>, ThreadsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let found = store::list(&mut tx, &actor.viewer(now), (after, THREADS_MAX)).await?;
    let has_more = found.len() >= usize::try_from(THREADS_MAX).unwrap_or(usize::MAX);
    let mut items = Vec::with_capacity(found.len());
    for listed in found {
        items.push(whole(&mut tx, listed).await?);
    }
    tx.commit(actor.did("thread.list", now)).await?;
    Ok(Page { items, has_more })
}

/// How many messages of others the actor has not read. It tells a number and nothing of a record.
///
/// # Errors
/// [`ThreadsError::Store`]
pub async fn unread(clinic: &Clinic, actor: &Actor) -> Result<u32, ThreadsError> {
    let mut conn = clinic.db.read().await?;
    let viewer = actor.viewer(clinic.clock.now());
    Ok(store::unread(&mut conn, &viewer).await?)
}

/// One thread of the actor's.
///
/// # Errors
/// [`ThreadsError`]
pub async fn read(clinic: &Clinic, actor: &Actor, id: ThreadId) -> Result<Full, ThreadsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let listed = own(&mut tx, actor, id, now).await?;
    let done = entry(actor, "thread.read", &listed.thread, now);
    let full = whole(&mut tx, listed).await?;
    tx.commit(done).await?;
    Ok(full)
}

/// Messages of one thread of the actor's, oldest first. Who asks for newer ones and gets none has
/// read nothing, so nothing is written down.
///
/// # Errors
/// [`ThreadsError`]
pub async fn messages(
    clinic: &Clinic,
    actor: &Actor,
    id: ThreadId,
    range: Range,
) -> Result<Page<Said>, ThreadsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let thread = own(&mut tx, actor, id, now).await?.thread;
    let found = store::messages(&mut tx, &actor.viewer(now), id, range).await?;
    if found.is_empty() {
        return Ok(Page {
            items: Vec::new(),
            has_more: false,
        });
    }
    let has_more = found.len() >= usize::try_from(MESSAGES_MAX).unwrap_or(usize::MAX)
        && match range {
            Range::Before(_) => found.first().is_some_and(|first| first.seq > 1),
            Range::After(_) => found.last().is_some_and(|last| last.seq < thread.last_seq),
        };
    let people = store::people(&mut tx, id).await?;
    let items = found
        .into_iter()
        .map(|message| Said::by_one_of(&people, message))
        .collect();
    tx.commit(entry(actor, "thread.messages", &thread, now))
        .await?;
    Ok(Page { items, has_more })
}

/// Whom the actor may write to: a patient, the doctors who treat them; staff, their colleagues, and
/// the patient whom they name if that patient has an account.
///
/// # Errors
/// [`ThreadsError`]
pub async fn correspondents(
    clinic: &Clinic,
    actor: &Actor,
    patient: Option<PatientId>,
) -> Result<Vec<Correspondent>, ThreadsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let action = "thread.correspondents";
    let (mut found, done) = match (actor.role, actor.patient) {
        (Role::Patient, Some(own)) => {
            let access = Access::to(&mut tx, actor, own, now).await?;
            let mut treating = Vec::new();
            for doctor in store::doctors_of(&mut tx, actor.tenant, own).await? {
                if is_treating(&mut tx, (actor, own), doctor.id, now).await? {
                    treating.push(doctor);
                }
            }
            (treating, access.entry(actor, action))
        }
        _ => {
            let mut found = store::colleagues(&mut tx, actor.tenant).await?;
            found.retain(|it| it.id != actor.user);
            let done = match patient {
                Some(patient) => {
                    let access = Access::to(&mut tx, actor, patient, now).await?;
                    found.extend(store::account_of(&mut tx, actor.tenant, patient).await?);
                    access.entry(actor, action)
                }
                None => actor.did(action, now),
            };
            (found, done)
        }
    };
    found.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
    tx.commit(done).await?;
    Ok(found)
}

/// A thread as a copy of the record holds it.
#[derive(Debug)]
pub struct ThreadPart {
    /// The thread.
    pub thread: Thread,
    /// Who is in it.
    pub names: Vec<String>,
    /// Everything that was written, oldest first.
    pub said: Vec<Said>,
}

/// The threads about a patient of which the viewer is a member, with everything in them.
pub(crate) async fn parts_of(
    conn: &mut Conn,
    viewer: &Viewer,
    patient: PatientId,
) -> Result<Vec<ThreadPart>, StoreError> {
    let mut parts = Vec::new();
    for (thread, written) in store::everything_of(conn, viewer, patient).await? {
        let people = store::people(conn, thread.id).await?;
        let here = people.iter().filter(|it| it.member.left.is_none());
        parts.push(ThreadPart {
            names: here.map(|it| it.name.clone()).collect(),
            said: written
                .into_iter()
                .map(|message| Said::by_one_of(&people, message))
                .collect(),
            thread,
        });
    }
    Ok(parts)
}
