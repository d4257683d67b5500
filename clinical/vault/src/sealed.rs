//! Sealed values: `version (1) | nonce (12) | ciphertext | tag (16)`.

use aws_lc_rs::error::Unspecified;
use uuid::Uuid;

/// Bytes that sealing adds.
pub const SEALED_OVERHEAD_BYTES: usize = 1 + 12 + 16;

/// Where a value is stored. It is authenticated with the value: one that was copied to another
/// row or column does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    table: &'a str,
    column: &'a str,
    row: Uuid,
    version: u64,
}

impl<'a> Place<'a> {
    /// A column of the row with this id.
    #[must_use]
    pub const fn value(table: &'a str, column: &'a str, row: Uuid) -> Self {
        Self {
            table,
            column,
            row,
            version: 0,
        }
    }

    /// One version of a value that is never overwritten.
    #[must_use]
    pub const fn at_version(mut self, version: u64) -> Self {
        self.version = version;
        self
    }

    /// A wrapped key of a kind: `tenant`, `patient`.
    #[must_use]
    pub const fn key(kind: &'a str, owner: Uuid) -> Self {
        Self::value("keys", kind, owner)
    }

    /// What is authenticated: every part with its length before it, so that no two places are
    /// written alike.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.table.len() + self.column.len() + 40);
        for part in [self.table.as_bytes(), self.column.as_bytes()] {
            bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(self.row.as_bytes());
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes
    }
}

/// A value that was not sealed.
#[derive(Debug, thiserror::Error)]
#[error("a value could not be sealed")]
pub struct SealError(#[source] pub(crate) Unspecified);

/// A value that was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Too short, or of a version that this program does not know.
    #[error("not a sealed value")]
    Shape,
    /// Another key or place, or it was altered.
    #[error("a sealed value does not open")]
    Refused(#[source] Unspecified),
    /// A text that is not UTF-8.
    #[error("a sealed text is not UTF-8")]
    Text(#[source] std::string::FromUtf8Error),
}
