//! Raw words with their places: case, accents and ligatures folded.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// What stands between a word and the one before it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Break {
    /// A space or a hyphen.
    None,
    /// A comma, bracket or dash.
    Clause,
    /// A colon.
    Colon,
    /// A full stop, an exclamation mark or a new line.
    Sentence,
    /// A question mark.
    Question,
}

/// A word as written, folded, apostrophes kept as `'`.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) word: String,
    pub(super) before: Break,
}

/// Letters of one word that are read; the rest of a longer one is dropped, it is no word.
const LETTERS_MAX: usize = 40;

/// The words of a text and whether there was more of it than `chars_max` characters.
pub(super) fn raw_words(text: &str, chars_max: usize) -> (Vec<Raw>, bool) {
    let mut words = Vec::new();
    let mut word: Option<Raw> = None;
    let mut gap = Break::Sentence;
    let mut chars = text.char_indices().peekable();
    let mut read = 0_usize;
    let mut truncated = false;
    while let Some((at, c)) = chars.next() {
        read += 1;
        if read > chars_max {
            truncated = true;
            break;
        }
        let next = chars.peek().map(|&(_, next)| next);
        if belongs(c, word.as_ref(), next) {
            let grown = word.get_or_insert_with(|| Raw {
                start: at,
                end: at,
                word: String::new(),
                before: core::mem::replace(&mut gap, Break::None),
            });
            grown.end = at + c.len_utf8();
            if grown.word.len() < LETTERS_MAX {
                push_folded(c, &mut grown.word);
            }
            continue;
        }
        if let Some(done) = word.take() {
            words.push(done);
        }
        gap = gap.max(break_of(c));
    }
    words.extend(word);
    words.retain(|raw| !raw.word.is_empty());
    for raw in &mut words {
        raw.word = without_long_runs(&raw.word);
    }
    (words, truncated)
}

/// Whether a character continues or begins a word.
fn belongs(c: char, word: Option<&Raw>, next: Option<char>) -> bool {
    if c.is_alphanumeric() || is_combining_mark(c) {
        return true;
    }
    let Some(word) = word else { return false };
    let follows_digit = word.word.ends_with(|c: char| c.is_ascii_digit());
    match c {
        '\'' | '\u{2019}' | '\u{2bc}' | '`' | '\u{b4}' => next.is_some_and(char::is_alphabetic),
        '.' | ',' => follows_digit && next.is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    }
}

fn push_folded(c: char, word: &mut String) {
    match c {
        '\u{2019}' | '\u{2bc}' | '`' | '\u{b4}' => word.push('\''),
        ',' => word.push('.'),
        'œ' | 'Œ' => word.push_str("oe"),
        'æ' | 'Æ' => word.push_str("ae"),
        'ß' => word.push_str("ss"),
        _ => decompose_compatible(c, |part| {
            if !is_combining_mark(part) {
                word.extend(part.to_lowercase());
            }
        }),
    }
}

fn break_of(c: char) -> Break {
    match c {
        '?' | '\u{ff1f}' => Break::Question,
        '.' | '!' | ';' | '\n' | '\u{2026}' | '\u{3002}' => Break::Sentence,
        ':' => Break::Colon,
        ',' | '(' | ')' | '[' | ']' | '\u{2013}' | '\u{2014}' => Break::Clause,
        _ => Break::None,
    }
}

/// "sooooo" is "so": three and more of the same letter are one.
fn without_long_runs(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        let mut run = 1;
        while chars.next_if_eq(&c).is_some() {
            run += 1;
        }
        let keep = if run >= 3 && c.is_alphabetic() {
            1
        } else {
            run
        };
        out.extend(core::iter::repeat_n(c, keep));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_keep_their_place() {
        let text = "L’ŒIL  Élève: 39,5° sooooo!";
        let (words, truncated) = raw_words(text, 100);
        let folded: Vec<&str> = words.iter().map(|raw| raw.word.as_str()).collect();
        assert_eq!(folded, ["l'oeil", "eleve", "39.5", "so"]);
        assert_eq!(text.get(words[1].start..words[1].end), Some("Élève"));
        assert_eq!(words[2].before, Break::Colon);
        assert!(!truncated);
        assert!(raw_words(text, 3).1);
    }
}
