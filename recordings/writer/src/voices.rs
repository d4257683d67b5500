//! All voices of a recording as one sound.

use std::collections::VecDeque;
use std::io::Write as _;

use opus::{Application, Bitrate, Channels, Decoder, Encoder};
use recordings_matroska::{CodecId, FinishedWriter, Media, Planner, TrackHead, opus_head};
use recordings_segments::{FileSum, Role};
use recordings_tracks::Frame;

use crate::finish::{FinishError, MIXDOWN, PEAKS};
use crate::folder::{Finishing, Folder};
use crate::track::Records;

const RATE_HZ: u32 = 48_000;
/// What is mixed and encoded at once: 20 ms.
const BLOCK_US: u64 = 20_000;
const BLOCK_SAMPLES: usize = 960;
/// Constant, so that where everything will be in the file is known before it is encoded. Speech of
/// several people in one channel needs no more.
const BITRATE_BPS: i32 = 48_000;
const BLOCK_BYTES: usize = 120;
/// Half of what is possible: nobody hears the rest in speech, and it costs twice the time.
const COMPLEXITY: i32 = 5;
/// One peak for this many milliseconds.
pub const PEAK_STEP_MS: u32 = 100;
const BLOCKS_PER_PEAK: usize = 5;
/// The longest packet: 120 ms.
const PACKET_SAMPLES_MAX: usize = 5_760;
/// A clock that is off by less is followed by stretching, unheard.
const RESYNC_SAMPLES: i64 = 960;
/// A packet is stretched by 0.5 % at most.
const STRETCH: usize = 200;
/// A hole of up to three packets is concealed by the decoder; a longer one is silence.
const CONCEALED_SAMPLES_MAX: i64 = 2_880;
/// The loudest sample; what is louder is turned down.
const LOUDEST: f32 = 0.98;
/// How fast what was turned down comes back, in a block.
const RELEASE: f32 = 0.02;

/// Blocks of a mixdown that ends at a time.
pub(crate) const fn blocks(end_us: u64) -> u64 {
    end_us.div_ceil(BLOCK_US)
}

/// One voice, decoded as it is needed.
struct Voice {
    records: Records,
    decoder: Decoder,
    ahead: Option<Frame>,
    /// Decoded sound, and the sample where it begins.
    sound: VecDeque<f32>,
    sound_at: i64,
    buffer: Vec<f32>,
}

fn samples(us: u64) -> i64 {
    i64::try_from(us * 48 / 1_000).unwrap_or(i64::MAX)
}

impl Voice {
    fn open(folder: &Folder, number: u32) -> Result<Self, FinishError> {
        let mut records = Records::open(folder, number)?;
        Ok(Self {
            ahead: records.next_frame()?,
            records,
            decoder: Decoder::new(RATE_HZ, Channels::Mono)?,
            sound: VecDeque::new(),
            sound_at: 0,
            buffer: vec![0.0; PACKET_SAMPLES_MAX],
        })
    }

    fn end(&self) -> i64 {
        self.sound_at + i64::try_from(self.sound.len()).unwrap_or(i64::MAX)
    }

    /// Adds what it says in one block.
    fn add(&mut self, from: i64, block: &mut [f32]) -> Result<(), FinishError> {
        let to = from + i64::try_from(block.len()).unwrap_or(0);
        // What is before this block was taken, or is late.
        while self.sound_at < from && self.sound.pop_front().is_some() {
            self.sound_at += 1;
        }
        while let Some(frame) = self.ahead.take_if(|frame| samples(frame.at_us) < to) {
            self.decode(&frame, from)?;
            self.ahead = self.records.next_frame()?;
        }
        let Ok(quiet) = usize::try_from((self.sound_at - from).max(0)) else {
            return Ok(());
        };
        for place in block.iter_mut().skip(quiet) {
            let Some(sample) = self.sound.pop_front() else {
                break;
            };
            *place += sample;
            self.sound_at += 1;
        }
        if self.sound.is_empty() {
            self.sound_at = self.sound_at.max(from);
        }
        Ok(())
    }

