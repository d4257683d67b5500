//! A text that was read: its words, sentences, times and reaches.

use core::ops::Range;

use super::clock::{self, Moment};
use super::expand::expand;
use super::fold::{self, Break};
use super::known;
use super::scope::{self, Reach};

/// Characters of one text that are read: about 15 printed pages. The rest is dropped and
/// [`Text::truncated`] says so.
pub const CHARS_MAX: usize = 40_000;
/// Words of one text that are read. The rest is dropped and [`Text::truncated`] says so.
pub const TOKENS_MAX: usize = 8_000;
/// Words of one sentence; a longer one is cut, so that nothing reaches further.
pub(super) const SENTENCE_MAX: usize = 120;

/// Who writes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Speaker {
    /// The patient. "My son has" is about somebody else.
    #[default]
    Patient,
    /// Somebody for the patient: the first person named, "my son", is the patient.
    Proxy,
}

/// What is known before reading.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reader {
    /// Who writes.
    pub speaker: Speaker,
    /// Whether the patient is pregnant: then "the baby" is not somebody else.
    pub pregnant: bool,
}

/// A word with its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Token {
    /// The word: small letters without accents, contractions written out.
    pub word: String,
    /// First byte in the original.
    pub start: usize,
    /// Behind its last byte in the original.
    pub end: usize,
    /// Number of its sentence, from 0.
    pub sentence: u32,
    pub(super) before: Break,
    /// An article, pronoun or auxiliary: no pattern sees it.
    pub(super) filler: bool,
}

impl Token {
    /// Whether a comma or something longer stands before it.
    pub(crate) fn after_pause(&self) -> bool {
        self.before >= Break::Clause
    }
}

/// A text that was read.
#[derive(Clone, Debug)]
pub struct Text {
    pub(super) tokens: Vec<Token>,
    pub(super) reaches: Vec<Reach>,
    /// Per sentence: its reaches.
    pub(super) of_sentence: Vec<Range<usize>>,
    moments: Vec<Moment>,
    truncated: bool,
}

impl Text {
    /// Reads a text. Linear in its length and bounded by [`CHARS_MAX`] and [`TOKENS_MAX`].
    #[must_use]
    pub fn read(text: &str, reader: Reader) -> Self {
        let (raw, mut truncated) = fold::raw_words(text, CHARS_MAX);
        let mut tokens: Vec<Token> = Vec::new();
        let mut sentence = 0_u32;
        let mut length = 0_usize;
        for (at, word) in raw.iter().enumerate() {
            if tokens.len() >= TOKENS_MAX {
                truncated = true;
                break;
            }
            if at > 0 && (word.before >= Break::Sentence || length >= SENTENCE_MAX) {
                sentence += 1;
                length = 0;
            }
            let neighbour = |at: Option<usize>| {
                at.and_then(|at| raw.get(at))
                    .map_or("", |raw| raw.word.as_str())
            };
            let mut before = word.before;
            expand(
                &word.word,
                neighbour(at.checked_sub(1)),
                neighbour(Some(at + 1)),
                |part| {
                    length += 1;
                    tokens.push(Token {
                        word: part.to_owned(),
                        start: word.start,
                        end: word.end,
                        sentence,
                        before: core::mem::replace(&mut before, Break::None),
                        filler: known::is_filler(part),
                    });
                },
            );
        }
        known::hide_false_friends(&mut tokens);
        let moments = clock::moments(&tokens);
        let reaches = scope::reaches(&tokens, &moments, reader);
        let of_sentence = by_sentence(&tokens, &reaches);
        Self {
            tokens,
            reaches,
            of_sentence,
            moments,
            truncated,
        }
    }

    /// The words, in order.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The times that were written, in order.
    #[must_use]
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Whether something was left unread because the text is too long.
    #[must_use]
    pub const fn truncated(&self) -> bool {
        self.truncated
    }

    /// The share of words that are French or English, of 100. Numbers count as neither.
    #[must_use]
    pub fn understood_percent(&self, is_known: impl Fn(&str) -> bool) -> u32 {
        let words = || {
            self.tokens
                .iter()
                .filter(|token| token.word.bytes().any(|b| !b.is_ascii_digit() && b != b'.'))
        };
        let all = words().count();
        let known = words()
            .filter(|token| token.filler || known::is_known(&token.word) || is_known(&token.word))
            .count();
        u32::try_from(known * 100 / all.max(1)).unwrap_or(100)
    }
}

fn by_sentence(tokens: &[Token], reaches: &[Reach]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let sentences = tokens.last().map_or(0, |token| token.sentence as usize + 1);
    let mut at = 0;
    for sentence in 0..sentences {
        let first = at;
        while reaches
            .get(at)
            .is_some_and(|reach| reach.sentence as usize == sentence)
        {
            at += 1;
        }
        ranges.push(first..at);
    }
    ranges
}
