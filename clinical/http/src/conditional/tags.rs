//! `If-Match` and `If-None-Match`: `*`, or a list of entity tags (RFC 9110 8.8.3, 13.1).

use core::fmt;

use axum::http::{HeaderMap, HeaderName};

use crate::error::ApiError;

/// More tags in one header are refused: each may cost a try.
pub(crate) const TAGS_MAX: usize = 8;

/// What a header names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    /// Whatever is there.
    Any,
    /// One of these.
    Listed(Vec<Tag>),
}

/// An entity tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    is_weak: bool,
    opaque: String,
}

impl Tags {
    /// Reads a header, of which there may be several lines.
    pub(crate) fn of(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, ApiError> {
        let malformed = || ApiError::malformed(name.as_str());
        let mut text = String::new();
        for line in headers.get_all(name) {
            let line = line.to_str().or(Err(malformed()))?;
            text.push_str(line);
            text.push(',');
        }
        if text.is_empty() {
            return Ok(None);
        }
        Self::parse(&text).map(Some).ok_or_else(malformed)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim_matches([',', ' ', '\t']);
        if rest == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        while !rest.is_empty() {
            let (tag, after) = Tag::first_of(rest)?;
            let after = after.trim_start_matches([' ', '\t']);
            if !after.is_empty() && !after.starts_with(',') {
                return None;
            }
            tags.push(tag);
            rest = after.trim_start_matches([',', ' ', '\t']);
        }
        let fits = !tags.is_empty() && tags.len() <= TAGS_MAX;
        fits.then_some(Self::Listed(tags))
    }

    /// Whether the tag of what is there is among these (weak comparison).
    pub(crate) fn name(&self, current: Option<&str>) -> bool {
        self.find(current, |_| true)
    }

    /// Whether the tag of what is there is among these, and neither is weak (strong comparison).
    pub(crate) fn strongly_name(&self, current: Option<&str>) -> bool {
        self.find(current, |tag| !tag.is_weak)
    }

    fn find(&self, current: Option<&str>, counts: impl Fn(&Tag) -> bool) -> bool {
        let current = current.and_then(Tag::first_of).map(|(tag, _)| tag);
        match self {
            Self::Any => true,
            Self::Listed(tags) => current.is_some_and(|current| {
                tags.iter()
                    .any(|it| counts(it) && it.opaque == current.opaque)
            }),
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weak = if self.is_weak { "W/" } else { "" };
        write!(f, "{weak}\"{}\"", self.opaque)
    }
}

impl Tag {
    fn first_of(text: &str) -> Option<(Self, &str)> {
        let (is_weak, quoted) = match text.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, text),
        };
        let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
        let is_opaque = opaque.bytes().all(|it| it > 0x20 && it != 0x7f);
        let opaque = opaque.to_owned();
        is_opaque.then_some((Self { is_weak, opaque }, after))
    }

    /// The version that a tag of ours names, with or without the digest of the answer: what a write
    /// must not overwrite is a version. A weak tag names none.
    pub(crate) fn version(&self) -> Option<u32> {
        let digits = self.opaque.split('.').next()?;
        let are_digits = digits.bytes().all(|it| it.is_ascii_digit());
        if self.is_weak || !are_digits {
            return None;
        }
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(text: &str) -> Option<Vec<Option<u32>>> {
        match Tags::parse(text)? {
            Tags::Any => None,
            Tags::Listed(tags) => Some(tags.iter().map(Tag::version).collect()),
        }
    }

    #[test]
    fn lists_are_read_as_the_rfc_writes_them() {
        assert_eq!(versions(r#""3""#), Some(vec![Some(3)]));
        assert_eq!(versions(r#""3.00ff""#), Some(vec![Some(3)]));
        assert_eq!(versions(r#"W/"3""#), Some(vec![None]));
        assert_eq!(
            versions("\"a,b\" ,, W/\"2\",\t\"4\","),
            Some(vec![None, None, Some(4)])
        );
        assert_eq!(versions(r#""""#), Some(vec![None]));
        assert_eq!(versions(r#""+3""#), Some(vec![None]));
        assert_eq!(Tags::parse(" * ,"), Some(Tags::Any));
    }

    #[test]
    fn what_is_no_list_of_tags_is_none() {
        for text in [
            "3",
            "\"3",
            "3\"",
            r#""1""2""#,
            r#""1" x"#,
            r#"*, "1""#,
            "",
            ",",
            r#"w/"1""#,
            "\"a b\"",
        ] {
            assert_eq!(Tags::parse(text), None, "{text}");
        }
        let many = "\"1\",".repeat(TAGS_MAX + 1);
        assert_eq!(Tags::parse(&many), None);
    }

    #[test]
    fn weak_tags_match_weakly_only() {
        let tags = Tags::parse(r#"W/"3.a""#).unwrap();
        assert!(tags.name(Some(r#""3.a""#)));
        assert!(!tags.name(Some(r#""3.b""#)));
        assert!(!tags.strongly_name(Some(r#""3.a""#)));
        assert!(!tags.name(None));
    }
}
