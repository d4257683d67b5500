//! Inviting a third person, and taking the invitation back.

use clinical_model::booking::{PersonName, Relation};
use clinical_model::visits::{Guest, LinkHolder};
use clinical_model::{AppointmentId, GuestId, ParticipantUuid};
use clinical_store::StoreError;

use super::line::PlacedCall;
use super::live::LiveEffect;
use crate::booking::{AccessError, NewLink, issue, own, takes_place};
use crate::{Actor, Desk};

/// Most guests of one visit: with doctor and patient they fill a room
/// ([`signaling_protocol::PARTICIPANTS_MAX`]).
pub const GUESTS_MAX: usize = signaling_protocol::PARTICIPANTS_MAX - 2;

/// Invite a third person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestCommand {
    /// Display name.
    pub name: PersonName,
    /// Relation to the patient.
    pub relation: Relation,
}

/// An invited person with their way in.
#[derive(Debug)]
pub struct Invited {
    /// The guest.
    pub guest: Guest,
    /// The link; its secret is not stored.
    pub link: NewLink,
}

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum AddGuestError {
    /// There is no such appointment, or it is not theirs.
    #[error("no such appointment")]
    NotFound,
    /// The visit is over or will not take place.
    #[error("the visit is over or will not take place")]
    Over,
    /// The visit has [`GUESTS_MAX`] guests.
    #[error("a visit has at most {GUESTS_MAX} guests")]
    Full,
    /// The store failed.
    #[error("the guest could not be invited")]
    Store(#[from] StoreError),
}

impl From<AccessError> for AddGuestError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotFound => Self::NotFound,
            AccessError::Store(error) => Self::Store(error),
        }
    }
}

/// Invites a third person to a visit, for its doctor and its patient.
///
/// # Errors
/// [`AddGuestError`]
pub async fn add_guest(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
    command: GuestCommand,
) -> Result<Invited, AddGuestError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let appointment = own(&mut tx, actor, id).await?.appointment;
    if !takes_place(&appointment, now) {
        return Err(AddGuestError::Over);
    }
    // Two invitations at once wait for each other here, so the count below is right.
    clinical_store::booking::lock_calendars(&mut tx, appointment.doctor, appointment.patient)
        .await?;
    if own(&mut tx, actor, id).await?.guests.len() >= GUESTS_MAX {
        return Err(AddGuestError::Full);
    }
    let guest = Guest {
        id: GuestId::from_uuid(desk.id(now)),
        appointment: id,
        participant: ParticipantUuid::from_uuid(desk.opaque_id()),
        name: command.name,
        relation: command.relation,
    };
    clinical_store::visits::insert_guest(&mut tx, &guest, now).await?;
    let link = issue(
        desk,
        &mut tx,
        &appointment,
        LinkHolder::Guest(guest.id),
        now,
    )
    .await?;
    let entry = actor
        .did("visits.add_guest", now)
        .of_visit(&appointment)
        .about("guest", guest.id.as_uuid())
        .under("own_appointment");
    tx.commit(entry).await?;
    Ok(Invited { guest, link })
}

/// Why an invitation was not taken back.
#[derive(Debug, thiserror::Error)]
pub enum RemoveGuestError {
    /// There is no such appointment or guest, or it is not theirs.
    #[error("no such guest")]
    NotFound,
    /// The store failed.
    #[error("the guest could not be removed")]
    Store(#[from] StoreError),
}

impl From<AccessError> for RemoveGuestError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotFound => Self::NotFound,
            AccessError::Store(error) => Self::Store(error),
        }
    }
}

/// Takes an invitation back. A guest who is in the visit is taken out of it.
///
/// # Errors
/// [`RemoveGuestError`]
pub async fn remove_guest(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
    guest: GuestId,
) -> Result<(), RemoveGuestError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let record = own(&mut tx, actor, id).await?;
    let known = record.guests.iter().find(|known| known.id == guest);
    let participant = known.ok_or(RemoveGuestError::NotFound)?.participant;
    if !clinical_store::visits::remove_guest(&mut tx, guest, now).await? {
        return Err(RemoveGuestError::NotFound);
    }
    clinical_store::visits::revoke_guest_links(&mut tx, guest, now).await?;
    let room = record.appointment.room;
    clinical_store::visits::remove(&mut tx, room, participant, now).await?;
    let entry = actor
        .did("visits.remove_guest", now)
        .of_visit(&record.appointment)
        .about("guest", guest.as_uuid())
        .under("own_appointment");
    let effect = LiveEffect::DropParticipant { room, participant };
    // Who is just being called would come in by it.
    if let Some(line) = desk.line() {
        let theirs = |call: &PlacedCall| call.participant == participant;
        for call in line.calls(room).into_iter().filter(theirs) {
            line.stop(room, call.id);
        }
    }
    desk.commit_and_tell(tx, entry, effect).await?;
    Ok(())
}
