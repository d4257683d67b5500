//! One connection: a WebRTC engine, what it sends, and the account of what it receives.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use loadtest_core::{
    Counts, Identity, LOWER_ENCODING, Latencies, Ledger, Media, Microphone, Packet, Picture, Video,
    VideoCodec,
};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::sync::oneshot;

use super::order::Plan;
use super::socket::{Came, Socket, unix_ns};
use super::voices::{Voice as Heard, Voices};
use super::{EngineError, Live};

/// Frames that are made up for after the thread was held up; older ones are never sent, as a
/// camera does not go faster either.
const CATCH_UP_MAX: u32 = 3;
/// Frame period of speech is read from the scenario; of pictures it is a whole of this.
const SECOND: Duration = Duration::from_secs(1);

/// What all connections of a thread count together.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) latencies: Latencies,
    pub(crate) speech: Latencies,
    pub(crate) sent: HashMap<u32, u64>,
    pub(crate) measured: bool,
}

/// Encodings of a camera, as browsers of the product name them, the best first.
const RIDS: [&str; 3] = ["f", "h", "q"];

/// One camera with its m-line and its beat.
struct Camera {
    mid: Mid,
    /// The best encoding first.
    encodings: Vec<Encoding>,
    source: u32,
    period: Duration,
    next: Option<Instant>,
}

/// One encoding of a camera.
struct Encoding {
    rid: Option<Rid>,
    picture: Picture,
}

impl Camera {
    fn new(mid: Mid, source: u32, video: Video) -> Self {
        let named = video.layers > 1;
        let encodings = RIDS.into_iter().zip(0..video.layers);
        let encodings = encodings.map(|(rid, steps)| {
            let source = if steps == 0 {
                source
            } else {
                source | LOWER_ENCODING
            };
            Encoding {
                rid: named.then(|| Rid::from(rid)),
                picture: Picture::new(source, video.layer(steps)),
            }
        });
        Self {
            mid,
            encodings: encodings.collect(),
            source,
            period: SECOND / video.fps.max(1),
            next: None,
        }
    }

    /// What its m-line offers to send side by side.
    fn simulcast(video: Video) -> Option<Simulcast> {
        (video.layers > 1).then(|| {
            let mut simulcast = Simulcast::new();
            for (rid, _) in RIDS.into_iter().zip(0..video.layers).rev() {
                simulcast.add_send_layer(SimulcastLayer::new(rid));
            }
            simulcast
        })
    }
}

struct Voice {
    mid: Mid,
    microphone: Microphone,
    source: u32,
    period: Duration,
    next: Option<Instant>,
}

/// One connection.
pub(crate) struct Client {
    rtc: Rtc,
    local: SocketAddr,
    timeout: Instant,
    pending: Option<SdpPendingOffer>,
    ready: Option<oneshot::Sender<Result<(), EngineError>>>,
    camera: Option<Camera>,
    voice: Option<Voice>,
    payload_types: (Option<Pt>, Option<Pt>),
    connected: bool,
    closed: bool,
    /// When the last datagram came.
    heard: Instant,
    ledger: Ledger,
    sources: Vec<u32>,
    voices: Voices,
    packets: Vec<Packet>,
}

/// What a connection needs to do something.
pub(crate) struct Hands<'a> {
    pub(crate) now: Instant,
    pub(crate) socket: &'a mut Socket,
    pub(crate) counters: &'a mut Counters,
    pub(crate) live: &'a Live,
    pub(crate) random: &'a mut fastrand::Rng,
}

impl Client {
    pub(crate) fn new(now: Instant, local: SocketAddr, codec: VideoCodec) -> Self {
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(codec == VideoCodec::Vp8)
            .enable_h264(codec == VideoCodec::H264)
            .set_stats_interval(None)
            .build(now);
        if let Ok(candidate) = Candidate::host(local, "udp") {
            rtc.add_local_candidate(candidate);
        }
        Self {
            rtc,
            local,
            timeout: now,
            pending: None,
            ready: None,
            camera: None,
            voice: None,
            payload_types: (None, None),
            connected: false,
            closed: false,
            heard: now,
            ledger: Ledger::default(),
            sources: Vec::new(),
            voices: Voices::default(),
            packets: Vec::new(),
        }
    }

