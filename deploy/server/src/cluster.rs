//! One node among several: its part of the configuration, and what follows from it.

mod register;

use std::fmt;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use sfu_net::{EdgeConfig, SfuConfig, start_edge};
use signaling_directory::{NodeName, Region};
use signaling_register::{RedisRegister, RegisterTerms};
use signaling_server::{ClusterSettings, NodeSecret, Site};

use self::register::RedisConfig;
use crate::processors;

/// Several machines that serve one clinic. All of them need the same PostgreSQL, the same files in
/// `keys/` of their data directories, and clocks that agree to a few seconds.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterConfig {
    /// The name of this node: lower-case letters, digits and hyphens, different on each.
    pub(crate) node: String,
    /// Where the other nodes come in, by TLS with a key that is made from the secret. Others need not
    /// reach it.
    pub(crate) bind: SocketAddr,
    /// Where the others reach it, as `host:port`; without it, `bind`.
    pub(crate) address: Option<String>,
    /// Redis servers, Sentinels or servers of a Redis Cluster, as `redis.kind` says: `redis://`, or with TLS
    /// `rediss://`.
    #[serde(default)]
    pub(crate) redis_urls: Vec<String>,
    /// A file with such addresses, one a line, so that passwords stay out of this file.
    pub(crate) redis_urls_file: Option<PathBuf>,
    /// What stands at these addresses, and how one gets in.
    #[serde(default)]
    pub(crate) redis: RedisConfig,
    /// A file with at least 32 random bytes, the same on all nodes, readable by its owner only.
    pub(crate) secret_file: PathBuf,
    /// Nodes of a version that knows no TLS between nodes may be spoken with in clear; all others are
    /// spoken with by TLS in any case. For the time of an upgrade, in a network that nobody else reaches.
    #[serde(default)]
    pub(crate) plaintext: bool,
    /// How long a node that was told to stop goes on before it sends people to the others, in seconds:
    /// what the load balancer needs to see that it is not ready.
    #[serde(default = "drain_notice_s")]
    pub(crate) drain_notice_s: u32,
    /// Where this node is: visits are opened in the region of who opens them. Without it, anywhere.
    pub(crate) region: Option<String>,
    /// Where people reach this node alone, as `https://a.clinic.example`, if there is no one address for all
    /// nodes. Their pages come back by the others when this one fails. `signaling.allowed_origins` has to name
    /// those of all nodes.
    pub(crate) pages: Option<String>,
    /// Forwards sound and pictures of people who come to this node while their visit is in another region.
    pub(crate) edge: Option<EdgeConfig>,
}

const fn drain_notice_s() -> u32 {
    5
}

/// Longest notice before a drain; with what follows it stays below the minute that is promised.
const DRAIN_NOTICE_S_MAX: u32 = 30;

impl fmt::Debug for ClusterConfig {
    /// Addresses may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterConfig")
            .field("node", &self.node)
            .field("bind", &self.bind)
            .field("address", &self.address)
            .field("secret_file", &self.secret_file)
            .finish_non_exhaustive()
    }
}

impl ClusterConfig {
    /// The register. Nothing is connected yet.
    pub(crate) fn register(&self) -> anyhow::Result<RedisRegister> {
        let mut urls = self.redis_urls.clone();
        if let Some(file) = &self.redis_urls_file {
            let text = fs::read_to_string(file).with_context(|| {
                format!("cannot read cluster.redis_urls_file {}", file.display())
            })?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            urls.extend(lines.map(str::to_owned));
        }
        let (layout, entry) = (self.redis.layout()?, self.redis.entry()?);
        RedisRegister::new(&urls, layout, &entry, RegisterTerms::default())
            .context("cluster.redis_urls")
    }

    /// The secret that nodes know each other by.
    pub(crate) fn secret(&self) -> anyhow::Result<NodeSecret> {
        crate::keys::refuse_open_file(&self.secret_file).context("cluster.secret_file")?;
        let bytes = fs::read(&self.secret_file)
            .with_context(|| format!("cannot read {}", self.secret_file.display()))?;
        let bytes = bytes.trim_ascii();
        NodeSecret::new(bytes).context("cluster.secret_file")
    }

    /// What signaling needs to be one of several nodes.
    pub(crate) fn settings(
        &self,
        key_id: String,
        sfu: &SfuConfig,
    ) -> anyhow::Result<ClusterSettings> {
        Ok(ClusterSettings {
            name: self.name()?,
            address: self
                .address
                .clone()
                .unwrap_or_else(|| self.bind.to_string()),
            secret: self.secret()?,
            allows_plain: self.plaintext,
            key_id,
            registry: Arc::new(self.register()?),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            busy: processors::busy,
            notice: self.drain_notice(),
            site: self.site(sfu)?,
        })
    }

    /// Where it is. Its edge listens from here on.
    fn site(&self, sfu: &SfuConfig) -> anyhow::Result<Site> {
        let edge = self.edge.as_ref().map(start_edge).transpose();
        Ok(Site {
            region: self.region()?,
            pages: self.pages.clone(),
            media: self.inner(sfu),
            edge: edge.context("cluster.edge")?,
        })
    }

    fn region(&self) -> anyhow::Result<Option<Region>> {
        let region = self.region.as_deref().map(str::parse).transpose();
        region.context("cluster.region")
    }

