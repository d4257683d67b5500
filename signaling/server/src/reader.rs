//! Reads what a client says, within limits.

use core::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::StreamExt as _;
use futures_util::stream::SplitStream;
use signaling_protocol::{ClientMessage, ErrorCode, MESSAGE_BYTES_MAX, SILENCE_MS_MAX};
use signaling_session::Complaint;
use tokio::time::{Instant, timeout_at};

use crate::rate::Bucket;

/// Messages of one client: a person who clicks fast stays below.
const MESSAGES_PER_S: u32 = 20;
const MESSAGES_BURST: u32 = 60;
/// Offers cost the media server milliseconds each.
const OFFERS_PER_S: u32 = 2;
const OFFERS_BURST: u32 = 5;
/// Pings and pongs: ours are answered every few seconds.
const CONTROL_PER_S: u32 = 5;
const CONTROL_BURST: u32 = 50;
/// Malformed messages after which a client is taken for broken or hostile.
const STRIKES_MAX: u32 = 3;
/// Messages beyond the rate, without one within it in between, after which the same holds.
const DROPPED_MAX: u32 = 200;

/// What came from a client.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A message within all limits.
    Message(ClientMessage),
    /// Something else; it may be the last.
    Complaint(Complaint),
    /// The client is gone: closed, broken or silent.
    Lost,
}

/// One client's side of a socket.
pub(crate) struct Reader {
    stream: SplitStream<WebSocket>,
    gate: Gate,
    heard: Instant,
}

impl Reader {
    pub(crate) fn new(stream: SplitStream<WebSocket>) -> Self {
        let now = Instant::now();
        Self {
            stream,
            gate: Gate::new(now),
            heard: now,
        }
    }

    /// The next thing that the room should know. May be called again after a drop.
    pub(crate) async fn next(&mut self) -> Heard {
        let silence = Duration::from_millis(u64::from(SILENCE_MS_MAX));
        loop {
            let end = self.heard + silence;
            let Ok(Some(Ok(message))) = timeout_at(end, self.stream.next()).await else {
                return Heard::Lost;
            };
            self.heard = Instant::now();
            if let Some(heard) = self.gate.pass(message, self.heard) {
                return heard;
            }
        }
    }
}

/// The limits of one client.
#[derive(Debug)]
struct Gate {
    messages: Bucket,
    offers: Bucket,
    control: Bucket,
    strikes: u32,
    dropped: u32,
}

impl Gate {
    fn new(now: Instant) -> Self {
        Self {
            messages: Bucket::new(MESSAGES_PER_S, MESSAGES_BURST, now),
            offers: Bucket::new(OFFERS_PER_S, OFFERS_BURST, now),
            control: Bucket::new(CONTROL_PER_S, CONTROL_BURST, now),
            strikes: 0,
            dropped: 0,
        }
    }

    fn pass(&mut self, message: Message, now: Instant) -> Option<Heard> {
        match message {
            Message::Ping(_) | Message::Pong(_) => {
                let flood = !self.control.take(now);
                flood.then(|| complain(ErrorCode::RateLimited, "control frames", true))
            }
            Message::Close(_) => Some(Heard::Lost),
            Message::Binary(_) if !self.messages.take(now) => self.limit("messages"),
            Message::Binary(_) => Some(self.strike("binary frame")),
            Message::Text(text) => {
                if !self.messages.take(now) {
                    return self.limit("messages");
                }
                if text.len() > MESSAGE_BYTES_MAX {
                    return Some(complain(ErrorCode::TooLarge, "message", true));
                }
                match parse(text.as_str()) {
                    Ok(ClientMessage::Offer { .. }) if !self.offers.take(now) => {
                        self.limit("offers")
                    }
                    Ok(message) => {
                        self.dropped = 0;
                        metrics::counter!("signal_messages_total", "type" => kind(&message))
                            .increment(1);
                        Some(Heard::Message(message))
                    }
                    Err(detail) => Some(self.strike(&detail)),
                }
            }
        }
    }

    /// Drops a message beyond the rate. The first of a row is answered, not each.
    fn limit(&mut self, what: &str) -> Option<Heard> {
        self.dropped += 1;
        let last = self.dropped > DROPPED_MAX;
        (self.dropped == 1 || last).then(|| complain(ErrorCode::RateLimited, what, last))
    }