    /// Makes the offer of a plan; `None` when the engine makes none.
    pub(crate) fn offer(&mut self, plan: Plan, media: Media) -> Option<Lines> {
        let mut changes = self.rtc.sdp_api();
        let mut add =
            |kind, direction, simulcast| changes.add_media(kind, direction, None, None, simulcast);
        let microphone = plan
            .microphone
            .map(|source| (source, add(MediaKind::Audio, Direction::SendOnly, None)));
        let camera = plan.camera.filter(|_| !plan.camera_later).map(|source| {
            let side_by_side = media.video.and_then(Camera::simulcast);
            let mid = add(MediaKind::Video, Direction::SendOnly, side_by_side);
            (source, mid)
        });
        for _ in 0..plan.slots.audio {
            add(MediaKind::Audio, Direction::RecvOnly, None);
        }
        for _ in 0..plan.slots.video {
            add(MediaKind::Video, Direction::RecvOnly, None);
        }
        let (offer, pending) = changes.apply()?;
        self.pending = Some(pending);
        if let (Some((source, mid)), Some(audio)) = (microphone, media.audio) {
            self.voice = Some(Voice {
                mid,
                microphone: Microphone::new(source, audio),
                source,
                period: Duration::from_millis(audio.packet_ms.into()),
                next: None,
            });
        }
        if let (Some((source, mid)), Some(video)) = (camera, media.video) {
            self.camera = Some(Camera::new(mid, source, video));
        }
        Some(self.lines(&offer))
    }

    /// Makes a further offer, with a camera; `None` when the engine makes none.
    pub(crate) fn offer_camera(&mut self, source: u32, media: Media) -> Option<Lines> {
        let video = media.video?;
        let mut changes = self.rtc.sdp_api();
        let side_by_side = Camera::simulcast(video);
        let mid = changes.add_media(
            MediaKind::Video,
            Direction::SendOnly,
            None,
            None,
            side_by_side,
        );
        let (offer, pending) = changes.apply()?;
        self.pending = Some(pending);
        self.camera = Some(Camera::new(mid, source, video));
        Some(self.lines(&offer))
    }

    fn lines(&self, offer: &SdpOffer) -> Lines {
        let microphone = self.voice.as_ref().map(|voice| voice.mid.to_string());
        let camera = self.camera.as_ref().map(|camera| camera.mid.to_string());
        Lines {
            sdp: offer.to_sdp_string(),
            microphone,
            camera,
        }
    }

    /// Takes the answer.
    pub(crate) fn answer(
        &mut self,
        sdp: &str,
        ready: oneshot::Sender<Result<(), EngineError>>,
        hands: &mut Hands<'_>,
    ) {
        let taken = SdpAnswer::from_sdp_string(sdp)
            .map_err(|error| error.to_string())
            .and_then(|answer| {
                let pending = self.pending.take().ok_or("no offer is open".to_owned())?;
                let accepted = self.rtc.sdp_api().accept_answer(pending, answer);
                accepted.map_err(|error| error.to_string())
            });
        match taken {
            // One more answer on a connection that is there.
            Ok(()) if self.connected => {
                self.begin_beats(hands);
                // Whoever asked may have gone.
                let _ = ready.send(Ok(()));
            }
            Ok(()) => self.ready = Some(ready),
            Err(why) => {
                // Whoever asked may have gone.
                let _ = ready.send(Err(EngineError::Description(why)));
                self.closed = true;
            }
        }
        self.find_payload_types();
        // The engine knows no time until it is told one.
        self.wake(hands);
    }

    /// Answers an offer.
    pub(crate) fn accept(
        &mut self,
        sdp: &str,
        ready: oneshot::Sender<Result<(), EngineError>>,
        hands: &mut Hands<'_>,
    ) -> Result<Lines, EngineError> {
        let refused = |why: String| EngineError::Description(why);
        let offer = SdpOffer::from_sdp_string(sdp).map_err(|error| refused(error.to_string()))?;
        let answer = self.rtc.sdp_api().accept_offer(offer);
        let answer = answer.map_err(|error| refused(error.to_string()))?;
        self.ready = Some(ready);
        self.find_payload_types();
        // The engine knows no time until it is told one.
        self.wake(hands);
        Ok(Lines {
            sdp: answer.to_sdp_string(),
            microphone: None,
            camera: None,
        })
    }

