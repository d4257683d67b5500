//! What a room looks through four times a second: silence, voices, quality, and what is wanted.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::command::Mode;
use crate::event::SfuEvent;
use crate::ids::ParticipantKey;
use crate::room::Room;
use crate::shard::Outlet;
use crate::source::Source;

/// Quality is judged every so many ticks: once a second.
const TICKS_PER_JUDGEMENT: u64 = 4;

impl Room {
    /// Does what is due with every tick, and has layers chosen.
    pub(crate) fn tick(&mut self, now: Instant, outlet: &mut Outlet) {
        self.ticks += 1;
        let judge = self.ticks.is_multiple_of(TICKS_PER_JUDGEMENT);
        let mut speaking = Vec::new();
        for (key, person) in &mut self.people {
            person.note_silence(now);
            self.deaths_due |= person.death.is_some();
            person.voice.judge(now);
            if let Some(loudness) = person.voice.speaks()
                && person.forwards(Source::Microphone)
            {
                speaking.push((*key, loudness));
            }
            if judge {
                person.judge(now);
            }
        }
        self.speakers.update(speaking);
        if let Some(speakers) = self.speakers.news(now) {
            outlet.event(SfuEvent::Speakers {
                room: self.key,
                speakers,
            });
        }
        self.tick_taps(now, outlet);
        self.repeat_requests(now, outlet);
        self.renew_returned(now, outlet);
        self.rebind_due |= self.crowded;
        self.replan = true;
    }

    /// Tells publishers which of their encodings anybody watches, and starts those that were
    /// woken with a key frame.
    pub(crate) fn tell_wanted(&mut self, now: Instant, outlet: &mut Outlet) {
        let mut watched: BTreeMap<(ParticipantKey, Source), u32> = BTreeMap::new();
        let mut listeners = 0_usize;
        for person in self.people.values() {
            listeners += usize::from(person.listens());
            for slot in person.slots.iter().filter(|slot| !slot.audio) {
                if let Some(bound) = slot.bound {
                    *watched.entry(bound).or_default() |= slot.turn.wanted;
                }
            }
        }
        let echo = self.mode == Mode::Echo;
        let room = self.key;
        // A recorder keeps the best there is.
        let recorded = if outlet.records(room) { u32::MAX } else { 0 };
        let mut woken = Vec::new();
        for (key, person) in self.people.iter_mut() {
            // A telephone has one encoding and no page to be told.
            if !person.connected || person.phone.is_some() {
                continue;
            }
            let me = usize::from(person.listens());
            let heard_by = if echo { me } else { listeners - me };
            let heard =
                (heard_by > 0 || recorded > 0) && person.grants.may_publish(Source::Microphone);
            let seen = |source| watched.get(&(*key, source)).copied().unwrap_or(0) | recorded;
            let wants = [
                (Source::Microphone, u32::from(heard)),
                (Source::Camera, seen(Source::Camera)),
                (Source::Screen, seen(Source::Screen)),
            ];
            let news = person.dynacast.update(now, &wants);
            woken.extend(news.woken.into_iter().map(|(source, n)| (*key, source, n)));
            if let Some(sources) = news.tell {
                outlet.event(SfuEvent::Wanted {
                    room,
                    participant: *key,
                    connection: person.connection,
                    sources,
                });
            }
        }
        for (key, source, encoding) in woken {
            self.request_keyframe(now, (key, source), encoding, outlet);
        }
    }
}
