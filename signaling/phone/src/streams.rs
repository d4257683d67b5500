//! Connections of SIP over TCP and TLS: who may have one, and who is connected to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rsipstack::sip::Transport as SipTransport;
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transport::SipConnection;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::door::Door;
use crate::pump::{Pump, Which};
use crate::tls::{Far, TlsDoor};
use crate::trunk_check::Trunks;

/// Connections of one address, both ways. A telephone company has some for each of its machines; more
/// are closed.
const PER_ADDRESS_MAX: usize = 16;
/// Connections of everybody. More are closed: each holds a message and what waits to be sent.
const ALL_MAX: usize = 256;
/// How long a connection may take to come about, both ways.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long nobody is accepted after the system had no place for a connection.
const RESPITE: Duration = Duration::from_millis(100);

/// Why there is no connection to a telephone company.
#[derive(Debug, Error)]
pub(crate) enum NoLine {
    /// Not an address of a trunk, or a trunk that is not called so.
    #[error("nobody is called there by this transport")]
    Unknown,
    /// All places for connections are taken.
    #[error("all places for connections are taken")]
    Full,
    /// Nobody answered in time.
    #[error("no answer in time")]
    Late,
    /// Nobody is there, or it is not who it should be.
    #[error("not connected")]
    Io(#[from] io::Error),
    /// The stack.
    #[error("the stack takes no connection")]
    Stack(#[source] Box<rsipstack::Error>),
}

/// All connections.
pub(crate) struct Lines {
    pub(crate) endpoint: EndpointInnerRef,
    pub(crate) door: Arc<Door>,
    pub(crate) trunks: Arc<Trunks>,
    pub(crate) stop: CancellationToken,
    // Both are held for one question and never over an await.
    seats: Mutex<BTreeMap<IpAddr, usize>>,
    /// Connections of ours by where they lead, and who was proven to be there.
    known: Mutex<BTreeMap<(SocketAddr, Option<String>), SipConnection>>,
}

/// A place for a connection, for as long as this lives.
pub(crate) struct Seat {
    lines: Arc<Lines>,
    address: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self
            .lines
            .seats
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = seats.get_mut(&self.address) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                seats.remove(&self.address);
            }
        }
    }
}