    fn find_payload_types(&mut self) {
        let config = self.rtc.codec_config();
        // Of what both ends can do: H.264 has a payload type for each profile.
        let of = |mid: Option<Mid>, codecs: &[Codec]| {
            let agreed = self.rtc.media(mid?)?.remote_pts();
            let found = config.find(|params| {
                codecs.contains(&params.spec().codec) && agreed.contains(&params.pt())
            });
            found.map(str0m::format::PayloadParams::pt)
        };
        let voice = self.voice.as_ref().map(|voice| voice.mid);
        let camera = self.camera.as_ref().map(|camera| camera.mid);
        self.payload_types = (
            of(voice, &[Codec::Opus]),
            of(camera, &[Codec::Vp8, Codec::H264]),
        );
    }

    pub(crate) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// When it wants to be woken.
    pub(crate) fn due(&self) -> Instant {
        let beats = [
            self.camera.as_ref().and_then(|camera| camera.next),
            self.voice.as_ref().and_then(|voice| voice.next),
        ];
        beats.into_iter().flatten().fold(self.timeout, Instant::min)
    }

    pub(crate) fn receive(&mut self, came: Came<'_>, hands: &mut Hands<'_>) {
        // What the server is told about arrivals is when the kernel got them. How long they waited for
        // this thread, which has hundreds of people to serve, is no matter of the path.
        let waited = unix_ns().saturating_sub(came.at_ns);
        let at = hands.now.checked_sub(Duration::from_nanos(waited));
        self.heard = at.map_or(self.heard, |at| at.max(self.heard));
        // What the engine refuses is lost, as in a browser.
        if let Ok(datagram) = Receive::new(Protocol::Udp, came.from, self.local, came.bytes)
            && self
                .rtc
                .handle_input(Input::Receive(self.heard, datagram))
                .is_ok()
        {
            self.drain(came.at_ns, hands);
        }
    }

    /// Sends what is due and lets the engine do what is due.
    pub(crate) fn wake(&mut self, hands: &mut Hands<'_>) {
        self.film(hands);
        self.speak(hands);
        if self.rtc.handle_input(Input::Timeout(hands.now)).is_err() {
            self.closed = true;
            return;
        }
        self.drain(0, hands);
    }

    fn film(&mut self, hands: &mut Hands<'_>) {
        let (Some(camera), (_, Some(pt))) = (&mut self.camera, self.payload_types) else {
            return;
        };
        let mut frames = 0;
        while camera.next.is_some_and(|at| at <= hands.now) && frames < CATCH_UP_MAX {
            frames += 1;
            camera.next = camera.next.map(|at| at + camera.period);
        }
        skip_missed(&mut camera.next, camera.period, hands.now);
        let mut direct = self.rtc.direct_api();
        for (steps, encoding) in camera.encodings.iter_mut().enumerate() {
            let best = steps == 0;
            let measured = best && hands.counters.measured;
            for _ in 0..frames {
                encoding
                    .picture
                    .next(unix_ns(), measured, &mut self.packets);
            }
            if best {
                count_sent(hands, camera.source, self.packets.len());
            }
            let Some(stream) = direct.stream_tx_by_mid(camera.mid, encoding.rid) else {
                self.packets.clear();
                continue;
            };
            for packet in self.packets.drain(..) {
                stream.write_rtp(written(pt, packet, hands.now).nackable(true));
            }
        }
    }

    fn speak(&mut self, hands: &mut Hands<'_>) {
        let (Some(voice), (Some(pt), _)) = (&mut self.voice, self.payload_types) else {
            return;
        };
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(voice.mid, None) else {
            return;
        };
        let mut packets = 0;
        while voice.next.is_some_and(|at| at <= hands.now) && packets < CATCH_UP_MAX {
            packets += 1;
            voice.next = voice.next.map(|at| at + voice.period);
            let packet = voice.microphone.next(unix_ns(), hands.counters.measured);
            let loud = ExtensionValues {
                audio_level: Some(-30),
                voice_activity: Some(true),
                ..ExtensionValues::default()
            };
            stream.write_rtp(written(pt, packet, hands.now).ext_vals(loud));
        }
        skip_missed(&mut voice.next, voice.period, hands.now);
        count_sent(hands, voice.source, packets as usize);
    }

