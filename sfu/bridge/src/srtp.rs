//! SRTP and SRTCP with keys from SDP (RFC 3711, RFC 7714, RFC 4568). Aws-lc does the ciphers; here is
//! what is put into them.
//!
//! Master keys are used for one call, so keys are derived once; the most packets that they may
//! protect are more than a call of years has.
#![deny(clippy::arithmetic_side_effects)]

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use sfu_phone::{CryptoLine, CryptoSuite, is_rtcp};
use thiserror::Error;

/// Bytes of a fixed RTP header.
const RTP_HEADER: usize = 12;
/// Bytes of an RTCP packet that stay in clear: the first header and the sender.
const RTCP_HEADER: usize = 8;
/// Bytes of the word with the number of an SRTCP packet (RFC 3711 section 3.4).
const INDEX_BYTES: usize = 4;
/// The bit of that word that says that the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;
/// Bytes of an authentication tag of GCM.
const GCM_TAG: usize = 16;
/// Streams of one key that are remembered. A call has one, and another one after a new description.
const STREAMS_MAX: usize = 4;
/// Numbers behind the highest that may still come, once (RFC 3711 section 3.3.2).
const WINDOW: u64 = 64;

/// Why a packet was not protected or not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SrtpError {
    /// It is no packet, or one that is too short.
    #[error("not a protected packet")]
    Form,
    /// It was changed, or protected with another key.
    #[error("the packet is not authentic")]
    Forged,
    /// It came before, or is too old to know.
    #[error("the packet was repeated")]
    Repeated,
    /// The library refused the key.
    #[error("the key cannot be used")]
    Key,
}

impl From<Unspecified> for SrtpError {
    fn from(_: Unspecified) -> Self {
        Self::Key
    }
}

/// One direction of a call.
pub struct Srtp {
    rtp: Session,
    rtcp: Session,
    streams: Vec<Stream>,
    sent_reports: u32,
}

impl core::fmt::Debug for Srtp {
    /// Keys are never printed.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Srtp")
            .field("streams", &self.streams.len())
            .finish_non_exhaustive()
    }
}

/// Session keys of RTP or of RTCP.
#[expect(
    clippy::large_enum_variant,
    reason = "four of them in a call, which stay where they are"
)]
enum Session {
    /// Counter mode and HMAC-SHA1 with a tag of so many bytes.
    Counter {
        cipher: EncryptingKey,
        salt: [u8; 14],
        auth: hmac::Key,
        tag: usize,
    },
    Gcm {
        key: LessSafeKey,
        salt: [u8; 12],
    },
}

/// Numbers of one sender.
#[derive(Debug, Clone, Copy)]
struct Stream {
    ssrc: u32,
    rtp: Seen,
    rtcp: Seen,
}

/// The highest number that came, and which of those before it.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    highest: Option<u64>,
    window: u64,
}

impl Seen {
    /// The whole number of a packet, of which 16 bits are in it (RFC 3711 appendix A).
    fn index_of(&self, sequence: u16) -> Option<u64> {
        let Some(highest) = self.highest else {
            return Some(u64::from(sequence));
        };
        let near = u16::try_from(highest & 0xFFFF).ok()?;
        let ahead = sequence.wrapping_sub(near);
        if ahead < 1 << 15 {
            highest.checked_add(u64::from(ahead))
        } else {
            highest.checked_sub(u64::from(near.wrapping_sub(sequence)))
        }
    }

    fn is_new(&self, index: u64) -> bool {
        match self.highest {
            None => true,
            Some(highest) if index > highest => true,
            Some(highest) => {
                let behind = highest.saturating_sub(index);
                behind < WINDOW && self.window & (1 << behind) == 0
            }
        }
    }

    fn note(&mut self, index: u64) {
        match self.highest {
            Some(highest) if index <= highest => {
                let behind = highest.saturating_sub(index);
                if behind < WINDOW {
                    self.window |= 1 << behind;
                }
            }
            _ => {
                let ahead = index.saturating_sub(self.highest.unwrap_or(index));
                let kept = if ahead < WINDOW {
                    self.window << ahead
                } else {
                    0
                };
                self.window = kept | 1;
                self.highest = Some(index);
            }
        }
    }
}

impl Srtp {
    /// Keys of one line. The suite decides what is done with them.
    ///
    /// # Errors
    /// When the library refuses the key.
    pub fn new(line: &CryptoLine) -> Result<Self, SrtpError> {
        let suite = line.suite;
        Ok(Self {
            rtp: Session::derive(suite, line.expose(), 0)?,
            rtcp: Session::derive(suite, line.expose(), 3)?,
            streams: Vec::new(),
            sent_reports: 0,
        })
    }

