//! The dependency descriptor, a header extension that tells which frames need which others without
//! a look into the payload (AV1 RTP specification, appendix A).
//!
//! A publisher sends a structure of templates with its key frames, and every packet names one of
//! them. [`Reader`] keeps the latest structure of one stream and answers what a packet says. For
//! subscribers the bytes go through as they came, with another frame number.

mod bits;
mod reader;
mod structure;
#[cfg(test)]
mod writer;

use str0m::rtp::{Extension, ExtensionSerializer, ExtensionValues};

pub(crate) use reader::{Described, Reader};
#[cfg(test)]
pub(crate) use writer::{key_frame, later_frame, two_by_two};

const URI: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
/// A longer value is not kept: with it a packet would not fit into one datagram any more. Chromium's
/// largest structure (L3T3) has some 100 bytes.
const BYTES_MAX: usize = 200;
/// More bytes than this need the two-byte form of header extensions (RFC 8285 section 4.2).
pub(crate) const ONE_BYTE_FORM_MAX: usize = 16;
/// Flags and template id, then the frame number.
const NUMBER_AT: core::ops::Range<usize> = 1..3;

/// A descriptor as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Raw(Box<[u8]>);

impl Raw {
    /// `None` for what cannot be a descriptor: shorter than its mandatory fields, or too long.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        (NUMBER_AT.end..=BYTES_MAX)
            .contains(&bytes.len())
            .then(|| Self(bytes.into()))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same with another frame number.
    pub(crate) fn numbered(mut self, number: u16) -> Self {
        if let Some(place) = self.0.get_mut(NUMBER_AT) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        self
    }
}

/// The extension, to be registered with an engine.
pub(crate) fn extension() -> Extension {
    Extension::with_serializer(URI, Serializer)
}

#[derive(Debug)]
pub(crate) struct Serializer;

impl ExtensionSerializer for Serializer {
    fn write_to(&self, buf: &mut [u8], values: &ExtensionValues) -> usize {
        let Some(raw) = values.user_values.get::<Raw>() else {
            return 0;
        };
        match buf.get_mut(..raw.0.len()) {
            Some(place) => {
                place.copy_from_slice(&raw.0);
                raw.0.len()
            }
            None => 0,
        }
    }

    fn parse_value(&self, buf: &[u8], values: &mut ExtensionValues) -> bool {
        let raw = Raw::new(buf);
        let fits = raw.is_some();
        if let Some(raw) = raw {
            values.user_values.set(raw);
        }
        fits
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }

    fn requires_two_byte_form(&self, values: &ExtensionValues) -> bool {
        values
            .user_values
            .get::<Raw>()
            .is_some_and(|raw| raw.0.len() > ONE_BYTE_FORM_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_number_is_the_only_thing_that_changes() {
        let raw = Raw::new(&[0xc1, 0, 9, 7, 7]).unwrap();
        assert_eq!(raw.numbered(0x1234).bytes(), [0xc1, 0x12, 0x34, 7, 7]);
        assert_eq!(Raw::new(&[0xc1, 0]), None);
        assert_eq!(Raw::new(&[0; BYTES_MAX + 1]), None);
    }

    #[test]
    fn a_long_value_asks_for_the_two_byte_form() {
        let mut values = ExtensionValues::default();
        assert!(Serializer.parse_value(&[0; 17], &mut values));
        assert!(Serializer.requires_two_byte_form(&values));
        assert!(Serializer.parse_value(&[0; 16], &mut values));
        assert!(!Serializer.requires_two_byte_form(&values));
        let mut buf = [9; 20];
        assert_eq!(Serializer.write_to(&mut buf, &values), 16);
        assert_eq!(Serializer.write_to(&mut buf[..8], &values), 0);
    }
}
