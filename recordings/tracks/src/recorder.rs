//! One source: from packets as they arrive to frames and gaps in their order.

use recordings_tap::{Codec, KeyFrameWanted, Packet, PersonKey, SourceKind, TrackKey};

use crate::opus;
use crate::output::{Frame, Gap, Output, Why};
use crate::picture::{Assembler, PayloadError, Picture};
use crate::red;
use crate::reorder::{Reorder, Sorted};
use crate::timeline::Timeline;

/// Encodings of a simulcast source; browsers send three.
const LAYERS_MAX: usize = 3;
/// A key frame is asked for once in this time, so that a publisher on a bad line is not drowned.
const ASK_EVERY_US: u64 = 1_000_000;
/// An encoding that was silent for this long has stopped.
const SILENT_US: u64 = 1_000_000;
/// A better encoding is taken when it has flowed for this long.
const PROVEN_US: u64 = 2_000_000;
/// A shorter pause between two packets of sound is the rounding of clocks.
const PAUSE_US: u64 = 30_000;
/// The same where a packet is known to be missing.
const LOST_US_MIN: u64 = 5_000;

#[derive(Debug, Default)]
struct Layer {
    reorder: Reorder,
    assembler: Option<(Codec, Assembler)>,
    /// The timestamp of the picture that is being put together.
    picture: Option<u32>,
    /// Whether a decoder could go on; until then everything but a key frame is dropped.
    is_whole: bool,
    /// When it began to flow without a pause, and when the last packet came.
    flows: Option<(u64, u64)>,
}

/// Records one source. Everything that goes in has the time of one monotonic clock.
#[derive(Debug)]
pub struct TrackRecorder {
    track: TrackKey,
    person: PersonKey,
    layers: [Layer; LAYERS_MAX],
    /// The encoding whose frames are taken.
    current: usize,
    /// The encoding that should be taken from its next key frame on.
    wanted: usize,
    has_begun: bool,
    is_muted: bool,
    asked_us: Option<u64>,
    /// The end of the last frame.
    end_us: Option<u64>,
    /// The newest timestamp of sound that came out.
    heard: Option<u32>,
    gap: Option<Why>,
    sorted: Vec<Sorted>,
}

impl TrackRecorder {
    /// A source that has just been opened.
    #[must_use]
    pub fn new(track: TrackKey, person: PersonKey, _kind: SourceKind) -> Self {
        Self {
            track,
            person,
            layers: Default::default(),
            current: 0,
            wanted: 0,
            has_begun: false,
            is_muted: false,
            asked_us: None,
            end_us: None,
            heard: None,
            gap: None,
            sorted: Vec::new(),
        }
    }

    /// Takes a packet; appends what is complete by it.
    pub fn push(&mut self, packet: Packet, timeline: &mut Timeline, out: &mut Vec<Output>) {
        let at = usize::from(packet.layer);
        if self.is_muted || packet.payload.is_empty() || at >= LAYERS_MAX {
            return;
        }
        timeline.arrived(self.person, &packet);
        let now_us = packet.arrival_us;
        self.note_flow(at, now_us);
        if !packet.codec.is_audio() {
            self.choose(now_us);
        }
        if packet.codec.is_audio() || at == self.current || at == self.wanted {
            let mut sorted = core::mem::take(&mut self.sorted);
            if let Some(layer) = self.layers.get_mut(at) {
                layer.reorder.push(packet, &mut sorted);
            }
            self.settle(at, &mut sorted, timeline, out);
            self.sorted = sorted;
        }
        self.ask(now_us, out);
    }

    /// Time passes: what is missing is given up, and key frames are asked for again.
    pub fn tick(&mut self, now_us: u64, timeline: &mut Timeline, out: &mut Vec<Output>) {
        let mut sorted = core::mem::take(&mut self.sorted);
        for at in 0..LAYERS_MAX {
            if let Some(layer) = self.layers.get_mut(at) {
                layer.reorder.expire(now_us, &mut sorted);
            }
            self.settle(at, &mut sorted, timeline, out);
        }
        self.sorted = sorted;
        let flows = self.layers.get(self.wanted).and_then(|layer| layer.flows);
        if flows.is_some_and(|(_, last)| last + SILENT_US > now_us) {
            self.ask(now_us, out);
        }
    }

    /// The source is switched off: what waits comes out, and a gap begins.
    pub fn mute(&mut self, why: Why, timeline: &mut Timeline, out: &mut Vec<Output>) {
        self.flush(timeline, out);
        self.is_muted = true;
        self.gap = Some(why);
        for layer in &mut self.layers {
            *layer = Layer::default();
        }
    }

