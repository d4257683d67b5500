//! Calling people back whose page was lost during a visit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use clinical_app::visits::{CallBackError, Desk, call_back};
use signaling_phone::{CallProgress, Dialled, Dialler, Pass, Reason, RingOrder, RingRefusal};
use signaling_protocol::{ParticipantId, RoomId};
use signaling_server::SignalingHandle;
use signaling_sip::{Language, NumberError, PhoneNumber};
use tokio::sync::Notify;

use super::rings::Rings;

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
    rings: Rings,
    line: OnceLock<(Dialler, SignalingHandle)>,
    /// What stops the call of a person.
    live: Mutex<HashMap<(RoomId, ParticipantId), Arc<Notify>>>,
}

impl CallBacks {
    pub(crate) fn new(desk: Desk) -> Self {
        Self(Arc::new(Inner {
            rings: Rings::new(desk.clone()),
            desk,
            line: OnceLock::new(),
            live: Mutex::default(),
        }))
    }

    /// What calls, and whom rooms are told by; without it nobody is called.
    pub(crate) fn meet(&self, dialler: Dialler, signaling: SignalingHandle) {
        // A second one would be a mistake of the wiring, and changes nothing.
        self.0.rings.meet(dialler.clone());
        let _ = self.0.line.set((dialler, signaling));
    }

    /// The calls of clinicians.
    pub(crate) fn rings(&self) -> &Rings {
        &self.0.rings
    }

    /// Calls the telephone on record of a person in a visit.
    pub(crate) async fn ring(
        &self,
        room: RoomId,
        participant: ParticipantId,
    ) -> Result<(), NotCalled> {
        let (dialler, signaling) = self.0.line.get().ok_or(NotCalled::NoLine)?;
        let whom = call_back(&self.0.desk, room, participant).await?;
        let dialled = dialler.ring(RingOrder {
            number: PhoneNumber::parse(&whom.number, None)?,
            trunk: None,
            facility: whom.facility.to_string(),
            reason: Reason::BrowserLost,
            pass: Pass::new(whom.ticket),
            language: match whom.language {
                clinical_app::notify::Language::French => Language::French,
                clinical_app::notify::Language::English => Language::English,
            },
            ask_consent: false,
            ring_for: RING_MAX,
        });
        let dialled = dialled.await?;
        let key = (room, participant);
        let stop = Arc::new(Notify::new());
        // Whoever is called anew is not called twice.
        if let Some(before) = self.live().insert(key, Arc::clone(&stop)) {
            before.notify_one();
        }
        let (this, signaling) = (self.clone(), signaling.clone());
        tokio::spawn(async move {
            let came = followed(dialled, &stop).await;
            let is_ours = this.forget(key, &stop);
            if is_ours && !came {
                signaling.call_back_failed(room, participant).await;
            }
        });
        Ok(())
    }

    /// Hangs up a call that nobody has answered. Who is in the visit by it stays.
    pub(crate) fn stop(&self, room: RoomId, participant: ParticipantId) {
        if let Some(stop) = self.live().remove(&(room, participant)) {
            stop.notify_one();
        }
    }

    /// Whether the call was still the one of this person.
    fn forget(&self, key: (RoomId, ParticipantId), stop: &Arc<Notify>) -> bool {
        let mut live = self.live();
        let is_ours = live.get(&key).is_some_and(|it| Arc::ptr_eq(it, stop));
        if is_ours {
            live.remove(&key);
        }
        is_ours
    }

    fn live(&self) -> std::sync::MutexGuard<'_, HashMap<(RoomId, ParticipantId), Arc<Notify>>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds a call until it is over; answers whether somebody came into the visit by it. The order to stop
/// counts until then: the room gives it, too, when the person has come, and that is told here first.
async fn followed(mut dialled: Dialled, stop: &Notify) -> bool {
    let mut has_come = false;
    loop {
        tokio::select! {
            biased;
            news = dialled.progress.recv() => match news {
                Some(CallProgress::Confirmed) => has_come = true,
                Some(_) => {}
                None => return has_come,
            },
            () = stop.notified(), if !has_come => dialled.hang_up(),
        }
    }
}
