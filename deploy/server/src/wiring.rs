//! Where signaling and the clinic meet. This is the only file that knows both.

use std::sync::Arc;
use std::time::Duration;

use clinical_app::visits::{self, CloseReason, Desk, LiveEffect, RoomMode};
use clinical_app::{Micros, captions, patiently};
use clinical_model::RoomUuid;
use sfu_net::TapEvent;
use signaling_protocol::{Bye, ChatMessage, ParticipantId, RoomId};
use signaling_server::{
    ChatPost, Legacy, Person, PortError, RoomRecord, SaidLine, SignalingHandle, VisitEvent,
    VisitPort,
};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::captions::Scribes;
use crate::phone::CallBacks;
use crate::recordings::Recorders;

/// How long somebody in a visit waits for the database. Their page tries again by itself.
const STORE_PATIENCE: Duration = Duration::from_millis(2_300);

/// The clinic as signaling sees it.
pub(crate) struct ClinicPort {
    desk: Desk,
    recorders: Recorders,
    scribes: Scribes,
    call_backs: CallBacks,
}

impl ClinicPort {
    /// Signaling's port to this desk, to recorders and scribes, and to the telephone line.
    pub(crate) fn new(
        desk: &Desk,
        recorders: &Recorders,
        scribes: &Scribes,
        call_backs: &CallBacks,
    ) -> Arc<Self> {
        Arc::new(Self {
            desk: desk.clone(),
            recorders: recorders.clone(),
            scribes: scribes.clone(),
            call_backs: call_backs.clone(),
        })
    }
}

impl VisitPort for ClinicPort {
    async fn load(&self, room: RoomId) -> Result<RoomRecord, PortError> {
        let state = patiently(STORE_PATIENCE, visits::load_room(&self.desk, room))
            .await
            .map_err(PortError::new)?;
        Ok(RoomRecord {
            chat: state.chat,
            read: state.read,
            ended: state.ended,
            captions_offered: self.scribes.is_offered(),
            legacy: Legacy {
                encrypted: state.mode.encrypted,
                curbed: state.mode.curbed,
            },
        })
    }

    async fn spend(&self, pass: Uuid, expires_us: i64) -> Result<bool, PortError> {
        let spend = visits::spend_pass(&self.desk, pass, Micros(expires_us));
        patiently(STORE_PATIENCE, spend)
            .await
            .map_err(PortError::new)
    }

    async fn readmit(
        &self,
        room: RoomId,
        participant: ParticipantId,
    ) -> Result<Option<Person>, PortError> {
        let readmit = visits::readmit(&self.desk, room, participant);
        let readmitted = patiently(STORE_PATIENCE, readmit)
            .await
            .map_err(PortError::new)?;
        Ok(readmitted.map(|it| Person {
            id: participant,
            name: it.name,
            role: it.role,
            relation: it.relation,
            admitted: it.admitted,
            connection: None,
        }))
    }

    async fn append_chat(&self, room: RoomId, post: ChatPost) -> Result<ChatMessage, PortError> {
        let author = (post.from, post.from_name.as_str());
        let append = visits::append_chat(&self.desk, room, post.id, author, &post.text);
        patiently(STORE_PATIENCE, append)
            .await
            .map_err(PortError::new)
    }

    async fn mark_read(
        &self,
        room: RoomId,
        participant: ParticipantId,
        seq: u64,
    ) -> Result<(), PortError> {
        let mark = visits::mark_read(&self.desk, room, participant, seq);
        patiently(STORE_PATIENCE, mark)
            .await
            .map_err(PortError::new)
    }

    async fn record(&self, room: RoomId, event: VisitEvent) -> Result<(), PortError> {
        if let VisitEvent::Ended { .. } = event {
            let room = RoomUuid::from_uuid(room.as_uuid());
            self.call_backs.rings().stop_all(room);
        }
        visits::record_visit_event(&self.desk, room, for_the_record(event))
            .await
            .map_err(PortError::new)
    }

