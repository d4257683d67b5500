//! SRTP that authenticates with a keyed checksum and does not hide anything.

use std::borrow::Cow;

use str0m::crypto::{
    AeadAes128GcmCipher, CryptoError, SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm,
    SupportedAes128CmSha1_80, from_feature_flags,
};

use crate::rng::mix;

const TAG_BYTES: usize = 16;

#[derive(Debug)]
pub(super) struct PlainSrtp;
#[derive(Debug)]
struct PlainAead;

impl SrtpProvider for PlainSrtp {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        from_feature_flags().srtp_provider.aes_128_cm_sha1_80()
    }
    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &PlainAead
    }
    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        from_feature_flags().srtp_provider.aead_aes_256_gcm()
    }
    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        let real = from_feature_flags();
        real.srtp_provider
            .srtp_aes_128_ecb_round(key, input, output);
    }
    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        let real = from_feature_flags();
        real.srtp_provider
            .srtp_aes_256_ecb_round(key, input, output);
    }
}

impl SupportedAeadAes128Gcm for PlainAead {
    fn create_cipher(&self, key: [u8; 16], _encrypt: bool) -> Box<dyn AeadAes128GcmCipher> {
        Box::new(PlainCipher { key: fold(0, &key) })
    }
}

#[derive(Debug)]
struct PlainCipher {
    key: u64,
}

impl PlainCipher {
    fn tag(&self, iv: &[u8], aads: &[&[u8]], text: &[u8]) -> [u8; TAG_BYTES] {
        let mut state = fold(self.key, iv);
        for aad in aads {
            state = fold(state, aad);
        }
        let low = fold_ends(state, text);
        let mut tag = [0; TAG_BYTES];
        let (first, second) = tag.split_at_mut(8);
        first.copy_from_slice(&low.to_le_bytes());
        second.copy_from_slice(&mix(low).to_le_bytes());
        tag
    }
}

/// Bytes at each end of a text that its tag is made of. Nothing is damaged on a simulated way; a tag
/// only tells connections and packets apart.
const END_BYTES: usize = 64;

/// Folds the length and the ends of a text into a state.
fn fold_ends(state: u64, text: &[u8]) -> u64 {
    let state = state ^ (text.len() as u64).rotate_left(32);
    match (
        text.first_chunk::<END_BYTES>(),
        text.last_chunk::<END_BYTES>(),
    ) {
        (Some(first), Some(last)) => fold(fold(state, first), last),
        _ => fold(state, text),
    }
}

/// Folds bytes into a state, eight at a time.
fn fold(state: u64, bytes: &[u8]) -> u64 {
    let mut state = state ^ (bytes.len() as u64);
    let mut eights = bytes.chunks_exact(8);
    for eight in &mut eights {
        let word = eight.try_into().map_or(0, u64::from_le_bytes);
        state = (state.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    for byte in eights.remainder() {
        state = (state.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    mix(state)
}

impl AeadAes128GcmCipher for PlainCipher {
    fn encrypt(
        &mut self,
        iv: &[u8; 12],
        aad: &[u8],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        let tag = self.tag(iv, &[aad], input);
        let (text, rest) = output.split_at_mut(input.len());
        text.copy_from_slice(input);
        rest.get_mut(..TAG_BYTES)
            .ok_or_else(|| CryptoError::Other("no room for a tag".to_owned()))?
            .copy_from_slice(&tag);
        Ok(())
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        let length = input.len().saturating_sub(TAG_BYTES);
        let (text, tag) = input.split_at(length);
        // The engine hands the associated data over in pieces when it decrypts and as one piece
        // when it encrypts, so pieces are joined before they are folded.
        let joined = match aads {
            [one] => Cow::Borrowed(*one),
            more => Cow::Owned(more.concat()),
        };
        if self.tag(iv, &[&joined], text) != tag {
            return Err(CryptoError::Other("the tag does not fit".to_owned()));
        }
        output
            .get_mut(..length)
            .ok_or_else(|| CryptoError::Other("no room for the text".to_owned()))?
            .copy_from_slice(text);
        Ok(length)
    }
}
