//! E-mail over SMTP.

use core::fmt;
use core::time::Duration;

use clinical_app::ports::{Accepted, Answer, GatewayCause, MailGateway, OutgoingMail, SendError};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use tokio::time::timeout;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte, usually port 465.
    Tls,
    /// TLS after a greeting in clear, usually port 587. Without TLS nothing is sent.
    StartTls,
    /// No protection; only to this machine.
    Plain,
}

/// Name and password at the mail server.
#[derive(Clone)]
pub struct SmtpLogin {
    /// Name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for SmtpLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpLogin(..)")
    }
}

/// How the mail server is reached.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// Host name; for TLS also the name in its certificate.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Name and password, where the server wants them.
    pub login: Option<SmtpLogin>,
    /// Who the mail is from: `Clinic <clinic@example.org>` or an address.
    pub from: String,
    /// How long connecting, and afterwards handing over, may take each.
    pub timeout: Duration,
}

/// Why a mail server can not be set up like this.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The sender is no address.
    #[error("the sender is not an e-mail address")]
    From(#[source] lettre::address::AddressError),
    /// A password or a message would leave this machine in clear.
    #[error("SMTP without TLS is only for localhost")]
    PlainToElsewhere,
    /// TLS can not be prepared for this host.
    #[error("TLS can not be prepared")]
    Tls(#[source] lettre::transport::smtp::Error),
}

/// Sends e-mail over SMTP, one connection a message.
pub struct Smtp {
    config: SmtpConfig,
    from: Mailbox,
    tls: Option<TlsParameters>,
    hello: ClientId,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.config.host)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// A gateway to one mail server. Connects with the first message.
    ///
    /// # Errors
    /// [`MailSetupError`] when the configuration can not work.
    pub fn new(config: SmtpConfig) -> Result<Self, MailSetupError> {
        let from: Mailbox = config.from.parse().map_err(MailSetupError::From)?;
        let local = matches!(config.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        let tls = match config.security {
            SmtpSecurity::Plain if local => None,
            SmtpSecurity::Plain => return Err(MailSetupError::PlainToElsewhere),
            SmtpSecurity::Tls | SmtpSecurity::StartTls => {
                Some(TlsParameters::new(config.host.clone()).map_err(MailSetupError::Tls)?)
            }
        };
        // The sender's domain, because the name of this machine is nobody's business.
        let hello = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self {
            config,
            from,
            tls,
            hello,
        })
    }

    /// Everything up to the point where the server could take the message.
    async fn prepare(&self, to: &Address) -> Result<AsyncSmtpConnection, SendError> {
        let wrapped = match self.config.security {
            SmtpSecurity::Tls => self.tls.clone(),
            SmtpSecurity::StartTls | SmtpSecurity::Plain => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (self.config.host.as_str(), self.config.port),
            Some(self.config.timeout),
            &self.hello,
            wrapped,
            None,
        )
        .await
        .map_err(not_taken)?;
        if let (SmtpSecurity::StartTls, Some(tls)) = (self.config.security, &self.tls) {
            connection
                .starttls(tls.clone(), &self.hello)
                .await
                .map_err(not_taken)?;
        }
        if let Some(login) = &self.config.login {
            let credentials = Credentials::new(login.user.clone(), login.password.clone());
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await
                // A wrong password is the clinic's mistake, not the message's.
                .map_err(|error| SendError::Temporary(without_words(&error)))?;
        }
        let from = Mail::new(Some(self.from.email.clone()), Vec::new());
        connection.command(from).await.map_err(not_taken)?;
        let recipient = Rcpt::new(to.clone(), Vec::new());
        connection.command(recipient).await.map_err(not_taken)?;
        connection.command(Data).await.map_err(not_taken)?;
        Ok(connection)
    }

    async fn hand_over(&self, mail: &OutgoingMail) -> Result<Accepted, SendError> {
        let to: Address = mail
            .to
            .parse()
            .map_err(|_gone: lettre::address::AddressError| {
                SendError::Permanent(GatewayCause::from("not an e-mail address"))
            })?;
        let bytes = self.letter(mail, &to)?;
        let mut connection = timeout(self.config.timeout, self.prepare(&to))
            .await
            .map_err(|error| SendError::Temporary(GatewayCause::from(error)))??;
        let answer = timeout(self.config.timeout, connection.message(&bytes))
            .await
            .map_err(|error| SendError::AnswerLost(GatewayCause::from(error)))?;
        match answer {
            Ok(_accepted) => {
                // The server has it; how the goodbye goes changes nothing.
                let _goodbye = timeout(self.config.timeout, connection.quit()).await;
                Ok(Accepted { reference: None })
            }
            Err(error) if error.is_permanent() || error.is_transient() => Err(not_taken(error)),
            Err(error) => Err(SendError::AnswerLost(without_words(&error))),
        }
    }

    fn letter(&self, mail: &OutgoingMail, to: &Address) -> Result<Vec<u8>, SendError> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(mail.subject.as_str())
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.clone())
            .map_err(|error| SendError::Permanent(GatewayCause::from(error)))?;
        Ok(message.formatted())
    }
}

/// The cause without the server's words, which like to repeat the address.
fn without_words(error: &lettre::transport::smtp::Error) -> GatewayCause {
    let kind = error.status().map_or_else(
        || "no usable answer from the mail server".to_owned(),
        |code| format!("the mail server answered {code}"),
    );
    GatewayCause::from(kind)
}

fn not_taken(error: lettre::transport::smtp::Error) -> SendError {
    let cause = without_words(&error);
    if error.is_permanent() {
        SendError::Permanent(cause)
    } else {
        SendError::Temporary(cause)
    }
}

impl MailGateway for Smtp {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> Answer<'a, Result<Accepted, SendError>> {
        Box::pin(self.hand_over(mail))
    }
}
