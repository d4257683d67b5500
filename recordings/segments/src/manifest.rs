//! What a recording consists of, signed.

use serde::{Deserialize, Serialize};

use crate::key::{RecordingId, SigningKey, VerifyingKey, hex, unhex};
use crate::seal::Chain;

/// The only form of manifests.
const FORMAT: u8 = 1;
const SIGNATURE_BYTES: usize = 64;
/// Separates signatures of manifests from any other use of the same key.
const PURPOSE: &[u8] = b"telehealth recording manifest v1";
/// Longer ones are refused before they are parsed: 64 tracks with a thousand gaps each.
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// What a sealed file amounts to: equal sums mean equal files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileSum {
    /// How many segments.
    pub segments: u32,
    /// How many plain bytes.
    pub plain_bytes: u64,
    /// Where the chain of its hashes ends.
    #[serde(with = "as_hex")]
    pub chain: Chain,
}

/// A stretch of a track without frames, in microseconds since the recording began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Its beginning.
    pub from_us: u64,
    /// Its end.
    pub to_us: u64,
    /// Why there is nothing: a word of who recorded, such as `loss` or `muted`.
    pub why: String,
}

/// A track or a finished file of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackSum {
    /// The number in its [`Role`](crate::Role).
    pub number: u32,
    /// What it is, as a word of who recorded: `vp8`, `opus`, `mixdown`.
    pub content: String,
    /// Whose it is; an opaque number. `None` for what belongs to nobody alone.
    #[serde(with = "crate::key::person_hex")]
    pub person: Option<u128>,
    /// How many frames.
    pub frames: u64,
    /// When it begins, in microseconds since the recording began.
    pub from_us: u64,
    /// When it ends.
    pub to_us: u64,
    /// Where it has no frames.
    pub gaps: Vec<Gap>,
    /// The file.
    pub file: FileSum,
}

/// The description of a whole recording. It is written once, at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: u8,
    #[serde(with = "as_hex")]
    recording: [u8; 16],
    /// Whether a crash interrupted it and it was mended.
    pub is_recovered: bool,
    /// What was recorded.
    pub tracks: Vec<TrackSum>,
    /// What was made of it.
    pub finished: Vec<TrackSum>,
    /// The journals, by their number from 0 on.
    pub journals: Vec<FileSum>,
}

/// Why a manifest was not written or is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Too short or too long.
    #[error("not a manifest")]
    Shape,
    /// Changed, or signed by somebody else.
    #[error("the signature of the manifest is not valid")]
    Signature,
    /// A later version has written it.
    #[error("the manifest has format {0}, which this version does not know")]
    Format(u8),
    /// Of another recording.
    #[error("the manifest is of another recording")]
    Foreign,
    /// Signed, but not to be understood.
    #[error("the manifest describes the recording in an unknown way")]
    Json(#[from] serde_json::Error),
}

impl Manifest {
    /// An empty manifest of a recording.
    #[must_use]
    pub const fn new(recording: RecordingId) -> Self {
        Self {
            format: FORMAT,
            recording: recording.0,
            is_recovered: false,
            tracks: Vec::new(),
            finished: Vec::new(),
            journals: Vec::new(),
        }
    }

    /// Signs it: `signature (64) | JSON`.
    ///
    /// # Errors
    /// It cannot be written as JSON, or would be too long.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, ManifestError> {
        let json = serde_json::to_vec(self)?;
        if json.len() > BYTES_MAX {
            return Err(ManifestError::Shape);
        }
        let mut bytes = key.sign(&message(&json)).as_ref().to_vec();
        bytes.extend_from_slice(&json);
        Ok(bytes)
    }

    /// Reads a signed manifest; nothing is parsed before the signature is verified.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn verify(
        bytes: &[u8],
        key: &VerifyingKey,
        recording: RecordingId,
    ) -> Result<Self, ManifestError> {
        let (signature, json) = bytes
            .split_first_chunk::<SIGNATURE_BYTES>()
            .filter(|(_, json)| json.len() <= BYTES_MAX)
            .ok_or(ManifestError::Shape)?;
        if !key.accepts(&message(json), signature) {
            return Err(ManifestError::Signature);
        }
        let manifest = Self::parse(json)?;
        if manifest.recording != recording.0 {
            return Err(ManifestError::Foreign);
        }
        Ok(manifest)
    }

    /// Reads the JSON of a manifest.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, ManifestError> {
        /// Read first, because other formats may have other fields.
        #[derive(Deserialize)]
        struct Versioned {
            format: u8,
        }
        let versioned: Versioned = serde_json::from_slice(json)?;
        if versioned.format != FORMAT {
            return Err(ManifestError::Format(versioned.format));
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// The sum of a track, if it is in the manifest.
    #[must_use]
    pub fn track(&self, number: u32) -> Option<&TrackSum> {
        self.tracks.iter().find(|track| track.number == number)
    }

    /// The sum of a finished file, if it is in the manifest.
    #[must_use]
    pub fn finished(&self, number: u32) -> Option<&TrackSum> {
        self.finished.iter().find(|file| file.number == number)
    }
}

fn message(json: &[u8]) -> Vec<u8> {
    let mut message = PURPOSE.to_vec();
    message.extend_from_slice(json);
    message
}

/// Bytes as hexadecimal digits in JSON.
mod as_hex {
    use super::{hex, unhex};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        from: D,
    ) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(from)?;
        unhex(&text).ok_or_else(|| D::Error::custom("not the hexadecimal digits of a hash"))
    }
}