    /// The law of the engine: whatever was changed, it is polled until it wants to wait.
    fn drain(&mut self, came_ns: u64, hands: &mut Hands<'_>) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.timeout = at;
                    break;
                }
                Ok(Output::Transmit(transmit)) => {
                    let bytes: Vec<u8> = transmit.contents.into();
                    hands.socket.send(self.local, transmit.destination, &bytes);
                }
                Ok(Output::Event(event)) => self.hear(event, came_ns, hands),
                Err(_) => {
                    self.closed = true;
                    break;
                }
            }
        }
        hands.socket.flush();
        if self.closed || !self.rtc.is_alive() {
            self.lose(hands.live);
        }
    }

    fn hear(&mut self, event: Event, came_ns: u64, hands: &mut Hands<'_>) {
        match event {
            Event::RtpPacket(packet) => {
                hands
                    .live
                    .packets
                    .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if let Some(identity) = Identity::read(&packet.payload) {
                    self.account(&identity, came_ns, hands.counters);
                } else if packet.time.frequency() == Frequency::FORTY_EIGHT_KHZ {
                    let header = &packet.header;
                    let named = (*header.ssrc, header.sequence_number, packet.payload.len());
                    self.voices.hear((came_ns, hands.counters.measured), named);
                }
            }
            Event::KeyframeRequest(request) => {
                let encodings = self.camera.iter_mut().flat_map(|it| &mut it.encodings);
                for wanted in encodings.filter(|it| it.rid == request.rid) {
                    wanted.picture.want_key();
                }
            }
            Event::Connected => self.begin(hands),
            Event::Closed => self.closed = true,
            _ => {}
        }
    }

    fn account(&mut self, identity: &Identity, came_ns: u64, counters: &mut Counters) {
        if !self.ledger.knows(identity.source) {
            self.sources.push(identity.source);
        }
        if !self.ledger.arrive(identity) {
            return;
        }
        let took =
            i64::try_from(came_ns).unwrap_or(0) - i64::try_from(identity.sent_ns).unwrap_or(0);
        counters.latencies.add_ns(took);
        if identity.source.is_multiple_of(2) {
            counters.speech.add_ns(took);
        }
    }

    /// Media can flow. Everybody's beat begins at a moment of its own.
    fn begin(&mut self, hands: &mut Hands<'_>) {
        if self.connected {
            return;
        }
        self.connected = true;
        hands
            .live
            .connected
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.begin_beats(hands);
        if let Some(ready) = self.ready.take() {
            // Whoever asked may have gone.
            let _ = ready.send(Ok(()));
        }
    }

    /// What does not flow yet begins to.
    fn begin_beats(&mut self, hands: &mut Hands<'_>) {
        if let Some(camera) = self.camera.as_mut().filter(|it| it.next.is_none()) {
            camera.next = Some(hands.now + camera.period.mul_f64(hands.random.f64()));
        }
        if let Some(voice) = self.voice.as_mut().filter(|it| it.next.is_none()) {
            voice.next = Some(hands.now + voice.period.mul_f64(hands.random.f64()));
        }
    }

    /// The connection is gone.
    pub(crate) fn lose(&mut self, live: &Live) {
        self.closed = true;
        if self.connected {
            self.connected = false;
            live.connected
                .fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        }
        if let Some(ready) = self.ready.take() {
            // Whoever asked may have gone.
            let _ = ready.send(Err(EngineError::Lost));
        }
    }

    /// The telephones that were heard.
    pub(crate) fn voices(&self) -> Vec<Heard> {
        self.voices.all()
    }

    pub(crate) fn received(&self) -> Vec<(u32, Counts)> {
        let sources = self.sources.iter();
        sources
            .map(|source| (*source, self.ledger.of(*source)))
            .collect()
    }
}

/// A description with the m-lines of what is sent.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) sdp: String,
    pub(crate) microphone: Option<String>,
    pub(crate) camera: Option<String>,
}

fn written(pt: Pt, packet: Packet, now: Instant) -> RtpWrite {
    RtpWrite::new(
        pt,
        packet.sequence.into(),
        packet.timestamp,
        now,
        packet.payload,
    )
    .marker(packet.marker)
}

fn count_sent(hands: &mut Hands<'_>, source: u32, packets: usize) {
    if hands.counters.measured && packets > 0 {
        *hands.counters.sent.entry(source).or_default() += packets as u64;
    }
}

/// Whoever is later than it can make up for goes on from now.
fn skip_missed(next: &mut Option<Instant>, period: Duration, now: Instant) {
    if next.is_some_and(|at| at <= now) {
        *next = Some(now + period);
    }
}
