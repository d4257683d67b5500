//! Tones: what a telephone plays, and the sixteen pairs of DTMF (ITU-T Q.23).

use thiserror::Error;

use crate::rate::Rate;
use crate::sample;

/// Tones of a digit's row, in Hz.
pub(crate) const ROWS_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// Tones of a digit's column, in Hz.
pub(crate) const COLUMNS_HZ: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// Keys row by row.
const KEYS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];
/// The codes of RFC 4733 section 3.2, 0 to 15.
const CODES: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
];
/// How long a played key sounds, and how long it is quiet after it, in milliseconds.
const PRESS_MS: usize = 100;
const PAUSE_MS: usize = 80;
/// Level of one of the two tones of a played key, in dB below the loudest sample.
const KEY_DB: f32 = -10.0;

/// A key of a telephone. It prints itself as a dot: keys are PINs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digit(char);

/// The character is on no telephone.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a key of a telephone")]
pub struct NotADigit;

impl core::fmt::Debug for Digit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Digit(·)")
    }
}

impl TryFrom<char> for Digit {
    type Error = NotADigit;

    fn try_from(key: char) -> Result<Self, NotADigit> {
        let key = key.to_ascii_uppercase();
        CODES.contains(&key).then_some(Self(key)).ok_or(NotADigit)
    }
}

impl Digit {
    /// The key of an event code (RFC 4733 section 3.2); nothing for what is no key.
    #[must_use]
    pub fn of_code(code: u8) -> Option<Self> {
        CODES.get(usize::from(code)).copied().map(Self)
    }

    /// Its event code.
    #[must_use]
    pub fn code(self) -> u8 {
        let at = CODES.iter().position(|&key| key == self.0);
        at.and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
    }

    /// What stands on the key. Not for logs.
    #[must_use]
    pub const fn expose(self) -> char {
        self.0
    }

    pub(crate) fn of_tones(row: usize, column: usize) -> Option<Self> {
        KEYS.get(row)?.get(column).copied().map(Self)
    }

    fn tones_hz(self) -> (f32, f32) {
        let rows = KEYS.iter().zip(ROWS_HZ);
        rows.flat_map(|(keys, row)| keys.iter().zip(COLUMNS_HZ).map(move |(k, c)| (k, (row, c))))
            .find_map(|(key, tones)| (*key == self.0).then_some(tones))
            .unwrap_or((941.0, 1_336.0))
    }
}

/// Some sine tones at once, without an end.
#[derive(Debug, Clone)]
pub struct Tone {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    phase: f32,
    step: f32,
    amplitude: f32,
}

impl Tone {
    /// Tones by frequency in Hz and level in dB below the loudest sample.
    #[must_use]
    pub fn new(rate: Rate, tones: &[(f32, f32)]) -> Self {
        let part = |&(hz, db): &(f32, f32)| Part {
            phase: 0.0,
            step: core::f32::consts::TAU * hz / rate.hz_f32(),
            amplitude: 32_767.0 * 10.0_f32.powf(db / 20.0),
        };
        Self {
            parts: tones.iter().map(part).collect(),
        }
    }

    /// The next sample.
    #[must_use]
    pub(crate) fn next(&mut self) -> f32 {
        let mut sum = 0.0;
        for part in &mut self.parts {
            sum += part.amplitude * part.phase.sin();
            part.phase += part.step;
            if part.phase > core::f32::consts::TAU {
                part.phase -= core::f32::consts::TAU;
            }
        }
        sum
    }

    /// Fills a frame with what comes next.
    pub fn fill(&mut self, frame: &mut [i16]) {
        for sample in frame {
            *sample = sample::from_f32(self.next());
        }
    }
}

/// The sound of one pressed key: 100 ms of its tones and 80 ms of silence, without a click.
#[derive(Debug, Clone)]
pub struct DigitTone {
    tone: Tone,
    rate: Rate,
    at: usize,
}

impl DigitTone {
    /// The sound of this key.
    #[must_use]
    pub fn new(rate: Rate, digit: Digit) -> Self {
        let (row, column) = digit.tones_hz();
        Self {
            tone: Tone::new(rate, &[(row, KEY_DB), (column, KEY_DB)]),
            rate,
            at: 0,
        }
    }

    /// Fills a frame and answers whether there is more of it.
    pub fn fill(&mut self, frame: &mut [i16]) -> bool {
        let sounding = PRESS_MS * self.rate.per_ms();
        let ramp = sample::count(5 * self.rate.per_ms());
        for sample in frame {
            let from_edge = self.at.min(sounding.saturating_sub(self.at));
            let gain = (sample::count(from_edge) / ramp).min(1.0);
            *sample = if self.at < sounding {
                sample::from_f32(self.tone.next() * gain)
            } else {
                0
            };
            self.at = self.at.saturating_add(1);
        }
        self.at < sounding + PAUSE_MS * self.rate.per_ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_code_and_one_pair_of_tones() {
        for code in 0..16 {
            let digit = Digit::of_code(code).unwrap();
            assert_eq!(digit.code(), code);
            assert_eq!(Digit::try_from(digit.expose()), Ok(digit));
            let (row, column) = digit.tones_hz();
            let at = |tones: &[f32], hz: f32| tones.iter().position(|t| (t - hz).abs() < 0.5);
            let found =
                Digit::of_tones(at(&ROWS_HZ, row).unwrap(), at(&COLUMNS_HZ, column).unwrap());
            assert_eq!(found, Some(digit));
        }
        assert_eq!(Digit::of_code(16), None);
        assert_eq!(Digit::try_from('x'), Err(NotADigit));
    }

    #[test]
    fn a_key_is_not_printed() {
        assert!(!format!("{:?}", Digit::try_from('7').unwrap()).contains('7'));
    }
}
