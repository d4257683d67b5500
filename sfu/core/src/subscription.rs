//! One receiving m-line of a client: what it carries, and its one continuous stream.

use std::sync::Arc;
use std::time::Instant;

use str0m::media::{MediaTime, Mid, Pt};
use str0m::rtp::{ExtensionValues, RtpWrite, Ssrc};

use crate::climb::Turn;
use crate::forward::{
    Codec, Incoming, Passing, Patch, Payloads, Redundancy, Rewriter, Rewritten, Switcher, Unit,
    Verdict, patched, primary, with_types,
};
use crate::ids::ParticipantKey;
use crate::offer::OfferedSlot;
use crate::source::{SlotBinding, Source};

/// Height of a slot that the client has not told anything about.
const VIEW_HEIGHT_PX: u16 = 720;
/// Playout delay of a screen in hundredths of a second, shortest and longest: shown when it is
/// there, without smoothing, and 0.4 s for the packets of a large picture to come together.
const SCREEN_DELAY: (u64, u64) = (0, 40);
/// What a receiver assumes by itself. It has to be told after something else was, because it keeps
/// what it was told.
const USUAL_DELAY: (u64, u64) = (0, 1000);

/// A slot: the same m-line for whoever is bound to it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) mid: Mid,
    /// The m-line as the client named it.
    pub(crate) name: String,
    pub(crate) audio: bool,
    pub(crate) stream: Ssrc,
    /// Whether lost packets can be resent: without an RTX stream the engine must not try.
    resends: bool,
    payloads: Payloads,
    pub(crate) bound: Option<(ParticipantKey, Source)>,
    pub(crate) view_height_px: u16,
    pub(crate) turn: Turn,
    pub(crate) switcher: Switcher,
    rewriter: Rewriter,
    redundancy: Redundancy,
    /// A playout delay was told.
    delayed: bool,
}

/// What became of a packet.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, on its way into the engine"
)]
pub(crate) enum Fed {
    /// To be written; its payload has so many bytes.
    Write(RtpWrite, usize),
    /// The client did not negotiate its codec.
    Unplayable,
    /// Not for this slot, at least not now.
    Nothing,
}

impl Slot {
    /// A slot as negotiated: its outgoing stream's SSRC, and the RTX one if there is any.
    pub(crate) fn new(
        offered: &OfferedSlot,
        payloads: Payloads,
        (stream, resend): (Ssrc, Option<Ssrc>),
    ) -> Self {
        Self {
            mid: Mid::from(offered.mid.as_str()),
            name: offered.mid.clone(),
            audio: offered.audio,
            stream,
            resends: resend.is_some(),
            payloads,
            bound: None,
            view_height_px: VIEW_HEIGHT_PX,
            turn: Turn::default(),
            switcher: Switcher::default(),
            rewriter: Rewriter::default(),
            redundancy: Redundancy::default(),
            delayed: false,
        }
    }

    /// Carries `source` from here on.
    pub(crate) fn bind(&mut self, source: Option<(ParticipantKey, Source)>, now: Instant) {
        self.bound = source;
        self.turn = Turn::bound(now);
        self.switcher.restart();
    }

    pub(crate) fn binding(&self) -> Option<SlotBinding> {
        let (participant, source) = self.bound?;
        Some(SlotBinding {
            mid: self.name.clone(),
            participant,
            source,
        })
    }

    /// Notes the share of this slot's packets that the client did not get, 0 to 1.
    pub(crate) fn note_loss(&mut self, share: f32) {
        self.redundancy.note_loss(share);
    }

    /// Whether the client negotiated what is needed to play `codec`.
    pub(crate) fn plays(&self, codec: Codec) -> bool {
        // Redundant sound can always be taken apart.
        let needed = if codec == Codec::Red {
            Codec::Opus
        } else {
            codec
        };
        self.payloads.pt_of(needed).is_some()
    }

    /// The subscriber's packet, if this one is for it.
    pub(crate) fn feed(&mut self, now: Instant, unit: &Unit) -> Fed {
        if !self.plays(unit.codec) {
            return Fed::Unplayable;
        }
        let incoming = Incoming {
            seq: unit.seq,
            timestamp: unit.timestamp,
            ids: unit.seen.ids,
        };
        let ends = match self.switcher.feed(Passing {
            stream: unit.stream,
            timestamp: unit.timestamp,
            starts_decoding: unit.seen.starts_decoding,
            frame: unit.seen.frame.as_ref(),
        }) {
            Verdict::Foreign => return Fed::Nothing,
            Verdict::Skip => {
                self.rewriter.skip(incoming);
                return Fed::Nothing;
            }
            Verdict::Forward { ends } => ends,
            Verdict::Splice { ends } => {
                self.rewriter.splice();
                ends
            }
        };
        self.write(now, unit, (incoming, unit.marker || ends))
            .unwrap_or(Fed::Nothing)
    }

