//! One `RTCPeerConnection` with the server.
//!
//! Three sending m-lines (microphone, camera, screen) exist from the first offer, so muting,
//! changing a device and sharing a screen never renegotiate; receiving m-lines are slots.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Array;
use signaling_protocol::{ConnectionId, IceServer, Sdp, Source, SourceMid, WantedSource};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    MediaStream, MediaStreamTrack, RtcConfiguration, RtcPeerConnection, RtcPeerConnectionState,
    RtcRtpTransceiver, RtcRtpTransceiverDirection, RtcRtpTransceiverInit, RtcSdpType,
    RtcSessionDescriptionInit,
};

use super::devices::LocalMedia;
use super::frame::{Frame, track_of};
use super::host::Listener;
use super::reflect;
use super::secrecy::Sealing;
use crate::cost::weigh;
use crate::machine::{PeerChange, SlotCount};

const OWN: [Source; 3] = [Source::Microphone, Source::Camera, Source::Screen];

/// A peer connection; dropping it closes it.
pub(super) struct Peer {
    pub(super) connection: ConnectionId,
    pub(super) pc: RtcPeerConnection,
    own: Vec<(Source, RtcRtpTransceiver)>,
    slots: RefCell<Vec<(&'static str, RtcRtpTransceiver)>>,
    /// Nothing leaves or arrives in clear.
    sealing: Option<Sealing>,
    _state: Listener,
    _frame: Option<Frame>,
}

/// What a connection knows of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Networks {
    /// Those that the page knows.
    Known,
    /// Those of now.
    Fresh,
}

impl Peer {
    /// Makes a connection that sends what is open and can receive `slots`.
    pub(super) fn new(
        connection: ConnectionId,
        (slots, relays, networks): (SlotCount, &[IceServer], Networks),
        local: &LocalMedia,
        sealing: Option<Sealing>,
        report: Rc<dyn Fn(PeerChange)>,
    ) -> Result<Self, JsValue> {
        let settings = RtcConfiguration::new();
        reflect::set(&settings, "bundlePolicy", &JsValue::from_str("max-bundle"));
        if !relays.is_empty() {
            reflect::set(&settings, "iceServers", &ice_servers(relays));
        }
        let fresh = networks == Networks::Fresh && sealing.is_none();
        let (frame, pc) = match fresh.then(|| Frame::connect(&settings)).flatten() {
            Some((frame, pc)) => (Some(frame), pc),
            None => (None, RtcPeerConnection::new_with_configuration(&settings)?),
        };
        let mut own = Vec::new();
        for source in OWN {
            let line = add_own(&pc, source, local.track(source));
            prefer_codecs(&line, kind_of(source), sealing.is_some());
            if let Some(sealing) = &sealing {
                sealing.seal(&line.sender(), source)?;
            }
            own.push((source, line));
        }
        let watched = pc.clone();
        let state = Listener::new(
            pc.clone().into(),
            "connectionstatechange",
            move || match watched.connection_state() {
                RtcPeerConnectionState::Connected => report(PeerChange::Connected),
                RtcPeerConnectionState::Disconnected => report(PeerChange::Disconnected),
                RtcPeerConnectionState::Failed => report(PeerChange::Failed),
                _ => {}
            },
        );
        let peer = Self {
            connection,
            pc,
            own,
            slots: RefCell::default(),
            sealing,
            _state: state,
            _frame: frame,
        };
        peer.grow(slots);
        Ok(peer)
    }

