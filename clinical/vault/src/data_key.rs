//! The key of a tenant or a patient.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hmac, rand};
use zeroize::Zeroizing;

use crate::sealed::{OpenError, Place, SEALED_OVERHEAD_BYTES, SealError};

/// The only format of sealed values.
const VERSION: u8 = 1;

/// Bytes of a blind index.
pub const BLIND_INDEX_BYTES: usize = 16;

/// What is stored of a value that must be found exactly: a keyed hash. Without the key it tells
/// only which rows hold equal values.
pub type BlindIndex = [u8; BLIND_INDEX_BYTES];

/// A 256-bit key that seals values and makes blind indexes, each with a key derived for it. It
/// does not print itself.
pub struct DataKey {
    secret: Zeroizing<[u8; 32]>,
    seal: RandomizedNonceKey,
    index: hmac::Key,
}

impl core::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DataKey(..)")
    }
}

impl DataKey {
    /// A new random key.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn generate() -> Result<Self, SealError> {
        let mut secret = Zeroizing::new([0; 32]);
        rand::fill(secret.as_mut()).map_err(SealError)?;
        Self::from_secret(secret)
    }

    pub(crate) fn from_secret(secret: Zeroizing<[u8; 32]>) -> Result<Self, SealError> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref());
        let seal = hmac::sign(&root, b"telehealth seal v1");
        let index = hmac::sign(&root, b"telehealth index v1");
        Ok(Self {
            seal: RandomizedNonceKey::new(&AES_256_GCM, seal.as_ref()).map_err(SealError)?,
            index: hmac::Key::new(hmac::HMAC_SHA256, index.as_ref()),
            secret,
        })
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut sealed = Vec::with_capacity(value.len() + SEALED_OVERHEAD_BYTES);
        sealed.extend_from_slice(value);
        let nonce = self
            .seal
            .seal_in_place_append_tag(Aad::from(place.to_bytes()), &mut sealed)
            .map_err(SealError)?;
        let mut whole = Vec::with_capacity(sealed.len() + 1 + NONCE_LEN);
        whole.push(VERSION);
        whole.extend_from_slice(nonce.as_ref());
        whole.append(&mut sealed);
        Ok(whole)
    }

    /// Opens a value at its place.
    ///
    /// # Errors
    /// It was sealed with another key, for another place, or altered.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let Some((&VERSION, rest)) = sealed.split_first() else {
            return Err(OpenError::Shape);
        };
        let Some((nonce, body)) = rest.split_first_chunk::<NONCE_LEN>() else {
            return Err(OpenError::Shape);
        };
        let mut buffer = body.to_vec();
        let length = self
            .seal
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(place.to_bytes()),
                &mut buffer,
            )
            .map_err(OpenError::Refused)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }

    /// Opens a text.
    ///
    /// # Errors
    /// As [`DataKey::open`], or it is not UTF-8.
    pub fn open_text(&self, place: Place<'_>, sealed: &[u8]) -> Result<String, OpenError> {
        String::from_utf8(self.open(place, sealed)?).map_err(OpenError::Text)
    }

    /// The blind index of a value in a domain (`email`, `phone`). Values are compared byte by byte:
    /// the caller brings them into one form first.
    #[must_use]
    pub fn blind_index(&self, domain: &str, value: &str) -> BlindIndex {
        let mut context = hmac::Context::with_key(&self.index);
        let length = u64::try_from(domain.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(domain.as_bytes());
        context.update(value.as_bytes());
        let tag = context.sign();
        let mut index = [0; BLIND_INDEX_BYTES];
        for (to, from) in index.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn place(row: u128) -> Place<'static> {
        Place::value("notes", "body_sealed", Uuid::from_u128(row))
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_at_its_place_and_nowhere_else(value: Vec<u8>, row: u128, other: u128) {
            let key = DataKey::generate().unwrap();
            let sealed = key.seal(place(row), &value).unwrap();
            prop_assert_eq!(sealed.len(), value.len() + SEALED_OVERHEAD_BYTES);
            prop_assert_eq!(key.open(place(row), &sealed).unwrap(), value);
            prop_assume!(row != other);
            prop_assert!(key.open(place(other), &sealed).is_err());
            prop_assert!(key.open(place(row).at_version(1), &sealed).is_err());
            prop_assert!(DataKey::generate().unwrap().open(place(row), &sealed).is_err());
        }

        #[test]
        fn any_altered_byte_is_refused(value: Vec<u8>, at: usize, mask in 1_u8..) {
            let key = DataKey::generate().unwrap();
            let mut sealed = key.seal(place(1), &value).unwrap();
            let at = at % sealed.len();
            sealed[at] ^= mask;
            prop_assert!(key.open(place(1), &sealed).is_err());
        }

        #[test]
        fn garbage_is_refused(garbage: Vec<u8>) {
            prop_assert!(DataKey::generate().unwrap().open(place(1), &garbage).is_err());
        }
    }

    #[test]
    fn equal_values_seal_differently_and_index_alike() {
        let key = DataKey::generate().unwrap();
        assert_ne!(
            key.seal(place(1), b"x").unwrap(),
            key.seal(place(1), b"x").unwrap()
        );
        assert_eq!(
            key.blind_index("phone", "+2376"),
            key.blind_index("phone", "+2376")
        );
        assert_ne!(
            key.blind_index("phone", "+2376"),
            key.blind_index("email", "+2376")
        );
        assert_ne!(key.blind_index("a", "bc"), key.blind_index("ab", "c"));
    }
}
