//! Through the door of a visit: by link, or as its doctor.

use clinical_model::booking::{Appointment, LINK_LIFE_US};
use clinical_model::visits::{
    Admission, Guest, JoinLinkToken, JoinRefusal, Link, LinkHolder, QueuePlace, queue_place,
};
use clinical_model::{AppointmentId, AuditActor, AuditEntry, Micros, ParticipantUuid};
use clinical_store::booking::AppointmentRecord;
use clinical_store::{Conn, StoreError};
use signaling_protocol::{ParticipantId, Role, RoomId};
use signaling_ticket::{MintError, Purpose};

use super::desk::PASS_LIFE_S;
use super::phone::{PhoneWay, way_into};
use crate::booking::{is_doctor_of, link_hash};
use crate::{Actor, Desk, Limited, Origin};

/// Everything needed to enter a visit.
#[derive(Clone)]
pub struct Entry {
    /// One-use pass for signaling.
    pub ticket: String,
    /// The visit.
    pub record: AppointmentRecord,
    /// Display name of the person who enters.
    pub my_name: String,
    /// What they may do in the room.
    pub my_role: Role,
    /// Where they stand.
    pub queue: QueuePlace,
    /// How to come by telephone instead; none where one cannot, and for other people than the patient.
    pub phone: Option<PhoneWay>,
}

impl core::fmt::Debug for Entry {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Entry(..)")
    }
}

/// Why somebody may not enter.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// There is no such link or appointment, or it is not theirs.
    #[error("no such visit")]
    NotFound,
    /// Too many links from this address led nowhere.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// The door is closed to them.
    #[error(transparent)]
    Refused(#[from] JoinRefusal),
    /// The pass could not be signed.
    #[error("the pass could not be made")]
    Pass(#[from] MintError),
    /// The store failed.
    #[error("the visit could not be read")]
    Store(#[from] StoreError),
}

/// One person at the door.
pub(super) struct Visitor {
    pub(super) participant: ParticipantUuid,
    name: String,
    role: Role,
    relation: Option<String>,
}

impl Visitor {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn role(&self) -> Role {
        self.role
    }

    pub(super) fn relation(&self) -> Option<&str> {
        self.relation.as_deref()
    }

    pub(super) fn doctor(record: &AppointmentRecord) -> Self {
        Self {
            participant: record.appointment.doctor_participant,
            name: record.doctor.name.clone(),
            role: Role::Clinician,
            relation: None,
        }
    }

    pub(super) fn patient(record: &AppointmentRecord) -> Self {
        Self {
            participant: record.appointment.patient_participant,
            name: record.patient_name.clone(),
            role: Role::Patient,
            relation: None,
        }
    }

    pub(super) fn guest(guest: &Guest) -> Self {
        Self {
            participant: guest.participant,
            name: guest.name.as_str().to_owned(),
            role: Role::Guest,
            relation: Some(guest.relation.as_str().to_owned()),
        }
    }
}

/// Enters by a link: the patient or a guest. They wait in the lobby unless the doctor let them in
/// before.
///
/// # Errors
/// [`JoinError`]; a refusal is written down under the link.
pub async fn redeem(desk: &Desk, from: Origin, token: &str) -> Result<Entry, JoinError> {
    let now = desk.now();
    desk.knock(from, now)?;
    let mut tx = desk.db().begin().await?;
    let (link, record) = by_link(&mut tx, token).await?;
    desk.opened(from);
    let entry = |refused: bool| {
        let actor = AuditActor::Link(link.id);
        if refused {
            AuditEntry::refused(actor, "visits.redeem", now)
        } else {
            AuditEntry::done(actor, "visits.redeem", now)
        }
        .of_visit(&record.appointment)
        .under("join_link")
    };
    let admission = match record.appointment.admit(&link, now) {
        Ok(admission) => admission,
        Err(refusal) => {
            tx.commit(entry(true)).await?;
            return Err(refusal.into());
        }
    };
    let visitor = match admission.link_holder() {
        Some(LinkHolder::Guest(id)) => {
            let guest = clinical_store::visits::guest(&mut tx, id).await?;
            Visitor::guest(&guest.ok_or(JoinError::NotFound)?)
        }
        Some(LinkHolder::Patient) | None => Visitor::patient(&record),
    };
    let room = admission.room();
    let admitted = clinical_store::visits::is_admitted(&mut tx, room, visitor.participant).await?;
    let queue = place(&mut tx, &record.appointment, now).await?;
    let ticket = mint(desk, &admission, &visitor, admitted, now)?;
    let phone = match visitor.role {
        Role::Patient => way_into(desk, &mut tx, &record, now).await?,
        Role::Clinician | Role::Guest => None,
    };
    tx.commit(entry(false)).await?;
    Ok(Entry {
        ticket,
        record,
        my_name: visitor.name,
        my_role: visitor.role,
        queue,
        phone,
    })
}

/// The doctor of an appointment enters; she never waits.
///
/// # Errors
/// [`JoinError`]
pub async fn join_as_doctor(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
) -> Result<Entry, JoinError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let record = clinical_store::booking::find(&mut tx, id)
        .await?
        .filter(|record| is_doctor_of(actor, record))
        .ok_or(JoinError::NotFound)?;
    let admission = record.appointment.admit_doctor(now)?;
    let visitor = Visitor::doctor(&record);
    let queue = QueuePlace {
        place: 1,
        expected: record.appointment.slot.start.max(now),
    };
    let ticket = mint(desk, &admission, &visitor, true, now)?;
    let entry = actor
        .did("visits.join", now)
        .of_visit(&record.appointment)
        .under("own_appointment");
    tx.commit(entry).await?;
    Ok(Entry {
        ticket,
        record,
        my_name: visitor.name,
        my_role: visitor.role,
        queue,
        phone: None,
    })
}

/// Where the holder of a link stands while waiting.
///
/// # Errors
/// The refusals of [`redeem`].
pub async fn link_queue(desk: &Desk, from: Origin, token: &str) -> Result<QueuePlace, JoinError> {
    let now = desk.now();
    desk.knock(from, now)?;
    let mut tx = desk.db().read().await?;
    let (link, record) = by_link(&mut tx, token).await?;
    desk.opened(from);
    record.appointment.admit(&link, now)?;
    Ok(place(&mut tx, &record.appointment, now).await?)
}

/// A pass into a private room in which a person sees and hears only themselves.
#[derive(Clone)]
pub struct TestPass {
    /// One-use pass for signaling.
    pub ticket: String,
}

impl core::fmt::Debug for TestPass {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TestPass(..)")
    }
}

