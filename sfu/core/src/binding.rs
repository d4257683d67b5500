//! Which source goes into which slot. While there are slots enough, bindings are stable: nobody
//! moves because somebody else came. When there are more sources than slots, they go to who
//! matters most to the viewer, and change hands slowly.

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::BTreeMap;
use std::time::Instant;

use crate::budget::Importance;
use crate::command::Mode;
use crate::event::SfuEvent;
use crate::grants::Rank;
use crate::ids::ParticipantKey;
use crate::room::Room;
use crate::shard::Outlet;
use crate::source::{SlotBinding, Source};
use crate::subscription::Slot;

/// Whoever spoke in this time is still a speaker.
const RECENT: Duration = Duration::from_secs(10);
/// A slot that was given to a speaker's camera keeps it for at least this long.
const CAMERA_HOLD: Duration = Duration::from_secs(4);
/// The same for a microphone.
const MICROPHONE_HOLD: Duration = Duration::from_secs(1);
/// A microphone without a slot must be louder by this much, in thousandths of a decibel, than one
/// that has a slot.
const MICROPHONE_BONUS: i32 = 6000;

/// For each source its slots: whose, and which of theirs.
pub(crate) type Routes = BTreeMap<(ParticipantKey, Source), Vec<(ParticipantKey, usize)>>;

/// A source that could be shown.
#[derive(Debug)]
struct Candidate {
    from: ParticipantKey,
    source: Source,
    on: bool,
    clinician: bool,
    /// Place among those who speak now.
    speaks: Option<usize>,
    spoke: Option<Instant>,
    onset: i32,
    came: u64,
}

/// Where a candidate stands, the first first. A tuple in all but name: the fields are compared in
/// their order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are compared one after the other"
)]
struct Standing {
    off: bool,
    importance: Importance,
    screen: bool,
    /// Microphones only.
    loudness: Reverse<i32>,
    /// Does not speak now.
    quiet: bool,
    unbound: bool,
    place: usize,
    spoke: Reverse<Option<Instant>>,
    came: u64,
}

/// How important a source is to a viewer. `lively`: its person is a speaker, see [`is_lively`].
pub(crate) fn importance(
    pinned: Option<ParticipantKey>,
    (from, source): (ParticipantKey, Source),
    clinician: bool,
    lively: bool,
) -> Importance {
    if pinned == Some(from) {
        Importance::Pinned
    } else if source == Source::Screen {
        Importance::Screen
    } else if clinician {
        Importance::Clinician
    } else if lively {
        Importance::Speaker
    } else {
        Importance::Other
    }
}

/// Whether somebody speaks or spoke a moment ago.
pub(crate) fn is_lively(now: Instant, spoke: Option<Instant>) -> bool {
    spoke.is_some_and(|at| now.saturating_duration_since(at) < RECENT)
}

impl Room {
    /// Binds sources to slots anew, tells every subscriber whose slots changed, and has their
    /// layers chosen.
    pub(crate) fn rebind(&mut self, now: Instant, outlet: &mut Outlet) {
        let candidates = self.candidates();
        let echo = self.mode == Mode::Echo;
        let room = self.key;
        let mut changed = core::mem::take(&mut self.routes_stale);
        self.crowded = false;
        for (key, person) in &mut self.people {
            let subscribes = person.grants.subscribe;
            for audio in [true, false] {
                let wanted: Vec<&Candidate> = candidates
                    .iter()
                    .filter(|c| subscribes && c.source.is_audio() == audio)
                    .filter(|c| (c.from == *key) == echo)
                    .collect();
                self.crowded |= bind_slots(now, &mut person.slots, (audio, wanted), person.pinned);
            }
            let same = person
                .told
                .as_ref()
                .is_some_and(|told| is_told(told, &person.slots));
            if !same {
                changed = true;
                person.plan_due = true;
                let slots: Vec<SlotBinding> =
                    person.slots.iter().filter_map(Slot::binding).collect();
                person.told = Some(slots.clone());
                let (participant, connection) = (*key, person.connection);
                outlet.event(SfuEvent::Slots {
                    room,
                    participant,
                    connection,
                    slots,
                });
            }
        }
        if changed {
            self.map_routes();
        }
        self.replan_some |= changed;
    }

