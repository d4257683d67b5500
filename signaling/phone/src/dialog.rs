//! What both ends of a call know of each other (RFC 3261 section 12).

use std::net::SocketAddr;
use std::sync::Arc;

use rsipstack::sip::headers::typed::{Contact, RecordRoute};
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Headers, Method, Request, Response, SipMessage, Uri, Version};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::{SipAddr, SipConnection};
use thiserror::Error;

use crate::message::{header, sequence, value, values};
use crate::stack::Stack;
use crate::streams::{NoLine, is_alive};

/// Proxies that a call may go through; real ones have one or two.
const ROUTES_MAX: usize = 16;

/// A message that cannot begin a call.
#[derive(Debug, Error)]
#[error("a message without what a call needs")]
pub(crate) struct NoDialog;

/// A request of ours that could not be made.
#[derive(Debug, Error)]
#[error("a request could not be made")]
pub(crate) struct NotMade(#[source] pub(crate) Box<rsipstack::Error>);

impl From<rsipstack::Error> for NotMade {
    fn from(error: rsipstack::Error) -> Self {
        Self(Box::new(error))
    }
}

/// A request of ours that got no final answer.
#[derive(Debug, Error)]
pub(crate) enum SendError {
    /// It could not be made or sent.
    #[error("not sent")]
    Stack(#[source] Box<rsipstack::Error>),
    /// Its connection has ended, and there is no other one.
    #[error("not connected")]
    NoLine(#[from] NoLine),
    /// Nobody answered.
    #[error("no answer")]
    Silence,
}

/// One end of a call: ours.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    call_id: String,
    /// `From` of our requests, with our tag.
    local: String,
    /// `To` of our requests, with their tag.
    remote: String,
    /// Their tag alone, to recognise their requests.
    remote_tag: String,
    local_sequence: u32,
    remote_sequence: u32,
    target: String,
    routes: Vec<String>,
    connection: SipConnection,
    /// Where the call came from or was sent to.
    destination: SocketAddr,
}

impl Dialog {
    /// The dialog of an INVITE that we answer with this tag.
    pub(crate) fn of_invite(
        invite: &Request,
        tag: &str,
        connection: SipConnection,
        from: SocketAddr,
    ) -> Result<Self, NoDialog> {
        let text = |name| value(invite, name).ok_or(NoDialog);
        let remote_tag = invite
            .from_header()
            .ok()
            .and_then(|from| from.tag().ok().flatten());
        Ok(Self {
            call_id: text("Call-ID")?,
            local: format!("{};tag={tag}", text("To")?),
            remote: text("From")?,
            remote_tag: remote_tag.ok_or(NoDialog)?.value().to_owned(),
            local_sequence: 0,
            remote_sequence: sequence(invite).ok_or(NoDialog)?.0,
            target: contact_of(invite).ok_or(NoDialog)?,
            routes: routes_of(invite, false),
            connection,
            destination: from,
        })
    }

    /// The dialog of an INVITE of ours that was answered with 2xx.
    pub(crate) fn of_answer(
        invite: &Request,
        answer: &Response,
        connection: SipConnection,
        to: SocketAddr,
    ) -> Result<Self, NoDialog> {
        let text = |name| value(answer, name).ok_or(NoDialog);
        let remote_tag = answer
            .to_header()
            .ok()
            .and_then(|to| to.tag().ok().flatten());
        Ok(Self {
            call_id: text("Call-ID")?,
            local: text("From")?,
            remote: text("To")?,
            remote_tag: remote_tag.ok_or(NoDialog)?.value().to_owned(),
            local_sequence: sequence(invite).ok_or(NoDialog)?.0,
            remote_sequence: 0,
            target: contact_of(answer).ok_or(NoDialog)?,
            routes: routes_of(answer, true),
            connection,
            destination: to,
        })
    }

    /// Takes a request of the other end if it is of this call and newer than the one before
    /// (RFC 3261 section 12.2.2).
    pub(crate) fn takes(&mut self, request: &Request) -> Taken {
        let tag = request
            .from_header()
            .ok()
            .and_then(|from| from.tag().ok().flatten());
        let is_ours = value(request, "Call-ID").as_deref() == Some(&self.call_id)
            && tag.is_some_and(|tag| tag.value() == self.remote_tag);
        let Some((number, _)) = sequence(request).filter(|_| is_ours) else {
            return Taken::Foreign;
        };
        if number <= self.remote_sequence && self.remote_sequence != 0 {
            return Taken::Old;
        }
        self.remote_sequence = number;
        if matches!(request.method, Method::Invite | Method::Update)
            && let Some(target) = contact_of(request)
        {
            self.target = target;
        }
        Taken::Yes
    }

    /// A request of the other end came by this connection. Where ours has ended, it is that of the call
    /// from now on.
    pub(crate) fn came_by(&mut self, connection: Option<&SipConnection>) {
        if let Some(connection) = connection
            && !is_alive(&self.connection)
        {
            self.connection = connection.clone();
        }
    }

    /// The next request of ours within the call.
    pub(crate) fn request(
        &mut self,
        stack: &Stack,
        method: Method,
        extra: Vec<Header>,
        body: Option<String>,
    ) -> Result<Request, NotMade> {
        self.local_sequence = self.local_sequence.saturating_add(1);
        let mut headers = vec![
            Header::Via(stack.via(&self.connection)?.into()),
            header("Max-Forwards", "70"),
            header("Call-ID", self.call_id.as_str()),
            header("From", self.local.as_str()),
            header("To", self.remote.as_str()),
            header("CSeq", format!("{} {method}", self.local_sequence)),
        ];
        headers.extend(
            self.routes
                .iter()
                .map(|route| header("Route", route.as_str())),
        );
        headers.extend(extra);
        if body.is_some() {
            headers.push(header("Content-Type", "application/sdp"));
        }
        Ok(Request {
            method,
            uri: Uri::try_from(self.target.as_str()).map_err(rsipstack::Error::from)?,
            version: Version::V2,
            headers: Headers::from(headers),
            body: body.map(String::into_bytes).unwrap_or_default(),
        })
    }

    /// Sends a request of ours and waits for its final answer. For INVITE the stack acknowledges it.
    pub(crate) fn send(
        &self,
        stack: &Stack,
        request: Request,
    ) -> impl Future<Output = Result<Response, SendError>> + Send + use<> {
        let (connection, endpoint) = (self.connection.clone(), stack.endpoint.clone());
        let lines = Arc::clone(&stack.lines);
        let hop = stack.reachable(&self.next_hop(), self.destination);
        let destination = SipAddr {
            r#type: None,
            addr: hop.into(),
        };
        async move {
            let connection = lines.alive(connection, hop).await?;
            let key = TransactionKey::from_request(&request, TransactionRole::Client)
                .map_err(|error| SendError::Stack(Box::new(error)))?;
            let mut transaction = Transaction::new_client(key, request, endpoint, Some(connection));
            transaction.destination = Some(destination);
            transaction
                .send()
                .await
                .map_err(|error| SendError::Stack(Box::new(error)))?;
            while let Some(message) = transaction.receive().await {
                if let SipMessage::Response(response) = message
                    && response.status_code.code() >= 200
                {
                    if transaction.original.method == Method::Invite {
                        // Repeated answers are acknowledged until nobody can send them any more.
                        tokio::spawn(async move { while transaction.receive().await.is_some() {} });
                    }
                    return Ok(response);
                }
            }
            Err(SendError::Silence)
        }
    }

    /// Our `Contact` in this call.
    pub(crate) fn contact(&self, stack: &Stack) -> String {
        stack.contact(&self.connection)
    }

    /// Where requests go next, as the other end wrote it.
    fn next_hop(&self) -> String {
        self.routes.first().unwrap_or(&self.target).clone()
    }
}

/// Whether a request belongs to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It does.
    Yes,
    /// It is older than the one before: 500.
    Old,
    /// It is of another call: 481.
    Foreign,
}

fn contact_of(message: &impl HeadersExt) -> Option<String> {
    let text = value(message, "Contact")?;
    let first = Contact::parse_header_list(&text).ok()?.into_iter().next()?;
    Some(first.uri.to_string())
}

fn routes_of(message: &impl HeadersExt, is_reversed: bool) -> Vec<String> {
    let mut routes: Vec<String> = values(message, "Record-Route")
        .iter()
        .flat_map(|text| RecordRoute::parse_header_list(text).unwrap_or_default())
        .map(|route| format!("<{}>", route.uri.to_string().trim_matches(['<', '>'])))
        .take(ROUTES_MAX)
        .collect();
    if is_reversed {
        routes.reverse();
    }
    routes
}