    /// Decodes a packet to where it belongs.
    fn decode(&mut self, frame: &Frame, from: i64) -> Result<(), FinishError> {
        let at = samples(frame.at_us);
        let late = at - self.end();
        if self.sound.is_empty() && late.abs() > RESYNC_SAMPLES {
            // After a pause there is nothing to go on with.
            self.sound_at = at.max(from);
        } else if late > RESYNC_SAMPLES / 2 {
            self.conceal(late)?;
        }
        // A packet that cannot be decoded is as good as lost.
        let Ok(count) = self
            .decoder
            .decode_float(&frame.data, &mut self.buffer, false)
        else {
            return Ok(());
        };
        let most = i64::try_from(count / STRETCH).unwrap_or(0);
        let wanted = (at - self.end()).clamp(-most, most);
        let sound = self.buffer.get(..count).unwrap_or_default();
        let length = count.saturating_add_signed(isize::try_from(wanted).unwrap_or(0));
        stretch(sound, length, &mut self.sound);
        Ok(())
    }

    /// Fills a hole in the middle of speech.
    fn conceal(&mut self, hole: i64) -> Result<(), FinishError> {
        let mut left = usize::try_from(hole).unwrap_or(0);
        if hole <= CONCEALED_SAMPLES_MAX {
            while left >= BLOCK_SAMPLES {
                let room = self.buffer.get_mut(..BLOCK_SAMPLES).unwrap_or_default();
                let count = self.decoder.decode_float(&[], room, false)?;
                self.sound.extend(self.buffer.iter().take(count));
                left -= BLOCK_SAMPLES;
            }
        } else {
            self.sound.extend(core::iter::repeat_n(0.0, left));
        }
        Ok(())
    }
}

/// Sound with a few samples more or fewer, between its neighbours.
fn stretch(sound: &[f32], length: usize, to: &mut VecDeque<f32>) {
    if sound.len() == length || sound.len() < 2 || length < 2 {
        to.extend(sound);
        return;
    }
    for at in 0..length {
        let place = at * (sound.len() - 1);
        let (whole, rest) = (place / (length - 1), place % (length - 1));
        let here = sound.get(whole).copied().unwrap_or_default();
        let next = sound.get(whole + 1).copied().unwrap_or(here);
        #[expect(clippy::cast_precision_loss, reason = "both are below 2^24")]
        let share = rest as f32 / (length - 1) as f32;
        to.push_back(here + (next - here) * share);
    }
}

/// Turns down what is too loud, a block ahead of it, so that nothing is cut off.
#[derive(Debug)]
struct Limiter {
    gain: f32,
}

fn loudest(block: &[f32]) -> f32 {
    block.iter().fold(0.0, |most, it| most.max(it.abs()))
}

impl Limiter {
    /// The gain moves within a block to what this one and the next need.
    fn apply(&mut self, block: &mut [f32], next: &[f32]) {
        let needed = |block: &[f32]| (LOUDEST / loudest(block).max(LOUDEST)).min(1.0);
        let to = needed(block).min(needed(next)).min(self.gain + RELEASE);
        #[expect(clippy::cast_precision_loss, reason = "a block has 960 samples")]
        let step = (to - self.gain) / block.len().max(1) as f32;
        for sample in block {
            self.gain += step;
            *sample = (*sample * self.gain).clamp(-1.0, 1.0);
        }
        self.gain = to;
    }
}

