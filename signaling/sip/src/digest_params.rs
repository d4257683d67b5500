//! The parameters of Digest headers (RFC 7616 section 3, RFC 8760).

use std::collections::BTreeMap;

use thiserror::Error;

/// Bytes of a header; real ones have some hundred.
const HEADER_BYTES_MAX: usize = 4_096;
/// Parameters of a header; real ones have about ten.
const PARAMS_MAX: usize = 32;

/// Why a header is none of Digest.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ParamsError {
    /// Another scheme, such as Basic.
    #[error("not Digest")]
    Scheme,
    /// Longer or with more parameters than anybody sends.
    #[error("too long")]
    Long,
    /// Not `name=value` or `name="value"`, separated by commas.
    #[error("not a list of parameters")]
    Form,
    /// The same parameter twice: two readers could see two things.
    #[error("a parameter stands twice")]
    Double,
}

/// Parameters by their names in small letters. Their values are not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestParams(BTreeMap<String, String>);

impl core::fmt::Debug for DigestParams {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl DigestParams {
    /// Reads the value of an `Authorization`, `Proxy-Authorization`, `WWW-Authenticate` or
    /// `Proxy-Authenticate` header.
    ///
    /// # Errors
    /// When it is not in that form.
    pub fn parse(header: &str) -> Result<Self, ParamsError> {
        if header.len() > HEADER_BYTES_MAX {
            return Err(ParamsError::Long);
        }
        let (scheme, mut rest) = header
            .trim_start()
            .split_once([' ', '\t'])
            .ok_or(ParamsError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return Err(ParamsError::Scheme);
        }
        let mut found = BTreeMap::new();
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                break;
            }
            let (name, after) = rest.split_once('=').ok_or(ParamsError::Form)?;
            let name = name.trim_end();
            if !is_token(name) {
                return Err(ParamsError::Form);
            }
            let (value, after) = value(after.trim_start_matches([' ', '\t']))?;
            if found.insert(name.to_ascii_lowercase(), value).is_some() {
                return Err(ParamsError::Double);
            }
            if found.len() > PARAMS_MAX {
                return Err(ParamsError::Long);
            }
            rest = after.trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with(',') {
                return Err(ParamsError::Form);
            }
        }
        Ok(Self(found))
    }

    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_token(text: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_one)
}

/// A token or a quoted string, and what stands behind it.
fn value(text: &str) -> Result<(String, &str), ParamsError> {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (token, rest) = text.split_at_checked(end).ok_or(ParamsError::Form)?;
        // Some quote nothing, base64 of a nonce included.
        let is_plain =
            !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
        return is_plain
            .then(|| (token.to_owned(), rest))
            .ok_or(ParamsError::Form);
    };
    let mut value = String::new();
    let mut characters = inside.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let rest = inside.get(at.saturating_add(1)..).unwrap_or_default();
                return Ok((value, rest));
            }
            '\\' => value.push(characters.next().ok_or(ParamsError::Form)?.1),
            '\r' | '\n' | '\0' => return Err(ParamsError::Form),
            _ => value.push(character),
        }
    }
    Err(ParamsError::Form)
}

/// A value as a quoted string.
pub(crate) fn quoted(value: &str) -> String {
    let mut text = String::from("\"");
    for character in value.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')) {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_commas_and_escapes_are_understood() {
        let read = DigestParams::parse(r#"digest a="x, \"y\"", B = c,,d="""#).unwrap();
        assert_eq!(read.get("a"), Some(r#"x, "y""#));
        assert_eq!(read.get("b"), Some("c"));
        assert_eq!(read.get("d"), Some(""));
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        let why = |text: &str| DigestParams::parse(text).unwrap_err();
        assert_eq!(why("Basic abc"), ParamsError::Scheme);
        assert_eq!(why("Digest a=1, A=2"), ParamsError::Double);
        assert_eq!(why("Digest a=\"1"), ParamsError::Form);
        assert_eq!(why("Digest a=\"1\"b=2"), ParamsError::Form);
        assert_eq!(why("Digest a"), ParamsError::Form);
        assert_eq!(
            why(&format!("Digest a={}", "x".repeat(5_000))),
            ParamsError::Long
        );
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read(value in "\\PC{0,60}") {
            let read = DigestParams::parse(&format!("Digest a={}, b=1", quoted(&value))).unwrap();
            prop_assert_eq!(read.get("a"), Some(value.as_str()));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,120}") {
            let _ = DigestParams::parse(&format!("Digest {text}"));
        }
    }
}
