//! Reading a backup.

use std::io::{self, BufReader, Read};

use aws_lc_rs::digest::Context;
use flate2::bufread::DeflateDecoder;

use crate::manifest::{Closing, FORMAT};
use crate::records::{self, RecordKind};
use crate::seal::OpeningReader;
use crate::value::{RowError, read_row};
use crate::write::{sum, totals};
use crate::{BackupKey, Manifest, TableSum, Value};

/// Why a backup can not be read. Whatever was read before does not count then.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file can not be read, was changed or cut off, or has another key.
    #[error("the backup can not be read: {0}")]
    Io(#[from] io::Error),
    /// A later version of this program has written it.
    #[error("the backup has format {0}, which this version does not know")]
    Format(u8),
    /// A description of another shape.
    #[error("the backup describes itself in an unknown way")]
    Json(#[from] serde_json::Error),
    /// Records in an order that no version writes.
    #[error("a record of the backup is out of place")]
    Order,
    /// A row that does not fit its table.
    #[error("a row of the backup can not be read")]
    Row,
    /// The rows are not those that were counted and hashed.
    #[error("table {0} is not what was written")]
    Sum(String),
}

impl From<RowError> for ReadError {
    fn from(_: RowError) -> Self {
        Self::Row
    }
}

/// What comes next in a backup.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A file that lay beside the store.
    File {
        /// Its name, relative to the data directory.
        name: String,
        /// What was in it.
        content: Vec<u8>,
    },
    /// A row.
    Row {
        /// The number of its table in the manifest.
        table: usize,
        /// Its values, in the order of the columns.
        values: Vec<Value>,
    },
}

/// A backup that is being read.
pub struct ArchiveReader<R: Read> {
    input: DeflateDecoder<BufReader<OpeningReader<R>>>,
    manifest: Manifest,
    sums: Vec<(u64, Context)>,
    current: Option<usize>,
    files: u64,
    end: Option<Vec<TableSum>>,
    buffer: Vec<u8>,
}

impl<R: Read> ArchiveReader<R> {
    /// Opens a backup and reads its manifest.
    ///
    /// # Errors
    /// It is none, or has another key.
    pub fn new(input: R, key: &BackupKey) -> Result<Self, ReadError> {
        let opening = BufReader::new(OpeningReader::new(input, key)?);
        let mut input = DeflateDecoder::new(opening);
        let mut buffer = Vec::new();
        if records::read(&mut input, &mut buffer)? != Some(RecordKind::Manifest) {
            return Err(ReadError::Order);
        }
        let (&format, json) = buffer.split_first().ok_or(ReadError::Order)?;
        if format != FORMAT {
            return Err(ReadError::Format(format));
        }
        let manifest: Manifest = serde_json::from_slice(json)?;
        Ok(Self {
            input,
            sums: manifest.tables.iter().map(|_| sum()).collect(),
            manifest,
            current: None,
            files: 0,
            end: None,
            buffer,
        })
    }

    /// What the backup says about itself.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The next entry. Nothing more means that the whole backup was read and is what was written;
    /// before that, nothing of it may be kept.
    ///
    /// # Errors
    /// It is not what was written.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            let kind = records::read(&mut self.input, &mut self.buffer)?;
            match (kind, &self.end) {
                (None, Some(_)) => return self.is_over().map(|()| None),
                (None, None) | (Some(_), Some(_)) | (Some(RecordKind::Manifest), None) => {
                    return Err(ReadError::Order);
                }
                (Some(RecordKind::File), None) => return self.file().map(Some),
                (Some(RecordKind::Table), None) => self.table()?,
                (Some(RecordKind::Row), None) => return self.row().map(Some),
                (Some(RecordKind::Closing), None) => self.close()?,
            }
        }
    }

    /// Behind the deflate stream comes the end of the last chunk and nothing else.
    fn is_over(&mut self) -> Result<(), ReadError> {
        match self.input.get_mut().read(&mut [0])? {
            0 => Ok(()),
            _ => Err(ReadError::Order),
        }
    }

    /// What every table amounted to, once everything was read.
    #[must_use]
    pub fn sums(&self) -> Option<&[TableSum]> {
        self.end.as_deref()
    }

    fn file(&mut self) -> Result<Entry, ReadError> {
        let (length, rest) = self
            .buffer
            .split_first_chunk::<8>()
            .ok_or(ReadError::Order)?;
        let length = usize::try_from(u64::from_be_bytes(*length)).or(Err(ReadError::Order))?;
        let (name, content) = rest.split_at_checked(length).ok_or(ReadError::Order)?;
        self.files += 1;
        Ok(Entry::File {
            name: String::from_utf8(name.to_vec()).or(Err(ReadError::Order))?,
            content: content.to_vec(),
        })
    }

    fn table(&mut self) -> Result<(), ReadError> {
        let number = self
            .buffer
            .as_slice()
            .try_into()
            .or(Err(ReadError::Order))?;
        let number = usize::try_from(u64::from_be_bytes(number)).or(Err(ReadError::Order))?;
        let is_later = self.current.is_none_or(|current| current < number);
        if !is_later || number >= self.sums.len() {
            return Err(ReadError::Order);
        }
        self.current = Some(number);
        Ok(())
    }

    fn row(&mut self) -> Result<Entry, ReadError> {
        let table = self.current.ok_or(ReadError::Order)?;
        let columns = &self
            .manifest
            .tables
            .get(table)
            .ok_or(ReadError::Order)?
            .columns;
        let values = read_row(&self.buffer, columns.len())?;
        if !columns
            .iter()
            .zip(&values)
            .all(|(it, value)| it.kind.fits(value))
        {
            return Err(ReadError::Row);
        }
        let (rows, digest) = self.sums.get_mut(table).ok_or(ReadError::Order)?;
        *rows += 1;
        digest.update(&self.buffer);
        Ok(Entry::Row { table, values })
    }

    fn close(&mut self) -> Result<(), ReadError> {
        let closing: Closing = serde_json::from_slice(&self.buffer)?;
        let found = totals(&self.manifest, core::mem::take(&mut self.sums));
        if found.len() != closing.tables.len() || self.files != closing.files {
            return Err(ReadError::Order);
        }
        for (found, written) in found.iter().zip(&closing.tables) {
            if found != written {
                return Err(ReadError::Sum(found.name.clone()));
            }
        }
        self.end = Some(found);
        Ok(())
    }
}

impl<R: Read> core::fmt::Debug for ArchiveReader<R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ArchiveReader").finish_non_exhaustive()
    }
}
