//! Comfort noise (RFC 3389): what a silent line sounds like, said in a few bytes.

use thiserror::Error;

use crate::sample::{Random, count, from_f32, power};

/// Reflection coefficients that are used; the RFC allows more, which nobody hears.
const ORDER_MAX: usize = 10;
/// Level above which it is no background; louder claims are played at this, in dB below full scale.
const LEVEL_LOUDEST: u8 = 30;
/// Weight of what is new, each frame: noise changes within some frames, not within one.
const SMOOTHING: f32 = 0.2;

/// Why a payload is no comfort noise.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("comfort noise without a level")]
pub struct NoiseError;

/// Loudness and colour of noise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoiseShape {
    /// In dB below full scale, 0 to 127.
    level: u8,
    /// Reflection coefficients, quantised: 127 is 0.
    colour: Vec<u8>,
}

impl NoiseShape {
    /// White noise of a level in dB below full scale; 127 is silence.
    #[must_use]
    pub fn white(level: u8) -> Self {
        Self {
            level: level.min(127),
            colour: Vec::new(),
        }
    }

    /// Its level in dB below full scale.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// Reads a payload (RFC 3389 section 3).
    ///
    /// # Errors
    /// When it is empty.
    pub fn parse(payload: &[u8]) -> Result<Self, NoiseError> {
        let (level, colour) = payload.split_first().ok_or(NoiseError)?;
        Ok(Self {
            level: level & 0x7F,
            colour: colour.iter().take(ORDER_MAX).copied().collect(),
        })
    }

    /// The payload of it.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut payload = vec![self.level];
        payload.extend_from_slice(&self.colour);
        payload
    }

    fn reflections(&self) -> Vec<f32> {
        // Inverse of the quantisation of section 3.1; within 1, so that the filter is stable.
        let of = |&code: &u8| 258.0 * (f32::from(code.min(254)) - 127.0) / 32_768.0;
        self.colour.iter().map(of).collect()
    }
}

/// The noise that this sound is made of.
#[must_use]
pub fn measure(sound: &[i16]) -> NoiseShape {
    let full_scale = 32_768.0_f32 * 32_768.0;
    let below = 10.0 * (full_scale / power(sound).max(1.0e-3)).log10();
    let level = u8::try_from(from_f32(below.clamp(0.0, 127.0))).unwrap_or(127);
    NoiseShape {
        level,
        colour: reflections(sound),
    }
}

/// Reflection coefficients by the recursion of Schur, quantised as RFC 3389 section 3.1 says.
fn reflections(sound: &[i16]) -> Vec<u8> {
    let correlation = |lag: usize| -> f32 {
        let later = sound.get(lag..).unwrap_or_default();
        let pairs = sound.iter().zip(later);
        pairs.map(|(&a, &b)| f32::from(a) * f32::from(b)).sum()
    };
    let mut forward: Vec<f32> = (0..=ORDER_MAX).map(correlation).collect();
    // A little white noise keeps the recursion stable where nearly nothing is.
    if let Some(first) = forward.first_mut() {
        *first = *first * 1.001 + 1.0;
    }
    let mut backward = forward.clone();
    let mut codes = Vec::with_capacity(ORDER_MAX);
    for _ in 0..ORDER_MAX {
        let (Some(&ahead), Some(&error)) = (forward.get(1), backward.first()) else {
            break;
        };
        let k = (-ahead / error).clamp(-0.99, 0.99);
        let code = from_f32(k * 32_768.0 / 258.0 + 127.0).clamp(0, 254);
        codes.push(u8::try_from(code).unwrap_or(127));
        let next: Vec<(f32, f32)> = forward
            .iter()
            .skip(1)
            .zip(&backward)
            .map(|(&f, &b)| (f + k * b, b + k * f))
            .collect();
        (forward, backward) = next.into_iter().unzip();
    }
    codes
}

/// Makes noise of a shape, and goes over softly to another.
#[derive(Debug)]
pub struct ComfortNoise {
    random: Random,
    target: f32,
    amplitude: f32,
    reflections: Vec<f32>,
    memory: Vec<f32>,
}

