//! One typed configuration: a TOML file, then flags. Unknown keys are refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use sfu_net::SfuConfig;
use signaling_phone::PhoneSettings;
use signaling_server::SignalingConfig;

use crate::captions::CaptionsConfig;
use crate::cluster::ClusterConfig;
use crate::laboratory::LabConfig;
use crate::mailroom::{MailConfig, SmsConfig};
use crate::model::ModelConfig;
use crate::recordings::RecordingsConfig;
use crate::roles::{Role, Roles};
use crate::tls::Files;
use crate::traces::TelemetryConfig;

/// The whole configuration. Every part has a default that suits one machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the embedded database, keys and files live.
    pub(crate) data_dir: PathBuf,
    /// The browser bundle.
    pub(crate) web_dir: PathBuf,
    /// The web server.
    pub(crate) http: HttpConfig,
    /// The clinical store.
    pub(crate) store: StoreConfig,
    /// The audit.
    pub(crate) audit: AuditConfig,
    /// Media.
    pub(crate) sfu: SfuConfig,
    /// Signaling.
    pub(crate) signaling: SignalingConfig,
    /// E-mail.
    pub(crate) mail: MailConfig,
    /// Short messages.
    pub(crate) sms: SmsConfig,
    /// A language model of others; without it nothing is sent to anybody.
    pub(crate) model: Option<ModelConfig>,
    /// The medication safety check.
    pub(crate) safety: SafetyConfig,
    /// The laboratory's machine.
    pub(crate) lab: LabConfig,
    /// Recordings of visits.
    pub(crate) recordings: RecordingsConfig,
    /// Captions of visits.
    pub(crate) captions: CaptionsConfig,
    /// Telephones; without it nobody can call.
    pub(crate) phone: Option<PhoneSettings>,
    /// The other nodes; without it this is the only one.
    pub(crate) cluster: Option<ClusterConfig>,
    /// What this node does.
    pub(crate) node: NodeConfig,
    /// Logs.
    pub(crate) log: LogConfig,
    /// Traces.
    pub(crate) telemetry: TelemetryConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            web_dir: PathBuf::from("dist"),
            http: HttpConfig::default(),
            store: StoreConfig::default(),
            audit: AuditConfig::default(),
            sfu: SfuConfig::default(),
            signaling: SignalingConfig::default(),
            mail: MailConfig::default(),
            sms: SmsConfig::default(),
            model: None,
            safety: SafetyConfig::default(),
            lab: LabConfig::default(),
            recordings: RecordingsConfig::default(),
            captions: CaptionsConfig::default(),
            phone: None,
            cluster: None,
            node: NodeConfig::default(),
            log: LogConfig::default(),
            telemetry: TelemetryConfig::default(),
        }
    }
}

/// What this node does.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NodeConfig {
    /// Its roles: `clinical`, `signaling`, `sfu`, `phone`, `recorder`, `worker`, `web`. Without it, all.
    pub(crate) roles: Option<Vec<Role>>,
}

/// The web server.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HttpConfig {
    /// Address of pages, API and signaling.
    pub(crate) bind: SocketAddr,
    /// Address of `/metrics` alone. Without it, `bind` answers `/metrics` to this machine only.
    pub(crate) ops_bind: Option<SocketAddr>,
    /// The certificate chain (PEM) of this server. With it, `bind` speaks TLS, and plain HTTP is
    /// sent on to `https`. The file is read again when it changes, and on SIGHUP.
    pub(crate) tls_cert_file: Option<PathBuf>,
    /// The private key (PEM) of the certificate.
    pub(crate) tls_key_file: Option<PathBuf>,
    /// True when browsers reach the server over plain HTTP, which they accept on localhost only.
    /// It takes the `Secure` mark off the refresh cookie.
    pub(crate) plain_http: bool,
    /// Take the client's address from the last entry of `X-Forwarded-For`. Only behind a reverse
    /// proxy of yours that sets it; otherwise clients choose their own address.
    pub(crate) behind_proxy: bool,
    /// Where people open the service, such as `https://clinic.example`: for links in messages, and
    /// for passkeys, which are bound to its host for ever. Without it links lead to `http://` and
    /// `bind`, and passkeys work on localhost only.
    pub(crate) public_url: Option<String>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            ops_bind: None,
            tls_cert_file: None,
            tls_key_file: None,
            plain_http: false,
            behind_proxy: false,
            public_url: None,
        }
    }
}

impl HttpConfig {
    /// The files of the certificate, if this server speaks TLS itself.
    pub(crate) fn tls_files(&self) -> anyhow::Result<Option<Files>> {
        match (&self.tls_cert_file, &self.tls_key_file) {
            (Some(certificate), Some(key)) => Ok(Some(Files {
                certificate: certificate.clone(),
                key: key.clone(),
            })),
            (None, None) => Ok(None),
            _ => anyhow::bail!("set http.tls_cert_file and http.tls_key_file, or neither"),
        }
    }
}

/// The clinical store.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StoreConfig {
    /// `sqlite:PATH` or `postgres://...`; without it, `clinic.db` in the data directory.
    pub(crate) url: Option<String>,
    /// A file that holds the URL, so that a password stays out of this file.
    pub(crate) url_file: Option<PathBuf>,
    /// Standby servers of this PostgreSQL, `postgres://...`: figures are read from one that is not too late.
    pub(crate) replicas: Vec<String>,
    /// A file with such addresses, one a line.
    pub(crate) replicas_file: Option<PathBuf>,
    /// How old what a replica answers may be, in seconds.
    pub(crate) replica_lag_s_max: Option<u32>,
    /// The master keys that seal the store's values; without it, `keys/master.pem` in the data
    /// directory. Keep it apart from backups: without it they cannot be read.
    pub(crate) master_key_file: Option<PathBuf>,
}

