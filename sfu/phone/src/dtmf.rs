//! Keys heard in the sound itself, for trunks that send no telephone-events (ITU-T Q.24).
//!
//! Goertzel filters over blocks of 20 ms that begin every 10 ms. A key counts when three blocks agree,
//! so 50 ms of it are enough: keys of telephones sound 80 ms and longer, and with the 40 ms of Q.24
//! some vowels would be keys. Speech is told apart by what a key does not have: anything besides
//! its two tones, their second harmonics, tones of very different strength, and tones that are not
//! where they should be. How far they are off is read from their phases in one block and the next.

use crate::rate::Rate;
use crate::sample::{count, power};
use crate::tone::{COLUMNS_HZ, Digit, ROWS_HZ};

/// Blocks that must agree with the one before.
const AGREEING: u32 = 2;
/// Blocks without the key before it is over: 30 ms.
const MISSES: u32 = 3;
/// Mean square below which nothing is looked at: 42 dB below full scale.
const POWER_MIN: f32 = 68_000.0;
/// Part of the sound that must be in the two tones, before it is known how far they are off, and after.
const SHARE_FIRST: f32 = 0.55;
const SHARE_MIN: f32 = 0.8;
/// How far a tone may be off: 1.5 % must be taken, 3.5 % refused (ITU-T Q.24 annex A).
const OFF_MAX: f32 = 0.025;
/// How much stronger the strongest tone of a group must be than the others: 8 dB.
const ALONE: f32 = 6.3;
/// The row may be stronger than the column by 8 dB, the column than the row by 6 dB.
const ROW_STRONGER: f32 = 6.3;
const COLUMN_STRONGER: f32 = 4.0;
/// Part of a tone's power that its second harmonic may have.
const HARMONIC_MAX: f32 = 0.15;

/// What a stretch of sound holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// No key.
    Nothing,
    /// A key was just recognised; said once for each press.
    Pressed(Digit),
    /// A key is still held.
    Held,
}

/// A block that sounds like a key.
#[derive(Debug, Clone, Copy)]
struct Block {
    digit: Digit,
    row: Phasor,
    column: Phasor,
    total: f32,
    /// Blocks before it that were the same key.
    agreed: u32,
}

/// What is there of one tone.
#[derive(Debug, Clone, Copy)]
struct Phasor {
    hz: f32,
    re: f32,
    im: f32,
}

impl Phasor {
    /// Mean square of a sine that explains it.
    const fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    /// How far the tone is off, in Hz, from the phase that it has half a block later.
    fn off_hz(self, later: Self, hop_s: f32) -> f32 {
        let turned = core::f32::consts::TAU * self.hz * hop_s;
        let (re, im) = (
            later.re * self.re + later.im * self.im,
            later.im * self.re - later.re * self.im,
        );
        let (sin, cos) = turned.sin_cos();
        let phase = (im * cos - re * sin).atan2(re * cos + im * sin);
        phase / (core::f32::consts::TAU * hop_s)
    }
}

/// Half a block, in seconds.
const HOP_S: f32 = 0.01;

/// Recognises keys in a stream of frames.
#[derive(Debug)]
pub struct Detector {
    rate: Rate,
    block: Vec<i16>,
    candidate: Option<Block>,
    held: Option<(Digit, u32)>,
}

impl Detector {
    /// Nothing heard yet.
    #[must_use]
    pub const fn new(rate: Rate) -> Self {
        Self {
            rate,
            block: Vec::new(),
            candidate: None,
            held: None,
        }
    }

    /// Listens to the next frame.
    pub fn listen(&mut self, frame: &[i16]) -> Heard {
        self.block.extend_from_slice(frame);
        let (size, hop) = (self.rate.frame(), self.rate.frame() / 2);
        let mut heard = None;
        let mut at = 0_usize;
        while let Some(block) = self.block.get(at..at.saturating_add(size)) {
            let found = key_of(self.rate, block);
            at = at.saturating_add(hop);
            heard = self.judge(found).or(heard);
        }
        self.block.drain(..at.min(self.block.len()));
        match heard {
            Some(digit) => Heard::Pressed(digit),
            None if self.held.is_some() || self.candidate.is_some() => Heard::Held,
            None => Heard::Nothing,
        }
    }

