//! The way to the thread of telephones. No call waits.

use core::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mio::Waker;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::order::{LegEvent, LegOrder};
use crate::ports::Ports;

/// Orders that may wait for the thread. It takes them at least every 20 ms; what finds no place is
/// refused, because whoever drives a call may not wait for a thread that is behind.
pub(crate) const ORDERS_MAX: usize = 2048;
/// Events of one leg that may wait for its driver: more keys than anybody presses in a minute.
/// Further ones are dropped.
pub const EVENTS_MAX: usize = 256;

/// One telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub(crate) u64);

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A leg that has just been opened.
#[derive(Debug)]
pub struct OpenLeg {
    /// Its name in orders.
    pub leg: LegId,
    /// Where the telephone sends its sound, for the SDP.
    pub local: SocketAddr,
    /// What it tells; dropping this closes the leg.
    pub events: mpsc::Receiver<LegEvent>,
}

/// Why there is no further leg.
#[derive(Debug, Error)]
pub enum OpenError {
    /// As many as are configured are open.
    #[error("all {max} telephone lines are taken")]
    Full {
        /// How many may be open.
        max: usize,
    },
    /// No port of the configured range is free, or the address is not one of this machine.
    #[error("no UDP port can be bound")]
    Port(#[source] io::Error),
    /// The thread has more to do than it can, or has ended.
    #[error("the telephone bridge takes no further orders")]
    Order(#[source] OrderError),
}

/// Why an order was not taken. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OrderError {
    /// Too many orders wait.
    #[error("too many orders wait for the telephone bridge")]
    Busy,
    /// The bridge was shut down.
    #[error("the telephone bridge has stopped")]
    Stopped,
}

/// What the thread is told.
pub(crate) enum Order {
    Open(LegId, std::net::UdpSocket, mpsc::Sender<LegEvent>),
    Leg(LegId, LegOrder),
}

/// A handle to the thread of telephones. Cheap to clone.
#[derive(Clone)]
pub struct BridgeHandle {
    orders: mpsc::Sender<Order>,
    bell: Arc<Bell>,
    ports: Arc<Ports>,
}

/// Wakes the thread, with one system call for everything that it has not seen.
#[derive(Debug)]
pub(crate) struct Bell {
    waker: Waker,
    rung: AtomicBool,
    stop: AtomicBool,
    next_leg: AtomicU64,
}

impl Bell {
    pub(crate) const fn new(waker: Waker) -> Self {
        Self {
            waker,
            rung: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            next_leg: AtomicU64::new(1),
        }
    }

    /// Before looking: whoever rings from here on wakes the thread anew.
    pub(crate) fn heard(&self) {
        self.rung.store(false, Ordering::Release);
    }

    pub(crate) fn stops(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.ring();
    }

    fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::debug!(%error, "the telephone bridge could not be woken");
        }
    }
}

impl fmt::Debug for BridgeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BridgeHandle")
            .field("open", &self.ports.open())
            .finish_non_exhaustive()
    }
}

impl BridgeHandle {
    pub(crate) const fn new(
        orders: mpsc::Sender<Order>,
        bell: Arc<Bell>,
        ports: Arc<Ports>,
    ) -> Self {
        Self {
            orders,
            bell,
            ports,
        }
    }

    /// Opens a leg. It is silent until [`LegOrder::Agree`].
    ///
    /// # Errors
    /// When too many are open, no port is free, or the bridge has stopped.
    pub fn open(&self) -> Result<OpenLeg, OpenError> {
        if !self.ports.take() {
            return Err(OpenError::Full {
                max: self.ports.max(),
            });
        }
        let opened = self.bind_and_tell();
        if opened.is_err() {
            self.ports.give_back();
        }
        opened
    }

    fn bind_and_tell(&self) -> Result<OpenLeg, OpenError> {
        let (socket, local) = self.ports.bind().map_err(OpenError::Port)?;
        let leg = LegId(self.bell.next_leg.fetch_add(1, Ordering::Relaxed));
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        self.send(Order::Open(leg, socket, sender))
            .map_err(OpenError::Order)?;
        Ok(OpenLeg { leg, local, events })
    }

    /// Asks something of a leg. A leg that is closed ignores it.
    ///
    /// # Errors
    /// [`OrderError::Busy`] when too many orders wait, and [`OrderError::Stopped`] after a shutdown.
    pub fn order(&self, leg: LegId, order: LegOrder) -> Result<(), OrderError> {
        self.send(Order::Leg(leg, order))
    }

    /// How many legs are open.
    #[must_use]
    pub fn open_legs(&self) -> usize {
        self.ports.open()
    }

    fn send(&self, order: Order) -> Result<(), OrderError> {
        if self.bell.stops() {
            return Err(OrderError::Stopped);
        }
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => OrderError::Busy,
            TrySendError::Closed(_) => OrderError::Stopped,
        })?;
        self.bell.ring();
        Ok(())
    }
}
