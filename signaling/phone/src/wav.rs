//! WAV files as far as prompts need them: PCM, mono, 16 bits, one rate.

use thiserror::Error;

/// Why a file is not taken.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum WavError {
    /// Not RIFF with WAVE inside, or torn.
    #[error("not a whole WAV file")]
    Form,
    /// Compressed, or floating point.
    #[error("not plain PCM of 16 bits")]
    Coding,
    /// More than one channel.
    #[error("{0} channels instead of one")]
    Channels(u16),
    /// Another rate.
    #[error("{0} Hz")]
    Rate(u32),
}

/// Reads the samples of a file that has this rate. Chunks that say other things are passed over; what
/// a last chunk promises and does not have is missing.
///
/// # Errors
/// When it is another kind of file.
pub fn read_wav(bytes: &[u8], hz: u32) -> Result<Vec<i16>, WavError> {
    let rest = bytes.strip_prefix(b"RIFF").ok_or(WavError::Form)?;
    let rest = rest.get(4..).and_then(|rest| rest.strip_prefix(b"WAVE"));
    let mut rest = rest.ok_or(WavError::Form)?;
    let mut is_described = false;
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, length @ ..] = *head;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        let chunk = after.get(..length.min(after.len())).unwrap_or_default();
        match &[a, b, c, d] {
            b"fmt " => {
                describe(chunk, hz)?;
                is_described = true;
            }
            b"data" if is_described => {
                let pairs = chunk.as_chunks::<2>().0;
                return Ok(pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect());
            }
            b"data" => return Err(WavError::Form),
            _ => {}
        }
        // Chunks begin at even places.
        let next = length.saturating_add(length % 2).min(after.len());
        rest = after.get(next..).unwrap_or_default();
    }
    Err(WavError::Form)
}

fn describe(chunk: &[u8], hz: u32) -> Result<(), WavError> {
    let short = |at: usize| {
        let bytes = chunk.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_le_bytes(*bytes))
    };
    let (coding, channels) = (
        short(0).ok_or(WavError::Form)?,
        short(2).ok_or(WavError::Form)?,
    );
    let rate = chunk.get(4..).and_then(|rest| rest.first_chunk::<4>());
    let rate = u32::from_le_bytes(*rate.ok_or(WavError::Form)?);
    let bits = short(14).ok_or(WavError::Form)?;
    if coding != 1 || bits != 16 {
        return Err(WavError::Coding);
    }
    if channels != 1 {
        return Err(WavError::Channels(channels));
    }
    if rate != hz {
        return Err(WavError::Rate(rate));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wav(coding: u16, channels: u16, hz: u32, samples: &[i16]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend(coding.to_le_bytes());
        bytes.extend(channels.to_le_bytes());
        bytes.extend(hz.to_le_bytes());
        bytes.extend([0, 0, 0, 0, 2, 0, 16, 0]);
        bytes.extend(b"data\xFF\xFF\xFF\xFF");
        bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }

    #[test]
    fn samples_come_out_and_other_files_are_named() {
        assert_eq!(
            read_wav(&wav(1, 1, 8_000, &[1, -2, 300]), 8_000),
            Ok(vec![1, -2, 300])
        );
        assert_eq!(
            read_wav(&wav(1, 1, 8_000, &[1]), 16_000),
            Err(WavError::Rate(8_000))
        );
        assert_eq!(
            read_wav(&wav(1, 2, 8_000, &[1]), 8_000),
            Err(WavError::Channels(2))
        );
        assert_eq!(
            read_wav(&wav(3, 1, 8_000, &[1]), 8_000),
            Err(WavError::Coding)
        );
        assert_eq!(read_wav(b"RIFF", 8_000), Err(WavError::Form));
    }

    proptest! {
        #[test]
        fn nothing_panics(cut in 0..70_usize, change in prop::collection::vec((0..70_usize, any::<u8>()), 0..6)) {
            let mut bytes = wav(1, 1, 8_000, &[1, 2, 3]);
            for (at, byte) in change {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            bytes.truncate(cut);
            let _ = read_wav(&bytes, 8_000);
        }
    }
}