    /// Adds receiving m-lines up to these numbers.
    pub(super) fn grow(&self, wanted: SlotCount) {
        for (kind, count) in [("audio", wanted.audio), ("video", wanted.video)] {
            let mut slots = self.slots.borrow_mut();
            let there = slots.iter().filter(|(of, _)| *of == kind).count();
            for _ in there..usize::from(count) {
                let init = RtcRtpTransceiverInit::new();
                init.set_direction(RtcRtpTransceiverDirection::Recvonly);
                let slot = self.pc.add_transceiver_with_str_and_init(kind, &init);
                prefer_codecs(&slot, kind, self.sealing.is_some());
                let name = slot_name(self.connection, slots.len());
                let open = |sealing: &Sealing| sealing.open(&slot.receiver(), &name);
                // A line that nobody looks through is never shown.
                if self.sealing.as_ref().map_or(Ok(()), open).is_ok() {
                    slots.push((kind, slot));
                }
            }
        }
    }

    /// Makes an offer: the description, and which m-line carries which own source.
    pub(super) async fn offer(
        pc: RtcPeerConnection,
        own: Vec<(Source, RtcRtpTransceiver)>,
    ) -> Result<(Sdp, Vec<SourceMid>), JsValue> {
        let offer = JsFuture::from(pc.create_offer()).await?;
        JsFuture::from(pc.set_local_description(offer.unchecked_ref())).await?;
        let text = pc
            .local_description()
            .map(|description| description.sdp())
            .unwrap_or_default();
        let sdp = Sdp::try_from(text).map_err(|fault| JsValue::from_str(&fault.to_string()))?;
        let sources = own
            .into_iter()
            .filter_map(|(source, line)| {
                let mid = line.mid()?;
                Some(SourceMid { mid, source })
            })
            .collect();
        Ok((sdp, sources))
    }

    /// What [`Peer::offer`] needs, without holding the peer over an await.
    pub(super) fn parts(&self) -> (RtcPeerConnection, Vec<(Source, RtcRtpTransceiver)>) {
        (self.pc.clone(), self.own.clone())
    }

    /// Takes the server's answer. Says whether the browser may still prefer its way before.
    pub(super) async fn answer(pc: RtcPeerConnection, sdp: Sdp) -> Result<bool, JsValue> {
        let own = pc.local_description().map(|it| it.sdp());
        let before = pc.remote_description().map(|it| it.sdp());
        let used = used_pair(&pc);
        let used = used.as_ref().map(|(local, remote)| (&**local, &**remote));
        let answer = RtcSessionDescriptionInit::new(RtcSdpType::Answer);
        let known = (own.unwrap_or_default(), before.unwrap_or_default());
        let weighed = weigh(sdp.as_str(), used, (&known.0, &known.1));
        answer.set_sdp(&weighed.sdp);
        JsFuture::from(pc.set_remote_description(&answer)).await?;
        Ok(weighed.is_spent)
    }

