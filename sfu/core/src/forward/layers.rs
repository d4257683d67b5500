//! How fast layers flow, and which one a subscriber gets under one bandwidth budget.

use core::time::Duration;
use std::time::Instant;

use super::frame::TEMPORAL_MAX;

/// Bit rates are measured over windows of this length: long enough to hold some frames of a slow
/// screen share, short enough to follow a sender that drops a layer.
const RATE_WINDOW: Duration = Duration::from_millis(500);
/// An upgrade must leave this much room in percent, so that a layer whose rate moves a little does
/// not go up and down.
const UPGRADE_MARGIN_PERCENT: u64 = 115;
/// A layer is tall enough for a view if it has this much of its height in percent: scaling up by a
/// third is hardly seen, and costs a quarter of the next layer's rate.
const TALL_ENOUGH_PERCENT: u32 = 75;

/// Measures the bit rate of one layer, apart for each of its temporal layers.
#[derive(Debug, Default)]
pub(crate) struct RateMeter {
    window_start: Option<Instant>,
    bytes: [u64; TEMPORAL_MAX],
    rates_bps: [u64; TEMPORAL_MAX],
}

impl RateMeter {
    /// Counts a packet of temporal layer `temporal`; those above the highest count as the highest.
    pub(crate) fn add(&mut self, now: Instant, temporal: u8, bytes: usize) {
        let start = *self.window_start.get_or_insert(now);
        let index = usize::from(temporal).min(TEMPORAL_MAX - 1);
        if let Some(sum) = self.bytes.get_mut(index) {
            *sum = sum.saturating_add(bytes as u64);
        }
        let elapsed = now.saturating_duration_since(start);
        if elapsed >= RATE_WINDOW {
            let millis = u64::try_from(elapsed.as_millis())
                .unwrap_or(u64::MAX)
                .max(1);
            self.rates_bps = self.bytes.map(|bytes| bytes.saturating_mul(8000) / millis);
            self.bytes = [0; TEMPORAL_MAX];
            self.window_start = Some(now);
        }
    }

    /// Bits per second of the last full window by temporal layer, each without the others; 0
    /// before that.
    pub(crate) fn rates_bps(&self) -> [u64; TEMPORAL_MAX] {
        self.rates_bps
    }
}

/// What is known of one layer when a choice is made. Layers are listed from low to high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LayerState {
    pub(crate) flows: bool,
    pub(crate) height_px: u16,
    /// With everything that the layer needs: the lower spatial layers of the same stream.
    pub(crate) rate_bps: u64,
    /// The same when temporal layers above the index are dropped; the last one is `rate_bps`.
    pub(crate) temporal_bps: [u64; TEMPORAL_MAX],
}

impl LayerState {
    /// How many temporal layers carry something; a cap at or above this changes nothing.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the allocator"))]
    pub(crate) fn temporal_layers(&self) -> usize {
        let below = |rate: &&u64| **rate < self.rate_bps;
        self.temporal_bps
            .iter()
            .filter(below)
            .count()
            .saturating_add(1)
    }
}

/// One slot's wish.
#[derive(Debug)]
pub(crate) struct Want<'a> {
    pub(crate) layers: &'a [LayerState],
    /// The layer that would suit the view, see [`ideal_layer`].
    pub(crate) ideal: usize,
    /// The layer that feeds the slot.
    pub(crate) current: Option<usize>,
    /// Result: the layer that the slot gets.
    pub(crate) chosen: usize,
}

/// The lowest flowing layer that is tall enough for a view, or else the highest flowing one.
/// `None` if nothing flows.
pub(crate) fn ideal_layer(layers: &[LayerState], view_height_px: u16) -> Option<usize> {
    let needed = u32::from(view_height_px).saturating_mul(TALL_ENOUGH_PERCENT) / 100;
    let mut best = None;
    for (index, layer) in layers.iter().enumerate().filter(|(_, layer)| layer.flows) {
        best = Some(index);
        if u32::from(layer.height_px) >= needed {
            break;
        }
    }
    best
}

