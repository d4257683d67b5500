//! What people write, as words with a place, and phrases found in it.
//!
//! [`Text::read`] folds case, accents, elisions, contractions and the spelling of short messages,
//! cuts sentences and finds times and the reach of "no", "my father", "years ago" and "if".
//! [`Matcher`] holds many patterns of phrases and finds them in a text in one pass; each [`Match`]
//! says where it stands and how it is meant.

mod clock;
mod counted;
mod cues;
mod expand;
mod fold;
mod known;
mod matcher;
mod pattern;
mod scope;
mod spell;
mod stem;
mod text;

pub use clock::Moment;
pub use matcher::{Match, Matcher};
pub use pattern::{PatternError, Phrases};
pub use scope::{Assertion, Marks};
pub use spell::distance_within;
pub use stem::stem;
pub use text::{CHARS_MAX, Reader, Speaker, TOKENS_MAX, Text, Token};
