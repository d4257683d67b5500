//! `kind (1) | length (8) | body`: what is inside the deflate stream.

use std::io::{self, Read, Write};

/// A record is not longer than this, in bytes: the largest upload and its seal fit several times.
pub(crate) const RECORD_BYTES_MAX: u64 = 256 << 20;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// JSON of the manifest; the first record and only there.
    Manifest = 1,
    /// A file beside the store: length of the name (8), name, content.
    File = 2,
    /// The number of the table to which the rows that follow belong (8).
    Table = 3,
    /// A row of that table.
    Row = 4,
    /// JSON of the sums; the last record and only there.
    Closing = 5,
}

pub(crate) fn write(out: &mut impl Write, kind: RecordKind, body: &[u8]) -> io::Result<()> {
    if body.len() as u64 > RECORD_BYTES_MAX {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a row is too long for a backup",
        ));
    }
    out.write_all(&[kind as u8])?;
    out.write_all(&(body.len() as u64).to_be_bytes())?;
    out.write_all(body)
}

/// Reads the next record into `body`; nothing at the end.
pub(crate) fn read(input: &mut impl Read, body: &mut Vec<u8>) -> io::Result<Option<RecordKind>> {
    let mut kind = [0];
    if input.read(&mut kind)? == 0 {
        return Ok(None);
    }
    let kind = match kind {
        [1] => RecordKind::Manifest,
        [2] => RecordKind::File,
        [3] => RecordKind::Table,
        [4] => RecordKind::Row,
        [5] => RecordKind::Closing,
        _ => return Err(unknown()),
    };
    let mut length = [0; 8];
    input.read_exact(&mut length)?;
    let length = u64::from_be_bytes(length);
    if length > RECORD_BYTES_MAX {
        return Err(unknown());
    }
    body.clear();
    if input.take(length).read_to_end(body)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(kind))
}

fn unknown() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a record of the backup is unknown",
    )
}
