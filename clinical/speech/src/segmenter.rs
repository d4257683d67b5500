//! A voice cut into utterances.

use std::collections::VecDeque;

use crate::activity::{Activity, FRAME, Frame};
use crate::spectrum::WINDOW;

/// Milliseconds of a frame.
const FRAME_MS: u64 = 20;
/// What is kept from before the first frame of speech, so that its first consonant is there: 300 ms.
const BEFORE: usize = 15;
/// Speech has begun when so many of the last frames sound like it ...
const BEGIN_ACTIVE: usize = 3;
/// ... of so many.
const BEGIN_OF: usize = 5;
/// A pause of 600 ms ends an utterance; shorter ones are within sentences.
const PAUSE: usize = 30;
/// What is kept of the pause: 200 ms.
const BEHIND: usize = 10;
/// An utterance is cut after 8 s, so that a text does not have to wait for the end of a story ...
const FRAMES_MAX: usize = 400;
/// ... where it was quietest in the last 2.4 s.
const CUT_WITHIN: usize = 120;
/// Frames that sound like speech in the shortest word: 120 ms.
const ACTIVE_MIN: usize = 6;
/// Frames with a pitch in the shortest word: 80 ms.
const VOICED_MIN: usize = 4;
/// How much louder speech is at its loudest tenth than at its quietest, in dB. A hum stays the same.
const SWING_DB: f32 = 6.0;
/// Samples of a millisecond.
const PER_MS: u64 = 16;
/// Sound that comes a little later than it should has not been away: 60 ms, in samples.
const LATE: u64 = 60 * PER_MS;
/// A gap ends the utterance; a shorter one is filled with silence: 800 ms, in samples.
const GAP: u64 = 800 * PER_MS;

/// What somebody said between two pauses.
#[derive(Clone, PartialEq, Eq)]
pub struct Utterance {
    /// When it began, in ms of the clock of [`crate::Sound::at_ms`].
    pub from_ms: u64,
    /// Mono, at [`crate::RATE_HZ`]: at most a little more than 8 s.
    pub pcm: Vec<i16>,
}

impl Utterance {
    /// When it ended, on the same clock.
    #[must_use]
    pub fn to_ms(&self) -> u64 {
        self.from_ms.saturating_add(count(self.pcm.len()) / PER_MS)
    }
}

impl std::fmt::Debug for Utterance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Utterance")
            .field("from_ms", &self.from_ms)
            .field("to_ms", &self.to_ms())
            .finish()
    }
}

/// Cuts one voice into utterances. It holds at most 8 s of sound.
#[derive(Debug, Default)]
pub struct Segmenter {
    activity: Activity,
    /// Samples that do not fill a frame yet.
    rest: Vec<i16>,
    /// The last samples, as the window of the next frame.
    window: VecDeque<f32>,
    /// When the next sample is due, in samples of the clock; unknown before the first.
    due: Option<u64>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nobody speaks; the last frames are kept.
    Quiet(VecDeque<Heard>),
    /// Somebody speaks since this.
    Speaking(Speaking),
}

impl Default for State {
    fn default() -> Self {
        Self::Quiet(VecDeque::new())
    }
}

#[derive(Debug)]
struct Speaking {
    from_ms: u64,
    frames: Vec<Heard>,
    /// Somebody was given a part of it, so the whole is given too, whatever it is.
    shown: bool,
}

struct Heard {
    frame: Frame,
    pcm: [i16; FRAME],
}

impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.frame.fmt(f)
    }
}

impl Segmenter {
    /// Takes sound in, and answers with the utterances that have ended.
    pub fn hear(&mut self, at_ms: u64, pcm: &[i16]) -> Vec<Utterance> {
        let mut ended = Vec::new();
        let at = at_ms.saturating_mul(PER_MS);
        let gap = at.saturating_sub(self.due.unwrap_or(at));
        if gap >= GAP {
            ended.extend(self.flush());
        } else if gap > LATE {
            let silence = usize::try_from(gap).unwrap_or(0);
            self.rest.resize(self.rest.len() + silence, 0);
        }
        let begin = if gap > LATE {
            at
        } else {
            self.due.unwrap_or(at)
        };
        let end = begin.saturating_add(count(pcm.len()));
        self.due = Some(end);
        self.rest.extend_from_slice(pcm);
        let rest = std::mem::take(&mut self.rest);
        let (frames, left) = rest.as_chunks::<FRAME>();
        let mut behind = count(rest.len());
        for frame in frames {
            behind = behind.saturating_sub(count(FRAME));
            ended.extend(self.frame(*frame, end.saturating_sub(behind) / PER_MS));
        }
        self.rest = left.to_vec();
        ended
    }

