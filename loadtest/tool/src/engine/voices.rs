//! What a connection hears of telephones: their sound has passed a mixer's codec, so that no packet has a name.

use core::time::Duration;
use std::collections::HashMap;

use loadtest_core::Beat;

/// Opus of at least so many bytes in 20 ms is speech, at least as the server codes it: silence takes fewer.
const SPEECH_BYTES: usize = 30;

/// One telephone, as one connection hears it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Voice {
    pub(crate) beat: Beat,
    /// Measured packets with speech.
    pub(crate) loud: u64,
}

impl Voice {
    /// Whether there was speech most of the time.
    pub(crate) const fn was_heard(&self) -> bool {
        self.loud * 2 > self.beat.got
    }
}

/// All telephones that one connection hears, by the stream that carries them.
#[derive(Debug, Default)]
pub(crate) struct Voices(HashMap<u32, Voice>);

impl Voices {
    /// A packet came, by the kernel's clock.
    pub(crate) fn hear(
        &mut self,
        (came_ns, measured): (u64, bool),
        (ssrc, sequence, bytes): (u32, u16, usize),
    ) {
        let voice = self.0.entry(ssrc).or_default();
        let at = Duration::from_nanos(came_ns);
        let first = voice.beat.hear(at, sequence, measured);
        voice.loud += u64::from(first && measured && bytes >= SPEECH_BYTES);
    }

    pub(crate) fn all(&self) -> Vec<Voice> {
        self.0.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_that_is_silent_is_not_heard() {
        let mut voices = Voices::default();
        for number in 0..10_u16 {
            let at = u64::from(number) * 20_000_000;
            voices.hear((at, true), (7, number, 60));
            voices.hear((at, true), (8, number, 8));
            voices.hear((at, true), (8, 0, 60));
            voices.hear((at, false), (9, number, 60));
        }
        let mut heard: Vec<(u64, bool)> = voices
            .all()
            .iter()
            .map(|voice| (voice.beat.got, voice.was_heard()))
            .collect();
        heard.sort_unstable();
        assert_eq!(heard, [(0, false), (10, false), (10, true)]);
    }
}
