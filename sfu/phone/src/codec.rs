//! What turns sound into payloads, one trait for all of it.

use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::{Decoder as _, Encoder as _};
use thiserror::Error;

use crate::g711::{alaw_decode, alaw_encode, ulaw_decode, ulaw_encode};
use crate::opus::OpusVoice;
use crate::rate::Rate;

/// The longest sound that one payload may hold, in milliseconds; what is longer is refused.
pub(crate) const PAYLOAD_MS_MAX: usize = 120;

/// A codec of telephones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 mu law, payload type 0.
    Pcmu,
    /// G.711 A law, payload type 8.
    Pcma,
    /// G.722 at 64 kbit/s, payload type 9.
    G722,
    /// Opus in mono (RFC 7587).
    Opus,
}

impl Codec {
    /// The rate of its sound. Opus is coded at 16 kHz: above that a telephone has nothing.
    #[must_use]
    pub const fn rate(self) -> Rate {
        match self {
            Self::Pcmu | Self::Pcma => Rate::Narrow,
            Self::G722 | Self::Opus => Rate::Wide,
        }
    }

    /// Ticks of the RTP clock in a second. G.722 says 8000 by a mistake that stayed (RFC 3551 section 4.5.2).
    #[must_use]
    pub const fn clock_hz(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// Ticks of the RTP clock in a frame.
    #[must_use]
    pub const fn frame_ticks(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 160,
            Self::Opus => 960,
        }
    }

    /// Ready to code and decode.
    ///
    /// # Errors
    /// When libopus cannot be set up.
    pub fn open(self) -> Result<Box<dyn Speech>, OpenError> {
        Ok(match self {
            Self::Pcmu => Box::new(G711 {
                encode: ulaw_encode,
                decode: ulaw_decode,
            }),
            Self::Pcma => Box::new(G711 {
                encode: alaw_encode,
                decode: alaw_decode,
            }),
            Self::G722 => Box::new(G722 {
                encoder: G722Encoder::new(),
                decoder: G722Decoder::new(),
            }),
            Self::Opus => Box::new(OpusVoice::new(self.rate())?),
        })
    }
}

/// Opus between telephones of a rate and the people with browsers in their room. Its encoder takes
/// half the effort of [`Codec::open`].
///
/// # Errors
/// When libopus cannot be set up.
pub fn open_for_room(rate: Rate) -> Result<Box<dyn Speech>, OpenError> {
    Ok(Box::new(OpusVoice::for_room(rate)?))
}

/// Why a codec could not be made.
#[derive(Debug, Error)]
pub enum OpenError {
    /// libopus refused.
    #[error("opus cannot be set up")]
    Opus(#[from] opus::Error),
}

/// Why sound or a payload was refused. The codec goes on with the next one.
#[derive(Debug, Error)]
pub enum CodecError {
    /// The payload is empty or says more than `PAYLOAD_MS_MAX`.
    #[error("a payload of {0} bytes")]
    Length(usize),
    /// libopus refused.
    #[error("opus refused")]
    Opus(#[from] opus::Error),
    /// The codec for G.722 refused.
    #[error("g722 refused")]
    G722(#[from] audio_codec::CodecError),
}

/// Both directions of a codec, with its memory.
pub trait Speech: Send + core::fmt::Debug {
    /// Appends the payload of a frame of sound.
    ///
    /// # Errors
    /// When the codec refuses it.
    fn encode(&mut self, sound: &[i16], payload: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Appends the sound of a payload.
    ///
    /// # Errors
    /// When it is none of this codec, or too long; nothing was appended then.
    fn decode(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> Result<(), CodecError>;
}

struct G711 {
    encode: fn(i16) -> u8,
    decode: fn(u8) -> i16,
}

impl core::fmt::Debug for G711 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("G711").finish_non_exhaustive()
    }
}

impl Speech for G711 {
    fn encode(&mut self, sound: &[i16], payload: &mut Vec<u8>) -> Result<(), CodecError> {
        payload.extend(sound.iter().map(|&sample| (self.encode)(sample)));
        Ok(())
    }

    fn decode(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> Result<(), CodecError> {
        fits(payload)?;
        sound.extend(payload.iter().map(|&code| (self.decode)(code)));
        Ok(())
    }
}

struct G722 {
    encoder: G722Encoder,
    decoder: G722Decoder,
}

impl core::fmt::Debug for G722 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("G722").finish_non_exhaustive()
    }
}

impl Speech for G722 {
    fn encode(&mut self, sound: &[i16], payload: &mut Vec<u8>) -> Result<(), CodecError> {
        let begun = payload.len();
        payload.resize(begun + self.encoder.max_encode_bytes(sound.len()), 0);
        let room = payload.get_mut(begun..).unwrap_or_default();
        let done = self.encoder.encode_into(sound, room);
        payload.truncate(begun + done.as_ref().copied().unwrap_or(0));
        done?;
        Ok(())
    }

