//! Writing a finished file in one direction.

use std::io::{self, Write};

use crate::plan::{Plan, block_bytes, block_head};

/// A finished file was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The bytes could not be written.
    #[error("a finished file cannot be written")]
    Io(#[from] io::Error),
    /// The frames are not those of the plan.
    #[error("the frames are not those that were planned")]
    NotPlanned,
}

/// Writes the frames of a plan.
#[derive(Debug)]
pub struct FinishedWriter<W> {
    out: W,
    plan: Plan,
    /// The cluster that is being written, and how many blocks and bytes of it are written.
    cluster: usize,
    blocks: u32,
    bytes: u64,
}

impl<W: Write> FinishedWriter<W> {
    /// Writes everything that comes before the frames.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(mut out: W, plan: Plan) -> Result<Self, WriteError> {
        out.write_all(&plan.front())?;
        Ok(Self {
            out,
            plan,
            cluster: 0,
            blocks: 0,
            bytes: 0,
        })
    }

    /// Writes the next frame of the plan.
    ///
    /// # Errors
    /// It cannot be written, or it is not the next one of the plan.
    pub fn write(&mut self, at_ms: u64, is_key: bool, frame: &[u8]) -> Result<(), WriteError> {
        let mut cluster = self.plan.clusters.get(self.cluster);
        if cluster.is_some_and(|it| it.blocks == self.blocks) {
            self.end_cluster()?;
            cluster = self.plan.clusters.get(self.cluster);
        }
        let Some(cluster) = cluster else {
            return Err(WriteError::NotPlanned);
        };
        let mut bytes = if self.blocks == 0 {
            cluster.head()
        } else {
            Vec::new()
        };
        let since = at_ms
            .checked_sub(cluster.at_ms)
            .ok_or(WriteError::NotPlanned)?;
        block_head(frame.len(), since, is_key, &mut bytes);
        self.out.write_all(&bytes)?;
        self.out.write_all(frame)?;
        self.blocks += 1;
        self.bytes += block_bytes(frame.len());
        Ok(())
    }

    fn end_cluster(&mut self) -> Result<(), WriteError> {
        let cluster = self.plan.clusters.get(self.cluster);
        if cluster.is_none_or(|it| it.bytes != self.bytes || it.blocks != self.blocks) {
            return Err(WriteError::NotPlanned);
        }
        (self.cluster, self.blocks, self.bytes) = (self.cluster + 1, 0, 0);
        Ok(())
    }

    /// The last frame was written.
    ///
    /// # Errors
    /// There are fewer frames than planned, or they cannot be written.
    pub fn finish(mut self) -> Result<W, WriteError> {
        if !self.plan.clusters.is_empty() {
            self.end_cluster()?;
        }
        if self.cluster != self.plan.clusters.len() {
            return Err(WriteError::NotPlanned);
        }
        self.out.flush()?;
        Ok(self.out)
    }
}