    /// The source is switched on again.
    pub fn unmute(&mut self) {
        self.is_muted = false;
        self.asked_us = None;
    }

    /// The source is gone: what waits comes out, and a gap that is still open ends.
    pub fn close(&mut self, now_us: u64, timeline: &mut Timeline, out: &mut Vec<Output>) {
        self.flush(timeline, out);
        let to_us = timeline.since_origin(now_us);
        if let (Some(why), Some(from_us)) = (self.gap.take(), self.end_us)
            && from_us < to_us
        {
            out.push(Output::Gap(Gap {
                from_us,
                to_us,
                why,
            }));
        }
    }

    fn flush(&mut self, timeline: &mut Timeline, out: &mut Vec<Output>) {
        let mut sorted = core::mem::take(&mut self.sorted);
        for at in 0..LAYERS_MAX {
            if let Some(layer) = self.layers.get_mut(at) {
                layer.reorder.flush(&mut sorted);
            }
            self.settle(at, &mut sorted, timeline, out);
        }
        self.sorted = sorted;
    }

    fn note_flow(&mut self, at: usize, now_us: u64) {
        if let Some(layer) = self.layers.get_mut(at) {
            layer.flows = match layer.flows {
                Some((since, last)) if last + SILENT_US > now_us => Some((since, now_us)),
                _ => Some((now_us, now_us)),
            };
        }
    }

    /// Which encoding should be taken: the best that flows.
    fn choose(&mut self, now_us: u64) {
        let flows = |at: usize, for_us: u64| {
            let flows = self.layers.get(at).and_then(|layer| layer.flows);
            flows.is_some_and(|(since, last)| last + SILENT_US > now_us && since + for_us <= now_us)
        };
        let current_flows = flows(self.current, 0);
        let patience_us = if self.has_begun && current_flows {
            PROVEN_US
        } else {
            0
        };
        let best = (0..LAYERS_MAX).rev().find(|at| flows(*at, patience_us));
        let wanted = match best {
            Some(best) if best > self.current || !current_flows => best,
            _ => self.current,
        };
        let before = core::mem::replace(&mut self.wanted, wanted);
        // What an encoding was before it was not looked at does not matter any more.
        if wanted != before
            && wanted != self.current
            && let Some(layer) = self.layers.get_mut(wanted)
        {
            *layer = Layer {
                flows: layer.flows,
                ..Layer::default()
            };
        }
    }

    /// Asks for a key frame where one is needed.
    fn ask(&mut self, now_us: u64, out: &mut Vec<Output>) {
        let Some(layer) = self.layers.get(self.wanted) else {
            return;
        };
        let is_video = layer.assembler.is_some();
        let needed = is_video && (!layer.is_whole || self.wanted != self.current);
        let may = self
            .asked_us
            .is_none_or(|asked| asked + ASK_EVERY_US <= now_us);
        if needed
            && may
            && !self.is_muted
            && let Ok(number) = u8::try_from(self.wanted)
        {
            self.asked_us = Some(now_us);
            out.push(Output::KeyFrame(KeyFrameWanted {
                track: self.track,
                layer: number,
            }));
        }
    }

    fn settle(
        &mut self,
        at: usize,
        sorted: &mut Vec<Sorted>,
        timeline: &mut Timeline,
        out: &mut Vec<Output>,
    ) {
        for item in sorted.drain(..) {
            match item {
                Sorted::Lost => self.lost(at),
                Sorted::Packet(packet) if packet.codec.is_audio() => {
                    self.sound(&packet, timeline, out);
                }
                Sorted::Packet(packet) => self.part(at, &packet, timeline, out),
            }
        }
    }

    fn lost(&mut self, at: usize) {
        if let Some(layer) = self.layers.get_mut(at) {
            layer.is_whole = false;
            layer.picture = None;
            if let Some((_, assembler)) = &mut layer.assembler {
                assembler.reset();
            }
        }
        if at == self.current && self.has_begun {
            self.gap.get_or_insert(Why::Loss);
        }
    }

