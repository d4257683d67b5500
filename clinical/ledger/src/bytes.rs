//! A buffer that is written field by field, each field telling where it ends.

use core::fmt;

use uuid::Uuid;

use crate::Hash;

#[derive(Default)]
pub(crate) struct Bytes(Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl Bytes {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// A domain tag: a constant text without its length. No tag is the beginning of another.
    pub(crate) fn tag(&mut self, tag: &'static [u8]) {
        self.0.extend_from_slice(tag);
    }

    pub(crate) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn uuid(&mut self, value: Uuid) {
        self.0.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn hash(&mut self, value: Hash) {
        self.0.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn number(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn text(&mut self, value: &str) {
        // A length that a machine can address fits into 64 bits.
        self.0
            .extend_from_slice(&(value.len() as u64).to_be_bytes());
        self.0.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.byte(0),
            Some(value) => {
                self.byte(1);
                write(self, value);
            }
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn into_vec(self) -> Vec<u8> {
        self.0
    }
}
