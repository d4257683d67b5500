//! What one participant publishes on one m-line, layer by layer.
//!
//! A publication has one stream, or several with simulcast. Its layers are these streams, or the
//! spatial layers of the only one (scalable video coding). Whoever chooses layers need not know
//! which: the list looks the same.

use core::time::Duration;
use std::time::Instant;

use str0m::Rtc;
use str0m::media::{Mid, Rid, Rids};
use str0m::rtp::RtpPacket;

use crate::descriptor::{Raw, Reader};
use crate::forward::{
    Asking, Codec, Gop, LayerState, Payloads, RateMeter, SPATIAL_MAX, TEMPORAL_MAX, Unit, inspect,
};
use crate::source::Source;

/// A layer that was silent for this long while another one flowed is not chosen. Chromium stops its
/// upper layers like that when bandwidth or processor are short, and whoever watched one stands still
/// until a key frame of a lower one has come.
const FLOW_TIMEOUT: Duration = Duration::from_millis(600);
/// The same after a gap in the publisher's network.
const PROOF_TIME: Duration = Duration::from_millis(300);
/// What one packet of another layer adds to a layer's silence at most. When everything is silent, as
/// a still screen is, no layer has stopped, and its next picture must not be taken for the end of
/// the layers that come a moment later.
const SILENCE_STEP: Duration = Duration::from_millis(200);
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
    streams: Vec<Stream>,
    /// From low to high; one for each stream, or one for each spatial layer of the only stream.
    layers: Vec<Layer>,
    /// When the latest packet of any layer came.
    last_packet: Option<Instant>,
    /// What came last.
    codec: Option<Codec>,
}

#[derive(Debug, Default)]
struct Stream {
    rid: Option<Rid>,
    asking: Asking,
    descriptors: Reader,
    gop: Gop,
}

