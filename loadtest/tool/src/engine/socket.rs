//! The UDP socket of a thread: several datagrams in one system call, both ways, with the time at
//! which the kernel got them.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

use mio::net::UdpSocket;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};

/// Wished size of the kernel's buffers in bytes: a second of 300 Mbit/s, so that the generator is
/// not where packets are lost. The kernel grants less where its limits say so.
const KERNEL_BUFFER_BYTES: usize = 32 << 20;
const DATAGRAM_BYTES_MAX: usize = 1500;
/// The first participant's address. Below it are those that programs use.
const FIRST: u32 = u32::from_be_bytes([127, 64, 0, 1]);
/// Most participants of a thread: what is left of 127.0.0.0/8, halved.
const PARTICIPANTS_MAX: u32 = 1 << 21;

/// A datagram that came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Came<'a> {
    /// To which participant.
    pub(crate) index: u32,
    pub(crate) from: SocketAddr,
    /// When the kernel got it, Unix time in nanoseconds.
    pub(crate) at_ns: u64,
    pub(crate) bytes: &'a [u8],
}

/// A bound socket.
pub(crate) struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    port: u16,
    batch: Batch,
}

/// What one receive call brought. Apart from the socket, which is needed to answer it.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    buffers: Vec<Vec<u8>>,
    metas: Vec<RecvMeta>,
    received: usize,
    /// Whose socket it came from, where everybody has one.
    pub(super) own: Option<u32>,
}

/// Datagrams of one size from one participant, to leave in one call; the last may be shorter.
#[derive(Debug, Default)]
struct Batch {
    path: Option<(SocketAddr, SocketAddr)>,
    segment_bytes: usize,
    bytes: Vec<u8>,
    count: usize,
}

/// Whether a receive call may have left datagrams behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    Maybe,
}

impl Socket {
    /// One for many participants.
    pub(crate) fn shared() -> io::Result<Self> {
        Self::bind(Ipv4Addr::UNSPECIFIED.into())
    }

    /// One for one participant.
    pub(crate) fn own(address: IpAddr) -> io::Result<Self> {
        Self::bind(address)
    }

    fn bind(address: IpAddr) -> io::Result<Self> {
        let socket = std::net::UdpSocket::bind((address, 0))?;
        let port = socket.local_addr()?.port();
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        // Smaller buffers are no mistake; what is lost in them is seen in the counts.
        let _ = state.set_send_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES);
        let _ = state.set_recv_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES);
        Ok(Self {
            socket: UdpSocket::from_std(socket),
            state,
            port,
            batch: Batch::default(),
        })
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn source(&mut self) -> &mut UdpSocket {
        &mut self.socket
    }

    /// The address of a participant of a shared socket.
    pub(crate) fn address(&self, index: u32) -> Option<SocketAddr> {
        let place = (index < PARTICIPANTS_MAX).then(|| FIRST + index)?;
        Some(SocketAddr::new(Ipv4Addr::from(place).into(), self.port))
    }

    /// A place for one batch.
    pub(crate) fn inbox(&self) -> Inbox {
        let bytes = DATAGRAM_BYTES_MAX * self.state.gro_segments();
        Inbox {
            buffers: vec![vec![0; bytes]; BATCH_SIZE],
            metas: vec![RecvMeta::default(); BATCH_SIZE],
            received: 0,
            own: None,
        }
    }

    /// Receives one batch.
    pub(crate) fn receive(&mut self, inbox: &mut Inbox) -> io::Result<Left> {
        inbox.received = 0;
        let buffers = inbox.buffers.iter_mut();
        let mut slices: Vec<IoSliceMut<'_>> = buffers.map(|it| IoSliceMut::new(it)).collect();
        let socket = UdpSockRef::from(&self.socket);
        match self.state.recv(socket, &mut slices, &mut inbox.metas) {
            Ok(received) => inbox.received = received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Left::Nothing),
            Err(error) => return Err(error),
        }
        Ok(Left::Maybe)
    }

    /// Sends a datagram, with the next ones of the same size if there are any. [`Self::flush`] sends
    /// the rest.
    pub(crate) fn send(&mut self, from: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let most = self.state.max_gso_segments().max(1);
        let batch = &self.batch;
        let fits = batch.path == Some((from, to))
            && batch.count < most
            && datagram.len() <= batch.segment_bytes
            && batch.bytes.len() == batch.count * batch.segment_bytes
            && batch.bytes.len() + datagram.len() < 65_000;
        if !fits {
            self.flush();
            self.batch.path = Some((from, to));
            self.batch.segment_bytes = datagram.len();
        }
        self.batch.bytes.extend_from_slice(datagram);
        self.batch.count += 1;
    }

    /// Sends what waits.
    pub(crate) fn flush(&mut self) {
        if let Some((from, to)) = self.batch.path.take() {
            let transmit = Transmit {
                destination: to,
                ecn: None,
                contents: &self.batch.bytes,
                segment_size: (self.batch.count > 1).then_some(self.batch.segment_bytes),
                src_ip: Some(from.ip()),
            };
            // UDP may lose; a loss is seen in the counts of whoever should have got it.
            let _ = self
                .state
                .try_send(UdpSockRef::from(&self.socket), &transmit);
        }
        self.batch.bytes.clear();
        self.batch.count = 0;
    }
}

impl Inbox {
    /// Nothing has come.
    pub(super) const fn clear(&mut self) {
        self.received = 0;
    }

    /// The datagrams of the last batch.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = Came<'_>> {
        let batches = self.metas.iter().zip(&self.buffers).take(self.received);
        batches
            .filter_map(|(meta, buffer)| {
                let index = match (self.own, meta.dst_ip?) {
                    (Some(index), _) => index,
                    (None, IpAddr::V4(to)) => u32::from(to).checked_sub(FIRST)?,
                    (None, IpAddr::V6(_)) => return None,
                };
                Some((index, meta, buffer.get(..meta.len)?))
            })
            .flat_map(|(index, meta, bytes)| {
                let at_ns = meta
                    .timestamp
                    .map_or_else(unix_ns, |at| whole_ns(at.as_nanos()));
                let datagrams = bytes.chunks(meta.stride.max(1));
                datagrams.map(move |bytes| Came {
                    index,
                    from: meta.addr,
                    at_ns,
                    bytes,
                })
            })
    }
}

/// Unix time in nanoseconds.
pub(crate) fn unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| whole_ns(since.as_nanos()))
}

fn whole_ns(ns: u128) -> u64 {
    u64::try_from(ns).unwrap_or(u64::MAX)
}
