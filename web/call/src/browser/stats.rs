//! `getStats` in a form that pages and the grader can use.

use js_sys::{Array, Map};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::RtcPeerConnection;

use super::clock::whole;
use super::reflect;
use crate::grade::LinkSample;
use crate::pulse::Beat;

/// What one receiving m-line has brought so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InboundStats {
    /// The m-line.
    pub mid: String,
    /// True for pictures, false for speech.
    pub video: bool,
    /// Packets received.
    pub packets: u64,
    /// Packets lost.
    pub lost: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Pictures decoded; 0 for speech.
    pub frames_decoded: u64,
    /// Width of the last picture.
    pub width_px: u64,
    /// Height of the last picture.
    pub height_px: u64,
    /// Speech energy received, as `totalAudioEnergy` counts it.
    pub audio_energy: f64,
    /// Codec name, such as `VP8`.
    pub codec: String,
    /// Jitter in milliseconds.
    pub jitter_ms: f64,
    /// Times that the picture stood still, where the browser counts them.
    pub freezes: u64,
    /// Samples of speech that were made up for lost ones.
    pub concealed_samples: u64,
}

/// What one sending stream has sent so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OutboundStats {
    /// The m-line.
    pub mid: String,
    /// Which size of a simulcast camera; empty without simulcast.
    pub rid: String,
    /// True for pictures, false for speech.
    pub video: bool,
    /// Packets sent.
    pub packets: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Pictures encoded; 0 for speech.
    pub frames_encoded: u64,
    /// Width of the last picture.
    pub width_px: u64,
    /// Height of the last picture.
    pub height_px: u64,
    /// Codec name.
    pub codec: String,
}

/// How packets get to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// Not yet.
    #[default]
    Unknown,
    /// In datagrams.
    Udp,
    /// In a TCP stream.
    Tcp,
    /// Through a relay.
    Relay,
}

/// One reading of a whole connection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StatsReport {
    /// Receiving m-lines, in order.
    pub inbound: Vec<InboundStats>,
    /// Sending streams, in order.
    pub outbound: Vec<OutboundStats>,
    /// Round trip in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Share of own packets that the server missed lately, 0 ..= 1.
    pub loss_sent: Option<f64>,
    /// Bandwidth to the server as the browser estimates it, in bit/s.
    pub bandwidth_bps: Option<f64>,
    /// How packets get to the server.
    pub way: Way,
    /// The transport is connected.
    pub connected: bool,
}

fn count(entry: &JsValue, name: &str) -> u64 {
    whole(reflect::number(entry, name).unwrap_or(0.0))
}

fn word(entry: &JsValue, name: &str) -> String {
    reflect::text(entry, name).unwrap_or_default()
}

/// How many packets have passed the transport so far, for [`crate::pulse::Pulse`].
pub(super) async fn beat(pc: RtcPeerConnection) -> Option<Beat> {
    let raw = JsFuture::from(pc.get_stats()).await.ok()?;
    let map: Map = raw.unchecked_into();
    let mut beat = Beat::default();
    for entry in Array::from(&map.values()).iter() {
        if word(&entry, "type") == "candidate-pair" {
            let add = |sum: u64, name| sum.saturating_add(count(&entry, name));
            beat.sent_bytes = add(beat.sent_bytes, "bytesSent");
            beat.received_bytes = add(beat.received_bytes, "bytesReceived");
        }
    }
    Some(beat)
}

