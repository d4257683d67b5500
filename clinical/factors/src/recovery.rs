//! Recovery codes: for the day on which the telephone is lost.
//!
//! A code has 80 random bits, so a fast hash is enough: nobody can try 2^80 texts. The hash is
//! bound to these codes by a prefix.

use core::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use zeroize::ZeroizeOnDrop;

/// How many codes a person gets at a time.
pub const RECOVERY_CODES: usize = 10;
/// Random bytes of one code: 80 bits.
const CODE_BYTES: usize = 10;
/// Random bytes of a whole sheet.
pub const RECOVERY_RANDOM_BYTES: usize = RECOVERY_CODES * CODE_BYTES;
/// The longest text that is looked at as a code: 16 characters and what people put between them.
pub const RECOVERY_TEXT_BYTES_MAX: usize = 40;

/// Letters of a code: 16 of five bits each.
const CODE_LETTERS: usize = 16;
/// Letters in a group, for reading aloud.
const GROUP_LETTERS: usize = 4;
/// Crockford's alphabet: without I, L, O and U, which are mistaken for others.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Keeps these hashes apart from every other SHA-256 in the system.
const HASH_PREFIX: &[u8] = b"telehealth recovery code 1\0";

/// Text that is no recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a recovery code has {CODE_LETTERS} letters and digits")]
pub struct RecoveryCodeError;

/// One code. It does not print itself; [`Self::reveal`] is for showing it once.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; CODE_LETTERS]);

impl RecoveryCode {
    /// Reads what a person typed: case, spaces and dashes do not matter, and the letters O, I and L
    /// count as the digits that they look like.
    ///
    /// # Errors
    /// When it is not sixteen letters of the alphabet.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        if text.len() > RECOVERY_TEXT_BYTES_MAX {
            return Err(RecoveryCodeError);
        }
        let mut letters = [0; CODE_LETTERS];
        let mut typed = text.bytes().filter(|byte| !matches!(byte, b' ' | b'-'));
        for letter in &mut letters {
            let meant = match typed.next().ok_or(RecoveryCodeError)?.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            if !ALPHABET.contains(&meant) {
                return Err(RecoveryCodeError);
            }
            *letter = meant;
        }
        match typed.next() {
            None => Ok(Self(letters)),
            Some(_) => Err(RecoveryCodeError),
        }
    }

    fn from_random(random: &[u8; CODE_BYTES]) -> Self {
        let bits = random
            .iter()
            .fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
        let mut letters = [0; CODE_LETTERS];
        for (place, letter) in letters.iter_mut().rev().enumerate() {
            // Masked to five bits, so the index is below 32.
            *letter = ALPHABET[((bits >> (5 * place)) & 31) as usize];
        }
        Self(letters)
    }

    /// The code in groups of four, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut text = String::with_capacity(CODE_LETTERS + CODE_LETTERS / GROUP_LETTERS);
        for (place, letter) in self.0.iter().enumerate() {
            if place > 0 && place % GROUP_LETTERS == 0 {
                text.push('-');
            }
            text.push(char::from(*letter));
        }
        text
    }

    /// What is stored in place of the code.
    #[must_use]
    pub fn hash(&self) -> RecoveryHash {
        let mut context = Context::new(&SHA256);
        context.update(HASH_PREFIX);
        context.update(&self.0);
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        RecoveryHash(hash)
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

/// The SHA-256 of a code.
#[derive(Clone, Copy)]
pub struct RecoveryHash([u8; 32]);

impl RecoveryHash {
    /// The hash as it was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RecoveryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryHash(..)")
    }
}

/// A fresh set of codes, as it is printed for the person.
#[derive(Debug)]
pub struct RecoverySheet([RecoveryCode; RECOVERY_CODES]);

impl RecoverySheet {
    /// Makes the codes of random bytes.
    #[must_use]
    pub fn from_random(random: &[u8; RECOVERY_RANDOM_BYTES]) -> Self {
        let (chunks, _nothing) = random.as_chunks::<CODE_BYTES>();
        Self(core::array::from_fn(|at| {
            RecoveryCode::from_random(&chunks[at])
        }))
    }

    /// The codes in the order in which they are shown.
    #[must_use]
    pub fn codes(&self) -> &[RecoveryCode; RECOVERY_CODES] {
        &self.0
    }
}

/// Finds the unused code that was typed and answers with its place in `unused`. The caller marks
/// this one as used in the same transaction.
#[must_use]
pub fn spend(unused: &[RecoveryHash], code: &RecoveryCode) -> Option<usize> {
    let hash = code.hash();
    let mut found = None;
    // Every hash is compared, so that the time does not tell which one matched.
    for (at, stored) in unused.iter().enumerate() {
        if verify_slices_are_equal(&stored.0, &hash.0).is_ok() {
            found = Some(at);
        }
    }
    found
}