impl ComfortNoise {
    /// Noise of this shape.
    #[must_use]
    pub fn new(seed: u64, shape: &NoiseShape) -> Self {
        let mut noise = Self {
            random: Random::new(seed),
            target: 0.0,
            amplitude: 0.0,
            reflections: Vec::new(),
            memory: Vec::new(),
        };
        noise.become_like(shape);
        noise
    }

    /// From now on of this shape.
    pub fn become_like(&mut self, shape: &NoiseShape) {
        self.reflections = shape.reflections();
        self.memory.resize(self.reflections.len(), 0.0);
        let level = shape.level.max(LEVEL_LOUDEST);
        let rms = if level == 127 {
            0.0
        } else {
            32_768.0 * 10.0_f32.powf(-f32::from(level) / 20.0)
        };
        // The filter makes louder what comes in; evenly spread numbers have a third of the power of their peak.
        let gain: f32 = self.reflections.iter().map(|k| 1.0 - k * k).product();
        self.target = rms * (3.0 * gain).sqrt();
    }

    /// The next sample: an all-pole lattice, from the last stage to the first.
    fn next(&mut self) -> f32 {
        let mut forward = self.amplitude * self.random.white();
        // What a stage hands down becomes, one sample later, the memory of the stage behind it.
        let mut handed: Option<usize> = None;
        for index in (0..self.reflections.len()).rev() {
            let (Some(&k), Some(&memory)) = (self.reflections.get(index), self.memory.get(index))
            else {
                break;
            };
            forward -= k * memory;
            let out = memory + k * forward;
            if let Some(slot) = handed.and_then(|behind| self.memory.get_mut(behind)) {
                *slot = out;
            }
            handed = Some(index);
        }
        if let Some(first) = self.memory.first_mut() {
            *first = forward;
        }
        forward
    }

    /// Fills a frame with what comes next.
    pub fn fill(&mut self, frame: &mut [i16]) {
        let step = (self.target - self.amplitude) * SMOOTHING / count(frame.len().max(1));
        for sample in frame {
            self.amplitude += step;
            *sample = from_f32(self.next());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::Rate;
    use crate::tone::Tone;
    use proptest::prelude::*;

    fn made(shape: &NoiseShape) -> Vec<i16> {
        let mut noise = ComfortNoise::new(5, shape);
        let mut sound = Vec::new();
        for _ in 0..200 {
            let mut frame = [0; 160];
            noise.fill(&mut frame);
            sound.extend(frame);
        }
        sound.split_off(16_000)
    }

    #[test]
    fn noise_is_as_loud_as_it_says() {
        for level in [40, 50, 60, 70] {
            let measured = measure(&made(&NoiseShape::white(level)));
            assert!(
                measured.level.abs_diff(level) <= 1,
                "{level} {}",
                measured.level
            );
        }
        assert!(made(&NoiseShape::white(127)).iter().all(|&s| s == 0));
    }

    #[test]
    fn coloured_noise_keeps_its_colour_and_level() {
        // Dark noise: a tone of 300 Hz under white noise.
        let mut sound = made(&NoiseShape::white(50));
        let mut tone = Tone::new(Rate::Narrow, &[(300.0, -38.0)]);
        for sample in &mut sound {
            *sample += from_f32(tone.next());
        }
        let shape = measure(&sound);
        let again = measure(&made(&shape));
        assert!(
            shape.level.abs_diff(again.level) <= 2,
            "{shape:?} {again:?}"
        );
        let (one, other) = (shape.reflections()[0], again.reflections()[0]);
        assert!(one < -0.5 && (one - other).abs() < 0.15, "{one} {other}");
    }

    #[test]
    fn nobody_can_make_it_loud() {
        assert!(measure(&made(&NoiseShape::white(0))).level >= LEVEL_LOUDEST - 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_payload_makes_bounded_noise(payload in prop::collection::vec(any::<u8>(), 0..40)) {
            match NoiseShape::parse(&payload) {
                Err(NoiseError) => prop_assert!(payload.is_empty()),
                Ok(shape) => {
                    prop_assert_eq!(NoiseShape::parse(&shape.write()), Ok(shape.clone()));
                    let sound = made(&shape);
                    prop_assert!(power(&sound).sqrt() < 4_000.0);
                }
            }
        }
    }
}
