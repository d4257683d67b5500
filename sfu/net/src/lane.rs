//! The bounded way from async tasks to a shard's thread.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::Waker;
use sfu_core::data::DataLane;
use sfu_core::{
    ConnectError, ConnectRequest, Grants, LiveConnection, ParticipantKey, RoomKey, RoomStats,
    SlotView, SourceSet, TapEvent, TapKind, TapOrder,
};
use tokio::sync::{mpsc, oneshot};

use crate::handle::Stopped;
use crate::phones::{PhoneOrder, Unseatable};

/// Orders that may wait for one shard. Senders wait when it is full, which slows signaling down
/// and loses nothing. A shard empties the lane on every turn, so a full lane means that the
/// shard is overloaded for longer than a hundred people need to join.
pub(crate) const LANE_ORDERS_MAX: usize = 256;

/// One order to a shard, with the way back for its answer.
pub(crate) enum Order {
    Connect(
        Box<ConnectRequest>,
        oneshot::Sender<Result<String, ConnectError>>,
    ),
    SetSources(RoomKey, ParticipantKey, SourceSet),
    SetGrants(RoomKey, ParticipantKey, Grants),
    SetView(
        RoomKey,
        ParticipantKey,
        Vec<SlotView>,
        Option<ParticipantKey>,
    ),
    Say(RoomKey, DataLane, u8, Vec<u8>),
    /// With the recorder's or scribe's end when it opens.
    Tap((RoomKey, TapKind), TapOrder, Option<mpsc::Sender<TapEvent>>),
    Phone(PhoneOrder),
    Disconnect(RoomKey, ParticipantKey),
    CloseRoom(RoomKey),
    Stats(oneshot::Sender<Vec<RoomStats>>),
    Live(RoomKey, oneshot::Sender<Vec<LiveConnection>>),
}

/// The sending end.
#[derive(Clone)]
pub(crate) struct Lane {
    orders: mpsc::Sender<Order>,
    waker: Arc<Waker>,
    stop: Arc<AtomicBool>,
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lane")
    }
}

/// The shard's end.
pub(crate) struct LaneEnd {
    pub(crate) orders: mpsc::Receiver<Order>,
    stop: Arc<AtomicBool>,
}

impl LaneEnd {
    /// Whether the server was asked to stop, or nobody is left who could ask anything.
    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.orders.is_closed()
    }
}

/// A lane whose orders wake `waker`.
pub(crate) fn lane(waker: Arc<Waker>) -> (Lane, LaneEnd) {
    let (sender, orders) = mpsc::channel(LANE_ORDERS_MAX);
    let stop = Arc::new(AtomicBool::new(false));
    (
        Lane {
            orders: sender,
            waker,
            stop: Arc::clone(&stop),
        },
        LaneEnd { orders, stop },
    )
}

impl Lane {
    pub(crate) async fn send(&self, order: Order) -> Result<(), Stopped> {
        if self.stop.load(Ordering::Relaxed) || self.orders.send(order).await.is_err() {
            return Err(Stopped);
        }
        self.wake();
        Ok(())
    }

    /// Sends without waiting.
    pub(crate) fn try_send(&self, order: Order) -> Result<(), Unseatable> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Unseatable::Stopped);
        }
        self.orders.try_send(order).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unseatable::Busy,
            mpsc::error::TrySendError::Closed(_) => Unseatable::Stopped,
        })?;
        self.wake();
        Ok(())
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake();
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            // The shard wakes by its own timeout a little later.
            tracing::debug!(%error, "shard could not be woken");
        }
    }
}
