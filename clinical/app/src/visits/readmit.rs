//! People who were in a visit when the machine that had it failed, and come back without a fresh pass.

use clinical_model::{AuditActor, AuditEntry, ParticipantUuid, Position, RoomUuid};
use clinical_store::booking::AppointmentRecord;
use clinical_store::{Conn, StoreError, identity, visits};
use signaling_protocol::{ParticipantId, Role, RoomId};

use super::join::Visitor;
use crate::Desk;

/// Who somebody is now, as a pass of theirs would say.
#[derive(Clone, PartialEq, Eq)]
pub struct Readmitted {
    /// Display name.
    pub name: String,
    /// What they may do in the room.
    pub role: Role,
    /// A guest's relation to the patient.
    pub relation: Option<String>,
    /// They were let in and not taken out since.
    pub admitted: bool,
}

impl core::fmt::Debug for Readmitted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Readmitted(..)")
    }
}

/// Somebody comes back into the visit that they were in a moment ago. The same doors are closed to them as to
/// whoever asks for a pass: a visit that is over or cancelled, a link or an invitation that was taken back, an account that was
/// shut.
/// `None`: they do not come in; it is written down.
///
/// # Errors
/// The store failed.
pub async fn readmit(
    desk: &Desk,
    room: RoomId,
    participant: ParticipantId,
) -> Result<Option<Readmitted>, StoreError> {
    let now = desk.now();
    let room = RoomUuid::from_uuid(room.as_uuid());
    let who = ParticipantUuid::from_uuid(participant.as_uuid());
    let mut tx = desk.db().begin().await?;
    let Some(record) = clinical_store::booking::find_by_room(&mut tx, room).await? else {
        return Ok(None);
    };
    let visitor = if record.appointment.readmits(now).is_ok() {
        visitor(&mut tx, &record, who).await?
    } else {
        None
    };
    let actor = AuditActor::Participant(participant.as_uuid());
    let entry = match &visitor {
        Some(_) => AuditEntry::done(actor, "visits.readmit", now),
        None => AuditEntry::refused(actor, "visits.readmit", now),
    };
    let entry = entry
        .of_visit(&record.appointment)
        .about("room", room.as_uuid())
        .under("failover_ticket");
    let readmitted = match visitor {
        Some(visitor) => Some(Readmitted {
            admitted: visitor.role() == Role::Clinician
                || visits::is_admitted(&mut tx, room, who).await?,
            name: visitor.name().to_owned(),
            role: visitor.role(),
            relation: visitor.relation().map(str::to_owned),
        }),
        None => None,
    };
    tx.commit(entry).await?;
    Ok(readmitted)
}

/// The person of a visit who is known by this id and whose way in still works.
async fn visitor(
    conn: &mut Conn,
    record: &AppointmentRecord,
    who: ParticipantUuid,
) -> Result<Option<Visitor>, StoreError> {
    let appointment = &record.appointment;
    if who == appointment.doctor_participant {
        let account = identity::account(conn, appointment.doctor).await?;
        let is_open =
            account.is_some_and(|it| !it.disabled && matches!(it.position, Position::Doctor(_)));
        return Ok(is_open.then(|| Visitor::doctor(record)));
    }
    if who == appointment.patient_participant {
        let works = visits::patient_link_works(conn, appointment.id).await?;
        return Ok(works.then(|| Visitor::patient(record)));
    }
    // An invitation that was taken back is not in the list.
    let guest = record.guests.iter().find(|it| it.participant == who);
    Ok(guest.map(Visitor::guest))
}
