//! What one participant publishes on one m-line, layer by layer.

use core::time::Duration;
use std::time::Instant;

use str0m::Rtc;
use str0m::media::{Mid, Rid, Rids};

use crate::forward::{LayerState, Payloads, RateMeter};
use crate::source::Source;

/// A layer without a packet for this long is not chosen while another one flows. Chromium stops
/// its upper layers like that when bandwidth or processor are short.
const FLOW_TIMEOUT: Duration = Duration::from_secs(1);
/// A layer is asked for a key frame at most this often; many subscribers asking at once cost one.
const KEYFRAME_INTERVAL: Duration = Duration::from_millis(500);
/// Height of the highest layer while no key frame has told it; each layer below has half of it.
const HEIGHT_GUESS_PX: u16 = 720;
/// Names of the layers that our own client uses, from low to high.
const KNOWN_RIDS: [&str; 3] = ["q", "h", "f"];

/// One source of a participant, as negotiated.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) mid: Mid,
    /// The m-line as the client named it.
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) payloads: Payloads,
    /// From low to high; exactly one without simulcast.
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    rid: Option<Rid>,
    meter: RateMeter,
    height_px: u16,
    last_packet: Option<Instant>,
    last_request: Option<Instant>,
}

impl Publication {
    /// Reads what was negotiated for `name`.
    pub(crate) fn new(rtc: &Rtc, name: &str, source: Source) -> Self {
        let mid = Mid::from(name);
        let mut rids: Vec<Option<Rid>> = match rtc.media(mid).map(str0m::media::Media::rids_rx) {
            Some(Rids::Specific(rids)) if !rids.is_empty() => {
                rids.iter().copied().map(Some).collect()
            }
            _ => vec![None],
        };
        // A sort by known name is stable, so unknown names keep the order of the offer.
        rids.sort_by_key(|rid| rid.and_then(|rid| KNOWN_RIDS.iter().position(|r| *r == &*rid)));
        let top = rids.len().saturating_sub(1);
        let layers = rids
            .into_iter()
            .enumerate()
            .map(|(index, rid)| Layer {
                rid,
                meter: RateMeter::default(),
                height_px: HEIGHT_GUESS_PX >> top.saturating_sub(index).min(8),
                last_packet: None,
                last_request: None,
            })
            .collect();
        Self {
            mid,
            name: name.to_owned(),
            source,
            payloads: Payloads::of_media(rtc, mid),
            layers,
        }
    }

    /// Keeps what was measured of the same publication before a renegotiation.
    pub(crate) fn inherit(&mut self, before: Self) {
        for earlier in before.layers {
            if let Some(layer) = self
                .layers
                .iter_mut()
                .find(|layer| layer.rid == earlier.rid)
            {
                *layer = earlier;
            }
        }
    }

    /// How many encodings were negotiated; one without simulcast.
    pub(crate) fn encodings(&self) -> usize {
        self.layers.len()
    }

    pub(crate) fn layer_index(&self, rid: Option<Rid>) -> Option<usize> {
        self.layers.iter().position(|layer| layer.rid == rid)
    }

    /// Counts a packet; answers whether the layer has just begun to flow.
    pub(crate) fn note_packet(&mut self, now: Instant, index: usize, bytes: usize) -> bool {
        let Some(layer) = self.layers.get_mut(index) else {
            return false;
        };
        let flowed = layer.flows(now);
        layer.meter.add(now, bytes);
        layer.last_packet = Some(now);
        !flowed
    }

    pub(crate) fn note_height(&mut self, index: usize, height_px: u16) {
        if let Some(layer) = self.layers.get_mut(index) {
            layer.height_px = height_px;
        }
    }

    /// What is known of the layers. A single layer always counts as flowing: there is no other
    /// choice, and a still screen may send nothing for long.
    pub(crate) fn states(&self, now: Instant) -> Vec<LayerState> {
        let single = self.layers.len() == 1;
        self.layers
            .iter()
            .map(|layer| LayerState {
                flows: single || layer.flows(now),
                height_px: layer.height_px,
                rate_bps: layer.meter.rate_bps(),
            })
            .collect()
    }

    /// The layer's address, if it may be asked for a key frame again.
    pub(crate) fn take_request(
        &mut self,
        now: Instant,
        index: usize,
    ) -> Option<(Mid, Option<Rid>)> {
        let layer = self.layers.get_mut(index)?;
        let recent = layer
            .last_request
            .is_some_and(|at| now.saturating_duration_since(at) < KEYFRAME_INTERVAL);
        if recent {
            return None;
        }
        layer.last_request = Some(now);
        Some((self.mid, layer.rid))
    }
}

impl Layer {
    fn flows(&self, now: Instant) -> bool {
        self.last_packet
            .is_some_and(|at| now.saturating_duration_since(at) < FLOW_TIMEOUT)
    }
}
