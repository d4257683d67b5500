//! Tokens as text: the byte-level alphabet of GPT-2, and the tokens that mean something else.

use std::collections::HashMap;

use speech::Language;

/// Why a vocabulary is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VocabularyError {
    /// A token is missing without which nothing can be recognised.
    #[error("the vocabulary has no token {0}")]
    Missing(&'static str),
}

/// Tokens that are no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Every text begins with it.
    pub start: u32,
    /// Every text ends with it.
    pub end: u32,
    /// After the language: what is said is written down, not translated.
    pub transcribe: u32,
    /// Before the text: no times are wanted. Every token after it is a time.
    pub untimed: u32,
    /// Nobody spoke.
    pub silence: u32,
    /// The languages that can be recognised.
    pub languages: Vec<(Language, u32)>,
}

/// The tokens of a model.
#[derive(Debug)]
pub struct Vocabulary {
    tokens: Vec<Vec<u8>>,
    marks: Marks,
}

impl Vocabulary {
    /// Reads `vocabulary.txt`: one token a line, the first is token 0.
    ///
    /// # Errors
    ///
    /// [`VocabularyError::Missing`].
    pub fn parse(text: &str) -> Result<Self, VocabularyError> {
        let lines: Vec<&str> = text
            .strip_suffix('\n')
            .unwrap_or(text)
            .split('\n')
            .collect();
        let find = |wanted: &str| {
            let place = lines.iter().rposition(|token| *token == wanted)?;
            u32::try_from(place).ok()
        };
        let mark = |wanted: &'static str| find(wanted).ok_or(VocabularyError::Missing(wanted));
        let languages = Language::ALL
            .into_iter()
            .filter_map(|language| Some((language, find(&format!("<|{}|>", language.code()))?)));
        let marks = Marks {
            start: mark("<|startoftranscript|>")?,
            end: mark("<|endoftext|>")?,
            transcribe: mark("<|transcribe|>")?,
            untimed: mark("<|notimestamps|>")?,
            // Files of different ages have different names for it.
            silence: mark("<|nocaptions|>").or_else(|_older| mark("<|nospeech|>"))?,
            languages: languages.collect(),
        };
        if marks.languages.is_empty() {
            return Err(VocabularyError::Missing("<|en|>"));
        }
        let alphabet = alphabet();
        let bytes = |token: &&str| {
            token
                .chars()
                .filter_map(|it| alphabet.get(&it).copied())
                .collect()
        };
        Ok(Self {
            tokens: lines.iter().map(bytes).collect(),
            marks,
        })
    }

    /// Tokens that are no text.
    #[must_use]
    pub const fn marks(&self) -> &Marks {
        &self.marks
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The text of tokens. Bytes that are no UTF-8 (half a character at the end) are left out.
    #[must_use]
    pub fn text(&self, tokens: &[u32]) -> String {
        let known = tokens
            .iter()
            .filter_map(|token| self.tokens.get(usize::try_from(*token).ok()?));
        let bytes: Vec<u8> = known.flatten().copied().collect();
        let text = String::from_utf8_lossy(&bytes).replace(char::REPLACEMENT_CHARACTER, "");
        text.trim().to_owned()
    }
}

/// The byte of each letter. Printable bytes are their own letters, the others begin at U+0100.
fn alphabet() -> HashMap<char, u8> {
    let mut letters = HashMap::new();
    let mut others = 0x100_u32;
    for byte in 0..=u8::MAX {
        let printable = matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
        let letter = if printable {
            char::from(byte)
        } else {
            others += 1;
            char::from_u32(others - 1).unwrap_or(char::REPLACEMENT_CHARACTER)
        };
        letters.insert(letter, byte);
    }
    letters
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// 256 tokens of one byte each, then the marks; of a language for each language.
    pub(crate) fn bytes_and_marks() -> String {
        let letters = alphabet();
        let mut by_byte: Vec<(u8, char)> = letters.into_iter().map(|(a, b)| (b, a)).collect();
        by_byte.sort_unstable();
        let letters = by_byte.into_iter().map(|(_, letter)| letter.to_string());
        let marks = [
            "<|endoftext|>",
            "<|startoftranscript|>",
            "<|en|>",
            "<|fr|>",
            "<|transcribe|>",
            "<|nocaptions|>",
            "<|notimestamps|>",
            "<|0.00|>",
        ];
        let mut text = letters
            .chain(marks.map(str::to_owned))
            .collect::<Vec<_>>()
            .join("\n");
        text.push('\n');
        text
    }

    #[test]
    fn accents_come_out_of_two_tokens_and_halves_of_them_are_left_out() {
        let vocabulary = Vocabulary::parse(&bytes_and_marks()).unwrap();
        assert_eq!(vocabulary.len(), 264);
        let tokens: Vec<u32> = " fièvre".bytes().map(u32::from).collect();
        assert_eq!(vocabulary.text(&tokens), "fièvre");
        assert_eq!(vocabulary.text(&tokens[..4]), "fi");
        assert_eq!(vocabulary.text(&[9_999]), "");
    }

    #[test]
    fn marks_are_found_by_name_and_a_missing_one_is_named() {
        let text = bytes_and_marks();
        let vocabulary = Vocabulary::parse(&text).unwrap();
        assert_eq!(vocabulary.marks().start, 257);
        assert_eq!(
            vocabulary.marks().languages,
            [(Language::French, 259), (Language::English, 258)]
        );
        let without = text.replace("<|transcribe|>", "");
        assert_eq!(
            Vocabulary::parse(&without).unwrap_err(),
            VocabularyError::Missing("<|transcribe|>")
        );
    }
}