    /// Restarts everything that came from a connection that is gone: what comes next under the
    /// same name is another stream.
    pub(crate) fn forget_source(&mut self, from: ParticipantKey) {
        for person in self.people.values_mut() {
            for slot in &mut person.slots {
                if slot.bound.is_some_and(|(source_of, _)| source_of == from) {
                    slot.switcher.restart();
                }
            }
        }
    }

    fn map_routes(&mut self) {
        self.routes.clear();
        for (key, person) in &self.people {
            for (index, slot) in person.slots.iter().enumerate() {
                if let Some(bound) = slot.bound {
                    self.routes.entry(bound).or_default().push((*key, index));
                }
            }
        }
    }

    /// Everything that may be published, in the order of coming: sound, then cameras, then screens
    /// that are on. A microphone or camera may keep its slot while it is off, so that muting moves
    /// nobody.
    fn candidates(&self) -> Vec<Candidate> {
        let mut people: Vec<_> = self.people.iter().collect();
        people.sort_by_key(|(_, person)| person.came);
        let mut candidates = Vec::new();
        for source in Source::ALL {
            for (key, person) in &people {
                let shown = person.grants.may_publish(source)
                    && (source != Source::Screen || person.on.screen);
                if shown && person.publication(source).is_some() {
                    candidates.push(Candidate {
                        from: **key,
                        source,
                        on: person.forwards(source),
                        clinician: person.rank == Rank::Clinician,
                        speaks: self.speakers.place(**key),
                        spoke: person.voice.spoke(),
                        onset: person.voice.onset(),
                        came: person.came,
                    });
                }
            }
        }
        candidates
    }
}

fn is_told(told: &[SlotBinding], slots: &[Slot]) -> bool {
    let bound = slots
        .iter()
        .filter_map(|slot| Some((slot.name.as_str(), slot.bound?)));
    told.iter()
        .map(|known| (known.mid.as_str(), (known.participant, known.source)))
        .eq(bound)
}

/// Fills the slots of one kind; answers whether there are more sources than slots.
fn bind_slots(
    now: Instant,
    slots: &mut [Slot],
    (audio, mut wanted): (bool, Vec<&Candidate>),
    pinned: Option<ParticipantKey>,
) -> bool {
    let room = slots.iter().filter(|slot| slot.audio == audio).count();
    let crowded = room > 0 && wanted.len() > room;
    if crowded {
        wanted.sort_by_cached_key(|candidate| {
            let bound_at = slots
                .iter()
                .find(|slot| slot.bound == Some((candidate.from, candidate.source)))
                .map(|slot| slot.turn.bound_at);
            candidate.standing(now, bound_at, pinned)
        });
        wanted.truncate(room);
    }
    let wanted: Vec<_> = wanted.iter().map(|c| (c.from, c.source)).collect();
    for slot in slots.iter_mut().filter(|slot| slot.audio == audio) {
        if slot.bound.is_some_and(|bound| !wanted.contains(&bound)) {
            slot.bind(None, now);
        }
    }
    for source in wanted {
        if slots.iter().any(|slot| slot.bound == Some(source)) {
            continue;
        }
        let free = slots
            .iter_mut()
            .find(|slot| slot.audio == audio && slot.bound.is_none());
        if let Some(slot) = free {
            slot.bind(Some(source), now);
        }
    }
    crowded
}

impl Candidate {
    /// `bound_at`: the candidate has a slot, and since when.
    fn standing(
        &self,
        now: Instant,
        bound_at: Option<Option<Instant>>,
        pinned: Option<ParticipantKey>,
    ) -> Standing {
        let held = |hold: Duration| {
            let since = bound_at.flatten();
            since.is_some_and(|at| now.saturating_duration_since(at) < hold)
        };
        let bound = bound_at.is_some();
        let audio = self.source.is_audio();
        let lively = !audio && is_lively(now, self.spoke);
        let loudness = match (audio, bound) {
            (false, _) => 0,
            (true, true) if held(MICROPHONE_HOLD) => i32::MAX,
            (true, true) => self.onset.saturating_add(MICROPHONE_BONUS),
            (true, false) => self.onset,
        };
        let quiet = !lively || (self.speaks.is_none() && !held(CAMERA_HOLD));
        Standing {
            off: !self.on,
            importance: importance(pinned, (self.from, self.source), self.clinician, lively),
            screen: self.source == Source::Screen,
            loudness: Reverse(loudness),
            quiet,
            unbound: !bound,
            place: self.speaks.unwrap_or(usize::MAX),
            spoke: Reverse(self.spoke),
            came: self.came,
        }
    }
}
