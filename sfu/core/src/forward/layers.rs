//! How fast layers flow, and which one suits a view.

use core::time::Duration;
use std::time::Instant;

use super::frame::TEMPORAL_MAX;

/// Bit rates are measured over windows of this length: long enough to hold some frames of a slow
/// screen share, short enough to follow a sender that drops a layer.
const RATE_WINDOW: Duration = Duration::from_millis(500);
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
    pub(crate) fn temporal_layers(&self) -> usize {
        let below = |rate: &&u64| **rate < self.rate_bps;
        self.temporal_bps
            .iter()
            .filter(below)
            .count()
            .saturating_add(1)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
