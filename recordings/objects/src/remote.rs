//! A file of the store as a source of sealed bytes.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _};
use recordings_segments::{Source, landmarks};
use tokio::runtime::Handle;

use crate::objects::{Objects, ObjectsError};

/// Ranges that are asked for at once while a file is opened: one answer takes as long as the way there
/// and back, and there is one range for each megabyte.
const ASKED_AT_ONCE: usize = 16;

/// Bytes that are fetched with what is read, because what follows is read next: a seal covers 16 KiB,
/// and a store should not be asked for each.
const AHEAD_BYTES: u64 = 512 * 1024;

/// A file of the store. What must be read to open it was fetched together; everything else is fetched
/// when it is read, with some of what follows. Reading blocks, so it belongs on a thread that may.
pub struct Remote {
    objects: Objects,
    recording: String,
    file: String,
    length: u64,
    landmarks: Arc<BTreeMap<u64, Vec<u8>>>,
    runtime: Handle,
    /// What was fetched last, and from where on.
    latest: Mutex<(u64, Vec<u8>)>,
}

impl Clone for Remote {
    /// Shares what opening needs, and reads at a place of its own.
    fn clone(&self) -> Self {
        Self {
            objects: self.objects.clone(),
            recording: self.recording.clone(),
            file: self.file.clone(),
            length: self.length,
            landmarks: Arc::clone(&self.landmarks),
            runtime: self.runtime.clone(),
            latest: Mutex::default(),
        }
    }
}

impl core::fmt::Debug for Remote {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Remote({} bytes)", self.length)
    }
}

impl Remote {
    /// Finds a file, and fetches what opening it needs.
    ///
    /// # Errors
    /// [`ObjectsError`]
    pub async fn find(
        objects: &Objects,
        recording: &str,
        file: &str,
    ) -> Result<Self, ObjectsError> {
        let length = objects.length(recording, file).await?;
        let fetched = futures_util::stream::iter(landmarks(length))
            .map(|range| async move {
                let bytes = objects.range(recording, file, range.clone()).await?;
                Ok::<_, ObjectsError>((range.start, bytes))
            })
            .buffer_unordered(ASKED_AT_ONCE)
            .try_collect()
            .await?;
        Ok(Self {
            objects: objects.clone(),
            recording: recording.to_owned(),
            file: file.to_owned(),
            length,
            landmarks: Arc::new(fetched),
            runtime: Handle::current(),
            latest: Mutex::default(),
        })
    }

    /// Bytes that opening needs, if it is these.
    fn remembered(&self, range: &Range<u64>) -> Option<&[u8]> {
        let (start, bytes) = self.landmarks.range(..=range.start).next_back()?;
        part(*start, bytes, range)
    }
}

/// What a stretch of bytes has of a range, if it has all of it.
fn part<'a>(start: u64, bytes: &'a [u8], range: &Range<u64>) -> Option<&'a [u8]> {
    let from = usize::try_from(range.start.checked_sub(start)?).ok()?;
    let length = usize::try_from(range.end - range.start).ok()?;
    bytes.get(from..from.checked_add(length)?)
}

impl Source for Remote {
    fn length(&self) -> io::Result<u64> {
        Ok(self.length)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let range = offset..offset.saturating_add(buffer.len() as u64);
        if range.end > self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(bytes) = self.remembered(&range) {
            buffer.copy_from_slice(bytes);
            return Ok(());
        }
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if part(latest.0, &latest.1, &range).is_none() {
            let ahead = offset.saturating_add(AHEAD_BYTES).min(self.length);
            let wanted = offset..range.end.max(ahead);
            let asked = self.objects.range(&self.recording, &self.file, wanted);
            let bytes = self.runtime.block_on(asked).map_err(io::Error::other)?;
            *latest = (offset, bytes);
        }
        let bytes = part(latest.0, &latest.1, &range).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}