    /// Sends the track that is open for a source, or nothing. No renegotiation.
    pub(super) fn send_track(&self, source: Source, track: Option<&MediaStreamTrack>) {
        if let Some((_, line)) = self.own.iter().find(|(of, _)| *of == source) {
            let track = track.map_or(JsValue::NULL, |track| track.clone().into());
            let _later = reflect::call(&line.sender(), "replaceTrack", &[track]);
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.pc.connection_state() == RtcPeerConnectionState::Connected
    }

    /// Whether the browser has found no network for its latest offer on which datagrams could go.
    pub(super) fn is_nowhere(&self) -> bool {
        let own = self.pc.local_description().map(|it| it.sdp());
        let is_way = |line: &str| {
            let mut words = line.split_ascii_whitespace();
            line.starts_with("a=candidate:")
                && words
                    .nth(2)
                    .is_some_and(|it| it.eq_ignore_ascii_case("udp"))
        };
        own.is_some_and(|own| !own.lines().any(is_way))
    }

    /// The next offer looks for another way to the server.
    pub(super) fn restart(&self) {
        let _asked = reflect::call(&self.pc, "restartIce", &[]);
    }

    /// Sends the encodings that are watched and no others.
    pub(super) fn send_only(&self, wanted: &[WantedSource]) {
        for one in wanted {
            self.change_encodings(one.source, |index, encoding| {
                let active = one.encodings.get(index).copied().unwrap_or(true);
                let differs = reflect::get(encoding, "active").as_bool() != Some(active);
                reflect::set(encoding, "active", &active.into());
                differs
            });
        }
    }

    /// Sends every piece of speech twice (RED, RFC 2198) or once. A browser that cannot change the
    /// codec of a running stream goes on as it is.
    pub(super) fn protect_speech(&self, twice: bool) {
        let name = if twice { "audio/red" } else { "audio/opus" };
        self.change_encodings(Source::Microphone, |_, encoding| {
            let Some(codec) = codec_named(name) else {
                return false;
            };
            reflect::set(encoding, "codec", &codec);
            true
        });
    }

    /// Edits the encodings of an own source; `edit` says whether anything has changed.
    fn change_encodings(&self, source: Source, edit: impl Fn(usize, &JsValue) -> bool) {
        let Some((_, line)) = self.own.iter().find(|(of, _)| *of == source) else {
            return;
        };
        let sender = line.sender();
        let Ok(parameters) = reflect::call(&sender, "getParameters", &[]) else {
            return;
        };
        let encodings = Array::from(&reflect::get(&parameters, "encodings"));
        let mut changed = false;
        for (index, encoding) in encodings.iter().enumerate() {
            changed |= edit(index, &encoding);
        }
        if changed && let Ok(set) = reflect::call_promise(&sender, "setParameters", &[parameters]) {
            // A stream that ended meanwhile refuses; there is nothing left to change then.
            spawn_local(async move { drop(JsFuture::from(set).await) });
        }
    }

    /// The name under which the worker knows a receiving m-line.
    pub(super) fn slot_of(&self, mid: &str) -> Option<String> {
        let is_it = |(_, line): &(_, RtcRtpTransceiver)| line.mid().as_deref() == Some(mid);
        let at = self.slots.borrow().iter().position(is_it)?;
        Some(slot_name(self.connection, at))
    }

    /// The receiving m-line that the worker knows under this name.
    pub(super) fn mid_of(&self, name: &str) -> Option<String> {
        let slots = self.slots.borrow();
        let mut named = slots.iter().enumerate();
        let (_, (_, line)) = named.find(|(at, _)| slot_name(self.connection, *at) == name)?;
        line.mid()
    }

    /// What a receiving m-line brings.
    pub(super) fn stream(&self, mid: &str) -> Option<MediaStream> {
        let slots = self.slots.borrow();
        let (_, line) = slots
            .iter()
            .find(|(_, line)| line.mid().as_deref() == Some(mid))?;
        let track = track_of(&line.receiver())?;
        let stream = MediaStream::new().ok()?;
        stream.add_track(&track);
        Some(stream)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.pc.close();
    }
}

/// The two candidates between which media travels, as lines; none before, and in browsers that do not
/// tell. Safari tells them in words of its own.
fn used_pair(pc: &RtcPeerConnection) -> Option<(String, String)> {
    let sender = pc.get_senders().get(0);
    let transport = reflect::get(&reflect::get(&sender, "transport"), "iceTransport");
    let pair = reflect::call(&transport, "getSelectedCandidatePair", &[]).ok()?;
    let line = |end| {
        let text = reflect::text(&reflect::get(&pair, end), "candidate");
        text.filter(|it| it.starts_with("candidate:"))
    };
    Some((line("local")?, line("remote")?))
}

fn add_own(
    pc: &RtcPeerConnection,
    source: Source,
    track: Option<MediaStreamTrack>,
) -> RtcRtpTransceiver {
    let init = RtcRtpTransceiverInit::new();
    init.set_direction(RtcRtpTransceiverDirection::Sendonly);
    init.set_send_encodings(&encodings(source));
    match track {
        Some(track) => pc.add_transceiver_with_media_stream_track_and_init(&track, &init),
        None => pc.add_transceiver_with_str_and_init(kind_of(source), &init),
    }
}

const fn kind_of(source: Source) -> &'static str {
    match source {
        Source::Microphone => "audio",
        Source::Camera | Source::Screen => "video",
    }
}

