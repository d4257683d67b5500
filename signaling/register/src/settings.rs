//! Where the register is, and how one gets in.

use std::sync::Arc;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::error::OpenError;

/// What stands at the addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Layout {
    /// One server, or several of which one takes writes: the first that does is used.
    #[default]
    Servers,
    /// Sentinels. They say which server takes writes.
    Sentinel {
        /// The name under which they watch it (`sentinel monitor NAME ...`).
        master: String,
    },
    /// Some servers of one Redis Cluster. They say who the others are.
    Cluster,
}

/// How one gets into the servers, besides what stands in their addresses.
#[derive(Clone, Default)]
pub struct Entry {
    /// A user of theirs; without it, that of the addresses, or the default one.
    pub user: Option<String>,
    /// The password; without it, that of the addresses. Behind Sentinels it is that of the servers, and an
    /// address holds that of the Sentinel.
    pub password: Option<String>,
    /// Certificates (PEM) of the authorities that vouch for the servers; without it, those of the system.
    pub authorities: Option<Vec<u8>>,
    /// A certificate chain and its key (PEM), for servers that ask for one.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl core::fmt::Debug for Entry {
    /// It holds a password and a key.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}

/// One server, or one Sentinel.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) login: RedisConnectionInfo,
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

/// Everything that is known before anything is connected.
#[derive(Debug)]
pub(crate) struct Door {
    /// Those that were named.
    pub(crate) named: Vec<Server>,
    /// What servers are reached like that others name, but for host and port.
    pattern: Server,
}

impl Door {
    pub(crate) fn new(urls: &[String], layout: &Layout, entry: &Entry) -> Result<Self, OpenError> {
        let mut named = Vec::with_capacity(urls.len());
        let mut with_tls = 0_usize;
        for (number, url) in (1..).zip(urls) {
            let info = url.as_str().into_connection_info();
            let info = info.map_err(|cause| OpenError::Url { number, cause })?;
            let (host, port, is_tls) = place(number, &info)?;
            with_tls = with_tls.saturating_add(usize::from(is_tls));
            named.push(Server {
                host,
                port,
                login: info.redis_settings().clone(),
                tls: None,
            });
        }
        if with_tls != 0 && with_tls != named.len() {
            return Err(OpenError::Mixed);
        }
        if with_tls == 0 && (entry.authorities.is_some() || entry.identity.is_some()) {
            return Err(OpenError::Plain);
        }
        if *layout == Layout::Cluster && named.iter().any(|it| it.login.db() != 0) {
            return Err(OpenError::Database);
        }
        let tls = (with_tls != 0).then(|| tls(entry)).transpose()?;
        for server in &mut named {
            server.tls.clone_from(&tls);
        }
        let mut pattern = named.first().ok_or(OpenError::None)?.clone();
        match layout {
            // Theirs is another door than that of the servers.
            Layout::Sentinel { .. } => pattern.login = RedisConnectionInfo::default(),
            Layout::Servers | Layout::Cluster => {
                for server in &mut named {
                    server.login = login(server.login.clone(), entry);
                }
            }
        }
        pattern.login = login(pattern.login, entry);
        Ok(Self { named, pattern })
    }