    /// Ends what is being said, because nothing more comes.
    pub fn flush(&mut self) -> Option<Utterance> {
        self.rest.clear();
        self.due = None;
        match std::mem::take(&mut self.state) {
            State::Quiet(_) => None,
            State::Speaking(speaking) => speaking.ended(),
        }
    }

    /// What is being said now, as far as it has come.
    pub fn so_far(&mut self) -> Option<Utterance> {
        match &mut self.state {
            State::Speaking(speaking) if speaking.is_speech() => {
                speaking.shown = true;
                Some(speaking.utterance(speaking.frames.len()))
            }
            State::Speaking(_) | State::Quiet(_) => None,
        }
    }

    /// Since when somebody has been speaking, on the clock of the sound.
    #[must_use]
    pub fn speaking_since_ms(&self) -> Option<u64> {
        match &self.state {
            State::Speaking(speaking) => Some(speaking.from_ms),
            State::Quiet(_) => None,
        }
    }

    /// How long the utterance is that is being said, with what is kept from before it.
    #[must_use]
    pub fn spoken_ms(&self) -> u64 {
        match &self.state {
            State::Speaking(speaking) => frames_ms(speaking.frames.len()),
            State::Quiet(_) => 0,
        }
    }

    fn frame(&mut self, pcm: [i16; FRAME], end_ms: u64) -> Option<Utterance> {
        self.window
            .extend(pcm.iter().map(|it| f32::from(*it) / 32_768.0));
        let surplus = self.window.len().saturating_sub(WINDOW);
        self.window.drain(..surplus);
        let frame = self.activity.frame(self.window.make_contiguous());
        let heard = Heard { frame, pcm };
        match &mut self.state {
            State::Quiet(before) => {
                before.push_back(heard);
                if before.len() > BEFORE + BEGIN_OF {
                    before.pop_front();
                }
                let lately = before.iter().rev().take(BEGIN_OF);
                if lately.filter(|it| it.frame.active).count() >= BEGIN_ACTIVE {
                    let frames: Vec<Heard> = std::mem::take(before).into();
                    self.state = State::Speaking(Speaking {
                        from_ms: end_ms.saturating_sub(frames_ms(frames.len())),
                        frames,
                        shown: false,
                    });
                }
                None
            }
            State::Speaking(speaking) => {
                speaking.frames.push(heard);
                if speaking.pause() >= PAUSE {
                    let ended = std::mem::take(&mut self.state);
                    return match ended {
                        State::Speaking(speaking) => speaking.ended(),
                        State::Quiet(_) => None,
                    };
                }
                if speaking.frames.len() >= FRAMES_MAX {
                    return speaking.cut();
                }
                None
            }
        }
    }
}

impl Speaking {
    /// Frames since the last one that sounds like speech.
    fn pause(&self) -> usize {
        let quiet = |it: &&Heard| !it.frame.active;
        self.frames.iter().rev().take_while(quiet).count()
    }

    fn is_speech(&self) -> bool {
        let active = |it: &&Heard| it.frame.active;
        let last = self.frames.len() - self.pause();
        let first = self.frames.iter().position(|it| it.frame.active);
        // With the gaps between syllables, which belong to speech and not to a hum.
        let within = self.frames.iter().take(last).skip(first.unwrap_or(0));
        let mut levels: Vec<f32> = within.clone().map(|it| it.frame.level_db).collect();
        levels.sort_by(f32::total_cmp);
        let tenth = levels.len() / 10;
        let quiet = levels.get(tenth).copied().unwrap_or(0.0);
        let loud = levels.iter().rev().nth(tenth).copied().unwrap_or(0.0);
        within.clone().filter(active).count() >= ACTIVE_MIN
            && within.filter(|it| it.frame.voiced).count() >= VOICED_MIN
            && loud - quiet >= SWING_DB
    }

    fn utterance(&self, frames: usize) -> Utterance {
        let frames = self.frames.iter().take(frames);
        Utterance {
            from_ms: self.from_ms,
            pcm: frames.flat_map(|it| it.pcm).collect(),
        }
    }

    fn ended(self) -> Option<Utterance> {
        let kept = self.frames.len() - self.pause().saturating_sub(BEHIND);
        (self.shown || self.is_speech()).then(|| self.utterance(kept))
    }