/// Gives every want its lowest flowing layer and then raises them in turn, in the given order,
/// while the budget allows it. Nobody is paused for lack of bandwidth. Answers the rate of all
/// chosen layers together and what the next single upgrade would cost in total, both in bit/s.
pub(crate) fn allocate(budget_bps: u64, wants: &mut [Want<'_>]) -> (u64, Option<u64>) {
    let mut used_bps = 0_u64;
    for want in wants.iter_mut() {
        want.chosen = want
            .layers
            .iter()
            .position(|layer| layer.flows)
            .unwrap_or(want.ideal);
        used_bps = used_bps.saturating_add(rate_of(want.layers, want.chosen));
    }
    loop {
        let mut raised = false;
        let mut next_upgrade = None;
        for want in wants.iter_mut() {
            let Some(next) = next_up(want) else { continue };
            let more = rate_of(want.layers, next).saturating_sub(rate_of(want.layers, want.chosen));
            let total = used_bps.saturating_add(more);
            let held = want.current.is_some_and(|current| next <= current);
            let needed = if held {
                total
            } else {
                total.saturating_mul(UPGRADE_MARGIN_PERCENT) / 100
            };
            if needed <= budget_bps {
                want.chosen = next;
                used_bps = total;
                raised = true;
            } else {
                next_upgrade = Some(next_upgrade.map_or(needed, |least: u64| least.min(needed)));
            }
        }
        if !raised {
            return (used_bps, next_upgrade);
        }
    }
}

fn next_up(want: &Want<'_>) -> Option<usize> {
    let above = want.chosen.saturating_add(1);
    let found = want
        .layers
        .iter()
        .skip(above)
        .position(|layer| layer.flows)?;
    let next = above.saturating_add(found);
    (next <= want.ideal).then_some(next)
}

fn rate_of(layers: &[LayerState], index: usize) -> u64 {
    layers.get(index).map_or(0, |layer| layer.rate_bps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const THREE: [LayerState; 3] = [
        LayerState {
            flows: true,
            height_px: 180,
            rate_bps: 150_000,
            temporal_bps: [150_000; TEMPORAL_MAX],
        },
        LayerState {
            flows: true,
            height_px: 360,
            rate_bps: 500_000,
            temporal_bps: [500_000; TEMPORAL_MAX],
        },
        LayerState {
            flows: true,
            height_px: 720,
            rate_bps: 1_500_000,
            temporal_bps: [1_500_000; TEMPORAL_MAX],
        },
    ];

    fn want(layers: &[LayerState], height_px: u16, current: Option<usize>) -> Want<'_> {
        Want {
            layers,
            ideal: ideal_layer(layers, height_px).unwrap(),
            current,
            chosen: 0,
        }
    }

    #[test]
    fn a_small_view_gets_a_small_layer() {
        assert_eq!(ideal_layer(&THREE, 120), Some(0));
        assert_eq!(ideal_layer(&THREE, 400), Some(1));
        assert_eq!(ideal_layer(&THREE, 1080), Some(2));
    }

    #[test]
    fn a_layer_that_does_not_flow_is_not_chosen() {
        let mut layers = THREE;
        layers[2].flows = false;
        assert_eq!(ideal_layer(&layers, 720), Some(1));
        layers[1].flows = false;
        layers[0].flows = false;
        assert_eq!(ideal_layer(&layers, 720), None);
    }

    #[test]
    fn the_budget_decides_and_the_first_want_is_raised_first() {
        let mut wants = [want(&THREE, 720, None), want(&THREE, 720, None)];
        let (used, next) = allocate(800_000, &mut wants);
        assert_eq!((wants[0].chosen, wants[1].chosen), (1, 0));
        assert_eq!(used, 650_000);
        assert!(next.is_some());
    }

    #[test]
    fn without_any_budget_everybody_keeps_the_lowest_layer() {
        let mut wants = [want(&THREE, 720, Some(2))];
        allocate(0, &mut wants);
        assert_eq!(wants[0].chosen, 0);
    }

    #[test]
    fn a_held_layer_needs_no_margin() {
        let mut held = [want(&THREE, 720, Some(2))];
        allocate(1_500_000, &mut held);
        assert_eq!(held[0].chosen, 2);
        let mut new = [want(&THREE, 720, Some(1))];
        allocate(1_500_000, &mut new);
        assert_eq!(new[0].chosen, 1);
    }

    #[test]
    fn rates_are_apart_for_temporal_layers() {
        let start = crate::scenarios::some_instant();
        let mut meter = RateMeter::default();
        for n in 0..=50_u64 {
            let now = start + Duration::from_millis(n * 10);
            meter.add(
                now,
                u8::from(n % 2 == 1),
                if n % 2 == 1 { 100 } else { 200 },
            );
        }
        assert_eq!(meter.rates_bps(), [83_200, 40_000, 0, 0]);
        let state = LayerState {
            rate_bps: 123_200,
            temporal_bps: [83_200, 123_200, 123_200, 123_200],
            ..THREE[0]
        };
        assert_eq!(state.temporal_layers(), 2);
    }

    proptest! {
        #[test]
        fn beyond_the_lowest_layers_the_budget_is_kept(
            budget in 0_u64..10_000_000,
            rates in proptest::collection::vec((0_u64..200_000, 0_u64..900_000, 0_u64..3_000_000), 1..6),
        ) {
            let layers: Vec<[LayerState; 3]> = rates
                .iter()
                .map(|(low, mid, high)| {
                    let mut three = THREE;
                    three[0].rate_bps = *low;
                    three[1].rate_bps = low + mid;
                    three[2].rate_bps = low + mid + high;
                    three
                })
                .collect();
            let lowest: u64 = rates.iter().map(|(low, ..)| low).sum();
            let mut wants: Vec<_> = layers.iter().map(|l| want(l, 720, None)).collect();
            let (used, _) = allocate(budget, &mut wants);
            prop_assert!(used <= budget.max(lowest));
        }
    }
}
