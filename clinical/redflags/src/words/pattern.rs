//! Patterns of phrases, as they are written in data.

use std::collections::BTreeMap;

/// A pattern that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PatternError {
    /// Nothing is left after articles and pronouns.
    #[error("the pattern {0:?} has no word")]
    Empty(String),
    /// It names a group of words that nobody defined before.
    #[error("the pattern {pattern:?} names the unknown group {group:?}")]
    UnknownGroup {
        /// The pattern.
        pattern: String,
        /// The group.
        group: String,
    },
    /// It has more parts than a match can hold.
    #[error("the pattern {0:?} has more than {PARTS_MAX} parts")]
    TooLong(String),
}

/// Parts of one pattern.
pub(super) const PARTS_MAX: usize = 8;
/// Words between two parts, when the pattern does not say.
const GAP: usize = 2;
/// Stands before the one visible word of a run that counts only between its small words.
pub(super) const EXACT: &str = "=";
/// Words between all parts of a bag, when the pattern does not say.
const BAG: usize = 4;

/// Named groups of words that stand for each other, such as `@pain`.
#[derive(Clone, Debug, Default)]
pub struct Phrases {
    groups: BTreeMap<String, Vec<Vec<String>>>,
}

/// How the parts of a pattern stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    /// One after the other, with at most this many words between two.
    Sequence(usize),
    /// Anyhow, with at most this many words between them all.
    Bag(usize),
}

/// A pattern, read: every part is a list of alternatives, every alternative a run of folded words.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) order: Order,
    pub(super) parts: Vec<Vec<Vec<String>>>,
}

impl Phrases {
    /// No groups.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Defines or extends a group: alternatives apart by spaces, words of one alternative by `_`, `@name`
    /// takes over another group.
    ///
    /// # Errors
    ///
    /// When it names a group that is not defined.
    pub fn group(&mut self, name: &str, alternatives: &str) -> Result<(), PatternError> {
        let mut runs = Vec::new();
        for alternative in alternatives.split_whitespace() {
            runs.extend(self.runs(alternative, alternatives)?);
        }
        self.groups.entry(name.to_owned()).or_default().extend(runs);
        Ok(())
    }

    /// Reads a pattern. Parts apart by spaces, alternatives of a part by `/`, words that follow each other
    /// by `_`, `@name` a group. `~` before it: in any order; `~6`: with six words between them at most
    /// (4 unless said); `+5`: in this order with five words between two (2 unless said); `=`: with none.
    pub(super) fn pattern(&self, written: &str) -> Result<Pattern, PatternError> {
        let mut words = written.split_whitespace().peekable();
        let mut order = Order::Sequence(GAP);
        if let Some(mark) = words.next_if(|word| word.starts_with(['~', '+', '='])) {
            let number = mark.get(1..).and_then(|number| number.parse().ok());
            order = match mark.as_bytes().first() {
                Some(b'~') => Order::Bag(number.unwrap_or(BAG)),
                Some(b'+') => Order::Sequence(number.unwrap_or(GAP)),
                _ => Order::Sequence(0),
            };
        }
        let mut parts = Vec::new();
        for word in words {
            let mut part = Vec::new();
            for alternative in word.split('/') {
                part.extend(self.runs(alternative, written)?);
            }
            if !part.is_empty() {
                parts.push(part);
            }
        }
        if parts.is_empty() {
            return Err(PatternError::Empty(written.to_owned()));
        }
        if parts.len() > PARTS_MAX {
            return Err(PatternError::TooLong(written.to_owned()));
        }
        Ok(Pattern { order, parts })
    }

    /// One word that counts only between these small words: "so bad" is more than "bad".
    fn exact(words: impl Iterator<Item = super::text::Token>) -> String {
        let mut exact = String::new();
        for token in words {
            let mark = if token.filler { "" } else { EXACT };
            if !exact.is_empty() {
                exact.push(' ');
            }
            exact.push_str(mark);
            exact.push_str(&token.word);
        }
        exact
    }

    fn runs(&self, alternative: &str, written: &str) -> Result<Vec<Vec<String>>, PatternError> {
        if let Some(group) = alternative.strip_prefix('@') {
            return self
                .groups
                .get(group)
                .cloned()
                .ok_or_else(|| PatternError::UnknownGroup {
                    pattern: written.to_owned(),
                    group: group.to_owned(),
                });
        }
        let spaced = alternative.replace('_', " ");
        let read = super::text::Text::read(&spaced, super::text::Reader::default());
        let visible = read.tokens.iter().filter(|token| !token.filler).count();
        let words = read.tokens.into_iter();
        Ok(match visible {
            0 => Vec::new(),
            1 if words.len() > 1 => vec![vec![Self::exact(words)]],
            _ => vec![
                words
                    .filter(|token| !token.filler)
                    .map(|token| token.word)
                    .collect(),
            ],
        })
    }
}
