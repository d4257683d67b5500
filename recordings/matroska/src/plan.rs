//! Where everything of a finished file will be.

use crate::ebml::{element, id, number, number_8, size_bytes, write_id, write_size, write_size_8};
use crate::head::{Media, TrackHead, info};

/// A cluster begins with a key frame after this time, so that a player seeks to it.
const CLUSTER_MS_MIN: u64 = 1_000;
/// And after this time with any frame. Blocks say their time relative to their cluster in 16 bits.
const CLUSTER_MS_MAX: u64 = 5_000;
/// And after this many bytes, so that a player need not read more at once.
const CLUSTER_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Clusters of a file: eleven days of the shortest ones. More are refused, so that a plan stays
/// below 40 MB.
const CLUSTERS_MAX: usize = 1_000_000;
/// The longest frame.
pub(crate) const BLOCK_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A block's own head: track, time, flags (RFC 9559 section 10.2).
pub(crate) const BLOCK_HEAD_BYTES: usize = 4;
/// A cluster's: id, size in eight bytes, and its time in eight.
const CLUSTER_HEAD_BYTES: u64 = 4 + 8 + 10;
/// A cue's, with everything in it.
const CUE_BYTES: usize = 27;

/// Frames that make no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A frame before its predecessor.
    #[error("frames of a file must not go back in time")]
    Order,
    /// A longer frame than any.
    #[error("a frame has at most {BLOCK_BYTES_MAX} bytes")]
    TooLong,
    /// More clusters than a file may have.
    #[error("a file has at most {CLUSTERS_MAX} clusters")]
    TooMany,
}

/// One cluster of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub(crate) at_ms: u64,
    pub(crate) blocks: u32,
    /// Bytes of its blocks.
    pub(crate) bytes: u64,
    /// Whether it begins with a key frame.
    is_key: bool,
}

/// Takes the sizes and times of all frames, in their order.
#[derive(Debug)]
pub struct Planner {
    head: TrackHead,
    clusters: Vec<Cluster>,
    last_ms: u64,
}

/// Bytes of a whole block element.
pub(crate) fn block_bytes(frame_bytes: usize) -> u64 {
    let content = frame_bytes + BLOCK_HEAD_BYTES;
    (1 + size_bytes(content) + content) as u64
}

impl Planner {
    /// A file of one track.
    #[must_use]
    pub const fn new(head: TrackHead) -> Self {
        Self {
            head,
            clusters: Vec::new(),
            last_ms: 0,
        }
    }

    /// Describes the track again, when all of it is known, such as its largest picture.
    pub fn describe(&mut self, head: TrackHead) {
        self.head = head;
    }

    /// Takes a frame: its time in milliseconds since the recording began, its length, and whether a
    /// decoder can begin with it.
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn add(&mut self, at_ms: u64, frame_bytes: usize, is_key: bool) -> Result<(), PlanError> {
        if at_ms < self.last_ms {
            return Err(PlanError::Order);
        }
        if frame_bytes > BLOCK_BYTES_MAX {
            return Err(PlanError::TooLong);
        }
        self.last_ms = at_ms;
        let is_video = matches!(self.head.media, Media::Video { .. });
        let bytes = block_bytes(frame_bytes);
        let is_full = self.clusters.len() >= CLUSTERS_MAX;
        match self.clusters.last_mut() {
            Some(last) if !begins_cluster(*last, at_ms, is_video && is_key) => {
                last.blocks += 1;
                last.bytes += bytes;
            }
            _ if is_full => return Err(PlanError::TooMany),
            _ => self.clusters.push(Cluster {
                at_ms,
                blocks: 1,
                bytes,
                is_key,
            }),
        }
        Ok(())
    }

    /// All frames are there; the file ends at a time in milliseconds since the recording began.
    #[must_use]
    pub fn finish(self, end_ms: u64) -> Plan {
        Plan {
            duration_ms: end_ms.max(self.last_ms),
            head: self.head,
            clusters: self.clusters,
        }
    }
}

/// Whether a frame begins a cluster of its own.
pub(crate) fn begins_cluster(last: Cluster, at_ms: u64, is_key_picture: bool) -> bool {
    let passed = at_ms.saturating_sub(last.at_ms);
    passed >= CLUSTER_MS_MAX
        || last.bytes >= CLUSTER_BYTES_MAX
        || is_key_picture && passed >= CLUSTER_MS_MIN
}

