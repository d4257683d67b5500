//! What cannot be judged goes to a person.

use crate::words::Text;

/// Why a text cannot be judged. A person reads it then; it is never self-care.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Unclear {
    /// Nothing was written.
    Empty,
    /// Another language, or no language.
    NotUnderstood,
    /// Longer than what is read.
    TooLong,
    /// Insults: somebody is not well served, or not well.
    Abuse,
    /// Somebody else seems to be in danger.
    AnotherPerson,
}

/// Below this share of words of 100 a text counts as not understood.
const UNDERSTOOD_PERCENT_MIN: u32 = 45;

const INSULTS: &[&str] = &[
    "fuck", "fucking", "fucker", "motherfucker", "shit", "bullshit", "bitch", "cunt", "asshole", "bastard", "dickhead",
    "wanker", "connard", "connards", "connasse", "salope", "encule", "encules", "pute", "putain", "fdp", "batard", "merde", "enfoire", "ntm", "nique", "niquer",
];

/// Why this text cannot be judged, as far as its words tell.
pub(super) fn unclear(text: &Text, knows: impl Fn(&str) -> bool) -> Vec<Unclear> {
    let mut reasons = Vec::new();
    if text.tokens().is_empty() {
        reasons.push(Unclear::Empty);
    } else if text.understood_percent(knows) < UNDERSTOOD_PERCENT_MIN {
        reasons.push(Unclear::NotUnderstood);
    }
    if text.truncated() {
        reasons.push(Unclear::TooLong);
    }
    if text.tokens().iter().any(|token| INSULTS.contains(&token.word.as_str())) {
        reasons.push(Unclear::Abuse);
    }
    reasons
}
