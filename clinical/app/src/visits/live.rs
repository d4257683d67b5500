//! What an act at the front desk means for a visit that is going on.

use clinical_model::{ParticipantUuid, RoomUuid};
use tokio::sync::mpsc;

/// Effects that wait for signaling. When it is full the request that makes the next one waits: an
/// effect that was dropped would leave a person in a visit who was sent out of it. Taking one
/// costs signaling microseconds, and each is made by one click, so 64 is a whole clinic at once.
pub const LIVE_EFFECTS_MAX: usize = 64;

/// Why a room is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The appointment was cancelled.
    Cancelled,
    /// The appointment takes place at another time.
    Rescheduled,
}

/// Something that must happen in a live visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveEffect {
    /// Everybody leaves, and the room is forgotten.
    CloseRoom {
        /// Which.
        room: RoomUuid,
        /// Why.
        reason: CloseReason,
    },
    /// One person leaves; their way in does not work any more.
    DropParticipant {
        /// Where.
        room: RoomUuid,
        /// Who.
        participant: ParticipantUuid,
    },
}

/// The way to the live visits. The composition root takes the effects to signaling.
#[derive(Debug, Clone)]
pub struct LiveVisits(mpsc::Sender<LiveEffect>);

impl LiveVisits {
    /// The way and its end.
    #[must_use]
    pub fn channel() -> (Self, mpsc::Receiver<LiveEffect>) {
        let (sender, receiver) = mpsc::channel(LIVE_EFFECTS_MAX);
        (Self(sender), receiver)
    }

    /// Hands an effect over. Without a receiver there is no signaling any more, and so no live
    /// visit that the effect could be for.
    pub(crate) async fn send(&self, effect: LiveEffect) {
        if self.0.send(effect).await.is_err() {
            tracing::debug!("no live visits: signaling has shut down");
        }
    }
}
