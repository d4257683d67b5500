//! Who speaks, by the level that every microphone packet tells about itself (RFC 6464). One level
//! costs a few integer operations at its publisher and nothing at its subscribers.

use core::time::Duration;
use std::time::Instant;

use crate::ids::ParticipantKey;

/// Quieter than this, in dBov, is silence or the hum of a room.
pub(crate) const SILENCE_DBOV: i32 = -60;
/// Loudness above silence counts up to here, in dB: who shouts is not faster than who speaks.
const LOUDNESS_MAX_DB: i32 = 30;
/// Loudness is kept in thousandths of a decibel above silence.
const SCALE: i32 = 1000;
/// How slowly loudness rises. A cough of a quarter of a second stays below [`SPEAKS`].
const ATTACK_MS: i32 = 800;
/// How slowly loudness falls: a pause for breath does not end a sentence.
const DECAY_MS: i32 = 1000;
/// Somebody as loud as this begins to speak.
const SPEAKS: i32 = 10 * SCALE;
/// Somebody as quiet as this has stopped.
const STOPPED: i32 = 4 * SCALE;
/// The same for choosing microphones: at once up, so that no word is lost, and slowly down.
const ONSET_ATTACK_MS: i32 = 60;
const ONSET_DECAY_MS: i32 = 1500;
/// A microphone this loud wants to be heard.
const ONSET: i32 = 10 * SCALE;
/// Without a packet for this long a microphone is silent: discontinuous transmission.
const PACKET_GAP: Duration = Duration::from_millis(100);
/// A speaker overtakes another one only if louder by this much.
const OVERTAKE: i32 = 4 * SCALE;
/// Most speakers told at a time; more at once nobody can follow.
const SPEAKERS_MAX: usize = 8;
/// Speakers are told at most this often.
const TELL_INTERVAL: Duration = Duration::from_millis(300);

/// The loudness of one microphone.
#[derive(Debug, Default)]
pub(crate) struct Voice {
    loudness: i32,
    onset: i32,
    updated: Option<Instant>,
    speaking: bool,
    spoke: Option<Instant>,
}

impl Voice {
    /// Hears one packet that is forwarded; its level is in dBov, from -127 to 0. Answers whether
    /// somebody has just become loud.
    pub(crate) fn hear(&mut self, now: Instant, level_dbov: Option<i8>) -> bool {
        let Some(level_dbov) = level_dbov else {
            return false;
        };
        self.rest(now);
        let elapsed_ms = self.elapsed_ms(now).max(1);
        self.updated = Some(now);
        let db = i32::from(level_dbov)
            .saturating_sub(SILENCE_DBOV)
            .clamp(0, LOUDNESS_MAX_DB);
        let before = self.onset;
        self.follow(db.saturating_mul(SCALE), elapsed_ms);
        before < ONSET && self.onset >= ONSET
    }

    /// Notices that nothing came, and decides whether the person speaks.
    pub(crate) fn judge(&mut self, now: Instant) {
        self.rest(now);
        self.speaking = if self.speaking {
            self.loudness > STOPPED
        } else {
            self.loudness >= SPEAKS
        };
        if self.speaking {
            self.spoke = Some(now);
        }
    }

    /// Loudness while the person speaks.
    pub(crate) fn speaks(&self) -> Option<i32> {
        self.speaking.then_some(self.loudness)
    }

    /// When the person spoke last.
    pub(crate) fn spoke(&self) -> Option<Instant> {
        self.spoke
    }

    /// How much this microphone wants to be heard.
    pub(crate) fn onset(&self) -> i32 {
        self.onset
    }

    fn rest(&mut self, now: Instant) {
        let silent = self
            .updated
            .is_some_and(|at| now.saturating_duration_since(at) > PACKET_GAP);
        if silent {
            let elapsed_ms = self.elapsed_ms(now);
            self.updated = Some(now);
            self.follow(0, elapsed_ms);
        }
    }

    fn elapsed_ms(&self, now: Instant) -> i32 {
        let elapsed = self
            .updated
            .map_or(0, |at| now.saturating_duration_since(at).as_millis());
        i32::try_from(elapsed).unwrap_or(i32::MAX).min(60_000)
    }

    fn follow(&mut self, target: i32, elapsed_ms: i32) {
        self.loudness = approach(self.loudness, target, elapsed_ms, (ATTACK_MS, DECAY_MS));
        let pace = (ONSET_ATTACK_MS, ONSET_DECAY_MS);
        self.onset = approach(self.onset, target, elapsed_ms, pace);
    }
}

/// Moves a value towards a target; after one time constant it is half way there.
fn approach(value: i32, target: i32, elapsed_ms: i32, (attack_ms, decay_ms): (i32, i32)) -> i32 {
    let constant = if target > value { attack_ms } else { decay_ms };
    let step = i64::from(target.saturating_sub(value)) * i64::from(elapsed_ms)
        / i64::from(elapsed_ms.saturating_add(constant)).max(1);
    // Smaller than the distance, so it fits.
    value.saturating_add(i32::try_from(step).unwrap_or(0))
}

/// Who speaks in one room, the loudest first.
#[derive(Debug, Default)]
pub(crate) struct Speakers {
    list: Vec<ParticipantKey>,
    told: Vec<ParticipantKey>,
    told_at: Option<Instant>,
}

