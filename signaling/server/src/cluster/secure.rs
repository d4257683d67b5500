//! TLS between nodes, by the secret that they share.
//!
//! All nodes have one Ed25519 key, made from the secret, and show its public half alone (RFC 7250): there
//! is no certificate to issue, renew or forget. Both sides prove that they have the key, and each
//! connection has fresh keys of its own (TLS 1.3), so that a secret that leaks later opens nothing that
//! was said before. Which node speaks is said by its proof, inside.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use axum::serve::Listener;
use axum::{Router, middleware};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::client::AlwaysResolvesClientRawPublicKeys;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, aws_lc_rs as crypto, verify_tls13_signature_with_raw_key,
};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use tokio_rustls::rustls::server::AlwaysResolvesServerRawPublicKeys;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::door::nodes_alone;
use super::{NodeSecret, Nodes};

/// How long a handshake may take. The other side is in the same house.
const HANDSHAKE_MAX: Duration = Duration::from_secs(3);
/// Connections with a handshake behind them that wait to be served. Beyond it they wait with their
/// handshake: nodes are few, and each has few.
const ACCEPTED_MAX: usize = 64;
/// After a failed accept (usually too many open files) the next try waits for others to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// The first byte of a TLS connection (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// The key of nodes could not be made.
#[derive(Debug, thiserror::Error)]
#[error("TLS between nodes cannot be set up")]
pub struct SecureError(#[source] Box<dyn core::error::Error + Send + Sync>);

impl SecureError {
    fn new(cause: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// How this node speaks with others.
#[derive(Clone)]
pub(crate) struct Secure {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    /// Nodes of versions without TLS are spoken with in clear.
    pub(super) allows_plain: bool,
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secure")
            .field("allows_plain", &self.allows_plain)
            .finish_non_exhaustive()
    }
}

impl Secure {
    /// The same on every node that has the secret.
    pub(crate) fn new(secret: &NodeSecret, allows_plain: bool) -> Result<Self, SecureError> {
        let provider = Arc::new(crypto::default_provider());
        let pair = Ed25519KeyPair::from_seed_unchecked(&secret.derive("lines 1"))
            .map_err(|error| SecureError::new(error.to_string()))?;
        let text = pair
            .to_pkcs8v1()
            .map_err(|error| SecureError::new(error.to_string()))?;
        let key = crypto::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(text.as_ref()))
            .map_err(SecureError::new)?;
        let public = key
            .public_key()
            .ok_or_else(|| SecureError::new("a key without a public half"))?;
        let shown = CertificateDer::from(public.as_ref().to_vec());
        let pinned = Arc::new(Pinned {
            public: shown.clone(),
            provider: Arc::clone(&provider),
        });
        let key = Arc::new(CertifiedKey::new(vec![shown], key));
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])
            .map_err(SecureError::new)?
            .with_client_cert_verifier(Arc::<Pinned>::clone(&pinned))
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(
                Arc::clone(&key),
            )));
        let client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(SecureError::new)?
            .dangerous()
            .with_custom_certificate_verifier(pinned)
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(key)));
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(server)),
            connector: TlsConnector::from(Arc::new(client)),
            allows_plain,
        })
    }

    /// Speaks TLS on a fresh connection to a node.
    pub(super) async fn connect(&self, stream: TcpStream) -> io::Result<PeerStream> {
        // The key is what is looked at; a name is asked for by the protocol.
        let name = ServerName::try_from("node.invalid").map_err(io::Error::other)?;
        let stream = timeout(HANDSHAKE_MAX, self.connector.connect(name, stream)).await??;
        Ok(PeerStream::Secure(Box::new(stream.into())))
    }

    async fn accept(&self, stream: TcpStream) -> io::Result<PeerStream> {
        // Small frames go out at once; without it they only wait.
        stream.set_nodelay(true)?;
        if self.allows_plain {
            let mut first = [0];
            let seen = timeout(HANDSHAKE_MAX, stream.peek(&mut first)).await??;
            if seen == 1 && first != [HANDSHAKE] {
                return Ok(PeerStream::Plain(stream));
            }
        }
        let stream = timeout(HANDSHAKE_MAX, self.acceptor.accept(stream)).await??;
        Ok(PeerStream::Secure(Box::new(stream.into())))
    }
}

/// Believes whoever has the one key.
#[derive(Debug)]
struct Pinned {
    public: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    fn compare(&self, shown: &CertificateDer<'_>) -> Result<(), Error> {
        if *shown == self.public {
            Ok(())
        } else {
            Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            ))
        }
    }

    fn signed(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature_with_raw_key(
            message,
            &SubjectPublicKeyInfoDer::from(shown.as_ref()),
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }
}