fn slot_name(connection: ConnectionId, at: usize) -> String {
    format!("{connection} {at}")
}

/// How a source is encoded. A camera is sent in three sizes, the smallest first: without simulcast
/// on the other side a browser sends the first one only, and a small picture beats none.
fn encodings(source: Source) -> JsValue {
    let encoding = |rid: Option<&str>, down: f64, bps: f64| {
        let mut properties = vec![("maxBitrate", JsValue::from_f64(bps))];
        if let Some(rid) = rid {
            properties.push(("rid", JsValue::from_str(rid)));
            properties.push(("scaleResolutionDownBy", JsValue::from_f64(down)));
        }
        reflect::object(&properties)
    };
    let list = Array::new();
    match source {
        Source::Microphone => list.push(&encoding(None, 1.0, 48_000.0)),
        Source::Screen => list.push(&encoding(None, 1.0, 2_000_000.0)),
        Source::Camera => {
            list.push(&encoding(Some("q"), 4.0, 150_000.0));
            list.push(&encoding(Some("h"), 2.0, 500_000.0));
            list.push(&encoding(Some("f"), 1.0, 1_700_000.0))
        }
    };
    list.into()
}

fn ice_servers(relays: &[IceServer]) -> JsValue {
    let list = Array::new();
    for relay in relays {
        let urls: Array = relay
            .urls
            .iter()
            .map(|url| JsValue::from_str(url))
            .collect();
        list.push(&reflect::object(&[
            ("urls", urls.into()),
            ("username", JsValue::from_str(&relay.username)),
            ("credential", JsValue::from_str(&relay.credential)),
        ]));
    }
    list.into()
}

/// What the browser says of a codec that it can send.
fn codec_named(mime: &str) -> Option<JsValue> {
    let sender = reflect::get(&js_sys::global(), "RTCRtpSender");
    let kind = mime.split('/').next().unwrap_or_default();
    let capabilities =
        reflect::call(&sender, "getCapabilities", &[JsValue::from_str(kind)]).ok()?;
    let codecs = Array::from(&reflect::get(&capabilities, "codecs"));
    codecs.iter().find(|codec| {
        reflect::text(codec, "mimeType").is_some_and(|name| name.eq_ignore_ascii_case(mime))
    })
}

/// Offers VP8 first, then H.264, and nothing else: what the server forwards, and an offer that
/// stays far below the largest description. What is sealed is VP8 and plain Opus: of other formats
/// packets need more than what stays clear.
fn prefer_codecs(line: &RtcRtpTransceiver, kind: &str, sealed: bool) {
    let names: &[&str] = match (kind, sealed) {
        ("video", false) => &["video/VP8", "video/H264", "video/rtx"],
        ("video", true) => &["video/VP8", "video/rtx"],
        (_, true) => &["audio/opus"],
        (_, false) => return,
    };
    let receiver = reflect::get(&js_sys::global(), "RTCRtpReceiver");
    let Ok(capabilities) = reflect::call(&receiver, "getCapabilities", &[JsValue::from_str(kind)])
    else {
        return;
    };
    let known = Array::from(&reflect::get(&capabilities, "codecs"));
    let wanted = Array::new();
    for name in names.iter().copied() {
        for codec in known.iter() {
            let mime = reflect::text(&codec, "mimeType").unwrap_or_default();
            let profile = reflect::text(&codec, "sdpFmtpLine").unwrap_or_default();
            let fits = name != "video/H264"
                || (profile.contains("packetization-mode=1")
                    && profile.contains("profile-level-id=42"));
            if mime.eq_ignore_ascii_case(name) && fits {
                wanted.push(&codec);
            }
        }
    }
    if wanted.length() > 0 {
        let _kept = reflect::call(line, "setCodecPreferences", &[wanted.into()]);
    }
}
