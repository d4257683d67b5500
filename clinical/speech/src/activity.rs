//! Whether somebody speaks in 20 ms of sound.
//!
//! Three questions, because each alone is fooled: whether several bands are louder than the quietest
//! they were lately (noise that lasts is not), whether more than one or two pure tones sound (dial
//! tones and whistles are not speech), and whether there is a pitch (voices have one, noise has none).

use std::collections::VecDeque;

use crate::spectrum::{Spectrum, WINDOW};

/// Samples from one frame to the next: 20 ms.
pub(crate) const FRAME: usize = 320;

/// Where bands begin and end, in frequencies of the spectrum: 160 Hz to 3.4 kHz, what a telephone has.
const EDGES: [usize; 14] = [4, 6, 8, 10, 13, 16, 20, 25, 31, 38, 47, 58, 70, 85];
const BANDS: usize = EDGES.len() - 1;
/// The power of a full tone in one window.
const FULL: f32 = 10_000.0;
/// Quieter is silence, in dB below a full tone.
const SILENT_DB: f32 = -65.0;
/// Frames of a block whose quietest is remembered.
const BLOCK: usize = 10;
/// Blocks that are remembered: 2 s. In less time speech has no pause, in more a room has changed.
const BLOCKS: usize = 10;
/// Noise that lasts is this much above its own quietest moments, in dB.
const RIPPLE_DB: f32 = 3.0;
/// One band counts no more than this, in dB, so that a tone does not stand for all.
const BAND_DB_MAX: f32 = 20.0;
/// Speech is louder than its background by this, on average over the bands, in dB.
const ABOVE_DB: f32 = 5.0;
/// One tone has this part of the power, or two tones that.
const TONE: f32 = 0.92;
const TWO_TONES: f32 = 0.98;
/// Frequencies around the middle of a tone that belong to it, because of the window.
const TONE_BINS: usize = 2;
/// Samples of the periods of voices: 400 Hz to 80 Hz.
const PERIODS: std::ops::RangeInclusive<usize> = 40..=200;
/// How alike two periods of a voice are.
const VOICED: f32 = 0.6;

/// What 20 ms of sound are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    /// Somebody speaks, or something sounds like it.
    pub(crate) active: bool,
    /// There is a pitch. Never without `active`.
    pub(crate) voiced: bool,
    /// How loud it is, in dB below a full tone.
    pub(crate) level_db: f32,
}

/// Listens to one voice.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    spectrum: Spectrum,
    smooth: Option<[f32; BANDS]>,
    /// The quietest of each band in blocks of the past, and in the one that is not full.
    blocks: VecDeque<[f32; BANDS]>,
    block: Option<[f32; BANDS]>,
    in_block: usize,
}

impl Activity {
    /// Looks at a window that ends with the frame. Absolute silence is no background: it is sound
    /// that was not sent.
    pub(crate) fn frame(&mut self, window: &[f32]) -> Frame {
        if window.iter().all(|sample| *sample == 0.0) {
            return Frame {
                active: false,
                voiced: false,
                level_db: SILENT_DB,
            };
        }
        let power = self.spectrum.power(window);
        let bands = bands_of(&power);
        let whole: f32 = bands.iter().sum();
        let level_db = decibels(whole).max(SILENT_DB);
        let smooth = self.smooth.map_or(bands, |mut before| {
            for (old, new) in before.iter_mut().zip(bands) {
                *old = 0.5 * *old + 0.5 * new;
            }
            before
        });
        self.smooth = Some(smooth);
        let quietest = self.remember(&smooth.map(|it| decibels(it).max(SILENT_DB)));
        let above: f32 = smooth
            .iter()
            .zip(quietest)
            .map(|(now, quiet)| (decibels(*now) - quiet - RIPPLE_DB).clamp(0.0, BAND_DB_MAX))
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "a dozen bands")]
        let active = above / BANDS as f32 > ABOVE_DB && !is_tonal(&power);
        Frame {
            active,
            voiced: active && is_voiced(window),
            level_db,
        }
    }

    /// Takes the bands in, and answers how quiet each was at its quietest.
    fn remember(&mut self, now: &[f32; BANDS]) -> [f32; BANDS] {
        let block = self.block.map_or(*now, |block| quieter(block, now));
        self.in_block += 1;
        if self.in_block == BLOCK {
            self.blocks.push_back(block);
            if self.blocks.len() > BLOCKS {
                self.blocks.pop_front();
            }
            self.block = None;
            self.in_block = 0;
        } else {
            self.block = Some(block);
        }
        self.blocks.iter().fold(block, quieter)
    }
}

fn quieter(mut one: [f32; BANDS], other: &[f32; BANDS]) -> [f32; BANDS] {
    for (place, value) in one.iter_mut().zip(other) {
        *place = place.min(*value);
    }
    one
}

fn bands_of(power: &[f32]) -> [f32; BANDS] {
    let mut bands = [0.0; BANDS];
    for (place, [from, to]) in bands.iter_mut().zip(EDGES.array_windows()) {
        let inside = power.get(*from..*to).unwrap_or_default();
        *place = inside.iter().sum::<f32>() / FULL;
    }
    bands
}

fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-9).log10()
}

/// Whether one or two tones are nearly all there is.
fn is_tonal(power: &[f32]) -> bool {
    let mut rest = power
        .get(EDGES[0] - TONE_BINS..100)
        .unwrap_or_default()
        .to_vec();
    let whole: f32 = rest.iter().sum();
    let mut tone = || {
        let loudest = (0..rest.len()).max_by(|a, b| at(&rest, *a).total_cmp(&at(&rest, *b)));
        let middle = loudest.unwrap_or(0);
        let around = middle.saturating_sub(TONE_BINS)..(middle + TONE_BINS + 1).min(rest.len());
        let around = rest.get_mut(around).unwrap_or_default();
        let sum: f32 = around.iter().sum();
        around.fill(0.0);
        sum
    };
    let first = tone();
    first > TONE * whole || first + tone() > TWO_TONES * whole
}

fn at(values: &[f32], place: usize) -> f32 {
    values.get(place).copied().unwrap_or(0.0)
}

/// Whether the window repeats itself with the period of a voice.
fn is_voiced(window: &[f32]) -> bool {
    PERIODS.into_iter().any(|period| {
        let later = window.get(period..).unwrap_or_default();
        let earlier = window.get(..later.len()).unwrap_or_default();
        let mut sums = (0.0_f32, 0.0_f32, 0.0_f32);
        for (a, b) in earlier.iter().zip(later) {
            sums.0 += a * b;
            sums.1 += a * a;
            sums.2 += b * b;
        }
        sums.0 > VOICED * (sums.1 * sums.2).sqrt() && later.len() >= WINDOW / 2
    })
}