    fn decode(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> Result<(), CodecError> {
        fits(payload)?;
        let begun = sound.len();
        sound.resize(begun + self.decoder.max_decode_samples(payload.len()), 0);
        let room = sound.get_mut(begun..).unwrap_or_default();
        let done = self.decoder.decode_into(payload, room);
        sound.truncate(begun + done.as_ref().copied().unwrap_or(0));
        done?;
        Ok(())
    }
}

/// Eight bytes are a millisecond, of G.711 and of G.722 alike.
fn fits(payload: &[u8]) -> Result<(), CodecError> {
    if payload.is_empty() || payload.len() > PAYLOAD_MS_MAX * 8 {
        return Err(CodecError::Length(payload.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::Tone;
    use proptest::prelude::*;

    const ALL: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];

    /// How much louder the sound is than what the codec changed of it, in dB, for the best delay.
    fn fidelity(codec: Codec) -> f32 {
        let rate = codec.rate();
        let mut tone = Tone::new(rate, &[(700.0, -12.0), (1_900.0, -14.0)]);
        let mut speech = codec.open().unwrap();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for _ in 0..50 {
            let mut frame = vec![0; rate.frame()];
            tone.fill(&mut frame);
            let mut payload = Vec::new();
            speech.encode(&frame, &mut payload).unwrap();
            speech.decode(&payload, &mut after).unwrap();
            before.extend(frame);
        }
        assert_eq!(before.len(), after.len());
        let of = |delay: usize| {
            let (mut kept, mut changed) = (0.0_f32, 1.0_f32);
            for (a, b) in before.iter().zip(after.get(delay..).unwrap()).skip(2_000) {
                kept += f32::from(*a).powi(2);
                changed += (f32::from(*a) - f32::from(*b)).powi(2);
            }
            10.0 * (kept / changed).log10()
        };
        (0..400).map(of).fold(f32::MIN, f32::max)
    }

    #[test]
    fn sound_comes_back_as_it_was() {
        assert!(fidelity(Codec::Pcmu) > 33.0);
        assert!(fidelity(Codec::Pcma) > 33.0);
        assert!(fidelity(Codec::G722) > 15.0, "{}", fidelity(Codec::G722));
        assert!(fidelity(Codec::Opus) > 10.0, "{}", fidelity(Codec::Opus));
    }

    #[test]
    fn a_frame_has_the_size_that_the_wire_expects() {
        for (codec, bytes) in [(Codec::Pcmu, 160), (Codec::Pcma, 160), (Codec::G722, 160)] {
            let mut payload = Vec::new();
            let frame = vec![100; codec.rate().frame()];
            codec.open().unwrap().encode(&frame, &mut payload).unwrap();
            assert_eq!(payload.len(), bytes);
        }
    }

    #[test]
    fn an_empty_or_endless_payload_is_refused() {
        for codec in ALL {
            let mut speech = codec.open().unwrap();
            let mut sound = Vec::new();
            assert!(speech.decode(&[], &mut sound).is_err());
            assert!(speech.decode(&[0xFF; 4_000], &mut sound).is_err());
            assert!(sound.is_empty());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn no_payload_panics(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..8)) {
            for codec in ALL {
                let mut speech = codec.open().unwrap();
                for payload in &payloads {
                    let mut sound = Vec::new();
                    let done = speech.decode(payload, &mut sound);
                    prop_assert!(sound.len() <= PAYLOAD_MS_MAX * codec.rate().per_ms());
                    prop_assert!(done.is_ok() || sound.is_empty());
                }
            }
        }
    }
}
