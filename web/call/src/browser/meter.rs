//! How loud a microphone is.

use web_sys::{AnalyserNode, AudioContext, MediaStream, MediaStreamAudioSourceNode};

/// Samples per reading: 1024 at 48 kHz are 21 ms, long enough for one period of the deepest voice.
const SAMPLES: usize = 1_024;
/// Quieter than this counts as silence, in decibels below full scale.
const FLOOR_DB: f32 = -60.0;

/// Measures a stream without playing it.
#[derive(Debug)]
pub struct LevelMeter {
    context: AudioContext,
    analyser: AnalyserNode,
    source: MediaStreamAudioSourceNode,
}

impl LevelMeter {
    /// Begins to measure; None when the stream has no sound or the browser cannot.
    #[must_use]
    pub fn new(stream: &MediaStream) -> Option<Self> {
        if stream.get_audio_tracks().length() == 0 {
            return None;
        }
        let context = AudioContext::new().ok()?;
        let analyser = context.create_analyser().ok()?;
        analyser.set_fft_size(u32::try_from(SAMPLES).unwrap_or(1_024));
        let source = context.create_media_stream_source(stream).ok()?;
        source.connect_with_audio_node(&analyser).ok()?;
        Some(Self {
            context,
            analyser,
            source,
        })
    }

    /// The level at this moment: 0 silence, 1 full scale, on a scale of decibels as ears hear.
    #[must_use]
    pub fn level(&self) -> f32 {
        let mut samples = [0.0_f32; SAMPLES];
        self.analyser.get_float_time_domain_data(&mut samples);
        let power: f32 = samples.iter().map(|sample| sample * sample).sum();
        let mean = power / 1_024.0;
        if mean <= 0.0 {
            return 0.0;
        }
        let decibels = 10.0 * mean.log10();
        ((decibels - FLOOR_DB) / -FLOOR_DB).clamp(0.0, 1.0)
    }
}

impl Drop for LevelMeter {
    fn drop(&mut self) {
        let _gone = self.source.disconnect();
        let _closing = self.context.close();
    }
}
