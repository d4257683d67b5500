//! Which layer every slot gets, under each subscriber's own bandwidth.

use std::time::Instant;

use crate::forward::{Aim, LayerState, Want, allocate, ideal_layer};
use crate::ids::ParticipantKey;
use crate::participant::Participant;
use crate::room::Room;
use crate::shard::Outlet;
use crate::source::Source;

/// Set aside for each sound slot in use, in bit/s: Opus speech with headers.
const AUDIO_BPS: u64 = 50_000;
/// Share of the estimate that is given to media, in percent; the rest is for resends.
const USABLE_PERCENT: u64 = 95;
/// Room asked for above the ideal layers, in percent, so that the estimator finds out whether the
/// path carries them.
const DESIRED_PERCENT: u64 = 130;

/// Always asked for while a picture is shown, so that the estimator keeps knowing more than the
/// trickle of a still picture or of a small view.
const DESIRED_FLOOR_BPS: u64 = 600_000;

/// What is known of one source of the room while layers are chosen.
struct Offer {
    from: ParticipantKey,
    source: Source,
    on: bool,
    layers: Vec<LayerState>,
}

/// What was decided for one subscriber.
#[derive(Default)]
struct Plan {
    /// Slot index and the layer that should feed it.
    aims: Vec<(usize, Option<usize>)>,
    minimum_bps: u64,
    desired_bps: u64,
}

impl Room {
    /// Chooses the layer of every slot and asks for the key frames that switches wait for.
    pub(crate) fn allocate(&mut self, now: Instant, outlet: &mut Outlet) {
        let offers = self.offers();
        let mut bitrates = Vec::new();
        for (key, person) in self
            .people
            .iter_mut()
            .filter(|(_, person)| person.connected)
        {
            let plan = plan(person, &offers);
            for (index, target) in plan.aims {
                let Some(slot) = person.slots.get_mut(index) else {
                    continue;
                };
                slot.switcher.aim(target.map(Aim::whole));
            }
            let wish = (plan.minimum_bps, plan.desired_bps);
            if differs(person.asked_bps, wish) {
                person.asked_bps = wish;
                bitrates.push((*key, wish));
            }
        }
        for (key, wish) in bitrates {
            self.work(key, outlet, |peer, drained| {
                peer.set_bitrate(now, drained, wish)
            });
        }
        self.start_layers(now, outlet);
    }

    fn offers(&self) -> Vec<Offer> {
        let mut offers = Vec::new();
        for (from, person) in &self.people {
            for publication in &person.publications {
                let source = publication.source;
                let on = person.on.contains(source);
                offers.push(Offer {
                    from: *from,
                    source,
                    on,
                    layers: publication.states(),
                });
            }
        }
        offers
    }
}

fn plan(person: &Participant, offers: &[Offer]) -> Plan {
    let mut plan = Plan::default();
    let mut audio_bps = 0_u64;
    let mut wants: Vec<(usize, u16, Want<'_>)> = Vec::new();
    for (index, slot) in person.slots.iter().enumerate() {
        let offer = slot
            .bound
            .and_then(|bound| offers.iter().find(|o| (o.from, o.source) == bound && o.on));
        let Some(offer) = offer else {
            plan.aims.push((index, None));
            continue;
        };
        if slot.audio {
            audio_bps = audio_bps.saturating_add(AUDIO_BPS);
            plan.aims.push((index, Some(0)));
        } else if slot.view_height_px == 0 {
            plan.aims.push((index, None));
        } else if let Some(ideal) = ideal_layer(&offer.layers, slot.view_height_px) {
            let current = slot.switcher.current();
            let want = Want {
                layers: &offer.layers,
                ideal,
                current,
                chosen: ideal,
            };
            wants.push((index, slot.view_height_px, want));
        }
        // Else nothing flows: the slot keeps its layer, so that a still screen is not restarted.
    }
    wants.sort_by_key(|(index, height_px, _)| (core::cmp::Reverse(*height_px), *index));
    let (indices, mut wants): (Vec<usize>, Vec<Want<'_>>) = wants
        .into_iter()
        .map(|(index, _, want)| (index, want))
        .unzip();
    // Without an estimate nothing is known against the ideal layers.
    let budget = person.estimate_bps.map_or(u64::MAX, |estimate| {
        (estimate.saturating_mul(USABLE_PERCENT) / 100).saturating_sub(audio_bps)
    });
    let (used_bps, next_bps) = allocate(budget, &mut wants);
    let ideal_bps: u64 = wants
        .iter()
        .map(|want| {
            want.layers
                .get(want.ideal)
                .map_or(0, |layer| layer.rate_bps)
        })
        .sum();
    plan.aims.extend(
        indices
            .into_iter()
            .zip(wants.iter().map(|want| Some(want.chosen))),
    );
    plan.minimum_bps = next_bps.map_or(0, |next| next.saturating_add(audio_bps));
    plan.desired_bps = ideal_bps
        .max(used_bps)
        .saturating_add(audio_bps)
        .saturating_mul(DESIRED_PERCENT)
        / 100;
    if !wants.is_empty() {
        plan.desired_bps = plan.desired_bps.max(DESIRED_FLOOR_BPS);
    }
    plan
}

/// Whether a wish has moved by more than a tenth; smaller moves are not worth telling.
fn differs(before: (u64, u64), after: (u64, u64)) -> bool {
    let moved = |a: u64, b: u64| a.abs_diff(b) > a.max(b) / 10;
    moved(before.0, after.0) || moved(before.1, after.1)
}
