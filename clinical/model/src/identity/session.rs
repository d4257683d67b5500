//! Sign-ins and the rotation of their refresh tokens.

use crate::{Micros, SessionId, UserId};

/// How long the token before the current one is still answered: two tabs that refresh at the same
/// moment, or an answer that was lost on the way.
pub const REUSE_GRACE_US: i64 = 10 * Micros::SECOND;

/// A sign-in. Its refresh tokens form one family, of which only the newest works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The family.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// Hash of the current refresh token.
    pub current: TokenHash,
    /// Hash of the one before.
    pub previous: Option<TokenHash>,
    /// When the current token was made.
    pub rotated: Micros,
    /// When the person signed in.
    pub created: Micros,
    /// When the sign-in ends by itself.
    pub expires: Micros,
    /// When it was ended.
    pub revoked: Option<Micros>,
}

/// SHA-256 of a refresh token, hex.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash(String);

impl TokenHash {
    /// Wraps a hash that was computed elsewhere.
    #[must_use]
    pub const fn from_hex(hex: String) -> Self {
        Self(hex)
    }

    /// For storage.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// What a refresh token that was shown is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The newest token: it is replaced by a new one.
    Current,
    /// The one before, a moment after it was replaced: the sign-in goes on, and the newest token,
    /// which another tab got, stays the newest.
    JustReplaced,
    /// A token that was replaced before: somebody has a copy, the sign-in must end.
    Reused,
    /// The sign-in has ended.
    Over,
}

impl Session {
    /// True while the sign-in lasts.
    #[must_use]
    pub fn is_live(&self, now: Micros) -> bool {
        self.revoked.is_none() && now < self.expires
    }

    /// Judges a refresh token of this family.
    #[must_use]
    pub fn judge(&self, shown: &TokenHash, now: Micros) -> Shown {
        if !self.is_live(now) {
            Shown::Over
        } else if *shown == self.current {
            Shown::Current
        } else if self.previous.as_ref() == Some(shown)
            // Either way: a clock that was set back must not make a moment of a day.
            && now.since(self.rotated).saturating_abs() <= REUSE_GRACE_US
        {
            Shown::JustReplaced
        } else {
            Shown::Reused
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn hash(text: &str) -> TokenHash {
        TokenHash::from_hex(text.to_owned())
    }

    fn session() -> Session {
        Session {
            id: SessionId::from_uuid(Uuid::from_u128(1)),
            user: UserId::from_uuid(Uuid::from_u128(2)),
            current: hash("new"),
            previous: Some(hash("old")),
            rotated: Micros(0),
            created: Micros(-1),
            expires: Micros(Micros::HOUR),
            revoked: None,
        }
    }

    #[test]
    fn only_the_newest_token_is_current() {
        assert_eq!(session().judge(&hash("new"), Micros(1)), Shown::Current);
        assert_eq!(session().judge(&hash("other"), Micros(1)), Shown::Reused);
    }

    #[test]
    fn the_token_before_works_for_ten_seconds_and_not_longer() {
        let at_the_end = Micros(10 * Micros::SECOND);
        assert_eq!(
            session().judge(&hash("old"), at_the_end),
            Shown::JustReplaced
        );
        assert_eq!(
            session().judge(&hash("old"), at_the_end.plus(1)),
            Shown::Reused
        );
    }

    #[test]
    fn the_token_before_does_not_come_back_when_the_clock_is_set_back() {
        let earlier = |us: i64| session().judge(&hash("old"), Micros(-us));
        assert_eq!(earlier(10 * Micros::SECOND), Shown::JustReplaced);
        assert_eq!(earlier(Micros::HOUR), Shown::Reused);
    }

    #[test]
    fn an_ended_sign_in_has_no_good_token() {
        let mut revoked = session();
        revoked.revoked = Some(Micros(1));
        assert_eq!(revoked.judge(&hash("new"), Micros(2)), Shown::Over);
        let at_expiry = Micros(Micros::HOUR);
        assert_eq!(session().judge(&hash("new"), at_expiry), Shown::Over);
        assert_eq!(
            session().judge(&hash("new"), at_expiry.plus(-1)),
            Shown::Current
        );
    }
}
