//! Tones in the rhythm of telephone exchanges, for those who wait.

use crate::rate::Rate;
use crate::tone::Tone;

/// A tone that sounds and pauses in turn.
#[derive(Debug, Clone)]
pub struct Cadence {
    tone: Tone,
    on: usize,
    period: usize,
    at: usize,
}

impl Cadence {
    /// What one hears while it rings elsewhere: 440 and 480 Hz, 2 s in 6 (North American plan).
    #[must_use]
    pub fn ringing(rate: Rate) -> Self {
        Self::new(rate, &[(440.0, -19.0), (480.0, -19.0)], 2_000, 6_000)
    }

    /// Somebody waits and all is well: a soft tone of a fifth of a second each five seconds.
    #[must_use]
    pub fn waiting(rate: Rate) -> Self {
        Self::new(rate, &[(392.0, -30.0), (494.0, -32.0)], 200, 5_000)
    }

    /// Tones that sound `on_ms` of each `period_ms`.
    #[must_use]
    pub fn new(rate: Rate, tones: &[(f32, f32)], on_ms: usize, period_ms: usize) -> Self {
        Self {
            tone: Tone::new(rate, tones),
            on: on_ms.saturating_mul(rate.per_ms()),
            period: period_ms.saturating_mul(rate.per_ms()).max(1),
            at: 0,
        }
    }

    /// Fills a frame with what comes next.
    pub fn fill(&mut self, frame: &mut [i16]) {
        let ramp = 80;
        for sample in frame {
            let from_edge = self.at.min(self.on.saturating_sub(self.at)).min(ramp);
            let gain = crate::sample::count(from_edge) / crate::sample::count(ramp);
            *sample = if self.at < self.on {
                crate::sample::from_f32(self.tone.next() * gain)
            } else {
                0
            };
            self.at = self.at.saturating_add(1);
            if self.at >= self.period {
                self.at = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::power;

    #[test]
    fn it_rings_two_seconds_in_six() {
        let mut ringing = Cadence::ringing(Rate::Narrow);
        let mut loud = 0;
        for _ in 0..600 {
            let mut frame = [0; 160];
            ringing.fill(&mut frame);
            loud += usize::from(power(&frame) > 1_000.0);
        }
        assert_eq!(loud, 200);
    }
}
