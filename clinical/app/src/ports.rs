//! What the service needs from the outside world, as it needs it. clinical-gateways has the
//! adapters.

use core::fmt;
use core::future::Future;
use core::pin::Pin;

use uuid::Uuid;

/// The answer of a port, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a gateway failed, for the log; never with the message or its recipient in it.
pub type GatewayCause = Box<dyn core::error::Error + Send + Sync>;

/// An e-mail that is ready to leave.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// Id of the delivery; the mail carries it, so that a reader's program can tell a copy.
    pub id: Uuid,
    /// Address.
    pub to: String,
    /// Subject, one line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// A short message that is ready to leave.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingSms {
    /// Id of the delivery.
    pub id: Uuid,
    /// Phone number, E.164.
    pub to: String,
    /// The text.
    pub text: String,
}

impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutgoingMail({}, ..)", self.id)
    }
}

impl fmt::Debug for OutgoingSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutgoingSms({}, ..)", self.id)
    }
}

/// A gateway took a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// How the provider names it in its delivery reports, if it does.
    pub reference: Option<String>,
}

/// Why a gateway did not say that it took a message.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It certainly did not take it; another try makes sense.
    #[error("the gateway can not take the message at the moment")]
    Temporary(#[source] GatewayCause),
    /// It certainly did not take it and never will.
    #[error("the gateway refused the message")]
    Permanent(#[source] GatewayCause),
    /// It may have taken it.
    #[error("the gateway's answer was lost")]
    AnswerLost(#[source] GatewayCause),
}

/// Sends e-mail.
pub trait MailGateway: fmt::Debug + Send + Sync {
    /// Hands one mail over. Must end by itself within a minute.
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> Answer<'a, Result<Accepted, SendError>>;
}

/// Sends short messages.
pub trait SmsGateway: fmt::Debug + Send + Sync {
    /// Hands one message over. Must end by itself within a minute.
    fn send<'a>(&'a self, sms: &'a OutgoingSms) -> Answer<'a, Result<Accepted, SendError>>;

    /// Reads a delivery report that the provider posted.
    ///
    /// # Errors
    /// [`NotAReport`] when the body is none of this provider's.
    fn read_report(&self, body: &str) -> Result<DeliveryReport, NotAReport>;

    /// Reads a short message of somebody that the provider posted.
    ///
    /// # Errors
    /// [`NotAMessage`] when the body is none of this provider's.
    fn read_incoming(&self, body: &str) -> Result<IncomingSms, NotAMessage>;
}

/// A short message that somebody sent.
#[derive(Clone, PartialEq, Eq)]
pub struct IncomingSms {
    /// How the provider names it; a repeated one is the same message.
    pub reference: String,
    /// Who sent it, as the network says: a number, or the name of a service.
    pub from: String,
    /// What they wrote.
    pub text: String,
}

impl fmt::Debug for IncomingSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IncomingSms(..)")
    }
}

/// Not a short message of this provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a short message")]
pub struct NotAMessage;

/// What a provider says about a message it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// [`Accepted::reference`] of the message.
    pub reference: String,
    /// How it stands.
    pub outcome: ReportedOutcome,
}

/// How a message stands at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedOutcome {
    /// Still on its way.
    Underway,
    /// On the person's phone.
    Delivered,
    /// Will not arrive.
    Undeliverable,
}

/// Not a delivery report of this provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a delivery report")]
pub struct NotAReport;

/// Something to be read by a model of others.
#[derive(Clone, PartialEq)]
pub struct ModelTask {
    /// What the answer is called.
    pub name: &'static str,
    /// What is asked, in words of the program.
    pub rules: String,
    /// Words of a person.
    pub words: String,
    /// JSON schema of the answer.
    pub schema: serde_json::Value,
}

impl fmt::Debug for ModelTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelTask({}, ..)", self.name)
    }
}

/// Why a model did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It has as much to do as it may.
    #[error("the model is busy")]
    Busy,
    /// Its server does not answer, not in time, or not as it should.
    #[error("the model's server can not be reached")]
    Unreachable(#[source] GatewayCause),
    /// It answered something else than words.
    #[error("the model's answer can not be read")]
    Malformed(#[source] GatewayCause),
}

/// A language model that others run. Its words are words from outside: whoever asks checks them.
pub trait LanguageModel: fmt::Debug + Send + Sync {
    /// Answers with what should be JSON of the schema. Must end by itself.
    fn answer<'a>(&'a self, task: &'a ModelTask) -> Answer<'a, Result<String, ModelError>>;
}
