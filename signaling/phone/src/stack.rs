//! The SIP stack behind the fence, and what all calls share.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rsipstack::EndpointBuilder;
use rsipstack::sip::typed::Via;
use rsipstack::sip::{Transport as SipTransport, Uri};
use rsipstack::transaction::endpoint::{EndpointInnerRef, TargetLocator};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transaction::{TransactionReceiver, random_text};
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipAddr, SipConnection, TransportLayer};
use signaling_sip::{DigestServer, Lockout};
use thiserror::Error;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::caps::Caps;
use crate::dialog::NotMade;
use crate::door::{Door, FencedSocket};
use crate::health::Health;
use crate::ports::Ports;
use crate::streams::{Lines, NoLine};
use crate::trunk::{Outbound, Transport, Trunk};
use crate::trunk_check::Trunks;

/// Requests within one call that wait; telephones send one and wait for its answer. What is more is
/// dropped, and sent again by whoever sent it.
const REQUESTS_MAX: usize = 16;
/// How exact the timers of the stack are.
const TIMER: Duration = Duration::from_millis(20);

/// Why telephones cannot be served.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address is taken, or not of this machine.
    #[error("SIP cannot be received on {0}: choose another `bind` in [phone]")]
    Bind(SocketAddr, #[source] std::io::Error),
    /// The stack did not start.
    #[error("the SIP stack did not start")]
    Stack(#[source] rsipstack::Error),
}

/// What all calls share.
pub(crate) struct Stack {
    pub(crate) endpoint: EndpointInnerRef,
    pub(crate) udp: SipConnection,
    /// Where we are, and what is said of it.
    pub(crate) places: Places,
    pub(crate) lines: Arc<Lines>,
    pub(crate) trunks: Arc<Trunks>,
    pub(crate) door: Arc<Door>,
    pub(crate) ports: Ports,
    // All of these are held for one question and never over an await.
    pub(crate) digest: Mutex<DigestServer>,
    pub(crate) lockout: Mutex<Lockout<String>>,
    pub(crate) caps: Caps,
    pub(crate) health: Health,
    calls: Mutex<BTreeMap<String, mpsc::Sender<Transaction>>>,
    pub(crate) stop: CancellationToken,
}

/// Where we are by each transport.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    pub(crate) udp: SocketAddr,
    pub(crate) tcp: Option<SocketAddr>,
    pub(crate) tls: Option<SocketAddr>,
    advertise: Option<IpAddr>,
}

impl Places {
    /// The address that is said, with the port of the transport.
    pub(crate) fn public(&self, transport: SipTransport) -> SocketAddr {
        let place = match transport {
            SipTransport::Tcp => self.tcp,
            SipTransport::Tls => self.tls,
            _ => None,
        };
        let place = place.unwrap_or(self.udp);
        SocketAddr::new(self.advertise.unwrap_or(place.ip()), place.port())
    }
}

async fn listen(bind: Option<SocketAddr>) -> Result<Option<(TcpListener, SocketAddr)>, StartError> {
    let Some(bind) = bind else {
        return Ok(None);
    };
    let fault = |why| StartError::Bind(bind, why);
    let listener = TcpListener::bind(bind).await.map_err(fault)?;
    let local = listener.local_addr().map_err(fault)?;
    Ok(Some((listener, local)))
}

/// Keeps the stack from sending anywhere but to trunks.
struct TrunkLocator {
    trunks: Arc<Trunks>,
}

#[async_trait::async_trait]
impl TargetLocator for TrunkLocator {
    async fn locate(&self, uri: &Uri) -> rsipstack::Result<SipAddr> {
        let address = address_of(uri)
            .filter(|address| Door::knows(&self.trunks, address.ip()))
            .ok_or_else(|| rsipstack::Error::Error("not an address of a trunk".to_owned()))?;
        Ok(address.into())
    }
}

fn address_of(uri: &Uri) -> Option<SocketAddr> {
    let host: IpAddr = uri
        .host_with_port
        .host
        .to_string()
        .trim_matches(['[', ']'])
        .parse()
        .ok()?;
    let text = uri.to_string().to_ascii_lowercase();
    let is_tls = text.starts_with("sips:") || text.contains(";transport=tls");
    let port = uri.host_with_port.port.as_ref();
    let port = port.map_or(if is_tls { 5_061 } else { 5_060 }, |port| port.value());
    Some(SocketAddr::new(host, port))
}

