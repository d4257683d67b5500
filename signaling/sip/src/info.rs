//! Keys that come as SIP INFO instead of in the sound.

use sfu_phone::Digit;

/// Bytes of a body that is looked at; real ones have about thirty.
const BODY_BYTES_MAX: usize = 256;

/// What an INFO asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Info {
    /// A key was pressed.
    Key(Digit),
    /// It has no body: the other side looks whether the call still stands.
    Empty,
    /// Something else: 415 with `Accept: application/dtmf-relay, application/dtmf`.
    Unknown,
}

/// Reads an INFO: `application/dtmf-relay` with `Signal=5`, or `application/dtmf` with the key alone.
/// There the names of codes (`10` for `*`, `11` for `#`, RFC 4733 section 3.2) are taken as well.
#[must_use]
pub fn read_info(content_type: &str, body: &[u8]) -> Info {
    let Ok(text) = core::str::from_utf8(body) else {
        return Info::Unknown;
    };
    if body.len() > BODY_BYTES_MAX {
        return Info::Unknown;
    }
    if text.trim().is_empty() {
        return Info::Empty;
    }
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let signal = match kind.to_ascii_lowercase().as_str() {
        "application/dtmf-relay" => text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("signal")
                .then(|| value.trim())
        }),
        "application/dtmf" => Some(text.trim()),
        _ => None,
    };
    signal.and_then(key_of).map_or(Info::Unknown, Info::Key)
}

fn key_of(signal: &str) -> Option<Digit> {
    match signal {
        "10" => Digit::try_from('*').ok(),
        "11" => Digit::try_from('#').ok(),
        _ => {
            let mut characters = signal.chars();
            let key = characters.next()?;
            if characters.next().is_some() {
                return None;
            }
            Digit::try_from(key.to_ascii_uppercase()).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(content_type: &str, body: &str) -> Option<char> {
        match read_info(content_type, body.as_bytes()) {
            Info::Key(digit) => Some(digit.expose()),
            Info::Empty | Info::Unknown => None,
        }
    }

    #[test]
    fn both_forms_are_read() {
        let relay = "Application/DTMF-relay;charset=utf-8";
        assert_eq!(key(relay, "Signal=5\r\nDuration=160\r\n"), Some('5'));
        assert_eq!(key(relay, "Duration= 160\nsignal= #\n"), Some('#'));
        assert_eq!(key(relay, "Signal=11"), Some('#'));
        assert_eq!(key("application/dtmf", " d "), Some('D'));
        assert_eq!(read_info("", b""), Info::Empty);
    }

    #[test]
    fn anything_else_is_no_key() {
        assert_eq!(key("text/plain", "5"), None);
        assert_eq!(key("application/dtmf", "55"), None);
        assert_eq!(key("application/dtmf", "!"), None);
        assert_eq!(key("application/dtmf-relay", "Duration=160"), None);
        assert_eq!(read_info("application/dtmf", &[0xFF]), Info::Unknown);
    }

    proptest! {
        #[test]
        fn nothing_panics(kind in "\\PC{0,30}", body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read_info(&kind, &body);
            let _ = read_info("application/dtmf-relay", &body);
        }
    }
}