    /// A server that others named.
    pub(crate) fn at(&self, host: &str, port: u16) -> Server {
        Server {
            host: host.to_owned(),
            port,
            ..self.pattern.clone()
        }
    }
}

/// Where an address leads, and whether by TLS.
fn place(number: usize, info: &ConnectionInfo) -> Result<(String, u16, bool), OpenError> {
    if let ConnectionAddr::Tcp(host, port) = info.addr() {
        return Ok((host.clone(), *port, false));
    }
    let ConnectionAddr::TcpTls {
        host,
        port,
        insecure: false,
        ..
    } = info.addr()
    else {
        return Err(OpenError::Way { number });
    };
    Ok((host.clone(), *port, true))
}

fn login(mut login: RedisConnectionInfo, entry: &Entry) -> RedisConnectionInfo {
    if let Some(user) = &entry.user {
        login = login.set_username(user);
    }
    if let Some(password) = &entry.password {
        login = login.set_password(password);
    }
    login
}

/// Whom to trust, read once: the client's own way reads the system's authorities for every connection.
fn tls(entry: &Entry) -> Result<Arc<ClientConfig>, OpenError> {
    let bad = |error: Box<dyn core::error::Error + Send + Sync>| OpenError::Certificates(error);
    let mut roots = RootCertStore::empty();
    if let Some(pem) = &entry.authorities {
        for authority in CertificateDer::pem_slice_iter(pem) {
            let authority = authority.map_err(|error| bad(error.into()))?;
            roots.add(authority).map_err(|error| bad(error.into()))?;
        }
        if roots.is_empty() {
            return Err(OpenError::NoAuthority);
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.into()))?
        .with_root_certificates(roots);
    let Some((chain, key)) = &entry.identity else {
        return Ok(Arc::new(config.with_no_client_auth()));
    };
    let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>();
    let chain = chain.map_err(|error| bad(error.into()))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| bad(error.into()))?;
    let config = config.with_client_auth_cert(chain, key);
    config.map(Arc::new).map_err(|error| bad(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(urls: &[&str], layout: &Layout, entry: &Entry) -> Result<Door, OpenError> {
        let urls: Vec<String> = urls.iter().map(|it| (*it).to_owned()).collect();
        Door::new(&urls, layout, entry)
    }

    fn secrets(server: &Server) -> (Option<&str>, Option<&str>) {
        (server.login.username(), server.login.password())
    }

    #[test]
    fn whom_sentinels_name_is_not_told_their_password() {
        let sentinel = Layout::Sentinel {
            master: "m".to_owned(),
        };
        let entry = Entry {
            user: Some("clinic".to_owned()),
            password: Some("theirs".to_owned()),
            ..Entry::default()
        };
        let door = door(&["rediss://s:own@h:26379"], &sentinel, &entry).unwrap();
        assert_eq!(secrets(&door.named[0]), (Some("s"), Some("own")));
        let server = door.at("10.0.0.9", 6380);
        assert_eq!(secrets(&server), (Some("clinic"), Some("theirs")));
        assert_eq!((server.host.as_str(), server.port), ("10.0.0.9", 6380));
        assert!(server.tls.is_some());
    }

    #[test]
    fn servers_of_a_cluster_are_reached_like_the_first_one() {
        let urls = ["redis://:one@h:1", "redis://:two@h:2"];
        let door = door(&urls, &Layout::Cluster, &Entry::default()).unwrap();
        assert_eq!(secrets(&door.named[1]), (None, Some("two")));
        assert_eq!(secrets(&door.at("g", 3)), (None, Some("one")));
        let entry = Entry {
            password: Some("file".to_owned()),
            ..Entry::default()
        };
        let guarded = Door::new(&urls.map(str::to_owned), &Layout::Cluster, &entry).unwrap();
        assert_eq!(secrets(&guarded.named[1]), (None, Some("file")));
    }

    #[test]
    fn what_cannot_work_is_said_before_anything_is_connected() {
        let plain = Entry::default();
        let private = Entry {
            authorities: Some(b"none".to_vec()),
            ..Entry::default()
        };
        let servers = Layout::Servers;
        let refused =
            |urls: &[&str], layout: &Layout, entry: &Entry| door(urls, layout, entry).unwrap_err();
        assert!(matches!(refused(&[], &servers, &plain), OpenError::None));
        let scheme = refused(&["redis://h", "http://h"], &servers, &plain);
        assert!(matches!(scheme, OpenError::Url { number: 2, .. }));
        let mixed = refused(&["redis://h", "rediss://h"], &servers, &plain);
        assert!(matches!(mixed, OpenError::Mixed));
        let clear = refused(&["redis://h"], &servers, &private);
        assert!(matches!(clear, OpenError::Plain));
        let none = refused(&["rediss://h"], &servers, &private);
        assert!(matches!(none, OpenError::NoAuthority));
        let blind = refused(&["rediss://h/#insecure"], &servers, &plain);
        assert!(matches!(blind, OpenError::Way { number: 1 }));
        let numbered = refused(&["redis://h/1"], &Layout::Cluster, &plain);
        assert!(matches!(numbered, OpenError::Database));
        assert!(!format!("{private:?}").contains("none"));
    }
}
