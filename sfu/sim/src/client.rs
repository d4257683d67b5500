//! A browser in miniature: a real engine with what a page does around it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sfu_core::{ConnectionKey, Source, SourceMid};
use str0m::bwe::{Bitrate, BweKind};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{
    Direction, KeyframeRequestKind, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer,
};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, ExtensionValues, RtpPacket, RtpWrite, Ssrc};
use str0m::{Candidate, Event, Input, Output, Rtc};

use crate::media::{LAYERS, Piece};

/// A browser begins with this uplink estimate.
const INITIAL_ESTIMATE_BPS: u64 = 300_000;

/// Between two packets an engine wants this much time to have passed.
const PACKET_STEP: Duration = Duration::from_micros(1);
/// Most packets that leave in a millisecond.
const PACKETS_MAX: usize = 500;

/// A receiving m-line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotLine {
    pub(crate) mid: Mid,
    pub(crate) audio: bool,
}

/// What a client is made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wishes {
    pub(crate) simulcast: bool,
    pub(crate) screen: bool,
    pub(crate) audio_slots: usize,
    pub(crate) video_slots: usize,
}

/// What a client knows of bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Means {
    /// Estimates its uplink, and pads and probes as the engine does. A browser that has nothing to
    /// send does not pad.
    pub(crate) estimates: bool,
    /// Reports when packets came, by the transport-wide sequence number.
    pub(crate) feedback: bool,
}

/// One `RTCPeerConnection`.
pub(crate) struct Client {
    rtc: Rtc,
    pub(crate) connection: ConnectionKey,
    /// Where the page believes to be; the network may show another address.
    inner: SocketAddr,
    pub(crate) sources: Vec<SourceMid>,
    pub(crate) slots: Vec<SlotLine>,
    slot_by_ssrc: Vec<(Ssrc, usize)>,
    payload_types: Option<(Pt, Pt)>,
    pub(crate) pending: Option<SdpPendingOffer>,
    pub(crate) connected_ms: Option<u64>,
    pub(crate) closed: bool,
    timeout: Instant,
    pub(crate) estimate_bps: u64,
    pub(crate) outbox: Vec<(SocketAddr, Vec<u8>)>,
    pub(crate) arrived: Vec<(usize, RtpPacket)>,
    pub(crate) keyframes_wanted: Vec<(Mid, Option<Rid>)>,
}

