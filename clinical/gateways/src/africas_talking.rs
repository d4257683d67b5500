//! Short messages through Africa's Talking.
//!
//! `POST /version1/messaging` with a form; the answer names a code for each recipient. Delivery
//! reports come later as forms to a URL of ours.

use core::fmt;
use core::time::Duration;

use clinical_app::ports::{
    Accepted, Answer, DeliveryReport, GatewayCause, IncomingSms, NotAMessage, NotAReport,
    OutgoingSms, ReportedOutcome, SendError, SmsGateway,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;

/// The provider's address for real messages.
const LIVE: &str = "https://api.africastalking.com/version1/messaging";
/// The provider's address for trying things out.
const SANDBOX: &str = "https://api.sandbox.africastalking.com/version1/messaging";
/// The name of the account that belongs to the sandbox.
const SANDBOX_USER: &str = "sandbox";
/// Longest answer that is read, in bytes; what is longer is nobody's answer to one message.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A key that a provider gave to the clinic.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// A key as the provider shows it.
    #[must_use]
    pub const fn new(key: String) -> Self {
        Self(key)
    }

    /// The key itself, for a header.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

/// How the provider is reached.
#[derive(Debug, Clone)]
pub struct AfricasTalkingConfig {
    /// Name of the account; `sandbox` sends nothing to anybody.
    pub user: String,
    /// Key of the account.
    pub key: ApiKey,
    /// Registered sender name or short code; the provider's own without.
    pub sender: Option<String>,
    /// Another address than the provider's, for a proxy and for tests.
    pub endpoint: Option<Url>,
    /// How long one message may take.
    pub timeout: Duration,
}

/// Why the provider can not be set up like this.
#[derive(Debug, thiserror::Error)]
pub enum SmsSetupError {
    /// The address is none.
    #[error("the address of the SMS provider is not a URL")]
    Endpoint(#[source] Box<dyn core::error::Error + Send + Sync>),
    /// TLS or the name resolution of this machine.
    #[error("no HTTP client")]
    Client(#[source] reqwest::Error),
}

/// Sends short messages through Africa's Talking.
#[derive(Debug)]
pub struct AfricasTalking {
    client: Client,
    endpoint: Url,
    config: AfricasTalkingConfig,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(rename = "SMSMessageData")]
    data: ReplyData,
}

#[derive(Deserialize)]
struct ReplyData {
    #[serde(rename = "Recipients")]
    recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
struct Recipient {
    #[serde(rename = "statusCode")]
    status_code: u16,
    #[serde(rename = "messageId", default)]
    message_id: String,
}

impl AfricasTalking {
    /// A gateway for one account.
    ///
    /// # Errors
    /// [`SmsSetupError`] when the configuration can not work.
    pub fn new(config: AfricasTalkingConfig) -> Result<Self, SmsSetupError> {
        let endpoint = match &config.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => {
                let address = if config.user == SANDBOX_USER {
                    SANDBOX
                } else {
                    LIVE
                };
                address
                    .parse()
                    .map_err(|error| SmsSetupError::Endpoint(Box::from(error)))?
            }
        };
        let client = Client::builder()
            .timeout(config.timeout)
            // A form with a key in its header is posted to the configured place and nowhere else.
            .redirect(Policy::none())
            .build()
            .map_err(SmsSetupError::Client)?;
        Ok(Self {
            client,
            endpoint,
            config,
        })
    }

    async fn hand_over(&self, sms: &OutgoingSms) -> Result<Accepted, SendError> {
        let mut form = vec![
            ("username", self.config.user.as_str()),
            ("to", sms.to.as_str()),
            ("message", sms.text.as_str()),
            ("bulkSMSMode", "1"),
        ];
        form.extend(
            self.config
                .sender
                .iter()
                .map(|name| ("from", name.as_str())),
        );
        let answer = self
            .client
            .post(self.endpoint.clone())
            .header("apiKey", &self.config.key.0)
            .header("Accept", "application/json")
            .form(&form)
            .send()
            .await
            .map_err(|error| {
                // Before there is a connection nothing was said; afterwards nobody knows.
                if error.is_connect() || error.is_builder() {
                    SendError::Temporary(GatewayCause::from(error.without_url()))
                } else {
                    SendError::AnswerLost(GatewayCause::from(error.without_url()))
                }
            })?;
        let status = answer.status();
        if status.is_client_error() {
            return Err(refused_as_a_whole(status));
        }
        if !status.is_success() {
            return Err(SendError::AnswerLost(GatewayCause::from(format!(
                "the SMS provider answered {status}"
            ))));
        }
        let body = read_limited(answer).await?;
        judge(&body)
    }
}

fn refused_as_a_whole(status: StatusCode) -> SendError {
    let cause = GatewayCause::from(format!("the SMS provider answered {status}"));
    // A wrong key or too many requests are the clinic's business, not the message's.
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => SendError::Permanent(cause),
        _ => SendError::Temporary(cause),
    }
}

async fn read_limited(mut answer: Response) -> Result<Vec<u8>, SendError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| SendError::AnswerLost(GatewayCause::from(error.without_url())))?
    {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(SendError::AnswerLost(GatewayCause::from(
                "the answer of the SMS provider is too long",
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What the provider says about the one recipient.
fn judge(body: &[u8]) -> Result<Accepted, SendError> {
    let reply: Reply = serde_json::from_slice(body)
        .map_err(|error| SendError::AnswerLost(GatewayCause::from(error)))?;
    let [recipient] = reply.data.recipients.as_slice() else {
        // It names nobody when it refuses the whole request, for example an unknown sender.
        return Err(if reply.data.recipients.is_empty() {
            SendError::Temporary(GatewayCause::from("the SMS provider named no recipient"))
        } else {
            SendError::AnswerLost(GatewayCause::from(
                "the SMS provider named several recipients",
            ))
        });
    };
    let code = recipient.status_code;
    let cause = || GatewayCause::from(format!("the SMS provider answered code {code}"));
    match code {
        // Processed, sent, queued.
        100..=102 => Ok(Accepted {
            reference: Some(recipient.message_id.clone()).filter(|id| !id.is_empty()),
        }),
        // No such number, no such kind of number, on the blacklist, do not disturb.
        403 | 404 | 406 | 409 => Err(SendError::Permanent(cause())),
        // On hold, unknown sender, no balance, no route, failures at the provider.
        401 | 402 | 405 | 407 | 500..=502 => Err(SendError::Temporary(cause())),
        _ => Err(SendError::AnswerLost(cause())),
    }
}

impl SmsGateway for AfricasTalking {
    fn send<'a>(&'a self, sms: &'a OutgoingSms) -> Answer<'a, Result<Accepted, SendError>> {
        Box::pin(self.hand_over(sms))
    }

    fn read_report(&self, body: &str) -> Result<DeliveryReport, NotAReport> {
        let pairs = url::form_urlencoded::parse(body.as_bytes());
        let (mut reference, mut status) = (String::new(), String::new());
        for (name, value) in pairs {
            match name.as_ref() {
                "id" => reference = value.into_owned(),
                "status" => status = value.into_owned(),
                _ => {}
            }
        }
        let outcome = match status.as_str() {
            "Sent" | "Submitted" | "Buffered" => ReportedOutcome::Underway,
            "Success" => ReportedOutcome::Delivered,
            "Rejected" | "Failed" => ReportedOutcome::Undeliverable,
            _ => return Err(NotAReport),
        };
        if reference.is_empty() {
            return Err(NotAReport);
        }
        Ok(DeliveryReport { reference, outcome })
    }

    /// The form of an incoming message: `from`, `to`, `text`, `date`, `id`, and `linkId` of a paid one.
    fn read_incoming(&self, body: &str) -> Result<IncomingSms, NotAMessage> {
        let (mut reference, mut from, mut words) = (String::new(), String::new(), None);
        for (name, value) in url::form_urlencoded::parse(body.as_bytes()) {
            match name.as_ref() {
                "id" => reference = value.into_owned(),
                "from" => from = value.into_owned(),
                "text" => words = Some(value.into_owned()),
                _ => {}
            }
        }
        match words {
            Some(text) if !reference.is_empty() && !from.is_empty() => Ok(IncomingSms {
                reference,
                from,
                text,
            }),
            _ => Err(NotAMessage),
        }
    }
}
