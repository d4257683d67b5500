//! Text from outside, parsed once at the door.

use serde::{Deserialize, Serialize};

use crate::limits::{CHAT_CHARS_MAX, KEY_BYTES_MAX, SDP_BYTES_MAX};

/// Why a text from outside was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// Longer than its limit.
    #[error("the text is longer than {max}")]
    TooLong {
        /// The limit, in characters for chat and in bytes for session descriptions.
        max: usize,
    },
    /// A control character other than line feed and tab.
    #[error("the text has a control character")]
    Control,
    /// Something other than base64url (RFC 4648 section 5) in a key.
    #[error("the key is not base64url")]
    NotBase64Url,
    /// A session description that does not begin with `v=0`.
    #[error("not a session description")]
    NotSdp,
}

/// A chat message: trimmed, not empty, at most [`CHAT_CHARS_MAX`] characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChatText(String);

impl ChatText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ChatText {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(TextError::Empty);
        }
        if trimmed.chars().count() > CHAT_CHARS_MAX {
            return Err(TextError::TooLong {
                max: CHAT_CHARS_MAX,
            });
        }
        if trimmed
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t')
        {
            return Err(TextError::Control);
        }
        Ok(Self(trimmed.to_owned()))
    }
}

impl From<ChatText> for String {
    fn from(text: ChatText) -> Self {
        text.0
    }
}

/// A session description (RFC 8866) of bounded size. Its grammar is read by the SFU.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sdp(String);

impl Sdp {
    /// The description as it goes over the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for Sdp {
    /// Addresses stand in a description, so it never reaches a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Sdp({} bytes)", self.0.len())
    }
}

impl TryFrom<String> for Sdp {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        if text.len() > SDP_BYTES_MAX {
            return Err(TextError::TooLong { max: SDP_BYTES_MAX });
        }
        if !text.starts_with("v=0") {
            return Err(TextError::NotSdp);
        }
        Ok(Self(text))
    }
}

impl From<Sdp> for String {
    fn from(sdp: Sdp) -> Self {
        sdp.0
    }
}

/// A public or sealed key as base64url without padding. Only people in the visit can use it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyText(String);

impl KeyText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for KeyText {
    /// Keys never reach a log, not even sealed ones.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "KeyText({} bytes)", self.0.len())
    }
}

impl TryFrom<String> for KeyText {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.len() > KEY_BYTES_MAX {
            return Err(TextError::TooLong { max: KEY_BYTES_MAX });
        }
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !text.bytes().all(known) {
            return Err(TextError::NotBase64Url);
        }
        Ok(Self(text))
    }
}

impl From<KeyText> for String {
    fn from(key: KeyText) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_text_is_trimmed_and_bounded() {
        assert_eq!(
            ChatText::try_from("  hello\n".to_owned()).unwrap().as_str(),
            "hello"
        );
        assert_eq!(ChatText::try_from(" \n".to_owned()), Err(TextError::Empty));
        assert_eq!(
            ChatText::try_from("a\u{7}b".to_owned()),
            Err(TextError::Control)
        );
        let max = "é".repeat(CHAT_CHARS_MAX);
        assert!(ChatText::try_from(max.clone()).is_ok());
        assert_eq!(
            ChatText::try_from(max + "é"),
            Err(TextError::TooLong {
                max: CHAT_CHARS_MAX
            })
        );
    }

    #[test]
    fn a_key_is_bounded_and_does_not_print_itself() {
        let key = KeyText::try_from("AZaz09-_".to_owned()).unwrap();
        assert_eq!(format!("{key:?}"), "KeyText(8 bytes)");
        assert_eq!(KeyText::try_from(String::new()), Err(TextError::Empty));
        let foreign = KeyText::try_from("a=".to_owned());
        assert_eq!(foreign, Err(TextError::NotBase64Url));
        let long = KeyText::try_from("a".repeat(KEY_BYTES_MAX + 1));
        assert_eq!(long, Err(TextError::TooLong { max: KEY_BYTES_MAX }));
    }

    #[test]
    fn a_session_description_does_not_print_itself() {
        let sdp = Sdp::try_from("v=0\r\nc=IN IP4 192.0.2.1".to_owned()).unwrap();
        assert_eq!(format!("{sdp:?}"), "Sdp(23 bytes)");
        assert_eq!(Sdp::try_from("hello".to_owned()), Err(TextError::NotSdp));
    }
}
