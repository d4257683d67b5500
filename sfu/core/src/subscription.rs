//! One receiving m-line of a client: what it carries, and its one continuous stream.

use std::time::Instant;

use str0m::media::Mid;
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, Ssrc};

use crate::climb::Turn;
use crate::forward::{
    Codec, Incoming, Inspected, Payloads, Rewriter, Rewritten, Switcher, Verdict,
};
use crate::ids::ParticipantKey;
use crate::offer::OfferedSlot;
use crate::source::{SlotBinding, Source};

/// Height of a slot that the client has not told anything about.
const VIEW_HEIGHT_PX: u16 = 720;

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
}

/// One received packet with what was found out about it, to be given to many slots.
#[derive(Debug)]
pub(crate) struct Parcel<'a> {
    pub(crate) now: Instant,
    pub(crate) packet: &'a RtpPacket,
    pub(crate) layer: usize,
    pub(crate) codec: Codec,
    pub(crate) seen: Inspected,
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

    /// The subscriber's packet, if this one is for it.
    pub(crate) fn feed(&mut self, parcel: &Parcel<'_>) -> Option<RtpWrite> {
        let pt = self.payloads.pt_of(parcel.codec)?;
        match self
            .switcher
            .feed(parcel.layer, parcel.seen.starts_decoding)
        {
            Verdict::Drop => return None,
            Verdict::Forward => {}
            Verdict::Splice => self.rewriter.splice(),
        }
        let packet = parcel.packet;
        let incoming = Incoming {
            seq: *packet.seq_no,
            timestamp: packet.header.timestamp,
            vp8: parcel.seen.vp8_ids(),
        };
        let numbers = self
            .rewriter
            .rewrite(parcel.now, parcel.codec.clock_rate_hz(), incoming)?;
        let write = RtpWrite::new(
            pt,
            numbers.seq.into(),
            numbers.timestamp,
            parcel.now,
            std::sync::Arc::clone(&packet.payload),
        )
        .marker(packet.header.marker)
        .nackable(self.resends)
        .ext_vals(forwarded_extensions(&packet.header.ext_vals));
        Some(patch_vp8(write, parcel.seen, numbers))
    }
}

/// What the publisher says about the media goes through; what is about one transport does not.
fn forwarded_extensions(values: &ExtensionValues) -> ExtensionValues {
    ExtensionValues {
        audio_level: values.audio_level,
        voice_activity: values.voice_activity,
        video_orientation: values.video_orientation,
        ..ExtensionValues::default()
    }
}

fn patch_vp8(write: RtpWrite, seen: Inspected, numbers: Rewritten) -> RtpWrite {
    let (Some(descriptor), Some(ids)) = (seen.vp8, numbers.vp8) else {
        return write;
    };
    let mut patch = descriptor.patch();
    if let Some(picture) = ids.picture {
        patch = patch.picture_id(picture);
    }
    if let Some(tl0) = ids.tl0 {
        patch = patch.tl0_pic_idx(tl0);
    }
    // A picture id that does not fit a 7-bit field stays as it is: decoders follow it anyway.
    match patch.build() {
        Ok(patch) => write.vp8_patch(patch),
        Err(_too_wide) => write,
    }
}