    fn write(
        &mut self,
        now: Instant,
        unit: &Unit,
        (incoming, marker): (Incoming, bool),
    ) -> Option<Fed> {
        let clock_rate_hz = unit.codec.clock_rate_hz();
        let numbers = self.rewriter.rewrite(now, clock_rate_hz, incoming)?;
        let (pt, payload) = self.payload(unit, numbers)?;
        let bytes = payload.len();
        let values = self.extensions(unit, numbers);
        let write = RtpWrite::new(pt, numbers.seq.into(), numbers.timestamp, now, payload)
            .marker(marker)
            .nackable(self.resends)
            .ext_vals(values);
        Some(Fed::Write(patch_vp8(write, unit, numbers), bytes))
    }

    /// Payload type and bytes as the subscriber understands them.
    fn payload(&mut self, unit: &Unit, numbers: Rewritten) -> Option<(Pt, Arc<[u8]>)> {
        let payload = &unit.payload;
        match unit.codec {
            Codec::Opus => self.sound(payload, numbers),
            Codec::Red => {
                let plain = self.payloads.pt_of(Codec::Opus)?;
                match self.payloads.pt_of(Codec::Red) {
                    Some(red) => Some((red, with_types(payload, plain)?)),
                    None => Some((plain, primary(payload)?.into())),
                }
            }
            Codec::Vp9 => {
                let pt = self.payloads.pt_of(Codec::Vp9)?;
                let mut copy = None;
                if let Patch::Vp9(places) = unit.seen.patch
                    && numbers.ids != unit.seen.ids
                {
                    copy = patched(payload, places, numbers.ids);
                }
                Some((pt, copy.map_or_else(|| Arc::clone(payload), Arc::from)))
            }
            codec @ (Codec::Vp8 | Codec::Av1 | Codec::H264) => {
                Some((self.payloads.pt_of(codec)?, Arc::clone(payload)))
            }
        }
    }

    fn sound(&mut self, payload: &Arc<[u8]>, numbers: Rewritten) -> Option<(Pt, Arc<[u8]>)> {
        let plain = self.payloads.pt_of(Codec::Opus)?;
        let at = (numbers.seq, numbers.timestamp);
        let red = self.payloads.pt_of(Codec::Red);
        let both = red.and_then(|red| Some((red, self.redundancy.add(at, payload, plain)?)));
        self.redundancy.note(at, payload);
        Some(match both {
            Some((red, both)) => (red, both.into()),
            None => (plain, Arc::clone(payload)),
        })
    }

    fn extensions(&mut self, unit: &Unit, numbers: Rewritten) -> ExtensionValues {
        let carried = &unit.carried;
        let mut values = ExtensionValues {
            audio_level: carried.audio_level,
            voice_activity: carried.voice_activity,
            video_orientation: carried.video_orientation,
            ..ExtensionValues::default()
        };
        if let (Some(raw), Some(number)) = (&carried.descriptor, numbers.ids.frame) {
            values.user_values.set(raw.clone().numbered(number));
        }
        if !self.audio {
            let delay = carried.delay.or_else(|| self.delay());
            self.delayed |= delay.is_some();
            (values.play_delay_min, values.play_delay_max) = delay.unzip();
        }
        values
    }

    /// The playout delay of a source that says none itself.
    fn delay(&self) -> Option<(MediaTime, MediaTime)> {
        let of_screen = self
            .bound
            .is_some_and(|(_, source)| source == Source::Screen);
        let (min, max) = match (of_screen, self.delayed) {
            (true, _) => SCREEN_DELAY,
            (false, true) => USUAL_DELAY,
            (false, false) => return None,
        };
        Some((
            MediaTime::from_hundredths(min),
            MediaTime::from_hundredths(max),
        ))
    }
}

fn patch_vp8(write: RtpWrite, unit: &Unit, numbers: Rewritten) -> RtpWrite {
    let Patch::Vp8(descriptor) = unit.seen.patch else {
        return write;
    };
    let mut patch = descriptor.patch();
    if let Some(picture) = numbers.ids.picture {
        patch = patch.picture_id(picture.id);
    }
    if let Some(tl0) = numbers.ids.tl0 {
        patch = patch.tl0_pic_idx(tl0);
    }
    // The width of a picture id is kept, so it always fits.
    match patch.build() {
        Ok(patch) => write.vp8_patch(patch),
        Err(_does_not_fit) => write,
    }
}