    /// A packet of sound: one frame, or with redundancy also those before it that are missing.
    fn sound(&mut self, packet: &Packet, timeline: &mut Timeline, out: &mut Vec<Output>) {
        let plain = [(0, &*packet.payload)];
        let found;
        let blocks = if packet.codec == Codec::Red {
            found = red::blocks(&packet.payload);
            found.as_deref().unwrap_or_default()
        } else {
            plain.as_slice()
        };
        for (offset, data) in blocks {
            let timestamp = packet.timestamp.wrapping_sub(*offset);
            let is_new = self
                .heard
                .is_none_or(|heard| timestamp.wrapping_sub(heard).cast_signed() > 0);
            let Some(duration_us) = opus::duration_us(data).filter(|_| is_new) else {
                continue;
            };
            let Some(at_us) = timeline.time_of(packet.track, packet.layer, timestamp) else {
                continue;
            };
            self.heard = Some(timestamp);
            self.gap_before(at_us, out);
            self.end_us = Some(at_us + duration_us);
            self.has_begun = true;
            out.push(Output::Frame(Frame {
                at_us,
                duration_us: Some(duration_us),
                codec: Codec::Opus,
                is_key: true,
                size: None,
                config: None,
                data: data.to_vec(),
            }));
        }
    }

    /// Says that there was nothing before a frame of sound, if there was nothing.
    fn gap_before(&mut self, at_us: u64, out: &mut Vec<Output>) {
        let why = self.gap.take().unwrap_or(Why::Silence);
        let least_us = match why {
            Why::Silence => PAUSE_US,
            Why::Loss | Why::Muted | Why::Paused => LOST_US_MIN,
        };
        if let Some(from_us) = self.end_us.filter(|end| end + least_us < at_us) {
            out.push(Output::Gap(Gap {
                from_us,
                to_us: at_us,
                why,
            }));
        }
    }

    /// A packet of a picture.
    fn part(&mut self, at: usize, packet: &Packet, timeline: &mut Timeline, out: &mut Vec<Output>) {
        let ends_another = self
            .layers
            .get(at)
            .and_then(|layer| layer.picture)
            .is_some_and(|timestamp| timestamp != packet.timestamp);
        if ends_another {
            self.finish(at, packet, timeline, out);
        }
        let Some(layer) = self.layers.get_mut(at) else {
            return;
        };
        if layer
            .assembler
            .as_ref()
            .is_none_or(|(codec, _)| *codec != packet.codec)
        {
            layer.assembler = Assembler::of(packet.codec).map(|it| (packet.codec, it));
            layer.is_whole = false;
            layer.picture = None;
        }
        let Some((_, assembler)) = &mut layer.assembler else {
            return;
        };
        if layer.picture.is_none() {
            let may_begin = if layer.is_whole {
                assembler.begins(&packet.payload)
            } else {
                assembler.begins_key(&packet.payload)
            };
            if !may_begin {
                if layer.is_whole {
                    self.lost(at);
                }
                return;
            }
            layer.picture = Some(packet.timestamp);
        }
        match assembler.push(&packet.payload) {
            Ok(()) if packet.marker => self.finish(at, packet, timeline, out),
            Ok(()) => {}
            Err(_broken) => self.lost(at),
        }
    }

    /// Ends the picture that is being put together.
    fn finish(
        &mut self,
        at: usize,
        packet: &Packet,
        timeline: &mut Timeline,
        out: &mut Vec<Output>,
    ) {
        let Some(layer) = self.layers.get_mut(at) else {
            return;
        };
        let (Some(timestamp), Some((codec, assembler))) =
            (layer.picture.take(), &mut layer.assembler)
        else {
            return;
        };
        let codec = *codec;
        match assembler.finish() {
            Ok(picture) => {
                if !layer.is_whole && !picture.is_key {
                    return;
                }
                layer.is_whole = true;
                if at != self.current && !(at == self.wanted && picture.is_key) {
                    return;
                }
                if at != self.current || !self.has_begun {
                    self.current = at;
                    self.has_begun = true;
                }
                if let Some(at_us) = timeline.time_of(packet.track, packet.layer, timestamp) {
                    self.show(at_us, codec, picture, out);
                }
            }
            // Parameters alone.
            Err(PayloadError::Empty) => {}
            Err(_broken) => self.lost(at),
        }
    }

    fn show(&mut self, at_us: u64, codec: Codec, picture: Picture, out: &mut Vec<Output>) {
        // An encoding that is switched to has a clock of its own; pictures never go back.
        let at_us = self.end_us.map_or(at_us, |end| at_us.max(end + 1));
        if let (Some(why), Some(from_us)) = (self.gap.take(), self.end_us) {
            out.push(Output::Gap(Gap {
                from_us,
                to_us: at_us,
                why,
            }));
        }
        self.end_us = Some(at_us);
        out.push(Output::Frame(Frame {
            at_us,
            duration_us: None,
            codec,
            is_key: picture.is_key,
            size: picture.size,
            config: picture.config,
            data: picture.data,
        }));
    }
}
