//! How a room is, kept for whoever opens it anew.

use clinical_model::{AuditActor, AuditEntry, ParticipantUuid, RoomUuid};
use clinical_store::visits::RoomGrant;
use signaling_protocol::{Grants, ParticipantId, RoomId, Sources};

use super::room::ChatError;
use crate::Desk;

/// What holds in a room until a clinician says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomMode {
    /// People encrypt what they send for each other.
    pub encrypted: bool,
    /// What a clinician has left those whom she has restricted, in the order of their ids.
    pub curbed: Vec<(ParticipantId, Grants)>,
}

impl From<clinical_store::visits::RoomMode> for RoomMode {
    fn from(kept: clinical_store::visits::RoomMode) -> Self {
        let curbed = kept.grants.into_iter().map(|it| {
            let grants = Grants {
                publish: Sources {
                    microphone: it.microphone,
                    camera: it.camera,
                    screen: it.screen,
                },
                subscribe: it.subscribe,
            };
            (ParticipantId::from_uuid(it.participant.as_uuid()), grants)
        });
        Self {
            encrypted: kept.encrypted,
            curbed: curbed.collect(),
        }
    }
}

impl From<&RoomMode> for clinical_store::visits::RoomMode {
    fn from(mode: &RoomMode) -> Self {
        let grants = mode.curbed.iter().map(|(participant, grants)| RoomGrant {
            participant: ParticipantUuid::from_uuid(participant.as_uuid()),
            microphone: grants.publish.microphone,
            camera: grants.publish.camera,
            screen: grants.publish.screen,
            subscribe: grants.subscribe,
        });
        Self {
            encrypted: mode.encrypted,
            grants: grants.collect(),
        }
    }
}

/// Keeps how a room is, instead of how it was.
///
/// # Errors
/// [`ChatError::NoRoom`] and [`ChatError::Store`]
pub async fn keep_mode(desk: &Desk, room: RoomId, mode: &RoomMode) -> Result<(), ChatError> {
    let now = desk.now();
    let room = RoomUuid::from_uuid(room.as_uuid());
    let mut tx = desk.db().begin().await?;
    let visit = clinical_store::booking::find_by_room(&mut tx, room)
        .await?
        .ok_or(ChatError::NoRoom)?
        .appointment;
    clinical_store::visits::keep_mode(&mut tx, room, &mode.into(), now).await?;
    let action = if mode.encrypted {
        "visits.keep_encrypted"
    } else {
        "visits.keep_mode"
    };
    let entry = AuditEntry::done(AuditActor::System, action, now)
        .of_visit(&visit)
        .about("room", room.as_uuid());
    tx.commit(entry).await?;
    Ok(())
}
