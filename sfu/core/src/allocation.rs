//! Which layer every slot gets, under each subscriber's own bandwidth.
//!
//! Sound is reserved first and never withheld. What is left is shared out by `budget.rs`; what it
//! allows is granted with patience by `climb.rs`; and what is granted is aimed at here.

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::BTreeMap;
use std::time::Instant;

use crate::binding::{importance, is_lively};
use crate::budget::{Want, rate_of, share, shown, thin_of, tried};
use crate::climb::Step;
use crate::event::SfuEvent;
use crate::floor::LIFTED_BPS;
use crate::forward::{Aim, LayerState, ideal_layer};
use crate::grants::Rank;
use crate::ids::ParticipantKey;
use crate::participant::Participant;
use crate::room::Room;
use crate::shard::Outlet;
use crate::source::Source;
use crate::stats::Delivery;

/// Set aside for each voice that is or was just heard, and for one in any case, in bit/s: Opus speech
/// with headers.
const VOICE_BPS: u64 = 50_000;
/// Set aside for each sound slot besides: comfort noise (DTX) with headers.
const SILENCE_BPS: u64 = 8_000;
/// Share of the estimate that is given to media, in percent; the rest is for resends.
const USABLE_PERCENT: u64 = 95;
/// Room asked for above the ideal layers, in percent, so that the estimator finds out whether the
/// path carries them.
const DESIRED_PERCENT: u64 = 130;
/// Always asked for while a picture is shown, so that the estimator keeps knowing more than the
/// trickle of a still picture or of a small view.
const DESIRED_FLOOR_BPS: u64 = 600_000;
/// The estimator looks for more only when the wish grows. One that stays unfulfilled is lowered
/// and told again this often.
const NUDGE_INTERVAL: Duration = Duration::from_secs(8);

/// What is known of one source of the room while layers are chosen.
struct Offer {
    on: bool,
    clinician: bool,
    lively: bool,
    /// What plans are made with: encodings that sleep only because nobody wants them count as
    /// flowing.
    layers: Vec<LayerState>,
    /// What really flows.
    flows: Vec<bool>,
}

type Offers = BTreeMap<(ParticipantKey, Source), Offer>;

/// What was decided for one subscriber.
#[derive(Default)]
struct Plan {
    minimum_bps: u64,
    desired_bps: u64,
    used_bps: u64,
    /// Pictures are wanted, and none is granted.
    audio_only: bool,
    /// Shown is more than the estimate allows.
    on_floor: bool,
}

/// A slot that could show a picture.
struct Wish {
    index: usize,
    source: (ParticipantKey, Source),
    height_px: u16,
}

impl Room {
    /// Chooses the layers of everybody whose plan is due and asks for the key frames that switches
    /// wait for.
    pub(crate) fn allocate(&mut self, now: Instant, outlet: &mut Outlet) {
        let everybody = core::mem::take(&mut self.replan);
        self.replan_some = false;
        let offers = self.offers(now);
        let mut bitrates = Vec::new();
        let mut renewals = Vec::new();
        for (key, person) in &mut self.people {
            if !core::mem::take(&mut person.plan_due) && !everybody {
                continue;
            }
            let plan = plan(now, person, &offers, &mut outlet.counters.delivery);
            person.granted_bps = plan.used_bps;
            if plan.audio_only != person.audio_only && person.connected {
                person.audio_only = plan.audio_only;
                for delivery in [&mut person.delivery, &mut outlet.counters.delivery] {
                    delivery.decisions.audio_only += u64::from(plan.audio_only);
                }
                outlet.event(SfuEvent::AudioOnly {
                    room: self.key,
                    participant: *key,
                    connection: person.connection,
                    on: plan.audio_only,
                });
            }
            if !person.connected {
                continue;
            }
            let denied = |estimate| plan.used_bps > estimate;
            if plan.on_floor && person.estimate_bps.is_some_and(denied) && person.floor.renews(now)
            {
                let lifted = plan.used_bps.saturating_mul(DESIRED_PERCENT) / 100;
                renewals.push((*key, lifted.max(LIFTED_BPS)));
            } else if person
                .lull
                .wakes(now, plan.audio_only, person.forwarded.packets)
                && let Some(estimate) = person.estimate_bps
            {
                renewals.push((*key, estimate));
            }
            for wish in wishes(now, person, &plan).into_iter().flatten() {
                bitrates.push((*key, wish));
            }
        }
        for (key, wish) in bitrates {
            self.work(key, outlet, |peer, drained| {
                peer.set_bitrate(now, drained, wish)
            });
        }
        self.renew(now, renewals, outlet);
        self.start_layers(now, outlet);
        self.tell_wanted(now, outlet);
    }

