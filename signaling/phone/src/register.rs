//! Says to a telephone company where we are, again and again (REGISTER, RFC 3261 section 10.2).

use std::sync::Arc;
use std::time::Duration;

use rsipstack::sip::{Header, Headers, Method, Request, Response, StatusCode, Uri, Version};
use rsipstack::transport::SipConnection;
use signaling_sip::{Credentials, DigestParams, Password, answer_challenge};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::dialog::NotMade;
use crate::health::answer_to;
use crate::message::{header, value, values};
use crate::stack::{Stack, transport_of};
use crate::trunk::{Outbound, Registration, Trunk};

/// After how long it is tried again when it was not taken.
const AGAIN: Duration = Duration::from_secs(30);
/// The shortest time for which we are taken; an answer that says less is not believed.
const EXPIRES_MIN_S: u64 = 30;
/// The longest.
const EXPIRES_MAX_S: u64 = 86_400;
/// Requests of one registration: the first, one for a longer time, and each once more with a password.
const ATTEMPTS_MAX: u32 = 4;

/// Registers until the stack ends.
pub(crate) async fn register(
    stack: Arc<Stack>,
    trunk: Trunk,
    outbound: Outbound,
    wanted: Registration,
) {
    let call_id = Stack::new_tag();
    let mut sequence = 0;
    loop {
        let mut gone = CancellationToken::new();
        let taken_s = match stack.connection(&trunk, &outbound).await {
            Ok(connection) => {
                gone = connection.cancel_token().unwrap_or_default();
                let asked = Asked {
                    stack: &stack,
                    outbound: &outbound,
                    wanted: &wanted,
                    connection: &connection,
                    call_id: &call_id,
                };
                asked.attempts(&mut sequence).await
            }
            Err(_not_connected) => None,
        };
        let is_taken = taken_s.is_some();
        metrics::gauge!("phone_trunk_registered", "trunk" => trunk.name.clone()).set(if is_taken {
            1.0
        } else {
            0.0
        });
        if stack.health.note_registered(&trunk.name, is_taken) != Some(is_taken) {
            if is_taken {
                tracing::info!(trunk = trunk.name, "a telephone company knows where we are");
            } else {
                tracing::warn!(
                    trunk = trunk.name,
                    "a telephone company has not registered us"
                );
            }
        }
        // A quarter is left for trying again before it ends.
        let pause = taken_s.map_or(AGAIN, |seconds| Duration::from_secs(seconds) * 3 / 4);
        tokio::select! {
            () = stack.stop.cancelled() => return,
            () = sleep(pause) => {}
            // Calls would come by a connection that is no more.
            () = gone.cancelled(), if is_taken => {}
        }
    }
}

struct Asked<'a> {
    stack: &'a Stack,
    outbound: &'a Outbound,
    wanted: &'a Registration,
    connection: &'a SipConnection,
    call_id: &'a str,
}