    fn strike(&mut self, detail: &str) -> Heard {
        self.strikes += 1;
        let last = self.strikes >= STRIKES_MAX;
        complain(ErrorCode::Malformed, detail, last)
    }
}

/// Reads a message. The error says where it went wrong and nothing of what was said.
pub(crate) fn parse(text: &str) -> Result<ClientMessage, String> {
    serde_json::from_str(text).map_err(|error| {
        format!(
            "{:?} error at line {} column {}",
            error.classify(),
            error.line(),
            error.column()
        )
    })
}

fn complain(code: ErrorCode, detail: &str, last: bool) -> Heard {
    Heard::Complaint(Complaint {
        code,
        detail: detail.to_owned(),
        last,
    })
}

/// The label of a message in metrics.
pub(crate) fn kind(message: &ClientMessage) -> &'static str {
    match message {
        ClientMessage::Hello { .. } => "hello",
        ClientMessage::Offer { .. } => "offer",
        ClientMessage::Media { .. } => "media",
        ClientMessage::View { .. } => "view",
        ClientMessage::Chat { .. } => "chat",
        ClientMessage::ChatRead { .. } => "chat_read",
        ClientMessage::Admit { .. } => "admit",
        ClientMessage::Refuse { .. } => "refuse",
        ClientMessage::Mute { .. } => "mute",
        ClientMessage::Grant { .. } => "grant",
        ClientMessage::Remove { .. } => "remove",
        ClientMessage::Encrypt { .. } => "encrypt",
        ClientMessage::Record { .. } => "record",
        ClientMessage::Captions { .. } => "captions",
        ClientMessage::Consent { .. } => "consent",
        ClientMessage::Hand { .. } => "hand",
        ClientMessage::LowerHand { .. } => "lower_hand",
        ClientMessage::Moved => "moved",
        ClientMessage::PublicKey { .. } => "public_key",
        ClientMessage::SealedKey { .. } => "sealed_key",
        ClientMessage::CallBack { .. } => "call_back",
        ClientMessage::End => "end",
        ClientMessage::Quality { .. } => "quality",
        ClientMessage::Inspect { .. } => "inspect",
        ClientMessage::Leave => "leave",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Message {
        Message::Text(text.into())
    }

    #[test]
    fn three_malformed_messages_are_one_too_many() {
        let now = Instant::now();
        let mut gate = Gate::new(now);
        for last in [false, false, true] {
            let heard = gate.pass(text(r#"{"type":"leave","extra":1}"#), now);
            assert!(
                matches!(heard, Some(Heard::Complaint(Complaint { code: ErrorCode::Malformed, last: l, .. })) if l == last)
            );
        }
    }

    #[test]
    fn a_flood_is_answered_once_and_then_ended() {
        let now = Instant::now();
        let mut gate = Gate::new(now);
        let answers: Vec<_> = (0..500)
            .map_while(|_| match gate.pass(text(r#"{"type":"leave"}"#), now) {
                Some(Heard::Complaint(complaint)) if complaint.last => None,
                other => Some(other),
            })
            .collect();
        let passed = answers
            .iter()
            .filter(|heard| matches!(heard, Some(Heard::Message(_))));
        let refused = answers
            .iter()
            .filter(|heard| matches!(heard, Some(Heard::Complaint(_))));
        assert_eq!(passed.count(), 60);
        assert_eq!(refused.count(), 1);
        assert_eq!(answers.len(), 60 + 200);
    }

    #[test]
    fn a_flood_of_pings_ends_the_connection() {
        let now = Instant::now();
        let mut gate = Gate::new(now);
        let silent = (0..1_000).take_while(|_| {
            gate.pass(Message::Ping(axum::body::Bytes::new()), now)
                .is_none()
        });
        assert_eq!(silent.count(), 50);
    }

    #[test]
    fn an_error_does_not_repeat_what_was_said() {
        let detail = parse(r#"{"type":"chat","text":"my secret"}"#).unwrap_err();
        assert!(!detail.contains("secret"), "{detail}");
    }
}