impl core::fmt::Debug for Client {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Client")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(
        now: Instant,
        (connection, means): (ConnectionKey, Means),
        inner: SocketAddr,
    ) -> Self {
        let mut config = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .enable_bwe(means.estimates.then(|| Bitrate::from(INITIAL_ESTIMATE_BPS)));
        if !means.feedback {
            config = config.clear_extension_map();
            let without_feedback = [
                (1, Extension::AudioLevel),
                (4, Extension::RtpMid),
                (10, Extension::RtpStreamId),
                (11, Extension::RepairedRtpStreamId),
            ];
            for (id, extension) in without_feedback {
                config = config.set_extension(id, extension);
            }
        }
        let mut rtc = config.build(now);
        if let Ok(candidate) = Candidate::host(inner, "udp") {
            rtc.add_local_candidate(candidate);
        }
        Self {
            rtc,
            connection,
            inner,
            sources: Vec::new(),
            slots: Vec::new(),
            slot_by_ssrc: Vec::new(),
            payload_types: None,
            pending: None,
            connected_ms: None,
            closed: false,
            timeout: now,
            estimate_bps: INITIAL_ESTIMATE_BPS,
            outbox: Vec::new(),
            arrived: Vec::new(),
            keyframes_wanted: Vec::new(),
        }
    }

    /// The first offer.
    pub(crate) fn offer(&mut self, wishes: Wishes) -> Option<String> {
        let mut changes = self.rtc.sdp_api();
        let mut sources = vec![Source::Microphone, Source::Camera];
        if wishes.screen {
            sources.push(Source::Screen);
        }
        for source in sources {
            let kind = if source.is_audio() {
                MediaKind::Audio
            } else {
                MediaKind::Video
            };
            let simulcast = (wishes.simulcast && source == Source::Camera).then(|| {
                let mut simulcast = Simulcast::new();
                for (rid, _) in LAYERS {
                    simulcast.add_send_layer(SimulcastLayer::new(rid));
                }
                simulcast
            });
            let mid = changes.add_media(kind, Direction::SendOnly, None, None, simulcast);
            self.sources.push(SourceMid {
                mid: mid.to_string(),
                source,
            });
        }
        let audio = core::iter::repeat_n(true, wishes.audio_slots);
        for audio in audio.chain(core::iter::repeat_n(false, wishes.video_slots)) {
            let kind = if audio {
                MediaKind::Audio
            } else {
                MediaKind::Video
            };
            let mid = changes.add_media(kind, Direction::RecvOnly, None, None, None);
            self.slots.push(SlotLine { mid, audio });
        }
        let (offer, pending) = changes.apply()?;
        self.pending = Some(pending);
        Some(offer.to_sdp_string())
    }

    /// Another offer with more slots; `None` while one is under way.
    pub(crate) fn offer_more(&mut self, audio: usize, video: usize) -> Option<String> {
        if self.pending.is_some() || self.connected_ms.is_none() {
            return None;
        }
        self.offer_slots(audio, video)
    }

    /// An offer with other ICE credentials; `None` while another one is under way.
    pub(crate) fn offer_restart(&mut self) -> Option<String> {
        if self.pending.is_some() || self.connected_ms.is_none() {
            return None;
        }
        let mut changes = self.rtc.sdp_api();
        changes.ice_restart(true);
        let (offer, pending) = changes.apply()?;
        self.pending = Some(pending);
        Some(offer.to_sdp_string())
    }

    fn offer_slots(&mut self, audio: usize, video: usize) -> Option<String> {
        let mut changes = self.rtc.sdp_api();
        let lines = core::iter::repeat_n(MediaKind::Audio, audio)
            .chain(core::iter::repeat_n(MediaKind::Video, video));
        for kind in lines {
            let mid = changes.add_media(kind, Direction::RecvOnly, None, None, None);
            let audio = kind == MediaKind::Audio;
            self.slots.push(SlotLine { mid, audio });
        }
        let (offer, pending) = changes.apply()?;
        self.pending = Some(pending);
        Some(offer.to_sdp_string())
    }

    pub(crate) fn accept(&mut self, now_ms: u64, answer: &str) -> bool {
        let (Some(pending), Ok(answer)) = (self.pending.take(), SdpAnswer::from_sdp_string(answer))
        else {
            return false;
        };
        if self.rtc.sdp_api().accept_answer(pending, answer).is_err() {
            return false;
        }
        let config = self.rtc.codec_config();
        let of = |codec| {
            let found = config.find(|params| params.spec().codec == codec);
            found.map(str0m::format::PayloadParams::pt)
        };
        self.payload_types = of(Codec::Opus).zip(of(Codec::Vp8));
        self.resend_everything();
        self.drain(now_ms);
        true
    }

    /// Browsers do not count resends against what they send; the engine does unless it is told.
    fn resend_everything(&mut self) {
        let mids: Vec<Mid> = [Source::Camera, Source::Screen]
            .into_iter()
            .filter_map(|source| self.mid_of(source))
            .collect();
        let mut direct = self.rtc.direct_api();
        for mid in mids {
            let rids = LAYERS.iter().map(|(rid, _)| Some(Rid::from(*rid)));
            for rid in core::iter::once(None).chain(rids) {
                if let Some(stream) = direct.stream_tx_by_mid(mid, rid) {
                    stream.set_rtx_cache(2000, Duration::from_secs(3), None);
                }
            }
        }
    }

    /// Whether an offer waits for its answer.
    pub(crate) fn is_offering(&self) -> bool {
        self.pending.is_some()
    }

    pub(crate) fn mid_of(&self, source: Source) -> Option<Mid> {
        let found = self.sources.iter().find(|known| known.source == source)?;
        Some(Mid::from(found.mid.as_str()))
    }

    pub(crate) fn receive(&mut self, now: Instant, now_ms: u64, from: SocketAddr, bytes: &[u8]) {
        // A datagram that an engine refuses is lost, as in a browser.
        if let Ok(datagram) = Receive::new(Protocol::Udp, from, self.inner, bytes)
            && self.rtc.handle_input(Input::Receive(now, datagram)).is_ok()
        {
            self.drain(now_ms);
        }
    }

    /// Does what is due; answers whether something was.
    pub(crate) fn run_timeout(&mut self, now: Instant, now_ms: u64) -> bool {
        if self.timeout > now || self.closed {
            return false;
        }
        self.wake(now, now_ms);
        true
    }

    fn wake(&mut self, now: Instant, now_ms: u64) {
        let mut given = now;
        for _ in 0..PACKETS_MAX {
            if self.rtc.handle_input(Input::Timeout(given)).is_err() {
                self.closed = true;
            }
            self.drain(now_ms);
            if self.closed || self.timeout > given + PACKET_STEP {
                return;
            }
            given = given.max(self.timeout);
        }
    }

    pub(crate) fn timeout(&self) -> Option<Instant> {
        (!self.closed).then_some(self.timeout)
    }

    /// Sends packets of one source; all of them leave at once.
    pub(crate) fn send(
        &mut self,
        (now, now_ms): (Instant, u64),
        source: Source,
        rid: Option<&str>,
        pieces: Vec<Piece>,
        talking: bool,
    ) {
        let (Some(mid), Some((opus, vp8))) = (self.mid_of(source), self.payload_types) else {
            return;
        };
        let audio = source.is_audio();
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, rid.map(Rid::from)) else {
            return;
        };
        let ext_vals = ExtensionValues {
            audio_level: audio.then_some(if talking { -30 } else { -110 }),
            voice_activity: audio.then_some(talking),
            ..ExtensionValues::default()
        };
        let pt = if audio { opus } else { vp8 };
        // Which of several waiting streams a pacer serves first hangs on the order of a hash map,
        // so pages send frames at once. Their links have queues for that.
        stream.set_unpaced(true);
        for piece in pieces {
            let packet = RtpWrite::new(pt, piece.seq.into(), piece.timestamp, now, piece.payload)
                .marker(piece.marker)
                .nackable(!audio)
                .ext_vals(ext_vals.clone());
            stream.write_rtp(packet);
        }
        self.wake(now, now_ms);
    }

    /// Asks for a key frame on a receiving m-line (RFC 4585 section 6.3.1).
    pub(crate) fn request_keyframe(&mut self, now: Instant, now_ms: u64, slot: usize) {
        let Some(line) = self.slots.get(slot) else {
            return;
        };
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(line.mid, None) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
        self.wake(now, now_ms);
    }

    /// Tells the bandwidth estimator what all layers together would need.
    pub(crate) fn wish_bps(&mut self, now_ms: u64, bps: u64) {
        self.rtc
            .bwe()
            .set_bitrate(Bitrate::from(0_u64), Bitrate::from(bps));
        self.drain(now_ms);
    }

    /// The drain law holds for clients too.
    fn drain(&mut self, now_ms: u64) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.timeout = at;
                    return;
                }
                Ok(Output::Transmit(transmit)) => {
                    self.outbox
                        .push((transmit.destination, transmit.contents.into()));
                }
                Ok(Output::Event(event)) => self.hear(now_ms, event),
                Err(_) => {
                    self.closed = true;
                    return;
                }
            }
        }
    }

    fn hear(&mut self, now_ms: u64, event: Event) {
        match event {
            Event::Connected => {
                self.connected_ms.get_or_insert(now_ms);
            }
            Event::Closed => self.closed = true,
            Event::RtpPacket(packet) => {
                if let Some(slot) = self.slot_of(packet.header.ssrc) {
                    self.arrived.push((slot, packet));
                }
            }
            Event::KeyframeRequest(wanted) => self.keyframes_wanted.push((wanted.mid, wanted.rid)),
            Event::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) => {
                self.estimate_bps = estimate.as_u64();
            }
            _ => {}
        }
    }

    fn slot_of(&mut self, ssrc: Ssrc) -> Option<usize> {
        let known = self.slot_by_ssrc.iter().find(|(known, _)| *known == ssrc);
        if let Some((_, slot)) = known {
            return Some(*slot);
        }
        let mid = self.rtc.direct_api().stream_rx(&ssrc)?.mid();
        let slot = self.slots.iter().position(|line| line.mid == mid)?;
        self.slot_by_ssrc.push((ssrc, slot));
        Some(slot)
    }
}
