//! The web server's certificate, read from PEM files and read again when they change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

/// How often the files are looked at. Certificates are renewed days before they end.
const LOOK: Duration = Duration::from_secs(30);

/// What is spoken inside: HTTP/1.1, or TURN (RFC 7443). Clients that do not say are taken, too.
const PROTOCOLS: [&[u8]; 2] = [b"http/1.1", b"stun.turn"];

/// Where the certificate chain and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The certificate that is shown to clients at the moment.
pub(crate) struct Certificate {
    files: Files,
    /// Locked for each handshake, never for a request.
    shown: RwLock<Arc<CertifiedKey>>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&shown))
    }
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub(crate) fn read(files: Files) -> anyhow::Result<Arc<Self>> {
        let shown = RwLock::new(Arc::new(read(&files)?));
        Ok(Arc::new(Self { files, shown }))
    }

    /// What makes TLS of a TCP connection.
    pub(crate) fn acceptor(self: &Arc<Self>) -> anyhow::Result<TlsAcceptor> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .context("TLS cannot be set up")?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Self>::clone(self));
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Shows what the files hold now.
    fn reload(&self) -> anyhow::Result<()> {
        let fresh = Arc::new(read(&self.files)?);
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// When the younger of the files was written, as far as the system tells.
    fn written(&self) -> Option<SystemTime> {
        let written = |path: &Path| std::fs::metadata(path).and_then(|of| of.modified()).ok();
        written(&self.files.certificate).max(written(&self.files.key))
    }

    /// Follows changes of the files, and SIGHUP. Files that cannot be used change nothing.
    pub(crate) async fn follow(self: Arc<Self>) -> anyhow::Result<()> {
        let mut hangups = signal(SignalKind::hangup())?;
        let mut seen = self.written();
        loop {
            let asked = tokio::select! {
                () = tokio::time::sleep(LOOK) => false,
                _ = hangups.recv() => true,
            };
            let written = self.written();
            if !asked && written == seen {
                continue;
            }
            match self.reload() {
                Ok(()) => {
                    seen = written;
                    tracing::info!("the TLS certificate was read again");
                }
                // A key may be written after its certificate; the next look finds both.
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the TLS certificate stays");
                }
            }
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn read(files: &Files) -> anyhow::Result<CertifiedKey> {
    let path = files.certificate.display();
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read http.tls_cert_file {path}"))?;
    anyhow::ensure!(
        !chain.is_empty(),
        "http.tls_cert_file {path} holds no certificate (PEM)"
    );
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .with_context(|| format!("cannot read http.tls_key_file {}", files.key.display()))?;
    CertifiedKey::from_der(chain, key, &provider())
        .with_context(|| format!("http.tls_key_file is not the key of {path}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn pem(what: &str, der: &[u8]) -> String {
        let text = STANDARD.encode(der);
        format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
    }

    /// Writes a new certificate for localhost, and answers with its bytes.
    pub(crate) fn write(files: &Files) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = made.signing_key.serialize_der();
        std::fs::write(&files.certificate, pem("CERTIFICATE", made.cert.der())).unwrap();
        std::fs::write(&files.key, pem("PRIVATE KEY", &key)).unwrap();
        made.cert.der().clone()
    }

    /// A folder of its own for each test.
    pub(crate) fn files(test: &str) -> Files {
        let dir =
            std::env::temp_dir().join(format!("telehealth-tls-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Files {
            certificate: dir.join("cert.pem"),
            key: dir.join("key.pem"),
        }
    }

    fn shown(certificate: &Certificate) -> CertificateDer<'static> {
        certificate.shown.read().unwrap().cert[0].clone()
    }

    #[test]
    fn a_new_certificate_is_shown_and_a_broken_one_is_not() {
        let files = files("reload");
        let first = write(&files);
        let certificate = Certificate::read(files.clone()).unwrap();
        assert_eq!(shown(&certificate), first);
        let second = write(&files);
        certificate.reload().unwrap();
        assert_eq!(shown(&certificate), second);
        std::fs::write(&files.certificate, "nonsense").unwrap();
        assert!(certificate.reload().is_err());
        assert_eq!(shown(&certificate), second);
    }

    #[test]
    fn what_is_wrong_with_the_files_is_said() {
        let pair = files("errors");
        let said = |files: &Files| format!("{:#}", Certificate::read(files.clone()).unwrap_err());
        assert!(said(&pair).contains("cannot read http.tls_cert_file"));
        write(&pair);
        std::fs::remove_file(&pair.key).unwrap();
        assert!(said(&pair).contains("cannot read http.tls_key_file"));
        let other = files("errors-other");
        write(&other);
        let mixed = Files {
            certificate: other.certificate,
            key: {
                write(&pair);
                pair.key
            },
        };
        assert!(said(&mixed).contains("is not the key of"));
        std::fs::write(&pair.certificate, "").unwrap();
        let empty = Files {
            certificate: pair.certificate,
            key: mixed.key,
        };
        assert!(said(&empty).contains("holds no certificate"));
    }
}