    /// Where edges of other nodes reach the media ports of this one: by the network between nodes, if media
    /// listens there. A loopback address is another machine's own.
    pub(crate) fn inner(&self, sfu: &SfuConfig) -> Option<IpAddr> {
        let ip = self.bind.ip();
        let listens =
            sfu.bind == ip || sfu.bind.is_unspecified() && sfu.bind.is_ipv4() == ip.is_ipv4();
        (listens && !ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
    }

    /// How long it goes on before its rooms move.
    pub(crate) fn drain_notice(&self) -> Duration {
        Duration::from_secs(u64::from(self.drain_notice_s))
    }

    fn name(&self) -> anyhow::Result<NodeName> {
        self.node.parse().context("cluster.node")
    }

    /// Settings that cannot work together, each with what to do.
    pub(crate) fn contradictions(&self, store_url: &str, origins: &[String]) -> Vec<String> {
        let mut findings = Vec::new();
        let mut check = |result: anyhow::Result<()>| {
            findings.extend(result.err().map(|error| format!("{error:#}")));
        };
        check(self.name().map(drop));
        check(self.register().map(drop));
        check(self.secret().map(drop));
        check(self.region().map(drop));
        if let Some(edge) = &self.edge {
            if self.region.is_none() {
                findings.push(
                    "cluster.edge needs cluster.region: it forwards to nodes of other regions"
                        .to_owned(),
                );
            }
            if edge.advertise.is_empty() {
                findings.push(
                    "cluster.edge.advertise is empty: say by which addresses people reach this node"
                        .to_owned(),
                );
            }
        }
        if let Some(pages) = &self.pages
            && !(is_origin(pages) && origins.contains(pages))
        {
            findings.push(
                "cluster.pages is an address such as https://a.clinic.example, and it and those of the \
                 other nodes are in signaling.allowed_origins: their pages come to this node when theirs \
                 fails"
                    .to_owned(),
            );
        }
        if !store_url.starts_with("postgres") {
            findings.push(
                "cluster: several nodes need one PostgreSQL; set store.url (a SQLite file belongs \
                 to one machine)"
                    .to_owned(),
            );
        }
        if self.address.is_none() && self.bind.ip().is_unspecified() {
            findings.push(
                "cluster.address is missing: the others cannot come to every address at once; say \
                 where they reach cluster.bind"
                    .to_owned(),
            );
        }
        if self.drain_notice_s > DRAIN_NOTICE_S_MAX {
            findings.push(format!(
                "cluster.drain_notice_s is at most {DRAIN_NOTICE_S_MAX}: a node is to be empty \
                 within a minute"
            ));
        }
        findings
    }
}

/// An origin as browsers write it (RFC 6454 section 6.2): no path, and nothing that means something in a header.
pub(crate) fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::config::Config;

    fn config(text: &str) -> Config {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_is_missing_in_a_cluster_is_explained() {
        let secret = std::env::temp_dir().join(format!("telehealth-node-{}", std::process::id()));
        std::fs::write(&secret, "short").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!(
            "[cluster]\nnode = \"A b\"\nbind = \"0.0.0.0:7700\"\nsecret_file = \"{}\"\n\
             drain_notice_s = 31\npages = \"https://a.example/\"\nedge = {{ advertise = [] }}\n",
            secret.display()
        );
        let findings = crate::commands::config_check::contradictions(&config(&text));
        std::fs::remove_file(&secret).unwrap();
        for part in [
            "cluster.node",
            "redis_urls",
            "32 bytes",
            "PostgreSQL",
            "cluster.address",
            "drain_notice",
            "cluster.edge needs cluster.region",
            "cluster.edge.advertise",
            "cluster.pages",
        ] {
            assert!(
                findings.iter().any(|it| it.contains(part)),
                "{part}: {findings:?}"
            );
        }
    }

    #[test]
    fn a_password_in_an_address_does_not_print_itself() {
        let text = "[cluster]\nnode = \"a\"\nbind = \"127.0.0.1:1\"\nsecret_file = \"s\"\n\
                    redis_urls = [\"redis://:hunter2@h\", \"hunter2\"]";
        let config = config(text);
        assert!(!format!("{config:?}").contains("hunter2"));
        let findings = crate::commands::config_check::contradictions(&config);
        assert!(
            !findings.iter().any(|it| it.contains("hunter2")),
            "{findings:?}"
        );
    }

    #[test]
    fn edges_reach_media_by_the_network_between_nodes_where_it_listens() {
        let inner = |bind: &str, sfu: &str| {
            let text = format!(
                "[sfu]\nbind = \"{sfu}\"\n[cluster]\nnode = \"a\"\nbind = \"{bind}\"\nsecret_file = \"s\""
            );
            let config = config(&text);
            config.cluster.as_ref().unwrap().inner(&config.sfu)
        };
        let ip = Some("10.0.0.1".parse().unwrap());
        assert_eq!(inner("10.0.0.1:7700", "0.0.0.0"), ip);
        assert_eq!(inner("10.0.0.1:7700", "10.0.0.1"), ip);
        assert_eq!(inner("10.0.0.1:7700", "192.0.2.1"), None);
        assert_eq!(inner("0.0.0.0:7700", "0.0.0.0"), None);
        assert_eq!(inner("127.0.0.1:7700", "0.0.0.0"), None);
        assert_eq!(inner("127.0.0.1:7700", "127.0.0.1"), None);
        assert_eq!(inner("[2001:db8::1]:7700", "0.0.0.0"), None);
    }

    #[test]
    fn an_origin_has_no_path_and_breaks_no_header() {
        use super::is_origin;
        for good in [
            "https://a.example",
            "http://10.0.0.1:8080",
            "https://[2001:db8::1]:1",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "a.example",
            "https://",
            "https://a/",
            "https://a;x",
            "ws://a",
            "https://a b",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn an_unknown_key_of_a_cluster_is_refused() {
        let text = "[cluster]\nnode = \"a\"\nbind = \"127.0.0.1:1\"\nsecret_file = \"s\"\nnod = 1";
        assert!(toml::from_str::<Config>(text).is_err());
    }
}
