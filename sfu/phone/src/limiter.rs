//! Several voices at once, without clipping and without clicks.
//!
//! It looks a millisecond ahead: the gain goes down before the peak comes, and up slowly.

use crate::rate::Rate;
use crate::sample::{count, from_f32};

/// The loudest that leaves: 1 dB below full scale.
const CEILING: f32 = 29_200.0;
/// Part of the missing gain that comes back in a millisecond: half of it in 70 ms.
const RELEASE: f32 = 0.01;

/// The limiter of one listener. What it gives is a millisecond later than what it takes.
#[derive(Debug, Clone)]
pub struct Limiter {
    step: usize,
    gain: f32,
    ahead: Vec<i32>,
}

impl Limiter {
    /// Nothing heard yet.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            step: rate.per_ms(),
            gain: 1.0,
            ahead: vec![0; rate.per_ms()],
        }
    }

    /// Brings a frame of sums within the range of samples. The frame is whole milliseconds long.
    pub fn limit(&mut self, sums: &[i32], out: &mut Vec<i16>) {
        for coming in sums.chunks(self.step) {
            // What leaves now must fit, and at its end the gain must fit what comes.
            let now = wanted(&self.ahead).min(self.gain);
            let recovered = self.gain + (1.0 - self.gain) * RELEASE;
            let then = wanted(coming).min(wanted(&self.ahead)).min(recovered);
            let length = count(self.ahead.len().max(1));
            for (index, &sum) in self.ahead.iter().enumerate() {
                let gain = now + (then - now) * count(index + 1) / length;
                out.push(from_f32(to_f32(sum) * gain));
            }
            self.gain = then;
            self.ahead.clear();
            self.ahead.extend_from_slice(coming);
        }
    }
}

/// The gain with which the loudest of these just fits.
fn wanted(sums: &[i32]) -> f32 {
    let peak = sums.iter().map(|sum| sum.unsigned_abs()).max().unwrap_or(0);
    let peak = to_f32(i32::try_from(peak).unwrap_or(i32::MAX));
    if peak > CEILING { CEILING / peak } else { 1.0 }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a sum of some voices is far below 2^24"
)]
fn to_f32(sum: i32) -> f32 {
    sum as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_fits_is_not_changed() {
        let sums: Vec<i32> = (0..480).map(|i| (i * 37) % 20_000 - 10_000).collect();
        let mut out = Vec::new();
        Limiter::new(Rate::Narrow).limit(&sums, &mut out);
        let same: Vec<i32> = out.iter().skip(8).map(|&s| i32::from(s)).collect();
        assert_eq!(same, sums[..472]);
    }

    #[test]
    fn a_sudden_shout_does_not_click() {
        // Five times as loud within 4 ms.
        let loud = |i: usize| 1.0 + 4.0 * (count(i.saturating_sub(800)) / 32.0).min(1.0);
        let wave = |i: usize| 20_000.0 * loud(i) * (count(i) * 0.1).sin();
        let sums: Vec<i32> = (0..1_600)
            .map(|i| 10 * i32::from(from_f32(wave(i) / 10.0)))
            .collect();
        let mut out = Vec::new();
        Limiter::new(Rate::Narrow).limit(&sums, &mut out);
        assert!(out.iter().all(|&s| f32::from(s).abs() <= CEILING + 1.0));
        // Curvature is what clicks are made of. Cut off instead, this has more than 5000.
        let bend = out
            .windows(3)
            .map(|w| (i32::from(w[0]) - 2 * i32::from(w[1]) + i32::from(w[2])).abs());
        assert!(bend.max().unwrap() < 2_500);
    }

    proptest! {
        #[test]
        fn nothing_is_louder_than_the_ceiling(sums in prop::collection::vec(-400_000..400_000i32, 160)) {
            let mut out = Vec::new();
            Limiter::new(Rate::Narrow).limit(&sums, &mut out);
            prop_assert_eq!(out.len(), 160);
            prop_assert!(out.iter().all(|&s| f32::from(s).abs() <= CEILING + 1.0));
        }
    }
}
