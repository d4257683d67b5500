//! Headers that make a write depend on what is there.

/// The header `ETag` of a version.
#[must_use]
pub fn etag(version: u32) -> String {
    format!("W/\"{version}\"")
}

/// Reads `If-Match` or `ifMatch`: `W/"3"`, also without the `W/` and the quotes that some clients
/// leave out. None when it is no version of ours.
#[must_use]
pub fn version_of(header: &str) -> Option<u32> {
    let plain = header.trim();
    let plain = plain.strip_prefix("W/").unwrap_or(plain);
    let plain = plain
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(plain);
    let digits = !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| plain.parse().ok()).flatten()
}

/// Splits a query into decoded pairs. A broken escape stays as it is.
#[must_use]
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let query = query.split_once('?').map_or(query, |(_, after)| after);
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut ahead = rest.clone();
                let pair = ahead.next().and_then(hex).zip(ahead.next().and_then(hex));
                match pair {
                    Some((high, low)) => {
                        bytes.push(high * 16 + low);
                        rest = ahead;
                    }
                    None => bytes.push(b'%'),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_version_is_read_as_clients_write_it() {
        assert_eq!(version_of("W/\"12\""), Some(12));
        assert_eq!(version_of("\"12\""), Some(12));
        assert_eq!(version_of("12"), Some(12));
        assert_eq!(version_of("*"), None);
        assert_eq!(version_of("W/\"-1\""), None);
        assert_eq!(version_of("W/\"99999999999\""), None);
    }

    #[test]
    fn a_query_is_decoded() {
        let read = |text: &str| pairs(text);
        assert_eq!(
            read("Patient?name=A%C3%A9+b&x"),
            [
                ("name".to_owned(), "A\u{e9} b".to_owned()),
                ("x".to_owned(), String::new()),
            ]
        );
        assert_eq!(read("a=%zz%"), [("a".to_owned(), "%zz%".to_owned())]);
    }

    proptest! {
        #[test]
        fn every_version_comes_back(version in any::<u32>()) {
            prop_assert_eq!(version_of(&etag(version)), Some(version));
        }
    }
}
