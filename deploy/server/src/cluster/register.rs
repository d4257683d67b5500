//! Where the register of rooms is: its part of the configuration.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use signaling_register::{Entry, Layout};

/// What stands at `cluster.redis_urls`, and how one gets in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RedisConfig {
    /// What stands there.
    kind: RedisKind,
    /// For Sentinels: under which name they watch the servers.
    master: Option<String>,
    /// The user at the servers; without it, that of the addresses, or the default one.
    user: Option<String>,
    /// A file with the password of the servers; without it, that of the addresses. An address of a Sentinel
    /// holds the password of the Sentinel.
    password_file: Option<PathBuf>,
    /// The certificates (PEM) of the authorities that vouch for the servers; without it, those of the system.
    ca_file: Option<PathBuf>,
    /// The certificate chain (PEM) of this node, for servers that ask for one, and its key.
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
}

/// What stands at the addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RedisKind {
    /// One server, or several of which the first that takes writes is used.
    #[default]
    Servers,
    /// Sentinels, which say who takes writes.
    Sentinel,
    /// Some servers of a Redis Cluster, which say who the others are.
    Cluster,
}

impl RedisConfig {
    /// What stands there, with what its kind needs.
    pub(crate) fn layout(&self) -> anyhow::Result<Layout> {
        match (self.kind, &self.master) {
            (RedisKind::Servers, None) => Ok(Layout::Servers),
            (RedisKind::Cluster, None) => Ok(Layout::Cluster),
            (RedisKind::Sentinel, Some(master)) => Ok(Layout::Sentinel {
                master: master.clone(),
            }),
            (RedisKind::Sentinel, None) => anyhow::bail!(
                "cluster.redis.master is missing: say under which name the Sentinels watch the \
                 servers (`sentinel monitor NAME ...`)"
            ),
            (RedisKind::Servers | RedisKind::Cluster, Some(_)) => anyhow::bail!(
                "cluster.redis.master is for Sentinels: set cluster.redis.kind = \"sentinel\", or \
                 take it out"
            ),
        }
    }

    /// How one gets in. Files are read now.
    pub(crate) fn entry(&self) -> anyhow::Result<Entry> {
        let password = self.password_file.as_deref().map(|path| {
            let text = read(path, "password_file")?;
            let text = String::from_utf8(text).context("cluster.redis.password_file")?;
            let text = text.trim();
            anyhow::ensure!(!text.is_empty(), "cluster.redis.password_file is empty");
            Ok(text.to_owned())
        });
        let identity = match (&self.cert_file, &self.key_file) {
            (Some(certificate), Some(key)) => {
                crate::keys::refuse_open_file(key).context("cluster.redis.key_file")?;
                Some((read(certificate, "cert_file")?, read(key, "key_file")?))
            }
            (None, None) => None,
            _ => {
                anyhow::bail!("set cluster.redis.cert_file and cluster.redis.key_file, or neither")
            }
        };
        let authorities = self.ca_file.as_deref().map(|path| read(path, "ca_file"));
        Ok(Entry {
            user: self.user.clone(),
            password: password.transpose()?,
            authorities: authorities.transpose()?,
            identity,
        })
    }
}

fn read(path: &Path, key: &str) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read cluster.redis.{key} {}", path.display()))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    /// What `config check` says of the register of a node with these lines.
    fn findings(lines: &str) -> String {
        let text = format!(
            "[cluster]\nnode = \"a\"\nbind = \"127.0.0.1:7700\"\nsecret_file = \"none\"\n{lines}"
        );
        let config: Config = toml::from_str(&text).unwrap();
        crate::commands::config_check::contradictions(&config).join("\n")
    }

    #[test]
    fn kinds_say_what_they_lack() {
        let urls = "redis_urls = [\"redis://h\"]\n";
        for (redis, said) in [
            ("kind = \"sentinel\"", "cluster.redis.master is missing"),
            (
                "master = \"clinic\"",
                "cluster.redis.master is for Sentinels",
            ),
            ("cert_file = \"c\"", "cluster.redis.key_file, or neither"),
            (
                "ca_file = \"/none\"",
                "cannot read cluster.redis.ca_file /none",
            ),
            (
                "password_file = \"/none\"",
                "cannot read cluster.redis.password_file",
            ),
        ] {
            let found = findings(&format!("{urls}redis = {{ {redis} }}"));
            assert!(found.contains(said), "{redis}: {found}");
        }
        let numbered = "redis_urls = [\"redis://h/2\"]\nredis = { kind = \"cluster\" }";
        assert!(findings(numbered).contains("no numbered databases"));
        for redis in [
            "kind = \"cluster\"",
            "kind = \"sentinel\", master = \"clinic\"",
        ] {
            let found = findings(&format!("{urls}redis = {{ {redis} }}"));
            assert!(!found.contains("redis"), "{redis}: {found}");
        }
    }
}
