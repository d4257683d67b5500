//! A shard's UDP socket: several datagrams per system call in both directions.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mio::net::UdpSocket;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};

use crate::send_queue::Batch;

/// Wished size of the kernel's buffers in bytes: a tenth of a second of 300 Mbit/s. The kernel
/// grants less without complaint where its limits say so.
const KERNEL_BUFFER_BYTES: usize = 4 << 20;
/// Room for one datagram of a coalesced receive; no larger one arrives over Ethernet.
const DATAGRAM_BYTES_MAX: usize = 1500;

/// A bound socket with its offload state and receive buffers.
pub(crate) struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    buffers: Vec<Vec<u8>>,
    metas: Vec<RecvMeta>,
    paths: Paths,
}

/// Which addresses stand for which.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// What clients are told; never empty.
    pub(crate) candidates: Vec<SocketAddr>,
    /// Addresses of this machine: only these may be named as the source of a datagram.
    pub(crate) own: Vec<IpAddr>,
}

impl Paths {
    /// The candidate that a datagram was sent to. Behind a one-to-one NAT the packet names an
    /// inner address, and the first candidate of its family stands for it.
    fn candidate_of(&self, inner: Option<IpAddr>) -> Option<SocketAddr> {
        let exact = inner.and_then(|ip| self.candidates.iter().find(|known| known.ip() == ip));
        let family = || {
            let ip = inner?;
            self.candidates
                .iter()
                .find(|known| known.is_ipv4() == ip.is_ipv4())
        };
        exact.or_else(family).or(self.candidates.first()).copied()
    }

    fn source_of(&self, candidate: SocketAddr) -> Option<IpAddr> {
        self.own.contains(&candidate.ip()).then(|| candidate.ip())
    }
}

/// Whether a receive call may have left datagrams behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    Maybe,
}

impl Socket {
    pub(crate) fn new(socket: std::net::UdpSocket, paths: Paths) -> io::Result<Self> {
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        for grown in [
            state.set_send_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES),
            state.set_recv_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES),
        ] {
            if let Err(error) = grown {
                tracing::warn!(%error, "the UDP buffers of the system keep their size");
            }
        }
        let bytes = DATAGRAM_BYTES_MAX * state.gro_segments();
        Ok(Self {
            socket: UdpSocket::from_std(socket),
            state,
            buffers: vec![vec![0; bytes]; BATCH_SIZE],
            metas: vec![RecvMeta::default(); BATCH_SIZE],
            paths,
        })
    }

    pub(crate) fn source(&mut self) -> &mut UdpSocket {
        &mut self.socket
    }

    /// Receives one batch and hands out its datagrams: candidate, sender, bytes.
    pub(crate) fn receive(
        &mut self,
        mut take: impl FnMut(SocketAddr, SocketAddr, &[u8]),
    ) -> io::Result<Left> {
        let mut slices: Vec<IoSliceMut<'_>> = self
            .buffers
            .iter_mut()
            .map(|buffer| IoSliceMut::new(buffer))
            .collect();
        let received =
            match self
                .state
                .recv(UdpSockRef::from(&self.socket), &mut slices, &mut self.metas)
            {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Left::Nothing);
                }
                Err(error) => return Err(error),
            };
        for (meta, buffer) in self.metas.iter().zip(&self.buffers).take(received) {
            let Some(local) = self.paths.candidate_of(meta.dst_ip) else {
                continue;
            };
            let bytes = buffer.get(..meta.len).unwrap_or_default();
            for datagram in bytes.chunks(meta.stride.max(1)) {
                take(local, meta.addr, datagram);
            }
        }
        // Fewer than there was room for: the kernel had no more, and says so when there is.
        if received < self.buffers.len() {
            return Ok(Left::Nothing);
        }
        Ok(Left::Maybe)
    }

    pub(crate) fn segments_max(&self) -> usize {
        self.state.max_gso_segments().max(1)
    }

    /// Sends one batch in one call.
    pub(crate) fn send(&self, batch: &Batch) -> io::Result<()> {
        let transmit = Transmit {
            destination: batch.remote,
            ecn: None,
            contents: &batch.bytes,
            segment_size: (batch.count > 1).then_some(batch.segment_bytes),
            src_ip: self.paths.source_of(batch.local),
        };
        self.state
            .try_send(UdpSockRef::from(&self.socket), &transmit)
    }
}

/// The processor time that the calling thread has used, where the system tells it.
pub(crate) fn thread_cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace()
        .next()?
        .parse()
        .ok()
        .map(Duration::from_nanos)
}
