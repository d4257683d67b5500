//! Where e-mail and short messages leave, as configured.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clinical_app::notify::{Mailroom, ReportSecret};
use clinical_app::ports::{MailGateway, SmsGateway};
use clinical_app::sms::DoorLimits;
use clinical_gateways::{
    AfricasTalking, AfricasTalkingConfig, ApiKey, FileGateway, Smtp, SmtpConfig, SmtpLogin,
    SmtpSecurity,
};
use serde::Deserialize;

use crate::config::Config;
use crate::keys;

/// How long a gateway may take; the worker gives one up after a minute.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(25);

/// The files of messages.
pub(crate) const CHANNELS: [&str; 2] = [MAIL, SMS];
const MAIL: &str = "mail";
const SMS: &str = "sms";

/// E-mail.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MailConfig {
    /// The mail server; without it, mail is appended to a file.
    smtp: Option<SmtpSection>,
}

/// A mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SmtpSection {
    host: String,
    port: u16,
    security: Security,
    user: Option<String>,
    password_file: Option<PathBuf>,
    from: String,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Security {
    Tls,
    StartTls,
    Plain,
}

/// Short messages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SmsConfig {
    /// The provider; without it, messages are appended to a file.
    africas_talking: Option<AfricasTalkingSection>,
    /// What the provider's delivery reports show; without it none are taken.
    report_secret_file: Option<PathBuf>,
    /// Short messages of people are taken and answered; without it they are not.
    door: Option<DoorSection>,
}

/// What answers to short messages may cost.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DoorSection {
    answers_per_number: u32,
    parts_per_day: u32,
}

impl Default for DoorSection {
    fn default() -> Self {
        Self {
            answers_per_number: 40,
            parts_per_day: 1_000,
        }
    }
}

/// An account at Africa's Talking.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AfricasTalkingSection {
    user: String,
    key_file: PathBuf,
    sender: Option<String>,
    endpoint: Option<String>,
}

/// Furnishes the room from the configuration.
pub(crate) fn open(config: &Config) -> anyhow::Result<Mailroom> {
    let mail: Arc<dyn MailGateway> = match &config.mail.smtp {
        Some(section) => Arc::new(smtp(section)?),
        None => Arc::new(file(config, MAIL)?),
    };
    let sms: Arc<dyn SmsGateway> = match &config.sms.africas_talking {
        Some(section) => Arc::new(africas_talking(section)?),
        None => Arc::new(file(config, SMS)?),
    };
    let secret = match &config.sms.report_secret_file {
        None => None,
        Some(path) => {
            let secret = ReportSecret::new(read_secret(path)?)
                .context("the secret of sms.report_secret_file has fewer than 16 characters")?;
            Some(secret)
        }
    };
    let url = match &config.http.public_url {
        Some(url) => url.clone(),
        None => format!("http://{}", config.http.bind),
    };
    let has_secret = secret.is_some();
    let room = Mailroom::new(mail, sms, &url, secret)?;
    Ok(match &config.sms.door {
        None => room,
        Some(door) => {
            anyhow::ensure!(
                has_secret,
                "sms.door needs sms.report_secret_file: nobody else may post messages of people"
            );
            room.with_door(DoorLimits {
                answers_per_number: door.answers_per_number,
                parts_per_day: door.parts_per_day,
            })
        }
    })
}

/// Where messages of a channel are kept when no provider is configured.
pub(crate) fn file_of(config: &Config, channel: &str) -> PathBuf {
    config.data_dir.join("outbox").join(channel)
}

fn file(config: &Config, channel: &str) -> anyhow::Result<FileGateway> {
    keys::make_private_dir(&config.data_dir.join("outbox"))?;
    let path = file_of(config, channel);
    Ok(FileGateway::new(&path, keys::master_keys(config)?))
}

fn smtp(section: &SmtpSection) -> anyhow::Result<Smtp> {
    let login = match (&section.user, &section.password_file) {
        (None, None) => None,
        (Some(user), Some(path)) => Some(SmtpLogin {
            user: user.clone(),
            password: read_secret(path)?,
        }),
        (Some(_), None) | (None, Some(_)) => {
            anyhow::bail!("set both mail.smtp.user and mail.smtp.password_file, or neither")
        }
    };
    Smtp::new(SmtpConfig {
        host: section.host.clone(),
        port: section.port,
        security: match section.security {
            Security::Tls => SmtpSecurity::Tls,
            Security::StartTls => SmtpSecurity::StartTls,
            Security::Plain => SmtpSecurity::Plain,
        },
        login,
        from: section.from.clone(),
        timeout: GATEWAY_TIMEOUT,
    })
    .context("the settings of mail.smtp can not work")
}

fn africas_talking(section: &AfricasTalkingSection) -> anyhow::Result<AfricasTalking> {
    let endpoint = match &section.endpoint {
        None => None,
        Some(text) => Some(
            text.parse()
                .context("sms.africas_talking.endpoint is not a URL")?,
        ),
    };
    AfricasTalking::new(AfricasTalkingConfig {
        user: section.user.clone(),
        key: ApiKey::new(read_secret(&section.key_file)?),
        sender: section.sender.clone(),
        endpoint,
        timeout: GATEWAY_TIMEOUT,
    })
    .context("the settings of sms.africas_talking can not work")
}

pub(crate) fn read_secret(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the secret {}", path.display()))?;
    Ok(text.trim().to_owned())
}