impl std::fmt::Debug for StoreConfig {
    /// A database URL holds a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig")
            .field("url", &self.url.as_ref().map(|_| ".."))
            .field("url_file", &self.url_file)
            .field("replicas", &self.replicas.len())
            .field("replicas_file", &self.replicas_file)
            .field("replica_lag_s_max", &self.replica_lag_s_max)
            .field("master_key_file", &self.master_key_file)
            .finish()
    }
}

/// Signed checkpoints of the audit chains.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AuditConfig {
    /// The folder of the checkpoint files; without it, `audit` in the data directory. On another
    /// machine or a disk that can only be added to, it shows what was done to this one.
    pub(crate) dir: Option<PathBuf>,
    /// A chain that has grown is signed after this time at the latest.
    pub(crate) checkpoint_every_s: u64,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            dir: None,
            checkpoint_every_s: 60,
        }
    }
}

/// The medication safety check.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SafetyConfig {
    /// Interactions beside the shipped ones, as `telehealth formulary import` has written them. The
    /// server does not start when it cannot read them.
    pub(crate) import_file: Option<PathBuf>,
}

/// How logs are written, always to standard error.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogConfig {
    /// `text` for people, `json` for machines.
    pub(crate) format: LogFormat,
    /// A `tracing` filter.
    pub(crate) filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".to_owned(),
        }
    }
}

/// Log formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// One line a record, for people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

impl Config {
    /// Reads a file; every error names the file and the place.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration {}", path.display()))?;
        toml::from_str(&text)
            .with_context(|| format!("the configuration {} has a mistake", path.display()))
    }

    /// What this node does.
    pub(crate) fn roles(&self) -> Roles {
        Roles::of(self.node.roles.as_deref())
    }

    /// Where clients reach the relay: as configured, or by TLS where they open the pages.
    pub(crate) fn turn_urls(&self) -> Vec<String> {
        let site = self.http.public_url.as_deref();
        let host = site.and_then(|url| url.strip_prefix("https://"));
        match host.map(|host| host.trim_end_matches('/')) {
            Some(host) if self.sfu.turn_urls.is_empty() && self.http.tls_cert_file.is_some() => {
                let port = if host.ends_with(']') || !host.contains(':') {
                    ":443"
                } else {
                    ""
                };
                vec![format!("turns:{host}{port}?transport=tcp")]
            }
            _ => self.sfu.turn_urls.clone(),
        }
    }

    /// The last report of the evaluation of triage.
    pub(crate) fn evaluation_file(&self) -> PathBuf {
        self.data_dir.join("triage-evaluation.json")
    }

    /// The folder of the checkpoint files.
    pub(crate) fn audit_dir(&self) -> PathBuf {
        self.audit
            .dir
            .clone()
            .unwrap_or_else(|| self.data_dir.join("audit"))
    }

    /// The URL of the clinical store.
    pub(crate) fn store_url(&self) -> anyhow::Result<String> {
        match (&self.store.url, &self.store.url_file) {
            (Some(_), Some(_)) => anyhow::bail!("set store.url or store.url_file, not both"),
            (Some(url), None) => Ok(url.clone()),
            (None, Some(file)) => Ok(std::fs::read_to_string(file)
                .with_context(|| format!("cannot read store.url_file {}", file.display()))?
                .trim()
                .to_owned()),
            (None, None) => Ok(format!(
                "sqlite:{}",
                self.data_dir.join("clinic.db").display()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_configuration_is_the_default_one() {
        let sample = include_str!("../../config.sample.toml");
        let config: Config = toml::from_str(sample).unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn the_relay_is_where_the_pages_are() {
        let told = |text: &str| toml::from_str::<Config>(text).unwrap().turn_urls();
        let tls = "[http]\ntls_cert_file = \"c\"\ntls_key_file = \"k\"\n";
        assert!(told(tls).is_empty());
        let at = |url: &str| told(&format!("{tls}public_url = \"{url}\""));
        assert_eq!(
            at("https://a.example"),
            ["turns:a.example:443?transport=tcp"]
        );
        assert_eq!(
            at("https://a.example:8443/"),
            ["turns:a.example:8443?transport=tcp"]
        );
        assert!(told("[http]\npublic_url = \"https://a.example\"").is_empty());
        let own = told("[sfu]\nturn_urls = [\"turn:b.example:80?transport=tcp\"]");
        assert_eq!(own, ["turn:b.example:80?transport=tcp"]);
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let config: Config = toml::from_str("[http]\ntls_cert_file = \"c\"").unwrap();
        assert!(config.http.tls_files().is_err());
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = toml::from_str::<Config>("[http]\nbnd = \"127.0.0.1:1\"").unwrap_err();
        assert!(error.to_string().contains("bnd"), "{error}");
    }

    #[test]
    fn a_database_url_does_not_print_itself() {
        let config: Config =
            toml::from_str("[store]\nurl = \"postgres://u:hunter2@h/db\"").unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        assert_eq!(config.store_url().unwrap(), "postgres://u:hunter2@h/db");
    }
}