    fn offers(&mut self, now: Instant) -> Offers {
        let mut offers = Offers::new();
        for (from, person) in &mut self.people {
            for publication in &person.publications {
                let source = publication.source;
                let mut layers = publication.states();
                let flows = layers.iter().map(|layer| layer.flows).collect();
                person.dynacast.foresee(now, source, &mut layers);
                let offer = Offer {
                    on: person.forwards(source),
                    clinician: person.rank == Rank::Clinician,
                    lively: is_lively(now, person.voice.spoke()),
                    layers,
                    flows,
                };
                offers.insert((*from, source), offer);
            }
        }
        offers
    }
}

/// Decides for one subscriber, and aims their slots.
fn plan(now: Instant, person: &mut Participant, offers: &Offers, counters: &mut Delivery) -> Plan {
    let (audio_bps, mut wishes) = sort_out(person, offers);
    let rank = |wish: &Wish| {
        let offer = offers.get(&wish.source)?;
        Some(importance(
            person.pinned,
            wish.source,
            offer.clinician,
            offer.lively,
        ))
    };
    wishes.sort_by_key(|wish| (rank(wish), Reverse(wish.height_px), wish.index));
    let mut wants: Vec<Want<'_>> = wishes
        .iter()
        .filter_map(|wish| {
            let offer = offers.get(&wish.source)?;
            Some(Want {
                importance: rank(wish)?,
                clinician: offer.clinician && wish.source.1 == Source::Camera,
                layers: &offer.layers,
                ideal: ideal_layer(&offer.layers, wish.height_px)?,
                held: person.slots.get(wish.index)?.turn.granted(),
                chosen: None,
                thin: false,
            })
        })
        .collect();
    // Without an estimate nothing is known against the ideal layers.
    let budget_bps = person.estimate_bps.map_or(u64::MAX, |estimate| {
        (estimate.saturating_mul(USABLE_PERCENT) / 100).saturating_sub(audio_bps)
    });
    let tried_bps = tried(&wants).filter(|_| person.lull.lasts());
    let kept_bps = tried_bps.unwrap_or_else(|| shown(&wants));
    let beyond = person.floor.beyond(now, budget_bps, kept_bps);
    let on_floor = beyond.is_some();
    let budget_bps = beyond.unwrap_or(budget_bps);
    let shared = share(budget_bps, &mut wants);
    let ideal_bps: u64 = wants
        .iter()
        .map(|want| rate_of(want.layers, want.ideal))
        .fold(0, u64::saturating_add);
    let mut plan = Plan {
        minimum_bps: shared
            .next_bps
            .map_or(0, |next| next.saturating_add(audio_bps)),
        desired_bps: ideal_bps
            .max(shared.used_bps)
            .saturating_add(audio_bps)
            .saturating_mul(DESIRED_PERCENT)
            / 100,
        used_bps: audio_bps,
        audio_only: !wants.is_empty(),
        on_floor: on_floor && !wants.is_empty(),
    };
    if !wants.is_empty() {
        plan.desired_bps = plan.desired_bps.max(DESIRED_FLOOR_BPS);
    }
    person.climb.begin(now);
    for (wish, want) in wishes.iter().zip(&wants) {
        let Some(granted) = grant(now, person, (wish, want), offers, counters) else {
            continue;
        };
        plan.audio_only = false;
        let thin = want.layers.get(granted).filter(|_| want.thin);
        let rate_bps = thin.and_then(thin_of);
        let rate_bps = rate_bps.unwrap_or_else(|| rate_of(want.layers, granted));
        plan.used_bps = plan.used_bps.saturating_add(rate_bps);
    }
    plan
}

/// Aims at sound and at nothing where that is all there is to decide. Answers what sound takes in
/// bit/s, and the pictures to be decided about.
fn sort_out(person: &mut Participant, offers: &Offers) -> (u64, Vec<Wish>) {
    let (mut voices, mut sounds) = (0_u64, 0_u64);
    let mut wishes = Vec::new();
    for (index, slot) in person.slots.iter_mut().enumerate() {
        let source = slot.bound;
        let offer = source.and_then(|source| Some((source, offers.get(&source)?)));
        let Some((source, offer)) = offer else {
            slot.switcher.aim(None);
            continue;
        };
        let height_px = slot.view_height_px;
        if slot.audio {
            sounds += u64::from(offer.on);
            voices += u64::from(offer.on && offer.lively);
            slot.switcher.aim(offer.on.then_some(Aim::whole(0)));
        } else if height_px == 0 || !offer.on {
            slot.switcher.aim(None);
            slot.turn.rest();
            // What is switched off is not put to sleep as well: it should begin at once.
            slot.turn.wanted = if height_px == 0 { 0 } else { u32::MAX };
        } else if ideal_layer(&offer.layers, height_px).is_some() {
            wishes.push(Wish {
                index,
                source,
                height_px,
            });
        } else {
            // Nothing flows: the slot keeps its layer, so that it goes on where it was.
            slot.turn.wanted = bit(whole_ideal(&offer.layers, height_px));
        }
    }
    let voices = voices.max(sounds.min(1));
    let audio_bps = voices * VOICE_BPS + (sounds - voices) * SILENCE_BPS;
    (audio_bps, wishes)
}

