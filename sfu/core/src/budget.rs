//! How one subscriber's bandwidth is shared out among pictures: the policy, without state or time.
//!
//! Two passes. First every picture gets its lowest layer, the clinician's before all others, then
//! by importance; what does not fit is shown with fewer pictures a second, if its sender made them in
//! temporal layers, and otherwise paused. Then pictures are raised, class by class: the next
//! class is raised only with what the class before could not use. So a less important picture is
//! never better at the cost of a more important one, and pausing begins at the least important.

use crate::forward::LayerState;

/// A raise must leave this much room in percent, so that a layer whose rate moves a little does
/// not go up and down.
const RAISE_MARGIN_PERCENT: u64 = 115;

/// How important a picture is to a viewer. Slots and bandwidth go by this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Importance {
    /// The viewer has pinned this person.
    Pinned,
    /// The camera of a clinician.
    Clinician,
    /// A shared screen.
    Screen,
    /// Somebody who speaks or spoke a moment ago.
    Speaker,
    /// Everybody else.
    Other,
}

/// One slot's wish and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Want<'a> {
    pub(crate) importance: Importance,
    /// A clinician's camera, pinned or not: the last picture to be paused.
    pub(crate) clinician: bool,
    /// From low to high; those that do not flow are passed over.
    pub(crate) layers: &'a [LayerState],
    /// The layer that would suit the view.
    pub(crate) ideal: usize,
    /// The layer that is granted now; up to it no margin is needed.
    pub(crate) held: Option<usize>,
    /// Result: the layer; `None`: paused.
    pub(crate) chosen: Option<usize>,
    /// Result: only the lowest temporal layer of it.
    pub(crate) thin: bool,
}

/// What all wants together take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shared {
    /// Rate of all chosen layers in bit/s.
    pub(crate) used_bps: u64,
    /// Budget in bit/s at which the next picture would be shown or raised.
    pub(crate) next_bps: Option<u64>,
}

