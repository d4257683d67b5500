//! What is heard where a packet is missing, in the manner of G.711 appendix I.
//!
//! The last pitch period is repeated, then the last two, then three, so that it does not buzz; it
//! fades from 10 ms on and is silent after 60 ms. What was lost is long enough that the line would
//! sound dead, so its background noise comes up meanwhile. Real sound is blended in afterwards.

use crate::noise::{ComfortNoise, NoiseShape, measure};
use crate::rate::Rate;
use crate::sample::{count, from_f32, power};

/// Pitch periods that are looked for, in samples at 8 kHz: 200 to 66 Hz.
const PITCH_MIN: usize = 40;
const PITCH_MAX: usize = 120;
/// What is compared to find it, in samples at 8 kHz: 20 ms.
const COMPARED: usize = 160;
/// What is remembered, in samples at 8 kHz: three periods and a seam.
const HISTORY: usize = 3 * PITCH_MAX + PITCH_MAX / 4;
/// A full fade: from 10 ms to 60 ms.
const HELD_MS: usize = 10;
const FADE_MS: usize = 50;
/// How fast the floor of background noise follows, per frame: up slowly, down at once.
const FLOOR_RISE: f32 = 1.02;
/// Quietest and loudest background, as mean square: 70 and 38 dB below full scale.
const FLOOR_MIN: f32 = 107.0;
const FLOOR_MAX: f32 = 170_000.0;

/// Fills in for one stream.
#[derive(Debug)]
pub struct Concealer {
    rate: Rate,
    history: Vec<i16>,
    loss: Option<Loss>,
    noise: ComfortNoise,
    floor: f32,
}

#[derive(Debug)]
struct Loss {
    pitch: usize,
    /// Three periods from the past, the newest last.
    cycle: Vec<f32>,
    /// Samples made since the loss began.
    made: usize,
    /// Where the repetition stands.
    at: usize,
}

impl Concealer {
    /// Nothing heard yet.
    #[must_use]
    pub fn new(rate: Rate, seed: u64) -> Self {
        Self {
            rate,
            history: Vec::new(),
            loss: None,
            noise: ComfortNoise::new(seed, &NoiseShape::white(70)),
            floor: FLOOR_MIN,
        }
    }

    const fn scaled(&self, at_8k: usize) -> usize {
        at_8k * self.rate.per_ms() / 8
    }

    /// How long the present loss has been filled, in samples.
    #[must_use]
    pub fn made(&self) -> usize {
        self.loss.as_ref().map_or(0, |loss| loss.made)
    }

    /// Takes sound that was received, and blends its beginning with what stood in for it.
    pub fn heard(&mut self, sound: &mut [i16]) {
        if let Some(mut loss) = self.loss.take() {
            // The longer the loss, the longer the seam: 4 ms and 4 more each 10 ms, 10 at most.
            let per_ms = self.rate.per_ms();
            let seam = (4 + 4 * loss.made / (10 * per_ms)).min(10) * per_ms;
            let seam = seam.min(sound.len());
            let mut synthetic = vec![0.0; seam];
            self.synthesize(&mut loss, &mut synthetic);
            for (index, (real, made)) in sound.iter_mut().zip(synthetic).enumerate() {
                let share = count(index + 1) / count(seam + 1);
                *real = from_f32(f32::from(*real) * share + made * (1.0 - share));
            }
        }
        self.remember(sound);
        let now = power(sound).clamp(FLOOR_MIN, FLOOR_MAX);
        let is_floor = now <= self.floor * FLOOR_RISE;
        self.floor = now.min(self.floor * FLOOR_RISE);
        if is_floor && sound.len() >= self.rate.frame() / 2 {
            self.noise.become_like(&measure(sound));
        }
    }

    fn remember(&mut self, sound: &[i16]) {
        self.history.extend_from_slice(sound);
        let surplus = self.history.len().saturating_sub(self.scaled(HISTORY));
        self.history.drain(..surplus);
    }

    /// Appends `samples` of what stands in for something lost.
    pub fn fill(&mut self, samples: usize, sound: &mut Vec<i16>) {
        let mut loss = match self.loss.take() {
            Some(loss) => loss,
            None => self.begin(),
        };
        let mut made = vec![0.0; samples];
        self.synthesize(&mut loss, &mut made);
        sound.extend(made.into_iter().map(from_f32));
        self.loss = Some(loss);
    }

    /// What is heard next does not follow on what was heard: it is blended in over 10 ms.
    pub fn interrupted(&mut self) {
        let mut loss = match self.loss.take() {
            Some(loss) => loss,
            None => self.begin(),
        };
        loss.made = loss.made.max(15 * self.rate.per_ms());
        self.loss = Some(loss);
    }

    /// The line is silent by intention: only its background.
    pub fn fill_noise(&mut self, samples: usize, sound: &mut Vec<i16>) {
        // The voice has ended, whatever was repeated last.
        if let Some(loss) = &mut self.loss {
            loss.made = loss.made.max(self.rate.per_ms() * HELD_MS);
        }
        self.fill(samples, sound);
    }

    /// The other side says how its silence sounds.
    pub fn silence_is(&mut self, shape: &NoiseShape) {
        self.noise.become_like(shape);
    }

