//! Messages into a file instead of to people: for trying things out, and where no provider is
//! configured.

use std::path::{Path, PathBuf};

use clinical_app::ports::{
    Accepted, Answer, DeliveryReport, GatewayCause, MailGateway, NotAReport, OutgoingMail,
    OutgoingSms, ReportedOutcome, SendError, SmsGateway,
};
use serde_json::json;
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;

/// Appends every message as one line of JSON to a file that only its owner can read.
#[derive(Debug)]
pub struct FileGateway {
    path: PathBuf,
    // One writer at a time, so that lines are whole.
    turn: Mutex<()>,
}

impl FileGateway {
    /// A gateway that appends to `path`. The file is made with the first message.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            turn: Mutex::new(()),
        }
    }

    async fn append(&self, line: serde_json::Value) -> Result<(), std::io::Error> {
        let _turn = self.turn.lock().await;
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&self.path).await?;
        file.write_all(format!("{line}\n").as_bytes()).await?;
        file.sync_data().await
    }
}

fn not_written(error: std::io::Error) -> SendError {
    // A line may be half written; but nobody receives lines of a file, so another one is harmless.
    SendError::Temporary(GatewayCause::from(error))
}

impl MailGateway for FileGateway {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> Answer<'a, Result<Accepted, SendError>> {
        Box::pin(async move {
            let line = json!({
                "channel": "email", "id": mail.id.to_string(), "to": mail.to,
                "subject": mail.subject, "body": mail.body,
            });
            self.append(line).await.map_err(not_written)?;
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
            self.append(line).await.map_err(not_written)?;
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
}