/// Not offered, so nobody comes here.
fn no_tls12() -> Result<HandshakeSignatureValid, Error> {
    Err(Error::General("TLS 1.2 is not spoken here".to_owned()))
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.compare(end_entity)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.compare(end_entity)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// A connection between two nodes.
#[derive(Debug)]
pub(crate) enum PeerStream {
    /// To or from a node of a version without TLS.
    Plain(TcpStream),
    /// As it should be.
    Secure(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for PeerStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secure(stream) => Pin::new(&mut **stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Secure(stream) => Pin::new(&mut **stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
        }
    }
}

/// Where the other nodes come in. Serve it on an address of its own.
#[derive(Debug)]
pub struct PeerDoor {
    pub(crate) router: Router,
    pub(crate) nodes: Arc<Nodes>,
}

impl PeerDoor {
    /// Puts something in front of it, such as a count of who comes. It sees nodes alone: who does not prove to
    /// be one gets no further than [`PeerDoor::serve`], and begins no trace, also where lines may be in clear.
    #[must_use]
    pub fn behind(mut self, front: impl FnOnce(Router) -> Router) -> Self {
        self.router = front(self.router);
        self
    }

    /// Takes the other nodes in until the task is aborted.
    pub async fn serve(self, listener: TcpListener) {
        let (accepted, connections) = mpsc::channel(ACCEPTED_MAX);
        let address = listener.local_addr();
        let doorstep = Doorstep {
            address: address.unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0))),
            connections,
            taking: tokio::spawn(take(listener, self.nodes.secure.clone(), accepted)),
        };
        let guard = middleware::from_fn_with_state(self.nodes, nodes_alone);
        let router = self.router.layer(guard);
        // It ends with an error never, and otherwise not.
        let _ = axum::serve(doorstep, router).await;
    }
}

/// Connections whose handshake is over.
struct Doorstep {
    address: SocketAddr,
    connections: mpsc::Receiver<(PeerStream, SocketAddr)>,
    taking: JoinHandle<()>,
}

impl Drop for Doorstep {
    fn drop(&mut self) {
        self.taking.abort();
    }
}

impl Listener for Doorstep {
    type Io = PeerStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (PeerStream, SocketAddr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            None => core::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Shakes hands with everybody at once: one that is slow holds nobody up.
async fn take(
    listener: TcpListener,
    secure: Secure,
    accepted: mpsc::Sender<(PeerStream, SocketAddr)>,
) {
    loop {
        let Ok((stream, from)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (secure, accepted) = (secure.clone(), accepted.clone());
        tokio::spawn(async move {
            match secure.accept(stream).await {
                // Nobody waits for it any more when the door has closed.
                Ok(stream) => drop(accepted.send((stream, from)).await),
                Err(error) => {
                    metrics::counter!("signal_refused_total", "code" => "node").increment(1);
                    tracing::warn!(%error, "somebody at the door of nodes is no node of this cluster");
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn secure(secret: u8, allows_plain: bool) -> Secure {
        Secure::new(&NodeSecret::new(&[secret; 32]).unwrap(), allows_plain).unwrap()
    }

    /// What the door has heard of somebody who comes in by `come`, who may hear an answer.
    async fn meet<C: Future<Output = io::Result<PeerStream>>>(
        door: Secure,
        come: impl FnOnce(TcpStream) -> C,
    ) -> (io::Result<Vec<u8>>, io::Result<Vec<u8>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (coming, _) = listener.accept().await.unwrap();
        let inside = async move {
            let mut stream = door.accept(coming).await?;
            let mut heard = vec![0; 5];
            stream.read_exact(&mut heard).await?;
            stream.write_all(b"world").await?;
            stream.flush().await?;
            Ok(heard)
        };
        let outside = async move {
            let mut stream = come(stream).await?;
            stream.write_all(b"hello").await?;
            stream.flush().await?;
            let mut heard = vec![0; 5];
            stream.read_exact(&mut heard).await?;
            Ok(heard)
        };
        tokio::join!(inside, outside)
    }

    #[tokio::test]
    async fn nodes_with_one_secret_speak_tls() {
        let node = secure(7, false);
        let (inside, outside) =
            meet(secure(7, false), |it| async move { node.connect(it).await }).await;
        assert_eq!(inside.unwrap(), b"hello");
        assert_eq!(outside.unwrap(), b"world");
    }

    #[tokio::test]
    async fn who_has_another_secret_is_refused_on_either_side() {
        let stranger = secure(8, false);
        let (inside, outside) = meet(
            secure(7, false),
            |it| async move { stranger.connect(it).await },
        )
        .await;
        assert!(inside.is_err() && outside.is_err());
    }

    #[tokio::test]
    async fn who_shows_no_key_is_refused() {
        let provider = Arc::new(crypto::default_provider());
        let public = {
            let pair = Ed25519KeyPair::from_seed_unchecked(
                &NodeSecret::new(&[7; 32]).unwrap().derive("lines 1"),
            );
            let text = pair.unwrap().to_pkcs8v1().unwrap();
            let key = crypto::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(text.as_ref()));
            CertificateDer::from(key.unwrap().public_key().unwrap().as_ref().to_vec())
        };
        let pinned = Arc::new(Pinned {
            public,
            provider: Arc::clone(&provider),
        });
        let client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(pinned)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(client));
        let (inside, outside) = meet(secure(7, false), |it| async move {
            let name = ServerName::try_from("node.invalid").unwrap();
            let stream = connector.connect(name, it).await?;
            Ok(PeerStream::Secure(Box::new(stream.into())))
        })
        .await;
        assert!(inside.is_err() && outside.is_err());
    }

    #[tokio::test]
    async fn plain_lines_are_taken_only_where_it_is_said() {
        let plain = |it| async move { Ok(PeerStream::Plain(it)) };
        let (inside, outside) = meet(secure(7, true), plain).await;
        assert_eq!(inside.unwrap(), b"hello");
        assert_eq!(outside.unwrap(), b"world");
        let (inside, outside) = meet(secure(7, false), plain).await;
        assert!(inside.is_err());
        // What comes back is at most an alert.
        assert_ne!(outside.ok().as_deref(), Some(b"world".as_slice()));
        let node = secure(7, false);
        let (inside, _) = meet(secure(7, true), |it| async move { node.connect(it).await }).await;
        assert_eq!(inside.unwrap(), b"hello", "TLS is taken there, too");
    }
}
