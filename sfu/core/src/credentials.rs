//! ICE credentials, with the shard's index in the user fragment.
//!
//! The engine makes its own from a fast generator whose state can be computed from what it shows
//! (RFC 8445 section 5.3 asks for 128 bits that nobody can guess), so ours take their place. They
//! are derived from a secret of the shard: unguessable outside, the same in every replay.

use str0m::ice::IceCreds;

use crate::stun::{Transaction, hmac_sha1};

/// Digits of the shard's index in front of a user fragment.
const INDEX_DIGITS: usize = 4;
/// Random bytes of a user fragment; RFC 8445 asks for three.
const UFRAG_BYTES: usize = 8;

/// Makes the credentials of one shard.
pub(crate) struct Mint {
    shard: u16,
    secret: [u8; 32],
    made: u64,
}

impl core::fmt::Debug for Mint {
    /// The secret opens every connection.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Mint").finish_non_exhaustive()
    }
}

impl Mint {
    pub(crate) const fn new(shard: u16, secret: [u8; 32]) -> Self {
        Self {
            shard,
            secret,
            made: 0,
        }
    }

    /// Credentials that were never made before.
    pub(crate) fn make(&mut self) -> IceCreds {
        self.made += 1;
        let (shard, made) = (self.shard.to_be_bytes(), self.made.to_be_bytes());
        let derive = |what: &[u8]| hmac_sha1(&self.secret, &[what, &shard, &made]);
        let name = derive(b"ufrag");
        let mut ufrag = format!("{:04x}", self.shard);
        ufrag.push_str(&hex(name.get(..UFRAG_BYTES).unwrap_or(&name)));
        IceCreds {
            ufrag,
            pass: hex(&derive(b"pwd")),
        }
    }
}

impl Mint {
    /// The name of a check that was never sent before.
    pub(crate) fn transaction(&mut self) -> Transaction {
        self.made += 1;
        let derived = hmac_sha1(&self.secret, &[b"check", &self.made.to_be_bytes()]);
        derived.first_chunk().copied().unwrap_or_default()
    }
}

fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The index of the shard that made a user fragment, if it can be one of ours.
#[must_use]
pub fn shard_of_ufrag(ufrag: &str) -> Option<u16> {
    let digits = ufrag.get(..INDEX_DIGITS)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn credentials_name_their_shard_and_are_never_the_same() {
        let mut seen = BTreeSet::new();
        for (shard, secret) in [(0, [1; 32]), (0x1f, [1; 32]), (0x1f, [2; 32])] {
            let mut mint = Mint::new(shard, secret);
            for _ in 0..100 {
                let made = mint.make();
                assert_eq!(shard_of_ufrag(&made.ufrag), Some(shard));
                assert!(made.pass.len() >= 22 && !made.pass.contains(&made.ufrag));
                assert!(seen.insert(made.pass) && seen.insert(made.ufrag));
            }
        }
    }

    #[test]
    fn a_strange_user_fragment_names_no_shard() {
        for strange in ["", "12", "xyz1abcd", "ä1234"] {
            assert_eq!(shard_of_ufrag(strange), None, "{strange}");
        }
    }
}
