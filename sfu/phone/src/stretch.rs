//! Sound a little shorter or longer without another pitch, for clocks that differ and queues that
//! are too long: one period is left out or doubled, with a seam where both are most alike.

use crate::rate::Rate;
use crate::sample::{count, from_f32};

/// How much may be left out or doubled at once, in milliseconds.
const MS_MIN: usize = 3;
const MS_MAX: usize = 12;
/// How alike both parts must be where something is heard, as a correlation.
const LIKENESS_MIN: f32 = 0.8;
/// Mean square below which nobody hears a seam: 50 dB below full scale.
const QUIET: f32 = 10_700.0;

/// Leaves out one period. Answers how many samples fewer there are; 0 where it would be heard.
pub(crate) fn shorten(rate: Rate, sound: &mut Vec<i16>) -> usize {
    let Some(lag) = best_lag(rate, sound) else {
        return 0;
    };
    let seam: Vec<i16> = blended(sound, 0, lag, lag);
    // The first two periods become one: it begins as the first and ends as the second.
    sound.splice(..2 * lag, seam);
    lag
}

/// Doubles one period. Answers how many samples more there are; 0 where it would be heard.
pub(crate) fn lengthen(rate: Rate, sound: &mut Vec<i16>) -> usize {
    let Some(lag) = best_lag(rate, sound) else {
        return 0;
    };
    // Between both periods one that begins as the second and ends as the first.
    let seam: Vec<i16> = blended(sound, lag, 0, lag);
    sound.splice(lag..lag, seam);
    lag
}

/// `length` samples that begin as those at `from` and end as those at `to`.
fn blended(sound: &[i16], from: usize, to: usize, length: usize) -> Vec<i16> {
    let one = sound.iter().skip(from);
    let other = sound.iter().skip(to);
    one.zip(other)
        .take(length)
        .enumerate()
        .map(|(index, (&a, &b))| {
            let share = count(index + 1) / count(length + 1);
            from_f32(f32::from(a) * (1.0 - share) + f32::from(b) * share)
        })
        .collect()
}

/// The period after which the beginning of the sound is most like itself.
fn best_lag(rate: Rate, sound: &[i16]) -> Option<usize> {
    let (low, high) = (MS_MIN * rate.per_ms(), MS_MAX * rate.per_ms());
    let head = sound.get(..high)?;
    if sound.len() < 2 * high {
        return None;
    }
    let mut best = (0.0_f32, low);
    for lag in low..=high {
        let (mut product, mut one, mut other) = (0.0_f32, 1.0_f32, 1.0_f32);
        for (&a, &b) in head.iter().zip(sound.iter().skip(lag)).step_by(2) {
            let (a, b) = (f32::from(a), f32::from(b));
            product += a * b;
            one += a * a;
            other += b * b;
        }
        let likeness = product / (one * other).sqrt();
        if likeness > best.0 {
            best = (likeness, lag);
        }
    }
    let is_quiet = crate::sample::power(sound.get(..2 * high)?) < QUIET;
    (is_quiet || best.0 >= LIKENESS_MIN).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Random;
    use crate::tone::Tone;

    #[test]
    fn a_voice_is_shortened_and_lengthened_by_its_period_without_a_click() {
        for rate in [Rate::Narrow, Rate::Wide] {
            let mut sound = vec![0; rate.frame() * 3];
            Tone::new(rate, &[(200.0, -12.0), (400.0, -20.0)]).fill(&mut sound);
            let steepest = |sound: &[i16]| {
                sound
                    .windows(2)
                    .map(|p| i32::from(p[1]).abs_diff(i32::from(p[0])))
                    .max()
            };
            let before = (sound.len(), steepest(&sound).unwrap());
            let removed = shorten(rate, &mut sound);
            assert!(removed.is_multiple_of(5 * rate.per_ms()), "{removed}");
            assert_eq!(sound.len(), before.0 - removed);
            let added = lengthen(rate, &mut sound);
            assert!(
                added > 0 && added.is_multiple_of(5 * rate.per_ms()),
                "{added}"
            );
            assert_eq!(sound.len(), before.0 - removed + added);
            assert!(steepest(&sound).unwrap() <= before.1 * 11 / 10);
        }
    }

    #[test]
    fn what_has_no_period_is_left_alone() {
        let mut random = Random::new(3);
        let mut sound: Vec<i16> = (0..480)
            .map(|_| from_f32(8_000.0 * random.white()))
            .collect();
        assert_eq!(shorten(Rate::Narrow, &mut sound), 0);
        assert_eq!(lengthen(Rate::Narrow, &mut sound), 0);
        assert_eq!(shorten(Rate::Narrow, &mut vec![0; 100]), 0);
        assert!(shorten(Rate::Narrow, &mut vec![0; 480]) > 0);
    }
}
