//! The two bounded lanes between shards and the bridge of telephones.
//!
//! Neither end waits for the other. What a telephone says is 20 ms of sound: late is as good as lost.
//! What the bridge is told finds no room only if the bridge stands still for seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::Waker;
use sfu_core::{PhoneEvent, PhoneKey, PhonePacket, SeatRequest};
use thiserror::Error;
use tokio::sync::mpsc;

/// Packets of telephones that may wait for one shard: those of one tick of a thousand calls, and as
/// many of the next. Further ones are dropped and counted by the bridge.
const LANE_PACKETS_MAX: usize = 2048;

/// Where the bridge gets what rooms tell it. Its reader says how much may wait; what finds no room
/// is dropped and counted (`sfu_phone_events_lost_total`).
pub type PhoneEvents = mpsc::Sender<PhoneEvent>;

/// Why an order about a telephone was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unseatable {
    /// Too many orders wait for the shard; it is worth trying again.
    #[error("the media server is busy")]
    Busy,
    /// The media server is shutting down.
    #[error("the media server has stopped")]
    Stopped,
}

/// An order about a telephone, with the way back when it sits down.
pub(crate) enum PhoneOrder {
    Seat(Box<SeatRequest>, PhoneEvents),
    Unseat(PhoneKey),
}

/// The bridge's end of a lane.
#[derive(Clone)]
pub(crate) struct PhoneLane {
    packets: mpsc::Sender<PhonePacket>,
    waker: Arc<Waker>,
    woken: Arc<AtomicBool>,
}

/// The shard's end.
pub(crate) struct PhoneEnd {
    packets: mpsc::Receiver<PhonePacket>,
    woken: Arc<AtomicBool>,
}

pub(crate) fn phone_lane(waker: Arc<Waker>) -> (PhoneLane, PhoneEnd) {
    let (sender, packets) = mpsc::channel(LANE_PACKETS_MAX);
    let woken = Arc::new(AtomicBool::new(false));
    let lane = PhoneLane {
        packets: sender,
        waker,
        woken: Arc::clone(&woken),
    };
    (lane, PhoneEnd { packets, woken })
}

impl core::fmt::Debug for PhoneLane {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PhoneLane")
    }
}

impl PhoneLane {
    /// Hands over a packet if there is room; `false` if it was dropped. The shard sleeps on.
    pub(crate) fn offer(&self, packet: PhonePacket) -> bool {
        self.packets.try_send(packet).is_ok()
    }

    /// Lets the shard look, with one system call for everything that it has not seen.
    pub(crate) fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::debug!(%error, "shard could not be woken");
        }
    }
}

impl PhoneEnd {
    /// Before looking: whoever comes from here on wakes the shard anew.
    pub(crate) fn awake(&self) {
        self.woken.store(false, Ordering::Release);
    }

    pub(crate) fn take(&mut self) -> Option<PhonePacket> {
        self.packets.try_recv().ok()
    }
}
