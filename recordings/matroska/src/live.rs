//! Writing a file that may end anywhere.

use std::io::Write;

use crate::ebml::{UNKNOWN_SIZE, id, number_8, write_id};
use crate::head::{Media, TrackHead, info};
use crate::plan::{BLOCK_BYTES_MAX, PlanError, block_head};
use crate::write::WriteError;

/// A new cluster after this time at the latest: what a player has to skip when it joins.
const CLUSTER_MS_MAX: u64 = 5_000;

/// Writes frames as they come. Segment and clusters have no known size, so every beginning of the
/// file is a file.
#[derive(Debug)]
pub struct LiveWriter<W> {
    out: W,
    is_video: bool,
    cluster_ms: Option<u64>,
    last_ms: u64,
}

impl<W: Write> LiveWriter<W> {
    /// Writes everything that comes before the frames.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(mut out: W, head: &TrackHead) -> Result<Self, WriteError> {
        let mut front = head.ebml();
        write_id(id::SEGMENT, &mut front);
        front.extend_from_slice(&UNKNOWN_SIZE);
        front.extend_from_slice(&info(None));
        front.extend_from_slice(&head.tracks());
        out.write_all(&front)?;
        Ok(Self {
            out,
            is_video: matches!(head.media, Media::Video { .. }),
            cluster_ms: None,
            last_ms: 0,
        })
    }

    /// Writes a frame: its time in milliseconds, whether a decoder can begin with it, its bytes.
    ///
    /// # Errors
    /// It cannot be written, goes back in time, or is too long.
    pub fn write(&mut self, at_ms: u64, is_key: bool, frame: &[u8]) -> Result<(), WriteError> {
        if at_ms < self.last_ms || frame.len() > BLOCK_BYTES_MAX {
            let why = PlanError::Order;
            return Err(WriteError::Io(std::io::Error::other(why)));
        }
        self.last_ms = at_ms;
        let mut bytes = Vec::new();
        let cluster_ms = match self.cluster_ms {
            Some(begun) if at_ms - begun < CLUSTER_MS_MAX && !(self.is_video && is_key) => begun,
            _ => {
                write_id(id::CLUSTER, &mut bytes);
                bytes.extend_from_slice(&UNKNOWN_SIZE);
                number_8(id::TIMESTAMP, at_ms, &mut bytes);
                self.cluster_ms = Some(at_ms);
                at_ms
            }
        };
        block_head(frame.len(), at_ms - cluster_ms, is_key, &mut bytes);
        self.out.write_all(&bytes)?;
        self.out.write_all(frame)?;
        Ok(())
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.out
    }
}