/// Mixes and encodes once; answers the sums of the mixdown and of its peaks.
pub(crate) fn mix(
    folder: &Folder,
    numbers: &[u32],
    end_us: u64,
) -> Result<(FileSum, FileSum), FinishError> {
    let mut voices = Vec::new();
    for number in numbers {
        voices.push(Voice::open(folder, *number)?);
    }
    let mut encoder = Encoder::new(RATE_HZ, Channels::Mono, Application::Audio)?;
    encoder.set_bitrate(Bitrate::Bits(BITRATE_BPS))?;
    encoder.set_vbr(false)?;
    encoder.set_complexity(COMPLEXITY)?;
    let pre_skip = u16::try_from(encoder.get_lookahead()?).unwrap_or(312);
    let mut planner = Planner::new(TrackHead {
        codec: CodecId::Opus,
        media: Media::Audio { channels: 1 },
        private: opus_head(1, pre_skip),
        pre_skip,
    });
    let count = blocks(end_us);
    for block in 0..count {
        planner.add(block * BLOCK_US / 1_000, BLOCK_BYTES, true)?;
    }
    let out = Finishing::create(folder, Role::Finished(MIXDOWN))?;
    let mut writer = FinishedWriter::new(out, planner.finish(end_us.div_ceil(1_000)))?;
    let mut peaks = Peaks::default();
    let mut limiter = Limiter { gain: 1.0 };
    let (mut block, mut next) = (vec![0.0; BLOCK_SAMPLES], vec![0.0; BLOCK_SAMPLES]);
    let mut packet = [0; BLOCK_BYTES];
    for number in 0..=count {
        core::mem::swap(&mut block, &mut next);
        next.fill(0.0);
        let from = samples(number * BLOCK_US);
        for voice in &mut voices {
            voice.add(from, &mut next)?;
        }
        let Some(before) = number.checked_sub(1) else {
            continue;
        };
        limiter.apply(&mut block, &next);
        peaks.add(&block);
        let length = encoder.encode_float(&block, &mut packet)?;
        let packet = packet.get(..length).unwrap_or_default();
        writer.write(before * BLOCK_US / 1_000, true, packet)?;
    }
    let mixdown = writer.finish()?.finish()?;
    let mut out = Finishing::create(folder, Role::Finished(PEAKS))?;
    out.write_all(&peaks.finish())?;
    Ok((mixdown, out.finish()?))
}

/// The loudest sample of every tenth of a second, 0 to 255.
#[derive(Debug, Default)]
struct Peaks {
    all: Vec<u8>,
    most: f32,
    blocks: usize,
}

impl Peaks {
    fn add(&mut self, block: &[f32]) {
        self.most = self.most.max(loudest(block));
        self.blocks += 1;
        if self.blocks == BLOCKS_PER_PEAK {
            self.put();
        }
    }

    fn put(&mut self) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 255"
        )]
        self.all.push((self.most.min(1.0) * 255.0) as u8);
        (self.most, self.blocks) = (0.0, 0);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.blocks > 0 {
            self.put();
        }
        self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_loud_is_turned_down_without_being_cut_off() {
        let mut limiter = Limiter { gain: 1.0 };
        let tone = |loud: f32| -> Vec<f32> {
            (0..960_u16)
                .map(|at| (f32::from(at) * 0.1).sin() * loud)
                .collect()
        };
        let (mut quiet, mut loud) = (tone(0.5), tone(2.5));
        limiter.apply(&mut quiet, &loud);
        limiter.apply(&mut loud, &tone(0.5));
        assert!(loudest(&loud) <= LOUDEST + 0.001 && loudest(&loud) > 0.9);
        let flat = loud.iter().filter(|it| it.abs() >= 0.999).count();
        assert_eq!(flat, 0);
        let mut later = tone(0.5);
        for _ in 0..60 {
            later = tone(0.5);
            limiter.apply(&mut later, &tone(0.5));
        }
        assert!((loudest(&later) - 0.5).abs() < 0.01);
    }

    #[test]
    fn stretched_sound_has_the_asked_length_and_the_same_ends() {
        let sound: Vec<f32> = (0..960_u16).map(f32::from).collect();
        for length in [955, 960, 965] {
            let mut to = VecDeque::new();
            stretch(&sound, length, &mut to);
            assert_eq!(to.len(), length);
            assert_eq!((to[0], to[length - 1]), (0.0, 959.0));
        }
    }
}