impl Asked<'_> {
    /// For how many seconds we were taken.
    async fn attempts(&self, sequence: &mut u32) -> Option<u64> {
        let mut expires_s = u64::from(self.wanted.expires_s);
        let mut password = None;
        for _ in 0..ATTEMPTS_MAX {
            *sequence = sequence.saturating_add(1);
            let request = self.request(*sequence, expires_s, password.take()).ok()?;
            let has_password = ["Authorization", "Proxy-Authorization"]
                .iter()
                .any(|name| value(&request, name).is_some());
            let (proxy, connection) = (self.outbound.proxy, self.connection.clone());
            let answer = answer_to(self.stack, proxy, connection, request).await?;
            match answer.status_code {
                StatusCode::OK => return Some(granted_s(&answer, expires_s)),
                // A password that was refused once is not tried again.
                StatusCode::Unauthorized | StatusCode::ProxyAuthenticationRequired
                    if !has_password =>
                {
                    password = Some(self.password(&answer)?);
                }
                StatusCode::IntervalTooBrief => {
                    let least = value(&answer, "Min-Expires")?.trim().parse().ok()?;
                    if least <= expires_s || least > EXPIRES_MAX_S {
                        return None;
                    }
                    expires_s = least;
                }
                _ => return None,
            }
        }
        None
    }

    fn request(
        &self,
        sequence: u32,
        expires_s: u64,
        password: Option<Header>,
    ) -> Result<Request, NotMade> {
        let place = self.stack.places.public(transport_of(self.connection));
        let number = self.outbound.caller.expose();
        let who = format!("<{}>", self.address());
        let contact = self.stack.contact(self.connection);
        // Calls come to what stands here, so it is our number.
        let contact = contact.replacen("sip:visit@", &format!("sip:{number}@"), 1);
        let mut headers: Vec<Header> = vec![
            Header::Via(self.stack.via(self.connection)?.into()),
            header("Max-Forwards", "70"),
            header("Call-ID", format!("{}@{}", self.call_id, place.ip())),
            header("From", format!("{who};tag={}", Stack::new_tag())),
            header("To", who),
            header("CSeq", format!("{sequence} REGISTER")),
            header("Contact", contact),
            header("Expires", expires_s.to_string()),
        ];
        headers.extend(password);
        Ok(Request {
            method: Method::Register,
            uri: Uri::try_from(self.registrar()).map_err(rsipstack::Error::from)?,
            version: Version::V2,
            headers: Headers::from(headers),
            body: Vec::new(),
        })
    }

    fn registrar(&self) -> String {
        format!("sip:{}", self.wanted.domain)
    }

    /// Who we are there: the user of the password, or else our number.
    fn address(&self) -> String {
        let login = self.outbound.login.as_ref();
        let user = match login {
            Some(login) => login.user.clone(),
            None => self.outbound.caller.expose(),
        };
        format!("sip:{user}@{}", self.wanted.domain)
    }

    fn password(&self, refusal: &Response) -> Option<Header> {
        let (challenge, name) = match refusal.status_code {
            StatusCode::Unauthorized => ("WWW-Authenticate", "Authorization"),
            _ => ("Proxy-Authenticate", "Proxy-Authorization"),
        };
        let login = self.outbound.login.as_ref()?;
        let credentials = Credentials {
            username: login.user.clone(),
            password: Password::new(login.secret.expose().to_owned()),
        };
        let (uri, cnonce) = (self.registrar(), Stack::new_tag());
        let answer = values(refusal, challenge).into_iter().find_map(|text| {
            let params = DigestParams::parse(&text).ok()?;
            answer_challenge(&params, &credentials, ("REGISTER", &uri), &cnonce, 1).ok()
        })?;
        Some(header(name, answer))
    }
}

/// What the registrar says of the time, by our `Contact` or for all, or else what was asked for.
fn granted_s(answer: &Response, asked_s: u64) -> u64 {
    let contact = value(answer, "Contact").unwrap_or_default();
    let of_contact = contact.to_ascii_lowercase();
    let of_contact = of_contact
        .split(";expires=")
        .nth(1)
        .and_then(number_at_start);
    let of_all = || {
        value(answer, "Expires")
            .as_deref()
            .and_then(number_at_start)
    };
    let said = of_contact.or_else(of_all).unwrap_or(asked_s);
    said.clamp(EXPIRES_MIN_S, EXPIRES_MAX_S)
}

fn number_at_start(text: &str) -> Option<u64> {
    let text = text.trim_start_matches([' ', '"']);
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_a_registrar_grants_is_read_and_kept_within_reason() {
        let granted = |headers: &[(&str, &str)]| {
            let headers: Vec<Header> = headers.iter().map(|(n, v)| header(n, *v)).collect();
            let answer = Response {
                headers: Headers::from(headers),
                ..Response::default()
            };
            granted_s(&answer, 600)
        };
        assert_eq!(granted(&[("Contact", "<sip:1@h>;expires=120;q=1")]), 120);
        assert_eq!(granted(&[("Contact", "<sip:1@h>;Expires=90")]), 90);
        assert_eq!(
            granted(&[("Contact", "<sip:1@h>"), ("Expires", "300")]),
            300
        );
        assert_eq!(granted(&[]), 600);
        assert_eq!(granted(&[("Expires", "0")]), EXPIRES_MIN_S);
        assert_eq!(granted(&[("Expires", "99999999999999999999")]), 600);
    }
}
