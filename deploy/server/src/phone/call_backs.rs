//! Calling people back whose page was lost during a visit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use clinical_app::visits::{CallBackError, Desk, call_back};
use signaling_phone::{CallProgress, Dialled, Dialler, Pass, Reason, RingOrder, RingRefusal};
use signaling_protocol::{ParticipantId, RoomId};
use signaling_server::SignalingHandle;
use signaling_sip::{Language, NumberError, PhoneNumber};

/// How long it rings at most. The room ends it before, by its own rule.
const RING_MAX: Duration = Duration::from_mins(2);

/// Nobody is called.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCalled {
    #[error("no telephone line is configured")]
    NoLine,
    #[error(transparent)]
    Clinic(#[from] CallBackError),
    #[error("the number on record is none")]
    Number(#[from] NumberError),
    #[error(transparent)]
    Line(#[from] RingRefusal),
}

/// The calls that were placed for rooms. Clones are the same.
#[derive(Clone)]
pub(crate) struct CallBacks(Arc<Inner>);

struct Inner {
    desk: Desk,
    line: OnceLock<(Dialler, SignalingHandle)>,
    /// Calls of people who have not answered yet, and of those who talk. Dropping one hangs up.
    live: Mutex<HashMap<(RoomId, ParticipantId), Arc<Dialled>>>,
}

impl CallBacks {
    pub(crate) fn new(desk: Desk) -> Self {
        Self(Arc::new(Inner {
            desk,
            line: OnceLock::new(),
            live: Mutex::default(),
        }))
    }

    /// What calls, and whom rooms are told by; without it nobody is called.
    pub(crate) fn meet(&self, dialler: Dialler, signaling: SignalingHandle) {
        // A second one would be a mistake of the wiring, and changes nothing.
        let _ = self.0.line.set((dialler, signaling));
    }

    /// Calls the telephone on record of a person in a visit.
    pub(crate) async fn ring(
        &self,
        room: RoomId,
        participant: ParticipantId,
    ) -> Result<(), NotCalled> {
        let (dialler, signaling) = self.0.line.get().ok_or(NotCalled::NoLine)?;
        let whom = call_back(&self.0.desk, room, participant).await?;
        let mut dialled = dialler.ring(RingOrder {
            number: PhoneNumber::parse(&whom.number, None)?,
            trunk: None,
            reason: Reason::BrowserLost,
            pass: Pass::new(whom.ticket),
            language: match whom.language {
                clinical_app::notify::Language::French => Language::French,
                clinical_app::notify::Language::English => Language::English,
            },
            ask_consent: false,
            ring_for: RING_MAX,
        })?;
        let (_, closed) = tokio::sync::mpsc::channel(1);
        let mut progress = core::mem::replace(&mut dialled.progress, closed);
        let dialled = Arc::new(dialled);
        let key = (room, participant);
        // Whoever is called anew is not called twice.
        drop(self.live().insert(key, Arc::clone(&dialled)));
        let (this, signaling) = (self.clone(), signaling.clone());
        tokio::spawn(async move {
            let mut has_come = false;
            while let Some(news) = progress.recv().await {
                has_come |= news == CallProgress::Confirmed;
            }
            let is_ours = {
                let mut live = this.live();
                let is_ours = live.get(&key).is_some_and(|it| Arc::ptr_eq(it, &dialled));
                if is_ours {
                    live.remove(&key);
                }
                is_ours
            };
            if is_ours && !has_come {
                signaling.call_back_failed(room, participant).await;
            }
        });
        Ok(())
    }

    /// Hangs up a call that nobody has answered.
    pub(crate) fn stop(&self, room: RoomId, participant: ParticipantId) {
        if let Some(dialled) = self.live().remove(&(room, participant)) {
            dialled.hang_up();
        }
    }

    fn live(&self) -> std::sync::MutexGuard<'_, HashMap<(RoomId, ParticipantId), Arc<Dialled>>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