/// Where everything of a finished file will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    head: TrackHead,
    duration_ms: u64,
    pub(crate) clusters: Vec<Cluster>,
}

impl Plan {
    /// Everything before the first cluster: what kind of file it is, contents, description, index.
    pub(crate) fn front(&self) -> Vec<u8> {
        let (info, tracks) = (info(Some(self.duration_ms)), self.head.tracks());
        let cues_count = self.clusters.iter().filter(|it| it.is_key).count();
        let cues_bytes = if cues_count == 0 {
            0
        } else {
            4 + size_bytes(cues_count * CUE_BYTES) + cues_count * CUE_BYTES
        };
        // The contents have the same length wherever the rest is.
        let mut seek_bytes = seek_head(&[0; 3], cues_count > 0).len();
        let info_at = seek_bytes;
        seek_bytes += info.len();
        let tracks_at = seek_bytes;
        seek_bytes += tracks.len();
        let cues_at = seek_bytes;
        let clusters_at = (cues_at + cues_bytes) as u64;
        let clusters_bytes: u64 = self
            .clusters
            .iter()
            .map(|it| CLUSTER_HEAD_BYTES + it.bytes)
            .sum();
        let mut front = self.head.ebml();
        write_id(id::SEGMENT, &mut front);
        write_size_8(clusters_at + clusters_bytes, &mut front);
        let places = [info_at as u64, tracks_at as u64, cues_at as u64];
        front.extend_from_slice(&seek_head(&places, cues_count > 0));
        front.extend_from_slice(&info);
        front.extend_from_slice(&tracks);
        if cues_count > 0 {
            write_id(id::CUES, &mut front);
            write_size(cues_count * CUE_BYTES, &mut front);
            let mut at = clusters_at;
            for cluster in &self.clusters {
                if cluster.is_key {
                    cue(cluster.at_ms, at, &mut front);
                }
                at += CLUSTER_HEAD_BYTES + cluster.bytes;
            }
        }
        front
    }

    /// How long the whole file will be.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        let clusters = self.clusters.iter();
        let clusters: u64 = clusters.map(|it| CLUSTER_HEAD_BYTES + it.bytes).sum();
        self.front().len() as u64 + clusters
    }
}

impl Cluster {
    /// The head of the cluster.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        write_id(id::CLUSTER, &mut head);
        write_size_8(10 + self.bytes, &mut head);
        number_8(id::TIMESTAMP, self.at_ms, &mut head);
        head
    }
}

/// The head of a block up to the frame. Times beyond 16 bits do not occur within a cluster.
pub(crate) fn block_head(
    frame_bytes: usize,
    since_cluster_ms: u64,
    is_key: bool,
    to: &mut Vec<u8>,
) {
    write_id(id::SIMPLE_BLOCK, to);
    write_size(frame_bytes + BLOCK_HEAD_BYTES, to);
    let relative = i16::try_from(since_cluster_ms).unwrap_or(i16::MAX);
    to.push(0x81);
    to.extend_from_slice(&relative.to_be_bytes());
    to.push(if is_key { 0x80 } else { 0 });
}

fn seek_head(places: &[u64; 3], has_cues: bool) -> Vec<u8> {
    let ids = [id::INFO, id::TRACKS, id::CUES];
    let mut content = Vec::new();
    let count = if has_cues { 3 } else { 2 };
    for (id, place) in ids.into_iter().zip(places).take(count) {
        let mut seek = Vec::new();
        element(id::SEEK_ID, &id.to_be_bytes(), &mut seek);
        number_8(id::SEEK_POSITION, *place, &mut seek);
        element(id::SEEK, &seek, &mut content);
    }
    let mut head = Vec::new();
    element(id::SEEK_HEAD, &content, &mut head);
    head
}

fn cue(at_ms: u64, cluster_at: u64, to: &mut Vec<u8>) {
    let mut positions = Vec::new();
    number(id::CUE_TRACK, 1, &mut positions);
    number_8(id::CUE_CLUSTER_POSITION, cluster_at, &mut positions);
    let mut point = Vec::new();
    number_8(id::CUE_TIME, at_ms, &mut point);
    element(id::CUE_TRACK_POSITIONS, &positions, &mut point);
    element(id::CUE_POINT, &point, to);
}