/// Reads a connection. None when it is closed.
pub(super) async fn read(pc: RtcPeerConnection) -> Option<StatsReport> {
    let raw = JsFuture::from(pc.get_stats()).await.ok()?;
    // A report is maplike and no instance of `Map`; its methods are the same.
    let map: Map = raw.unchecked_into();
    let mut report = StatsReport {
        connected: word(&pc, "connectionState") == "connected",
        ..StatsReport::default()
    };
    for entry in Array::from(&map.values()).iter() {
        match word(&entry, "type").as_str() {
            "inbound-rtp" => report.inbound.push(inbound(&map, &entry)),
            "outbound-rtp" => report.outbound.push(outbound(&map, &entry)),
            "candidate-pair" if reflect::get(&entry, "nominated").is_truthy() => {
                let seconds = reflect::number(&entry, "currentRoundTripTime");
                report.rtt_ms = seconds.map(|seconds| seconds * 1_000.0).or(report.rtt_ms);
                let bandwidth = reflect::number(&entry, "availableOutgoingBitrate");
                report.bandwidth_bps = bandwidth.or(report.bandwidth_bps);
                report.way = way(&map, &entry);
            }
            "remote-inbound-rtp" => {
                let loss = reflect::number(&entry, "fractionLost").unwrap_or(0.0);
                report.loss_sent = Some(report.loss_sent.map_or(loss, |worst| worst.max(loss)));
            }
            _ => {}
        }
    }
    report.inbound.sort_by(|a, b| a.mid.cmp(&b.mid));
    report
        .outbound
        .sort_by(|a, b| (&a.mid, &a.rid).cmp(&(&b.mid, &b.rid)));
    Some(report)
}

fn way(map: &Map, pair: &JsValue) -> Way {
    let own = map.get(&reflect::get(pair, "localCandidateId"));
    match (
        word(&own, "candidateType").as_str(),
        word(&own, "protocol").as_str(),
    ) {
        ("relay", _) => Way::Relay,
        (_, "udp") => Way::Udp,
        (_, "tcp") => Way::Tcp,
        _ => Way::Unknown,
    }
}

fn codec_of(map: &Map, entry: &JsValue) -> String {
    let codec = map.get(&reflect::get(entry, "codecId"));
    word(&codec, "mimeType")
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn inbound(map: &Map, entry: &JsValue) -> InboundStats {
    InboundStats {
        mid: word(entry, "mid"),
        video: word(entry, "kind") == "video",
        packets: count(entry, "packetsReceived"),
        lost: count(entry, "packetsLost"),
        bytes: count(entry, "bytesReceived"),
        frames_decoded: count(entry, "framesDecoded"),
        width_px: count(entry, "frameWidth"),
        height_px: count(entry, "frameHeight"),
        audio_energy: reflect::number(entry, "totalAudioEnergy").unwrap_or(0.0),
        codec: codec_of(map, entry),
        jitter_ms: reflect::number(entry, "jitter").unwrap_or(0.0) * 1_000.0,
        freezes: count(entry, "freezeCount"),
        concealed_samples: count(entry, "concealedSamples"),
    }
}

fn outbound(map: &Map, entry: &JsValue) -> OutboundStats {
    OutboundStats {
        mid: word(entry, "mid"),
        rid: word(entry, "rid"),
        video: word(entry, "kind") == "video",
        packets: count(entry, "packetsSent"),
        bytes: count(entry, "bytesSent"),
        frames_encoded: count(entry, "framesEncoded"),
        width_px: count(entry, "frameWidth"),
        height_px: count(entry, "frameHeight"),
        codec: codec_of(map, entry),
    }
}

impl StatsReport {
    /// What happened since an earlier reading of the same connection, for the grader.
    #[must_use]
    pub fn sample_since(&self, earlier: &Self) -> LinkSample {
        let mut received = 0_u64;
        let mut lost = 0_u64;
        for now in &self.inbound {
            let before = earlier.inbound.iter().find(|one| one.mid == now.mid);
            let (packets, missing) = before.map_or((0, 0), |one| (one.packets, one.lost));
            received = received.saturating_add(now.packets.saturating_sub(packets));
            lost = lost.saturating_add(now.lost.saturating_sub(missing));
        }
        let loss_received = ratio(lost, received.saturating_add(lost));
        let worse = match (loss_received, self.loss_sent) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        let jitter = self
            .inbound
            .iter()
            .filter(|one| !one.video && one.packets > 0)
            .map(|one| one.jitter_ms)
            .reduce(f64::max);
        LinkSample {
            rtt_ms: self.rtt_ms,
            loss: worse,
            jitter_ms: jitter,
            flowing: self.connected,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of packets are far below 2^53"
)]
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