    fn begin(&self) -> Loss {
        let pitch = self.pitch();
        let past = |back: usize| {
            let at = self.history.len().checked_sub(back)?;
            self.history.get(at).copied().map(f32::from)
        };
        let length = 3 * pitch;
        let seam = pitch / 4;
        let mut cycle: Vec<f32> = (0..length)
            .map(|index| past(length - index).unwrap_or(0.0))
            .collect();
        // The end goes over into what comes before the beginning, so that it can be repeated: for
        // one period, for two, for three.
        for index in 0..seam {
            let share = count(index + 1) / count(seam + 1);
            let at = length - seam + index;
            // What came before the newest period, at the same place of its own.
            let before = past(seam - index + pitch).unwrap_or(0.0);
            if let Some(sample) = cycle.get_mut(at) {
                *sample = *sample * (1.0 - share) + before * share;
            }
        }
        Loss {
            pitch,
            cycle,
            made: 0,
            at: 0,
        }
    }

    /// The period after which the newest sound is most like itself.
    fn pitch(&self) -> usize {
        let (low, high) = (self.scaled(PITCH_MIN), self.scaled(PITCH_MAX));
        let compared = self.scaled(COMPARED);
        let length = self.history.len();
        let newest = self.history.get(length.saturating_sub(compared)..);
        let newest = newest.unwrap_or_default();
        let step = self.rate.per_ms() / 8;
        let likeness = |lag: usize| -> f32 {
            let begin = length.saturating_sub(compared + lag);
            let older = self.history.get(begin..begin + newest.len());
            let (mut product, mut energy) = (0.0_f32, 1.0_f32);
            let pairs = newest.iter().zip(older.unwrap_or_default());
            for (&new, &old) in pairs.step_by(step) {
                product += f32::from(new) * f32::from(old);
                energy += f32::from(old) * f32::from(old);
            }
            product / energy.sqrt()
        };
        let best = (low..=high)
            .step_by(step)
            .max_by(|&a, &b| likeness(a).total_cmp(&likeness(b)));
        best.unwrap_or(high)
    }

    fn synthesize(&mut self, loss: &mut Loss, out: &mut [f32]) {
        let per_ms = self.rate.per_ms();
        let (held, fade) = (HELD_MS * per_ms, count(FADE_MS * per_ms));
        let mut background = vec![0; out.len()];
        self.noise.fill(&mut background);
        for (sample, noise) in out.iter_mut().zip(background) {
            // One period for 10 ms, two for 10 more, then three.
            let periods = (loss.made / held + 1).min(3);
            let length = periods * loss.pitch;
            if loss.at >= length {
                loss.at = 0;
            }
            let begin = loss.cycle.len().saturating_sub(length);
            let voice = loss.cycle.get(begin + loss.at).copied().unwrap_or(0.0);
            let gone = count(loss.made.saturating_sub(held)) / fade;
            let gain = (1.0 - gone).max(0.0);
            *sample = voice * gain + f32::from(noise) * (1.0 - gain);
            loss.at += 1;
            loss.made = loss.made.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::Tone;

    fn voice(rate: Rate) -> Tone {
        Tone::new(
            rate,
            &[
                (130.0, -14.0),
                (260.0, -16.0),
                (390.0, -20.0),
                (1_300.0, -26.0),
            ],
        )
    }

    /// A voice of so many frames of which some are lost.
    fn with_losses(
        rate: Rate,
        frames: usize,
        lost: impl Fn(usize) -> bool,
    ) -> (Vec<i16>, Vec<i16>) {
        let mut tone = voice(rate);
        let mut concealer = Concealer::new(rate, 7);
        let (mut whole, mut heard) = (Vec::new(), Vec::new());
        for index in 0..frames {
            let mut frame = vec![0; rate.frame()];
            tone.fill(&mut frame);
            whole.extend_from_slice(&frame);
            if lost(index) {
                concealer.fill(rate.frame(), &mut heard);
            } else {
                concealer.heard(&mut frame);
                heard.extend(frame);
            }
        }
        (whole, heard)
    }

    fn steepest(sound: &[i16]) -> i32 {
        let steps = sound
            .windows(2)
            .map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs());
        steps.max().unwrap_or(0)
    }

    #[test]
    fn a_lost_frame_of_a_voice_is_hardly_missed() {
        for rate in [Rate::Narrow, Rate::Wide] {
            let (whole, heard) = with_losses(rate, 40, |index| index > 10 && index % 8 == 0);
            assert_eq!(whole.len(), heard.len());
            let frame = rate.frame();
            let differs: f32 = whole
                .iter()
                .zip(&heard)
                .map(|(&a, &b)| (f32::from(a) - f32::from(b)).powi(2))
                .sum();
            let silent: f32 = [16, 24, 32]
                .iter()
                .map(|&f| power(&whole[f * frame..(f + 1) * frame]) * count(frame))
                .sum();
            assert!(differs < silent / 3.0, "{rate:?} {differs} {silent}");
            // No click: nothing is much steeper than the voice itself.
            assert!(steepest(&heard) < steepest(&whole) * 3 / 2, "{rate:?}");
        }
    }

    #[test]
    fn a_long_loss_fades_and_ends_in_background() {
        let (whole, heard) = with_losses(Rate::Narrow, 40, |index| (20..30).contains(&index));
        let part = |from: usize| power(&heard[from * 160..(from + 1) * 160]);
        assert!(part(20) > part(21) && part(21) > part(22));
        assert!(part(24) < part(19) / 1_000.0);
        assert!(part(24) > 0.0);
        assert!(steepest(&heard) < steepest(&whole) * 3 / 2);
        assert!(part(35) > part(19) / 2.0);
    }

    #[test]
    fn nothing_was_heard_and_nothing_breaks() {
        let mut sound = Vec::new();
        Concealer::new(Rate::Wide, 1).fill(320, &mut sound);
        assert_eq!(sound.len(), 320);
    }
}