#[derive(Debug, Default)]
struct Layer {
    meter: RateMeter,
    height_px: u16,
    /// For how long others have flowed since its last packet; `None` before the first one.
    silent: Option<Duration>,
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
        Self {
            mid,
            name: name.to_owned(),
            source,
            payloads: Payloads::of_media(rtc, mid),
            layers: guessed_layers(rids.len()),
            streams: rids
                .into_iter()
                .map(|rid| Stream {
                    rid,
                    ..Stream::default()
                })
                .collect(),
            last_packet: None,
            codec: None,
        }
    }

    /// What a telephone sends: one stream of sound, which no engine negotiated.
    pub(crate) fn of_phone() -> Self {
        Self {
            mid: Mid::from("phone"),
            name: String::new(),
            source: Source::Microphone,
            payloads: Payloads::default(),
            layers: guessed_layers(1),
            streams: vec![Stream::default()],
            last_packet: None,
            codec: None,
        }
    }

    /// Keeps what was learned of the same publication before a renegotiation.
    pub(crate) fn inherit(&mut self, before: Self) {
        (self.last_packet, self.codec) = (before.last_packet, before.codec);
        let same = before.streams.len() == self.streams.len()
            && before
                .streams
                .iter()
                .zip(&self.streams)
                .all(|(a, b)| a.rid == b.rid);
        if same {
            (self.streams, self.layers) = (before.streams, before.layers);
            return;
        }
        if before.streams.len() != before.layers.len() || self.streams.len() != self.layers.len() {
            return;
        }
        for (earlier, known) in before.streams.into_iter().zip(before.layers) {
            let at = self
                .streams
                .iter()
                .position(|stream| stream.rid == earlier.rid);
            let at = at.and_then(|at| Some((self.streams.get_mut(at)?, self.layers.get_mut(at)?)));
            if let Some((stream, layer)) = at {
                (*stream, *layer) = (earlier, known);
            }
        }
    }

    /// How many encodings were negotiated; one without simulcast.
    pub(crate) fn encodings(&self) -> usize {
        self.streams.len()
    }

    pub(crate) fn stream_index(&self, rid: Option<Rid>) -> Option<usize> {
        self.streams.iter().position(|stream| stream.rid == rid)
    }

    /// Whether the layers are spatial layers of one stream.
    pub(crate) fn is_scalable(&self) -> bool {
        self.layers.len() > self.streams.len()
    }

    /// The codec that is being sent.
    pub(crate) fn codec(&self) -> Option<Codec> {
        self.codec
    }

    /// Looks into a packet of one stream and counts it. Also answers whether the choice of layers
    /// has changed by it.
    pub(crate) fn read(
        &mut self,
        now: Instant,
        index: usize,
        packet: &RtpPacket,
    ) -> Option<(Unit, bool)> {
        let codec = self.payloads.codec_of(packet.header.payload_type)?;
        let stream = self.streams.get_mut(index)?;
        let described = packet
            .header
            .ext_vals
            .user_values
            .get::<Raw>()
            .and_then(|raw| stream.descriptors.read(raw));
        let seen = inspect(codec, &packet.payload, described.as_ref());
        if seen.starts_decoding {
            stream.asking.answered();
        }
        let unit = Unit::new(index, codec, packet, seen);
        let changed = self.count(now, &unit);
        Some((unit, changed))
    }

    /// Counts a packet. Answers whether the choice of layers has changed by it.
    pub(crate) fn count(&mut self, now: Instant, unit: &Unit) -> bool {
        let new_codec = self.codec.replace(unit.codec) != Some(unit.codec);
        self.note(now, unit) || new_codec
    }

    /// Keeps a packet that may be forwarded for those who come later.
    pub(crate) fn keep(&mut self, now: Instant, unit: &Unit) {
        if let Some(stream) = self.streams.get_mut(unit.stream)
            && !self.source.is_audio()
        {
            stream.gop.note(now, unit);
        }
    }

    /// What belongs behind this packet of a stream and came before it.
    pub(crate) fn early(&self, unit: &Unit) -> Vec<Unit> {
        let stream = self.streams.get(unit.stream);
        stream.map_or_else(Vec::new, |stream| stream.gop.after(unit.seq))
    }

    /// After a gap each layer has to show soon that it goes on: a browser on another network begins
    /// with the lowest.
    pub(crate) fn doubt(&mut self) {
        for layer in &mut self.layers {
            let doubted = |silent: Duration| silent.max(FLOW_TIMEOUT.saturating_sub(PROOF_TIME));
            layer.silent = layer.silent.map(doubted);
        }
    }

    /// Forgets all pictures: what was switched off must not be shown later.
    pub(crate) fn forget_pictures(&mut self) {
        for stream in &mut self.streams {
            stream.gop.forget();
        }
    }

    /// The pictures since the last key frame of a layer's stream.
    pub(crate) fn pictures(&self, layer: usize) -> Option<&Gop> {
        let index = self.stream_of(layer);
        self.streams.get(index).map(|stream| &stream.gop)
    }

    /// What is known of the layers. A single layer always counts as flowing: there is no other
    /// choice, and a still screen may send nothing for long.
    pub(crate) fn states(&self) -> Vec<LayerState> {
        let single = self.layers.len() == 1;
        let mut below = [0_u64; TEMPORAL_MAX];
        let mut states = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let mut sum = 0_u64;
            let mut temporal_bps = layer.meter.rates_bps().map(|rate| {
                sum = sum.saturating_add(rate);
                sum
            });
            if self.is_scalable() {
                for (rate, lower) in temporal_bps.iter_mut().zip(&mut below) {
                    *rate = rate.saturating_add(*lower);
                    *lower = *rate;
                }
            }
            states.push(LayerState {
                flows: single || layer.flows(),
                height_px: layer.height_px,
                rate_bps: temporal_bps.last().copied().unwrap_or(0),
                temporal_bps,
            });
        }
        states
    }

    /// Notes that somebody needs a key frame of a layer; answers the stream to be asked now, if it
    /// may be asked again already.
    pub(crate) fn want_keyframe(
        &mut self,
        now: Instant,
        layer: usize,
    ) -> Option<(Mid, Option<Rid>)> {
        let (index, mid) = (self.stream_of(layer), self.mid);
        let stream = self.streams.get_mut(index)?;
        stream.asking.want();
        stream.asking.take(now).then_some((mid, stream.rid))
    }

    /// Streams that were asked for a key frame, did not answer and may be asked again.
    pub(crate) fn unanswered(&mut self, now: Instant) -> Vec<(Mid, Option<Rid>)> {
        let mid = self.mid;
        self.streams
            .iter_mut()
            .filter_map(|stream| stream.asking.take(now).then_some((mid, stream.rid)))
            .collect()
    }

    fn stream_of(&self, layer: usize) -> usize {
        if self.is_scalable() { 0 } else { layer }
    }

    /// Counts a packet; answers whether a layer has just appeared, begun to flow or stopped.
    fn note(&mut self, now: Instant, unit: &Unit) -> bool {
        let (spatial, temporal) = unit.seen.frame.map_or((0, 0), |f| (f.spatial, f.temporal));
        let spatial = usize::from(spatial);
        let grown = self.streams.len() == 1
            && self.grow(unit.seen.spatial_layers.unwrap_or(0).into(), spatial);
        let index = if self.streams.len() == 1 {
            spatial
        } else {
            unit.stream
        };
        for (layer, height) in self.layers.iter_mut().zip(unit.seen.heights_px) {
            if let (true, Some(height_px)) = (self.streams.len() == 1, height) {
                layer.height_px = height_px;
            }
        }
        let pause = self
            .last_packet
            .replace(now)
            .map_or(Duration::ZERO, |last| {
                now.saturating_duration_since(last).min(SILENCE_STEP)
            });
        let mut stopped = false;
        for (_, other) in self
            .layers
            .iter_mut()
            .enumerate()
            .filter(|(n, _)| *n != index)
        {
            let flowed = other.flows();
            other.silent = other.silent.map(|silent| silent.saturating_add(pause));
            stopped |= flowed && !other.flows();
        }
        let Some(layer) = self.layers.get_mut(index) else {
            return grown || stopped;
        };
        if let (true, Some(height_px)) = (self.streams.len() > 1, unit.seen.heights_px[0]) {
            layer.height_px = height_px;
        }
        let flowed = layer.flows();
        layer.silent = Some(Duration::ZERO);
        layer.meter.add(now, temporal, unit.payload.len());
        grown || stopped || !flowed
    }

    /// Makes room for spatial layers that were announced or have come.
    fn grow(&mut self, announced: usize, spatial: usize) -> bool {
        let wanted = announced.max(spatial + 1).min(SPATIAL_MAX);
        if wanted <= self.layers.len() {
            return false;
        }
        let guesses = guessed_layers(wanted);
        for (layer, guess) in self.layers.iter_mut().zip(&guesses) {
            layer.height_px = guess.height_px;
        }
        let known = self.layers.len();
        // What was announced comes with this picture, and can be chosen from it on.
        self.layers
            .extend(guesses.into_iter().skip(known).map(|guess| Layer {
                silent: Some(Duration::ZERO),
                ..guess
            }));
        true
    }
}

impl Layer {
    fn flows(&self) -> bool {
        self.silent.is_some_and(|silent| silent < FLOW_TIMEOUT)
    }
}

fn guessed_layers(count: usize) -> Vec<Layer> {
    let layer = |index: usize| Layer {
        height_px: HEIGHT_GUESS_PX >> count.saturating_sub(index + 1).min(8),
        ..Layer::default()
    };
    (0..count).map(layer).collect()
}
