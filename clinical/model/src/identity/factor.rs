//! Second factors: what proves a person beside the password, and what is open without one.

use serde::{Deserialize, Serialize};

use crate::{Micros, Role};

/// How long after a proof a person may do what needs a fresh one.
pub const STEP_UP_LIFE_US: i64 = 5 * Micros::MINUTE;

/// How long there is time between password and second factor.
pub const TICKET_LIFE_US: i64 = 5 * Micros::MINUTE;

/// How often a second factor may be tried after one password.
pub const TICKET_TRIES_MAX: i64 = 5;

/// How long an administrator may let a member of staff work without a second factor.
pub const GRACE_US_MAX: i64 = 7 * Micros::DAY;

/// How long a link with which a person chooses a password works.
pub const PASSWORD_LINK_LIFE_US: i64 = 3 * Micros::DAY;

/// After this time without a review an account is on the list of those to be reviewed.
pub const REVIEW_AFTER_US: i64 = 90 * Micros::DAY;

/// How many authenticator apps an account may have.
pub const APPS_MAX: usize = 5;

/// Longest name that a person gives to a factor, in characters.
pub const FACTOR_LABEL_CHARS_MAX: usize = 40;

/// What a second factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// An authenticator app with one-time codes (TOTP).
    App,
    /// A passkey (WebAuthn).
    Passkey,
}

impl FactorKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::App, Self::Passkey];

    /// The word in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Passkey => "passkey",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What somebody has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The password alone.
    Password,
    /// A one-time code of an authenticator app.
    App,
    /// A passkey. It is something one has, used by something one is or knows.
    Passkey,
    /// A recovery code.
    RecoveryCode,
}

impl Proof {
    /// Every proof.
    pub const ALL: [Self; 4] = [Self::Password, Self::App, Self::Passkey, Self::RecoveryCode];

    /// The word in SQL and audit entries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::App => "app",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// The proof of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|proof| proof.as_str() == word)
    }

    /// Whether it is a second factor. A recovery code stands in for a lost one.
    #[must_use]
    pub const fn is_factor(self) -> bool {
        match self {
            Self::Password => false,
            Self::App | Self::Passkey | Self::RecoveryCode => true,
        }
    }
}

/// What a sign-in is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Everything that the role may do.
    Full,
    /// Only setting up a second factor.
    EnrolmentOnly,
}

impl Standing {
    /// What a person may do: staff without a second factor reach nothing but its enrolment, unless
    /// they were given time until `grace`.
    #[must_use]
    pub fn of(role: Role, has_factor: bool, grace: Micros, now: Micros) -> Self {
        if role == Role::Patient || has_factor || now < grace {
            Self::Full
        } else {
            Self::EnrolmentOnly
        }
    }
}

/// A proof that is still fresh enough for what needs one.
#[must_use]
pub const fn is_fresh(proved: Micros, now: Micros) -> bool {
    // A proof from the future is none: a clock that was set back must not prolong it.
    proved.0 <= now.0 && now.0.saturating_sub(proved.0) < STEP_UP_LIFE_US
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_without_a_factor_reach_enrolment_only() {
        let now = Micros(1_000);
        for role in Role::ALL {
            let expected = if role == Role::Patient {
                Standing::Full
            } else {
                Standing::EnrolmentOnly
            };
            assert_eq!(Standing::of(role, false, Micros(0), now), expected);
            assert_eq!(Standing::of(role, false, now, now), expected);
            assert_eq!(Standing::of(role, true, Micros(0), now), Standing::Full);
            assert_eq!(Standing::of(role, false, now.plus(1), now), Standing::Full);
        }
    }

    #[test]
    fn a_proof_is_fresh_for_five_minutes() {
        let proved = Micros(10);
        assert!(is_fresh(proved, proved));
        assert!(is_fresh(proved, proved.plus(STEP_UP_LIFE_US - 1)));
        assert!(!is_fresh(proved, proved.plus(STEP_UP_LIFE_US)));
        assert!(!is_fresh(proved, proved.plus(-1)));
    }

    #[test]
    fn words_lead_back() {
        for proof in Proof::ALL {
            assert_eq!(Proof::from_word(proof.as_str()), Some(proof));
        }
        for kind in FactorKind::ALL {
            assert_eq!(FactorKind::from_word(kind.as_str()), Some(kind));
        }
    }
}