    /// Protects an RTP or RTCP packet of ours.
    ///
    /// # Errors
    /// When it is no packet.
    pub fn seal(&mut self, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
        if is_rtcp(packet) {
            self.sent_reports = self.sent_reports.wrapping_add(1) & !ENCRYPTED;
            return self.rtcp.seal_rtcp(packet, self.sent_reports);
        }
        let (ssrc, sequence, payload_at) = read_rtp(packet)?;
        let index = self.note(ssrc, |stream| {
            let index = stream.rtp.index_of(sequence)?;
            stream.rtp.note(index);
            Some(index)
        });
        let index = index.ok_or(SrtpError::Form)?;
        self.rtp.seal_rtp(packet, payload_at, (ssrc, index))
    }

    /// Opens a packet of theirs. One that is not authentic changes nothing.
    ///
    /// # Errors
    /// When it is no packet, not authentic, or came before.
    pub fn open(&mut self, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
        if is_rtcp(packet) {
            return self.open_rtcp(packet);
        }
        let (ssrc, sequence, payload_at) = read_rtp(packet)?;
        let seen = self
            .known(ssrc)
            .map(|stream| stream.rtp)
            .unwrap_or_default();
        let index = seen.index_of(sequence).ok_or(SrtpError::Repeated)?;
        if !seen.is_new(index) {
            return Err(SrtpError::Repeated);
        }
        let clear = self.rtp.open_rtp(packet, payload_at, (ssrc, index))?;
        self.note(ssrc, |stream| stream.rtp.note(index));
        Ok(clear)
    }

    fn open_rtcp(&mut self, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
        let ssrc = word_at(packet, 4)?;
        let behind_index = self.rtcp.rtcp_tag();
        let index_at = packet
            .len()
            .checked_sub(behind_index)
            .and_then(|end| end.checked_sub(INDEX_BYTES))
            .filter(|at| *at >= RTCP_HEADER)
            .ok_or(SrtpError::Form)?;
        let word = word_at(packet, index_at)?;
        let index = u64::from(word & !ENCRYPTED);
        let seen = self
            .known(ssrc)
            .map(|stream| stream.rtcp)
            .unwrap_or_default();
        if !seen.is_new(index) {
            return Err(SrtpError::Repeated);
        }
        let clear = self.rtcp.open_rtcp(packet, index_at, (ssrc, word))?;
        self.note(ssrc, |stream| stream.rtcp.note(index));
        Ok(clear)
    }

    fn known(&self, ssrc: u32) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.ssrc == ssrc)
    }

    /// Changes the numbers of a sender; of too many the one is forgotten that was silent for longest.
    fn note<R>(&mut self, ssrc: u32, change: impl FnOnce(&mut Stream) -> R) -> R {
        let at = self.streams.iter().position(|it| it.ssrc == ssrc);
        let mut stream = match at {
            Some(at) => self.streams.remove(at),
            None => Stream {
                ssrc,
                rtp: Seen::default(),
                rtcp: Seen::default(),
            },
        };
        if self.streams.len() >= STREAMS_MAX {
            self.streams.remove(0);
        }
        let result = change(&mut stream);
        self.streams.push(stream);
        result
    }
}

