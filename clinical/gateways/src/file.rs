//! Messages into a file instead of to people: for trying things out, and where no provider is
//! configured. A message names people, so each line is sealed under the master key; [`read`] opens
//! them again.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clinical_app::ports::{
    Accepted, Answer, DeliveryReport, GatewayCause, IncomingSms, MailGateway, NotAMessage,
    NotAReport, OutgoingMail, OutgoingSms, ReportedOutcome, SendError, SmsGateway,
};
use clinical_vault::{MasterKeys, Place, UnwrapError};
use serde_json::json;
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Appends every message as one sealed line to a file that only its owner can read: its id, a
/// blank, and JSON sealed with AES-256-GCM, in base64.
#[derive(Debug)]
pub struct FileGateway {
    path: PathBuf,
    keys: MasterKeys,
    // One writer at a time, so that lines are whole.
    turn: Mutex<()>,
}

impl FileGateway {
    /// A gateway that appends to `path`. The file is made with the first message.
    #[must_use]
    pub fn new(path: &Path, keys: MasterKeys) -> Self {
        Self {
            path: path.to_owned(),
            keys,
            turn: Mutex::new(()),
        }
    }

    async fn append(&self, id: Uuid, message: serde_json::Value) -> Result<(), SendError> {
        // A line may be half written; but nobody receives lines of a file, so another one is harmless.
        self.write(id, message)
            .await
            .map_err(|error| SendError::Temporary(GatewayCause::from(error)))
    }

    async fn write(&self, id: Uuid, message: serde_json::Value) -> Result<(), std::io::Error> {
        let sealed = self
            .keys
            .seal(place(id), message.to_string().as_bytes())
            .map_err(std::io::Error::other)?;
        let line = format!("{id} {}\n", STANDARD.encode(sealed));
        let _turn = self.turn.lock().await;
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&self.path).await?;
        file.write_all(line.as_bytes()).await?;
        file.sync_data().await
    }
}

const fn place(id: Uuid) -> Place<'static> {
    Place::value("message_file", "line", id)
}

/// A line that holds no message for these keys.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Something else, or half of a line.
    #[error("this line is no sealed message")]
    Shape,
    /// Another installation's, or altered.
    #[error("this line does not open")]
    Sealed(#[from] UnwrapError),
}

/// Opens one line of the file: the message as JSON.
///
/// # Errors
/// [`LineError`]
pub fn read(line: &str, keys: &MasterKeys) -> Result<String, LineError> {
    let (id, sealed) = line.trim_end().split_once(' ').ok_or(LineError::Shape)?;
    let id: Uuid = id.parse().or(Err(LineError::Shape))?;
    let sealed = STANDARD.decode(sealed).or(Err(LineError::Shape))?;
    String::from_utf8(keys.open(place(id), &sealed)?).or(Err(LineError::Shape))
}

impl MailGateway for FileGateway {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> Answer<'a, Result<Accepted, SendError>> {
        Box::pin(async move {
            let line = json!({
                "channel": "email", "id": mail.id.to_string(), "to": mail.to,
                "subject": mail.subject, "body": mail.body,
            });
            self.append(mail.id, line).await?;
            Ok(Accepted {
                reference: Some(mail.id.to_string()),
            })
        })
    }
}

impl SmsGateway for FileGateway {
    fn send<'a>(&'a self, sms: &'a OutgoingSms) -> Answer<'a, Result<Accepted, SendError>> {
        Box::pin(async move {
            let line = json!({
                "channel": "sms", "id": sms.id.to_string(), "to": sms.to, "text": sms.text,
            });
            self.append(sms.id, line).await?;
            Ok(Accepted {
                reference: Some(sms.id.to_string()),
            })
        })
    }

    /// `REFERENCE delivered` and `REFERENCE undeliverable`, so that reports can be tried out, too.
    fn read_report(&self, body: &str) -> Result<DeliveryReport, NotAReport> {
        let (reference, word) = body.trim().split_once(' ').ok_or(NotAReport)?;
        let outcome = match word {
            "delivered" => ReportedOutcome::Delivered,
            "undeliverable" => ReportedOutcome::Undeliverable,
            _ => return Err(NotAReport),
        };
        Ok(DeliveryReport {
            reference: reference.to_owned(),
            outcome,
        })
    }

    /// `REFERENCE NUMBER TEXT`: what a script of a modem posts, and a test.
    fn read_incoming(&self, body: &str) -> Result<IncomingSms, NotAMessage> {
        let (reference, rest) = body.trim_start().split_once(' ').ok_or(NotAMessage)?;
        let (from, text) = rest.split_once(' ').unwrap_or((rest, ""));
        if reference.is_empty() || from.is_empty() {
            return Err(NotAMessage);
        }
        Ok(IncomingSms {
            reference: reference.to_owned(),
            from: from.to_owned(),
            text: text.to_owned(),
        })
    }
}
