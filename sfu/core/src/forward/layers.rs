//! How fast layers flow, and which one suits a view.

use core::time::Duration;
use std::time::Instant;

/// Bit rates are measured over windows of this length: long enough to hold some frames of a slow
/// screen share, short enough to follow a sender that drops a layer.
const RATE_WINDOW: Duration = Duration::from_millis(500);
/// A layer is tall enough for a view if it has this much of its height in percent: scaling up by a
/// third is hardly seen, and costs a quarter of the next layer's rate.
const TALL_ENOUGH_PERCENT: u32 = 75;

/// Measures the bit rate of one layer.
#[derive(Debug, Default)]
pub(crate) struct RateMeter {
    window_start: Option<Instant>,
    bytes: u64,
    rate_bps: u64,
}

impl RateMeter {
    pub(crate) fn add(&mut self, now: Instant, bytes: usize) {
        let start = *self.window_start.get_or_insert(now);
        self.bytes = self.bytes.saturating_add(bytes as u64);
        let elapsed = now.saturating_duration_since(start);
        if elapsed >= RATE_WINDOW {
            let millis = u64::try_from(elapsed.as_millis())
                .unwrap_or(u64::MAX)
                .max(1);
            self.rate_bps = self.bytes.saturating_mul(8000) / millis;
            self.bytes = 0;
            self.window_start = Some(now);
        }
    }

    /// Bits per second of the last full window; 0 before that.
    pub(crate) fn rate_bps(&self) -> u64 {
        self.rate_bps
    }
}

/// What is known of one layer when a choice is made. Layers are listed from low to high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LayerState {
    pub(crate) flows: bool,
    pub(crate) height_px: u16,
    pub(crate) rate_bps: u64,
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
        },
        LayerState {
            flows: true,
            height_px: 360,
            rate_bps: 500_000,
        },
        LayerState {
            flows: true,
            height_px: 720,
            rate_bps: 1_500_000,
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
}