impl Speakers {
    /// Takes over who speaks how loudly now.
    pub(crate) fn update(&mut self, mut speaking: Vec<(ParticipantKey, i32)>) {
        let place = |key: ParticipantKey| {
            self.list
                .iter()
                .position(|known| *known == key)
                .unwrap_or(usize::MAX)
        };
        // Whoever was in the list keeps the place, newcomers come behind them.
        speaking.sort_by_key(|(key, loudness)| (place(*key), core::cmp::Reverse(*loudness), *key));
        overtake(&mut speaking);
        speaking.truncate(SPEAKERS_MAX);
        self.list = speaking.into_iter().map(|(key, _)| key).collect();
    }

    pub(crate) fn place(&self, key: ParticipantKey) -> Option<usize> {
        self.list.iter().position(|known| *known == key)
    }

    /// The list, if it is to be told anew.
    pub(crate) fn news(&mut self, now: Instant) -> Option<Vec<ParticipantKey>> {
        let recent = self
            .told_at
            .is_some_and(|at| now.saturating_duration_since(at) < TELL_INTERVAL);
        if recent || self.told == self.list {
            return None;
        }
        self.told_at = Some(now);
        self.told.clone_from(&self.list);
        Some(self.told.clone())
    }
}

/// Neighbours change places when the latter is clearly louder. Every change of places lowers the
/// number of pairs out of order, so this ends.
fn overtake(speaking: &mut [(ParticipantKey, i32)]) {
    let mut moved = true;
    while moved {
        moved = false;
        for at in 1..speaking.len() {
            let before = at.saturating_sub(1);
            if let (Some((_, first)), Some((_, second))) = (speaking.get(before), speaking.get(at))
                && second.saturating_sub(*first) > OVERTAKE
            {
                speaking.swap(before, at);
                moved = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::some_instant;
    use proptest::prelude::*;

    const PACKET: Duration = Duration::from_millis(20);

    /// Hears a level for a while, judged as often as a room does.
    fn listen(voice: &mut Voice, now: &mut Instant, level_dbov: i8, millis: u64) {
        for n in 0..millis / 20 {
            *now += PACKET;
            voice.hear(*now, Some(level_dbov));
            if n % 12 == 0 {
                voice.judge(*now);
            }
        }
        voice.judge(*now);
    }

    #[test]
    fn speech_is_noticed_within_a_second_and_a_cough_is_not() {
        let mut now = some_instant();
        let (mut speaker, mut cough) = (Voice::default(), Voice::default());
        listen(&mut cough, &mut now, -5, 240);
        assert_eq!(cough.speaks(), None);
        listen(&mut speaker, &mut now, -35, 1000);
        assert!(speaker.speaks().is_some());
    }

    #[test]
    fn a_pause_for_breath_does_not_end_a_sentence_but_silence_does() {
        let mut now = some_instant();
        let mut voice = Voice::default();
        listen(&mut voice, &mut now, -30, 2000);
        listen(&mut voice, &mut now, -90, 600);
        assert!(voice.speaks().is_some());
        // Discontinuous transmission: nothing comes at all.
        now += Duration::from_secs(6);
        voice.judge(now);
        assert_eq!(voice.speaks(), None);
        assert!(voice.spoke().is_some());
    }

    #[test]
    fn the_hum_of_a_room_is_not_speech() {
        let mut now = some_instant();
        let mut voice = Voice::default();
        listen(&mut voice, &mut now, -55, 20_000);
        assert_eq!(voice.speaks(), None);
    }

    #[test]
    fn equals_keep_their_places_and_the_clearly_louder_one_overtakes() {
        let (a, b) = (ParticipantKey(1), ParticipantKey(2));
        let mut speakers = Speakers::default();
        speakers.update(vec![(b, 20_000)]);
        speakers.update(vec![(a, 22_000), (b, 20_000)]);
        assert_eq!((speakers.place(b), speakers.place(a)), (Some(0), Some(1)));
        speakers.update(vec![(a, 25_000), (b, 20_000)]);
        assert_eq!((speakers.place(b), speakers.place(a)), (Some(1), Some(0)));
    }

    #[test]
    fn speakers_are_told_on_change_and_not_too_often() {
        let mut now = some_instant();
        let mut speakers = Speakers::default();
        assert_eq!(speakers.news(now), None);
        speakers.update(vec![(ParticipantKey(1), 20_000)]);
        assert_eq!(speakers.news(now), Some(vec![ParticipantKey(1)]));
        speakers.update(vec![]);
        now += Duration::from_millis(250);
        assert_eq!(speakers.news(now), None);
        now += Duration::from_millis(250);
        assert_eq!(speakers.news(now), Some(vec![]));
    }

    proptest! {
        #[test]
        fn any_levels_are_survived_and_bounded(
            steps in proptest::collection::vec((any::<Option<i8>>(), 0_u64..100_000), 1..100),
        ) {
            let mut now = some_instant();
            let mut voice = Voice::default();
            for (level, pass_ms) in steps {
                now += Duration::from_millis(pass_ms);
                voice.hear(now, level);
                voice.judge(now);
                prop_assert!((0..=LOUDNESS_MAX_DB * SCALE).contains(&voice.loudness));
                prop_assert!((0..=LOUDNESS_MAX_DB * SCALE).contains(&voice.onset));
            }
        }

        #[test]
        fn the_order_of_speakers_settles(
            loudness in proptest::collection::vec(0_i32..30_000, 0..12),
        ) {
            let speaking: Vec<_> = loudness
                .iter()
                .enumerate()
                .map(|(key, loudness)| (ParticipantKey(key as u128), *loudness))
                .collect();
            let mut speakers = Speakers::default();
            speakers.update(speaking.clone());
            let first = speakers.list.clone();
            let heard: Vec<_> = speaking
                .into_iter()
                .filter(|(key, _)| first.contains(key))
                .collect();
            speakers.update(heard);
            prop_assert_eq!(speakers.list, first);
        }
    }
}
