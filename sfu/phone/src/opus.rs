//! Opus for a telephone: mono, with the copy of the frame before inside each packet (RFC 7587).

use opus::{Application, Bitrate, Channels, Decoder, Encoder, Signal};

use crate::codec::{CodecError, PAYLOAD_MS_MAX, Speech};
use crate::rate::Rate;

/// Bits in a second; speech of 16 kHz is clear at this.
const BITRATE_BPS: i32 = 24_000;
/// Half of what the encoder could do: 160 encoders instead of 80 on a core.
const COMPLEXITY: i32 = 5;
/// For a room: the first step without delayed decisions, which are half of what 5 costs and which
/// nobody hears behind the codec of a telephone.
const COMPLEXITY_FOR_ROOM: i32 = 1;
/// The loss for which the encoder prepares, in percent.
const LOSS_PERCENT: i32 = 10;
/// The longest packet that an encoder may make, in bytes.
const PACKET_BYTES_MAX: usize = 1_275;

/// An encoder and a decoder at the rate of a telephone.
pub(crate) struct OpusVoice {
    rate: Rate,
    encoder: Encoder,
    decoder: Decoder,
}

impl core::fmt::Debug for OpusVoice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OpusVoice")
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

impl OpusVoice {
    /// As a telephone's own codec.
    pub(crate) fn new(rate: Rate) -> Result<Self, opus::Error> {
        Self::with_complexity(rate, COMPLEXITY)
    }

    /// Between telephones and a room.
    pub(crate) fn for_room(rate: Rate) -> Result<Self, opus::Error> {
        Self::with_complexity(rate, COMPLEXITY_FOR_ROOM)
    }

    fn with_complexity(rate: Rate, complexity: i32) -> Result<Self, opus::Error> {
        let mut encoder = Encoder::new(rate.hz(), Channels::Mono, Application::Voip)?;
        encoder.set_bitrate(Bitrate::Bits(BITRATE_BPS))?;
        encoder.set_complexity(complexity)?;
        // Steady tones are taken for music otherwise, and music has no copies of lost frames.
        encoder.set_signal(Signal::Voice)?;
        encoder.set_inband_fec(true)?;
        encoder.set_packet_loss_perc(LOSS_PERCENT)?;
        let decoder = Decoder::new(rate.hz(), Channels::Mono)?;
        Ok(Self {
            rate,
            encoder,
            decoder,
        })
    }
}

impl Speech for OpusVoice {
    fn encode(&mut self, sound: &[i16], payload: &mut Vec<u8>) -> Result<(), CodecError> {
        let begun = payload.len();
        payload.resize(begun + PACKET_BYTES_MAX, 0);
        let room = payload.get_mut(begun..).unwrap_or_default();
        let done = self.encoder.encode(sound, room);
        payload.truncate(begun + done.as_ref().copied().unwrap_or(0));
        done?;
        Ok(())
    }

    fn decode(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> Result<(), CodecError> {
        if payload.is_empty() || payload.len() > PACKET_BYTES_MAX {
            return Err(CodecError::Length(payload.len()));
        }
        let samples = self.decoder.get_nb_samples(payload)?;
        if samples > PAYLOAD_MS_MAX * self.rate.per_ms() {
            return Err(CodecError::Length(payload.len()));
        }
        let begun = sound.len();
        sound.resize(begun + samples, 0);
        let room = sound.get_mut(begun..).unwrap_or_default();
        let done = self.decoder.decode(payload, room, false);
        sound.truncate(begun + done.as_ref().copied().unwrap_or(0));
        done?;
        Ok(())
    }
}
