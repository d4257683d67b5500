//! Chunks of AES-256-GCM: `length (4) | ciphertext and tag`, after the head of the file.
//!
//! The nonce of a chunk is its number and whether it is the last one, so that chunks can not be
//! swapped, repeated, dropped or cut off at the end.

use std::io::{self, Read, Write};

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};

use crate::BackupKey;

/// What a file begins with.
const MAGIC: &[u8; 16] = b"telehealth-bak1\n";
/// The random part of the head.
const ID_BYTES: usize = 16;
/// Plain bytes of a chunk: enough that the tag costs nothing, few enough to hold in memory.
const CHUNK_BYTES: usize = 1 << 16;
const TAG_BYTES: usize = 16;

/// A file that is not what was written, inside an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealFault {
    #[error("not a backup file of this program")]
    Magic,
    #[error("the backup was changed or cut off, or this is not its key")]
    Opens,
    #[error("something follows the end of the backup")]
    Trailing,
    #[error("the cryptographic library failed")]
    Library,
}

impl From<SealFault> for io::Error {
    fn from(fault: SealFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}

fn nonce(number: u64, is_last: bool) -> Nonce {
    let mut bytes = [0; 12];
    let (last, rest) = bytes.split_at_mut(4);
    last.copy_from_slice(&u32::from(is_last).to_be_bytes());
    rest.copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// Seals what is written into it.
pub(crate) struct SealingWriter<W> {
    out: W,
    key: LessSafeKey,
    chunk: Vec<u8>,
    number: u64,
}

impl<W: Write> SealingWriter<W> {
    pub(crate) fn new(mut out: W, key: &BackupKey) -> io::Result<Self> {
        let mut head = [0; MAGIC.len() + ID_BYTES];
        let (magic, id) = head.split_at_mut(MAGIC.len());
        magic.copy_from_slice(MAGIC);
        aws_lc_rs::rand::fill(id).map_err(|_unspecified| SealFault::Library)?;
        out.write_all(&head)?;
        let key = key
            .for_file(&head)
            .map_err(|_unspecified| SealFault::Library)?;
        Ok(Self {
            out,
            key,
            chunk: Vec::with_capacity(CHUNK_BYTES + TAG_BYTES),
            number: 0,
        })
    }

    fn put(&mut self, is_last: bool) -> io::Result<()> {
        self.key
            .seal_in_place_append_tag(nonce(self.number, is_last), Aad::empty(), &mut self.chunk)
            .map_err(|_unspecified| SealFault::Library)?;
        let length = u32::try_from(self.chunk.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&self.chunk)?;
        self.chunk.clear();
        self.number += 1;
        Ok(())
    }

    /// Writes the last chunk.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for SealingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.chunk.len() >= CHUNK_BYTES {
            self.put(false)?;
        }
        let room = CHUNK_BYTES - self.chunk.len();
        let (now, _later) = bytes.split_at(room.min(bytes.len()));
        self.chunk.extend_from_slice(now);
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Opens what a [`SealingWriter`] wrote.
pub(crate) struct OpeningReader<R> {
    input: R,
    key: LessSafeKey,
    chunk: Vec<u8>,
    /// How much of `chunk` was given out.
    given: usize,
    number: u64,
    is_over: bool,
}

impl<R: Read> OpeningReader<R> {
    pub(crate) fn new(mut input: R, key: &BackupKey) -> io::Result<Self> {
        let mut head = [0; MAGIC.len() + ID_BYTES];
        input
            .read_exact(&mut head)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => SealFault::Magic.into(),
                _ => error,
            })?;
        if !head.starts_with(MAGIC) {
            return Err(SealFault::Magic.into());
        }
        let key = key
            .for_file(&head)
            .map_err(|_unspecified| SealFault::Library)?;
        Ok(Self {
            input,
            key,
            chunk: Vec::new(),
            given: 0,
            number: 0,
            is_over: false,
        })
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let cut_off = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => SealFault::Opens.into(),
            _ => error,
        };
        let mut length = [0; 4];
        self.input.read_exact(&mut length).map_err(cut_off)?;
        let length = usize::try_from(u32::from_be_bytes(length)).or(Err(SealFault::Opens))?;
        if !(TAG_BYTES..=CHUNK_BYTES + TAG_BYTES).contains(&length) {
            return Err(SealFault::Opens.into());
        }
        self.chunk.resize(length, 0);
        self.input.read_exact(&mut self.chunk).map_err(cut_off)?;
        // A chunk that does not open as one in the middle may be the last one. A failed opening
        // leaves its buffer unusable, so the second try needs a copy.
        let sealed = self.chunk.clone();
        let plain = match open(&self.key, self.number, false, &mut self.chunk) {
            Some(plain) => plain,
            None => {
                self.chunk = sealed;
                self.is_over = true;
                open(&self.key, self.number, true, &mut self.chunk).ok_or(SealFault::Opens)?
            }
        };
        self.chunk.truncate(plain);
        self.given = 0;
        self.number += 1;
        if self.is_over && self.input.read(&mut [0])? != 0 {
            return Err(SealFault::Trailing.into());
        }
        Ok(())
    }
}

/// Opens a chunk in place; answers with the length of what was inside.
fn open(key: &LessSafeKey, number: u64, is_last: bool, chunk: &mut [u8]) -> Option<usize> {
    key.open_in_place(nonce(number, is_last), Aad::empty(), chunk)
        .ok()
        .map(|plain| plain.len())
}

impl<R: Read> Read for OpeningReader<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.given == self.chunk.len() {
            if self.is_over {
                return Ok(0);
            }
            self.next_chunk()?;
        }
        let rest = self.chunk.get(self.given..).unwrap_or_default();
        let length = rest.len().min(to.len());
        let (to, _) = to.split_at_mut(length);
        to.copy_from_slice(rest.get(..length).unwrap_or_default());
        self.given += length;
        Ok(length)
    }
}