/// Shares `budget_bps` out among wants that are sorted by importance.
pub(crate) fn share(budget_bps: u64, wants: &mut [Want<'_>]) -> Shared {
    let mut purse = Purse {
        budget_bps,
        shared: Shared::default(),
    };
    for want in wants.iter_mut() {
        want.chosen = None;
        want.thin = false;
    }
    for clinician in [true, false] {
        for want in wants.iter_mut().filter(|want| want.clinician == clinician) {
            if let Some(lowest) = next_up(want)
                && !purse.buy(want, lowest)
            {
                purse.buy_thin(want, lowest);
            }
        }
    }
    for class in wants.chunk_by_mut(|a, b| a.importance == b.importance) {
        let mut raised = true;
        while core::mem::take(&mut raised) {
            for want in class
                .iter_mut()
                .filter(|want| want.chosen.is_some() && !want.thin)
            {
                raised |= next_up(want).is_some_and(|next| purse.buy(want, next));
            }
        }
    }
    purse.shared
}

struct Purse {
    budget_bps: u64,
    shared: Shared,
}

impl Purse {
    fn buy(&mut self, want: &mut Want<'_>, next: usize) -> bool {
        let paid = want.chosen.map_or(0, |chosen| rate_of(want.layers, chosen));
        let more = rate_of(want.layers, next).saturating_sub(paid);
        let total = self.shared.used_bps.saturating_add(more);
        let needed = if want.held.is_some_and(|held| next <= held) {
            total
        } else {
            total.saturating_mul(RAISE_MARGIN_PERCENT) / 100
        };
        if needed <= self.budget_bps {
            want.chosen = Some(next);
            self.shared.used_bps = total;
            return true;
        }
        self.note_need(needed);
        false
    }

    /// The lowest temporal layer, where the whole does not fit.
    fn buy_thin(&mut self, want: &mut Want<'_>, lowest: usize) {
        let thin_bps = want.layers.get(lowest).and_then(thin_of);
        let total = thin_bps.map(|bps| self.shared.used_bps.saturating_add(bps));
        if let Some(total) = total.filter(|total| *total <= self.budget_bps) {
            (want.chosen, want.thin) = (Some(lowest), true);
            self.shared.used_bps = total;
        }
    }

    fn note_need(&mut self, needed: u64) {
        let least = self.shared.next_bps.map_or(needed, |next| next.min(needed));
        self.shared.next_bps = Some(least);
    }
}

fn next_up(want: &Want<'_>) -> Option<usize> {
    let above = want.chosen.map_or(0, |chosen| chosen.saturating_add(1));
    let found = want
        .layers
        .iter()
        .skip(above)
        .position(|layer| layer.flows)?;
    let next = above.saturating_add(found);
    (next <= want.ideal).then_some(next)
}

/// What the pictures that are shown take at least, in bit/s: each its lowest layer that flows.
pub(crate) fn shown(wants: &[Want<'_>]) -> u64 {
    let held = wants.iter().filter(|want| want.held.is_some());
    held.filter_map(smallest).fold(0, u64::saturating_add)
}

/// What the first picture takes that would be shown, in bit/s and with the margin of a raise.
pub(crate) fn tried(wants: &[Want<'_>]) -> Option<u64> {
    let clinician = wants.iter().find(|want| want.clinician);
    let bps = smallest(clinician.or(wants.first())?)?;
    Some(bps.saturating_mul(RAISE_MARGIN_PERCENT) / 100)
}

fn smallest(want: &Want<'_>) -> Option<u64> {
    let lowest = want.layers.iter().position(|layer| layer.flows)?;
    Some(rate_of(want.layers, lowest))
}

/// The rate of a layer's lowest temporal layer in bit/s, if it has more than one.
pub(crate) fn thin_of(layer: &LayerState) -> Option<u64> {
    let [lowest, ..] = layer.temporal_bps;
    (layer.temporal_layers() > 1).then_some(lowest)
}

pub(crate) fn rate_of(layers: &[LayerState], index: usize) -> u64 {
    layers.get(index).map_or(0, |layer| layer.rate_bps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layers(rates: [u64; 3]) -> [LayerState; 3] {
        [(180, rates[0]), (360, rates[1]), (720, rates[2])].map(|(height_px, rate_bps)| {
            LayerState {
                flows: true,
                height_px,
                rate_bps,
                temporal_bps: [rate_bps; 4],
            }
        })
    }

    const USUAL: [u64; 3] = [150_000, 500_000, 1_500_000];

    fn want(layers: &[LayerState], importance: Importance) -> Want<'_> {
        Want {
            importance,
            clinician: importance == Importance::Clinician,
            layers,
            ideal: 2,
            held: None,
            chosen: None,
            thin: false,
        }
    }

    fn chosen(budget_bps: u64, wants: &mut [Want<'_>]) -> Vec<Option<usize>> {
        share(budget_bps, wants);
        wants.iter().map(|want| want.chosen).collect()
    }

    #[test]
    fn the_clinician_is_raised_to_the_top_before_anybody_else_is_raised() {
        let usual = layers(USUAL);
        let mut wants = [
            want(&usual, Importance::Clinician),
            want(&usual, Importance::Speaker),
            want(&usual, Importance::Other),
        ];
        assert_eq!(chosen(2_100_000, &mut wants), [Some(2), Some(0), Some(0)]);
        assert_eq!(chosen(2_600_000, &mut wants), [Some(2), Some(1), Some(0)]);
    }

    #[test]
    fn equals_are_raised_in_turn() {
        let usual = layers(USUAL);
        let mut wants = [
            want(&usual, Importance::Other),
            want(&usual, Importance::Other),
        ];
        assert_eq!(chosen(1_200_000, &mut wants), [Some(1), Some(1)]);
    }

    #[test]
    fn below_the_floor_the_least_important_picture_is_paused_first_and_the_clinician_last() {
        let usual = layers(USUAL);
        let mut wants = [
            want(&usual, Importance::Pinned),
            want(&usual, Importance::Clinician),
            want(&usual, Importance::Other),
        ];
        assert_eq!(chosen(400_000, &mut wants), [Some(0), Some(0), None]);
        assert_eq!(chosen(200_000, &mut wants), [None, Some(0), None]);
        assert_eq!(chosen(100_000, &mut wants), [None, None, None]);
    }

    #[test]
    fn what_is_held_needs_no_margin_and_what_is_new_does() {
        let usual = layers(USUAL);
        let mut wants = [want(&usual, Importance::Other)];
        assert_eq!(chosen(1_500_000, &mut wants), [Some(1)]);
        wants[0].held = Some(2);
        assert_eq!(chosen(1_500_000, &mut wants), [Some(2)]);
    }

    #[test]
    fn the_price_of_the_next_step_is_told() {
        let usual = layers(USUAL);
        let mut wants = [want(&usual, Importance::Other)];
        let shared = share(100_000, &mut wants);
        assert_eq!(shared.next_bps, Some(172_500));
        assert_eq!(share(10_000_000, &mut wants).next_bps, None);
    }

    fn importance() -> impl Strategy<Value = Importance> {
        prop_oneof![
            Just(Importance::Pinned),
            Just(Importance::Clinician),
            Just(Importance::Screen),
            Just(Importance::Speaker),
            Just(Importance::Other),
        ]
    }

    type Case = (Importance, [u64; 3], [bool; 3], usize, Option<usize>);

    /// Any wants, sorted by importance as the caller does.
    fn cases() -> impl Strategy<Value = Vec<Case>> {
        let rates = (0_u64..300_000, 0_u64..900_000, 0_u64..3_000_000)
            .prop_map(|(low, mid, high)| [low, low + mid, low + mid + high]);
        let flows = proptest::array::uniform3(proptest::bool::weighted(0.8));
        let held = proptest::option::of(0_usize..3);
        proptest::collection::vec((importance(), rates, flows, 0_usize..3, held), 0..8).prop_map(
            |mut cases| {
                cases.sort_by_key(|case| case.0);
                cases
            },
        )
    }

    fn check(cases: &[Case], task: impl Fn(&mut Vec<Want<'_>>)) {
        let layers: Vec<[LayerState; 3]> = cases
            .iter()
            .map(|(_, rates, flows, ..)| {
                let mut three = layers(*rates);
                for (layer, flows) in three.iter_mut().zip(flows) {
                    layer.flows = *flows;
                }
                three
            })
            .collect();
        let mut wants: Vec<_> = cases
            .iter()
            .zip(&layers)
            .map(|((importance, _, _, ideal, held), layers)| Want {
                ideal: *ideal,
                held: *held,
                ..want(layers, *importance)
            })
            .collect();
        task(&mut wants);
    }

    #[test]
    fn a_picture_whose_lowest_layer_does_not_fit_is_thinned_out_before_it_is_paused() {
        let mut layers = layers(USUAL);
        layers[0].temporal_bps = [80_000, 150_000, 150_000, 150_000];
        let mut wants = [want(&layers, Importance::Other)];
        share(100_000, &mut wants);
        assert_eq!((wants[0].chosen, wants[0].thin), (Some(0), true));
        share(70_000, &mut wants);
        assert_eq!(wants[0].chosen, None);
        share(10_000_000, &mut wants);
        assert_eq!((wants[0].chosen, wants[0].thin), (Some(2), false));
    }

    proptest! {
        #[test]
        fn the_budget_is_kept(budget in 0_u64..10_000_000, cases in cases()) {
            check(&cases, |wants| {
                let shared = share(budget, wants);
                let used: u64 = wants
                    .iter()
                    .filter_map(|want| Some(rate_of(want.layers, want.chosen?)))
                    .sum();
                assert_eq!(shared.used_bps, used);
                assert!(used <= budget);
                if let Some(next) = shared.next_bps {
                    assert!(next > budget);
                }
            });
        }

        #[test]
        fn only_what_flows_is_chosen_and_never_more_than_ideal(
            budget in 0_u64..10_000_000,
            cases in cases(),
        ) {
            check(&cases, |wants| {
                share(budget, wants);
                for want in wants.iter() {
                    if let Some(chosen) = want.chosen {
                        assert!(want.layers[chosen].flows && chosen <= want.ideal);
                    }
                }
            });
        }

        #[test]
        fn the_less_important_take_nothing_from_the_more_important(
            budget in 0_u64..5_000_000,
            cases in cases(),
        ) {
            check(&cases, |wants| {
                let Some(last) = wants.last().map(|want| want.importance) else { return };
                let others = |wants: &[Want<'_>]| -> Vec<Option<usize>> {
                    let others = wants.iter().filter(|want| want.importance != last);
                    others.map(|want| want.chosen).collect()
                };
                share(budget, wants);
                let with = others(wants);
                let shown = |chosen: Vec<Option<usize>>| -> Vec<bool> {
                    chosen.iter().map(Option::is_some).collect()
                };
                // That the least important ones are raised costs the others nothing,
                let mut modest: Vec<Want<'_>> = wants.to_vec();
                for want in modest.iter_mut().filter(|want| want.importance == last) {
                    let lowest = want.layers.iter().position(|layer| layer.flows);
                    want.ideal = want.ideal.min(lowest.unwrap_or(0));
                }
                share(budget, &mut modest);
                assert_eq!(others(&modest), with);
                // and that they are shown at all pauses nobody else.
                if last != Importance::Clinician {
                    let mut alone: Vec<Want<'_>> = wants
                        .iter()
                        .filter(|want| want.importance != last)
                        .cloned()
                        .collect();
                    share(budget, &mut alone);
                    assert_eq!(shown(others(&alone)), shown(with));
                }
            });
        }

        #[test]
        fn more_bandwidth_never_shows_fewer_pictures_of_those_that_matter_most(
            budget in 0_u64..5_000_000,
            more in 0_u64..5_000_000,
            cases in cases(),
        ) {
            check(&cases, |wants| {
                let shown = |wants: &[Want<'_>]| -> Vec<bool> {
                    let mut order: Vec<&Want<'_>> = wants.iter().collect();
                    order.sort_by_key(|want| !want.clinician);
                    order.iter().map(|want| want.chosen.is_some()).collect()
                };
                share(budget, wants);
                let less = shown(wants);
                share(budget + more, wants);
                // In the order of importance, the first difference is a picture more.
                assert!(shown(wants) >= less);
            });
        }

        #[test]
        fn with_the_same_pictures_more_bandwidth_never_lowers_the_most_important_one(
            budget in 0_u64..5_000_000,
            more in 0_u64..5_000_000,
            mut cases in cases(),
        ) {
            cases.dedup_by_key(|case| case.0);
            check(&cases, |wants| {
                share(budget, wants);
                let less: Vec<_> = wants.iter().map(|want| want.chosen).collect();
                share(budget + more, wants);
                let more: Vec<_> = wants.iter().map(|want| want.chosen).collect();
                let same = less.iter().zip(&more).all(|(a, b)| a.is_some() == b.is_some());
                if same {
                    assert!(more >= less, "{less:?} {more:?}");
                }
            });
        }

        #[test]
        fn the_same_again_gives_the_same(budget in 0_u64..10_000_000, cases in cases()) {
            check(&cases, |wants| {
                share(budget, wants);
                let first: Vec<_> = wants.iter().map(|want| want.chosen).collect();
                for want in wants.iter_mut() {
                    want.held = want.chosen;
                }
                share(budget, wants);
                let second: Vec<_> = wants.iter().map(|want| want.chosen).collect();
                for (first, second) in first.iter().zip(&second) {
                    assert_eq!(first, second);
                }
            });
        }
    }
}