impl Lines {
    pub(crate) const fn new(
        endpoint: EndpointInnerRef,
        door: Arc<Door>,
        trunks: Arc<Trunks>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            endpoint,
            door,
            trunks,
            stop,
            seats: Mutex::new(BTreeMap::new()),
            known: Mutex::new(BTreeMap::new()),
        }
    }

    /// Connections that are open.
    pub(crate) fn count(&self) -> usize {
        let seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.values().sum()
    }

    fn take_seat(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.values().sum::<usize>() >= ALL_MAX {
            return None;
        }
        let taken = seats.entry(address).or_default();
        if *taken >= PER_ADDRESS_MAX {
            return None;
        }
        *taken = taken.saturating_add(1);
        drop(seats);
        Some(Seat {
            lines: Arc::clone(self),
            address,
        })
    }

    /// Takes connections until the stack ends. Who is of no trunk is hung up on without a byte, and
    /// without a handshake.
    pub(crate) async fn accept(self: Arc<Self>, listener: TcpListener, tls: Option<Arc<TlsDoor>>) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, peer)) = accepted else {
                // No descriptor is free; a loop that asks at once again would take a whole core.
                tokio::time::sleep(RESPITE).await;
                continue;
            };
            let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
            if !Door::knows(&self.trunks, peer.ip()) {
                self.door.turned_away();
                continue;
            }
            let Some(seat) = self.take_seat(peer.ip()) else {
                tracing::debug!("a connection of a trunk is one too many");
                self.door.turned_away();
                continue;
            };
            tokio::spawn(Arc::clone(&self).welcome(stream, peer, seat, tls.clone()));
        }
    }

    async fn welcome(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        seat: Seat,
        tls: Option<Arc<TlsDoor>>,
    ) {
        // Messages are whole when they are written; waiting for more makes calls late.
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else {
            if let Ok(pump) = Pump::new(&self, Which::Theirs, peer, SipTransport::Tcp, seat).await {
                pump.run(stream).await;
            }
            return;
        };
        match timeout(HANDSHAKE, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => {
                let pump = Pump::new(&self, Which::Theirs, peer, SipTransport::Tls, seat).await;
                if let Ok(pump) = pump {
                    pump.run(stream).await;
                }
            }
            Ok(Err(error)) => tracing::debug!(%error, "a trunk speaks no TLS that is taken"),
            Err(_late) => tracing::debug!("a trunk has not ended its handshake"),
        }
    }

    /// A connection to an address of a trunk: the one that we have, or a new one. TLS where it is said
    /// who must be there.
    pub(crate) async fn connect(
        self: &Arc<Self>,
        to: SocketAddr,
        far: Option<&Far>,
    ) -> Result<SipConnection, NoLine> {
        let place = (to, far.map(|far| far.name.to_str().into_owned()));
        if let Some(known) = self.known_to(&place) {
            return Ok(known);
        }
        if !Door::knows(&self.trunks, to.ip()) {
            return Err(NoLine::Unknown);
        }
        let seat = self.take_seat(to.ip()).ok_or(NoLine::Full)?;
        let stream = timeout(CONNECT, TcpStream::connect(to)).await;
        let stream = stream.map_err(|_late| NoLine::Late)??;
        // See above.
        let _ = stream.set_nodelay(true);
        let connection = match far {
            None => {
                let pump = self.pump(to, SipTransport::Tcp, seat).await?;
                let connection = pump.connection();
                tokio::spawn(pump.run(stream));
                connection
            }
            Some(far) => {
                let handshake = far.connector().connect(far.name.clone(), stream);
                let stream = timeout(HANDSHAKE, handshake).await;
                let stream = stream.map_err(|_late| NoLine::Late)??;
                let pump = self.pump(to, SipTransport::Tls, seat).await?;
                let connection = pump.connection();
                tokio::spawn(pump.run(stream));
                connection
            }
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, connection| is_alive(connection));
        match known.entry(place) {
            // Two calls have connected at once: one connection is enough for both.
            Entry::Occupied(other) => {
                if let Some(token) = connection.cancel_token() {
                    token.cancel();
                }
                Ok(other.get().clone())
            }
            Entry::Vacant(vacant) => Ok(vacant.insert(connection).clone()),
        }
    }

    async fn pump(
        self: &Arc<Self>,
        to: SocketAddr,
        transport: SipTransport,
        seat: Seat,
    ) -> Result<Pump, NoLine> {
        let made = Pump::new(self, Which::Ours, to, transport, seat).await;
        made.map_err(|why| NoLine::Stack(Box::new(why)))
    }

    fn known_to(&self, place: &(SocketAddr, Option<String>)) -> Option<SipConnection> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(place)
            .filter(|connection| is_alive(connection))
            .cloned()
    }

    /// How whoever is at this address proves who it is.
    fn far(&self, address: IpAddr) -> Option<&Far> {
        let mut trunks = self.trunks.trunks.iter();
        trunks.find_map(|trunk| {
            let outbound = trunk.outbound.as_ref().filter(|_| trunk.is_from(address))?;
            outbound.far.as_ref()
        })
    }

    /// The connection itself while it is open, or else one to where it led.
    pub(crate) async fn alive(
        self: &Arc<Self>,
        connection: SipConnection,
        to: SocketAddr,
    ) -> Result<SipConnection, NoLine> {
        if is_alive(&connection) {
            return Ok(connection);
        }
        let far = match connection.get_addr().r#type {
            Some(SipTransport::Tcp) => None,
            Some(SipTransport::Tls) => Some(self.far(to.ip()).ok_or(NoLine::Unknown)?),
            _ => return Err(NoLine::Unknown),
        };
        self.connect(to, far).await
    }
}

/// Whether something can still be sent on a connection.
pub(crate) fn is_alive(connection: &SipConnection) -> bool {
    !connection
        .cancel_token()
        .is_some_and(|token| token.is_cancelled())
}
