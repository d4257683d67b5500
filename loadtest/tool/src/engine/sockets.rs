//! Which socket is whose: one for all participants of a thread, or one for each.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};

use mio::{Interest, Registry, Token};

use super::socket::{Inbox, Left, Socket};

/// The first token of a socket; those below belong to others.
const FIRST_TOKEN: usize = 1;

/// The sockets of a thread.
pub(crate) struct Sockets {
    kind: Kind,
    registry: Registry,
    /// Sockets that may have something: the kernel says so once.
    ready: VecDeque<u32>,
    inbox: Inbox,
}

enum Kind {
    /// Participants have addresses of their own in 127.0.0.0/8.
    Shared(Box<Socket>),
    /// Participants have ports of their own of this address.
    Own(IpAddr, HashMap<u32, Socket>),
}

impl Sockets {
    /// `own`: the address of which everybody gets a port.
    pub(crate) fn new(own: Option<IpAddr>, registry: Registry) -> io::Result<Self> {
        let (kind, inbox) = match own {
            None => {
                let mut socket = Socket::shared()?;
                register(&registry, &mut socket, 0)?;
                let inbox = socket.inbox();
                (Kind::Shared(Box::new(socket)), inbox)
            }
            Some(address) => {
                let inbox = Socket::own(address)?.inbox();
                (Kind::Own(address, HashMap::new()), inbox)
            }
        };
        Ok(Self {
            kind,
            registry,
            ready: VecDeque::new(),
            inbox,
        })
    }

    /// An address for one more participant.
    pub(crate) fn open(&mut self, index: u32) -> io::Result<SocketAddr> {
        match &mut self.kind {
            Kind::Shared(socket) => socket.address(index).ok_or_else(|| {
                io::Error::new(io::ErrorKind::AddrNotAvailable, "no address is left")
            }),
            Kind::Own(address, sockets) => {
                let mut socket = Socket::own(*address)?;
                register(&self.registry, &mut socket, index)?;
                let local = SocketAddr::new(*address, socket.port());
                sockets.insert(index, socket);
                Ok(local)
            }
        }
    }

    pub(crate) fn close(&mut self, index: u32) {
        if let Kind::Own(_, sockets) = &mut self.kind
            && let Some(mut socket) = sockets.remove(&index)
        {
            // It is closed right after, and the kernel forgets it then at the latest.
            let _ = self.registry.deregister(socket.source());
        }
    }

    /// The socket of a participant.
    pub(crate) fn of(&mut self, index: u32) -> Option<&mut Socket> {
        match &mut self.kind {
            Kind::Shared(socket) => Some(socket),
            Kind::Own(_, sockets) => sockets.get_mut(&index),
        }
    }

    /// The kernel says that something has come.
    pub(crate) fn note(&mut self, token: Token) {
        let index = token.0.checked_sub(FIRST_TOKEN);
        if let Some(index) = index.and_then(|index| u32::try_from(index).ok())
            && !self.ready.contains(&index)
        {
            self.ready.push_back(index);
        }
    }

    /// Whether something may have come.
    pub(crate) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Receives one batch, of whoever waits longest. It has to be given back.
    pub(crate) fn receive(&mut self) -> Option<Inbox> {
        let index = self.ready.pop_front()?;
        let mut inbox = core::mem::take(&mut self.inbox);
        inbox.own = matches!(self.kind, Kind::Own(..)).then_some(index);
        let socket = match &mut self.kind {
            Kind::Shared(socket) => Some(&mut **socket),
            Kind::Own(_, sockets) => sockets.get_mut(&index),
        };
        let received = socket.map_or(Ok(Left::Nothing), |socket| socket.receive(&mut inbox));
        match received {
            Ok(Left::Nothing) => inbox.clear(),
            Ok(Left::Maybe) => self.ready.push_back(index),
            // One refused datagram, reported by the network; the next call goes on.
            Err(_) => {
                inbox.clear();
                self.ready.push_back(index);
            }
        }
        Some(inbox)
    }

    pub(crate) fn give_back(&mut self, inbox: Inbox) {
        self.inbox = inbox;
    }
}

fn register(registry: &Registry, socket: &mut Socket, index: u32) -> io::Result<()> {
    let token = usize::try_from(index).map_or(usize::MAX, |index| index + FIRST_TOKEN);
    registry.register(socket.source(), Token(token), Interest::READABLE)
}
