//! Signed statements about where a chain stood, to be kept outside the database.
//!
//! A file of checkpoints is a chain too: each names its own number and the hash of the one before
//! it, over all tenants, so that a line in the middle can not go missing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bytes::Bytes;
use crate::key::SIGNATURE_BYTES;
use crate::{CheckpointKey, Hash, KeyError, KeyId, PublicKey};

/// The version of lines and signed bytes that this crate writes.
pub const CHECKPOINT_FORMAT: u8 = 1;
/// A line is shorter than this, in bytes; a longer one is refused unread.
pub const LINE_BYTES_MAX: usize = 1_024;

const SIGNED_TAG: &[u8] = b"telehealth audit checkpoint\n";
const LINK_TAG: &[u8] = b"telehealth audit checkpoint link\n";
const FIRST_TAG: &[u8] = b"telehealth audit checkpoint first\n";

/// Where the chain of one tenant stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The number of this checkpoint in its file, over all tenants: 1, 2, 3 without gaps.
    pub number: i64,
    /// The hash of the checkpoint before it; see [`Checkpoint::hash`].
    pub previous: Hash,
    /// Whose chain.
    pub tenant: Uuid,
    /// The number of the newest event, which is also how many events there were.
    pub seq: i64,
    /// The hash of that event.
    pub head: Hash,
    /// When it was signed, in UTC microseconds.
    pub at_us: i64,
}

impl Checkpoint {
    /// What the first checkpoint of a file names as the one before it.
    #[must_use]
    pub fn first() -> Hash {
        Hash::of(FIRST_TAG)
    }

    /// What the next checkpoint of the file names.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&self.bytes(LINK_TAG))
    }

    /// The fields in a fixed order, each of a fixed length.
    fn bytes(&self, tag: &'static [u8]) -> Vec<u8> {
        let mut bytes = Bytes::default();
        bytes.tag(tag);
        bytes.byte(CHECKPOINT_FORMAT);
        bytes.number(self.number);
        bytes.hash(self.previous);
        bytes.uuid(self.tenant);
        bytes.number(self.seq);
        bytes.hash(self.head);
        bytes.number(self.at_us);
        bytes.into_vec()
    }
}

/// A checkpoint with its signature: one line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    key: KeyId,
    signature: [u8; SIGNATURE_BYTES],
}

/// Why a line is not a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Longer than [`LINE_BYTES_MAX`].
    #[error("the line is too long")]
    TooLong,
    /// Not the JSON of a checkpoint.
    #[error("the line is not the JSON of a checkpoint")]
    Json(#[source] serde_json::Error),
    /// Written by a later version of this program.
    #[error("format {0} is not known to this version")]
    Format(u8),
    /// A hash or a key id is misspelt.
    #[error("a hash is misspelt")]
    Hash(#[source] crate::HashError),
    /// The signature is not base64.
    #[error("the signature is not base64")]
    Base64(#[source] base64::DecodeError),
    /// The signature has another length than Ed25519 gives it.
    #[error("the signature has the wrong length")]
    Signature,
}

/// The JSON of a line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    format: u8,
    number: i64,
    previous: String,
    tenant: Uuid,
    seq: i64,
    head: String,
    at_us: i64,
    key: String,
    signature: String,
}

impl SignedCheckpoint {
    /// What was signed. It means something only after [`is_signed_by`](Self::is_signed_by).
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The key that says it has signed.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// Whether this key has signed these fields.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.key == key.id() && key.has_signed(&self.checkpoint.bytes(SIGNED_TAG), &self.signature)
    }

    /// The line of the file, without its line break.
    ///
    /// # Errors
    /// JSON failed, which numbers and texts do not.
    pub fn to_line(self) -> Result<String, LineError> {
        let Checkpoint {
            number,
            previous,
            tenant,
            seq,
            head,
            at_us,
        } = self.checkpoint;
        serde_json::to_string(&Line {
            format: CHECKPOINT_FORMAT,
            number,
            previous: previous.to_string(),
            tenant,
            seq,
            head: head.to_string(),
            at_us,
            key: self.key.to_string(),
            signature: URL_SAFE_NO_PAD.encode(self.signature),
        })
        .map_err(LineError::Json)
    }

    /// Reads a line. This does not verify the signature.
    ///
    /// # Errors
    /// When the line has another shape.
    pub fn from_line(line: &str) -> Result<Self, LineError> {
        if line.len() > LINE_BYTES_MAX {
            return Err(LineError::TooLong);
        }
        let line: Line = serde_json::from_str(line).map_err(LineError::Json)?;
        if line.format != CHECKPOINT_FORMAT {
            return Err(LineError::Format(line.format));
        }
        let signature = URL_SAFE_NO_PAD
            .decode(&line.signature)
            .map_err(LineError::Base64)?;
        Ok(Self {
            checkpoint: Checkpoint {
                number: line.number,
                previous: line.previous.parse().map_err(LineError::Hash)?,
                tenant: line.tenant,
                seq: line.seq,
                head: line.head.parse().map_err(LineError::Hash)?,
                at_us: line.at_us,
            },
            key: line.key.parse().map_err(LineError::Hash)?,
            signature: signature.try_into().or(Err(LineError::Signature))?,
        })
    }
}

/// The service's side: signs checkpoints, each behind the last.
#[derive(Debug)]
pub struct Signer {
    key: CheckpointKey,
    number: i64,
    previous: Hash,
}

impl Signer {
    /// Continues behind the last checkpoint of the file, or begins a file.
    #[must_use]
    pub fn after(last: Option<&SignedCheckpoint>, key: CheckpointKey) -> Self {
        let last = last.map(SignedCheckpoint::checkpoint);
        Self {
            key,
            number: last.map_or(0, |last| last.number),
            previous: last.map_or_else(Checkpoint::first, Checkpoint::hash),
        }
    }

    /// Signs that the newest event of `tenant` at `at_us` is number `seq` with the hash `head`.
    ///
    /// The next call continues behind this checkpoint, so it must be in the file by then.
    ///
    /// # Errors
    /// When signing fails; nothing has changed then.
    pub fn sign(
        &mut self,
        tenant: Uuid,
        seq: i64,
        head: Hash,
        at_us: i64,
    ) -> Result<SignedCheckpoint, KeyError> {
        let checkpoint = Checkpoint {
            number: self.number.saturating_add(1),
            previous: self.previous,
            tenant,
            seq,
            head,
            at_us,
        };
        let signature = self.key.sign(&checkpoint.bytes(SIGNED_TAG))?;
        self.number = checkpoint.number;
        self.previous = checkpoint.hash();
        Ok(SignedCheckpoint {
            checkpoint,
            key: self.key.public().id(),
            signature,
        })
    }
}