/// Why no connection test was opened.
#[derive(Debug, thiserror::Error)]
#[error("the pass could not be made")]
pub struct TestPassError(#[from] MintError);

/// A connection test for a signed-in person.
///
/// # Errors
/// The pass could not be signed.
pub fn connection_test(desk: &Desk) -> Result<TestPass, TestPassError> {
    let participant = ParticipantId::from_uuid(desk.opaque_id());
    let purpose = Purpose::ConnectionTest { participant };
    let ticket = desk.mint(&purpose, desk.now())?;
    Ok(TestPass { ticket })
}

/// A connection test for the holder of a link. It may come long before the visit, so that there is
/// time to repair something.
///
/// # Errors
/// The refusals of [`redeem`] but for the one that it is too early.
pub async fn link_test(desk: &Desk, from: Origin, token: &str) -> Result<TestPass, JoinError> {
    let now = desk.now();
    desk.knock(from, now)?;
    let mut tx = desk.db().read().await?;
    let (link, record) = by_link(&mut tx, token).await?;
    desk.opened(from);
    match record.appointment.admit(&link, now) {
        Ok(_) | Err(JoinRefusal::TooEarly { .. }) => {}
        Err(refusal) => return Err(refusal.into()),
    }
    let participant = ParticipantId::from_uuid(desk.opaque_id());
    let ticket = desk.mint(&Purpose::ConnectionTest { participant }, now)?;
    Ok(TestPass { ticket })
}

async fn by_link(conn: &mut Conn, token: &str) -> Result<(Link, AppointmentRecord), JoinError> {
    // Nobody learns whether a text could have been a link.
    let token: JoinLinkToken = token.parse().or(Err(JoinError::NotFound))?;
    let link = clinical_store::visits::find_link(conn, &link_hash(&token))
        .await?
        .ok_or(JoinError::NotFound)?;
    let record = clinical_store::booking::find(conn, link.appointment)
        .await?
        .ok_or(JoinError::NotFound)?;
    Ok((link, record))
}

/// Who still waits half a day after the end has been forgotten, and nobody waits behind them.
async fn place(conn: &mut Conn, mine: &Appointment, now: Micros) -> Result<QueuePlace, StoreError> {
    let since = now.plus(-LINK_LIFE_US);
    let others = clinical_store::booking::waiting(conn, mine.doctor, since).await?;
    Ok(queue_place(mine, &others, now))
}

fn mint(
    desk: &Desk,
    admission: &Admission,
    visitor: &Visitor,
    admitted: bool,
    now: Micros,
) -> Result<String, MintError> {
    mint_for(desk, admission, visitor, admitted, (now, PASS_LIFE_S))
}

pub(super) fn mint_for(
    desk: &Desk,
    admission: &Admission,
    visitor: &Visitor,
    admitted: bool,
    (now, life_s): (Micros, u32),
) -> Result<String, MintError> {
    let purpose = Purpose::Visit {
        room: RoomId::from_uuid(admission.room().as_uuid()),
        participant: ParticipantId::from_uuid(visitor.participant.as_uuid()),
        name: visitor.name.clone(),
        role: visitor.role,
        relation: visitor.relation.clone(),
        admitted,
    };
    desk.mint_for(&purpose, now, life_s)
}
