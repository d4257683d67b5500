//! Where bytes come from, and why they are refused.

use std::io;

use crate::key::KeyError;
use crate::seal::SEGMENTS_MAX;

/// Bytes at places: a file, or memory in tests.
pub trait Source {
    /// How many bytes there are.
    ///
    /// # Errors
    /// The file cannot be asked.
    fn length(&self) -> io::Result<u64>;

    /// Fills the buffer from a place on.
    ///
    /// # Errors
    /// The file cannot be read there, or ends before.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

impl Source for [u8] {
    fn length(&self) -> io::Result<u64> {
        u64::try_from(self.len()).map_err(io::Error::other)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(offset)
            .ok()
            .and_then(|at| self.get(at..)?.get(..buffer.len()))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(from);
        Ok(())
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn length(&self) -> io::Result<u64> {
        (**self).length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        (**self).read_at(offset, buffer)
    }
}

/// Why a sealed file, or a part of it, is refused. Nothing of the part was given out.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read.
    #[error("a sealed file cannot be read")]
    Io(#[from] io::Error),
    /// Not a sealed file, or of another version.
    #[error("not a sealed file of a version that is known")]
    NotSealed,
    /// Of another recording, or another file of this one.
    #[error("a sealed file of another place")]
    Foreign,
    /// The file's key could not be derived.
    #[error("the key of a sealed file could not be made")]
    Key(#[from] KeyError),
    /// The file ends inside a segment.
    #[error("segment {segment} is cut off")]
    CutOff {
        /// From 0.
        segment: u32,
    },
    /// Something else stands where a segment should, or a segment of another place.
    #[error("segment {segment} is not what stands there")]
    Order {
        /// From 0.
        segment: u32,
    },
    /// The segment was changed, or sealed with another key.
    #[error("segment {segment} does not open")]
    Broken {
        /// From 0.
        segment: u32,
    },
    /// The file has more segments than it may have.
    #[error("a sealed file has at most {SEGMENTS_MAX} segments")]
    TooMany,
    /// The file is whole, but not the one that was signed: something is missing or was replaced.
    #[error("the file is not the one of the manifest")]
    NotSigned,
    /// Asked for what is beyond the end.
    #[error("the file has no such place")]
    OutOfRange,
}