/// Grants one slot what patience allows, and aims it.
fn grant(
    now: Instant,
    person: &mut Participant,
    (wish, want): (&Wish, &Want<'_>),
    offers: &Offers,
    counters: &mut Delivery,
) -> Option<usize> {
    let slot = person.slots.get_mut(wish.index)?;
    let fits = (want.ideal, person.audio_only);
    let step = person.climb.grant(now, &mut slot.turn, want.chosen, fits);
    for delivery in [&mut person.delivery, counters] {
        match step {
            Step::Same => {}
            Step::Raised => delivery.decisions.raised += 1,
            Step::Lowered => delivery.decisions.lowered += 1,
            Step::Paused => delivery.decisions.paused += 1,
        }
    }
    let Some(granted) = slot.turn.granted() else {
        slot.switcher.aim(None);
        slot.turn.wanted = 0;
        slot.turn.starve();
        return None;
    };
    let flows = offers
        .get(&wish.source)
        .map_or(&[][..], |offer| &offer.flows);
    let aim = reachable(granted, slot.switcher.current(), flows);
    let temporal = if want.thin { 0 } else { u8::MAX };
    slot.switcher.aim(Some(Aim {
        layer: aim,
        temporal,
    }));
    let current = slot.switcher.current().map_or(0, bit);
    // A layer that its sender keeps back stays wanted, so that it may come again.
    let more = if granted == want.ideal {
        bit(whole_ideal(want.layers, wish.height_px))
    } else {
        0
    };
    slot.turn.wanted = bit(granted) | bit(aim) | current | more;
    Some(granted)
}

/// The layer to aim at while `granted` may still have to be woken. What feeds the slot goes on
/// until then; a slot without a picture takes what it can get.
fn reachable(granted: usize, current: Option<usize>, flows: &[bool]) -> usize {
    let flowing = |layer: usize| flows.get(layer).copied().unwrap_or(false);
    if flowing(granted) || current.is_some_and(flowing) {
        return granted;
    }
    let below = (0..granted).rev().find(|layer| flowing(*layer));
    let above = || (granted..flows.len()).find(|layer| flowing(*layer));
    below.or_else(above).unwrap_or(granted)
}

/// The layer that suits a view if all of them flowed.
fn whole_ideal(layers: &[LayerState], view_height_px: u16) -> usize {
    let all: Vec<LayerState> = layers
        .iter()
        .map(|layer| LayerState {
            flows: true,
            ..*layer
        })
        .collect();
    ideal_layer(&all, view_height_px).unwrap_or(0)
}

fn bit(layer: usize) -> u32 {
    u32::try_from(layer)
        .ok()
        .and_then(|layer| 1_u32.checked_shl(layer))
        .unwrap_or(0)
}

/// What the engine should be told now, in this order: nothing, the new wish, or a lower one first.
fn wishes(now: Instant, person: &mut Participant, plan: &Plan) -> [Option<(u64, u64)>; 2] {
    let wish = (plan.minimum_bps, plan.desired_bps);
    let unfulfilled = person
        .estimate_bps
        .is_some_and(|estimate| estimate < plan.desired_bps);
    let nudge = unfulfilled
        && person.climb.is_calm(now)
        && person
            .nudged_at
            .is_some_and(|at| now.saturating_duration_since(at) >= NUDGE_INTERVAL);
    if differs(person.asked_bps, wish) {
        person.asked_bps = wish;
        person.nudged_at = Some(now);
        [Some(wish), None]
    } else if nudge {
        person.nudged_at = Some(now);
        let (minimum_bps, desired_bps) = person.asked_bps;
        let lower = (minimum_bps / 2, desired_bps / 2);
        [Some(lower), Some((minimum_bps, desired_bps))]
    } else {
        [None, None]
    }
}

/// Whether a wish has moved by more than a tenth; smaller moves are not worth telling.
fn differs(before: (u64, u64), after: (u64, u64)) -> bool {
    let moved = |a: u64, b: u64| a.abs_diff(b) > a.max(b) / 10;
    moved(before.0, after.0) || moved(before.1, after.1)
}
