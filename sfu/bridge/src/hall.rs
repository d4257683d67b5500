//! The sound of one room, as far as telephones hear it.
//!
//! Everybody is decoded once for each rate that a telephone of the room has, and mixed for each
//! telephone without its own sound.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sfu_net::ParticipantKey;
use sfu_phone::{
    Codec, Content, Doubler, Halver, Mixer, Playout, Rate, SPEAKERS_MAX, SpeakerId, Speech,
    open_for_room,
};

use crate::handle::LegId;
use crate::switchboard::guarded;

/// People with browsers who are decoded at a time. Who begins to speak takes the place of who has
/// been silent for longest; more than these at once nobody understands.
const HEARD_MAX: usize = 8;
/// Whoever was quiet for this long may lose the place, in microseconds.
const QUIET_US: i64 = 500_000;
/// Whoever sent nothing for this long is forgotten, in microseconds. In silence a browser sends
/// comfort noise every 400 ms.
const GONE_US: i64 = 2_000_000;
/// A sample beyond this is no silence: 40 dB below full scale.
const LOUD: u16 = 328;
/// Numbers of speakers with browsers begin here; those of telephones are their legs'.
const BROWSERS_FROM: u64 = 1 << 63;

/// Both rates.
pub(crate) const RATES: [Rate; 2] = [Rate::Narrow, Rate::Wide];

/// See the module.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) lines: BTreeSet<LegId>,
    speakers: BTreeMap<ParticipantKey, Speaker>,
    numbered: u64,
    sides: [Side; 2],
}

/// What belongs to one rate.
#[derive(Debug)]
struct Side {
    mixer: Mixer,
    /// A telephone of this rate listens.
    needed: bool,
}

#[derive(Debug)]
struct Speaker {
    number: SpeakerId,
    sent_us: i64,
    loud_us: i64,
    ears: [Option<Ear>; 2],
}

/// One speaker at one rate.
#[derive(Debug)]
struct Ear {
    playout: Playout,
    speech: Box<dyn Speech>,
}

/// From one rate to the other, for the sound of one telephone.
#[derive(Debug, Default)]
pub(crate) struct Converter {
    halver: Halver,
    doubler: Doubler,
}

impl Ear {
    /// `None`: libopus has no memory, and then nobody is heard.
    fn open(rate: Rate, seed: u64) -> Option<Self> {
        let speech = open_for_room(rate).ok()?;
        Some(Self {
            playout: Playout::at_rate(Codec::Opus, rate, seed),
            speech,
        })
    }
}

impl Default for Hall {
    fn default() -> Self {
        Self {
            lines: BTreeSet::new(),
            speakers: BTreeMap::new(),
            numbered: BROWSERS_FROM,
            sides: RATES.map(|rate| Side {
                mixer: Mixer::new(rate),
                needed: false,
            }),
        }
    }
}

impl Hall {
    /// Takes a packet of somebody with a browser, which came at `at_us`.
    pub(crate) fn sound(
        &mut self,
        at_us: i64,
        from: ParticipantKey,
        (timestamp, payload): (u32, &Arc<[u8]>),
    ) {
        if !self.speakers.contains_key(&from) {
            if self.speakers.len() >= HEARD_MAX && !self.make_room(at_us) {
                return;
            }
            self.numbered += 1;
            let speaker = Speaker {
                number: SpeakerId(self.numbered),
                sent_us: at_us,
                loud_us: at_us,
                ears: [None, None],
            };
            self.speakers.insert(from, speaker);
        }
        let Some(speaker) = self.speakers.get_mut(&from) else {
            return;
        };
        speaker.sent_us = at_us;
        for ((ear, side), rate) in speaker.ears.iter_mut().zip(&self.sides).zip(RATES) {
            if !side.needed {
                *ear = None;
                continue;
            }
            if ear.is_none() {
                *ear = Ear::open(rate, speaker.number.0);
            }
            if let Some(ear) = ear {
                let content = Content::Speech(payload.to_vec());
                ear.playout.insert(at_us, timestamp, content);
            }
        }
    }