    fn judge(&mut self, found: Option<Block>) -> Option<Digit> {
        let digit = found.map(|block| block.digit);
        if let Some((held, misses)) = &mut self.held {
            *misses = if digit == Some(*held) {
                0
            } else {
                misses.saturating_add(1)
            };
            if *misses >= MISSES {
                self.held = None;
            }
        }
        let before = core::mem::replace(&mut self.candidate, found);
        if self.held.is_some_and(|(held, _)| digit == Some(held)) {
            self.candidate = None;
            return None;
        }
        let (now, before) = (found?, before?);
        if now.digit != before.digit || !is_key(&before, &now) {
            return None;
        }
        let agreed = before.agreed.saturating_add(1);
        if agreed < AGREEING {
            self.candidate = Some(Block { agreed, ..now });
            return None;
        }
        self.candidate = None;
        self.held = Some((now.digit, 0));
        Some(now.digit)
    }
}

/// Whether two blocks of the same key, half a block apart, are of a telephone.
fn is_key(before: &Block, now: &Block) -> bool {
    let explained = [(before.row, now.row), (before.column, now.column)].map(|(one, other)| {
        let off = one.off_hz(other, HOP_S);
        if off.abs() > one.hz * OFF_MAX {
            return (0.0, 0.0);
        }
        // What the filter did not see of a tone that is a little off.
        let x = core::f32::consts::PI * off * 2.0 * HOP_S;
        let seen = if x.abs() < 1.0e-3 {
            1.0
        } else {
            (x.sin() / x).powi(2)
        };
        (one.power() / seen, other.power() / seen)
    });
    let [row, column] = explained;
    row.0 > 0.0
        && column.0 > 0.0
        && row.0 + column.0 >= before.total * SHARE_MIN
        && row.1 + column.1 >= now.total * SHARE_MIN
}

/// What there is of a tone in a block: its power is the mean square of a sine that explains it.
fn tone(rate: Rate, block: &[i16], hz: f32) -> Phasor {
    let step = core::f32::consts::TAU * hz / rate.hz_f32();
    let (sin, cos) = step.sin_cos();
    let (mut one, mut two) = (0.0_f32, 0.0_f32);
    for &sample in block {
        let next = 2.0 * cos * one - two + f32::from(sample);
        two = one;
        one = next;
    }
    let scale = core::f32::consts::SQRT_2 / count(block.len().max(1));
    Phasor {
        hz,
        re: (one - two * cos) * scale,
        im: two * sin * scale,
    }
}

fn key_of(rate: Rate, block: &[i16]) -> Option<Block> {
    let total = power(block);
    if total < POWER_MIN {
        return None;
    }
    let (row_at, row) = strongest(rate, block, &ROWS_HZ)?;
    let (column_at, column) = strongest(rate, block, &COLUMNS_HZ)?;
    let (low, high) = (row.power(), column.power());
    let is_balanced = low <= high * ROW_STRONGER && high <= low * COLUMN_STRONGER;
    if !is_balanced || low + high < total * SHARE_FIRST {
        return None;
    }
    let has_harmonic =
        |of: Phasor| tone(rate, block, 2.0 * of.hz).power() > of.power() * HARMONIC_MAX;
    if has_harmonic(row) || has_harmonic(column) {
        return None;
    }
    let digit = Digit::of_tones(row_at, column_at)?;
    Some(Block {
        digit,
        row,
        column,
        total,
        agreed: 0,
    })
}

