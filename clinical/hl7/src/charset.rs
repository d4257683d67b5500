//! The character sets of MSH-18 (table 0211) that are read.

/// How the bytes of a message are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Seven bits; also what a message has that names none.
    Ascii,
    /// UTF-8.
    Utf8,
    /// ISO 8859-1: one byte, one character.
    Latin1,
}

impl Charset {
    /// The word in MSH-18.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ascii => "ASCII",
            Self::Utf8 => "UNICODE UTF-8",
            Self::Latin1 => "8859/1",
        }
    }

    /// The character set of a word; none for one that is not read.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "" | "ASCII" => Some(Self::Ascii),
            "UNICODE UTF-8" | "UTF-8" => Some(Self::Utf8),
            "8859/1" => Some(Self::Latin1),
            _ => None,
        }
    }

    /// The text of bytes; none when they are not of this character set.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Ascii if !bytes.is_ascii() => None,
            Self::Ascii | Self::Utf8 => core::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Latin1 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        }
    }

    /// The bytes of a text; what the character set does not have becomes a question mark.
    #[must_use]
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Ascii => text
                .chars()
                .map(|it| if it.is_ascii() { it } else { '?' })
                .map(|it| u8::try_from(it).unwrap_or(b'?'))
                .collect(),
            Self::Latin1 => text
                .chars()
                .map(|it| u8::try_from(it).unwrap_or(b'?'))
                .collect(),
        }
    }
}