    fn make_room(&mut self, now_us: i64) -> bool {
        let quietest = self
            .speakers
            .iter()
            .min_by_key(|(_, speaker)| speaker.loud_us);
        let quietest = quietest
            .filter(|(_, speaker)| now_us.saturating_sub(speaker.loud_us) > QUIET_US)
            .map(|(key, _)| *key);
        quietest.is_some_and(|key| self.speakers.remove(&key).is_some())
    }

    /// Forgets somebody with a browser, who is taken anew with the next packet.
    pub(crate) fn forget(&mut self, who: ParticipantKey) {
        if let Some(speaker) = self.speakers.remove(&who) {
            // What is broken may break once more when it is let go of.
            guarded(|| drop(speaker));
        }
    }

    #[cfg(test)]
    pub(crate) fn break_speakers(&mut self, broken: fn() -> Box<dyn Speech>) {
        let speakers = self.speakers.values_mut();
        for ear in speakers.flat_map(|speaker| speaker.ears.iter_mut().flatten()) {
            ear.speech = broken();
        }
    }

    /// The next 20 ms begin, in which telephones of these rates listen. Answers how many speakers were
    /// forgotten because their sound could not be decoded without a fault.
    pub(crate) fn begin(&mut self, now_us: i64, needed: [bool; 2]) -> u64 {
        let goes_on = |_: &ParticipantKey, speaker: &mut Speaker| {
            now_us.saturating_sub(speaker.sent_us) < GONE_US
        };
        self.speakers.retain(goes_on);
        for (side, needed) in self.sides.iter_mut().zip(needed) {
            side.needed = needed;
            side.mixer.begin();
        }
        let mut faulty = Vec::new();
        for (who, speaker) in &mut self.speakers {
            for ((ear, side), rate) in speaker.ears.iter_mut().zip(&mut self.sides).zip(RATES) {
                let Some(ear) = ear.as_mut().filter(|_| side.needed) else {
                    continue;
                };
                let mut frame = vec![0; rate.frame()];
                let played = guarded(|| ear.playout.play(now_us, ear.speech.as_mut(), &mut frame));
                if played.is_none() {
                    faulty.push(*who);
                    break;
                }
                if frame.iter().any(|sample| sample.unsigned_abs() > LOUD) {
                    speaker.loud_us = now_us;
                }
                // Speakers and telephones are bounded below what a mixer takes.
                let _ = side.mixer.add(speaker.number, &frame);
            }
        }
        let mut forgotten = 0;
        for who in faulty {
            self.forget(who);
            forgotten += 1;
        }
        forgotten
    }

    /// What a telephone says, for all others of this room.
    pub(crate) fn say(&mut self, leg: LegId, (rate, frame): (Rate, &[i16]), to: &mut Converter) {
        for (side, of) in self.sides.iter_mut().zip(RATES) {
            if !side.needed {
                continue;
            }
            let number = SpeakerId(leg.0);
            let _ = match (rate, of) {
                (Rate::Narrow, Rate::Wide) => side.mixer.add(number, &to.doubler.double(frame)),
                (Rate::Wide, Rate::Narrow) => side.mixer.add(number, &to.halver.halve(frame)),
                (Rate::Narrow, Rate::Narrow) | (Rate::Wide, Rate::Wide) => {
                    side.mixer.add(number, frame)
                }
            };
        }
    }

    /// What a telephone hears: everybody but itself.
    pub(crate) fn heard_by(&mut self, leg: LegId, rate: Rate) -> Vec<i16> {
        let side = self.sides.iter_mut().zip(RATES).find(|(_, of)| *of == rate);
        side.map_or_else(Vec::new, |(side, _)| side.mixer.heard_by(SpeakerId(leg.0)))
    }

    pub(crate) fn leave(&mut self, leg: LegId) {
        self.lines.remove(&leg);
        for side in &mut self.sides {
            side.mixer.remove(SpeakerId(leg.0));
        }
    }
}

const _: () = assert!(HEARD_MAX + sfu_net::PHONES_MAX <= SPEAKERS_MAX);
