//! Certificates of SIP over TLS: ours, which both ends of a connection may ask for, and those that a
//! telephone company is believed by.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::Deserialize;
use thiserror::Error;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::{
    ClientHello, NoClientAuth, ResolvesServerCert, VerifierBuilderError, WebPkiClientVerifier,
};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, ServerConfig, SignatureScheme};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// How often the files are looked at, if anybody connects. Certificates are renewed days before they end.
const LOOK: Duration = Duration::from_secs(30);

/// The part `[phone.tls]` of the configuration, as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// Where SIP over TLS is received.
    pub bind: SocketAddr,
    /// Our certificate and those above it (PEM). Read again when it changes.
    pub certificate_file: PathBuf,
    /// Its key (PEM).
    pub key_file: PathBuf,
    /// Who signs the certificates of telephone companies that call (PEM). With it, one without a
    /// certificate is refused; without it none is asked for, and addresses are all.
    pub client_ca_file: Option<PathBuf>,
}

/// Why TLS cannot be spoken, and what to do.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file that cannot be read as certificates or as a key.
    #[error("{file} cannot be read: it must hold {what} in PEM form")]
    File {
        /// The file.
        file: String,
        /// What it must hold.
        what: &'static str,
        /// Why.
        #[source]
        why: pem::Error,
    },
    /// Nothing is in it.
    #[error("{0} holds no certificate: put it there in PEM form")]
    Empty(String),
    /// Certificate and key do not fit.
    #[error("{file} is not the key of the certificate beside it")]
    Key {
        /// The file of the key.
        file: String,
        /// Why.
        #[source]
        why: rustls::Error,
    },
    /// TLS itself.
    #[error("TLS cannot be set up")]
    Setup(#[from] rustls::Error),
    /// Whom to believe.
    #[error("the certificates of `client_ca_file` cannot be used")]
    Verifier(#[from] VerifierBuilderError),
    /// Not a name.
    #[error("`tls_name` {0:?} is no name such as \"sip.example.org\"")]
    Name(String),
    /// No certificate to compare with.
    #[error("this system has no certificates of authorities: give `tls_ca_file`, or install them")]
    NoAuthority,
}

/// Our end of TLS for those who call.
#[derive(Debug, Clone)]
pub(crate) struct TlsDoor {
    pub(crate) bind: SocketAddr,
    pub(crate) shown: Arc<Shown>,
    config: Arc<ServerConfig>,
}

impl TlsDoor {
    pub(crate) fn read(settings: TlsSettings) -> Result<Self, TlsError> {
        let shown = Arc::new(Shown::read(settings.certificate_file, settings.key_file)?);
        let asks = match settings.client_ca_file {
            Some(file) => {
                let roots = Arc::new(authorities(Some(&file))?);
                WebPkiClientVerifier::builder_with_provider(roots, provider()).build()?
            }
            None => Arc::new(NoClientAuth),
        };
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(asks)
            .with_cert_resolver(Arc::<Shown>::clone(&shown));
        Ok(Self {
            bind: settings.bind,
            shown,
            config: Arc::new(config),
        })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

/// How a telephone company is known when we connect to it.
#[derive(Debug, Clone)]
pub(crate) struct Far {
    pub(crate) name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

impl Far {
    /// Believes who has a certificate for this name, signed by who stands in the file, or else by an
    /// authority of the system. Who asks for ours gets it.
    pub(crate) fn new(
        name: String,
        ca_file: Option<&Path>,
        shown: &Arc<Shown>,
    ) -> Result<Self, TlsError> {
        let parsed = ServerName::try_from(name.clone());
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(authorities(ca_file)?)
            .with_client_cert_resolver(Arc::<Shown>::clone(shown));
        Ok(Self {
            name: parsed
                .map_err(|_not: rustls::pki_types::InvalidDnsNameError| TlsError::Name(name))?,
            config: Arc::new(config),
        })
    }

    pub(crate) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.config))
    }
}

/// The certificate that we show, read again when its files change.
pub(crate) struct Shown {
    certificate: PathBuf,
    key: PathBuf,
    // Held for one look, in a handshake and never over an await.
    now: Mutex<Now>,
}

struct Now {
    key: Arc<CertifiedKey>,
    written: Option<SystemTime>,
    looked: Instant,
}

impl core::fmt::Debug for Shown {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Shown")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl Shown {
    fn read(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let now = Now {
            key: Arc::new(pair(&certificate, &key)?),
            written: written(&certificate, &key),
            looked: Instant::now(),
        };
        Ok(Self {
            certificate,
            key,
            now: Mutex::new(now),
        })
    }

    fn current(&self, at: Instant) -> Arc<CertifiedKey> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if at.saturating_duration_since(now.looked) >= LOOK {
            now.looked = at;
            let written = written(&self.certificate, &self.key);
            if written != now.written {
                match pair(&self.certificate, &self.key) {
                    Ok(fresh) => {
                        now.key = Arc::new(fresh);
                        now.written = written;
                        tracing::info!("the certificate of telephones was read again");
                    }
                    // A key may be written after its certificate; the next look finds both.
                    Err(error) => tracing::warn!(%error, "the certificate of telephones stays"),
                }
            }
        }
        Arc::clone(&now.key)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current(Instant::now()))
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(
        &self,
        _issuers: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        Some(self.current(Instant::now()))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// When the younger of the files was written, as far as the system tells.
fn written(certificate: &Path, key: &Path) -> Option<SystemTime> {
    let written = |path: &Path| std::fs::metadata(path).and_then(|of| of.modified()).ok();
    written(certificate).max(written(key))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| TlsError::File {
            file: file.display().to_string(),
            what: "certificates",
            why,
        })?;
    if chain.is_empty() {
        return Err(TlsError::Empty(file.display().to_string()));
    }
    Ok(chain)
}

fn pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let chain = certificates(certificate)?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|why| TlsError::File {
        file: key.display().to_string(),
        what: "a key",
        why,
    })?;
    CertifiedKey::from_der(chain, secret, &provider()).map_err(|why| TlsError::Key {
        file: key.display().to_string(),
        why,
    })
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            for certificate in certificates(file)? {
                roots.add(certificate)?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(TlsError::NoAuthority);
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn pem(what: &str, der: &[u8]) -> String {
        let text = STANDARD.encode(der);
        format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
    }

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("sip-tls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// Writes a certificate and its key, as if so many seconds from now.
    fn write(certificate: &Path, key: &Path, later_s: u64) -> Vec<u8> {
        let made = rcgen::generate_simple_self_signed(["clinic.test".to_owned()]).unwrap();
        std::fs::write(certificate, pem("CERTIFICATE", made.cert.der())).unwrap();
        let secret = made.signing_key.serialize_der();
        std::fs::write(key, pem("PRIVATE KEY", &secret)).unwrap();
        let at = SystemTime::now() + Duration::from_secs(later_s);
        let file = std::fs::File::options().append(true).open(key).unwrap();
        file.set_modified(at).unwrap();
        made.cert.der().to_vec()
    }

    #[test]
    fn a_new_certificate_is_shown_after_a_while_and_a_broken_one_never() {
        let folder = folder("new");
        let files = ["cert.pem", "key.pem"].map(|name| folder.join(name));
        let [certificate, key] = &files;
        let first = write(certificate, key, 0);
        let shown = Shown::read(certificate.clone(), key.clone()).unwrap();
        let begun = Instant::now();
        let at = |looks: u32| shown.current(begun + LOOK * looks).cert[0].to_vec();
        let second = write(certificate, key, 10);
        assert_eq!(at(0), first);
        assert_eq!(at(1), second);
        std::fs::write(certificate, "no certificate").unwrap();
        let file = std::fs::File::options().append(true).open(certificate);
        let later = SystemTime::now() + Duration::from_secs(20);
        file.unwrap().set_modified(later).unwrap();
        assert_eq!(at(2), second);
        let third = write(certificate, key, 30);
        assert_eq!(at(3), third);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let folder = folder("mixed");
        let path = |name: &str| folder.join(name);
        write(&path("one.pem"), &path("one.key"), 0);
        write(&path("two.pem"), &path("two.key"), 0);
        let mixed = Shown::read(path("one.pem"), path("two.key"));
        assert!(matches!(mixed, Err(TlsError::Key { .. })));
        let none = Shown::read(path("none.pem"), path("one.key"));
        assert!(matches!(none, Err(TlsError::File { .. })));
        let no_name = Far::new(
            "not a name".to_owned(),
            Some(&path("one.pem")),
            &Arc::new(Shown::read(path("one.pem"), path("one.key")).unwrap()),
        );
        assert!(matches!(no_name, Err(TlsError::Name(_))));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