impl Stack {
    pub(crate) async fn start(
        trunks: Trunks,
        ports: Ports,
    ) -> Result<(Arc<Self>, TransactionReceiver), StartError> {
        let bind = trunks.bind;
        let socket = UdpSocket::bind(bind)
            .await
            .map_err(|why| StartError::Bind(bind, why))?;
        let udp = socket
            .local_addr()
            .map_err(|why| StartError::Bind(bind, why))?;
        let tcp = listen(trunks.bind_tcp).await?;
        let tls = listen(trunks.tls.as_ref().map(|tls| tls.bind)).await?;
        let places = Places {
            udp,
            tcp: tcp.as_ref().map(|(_, local)| *local),
            tls: tls.as_ref().map(|(_, local)| *local),
            advertise: trunks.advertise,
        };
        let stop = CancellationToken::new();
        let door = Arc::new(Door::new(&trunks));
        let trunks = Arc::new(trunks);
        let socket = Arc::new(FencedSocket {
            socket,
            door: Arc::clone(&door),
        });
        let udp = UdpConnection::from_socket(
            socket,
            Some(places.public(SipTransport::Udp)),
            Some(stop.child_token()),
        )
        .await
        .map_err(StartError::Stack)?;
        let udp = SipConnection::Udp(udp);
        let layer = TransportLayer::new(stop.clone());
        layer.add_transport(udp.clone());
        let endpoint = EndpointBuilder::new()
            .with_user_agent("telehealth-hub")
            .with_transport_layer(layer)
            .with_timer_interval(TIMER)
            .with_cancel_token(stop.clone())
            .with_target_locator(Box::new(TrunkLocator {
                trunks: Arc::clone(&trunks),
            }))
            .build();
        let incoming = endpoint
            .incoming_transactions()
            .map_err(StartError::Stack)?;
        let inner = Arc::clone(&endpoint.inner);
        tokio::spawn(async move { endpoint.serve().await });
        let lines = Arc::new(Lines::new(
            Arc::clone(&inner),
            Arc::clone(&door),
            Arc::clone(&trunks),
            stop.clone(),
        ));
        for (listening, door) in [(tcp, None), (tls, trunks.tls.clone())] {
            if let Some((listener, _)) = listening {
                tokio::spawn(Arc::clone(&lines).accept(listener, door));
            }
        }
        let secret = rand::random();
        let stack = Arc::new(Self {
            endpoint: inner,
            udp,
            places,
            lines,
            digest: Mutex::new(DigestServer::new(trunks.realm.clone(), secret)),
            trunks,
            door,
            ports,
            lockout: Mutex::new(Lockout::default()),
            caps: Caps::default(),
            health: Health::default(),
            calls: Mutex::new(BTreeMap::new()),
            stop,
        });
        Ok((stack, incoming))
    }

    /// `Via` of a request on this connection.
    pub(crate) fn via(&self, connection: &SipConnection) -> Result<Via, NotMade> {
        let address = SipAddr {
            r#type: Some(transport_of(connection)),
            addr: self.places.public(transport_of(connection)).into(),
        };
        Ok(self.endpoint.get_via(Some(address), None)?)
    }

    /// `Contact` on this connection.
    pub(crate) fn contact(&self, connection: &SipConnection) -> String {
        let place = self.places.public(transport_of(connection));
        let transport = match transport_of(connection) {
            SipTransport::Tcp => ";transport=tcp",
            SipTransport::Tls => ";transport=tls",
            _ => "",
        };
        format!("<sip:visit@{place}{transport}>")
    }

    /// Where to send what the other end wants at `hop`: there if that is an address of a trunk, or
    /// else back where it came from. Nobody makes us send to strangers.
    pub(crate) fn reachable(&self, hop: &str, came_from: SocketAddr) -> SocketAddr {
        Uri::try_from(hop.trim_matches(['<', '>']))
            .ok()
            .and_then(|uri| address_of(&uri))
            .filter(|address| Door::knows(&self.trunks, address.ip()))
            .unwrap_or(came_from)
    }

    /// Whether no call more has a place.
    pub(crate) fn is_full(&self) -> bool {
        self.door.calls.load(Ordering::Relaxed) >= self.trunks.limits.calls_max
    }

    /// The connection to call somebody with.
    pub(crate) async fn connection(
        &self,
        trunk: &Trunk,
        outbound: &Outbound,
    ) -> Result<SipConnection, NoLine> {
        match trunk.transport {
            Transport::Udp => Ok(self.udp.clone()),
            Transport::Tcp => self.lines.connect(outbound.proxy, None).await,
            Transport::Tls => {
                let far = outbound.far.as_ref().ok_or(NoLine::Unknown)?;
                self.lines.connect(outbound.proxy, Some(far)).await
            }
        }
    }

    /// A tag that nobody can guess.
    pub(crate) fn new_tag() -> String {
        random_text(16)
    }

    /// Opens the way for requests of a call with this tag of ours.
    pub(crate) fn open(self: &Arc<Self>, tag: &str) -> (CallPlace, mpsc::Receiver<Transaction>) {
        let (sender, receiver) = mpsc::channel(REQUESTS_MAX);
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tag.to_owned(), sender);
        self.door.calls.fetch_add(1, Ordering::Relaxed);
        let place = CallPlace {
            stack: Arc::clone(self),
            tag: tag.to_owned(),
        };
        (place, receiver)
    }

    /// Who takes requests of the call with this tag of ours.
    pub(crate) fn call(&self, tag: &str) -> Option<mpsc::Sender<Transaction>> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.get(tag).cloned()
    }
}

/// How a connection goes.
pub(crate) fn transport_of(connection: &SipConnection) -> SipTransport {
    connection.get_addr().r#type.unwrap_or(SipTransport::Udp)
}

/// Whence a message on this connection came.
pub(crate) fn remote_of(connection: &SipConnection) -> Option<SocketAddr> {
    connection.get_remote_addr()?.get_socketaddr().ok()
}

/// A call has a place as long as this lives.
pub(crate) struct CallPlace {
    stack: Arc<Stack>,
    tag: String,
}

impl Drop for CallPlace {
    fn drop(&mut self) {
        self.stack.door.calls.fetch_sub(1, Ordering::Relaxed);
        self.stack
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.tag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_hop_without_a_port_is_at_that_of_its_transport() {
        let at = |text: &str| {
            let uri = Uri::try_from(text).ok()?;
            Some(address_of(&uri)?.to_string())
        };
        for (uri, address) in [
            ("sip:+33@192.0.2.1", Some("192.0.2.1:5060")),
            ("sip:192.0.2.1;transport=TLS;lr", Some("192.0.2.1:5061")),
            ("sips:a@192.0.2.1", Some("192.0.2.1:5061")),
            (
                "sip:[2001:db8::1]:7000;transport=tls",
                Some("[2001:db8::1]:7000"),
            ),
            ("sip:a@sip.example.org", None),
        ] {
            assert_eq!(at(uri).as_deref(), address, "{uri}");
        }
    }
}
