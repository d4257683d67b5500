//! What makes two messages the same message.

use core::fmt;

use uuid::Uuid;

use super::channel::{Channel, MessageKind};

/// The key under which a message can be queued once: who, what, about which thing, for which
/// moment, on which channel, in which version of the thing. It holds ids and numbers only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DedupKey(String);

impl DedupKey {
    /// The key of a message to `recipient` about `subject`.
    ///
    /// `window` tells several messages of one kind about one subject apart, such as the level of
    /// an escalation or the begin of a dose in microseconds; `version` is the version of the
    /// subject, so that a thing that changed is told again.
    #[must_use]
    pub fn new(
        kind: MessageKind,
        recipient: Uuid,
        subject: Uuid,
        window: i64,
        (channel, version): (Channel, i64),
    ) -> Self {
        Self(format!(
            "{}:{recipient}:{subject}:{window}:{}:{version}",
            kind.as_str(),
            channel.as_str()
        ))
    }

    /// The key as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DedupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_new_when_anything_about_it_is_new() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let key = |kind, to, about, window, channel, version| {
            DedupKey::new(kind, to, about, window, (channel, version))
        };
        let kind = MessageKind::AppointmentInADay;
        let first = key(kind, a, b, 0, Channel::Sms, 1);
        assert_eq!(first, key(kind, a, b, 0, Channel::Sms, 1));
        let others = [
            key(MessageKind::AppointmentInAnHour, a, b, 0, Channel::Sms, 1),
            key(kind, b, b, 0, Channel::Sms, 1),
            key(kind, a, a, 0, Channel::Sms, 1),
            key(kind, a, b, 1, Channel::Sms, 1),
            key(kind, a, b, 0, Channel::Email, 1),
            key(kind, a, b, 0, Channel::Sms, 2),
        ];
        assert!(others.iter().all(|other| *other != first));
    }
}
