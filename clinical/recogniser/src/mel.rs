//! The picture of sound that Whisper sees: loudness of 80 bands, a hundred times a second.

use speech::{BINS, RATE_HZ, Spectrum, WINDOW};

/// Samples from one column to the next: 10 ms.
pub(crate) const HOP: usize = 160;
/// What is quieter than the loudest by more than this many decades looks the same.
const DECADES: f32 = 8.0;

/// Computes mel spectrograms as Whisper was trained with.
#[derive(Debug)]
pub struct Mel {
    spectrum: Spectrum,
    /// For each band its first frequency and its weights from there.
    bands: Vec<(usize, Vec<f32>)>,
}

impl Mel {
    /// For this many bands.
    #[must_use]
    pub fn new(bands: usize) -> Self {
        Self {
            spectrum: Spectrum::new(),
            bands: triangles(bands),
        }
    }

    /// The spectrogram of samples, padded with silence or cut to so many columns; one row a band.
    #[must_use]
    pub fn of(&self, pcm: &[i16], columns: usize) -> Vec<f32> {
        let samples: Vec<f32> = pcm.iter().map(|it| f32::from(*it) / 32_768.0).collect();
        let half = WINDOW / 2;
        let mut picture = vec![0.0_f32; self.bands.len() * columns];
        let mut window = [0.0_f32; WINDOW];
        for column in 0..columns {
            for (at, place) in window.iter_mut().enumerate() {
                // Before its beginning the sound is mirrored, after its end it is silent.
                let from_start = column * HOP + at;
                let index = from_start.abs_diff(half);
                *place = samples.get(index).copied().unwrap_or(0.0);
            }
            let power = self.spectrum.power(&window);
            for (row, (first, weights)) in picture.chunks_exact_mut(columns).zip(&self.bands) {
                let frequencies = power.get(*first..).unwrap_or_default();
                let loud: f32 = frequencies.iter().zip(weights).map(|(a, b)| a * b).sum();
                if let Some(place) = row.get_mut(column) {
                    *place = loud.max(1e-10).log10();
                }
            }
        }
        let loudest = picture.iter().copied().fold(f32::MIN, f32::max);
        for place in &mut picture {
            *place = (place.max(loudest - DECADES) + 4.0) / 4.0;
        }
        picture
    }
}

/// The filters of Slaney's Auditory Toolbox: triangles of equal area, linear below 1 kHz and
/// logarithmic above.
#[expect(clippy::cast_precision_loss, reason = "counts below a thousand")]
fn triangles(bands: usize) -> Vec<(usize, Vec<f32>)> {
    let top = mel_of(f64::from(RATE_HZ) / 2.0);
    let edges: Vec<f64> = (0..bands + 2)
        .map(|at| hertz_of(top * at as f64 / (bands + 1) as f64))
        .collect();
    let frequency = |bin: usize| bin as f64 * f64::from(RATE_HZ) / WINDOW as f64;
    edges
        .array_windows()
        .map(|[low, middle, high]| {
            let weight = |bin: usize| {
                let up = (frequency(bin) - low) / (middle - low);
                let down = (high - frequency(bin)) / (high - middle);
                up.min(down).max(0.0) * 2.0 / (high - low)
            };
            let first = (0..BINS).find(|bin| weight(*bin) > 0.0).unwrap_or(0);
            let last = (0..BINS).rfind(|bin| weight(*bin) > 0.0).unwrap_or(0);
            #[expect(clippy::cast_possible_truncation, reason = "weights below one")]
            let weights = (first..=last).map(|bin| weight(bin) as f32).collect();
            (first, weights)
        })
        .collect()
}

/// Mels of a linear part that ends at 1 kHz.
const KNEE: f64 = 15.0;

fn mel_of(hertz: f64) -> f64 {
    if hertz < 1_000.0 {
        hertz * 3.0 / 200.0
    } else {
        KNEE + (hertz / 1_000.0).ln() * 27.0 / 6.4_f64.ln()
    }
}

fn hertz_of(mel: f64) -> f64 {
    if mel < KNEE {
        mel * 200.0 / 3.0
    } else {
        1_000.0 * ((mel - KNEE) * 6.4_f64.ln() / 27.0).exp()
    }
}
