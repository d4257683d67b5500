//! Master keys: a file outside the database.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::data_key::DataKey;
use crate::sealed::{OpenError, Place, SealError};

/// The word in front of every key of the file.
const PREFIX: &str = "telehealth-master-key-v1:";

/// Older keys are kept only until everything is wrapped anew.
const KEYS_MAX: usize = 8;

/// A key as it is stored: `id of the master key (8) | sealed secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped(pub Vec<u8>);

/// A key file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// No line with a key, or too many.
    #[error("a master key file has 1 to {KEYS_MAX} keys, one a line")]
    Count,
    /// A line that is no key.
    #[error("line {line} of the master key file is no key")]
    Line {
        /// From 1.
        line: usize,
    },
    /// A key that the library refuses.
    #[error("a master key cannot be used")]
    Key(#[source] SealError),
}

/// A wrapped key that was not unwrapped.
#[derive(Debug, thiserror::Error)]
pub enum UnwrapError {
    /// None of the master keys of this process wrapped it.
    #[error("the key was wrapped by another master key")]
    UnknownMaster,
    /// Not a wrapped key.
    #[error("not a wrapped key")]
    Shape,
    /// Meant for another owner, or altered.
    #[error("a wrapped key does not open")]
    Open(#[source] OpenError),
    /// It could not be wrapped again.
    #[error("a key could not be wrapped")]
    Seal(#[source] SealError),
}

/// The current master key and older ones that still open.
pub struct MasterKeys {
    current: (KeyId, DataKey),
    older: Vec<(KeyId, DataKey)>,
}

type KeyId = [u8; 8];

impl core::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "MasterKeys({} older)", self.older.len())
    }
}

impl MasterKeys {
    /// One new key.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn generate() -> Result<Self, SealError> {
        Ok(Self {
            current: named(DataKey::generate()?),
            older: Vec::new(),
        })
    }

    /// Reads a key file: one key a line, the current one first, `#` begins a comment.
    ///
    /// # Errors
    /// The text is something else.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let mut keys = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let bytes = text
                .strip_prefix(PREFIX)
                .and_then(|body| STANDARD.decode(body).ok())
                .map(Zeroizing::new)
                .ok_or(KeyFileError::Line { line })?;
            let secret: [u8; 32] = bytes
                .as_slice()
                .try_into()
                .or(Err(KeyFileError::Line { line }))?;
            let key = DataKey::from_secret(Zeroizing::new(secret)).map_err(KeyFileError::Key)?;
            keys.push(named(key));
        }
        if keys.is_empty() || keys.len() > KEYS_MAX {
            return Err(KeyFileError::Count);
        }
        Ok(Self {
            current: keys.remove(0),
            older: keys,
        })
    }

    /// The text of the key file.
    #[must_use]
    pub fn to_file(&self) -> String {
        let mut text =
            String::from("# Whoever has these keys can read the store. The first is current.\n");
        for (_, key) in core::iter::once(&self.current).chain(&self.older) {
            text.push_str(PREFIX);
            text.push_str(&STANDARD.encode(key.secret()));
            text.push('\n');
        }
        text
    }

    /// Puts a new key first; the others go on opening.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn rotate(self) -> Result<Self, SealError> {
        let mut older = vec![self.current];
        older.extend(self.older);
        Ok(Self {
            current: named(DataKey::generate()?),
            older,
        })
    }

    /// True when this key was wrapped by the current master key.
    #[must_use]
    pub fn is_current(&self, wrapped: &Wrapped) -> bool {
        wrapped.0.starts_with(&self.current.0)
    }

    /// Seals a value that belongs to no tenant: `id of the master key (8) | sealed value`.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, master) = &self.current;
        let mut bytes = id.to_vec();
        bytes.append(&mut master.seal(place, value)?);
        Ok(bytes)
    }

    /// Opens what [`MasterKeys::seal`] sealed, by these or by older keys.
    ///
    /// # Errors
    /// It was sealed by another master key, for another place, or altered.
    pub fn open(&self, place: Place<'_>, bytes: &[u8]) -> Result<Vec<u8>, UnwrapError> {
        let (id, sealed) = bytes.split_first_chunk::<8>().ok_or(UnwrapError::Shape)?;
        let (_, master) = core::iter::once(&self.current)
            .chain(&self.older)
            .find(|(known, _)| known == id)
            .ok_or(UnwrapError::UnknownMaster)?;
        master.open(place, sealed).map_err(UnwrapError::Open)
    }

    pub(crate) fn wrap(&self, place: Place<'_>, key: &DataKey) -> Result<Wrapped, SealError> {
        self.seal(place, key.secret()).map(Wrapped)
    }

    pub(crate) fn unwrap(
        &self,
        place: Place<'_>,
        wrapped: &Wrapped,
    ) -> Result<DataKey, UnwrapError> {
        key_of(self.open(place, &wrapped.0)?)
    }
}

impl DataKey {
    /// Makes the key of a patient: what is stored of it, and the key.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn new_inner(&self, kind: &str, owner: uuid::Uuid) -> Result<(Vec<u8>, Self), SealError> {
        let key = Self::generate()?;
        Ok((self.seal(Place::key(kind, owner), key.secret())?, key))
    }

    /// Opens the key of a patient.
    ///
    /// # Errors
    /// It was made by another key, for another owner, or altered.
    pub fn open_inner(
        &self,
        kind: &str,
        owner: uuid::Uuid,
        wrapped: &[u8],
    ) -> Result<Self, UnwrapError> {
        let place = Place::key(kind, owner);
        key_of(self.open(place, wrapped).map_err(UnwrapError::Open)?)
    }
}

fn key_of(secret: Vec<u8>) -> Result<DataKey, UnwrapError> {
    let secret = Zeroizing::new(secret);
    let secret: [u8; 32] = secret.as_slice().try_into().or(Err(UnwrapError::Shape))?;
    DataKey::from_secret(Zeroizing::new(secret)).map_err(UnwrapError::Seal)
}

fn named(key: DataKey) -> (KeyId, DataKey) {
    let mut text = b"telehealth master key id".to_vec();
    text.extend_from_slice(key.secret());
    let text = Zeroizing::new(text);
    let hash = digest(&SHA256, &text);
    let mut id = [0; 8];
    for (to, from) in id.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    (id, key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_key_file_is_read_back() {
        let keys = MasterKeys::generate().unwrap().rotate().unwrap();
        let text = keys.to_file();
        let again = MasterKeys::parse(&text).unwrap();
        assert_eq!(again.to_file(), text);
        assert_eq!(again.older.len(), 1);
    }

    #[test]
    fn a_file_without_keys_or_with_garbage_is_refused_by_line() {
        assert!(matches!(
            MasterKeys::parse("# none\n"),
            Err(KeyFileError::Count)
        ));
        let text = format!("\n{PREFIX}AAAA\n");
        assert!(matches!(
            MasterKeys::parse(&text),
            Err(KeyFileError::Line { line: 2 })
        ));
    }

    #[test]
    fn an_inner_key_belongs_to_its_owner() {
        let outer = DataKey::generate().unwrap();
        let owner = Uuid::from_u128(4);
        let (wrapped, _) = outer.new_inner("patient", owner).unwrap();
        assert!(outer.open_inner("patient", owner, &wrapped).is_ok());
        assert!(
            outer
                .open_inner("patient", Uuid::from_u128(5), &wrapped)
                .is_err()
        );
        assert!(outer.open_inner("tenant", owner, &wrapped).is_err());
    }
}
