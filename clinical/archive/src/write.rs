//! Writing a backup.

use std::io::{self, Write};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::manifest::{Closing, FORMAT};
use crate::records::{self, RecordKind};
use crate::seal::SealingWriter;
use crate::value::write_row;
use crate::{BackupKey, Manifest, TableSum, Value};

/// Why a backup was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file can not be written.
    #[error("the backup can not be written")]
    Io(#[from] io::Error),
    /// The manifest is no JSON, which texts and numbers are.
    #[error("the manifest can not be written")]
    Json(#[from] serde_json::Error),
    /// A row has other values than its table has columns; the tables must come in their order.
    #[error("a row of table {0} does not fit its columns")]
    Shape(usize),
}

/// A backup that is being written.
pub struct ArchiveWriter<W: Write> {
    out: DeflateEncoder<SealingWriter<W>>,
    manifest: Manifest,
    sums: Vec<(u64, Context)>,
    current: Option<usize>,
    files: u64,
    buffer: Vec<u8>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins a backup.
    ///
    /// # Errors
    /// The file can not be written.
    pub fn new(out: W, key: &BackupKey, manifest: Manifest) -> Result<Self, WriteError> {
        let sealing = SealingWriter::new(out, key)?;
        let mut out = DeflateEncoder::new(sealing, Compression::fast());
        let mut body = vec![FORMAT];
        body.extend(serde_json::to_vec(&manifest)?);
        records::write(&mut out, RecordKind::Manifest, &body)?;
        Ok(Self {
            out,
            sums: manifest.tables.iter().map(|_| sum()).collect(),
            manifest,
            current: None,
            files: 0,
            buffer: Vec::new(),
        })
    }

    /// Adds a file that lies beside the store.
    ///
    /// # Errors
    /// The backup can not be written.
    pub fn file(&mut self, name: &str, content: &[u8]) -> Result<(), WriteError> {
        self.buffer.clear();
        self.buffer
            .extend_from_slice(&(name.len() as u64).to_be_bytes());
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.extend_from_slice(content);
        records::write(&mut self.out, RecordKind::File, &self.buffer)?;
        self.files += 1;
        Ok(())
    }

    /// Adds a row of the table with this number in the manifest. Tables come in order, and the rows
    /// of each in the order of its primary key.
    ///
    /// # Errors
    /// The row does not fit, or the backup can not be written.
    pub fn row(&mut self, table: usize, values: &[Value]) -> Result<(), WriteError> {
        let columns = self.manifest.tables.get(table).map(|table| &table.columns);
        let fits = columns.is_some_and(|columns| {
            columns.len() == values.len()
                && columns
                    .iter()
                    .zip(values)
                    .all(|(it, value)| it.kind.fits(value))
        });
        let Some((rows, digest)) = self.sums.get_mut(table) else {
            return Err(WriteError::Shape(table));
        };
        if !fits || self.current.is_some_and(|current| current > table) {
            return Err(WriteError::Shape(table));
        }
        if self.current != Some(table) {
            self.current = Some(table);
            let number = (table as u64).to_be_bytes();
            records::write(&mut self.out, RecordKind::Table, &number)?;
        }
        self.buffer.clear();
        write_row(values, &mut self.buffer);
        *rows += 1;
        digest.update(&self.buffer);
        records::write(&mut self.out, RecordKind::Row, &self.buffer)?;
        Ok(())
    }

    /// Ends the backup; answers with what was written into and the sums of all tables.
    ///
    /// # Errors
    /// The backup can not be written.
    pub fn finish(mut self) -> Result<(W, Vec<TableSum>), WriteError> {
        let tables = totals(&self.manifest, self.sums);
        let closing = Closing {
            tables: tables.clone(),
            files: self.files,
        };
        let body = serde_json::to_vec(&closing)?;
        records::write(&mut self.out, RecordKind::Closing, &body)?;
        Ok((self.out.finish()?.finish()?, tables))
    }
}

impl<W: Write> core::fmt::Debug for ArchiveWriter<W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ArchiveWriter").finish_non_exhaustive()
    }
}

pub(crate) fn sum() -> (u64, Context) {
    (0, Context::new(&SHA256))
}

pub(crate) fn totals(manifest: &Manifest, sums: Vec<(u64, Context)>) -> Vec<TableSum> {
    let sums = manifest.tables.iter().zip(sums);
    sums.map(|(table, (rows, digest))| TableSum {
        name: table.name.clone(),
        rows,
        sha256: hex(digest.finish().as_ref()),
    })
    .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