    /// Takes the beginning off, up to a quiet moment.
    fn cut(&mut self) -> Option<Utterance> {
        let late = self.frames.len().saturating_sub(CUT_WITHIN);
        let levels: Vec<f32> = self.frames.iter().map(|it| it.frame.level_db).collect();
        // The mean of three, so that a stop within a word is not taken for a pause.
        let around = levels.array_windows().map(|[a, b, c]| a + b + c);
        let quietest = around
            .enumerate()
            .skip(late)
            .min_by(|(_, a), (_, b)| a.total_cmp(b));
        let place = quietest.map_or(self.frames.len(), |(place, _)| place + 1);
        let was_speech = self.shown || self.is_speech();
        let utterance = self.utterance(place);
        self.frames.drain(..place);
        self.from_ms = utterance.to_ms();
        self.shown = false;
        was_speech.then_some(utterance)
    }
}

fn count(samples: usize) -> u64 {
    u64::try_from(samples).unwrap_or(u64::MAX)
}

fn frames_ms(frames: usize) -> u64 {
    count(frames).saturating_mul(FRAME_MS)
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    const RATE: f32 = 16_000.0;

    /// A voice as simple as it can be: a pitch that wanders, three formants that move, syllables of
    /// 180 ms with gaps of 60 ms.
    fn voice(seconds: f32, pitch: f32) -> Vec<f32> {
        let mut phase = 0.0;
        (0..count_of(seconds))
            .map(|at| {
                let time = at as f32 / RATE;
                let pitch = pitch * (1.0 + 0.1 * (TAU * 0.7 * time).sin());
                phase = (phase + pitch / RATE).fract();
                let (syllable, within) = ((time / 0.24).floor(), (time / 0.24).fract());
                let open = if within < 0.75 {
                    (within / 0.75 * TAU / 2.0).sin()
                } else {
                    0.0
                };
                let formants = [
                    350.0 + 120.0 * (syllable % 4.0),
                    1_200.0 + 300.0 * (syllable % 3.0),
                    2_600.0,
                ];
                let sound: f32 = (1..=20_u8)
                    .map(f32::from)
                    .map(|harmonic| {
                        let near = |formant: f32| {
                            1.0 / (1.0 + ((harmonic * pitch - formant) / 150.0).powi(2))
                        };
                        let loud: f32 = formants.iter().map(|it| near(*it)).sum();
                        loud * (TAU * harmonic * phase).sin()
                    })
                    .sum();
                0.1 * open * sound
            })
            .collect()
    }

    #[expect(clippy::cast_possible_truncation, reason = "seconds of a test")]
    fn count_of(seconds: f32) -> usize {
        (seconds * RATE) as usize
    }

    fn silence(seconds: f32) -> Vec<f32> {
        vec![0.0; count_of(seconds)]
    }

    fn tones(seconds: f32, hertz: &[f32], loud: f32) -> Vec<f32> {
        (0..count_of(seconds))
            .map(|at| {
                let time = at as f32 / RATE;
                loud * hertz.iter().map(|it| (TAU * it * time).sin()).sum::<f32>()
            })
            .collect()
    }

    fn noise(seconds: f32, loud: f32) -> Vec<f32> {
        let mut state = 1_u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..count_of(seconds)).map(|_| loud * next()).collect()
    }

    fn mixed(mut one: Vec<f32>, other: &[f32]) -> Vec<f32> {
        for (a, b) in one.iter_mut().zip(other) {
            *a += b;
        }
        one
    }

    #[expect(clippy::cast_possible_truncation, reason = "clamped before")]
    fn samples(sound: &[f32]) -> Vec<i16> {
        sound
            .iter()
            .map(|it| (it * 32_767.0).clamp(-32_768.0, 32_767.0) as i16)
            .collect()
    }

    /// What comes out when sound comes in pieces of 20 ms, and then nothing more.
    fn utterances(sound: &[f32]) -> Vec<Utterance> {
        let mut segmenter = Segmenter::default();
        let mut ended = Vec::new();
        for (at, piece) in samples(sound).chunks(320).enumerate() {
            ended.extend(segmenter.hear(1_000 + 20 * at as u64, piece));
            assert!(segmenter.spoken_ms() <= 8_000);
        }
        ended.extend(segmenter.flush());
        ended
    }

    #[test]
    fn nothing_comes_of_what_is_not_speech() {
        let hum = tones(6.0, &[50.0, 100.0, 150.0, 250.0], 0.05);
        let late = |sound: Vec<f32>| [silence(2.0), sound, silence(2.0)].concat();
        let sounds = [
            ("silence", silence(6.0)),
            ("noise", noise(6.0, 0.05)),
            ("loud noise", noise(6.0, 0.5)),
            ("noise that begins", late(noise(4.0, 0.1))),
            ("hum", hum.clone()),
            ("hum that begins", late(hum)),
            ("a tone", tones(6.0, &[440.0], 0.3)),
            ("a tone that begins", late(tones(1.5, &[1_000.0], 0.3))),
            ("a dial tone", late(tones(1.5, &[350.0, 440.0], 0.2))),
            ("a digit", late(tones(0.4, &[697.0, 1_209.0], 0.2))),
            (
                "a tone in noise",
                mixed(late(tones(2.0, &[425.0], 0.3)), &noise(6.0, 0.002)),
            ),
            (
                "clicks",
                [silence(0.5), noise(0.01, 0.9)].concat().repeat(8),
            ),
        ];
        for (name, sound) in sounds {
            assert_eq!(utterances(&sound), [], "{name}");
        }
    }

    #[test]
    fn an_utterance_begins_before_its_first_word_and_ends_after_its_last() {
        for pitch in [95.0, 130.0, 210.0, 300.0] {
            let sound = [silence(1.0), voice(1.5, pitch), silence(1.5)].concat();
            for sound in [mixed(sound.clone(), &noise(4.0, 0.003)), sound] {
                let found = utterances(&sound);
                assert_eq!(found.len(), 1, "at {pitch} Hz: {found:?}");
                // It is said from 2000 to 3500 of the clock, which begins at 1000.
                assert!((1_600..=1_950).contains(&found[0].from_ms), "{found:?}");
                assert!((3_500..=3_900).contains(&found[0].to_ms()), "{found:?}");
            }
        }
    }

    #[test]
    fn a_pause_cuts_and_its_times_are_those_of_the_clock() {
        let sound = [
            noise(0.5, 0.002),
            voice(1.2, 120.0),
            noise(1.5, 0.002),
            voice(1.2, 200.0),
        ]
        .concat();
        let found = utterances(&sound);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].to_ms() <= found[1].from_ms);
        assert!((3_800..=4_150).contains(&found[1].from_ms), "{found:?}");
    }

    #[test]
    fn a_long_story_is_cut_and_nothing_of_it_is_lost() {
        let found = utterances(&[noise(0.4, 0.002), voice(21.0, 140.0)].concat());
        assert!(found.len() >= 3, "{found:?}");
        for (earlier, later) in found.iter().zip(found.iter().skip(1)) {
            assert_eq!(earlier.to_ms(), later.from_ms);
        }
        assert!(found.iter().all(|it| it.pcm.len() <= 8 * 16_000));
        assert!(found.last().unwrap().to_ms() >= 22_100);
    }

    #[test]
    fn what_is_said_can_be_had_before_it_ends_and_the_end_says_the_same_beginning() {
        let mut segmenter = Segmenter::default();
        let said = samples(&[noise(0.4, 0.002), voice(2.0, 120.0)].concat());
        assert_eq!(segmenter.so_far(), None);
        let mut ended = Vec::new();
        for (at, piece) in said.chunks(320).enumerate() {
            ended.extend(segmenter.hear(20 * at as u64, piece));
        }
        let part = segmenter.so_far().unwrap();
        assert!(ended.is_empty() && part.to_ms() == 2_400);
        assert_eq!(segmenter.speaking_since_ms(), Some(part.from_ms));
        let whole = segmenter.hear(2_400, &samples(&noise(0.9, 0.002)));
        assert_eq!(whole.len(), 1);
        assert_eq!(whole[0].from_ms, part.from_ms);
        assert_eq!(
            whole[0].pcm[..part.pcm.len() - 6_400],
            part.pcm[..part.pcm.len() - 6_400]
        );
        assert_eq!((segmenter.so_far(), segmenter.flush()), (None, None));
    }

    #[test]
    fn sound_that_is_not_sent_is_silence_on_the_clock() {
        let word = samples(&voice(0.7, 120.0));
        // A gap of 300 ms is within a sentence.
        let mut segmenter = Segmenter::default();
        assert_eq!(segmenter.hear(0, &word), []);
        assert_eq!(segmenter.hear(1_000, &word), []);
        let whole = segmenter.flush().unwrap();
        assert!(whole.to_ms() >= 1_500, "{whole:?}");
        // A gap of 5 s is not, and what comes after it stands at its own time.
        let mut segmenter = Segmenter::default();
        assert_eq!(segmenter.hear(0, &word), []);
        let first = segmenter.hear(5_700, &word);
        assert_eq!(first.len(), 1, "{first:?}");
        let second = segmenter.flush().unwrap();
        assert!((5_700..5_900).contains(&second.from_ms), "{second:?}");
    }

    #[test]
    fn times_at_the_end_of_the_clock_do_no_harm() {
        let mut segmenter = Segmenter::default();
        let word = samples(&voice(1.0, 120.0));
        for at_ms in [u64::MAX, 0, u64::MAX - 1, 7] {
            segmenter.hear(at_ms, &word);
            segmenter.so_far();
        }
        segmenter.flush();
    }
}
