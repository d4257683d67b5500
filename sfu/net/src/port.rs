//! The bounded ways between TCP connections and the shard that their media belongs to.
//!
//! A connection's task frames and unframes; the shard sees datagrams. In both directions what finds
//! no room is dropped, as UDP would: waiting would only deliver speech too late.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::Waker;
use sfu_core::Transport;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Datagrams from all TCP connections that may wait for one shard. It empties the lane on every
/// turn, so this is how much may arrive during one turn; further ones are dropped.
const LANE_FRAMES_MAX: usize = 2048;
/// Datagrams to one TCP connection that may wait: a tenth of a second of 20 Mbit/s. Further ones
/// are dropped and counted.
pub(crate) const PORT_DATAGRAMS_MAX: usize = 256;

/// The address that relayed clients have towards a shard: the dummy address of RFC 7600, from which
/// no packet comes over a network. Each relayed client has a port of its own.
pub(crate) const RELAY_IP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 0, 8));

/// Who is on the other end, as the shard names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PortKey {
    pub(crate) transport: Transport,
    pub(crate) remote: SocketAddr,
}

/// A datagram to a client, with the candidate that it comes from.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) local: SocketAddr,
    pub(crate) contents: Vec<u8>,
}

/// What a connection's task says to a shard.
pub(crate) enum Frame {
    /// From now on datagrams for the key go into the queue. The number tells two connections apart
    /// that had the same address one after the other.
    Open(PortKey, u64, mpsc::Sender<Outgoing>),
    /// A datagram.
    Datagram {
        key: PortKey,
        local: SocketAddr,
        contents: Vec<u8>,
    },
    /// The connection is over.
    Close(PortKey, u64),
}

/// The tasks' end of a lane.
#[derive(Clone)]
pub(crate) struct FrameLane {
    frames: mpsc::Sender<Frame>,
    waker: Arc<Waker>,
    woken: Arc<AtomicBool>,
}

/// The shard's end.
pub(crate) struct FrameEnd {
    frames: mpsc::Receiver<Frame>,
    woken: Arc<AtomicBool>,
}

pub(crate) fn frame_lane(waker: Arc<Waker>) -> (FrameLane, FrameEnd) {
    let (sender, frames) = mpsc::channel(LANE_FRAMES_MAX);
    let woken = Arc::new(AtomicBool::new(false));
    let lane = FrameLane {
        frames: sender,
        waker,
        woken: Arc::clone(&woken),
    };
    (lane, FrameEnd { frames, woken })
}

impl FrameLane {
    /// Says something that must arrive, waiting for room. The shard may be gone, and then nobody
    /// needs to know.
    pub(crate) async fn tell(&self, frame: Frame) {
        if self.frames.send(frame).await.is_ok() {
            self.wake();
        }
    }

    /// Hands over a datagram if there is room; `false` if it was dropped.
    pub(crate) fn offer(&self, frame: Frame) -> bool {
        let taken = self.frames.try_send(frame).is_ok();
        // A shard that has no room is awake.
        if taken {
            self.wake();
        }
        taken
    }

    /// One system call for everything that arrives before the shard looks.
    fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::debug!(%error, "shard could not be woken");
        }
    }
}

impl FrameEnd {
    /// Before looking: whoever comes from here on wakes the shard anew.
    pub(crate) fn awake(&self) {
        self.woken.store(false, Ordering::Release);
    }

    pub(crate) fn take(&mut self) -> Option<Frame> {
        self.frames.try_recv().ok()
    }
}

/// What became of a datagram to a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handed {
    Taken,
    /// The connection's queue is full, or the connection is gone.
    Dropped,
}

/// The open connections of one shard; [`crate::SfuConfig::tcp_connections_max`] bounds them.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    open: HashMap<PortKey, (u64, mpsc::Sender<Outgoing>)>,
}

impl Ports {
    pub(crate) fn open(&mut self, key: PortKey, number: u64, queue: mpsc::Sender<Outgoing>) {
        self.open.insert(key, (number, queue));
    }

    pub(crate) fn close(&mut self, key: PortKey, number: u64) {
        if self.open.get(&key).is_some_and(|(of, _)| *of == number) {
            self.open.remove(&key);
        }
    }

    pub(crate) fn send(&mut self, key: PortKey, datagram: Outgoing) -> Handed {
        let Some((_, queue)) = self.open.get(&key) else {
            return Handed::Dropped;
        };
        match queue.try_send(datagram) {
            Ok(()) => Handed::Taken,
            Err(TrySendError::Full(_)) => Handed::Dropped,
            Err(TrySendError::Closed(_)) => {
                self.open.remove(&key);
                Handed::Dropped
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(port: u16) -> PortKey {
        PortKey {
            transport: Transport::Tcp,
            remote: SocketAddr::from(([198, 51, 100, 1], port)),
        }
    }

    fn datagram() -> Outgoing {
        Outgoing {
            local: SocketAddr::from(([192, 0, 2, 1], 443)),
            contents: vec![1],
        }
    }

    #[test]
    fn a_connection_that_does_not_read_loses_datagrams_and_nothing_waits() {
        let (queue, mut reader) = mpsc::channel(2);
        let mut ports = Ports::default();
        ports.open(key(1), 1, queue);
        let handed: Vec<_> = (0..3).map(|_| ports.send(key(1), datagram())).collect();
        assert_eq!(handed, [Handed::Taken, Handed::Taken, Handed::Dropped]);
        assert!(reader.try_recv().is_ok());
        assert_eq!(ports.send(key(1), datagram()), Handed::Taken);
        assert_eq!(ports.send(key(2), datagram()), Handed::Dropped);
    }

    #[test]
    fn the_end_of_an_old_connection_does_not_close_its_successor() {
        let mut ports = Ports::default();
        let (old, _old_reader) = mpsc::channel(1);
        let (new, _new_reader) = mpsc::channel(1);
        ports.open(key(1), 1, old);
        ports.open(key(1), 2, new);
        ports.close(key(1), 1);
        assert_eq!(ports.send(key(1), datagram()), Handed::Taken);
        ports.close(key(1), 2);
        assert!(ports.open.is_empty());
    }

    #[test]
    fn a_connection_that_is_gone_is_forgotten() {
        let mut ports = Ports::default();
        let (queue, reader) = mpsc::channel(1);
        ports.open(key(1), 1, queue);
        drop(reader);
        assert_eq!(ports.send(key(1), datagram()), Handed::Dropped);
        assert!(ports.open.is_empty());
    }
}
