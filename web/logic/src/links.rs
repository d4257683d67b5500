//! Links and paths that come from outside.

/// Whether a path stays on this site.
#[must_use]
pub fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains('\\')
}

/// The secret of a pasted link: what stands behind `#`, if it can be one.
#[must_use]
pub fn token_of(link: &str) -> Option<&str> {
    let (_, token) = link.trim().rsplit_once('#')?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.';
    (!token.is_empty() && token.bytes().all(fits)).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        assert!(is_local("/appointments?x=1"));
        for outside in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
        ] {
            assert!(!is_local(outside), "{outside}");
        }
    }

    #[test]
    fn a_link_is_read_with_the_blanks_that_copying_brings() {
        assert_eq!(
            token_of(" https://clinic.example/join#aB-_1 \n"),
            Some("aB-_1")
        );
        assert_eq!(token_of("https://clinic.example/join"), None);
        assert_eq!(token_of("https://clinic.example/join#a b"), None);
    }
}