    async fn keep_legacy(&self, room: RoomId, legacy: Legacy) -> Result<(), PortError> {
        let mode = RoomMode {
            encrypted: legacy.encrypted,
            curbed: legacy.curbed,
        };
        patiently(STORE_PATIENCE, visits::keep_mode(&self.desk, room, &mode))
            .await
            .map_err(PortError::new)
    }

    async fn open_recorder(&self, room: RoomId) -> Result<mpsc::Sender<TapEvent>, PortError> {
        // Whoever asks may give up before the answer; then the recorder is let go, and its recording is
        // finished as one of which nothing came.
        let recorders = self.recorders.clone();
        let begun = tokio::spawn(async move { recorders.begin(room).await }).await;
        begun.map_err(PortError::new)?.map_err(PortError::new)
    }

    async fn open_scribe(&self, room: RoomId) -> Result<mpsc::Sender<TapEvent>, PortError> {
        self.scribes.begin(room).map_err(PortError::new)
    }

    async fn keep_caption(&self, room: RoomId, line: SaidLine) -> Result<(), PortError> {
        let speaker = (line.name.0.as_str(), line.role);
        captions::keep(&self.desk, room, &line.caption, speaker)
            .await
            .map_err(PortError::new)
    }

    async fn call_back(
        &self,
        room: RoomId,
        participant: ParticipantId,
        ring: bool,
    ) -> Result<(), PortError> {
        if !ring {
            self.call_backs.stop(room, participant);
            return Ok(());
        }
        // Whoever asks may give up before the answer; a call that was placed is not left alone.
        let call_backs = self.call_backs.clone();
        let ringing = tokio::spawn(async move { call_backs.ring(room, participant).await });
        let rings = ringing.await.map_err(PortError::new)?;
        rings.map_err(PortError::new)
    }
}

/// Signaling's word for an event in the clinic's words.
fn for_the_record(event: VisitEvent) -> visits::VisitEvent {
    match event {
        VisitEvent::Arrived {
            participant,
            role: _,
        } => visits::VisitEvent::Arrived { participant },
        VisitEvent::Admitted { participant, by } => {
            visits::VisitEvent::Admitted { participant, by }
        }
        VisitEvent::Refused { participant, by } => visits::VisitEvent::Refused { participant, by },
        VisitEvent::Removed { participant, by } => visits::VisitEvent::Removed { participant, by },
        VisitEvent::Started => visits::VisitEvent::Started,
        VisitEvent::Ended { by } => visits::VisitEvent::Ended { by },
        VisitEvent::ConsentAsked { purpose, by } => {
            visits::VisitEvent::ConsentAsked { purpose, by }
        }
        VisitEvent::ConsentGiven {
            purpose,
            participant,
            wording,
        } => visits::VisitEvent::ConsentGiven {
            purpose,
            participant,
            wording,
        },
        VisitEvent::ConsentRefused {
            purpose,
            participant,
        } => visits::VisitEvent::ConsentRefused {
            purpose,
            participant,
        },
        VisitEvent::ConsentOver { purpose, why } => {
            visits::VisitEvent::ConsentOver { purpose, why }
        }
        VisitEvent::CalledBack { participant, by } => {
            visits::VisitEvent::CalledBack { participant, by }
        }
        VisitEvent::ByPhone { participant, on } => visits::VisitEvent::ByPhone { participant, on },
        VisitEvent::Left { participant } => visits::VisitEvent::Left { participant },
    }
}

/// Takes what was done at the front desk to the live visits, until the desk has closed.
pub(crate) async fn carry_live_effects(
    mut effects: mpsc::Receiver<LiveEffect>,
    signaling: SignalingHandle,
) {
    while let Some(effect) = effects.recv().await {
        match effect {
            LiveEffect::CloseRoom {
                room,
                reason: CloseReason::Cancelled | CloseReason::Rescheduled,
            } => {
                signaling
                    .close_room(RoomId::from_uuid(room.as_uuid()), Bye::Ended)
                    .await;
            }
            LiveEffect::DropParticipant { room, participant } => {
                let room = RoomId::from_uuid(room.as_uuid());
                let participant = ParticipantId::from_uuid(participant.as_uuid());
                signaling
                    .drop_participant(room, participant, Bye::Removed)
                    .await;
            }
        }
    }
}