impl Session {
    /// Session keys of a master key and salt (RFC 3711 section 4.3; RFC 7714 section 11). `label`:
    /// that of the encryption key; those of authentication and salt follow it.
    fn derive(suite: CryptoSuite, master: &[u8], label: u8) -> Result<Self, SrtpError> {
        let key_bytes = match suite {
            CryptoSuite::AesGcm256 => 32,
            CryptoSuite::AesCm128Sha1Tag80
            | CryptoSuite::AesCm128Sha1Tag32
            | CryptoSuite::AesGcm128 => 16,
        };
        let (key, salt) = master.split_at_checked(key_bytes).ok_or(SrtpError::Key)?;
        let derived = |label: u8, bytes: usize| derive(key, salt, label, bytes);
        let cipher_key = derived(label, key_bytes)?;
        let auth_label = label.saturating_add(1);
        let salt_label = label.saturating_add(2);
        Ok(match suite {
            CryptoSuite::AesCm128Sha1Tag80 | CryptoSuite::AesCm128Sha1Tag32 => {
                let is_short = suite == CryptoSuite::AesCm128Sha1Tag32 && label == 0;
                Self::Counter {
                    cipher: EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, &cipher_key)?)?,
                    salt: array(&derived(salt_label, 14)?)?,
                    auth: hmac::Key::new(
                        hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                        &derived(auth_label, 20)?,
                    ),
                    // Reports have the long tag in every suite (RFC 4568 section 6.2.2).
                    tag: if is_short { 4 } else { 10 },
                }
            }
            CryptoSuite::AesGcm128 | CryptoSuite::AesGcm256 => {
                let algorithm = match suite {
                    CryptoSuite::AesGcm256 => &AES_256_GCM,
                    _ => &AES_128_GCM,
                };
                Self::Gcm {
                    key: LessSafeKey::new(UnboundKey::new(algorithm, &cipher_key)?),
                    salt: array(&derived(salt_label, 12)?)?,
                }
            }
        })
    }

    /// Bytes behind the number of an SRTCP packet.
    const fn rtcp_tag(&self) -> usize {
        match self {
            Self::Counter { tag, .. } => *tag,
            Self::Gcm { .. } => 0,
        }
    }

    fn seal_rtp(
        &self,
        packet: &[u8],
        payload_at: usize,
        (ssrc, index): (u32, u64),
    ) -> Result<Vec<u8>, SrtpError> {
        let (header, payload) = packet.split_at_checked(payload_at).ok_or(SrtpError::Form)?;
        let mut out = header.to_vec();
        let mut body = payload.to_vec();
        match self {
            Self::Counter {
                cipher,
                salt,
                auth,
                tag,
            } => {
                apply(cipher, counter_iv(salt, ssrc, index), &mut body)?;
                out.extend(body);
                let tagged = rtp_tag(auth, &out, index);
                out.extend(tagged.as_ref().iter().take(*tag));
            }
            Self::Gcm { key, salt } => {
                let nonce = Nonce::assume_unique_for_key(gcm_iv(salt, ssrc, index));
                key.seal_in_place_append_tag(nonce, Aad::from(header), &mut body)?;
                out.extend(body);
            }
        }
        Ok(out)
    }

    fn open_rtp(
        &self,
        packet: &[u8],
        payload_at: usize,
        (ssrc, index): (u32, u64),
    ) -> Result<Vec<u8>, SrtpError> {
        match self {
            Self::Counter {
                cipher,
                salt,
                auth,
                tag,
            } => {
                let end = packet.len().checked_sub(*tag).ok_or(SrtpError::Form)?;
                let (signed, tag) = packet.split_at_checked(end).ok_or(SrtpError::Form)?;
                let expected = rtp_tag(auth, signed, index);
                is_tag(expected.as_ref(), tag)?;
                let mut clear = signed.to_vec();
                let body = clear.get_mut(payload_at..).ok_or(SrtpError::Form)?;
                apply(cipher, counter_iv(salt, ssrc, index), body)?;
                Ok(clear)
            }
            Self::Gcm { key, salt } => {
                let (header, body) = packet.split_at_checked(payload_at).ok_or(SrtpError::Form)?;
                let nonce = Nonce::assume_unique_for_key(gcm_iv(salt, ssrc, index));
                let mut body = body.to_vec();
                let clear = key
                    .open_in_place(nonce, Aad::from(header), &mut body)
                    .map_err(|Unspecified| SrtpError::Forged)?;
                Ok([header, &*clear].concat())
            }
        }
    }

    fn seal_rtcp(&self, packet: &[u8], index: u32) -> Result<Vec<u8>, SrtpError> {
        let ssrc = word_at(packet, 4)?;
        let (header, body) = packet
            .split_at_checked(RTCP_HEADER)
            .ok_or(SrtpError::Form)?;
        let word = (index | ENCRYPTED).to_be_bytes();
        let mut out = header.to_vec();
        let mut body = body.to_vec();
        match self {
            Self::Counter {
                cipher,
                salt,
                auth,
                tag,
            } => {
                apply(cipher, counter_iv(salt, ssrc, index.into()), &mut body)?;
                out.extend(body);
                out.extend(word);
                let tagged = hmac::sign(auth, &out);
                out.extend(tagged.as_ref().iter().take(*tag));
            }
            Self::Gcm { key, salt } => {
                let nonce = Nonce::assume_unique_for_key(gcm_iv(salt, ssrc, index.into()));
                let aad = [header, &word].concat();
                key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut body)?;
                out.extend(body);
                out.extend(word);
            }
        }
        Ok(out)
    }

    fn open_rtcp(
        &self,
        packet: &[u8],
        index_at: usize,
        (ssrc, word): (u32, u32),
    ) -> Result<Vec<u8>, SrtpError> {
        let index = u64::from(word & !ENCRYPTED);
        let is_encrypted = word & ENCRYPTED != 0;
        let body = packet.get(..index_at).ok_or(SrtpError::Form)?;
        let (header, body) = body.split_at_checked(RTCP_HEADER).ok_or(SrtpError::Form)?;
        match self {
            Self::Counter {
                cipher, salt, auth, ..
            } => {
                let signed_to = index_at.saturating_add(INDEX_BYTES);
                let (signed, tag) = packet.split_at_checked(signed_to).ok_or(SrtpError::Form)?;
                is_tag(hmac::sign(auth, signed).as_ref(), tag)?;
                let mut body = body.to_vec();
                if is_encrypted {
                    apply(cipher, counter_iv(salt, ssrc, index), &mut body)?;
                }
                Ok([header, &body].concat())
            }
            Self::Gcm { key, salt } => {
                let nonce = Nonce::assume_unique_for_key(gcm_iv(salt, ssrc, index));
                let word = word.to_be_bytes();
                let opened = |aad: &[u8], sealed: &[u8]| {
                    let mut sealed = sealed.to_vec();
                    let clear = key
                        .open_in_place(nonce, Aad::from(aad), &mut sealed)
                        .map_err(|Unspecified| SrtpError::Forged)?;
                    Ok::<_, SrtpError>(clear.to_vec())
                };
                if is_encrypted {
                    let clear = opened(&[header, &word].concat(), body)?;
                    return Ok([header, &clear].concat());
                }
                // Only signed (RFC 7714 section 9.3): the tag is over all that is in clear.
                let end = body.len().checked_sub(GCM_TAG).ok_or(SrtpError::Form)?;
                let (clear, tag) = body.split_at_checked(end).ok_or(SrtpError::Form)?;
                opened(&[header, clear, &word].concat(), tag)?;
                Ok([header, clear].concat())
            }
        }
    }
}

