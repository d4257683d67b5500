//! The fence in front of all sockets, and the UDP socket behind it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use rsipstack::sip::Transport as SipTransport;
use signaling_sip::{BucketRate, Fence, FenceConfig, Refusal, Verdict, refusal_of};
use std::sync::Arc;
use tokio::net::UdpSocket;

use crate::refusal::{busy, is_readable};
use crate::trunk_check::Trunks;

/// Bytes of a datagram that are looked at: one more than the fence takes, so that it sees what is too long.
const DATAGRAM_BYTES: usize = 16_385;

/// The fence with its clock. What it says is the same for all sockets.
#[derive(Debug)]
pub(crate) struct Door {
    // Held for the time of one judgement, never over an await.
    fence: Mutex<Fence>,
    begun: Instant,
    /// Calls that stand or are in the making.
    pub(crate) calls: AtomicUsize,
    dropped: AtomicU64,
    passed: AtomicU64,
}

impl Door {
    pub(crate) fn new(trunks: &Trunks) -> Self {
        let limits = trunks.limits;
        let allowed = trunks
            .trunks
            .iter()
            .flat_map(|trunk| trunk.addresses.iter().copied())
            .collect();
        let fence = Fence::new(FenceConfig {
            allowed,
            messages: BucketRate {
                per_second: limits.messages_per_second,
                burst: limits.messages_per_second.saturating_mul(2),
            },
            calls: BucketRate {
                per_second: limits.calls_per_ten_seconds.div_ceil(10),
                burst: limits.calls_per_ten_seconds,
            },
            open_calls_max: limits.calls_max,
        });
        Self {
            fence: Mutex::new(fence),
            begun: Instant::now(),
            calls: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            passed: AtomicU64::new(0),
        }
    }

    /// Time since the beginning, in microseconds.
    pub(crate) fn now_us(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    pub(crate) fn judge(&self, from: IpAddr, bytes: &[u8]) -> Verdict {
        let calls = self.calls.load(Ordering::Relaxed);
        let now_us = self.now_us();
        let mut fence = self.fence.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = fence.judge(now_us, from, bytes, calls);
        drop(fence);
        match &verdict {
            Verdict::Pass(_) | Verdict::Busy(_) => &self.passed,
            Verdict::Refuse(_) | Verdict::Drop(_) => &self.dropped,
        }
        .fetch_add(1, Ordering::Relaxed);
        verdict
    }

    /// Whether an address is of a trunk, for a connection before its first byte.
    pub(crate) fn knows(trunks: &Trunks, from: IpAddr) -> bool {
        trunks.trunks.iter().any(|trunk| trunk.is_from(from))
    }

    /// A connection that was closed before its first byte.
    pub(crate) fn turned_away(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Messages that passed, and that were dropped.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (
            self.passed.load(Ordering::Relaxed),
            self.dropped.load(Ordering::Relaxed),
        )
    }
}

/// A UDP socket out of which only comes what the fence let through, as the fence wrote it.
pub(crate) struct FencedSocket {
    pub(crate) socket: UdpSocket,
    pub(crate) door: Arc<Door>,
}

impl FencedSocket {
    fn tell(&self, to: SocketAddr, refusal: Option<Refusal>) {
        if let Some(refusal) = refusal {
            // What cannot be sent is asked for again.
            let _ = self.socket.try_send_to(&refusal.answer(to), to);
        }
    }
}

#[async_trait]
impl rsipstack::platform::net::UdpSocket for FencedSocket {
    async fn recv_from(&self, buffer: &mut [u8]) -> rsipstack::Result<(usize, SocketAddr)> {
        let mut datagram = vec![0; DATAGRAM_BYTES];
        loop {
            let (length, from) = match self.socket.recv_from(&mut datagram).await {
                Ok(came) => came,
                // An answer to an address that has gone comes back as a fault of the next receive.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error.into()),
            };
            let bytes = datagram.get(..length).unwrap_or_default();
            match self.door.judge(from.ip(), bytes) {
                Verdict::Pass(bytes) if !is_readable(&bytes, from, SipTransport::Udp) => {
                    self.tell(from, refusal_of(&bytes));
                }
                Verdict::Pass(bytes) => {
                    if let Some(place) = buffer.get_mut(..bytes.len()) {
                        place.copy_from_slice(&bytes);
                        return Ok((bytes.len(), from));
                    }
                }
                Verdict::Busy(bytes) => {
                    if let Some(answer) = busy(&bytes, from, SipTransport::Udp) {
                        // What cannot be sent is asked for again.
                        let _ = self.socket.try_send_to(&answer, from);
                    }
                }
                Verdict::Refuse(refusal) => self.tell(from, Some(refusal)),
                Verdict::Drop(_) => {}
            }
        }
    }

    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> rsipstack::Result<usize> {
        Ok(self.socket.send_to(bytes, to).await?)
    }

    fn local_addr(&self) -> rsipstack::Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }
}
