//! The power spectrum of 25 ms of sound.

use std::f32::consts::TAU;

/// Samples of a window: 25 ms.
pub const WINDOW: usize = 400;
/// Frequencies of a spectrum, 40 Hz apart, from 0 to 8 kHz.
pub const BINS: usize = WINDOW / 2 + 1;

/// A Fourier transform of [`WINDOW`] samples behind a Hann window, with its tables.
#[derive(Debug, Clone)]
pub struct Spectrum {
    window: Vec<f32>,
    turns: Vec<Complex>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Complex {
    re: f32,
    im: f32,
}

impl Complex {
    fn plus(self, other: Self) -> Self {
        Self {
            re: self.re + other.re,
            im: self.im + other.im,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            re: self.re - other.re,
            im: self.im - other.im,
        }
    }

    fn times(self, other: Self) -> Self {
        Self {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }
}

impl Default for Spectrum {
    fn default() -> Self {
        Self::new()
    }
}

impl Spectrum {
    /// Computes the tables.
    #[must_use]
    pub fn new() -> Self {
        #[expect(clippy::cast_precision_loss, reason = "numbers below 400")]
        let angle = |step: usize| TAU * step as f32 / WINDOW as f32;
        Self {
            window: (0..WINDOW).map(|at| 0.5 - 0.5 * angle(at).cos()).collect(),
            turns: (0..WINDOW)
                .map(|at| Complex {
                    re: angle(at).cos(),
                    im: -angle(at).sin(),
                })
                .collect(),
        }
    }

    /// The power at each frequency. Samples that are missing count as silence, more than [`WINDOW`]
    /// are not looked at.
    #[must_use]
    pub fn power(&self, samples: &[f32]) -> Vec<f32> {
        let mut input = [Complex::default(); WINDOW];
        for ((place, sample), window) in input.iter_mut().zip(samples).zip(&self.window) {
            place.re = sample * window;
        }
        let mut output = [Complex::default(); WINDOW];
        self.transform(&input, 1, &mut output);
        let bins = output.iter().take(BINS);
        bins.map(|it| it.re * it.re + it.im * it.im).collect()
    }

    /// The transform of every `stride`th input into `output`: by halves while it can be halved, then
    /// (for 25) by its definition.
    fn transform(&self, input: &[Complex], stride: usize, output: &mut [Complex]) {
        let size = output.len();
        if size % 2 == 1 {
            for (frequency, place) in output.iter_mut().enumerate() {
                let turned = input
                    .iter()
                    .step_by(stride)
                    .enumerate()
                    .map(|(at, sample)| sample.times(self.turn(frequency * at * stride)));
                *place = turned.fold(Complex::default(), Complex::plus);
            }
            return;
        }
        let (even, odd) = output.split_at_mut(size / 2);
        self.transform(input, stride * 2, even);
        let shifted = input.get(stride..).unwrap_or_default();
        self.transform(shifted, stride * 2, odd);
        for (frequency, (low, high)) in even.iter_mut().zip(odd).enumerate() {
            let turned = high.times(self.turn(frequency * stride));
            (*low, *high) = (low.plus(turned), low.minus(turned));
        }
    }

    fn turn(&self, step: usize) -> Complex {
        self.turns.get(step % WINDOW).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_transform_is_the_slow_one() {
        let spectrum = Spectrum::new();
        let samples: Vec<f32> = (0..WINDOW)
            .map(|at| ((at * at * 37 % 101) as f32) / 50.0 - 1.0)
            .collect();
        let fast = spectrum.power(&samples);
        assert_eq!(fast.len(), BINS);
        for (frequency, power) in fast.iter().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for (at, sample) in samples.iter().enumerate() {
                let turn = std::f64::consts::TAU / WINDOW as f64;
                let weighed = f64::from(*sample) * (0.5 - 0.5 * (turn * at as f64).cos());
                re += weighed * (turn * (at * frequency) as f64).cos();
                im += weighed * (turn * (at * frequency) as f64).sin();
            }
            let slow = re * re + im * im;
            assert!((f64::from(*power) - slow).abs() < 1e-3 * (1.0 + slow));
        }
    }

    #[test]
    fn a_tone_stands_at_its_frequency() {
        let tone: Vec<f32> = (0..WINDOW)
            .map(|at| (TAU * 1_000.0 * at as f32 / 16_000.0).sin())
            .collect();
        let power = Spectrum::new().power(&tone);
        let loudest = (0..BINS).max_by(|a, b| power[*a].total_cmp(&power[*b]));
        assert_eq!(loudest, Some(25));
    }
}
