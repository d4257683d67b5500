//! The lane between a room and its recorder.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

use recordings_tap::TapEvent;

/// What waits for the disk: two seconds of four people at 720p, 5 MB. Drops what comes when it is
/// full: a recording with a gap is better than a call that stands still.
pub const LANE_MAX: usize = 4_096;

/// An event was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The disk is slower than the room. A packet is counted and forgotten; anything else should be
    /// offered again.
    #[error("the recorder is too slow")]
    Full,
    /// Somebody present has not agreed.
    #[error("the recording is paused")]
    Paused,
    /// The recording is over.
    #[error("the recorder has ended")]
    Ended,
}

/// What goes through the lane.
#[derive(Debug)]
pub(crate) enum Message {
    Tap(TapEvent),
    End,
}

/// What the lane and the thread share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    dropped: AtomicU64,
    waiting: AtomicU64,
    is_paused: AtomicBool,
}

impl Shared {
    /// Packets that were dropped since the last call.
    pub(crate) fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }

    /// One event less waits.
    pub(crate) fn taken(&self) {
        self.waiting.fetch_sub(1, Ordering::Release);
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Acquire)
    }
}

/// The end of the lane that a room holds. It never blocks. A copy leads to the same recorder.
#[derive(Debug, Clone)]
pub struct Tap {
    pub(crate) lane: SyncSender<Message>,
    pub(crate) shared: Arc<Shared>,
}

impl Tap {
    /// Events that were taken by the lane and not by the recorder; at most [`LANE_MAX`] and one for
    /// each thread that offers.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.shared.waiting.load(Ordering::Acquire)
    }

    /// Offers what has happened. A pause holds from this call on, even if the lane is full: no later
    /// packet is taken, and none that waits is kept.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn offer(&self, event: TapEvent) -> Result<(), Refused> {
        match &event {
            TapEvent::Paused { .. } => self.shared.is_paused.store(true, Ordering::Release),
            TapEvent::Resumed { .. } => self.shared.is_paused.store(false, Ordering::Release),
            TapEvent::Packet(_) | TapEvent::Said { .. } if self.shared.is_paused() => {
                return Err(Refused::Paused);
            }
            TapEvent::Packet(_)
            | TapEvent::Said { .. }
            | TapEvent::Opened { .. }
            | TapEvent::Report(_)
            | TapEvent::Muted { .. }
            | TapEvent::Unmuted { .. }
            | TapEvent::Closed { .. }
            | TapEvent::Tick { .. } => {}
        }
        let is_packet = matches!(event, TapEvent::Packet(_));
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = self.lane.try_send(Message::Tap(event));
        if sent.is_err() {
            self.shared.taken();
        }
        match sent {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                if is_packet {
                    self.shared.dropped.fetch_add(1, Ordering::Relaxed);
                }
                Err(Refused::Full)
            }
            Err(TrySendError::Disconnected(_)) => Err(Refused::Ended),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recordings_tap::{Codec, Packet, TrackKey};
    use std::sync::mpsc::sync_channel;

    fn packet() -> TapEvent {
        TapEvent::Packet(Packet {
            track: TrackKey(1),
            layer: 0,
            codec: Codec::Opus,
            seq: 1,
            timestamp: 1,
            marker: false,
            arrival_us: 1,
            payload: [0; 4].as_slice().into(),
        })
    }

    #[test]
    fn a_full_lane_drops_packets_counts_them_and_never_blocks() {
        let (lane, inbox) = sync_channel(2);
        let shared = Arc::new(Shared::default());
        let tap = Tap {
            lane,
            shared: Arc::clone(&shared),
        };
        let took: Vec<bool> = (0..5).map(|_| tap.offer(packet()).is_ok()).collect();
        assert_eq!(took, [true, true, false, false, false]);
        let tick = tap.offer(TapEvent::Tick { at_us: 1 });
        assert_eq!(tick, Err(Refused::Full));
        assert_eq!(shared.take_dropped(), 3);
        drop(inbox);
        assert_eq!(tap.offer(packet()), Err(Refused::Ended));
    }

    #[test]
    fn a_pause_holds_even_if_the_lane_is_full() {
        let (lane, _inbox) = sync_channel(1);
        let shared = Arc::new(Shared::default());
        let tap = Tap {
            lane,
            shared: Arc::clone(&shared),
        };
        tap.offer(packet()).unwrap();
        assert_eq!(tap.offer(TapEvent::Paused { at_us: 2 }), Err(Refused::Full));
        assert!(shared.is_paused());
        assert_eq!(tap.offer(packet()), Err(Refused::Paused));
    }
}
