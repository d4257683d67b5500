//! The data lanes of a room: small messages between the people in it, and from services to them.
//!
//! A client opens data channels (RFC 8831) with the labels [`DataLane::label`]. What it sends on one goes
//! to everybody else who has opened the same and may receive, with the sender in front:
//!
//! ```text
//! byte 0      1: from a person   2: from a service, such as captions
//! byte 1-16   the person's key, or the service's number, big endian
//! byte 17-    the message as it was sent
//! ```
//!
//! Everything is bounded. On the lossy lane, what does not fit is dropped and counted. On the
//! reliable lane nothing is ever dropped in between: a reader that is too slow, or a writer that is
//! too fast, has its channel closed, and may open it anew.

use core::time::Duration;
use std::time::Instant;

use str0m::channel::ChannelId;

use crate::ids::ParticipantKey;

/// Longest message of a lossy lane in bytes: with its envelope it fits one packet.
pub const LOSSY_BYTES_MAX: usize = 1_000;
/// Longest message of a reliable lane in bytes.
pub const RELIABLE_BYTES_MAX: usize = 16 * 1024;
/// Messages of one person in a second: a pointer that moves, or a caption that grows.
const MESSAGES_PER_S: u32 = 60;
/// Bytes of one person in a second.
const BYTES_PER_S: u32 = 64 * 1024;
/// Length of the envelope in bytes.
const ENVELOPE_BYTES: usize = 17;

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataLane {
    /// All of them, in order.
    Reliable,
    /// At once or not at all.
    Lossy,
}

impl DataLane {
    /// The label of its data channel.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reliable => "lane-reliable",
            Self::Lossy => "lane-lossy",
        }
    }

    pub(crate) fn of_label(label: &str) -> Option<Self> {
        [Self::Reliable, Self::Lossy]
            .into_iter()
            .find(|lane| lane.label() == label)
    }

    /// Longest message in bytes.
    #[must_use]
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::Reliable => RELIABLE_BYTES_MAX,
            Self::Lossy => LOSSY_BYTES_MAX,
        }
    }
}

/// Who a message is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A person in the room.
    Person(ParticipantKey),
    /// A service of this server, by a number that its clients know.
    Service(u8),
}

/// Puts the sender in front of a message.
pub(crate) fn envelope(from: Sender, message: &[u8]) -> Vec<u8> {
    let (kind, key) = match from {
        Sender::Person(key) => (1, key.0),
        Sender::Service(number) => (2, u128::from(number)),
    };
    let mut whole = Vec::with_capacity(ENVELOPE_BYTES.saturating_add(message.len()));
    whole.push(kind);
    whole.extend_from_slice(&key.to_be_bytes());
    whole.extend_from_slice(message);
    whole
}

/// The lanes that one person has open, and what they may still send.
#[derive(Debug)]
pub(crate) struct Lanes {
    open: Vec<(DataLane, ChannelId)>,
    messages: u32,
    bytes: u32,
    filled: Instant,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass(DataLane),
    /// Too long, or beyond the rate, on the lossy lane.
    Drop,
    /// The same on the reliable lane: it cannot be kept.
    Close,
    /// Not a lane.
    Foreign,
}

impl Lanes {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            open: Vec::new(),
            messages: MESSAGES_PER_S,
            bytes: BYTES_PER_S,
            filled: now,
        }
    }

    /// A channel was opened. The newest of a lane counts.
    pub(crate) fn opened(&mut self, channel: ChannelId, label: &str) {
        if let Some(lane) = DataLane::of_label(label) {
            self.open.retain(|(known, _)| *known != lane);
            self.open.push((lane, channel));
        }
    }

    pub(crate) fn closed(&mut self, channel: ChannelId) {
        self.open.retain(|(_, known)| *known != channel);
    }

    pub(crate) fn channel(&self, lane: DataLane) -> Option<ChannelId> {
        let found = self.open.iter().find(|(known, _)| *known == lane);
        found.map(|(_, channel)| *channel)
    }

    /// Judges a message that this person has sent.
    pub(crate) fn judge(&mut self, now: Instant, channel: ChannelId, bytes: usize) -> Verdict {
        let Some((lane, _)) = self.open.iter().find(|(_, known)| *known == channel) else {
            return Verdict::Foreign;
        };
        let lane = *lane;
        self.refill(now);
        let size = u32::try_from(bytes).unwrap_or(u32::MAX);
        let fits = bytes <= lane.bytes_max() && self.messages > 0 && size <= self.bytes;
        match (fits, lane) {
            (true, _) => {
                self.messages = self.messages.saturating_sub(1);
                self.bytes = self.bytes.saturating_sub(size);
                Verdict::Pass(lane)
            }
            (false, DataLane::Lossy) => Verdict::Drop,
            (false, DataLane::Reliable) => Verdict::Close,
        }
    }

    fn refill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled);
        let share = |per_s: u32| {
            let millis = elapsed.min(Duration::from_secs(1)).as_millis();
            u32::try_from(u128::from(per_s).saturating_mul(millis) / 1000).unwrap_or(per_s)
        };
        let (messages, bytes) = (share(MESSAGES_PER_S), share(BYTES_PER_S));
        // Too short a time for one more message is not taken away.
        if messages > 0 {
            self.messages = self.messages.saturating_add(messages).min(MESSAGES_PER_S);
            self.bytes = self.bytes.saturating_add(bytes).min(BYTES_PER_S);
            self.filled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_names_its_sender() {
        let person = envelope(Sender::Person(ParticipantKey(0x0102)), b"hi");
        assert_eq!(person.len(), ENVELOPE_BYTES + 2);
        assert_eq!((person[0], person[15], person[16]), (1, 1, 2));
        assert!(person.ends_with(b"hi"));
        let service = envelope(Sender::Service(7), b"");
        assert_eq!((service[0], service[16]), (2, 7));
    }
}