/// The tone of a group that stands out, and its power.
fn strongest(rate: Rate, block: &[i16], tones: &[f32; 4]) -> Option<(usize, Phasor)> {
    let found = tones.map(|hz| tone(rate, block, hz));
    let (best, &most) = found
        .iter()
        .enumerate()
        .max_by(|(_, a), (_, b)| a.power().total_cmp(&b.power()))?;
    let is_alone = found
        .iter()
        .enumerate()
        .all(|(index, other)| index == best || most.power() >= other.power() * ALONE);
    is_alone.then_some((best, most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Random, from_f32};
    use crate::tone::{DigitTone, Tone};

    fn keys_in(rate: Rate, sound: &[i16]) -> String {
        let mut detector = Detector::new(rate);
        sound
            .chunks(rate.frame())
            .filter_map(|frame| match detector.listen(frame) {
                Heard::Pressed(digit) => Some(digit.expose()),
                Heard::Nothing | Heard::Held => None,
            })
            .collect()
    }

    fn two_tones(rate: Rate, parts: &[(f32, f32)], ms: usize, lead: usize) -> Vec<i16> {
        let mut sound = vec![0; lead];
        let mut tone = Tone::new(rate, parts);
        let mut body = vec![0; ms * rate.per_ms()];
        tone.fill(&mut body);
        sound.extend(body);
        sound.extend(vec![0; 60 * rate.per_ms()]);
        sound
    }

    fn noisy(sound: &[i16], amplitude: f32, seed: u64) -> Vec<i16> {
        let mut random = Random::new(seed);
        sound
            .iter()
            .map(|&s| from_f32(f32::from(s) + amplitude * random.white()))
            .collect()
    }

    #[test]
    fn what_is_played_is_heard_once_for_each_press() {
        for rate in [Rate::Narrow, Rate::Wide] {
            let typed = "0123456789*#ABCD11##";
            let mut sound = Vec::new();
            for key in typed.chars() {
                let mut tone = DigitTone::new(rate, Digit::try_from(key).unwrap());
                let mut more = true;
                while more {
                    let mut frame = vec![0; rate.frame()];
                    more = tone.fill(&mut frame);
                    sound.extend(frame);
                }
            }
            assert_eq!(keys_in(rate, &sound), typed);
            assert_eq!(keys_in(rate, &noisy(&sound, 2_000.0, 3)), typed);
        }
    }

    #[test]
    fn fifty_milliseconds_are_enough_wherever_they_begin_and_thirty_are_not() {
        for lead in (0..320).step_by(13) {
            let parts = [(770.0, -12.0), (1_477.0, -12.0)];
            assert_eq!(
                keys_in(Rate::Narrow, &two_tones(Rate::Narrow, &parts, 50, lead)),
                "6"
            );
            assert_eq!(
                keys_in(Rate::Narrow, &two_tones(Rate::Narrow, &parts, 30, lead)),
                ""
            );
        }
    }

    #[test]
    fn tones_may_be_a_little_off_and_unequal_and_no_more() {
        let key = |off: f32, row_db: f32, column_db: f32| {
            let parts = [(852.0 * off, row_db), (1_209.0 * off, column_db)];
            keys_in(Rate::Narrow, &two_tones(Rate::Narrow, &parts, 80, 77))
        };
        assert_eq!(key(1.015, -12.0, -12.0), "7");
        assert_eq!(key(0.985, -12.0, -12.0), "7");
        assert_eq!(key(1.0, -12.0, -19.0), "7");
        assert_eq!(key(1.0, -17.0, -12.0), "7");
        assert_eq!(key(1.0, -30.0, -30.0), "7");
        assert_eq!(key(1.035, -12.0, -12.0), "");
        assert_eq!(key(1.0, -12.0, -24.0), "");
        assert_eq!(key(1.0, -24.0, -12.0), "");
        assert_eq!(key(1.0, -50.0, -50.0), "");
    }

    /// Vowels: a thirty harmonics of a wandering voice through two wandering formants, with noise.
    fn speech_like(rate: Rate, seconds: usize, seed: u64) -> Vec<i16> {
        let mut random = Random::new(seed);
        let (mut phase, mut pitch, mut first, mut second) = (0.0_f32, 120.0, 600.0, 1_400.0);
        let mut sound = Vec::new();
        for _ in 0..seconds * 100 {
            pitch = (pitch + 6.0 * random.white()).clamp(80.0, 300.0);
            first = (first + 40.0 * random.white()).clamp(300.0, 950.0);
            second = (second + 60.0 * random.white()).clamp(1_000.0, 1_800.0);
            let loudness = 300.0 + 2_500.0 * (random.white() + 1.0);
            for _ in 0..rate.frame() / 2 {
                phase = (phase + core::f32::consts::TAU * pitch / rate.hz_f32()) % 6_283.185_5;
                let mut sum = 0.05 * random.white() + 0.4 * phase.sin() + 0.2 * (2.0 * phase).sin();
                for harmonic in 1..30_u16 {
                    let hz = f32::from(harmonic) * pitch;
                    let near = |formant: f32| 1.0 / (1.0 + ((hz - formant) / 60.0).powi(2));
                    sum += (near(first) + near(second)) * (f32::from(harmonic) * phase).sin();
                }
                sound.push(from_f32(sum * loudness));
            }
        }
        sound
    }

    #[test]
    fn nobody_types_by_talking() {
        for seed in 1..5 {
            let sound = speech_like(Rate::Narrow, 60, seed * 7_919);
            assert!(power(&sound) > POWER_MIN);
            assert_eq!(keys_in(Rate::Narrow, &sound), "");
        }
    }

    #[test]
    fn noise_and_single_tones_are_no_keys() {
        assert_eq!(
            keys_in(Rate::Narrow, &noisy(&vec![0; 80_000], 12_000.0, 9)),
            ""
        );
        for hz in [440.0, 697.0, 941.0, 1_209.0, 1_633.0] {
            let sound = two_tones(Rate::Narrow, &[(hz, -9.0)], 500, 0);
            assert_eq!(keys_in(Rate::Narrow, &sound), "");
        }
    }
}
