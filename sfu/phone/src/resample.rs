//! Between 8 and 16 kHz, so that telephones of both rates hear each other.
//!
//! A half-band filter of 47 taps (a sinc in a Hamming window): flat to 3.2 kHz, and what would fold
//! over is 40 dB below from 5 kHz on. It delays by one and a half milliseconds.
#![deny(clippy::arithmetic_side_effects)]

use crate::sample::{count, from_f32};

/// Taps of the filter at 16 kHz; the middle one is its delay.
const TAPS: usize = 47;
/// Samples of 8 kHz that are remembered for going up.
const PAST_NARROW: usize = TAPS / 2;

#[expect(clippy::arithmetic_side_effects, reason = "a place among the taps")]
fn taps() -> [f32; TAPS] {
    let middle = count(TAPS / 2);
    let mut taps = [0.0; TAPS];
    for (index, tap) in taps.iter_mut().enumerate() {
        let at = count(index) - middle;
        let turn = core::f32::consts::PI * at / 2.0;
        let sinc = if turn == 0.0 { 1.0 } else { turn.sin() / turn };
        let phase = core::f32::consts::TAU * count(index + 1) / count(TAPS + 1);
        let window = 0.54 - 0.46 * phase.cos();
        *tap = 0.5 * sinc * window;
    }
    // Sound that does not change keeps its level exactly.
    let sum: f32 = taps.iter().sum();
    taps.map(|tap| tap / sum)
}

/// From 16 to 8 kHz, frame by frame.
#[derive(Debug)]
pub struct Halver {
    taps: [f32; TAPS],
    past: Vec<i16>,
}

impl Default for Halver {
    fn default() -> Self {
        Self {
            taps: taps(),
            past: vec![0; TAPS.saturating_sub(1)],
        }
    }
}

impl Halver {
    /// Half as many samples; of an odd one at the end nothing is kept.
    pub fn halve(&mut self, wide: &[i16]) -> Vec<i16> {
        self.past.extend_from_slice(wide);
        let mut out = Vec::with_capacity(wide.len() / 2);
        for window in self.past.windows(TAPS).skip(1).step_by(2) {
            let sum: f32 = window
                .iter()
                .zip(&self.taps)
                .map(|(sample, tap)| f32::from(*sample) * tap)
                .sum();
            out.push(from_f32(sum));
        }
        out.truncate(wide.len() / 2);
        let surplus = self.past.len().saturating_sub(TAPS.saturating_sub(1));
        self.past.drain(..surplus);
        out
    }
}

/// A whole sound from 16 to 8 kHz.
#[must_use]
pub fn halved(wide: &[i16]) -> Vec<i16> {
    Halver::default().halve(wide)
}

/// From 8 to 16 kHz, frame by frame.
#[derive(Debug)]
pub struct Doubler {
    taps: [f32; TAPS],
    past: Vec<i16>,
}

impl Default for Doubler {
    fn default() -> Self {
        Self {
            taps: taps(),
            past: vec![0; PAST_NARROW],
        }
    }
}

impl Doubler {
    /// Twice as many samples.
    pub fn double(&mut self, narrow: &[i16]) -> Vec<i16> {
        self.past.extend_from_slice(narrow);
        let mut out = Vec::with_capacity(narrow.len().saturating_mul(2));
        for window in self.past.windows(PAST_NARROW.saturating_add(1)) {
            for phase in [0, 1] {
                // The newest sample meets the first tap of each phase.
                let sum: f32 = window
                    .iter()
                    .rev()
                    .zip(self.taps.iter().skip(phase).step_by(2))
                    .map(|(sample, tap)| f32::from(*sample) * tap)
                    .sum();
                out.push(from_f32(sum * 2.0));
            }
        }
        let surplus = self.past.len().saturating_sub(PAST_NARROW);
        self.past.drain(..surplus);
        out
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "tests")]
mod tests {
    use super::*;
    use crate::rate::Rate;
    use crate::sample::power;
    use crate::tone::Tone;

    fn tone(rate: Rate, hz: f32, frames: usize) -> Vec<i16> {
        let mut tone = Tone::new(rate, &[(hz, -12.0)]);
        let mut sound = vec![0; rate.frame() * frames];
        tone.fill(&mut sound);
        sound
    }

    fn db(part: &[i16], whole: &[i16]) -> f32 {
        10.0 * (power(part).max(0.01) / power(whole)).log10()
    }

    #[test]
    fn speech_keeps_its_level_both_ways_and_what_would_fold_is_gone() {
        for hz in [200.0, 1_000.0, 3_000.0] {
            let wide = tone(Rate::Wide, hz, 20);
            let narrow = halved(&wide);
            assert_eq!(narrow.len() * 2, wide.len());
            assert!(db(&narrow[400..], &wide[800..]).abs() < 0.3, "{hz}");
            let back = Doubler::default().double(&narrow);
            assert_eq!(back.len(), wide.len());
            assert!(db(&back[800..], &wide[800..]).abs() < 0.6, "{hz}");
        }
        for hz in [5_000.0, 7_000.0] {
            let wide = tone(Rate::Wide, hz, 20);
            assert!(db(&halved(&wide)[100..], &wide) < -40.0, "{hz}");
        }
    }

    #[test]
    fn frame_by_frame_is_the_same_as_all_at_once() {
        let wide = tone(Rate::Wide, 700.0, 10);
        let mut halver = Halver::default();
        let pieces: Vec<i16> = wide.chunks(320).flat_map(|it| halver.halve(it)).collect();
        assert_eq!(pieces, halved(&wide));
        let narrow = tone(Rate::Narrow, 700.0, 10);
        let mut doubler = Doubler::default();
        let pieces: Vec<i16> = narrow
            .chunks(160)
            .flat_map(|it| doubler.double(it))
            .collect();
        assert_eq!(pieces, Doubler::default().double(&narrow));
    }
}