/// Bytes of the key stream that belongs to a label.
fn derive(key: &[u8], salt: &[u8], label: u8, bytes: usize) -> Result<Vec<u8>, SrtpError> {
    let mut iv = [0; 16];
    for (to, from) in iv.iter_mut().zip(salt).take(14) {
        *to = *from;
    }
    if let Some(byte) = iv.get_mut(7) {
        *byte ^= label;
    }
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    let cipher = EncryptingKey::ctr(UnboundCipherKey::new(algorithm, key)?)?;
    let mut out = vec![0; bytes];
    apply(&cipher, iv, &mut out)?;
    Ok(out)
}

fn apply(cipher: &EncryptingKey, iv: [u8; 16], bytes: &mut [u8]) -> Result<(), SrtpError> {
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    cipher.less_safe_encrypt(bytes, context)?;
    Ok(())
}

/// Salt, sender and number of a packet (RFC 3711 section 4.1.1).
fn counter_iv(salt: &[u8; 14], ssrc: u32, index: u64) -> [u8; 16] {
    let salt = salt
        .iter()
        .fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let iv = salt << 16 ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16;
    iv.to_be_bytes()
}

/// The same for GCM (RFC 7714 sections 8.1 and 9.1).
fn gcm_iv(salt: &[u8; 12], ssrc: u32, index: u64) -> [u8; 12] {
    let numbers = u128::from(ssrc) << 48 ^ u128::from(index);
    let mut iv = *salt;
    for (to, from) in iv.iter_mut().zip(numbers.to_be_bytes().into_iter().skip(4)) {
        *to ^= from;
    }
    iv
}

fn rtp_tag(auth: &hmac::Key, signed: &[u8], index: u64) -> hmac::Tag {
    let rounds = u32::try_from(index >> 16 & 0xFFFF_FFFF).unwrap_or(u32::MAX);
    let mut context = hmac::Context::with_key(auth);
    context.update(signed);
    context.update(&rounds.to_be_bytes());
    context.sign()
}

/// Compares in constant time.
fn is_tag(expected: &[u8], found: &[u8]) -> Result<(), SrtpError> {
    let expected = expected.get(..found.len()).ok_or(SrtpError::Form)?;
    aws_lc_rs::constant_time::verify_slices_are_equal(expected, found)
        .map_err(|Unspecified| SrtpError::Forged)
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], SrtpError> {
    bytes.first_chunk().copied().ok_or(SrtpError::Key)
}

fn word_at(bytes: &[u8], at: usize) -> Result<u32, SrtpError> {
    let word = bytes.get(at..).and_then(<[u8]>::first_chunk);
    word.map(|word| u32::from_be_bytes(*word))
        .ok_or(SrtpError::Form)
}

/// Sender, sequence number, and where the payload begins behind sources and extension.
fn read_rtp(packet: &[u8]) -> Result<(u32, u16, usize), SrtpError> {
    let first = *packet.first().ok_or(SrtpError::Form)?;
    if first >> 6 != 2 {
        return Err(SrtpError::Form);
    }
    let ssrc = word_at(packet, 8)?;
    let sequence = u16::try_from(word_at(packet, 0)? & 0xFFFF).unwrap_or(0);
    let sources = usize::from(first & 0x0F).saturating_mul(4);
    let mut payload_at = RTP_HEADER.saturating_add(sources);
    if first & 0x10 != 0 {
        let words = usize::try_from(word_at(packet, payload_at)? & 0xFFFF).unwrap_or(0);
        payload_at = payload_at
            .saturating_add(4)
            .saturating_add(words.saturating_mul(4));
    }
    if payload_at > packet.len() {
        return Err(SrtpError::Form);
    }
    Ok((ssrc, sequence, payload_at))
}

#[cfg(test)]
mod tests;
