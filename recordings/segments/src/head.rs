//! The head of a sealed file.

use crate::key::{ID_BYTES, RecordingId};

/// Names the form of the file and its version; another version gets other bytes.
const MAGIC: &[u8; 8] = b"THSEAL01";
const SALT_BYTES: usize = 16;
/// Bytes of the head: `magic (8) | recording (16) | role (1) | number (4) | salt (16)`.
pub const HEAD_BYTES: usize = 8 + ID_BYTES + 1 + 4 + SALT_BYTES;

/// What a file is in its recording. The number tells apart files of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Frames of one track, as they were recorded.
    Track(u32),
    /// What happened; a new one for each process that works on the recording.
    Journal(u32),
    /// A finished file to be played.
    Finished(u32),
    /// The signed manifest.
    Manifest,
}

impl Role {
    const fn code(self) -> (u8, u32) {
        match self {
            Self::Track(number) => (1, number),
            Self::Journal(number) => (2, number),
            Self::Finished(number) => (3, number),
            Self::Manifest => (4, 0),
        }
    }

    const fn from_code(code: u8, number: u32) -> Option<Self> {
        match (code, number) {
            (1, number) => Some(Self::Track(number)),
            (2, number) => Some(Self::Journal(number)),
            (3, number) => Some(Self::Finished(number)),
            (4, 0) => Some(Self::Manifest),
            _ => None,
        }
    }

    /// The name of the file: it says no more than the head.
    #[must_use]
    pub fn file_name(self) -> String {
        match self {
            Self::Track(number) => format!("track-{number}.sealed"),
            Self::Journal(number) => format!("journal-{number}.sealed"),
            Self::Finished(number) => format!("finished-{number}.sealed"),
            Self::Manifest => "manifest.sealed".to_owned(),
        }
    }
}

/// A head that was read or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) recording: RecordingId,
    pub(crate) role: Role,
    pub(crate) salt: [u8; SALT_BYTES],
}

impl Head {
    pub(crate) fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let (code, number) = self.role.code();
        let number = number.to_be_bytes();
        let parts = [
            MAGIC.as_slice(),
            &self.recording.0,
            core::slice::from_ref(&code),
            &number,
            &self.salt,
        ];
        let mut bytes = [0; HEAD_BYTES];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    /// `None`: not the head of a sealed file of this version.
    pub(crate) fn parse(bytes: &[u8; HEAD_BYTES]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (recording, rest) = rest.split_first_chunk::<ID_BYTES>()?;
        let (&code, rest) = rest.split_first()?;
        let (number, rest) = rest.split_first_chunk::<4>()?;
        Some(Self {
            recording: RecordingId(*recording),
            role: Role::from_code(code, u32::from_be_bytes(*number))?,
            salt: rest.try_into().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        for role in [
            Role::Track(7),
            Role::Journal(0),
            Role::Finished(u32::MAX),
            Role::Manifest,
        ] {
            let head = Head {
                recording: RecordingId([3; 16]),
                role,
                salt: [9; 16],
            };
            assert_eq!(Head::parse(&head.to_bytes()), Some(head));
        }
        assert_eq!(Head::parse(&[0; HEAD_BYTES]), None);
    }
}
