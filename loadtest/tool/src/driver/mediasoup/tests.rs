//! What mediasoup 3.8.4 really answered (`recorded`), with the engines of the generator as the other side.

use std::time::Instant;

use serde_json::Value;
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind};
use str0m::{Candidate, Rtc};

use super::sdp;
use super::words::{Consumer, DtlsParameters, Producing, Role, Transport};

const TRANSPORT: &str = include_str!("../../../../peers/mediasoup/recorded/transport.json");
const CONSUMERS: &str = include_str!("../../../../peers/mediasoup/recorded/consumers.json");
const ASKED: &str = include_str!("../../../../peers/mediasoup/recorded/asked.json");

fn engine() -> Rtc {
    let mut rtc = Rtc::builder()
        .set_rtp_mode(true)
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp8(true)
        .build(Instant::now());
    rtc.add_local_candidate(Candidate::host("127.0.0.1:5000".parse().unwrap(), "udp").unwrap());
    rtc
}

fn transport() -> Transport {
    serde_json::from_str(TRANSPORT).unwrap()
}

fn consumers() -> Vec<Consumer> {
    serde_json::from_str(CONSUMERS).unwrap()
}

#[test]
fn a_recorded_transport_is_an_answer_that_an_engine_takes() {
    let mut rtc = engine();
    let mut changes = rtc.sdp_api();
    let voice = changes.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
    let camera = changes.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
    let (offer, pending) = changes.apply().unwrap();
    let answer = sdp::answer(&offer.to_sdp_string(), &transport()).unwrap();
    let answer = SdpAnswer::from_sdp_string(&answer).unwrap();
    rtc.sdp_api().accept_answer(pending, answer).unwrap();
    let config = rtc.codec_config().clone();
    for (mid, codec) in [(voice, Codec::Opus), (camera, Codec::Vp8)] {
        let media = rtc.media(mid).unwrap();
        assert_eq!(media.direction(), Direction::SendOnly);
        let agreed = media.remote_pts();
        let found = config.find(|it| it.spec().codec == codec && agreed.contains(&it.pt()));
        assert!(found.is_some(), "{codec:?} of {agreed:?}");
    }
}

#[test]
fn what_an_engine_offers_to_send_is_said_as_mediasoup_took_it() {
    let asked: Value = serde_json::from_str(ASKED).unwrap();
    let offer = asked["offer"].as_str().unwrap();
    let said = sdp::producing(offer).unwrap();
    let taken: Vec<Producing> = serde_json::from_value(asked["produced"].clone()).unwrap();
    assert_eq!(said, taken);
    let [voice, camera] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert_eq!(
        (voice.kind.as_str(), camera.kind.as_str()),
        ("audio", "video")
    );
    let (voice, camera) = (&voice.rtp_parameters, &camera.rtp_parameters);
    assert!(voice.encodings[0].rtx.is_none());
    assert!(camera.encodings[0].rtx.is_some());
    let again = camera.codecs.iter().find(|it| it.mime_type == "video/rtx");
    let first = camera.codecs.iter().find(|it| it.mime_type == "video/VP8");
    let apt = again.unwrap().parameters["apt"].as_u64();
    assert_eq!(apt, Some(first.unwrap().payload_type.into()));
}

#[test]
fn recorded_consumers_are_an_offer_of_which_an_engine_receives_all() {
    let consumers = consumers();
    let offer = sdp::offer(&consumers, &transport()).unwrap();
    let mut rtc = engine();
    let offer = SdpOffer::from_sdp_string(&offer).unwrap();
    let answer = rtc.sdp_api().accept_offer(offer).unwrap().to_sdp_string();
    assert_eq!(answer.matches("a=recvonly").count(), consumers.len());
    for consumer in &consumers {
        let encoding = consumer.rtp_parameters.encodings[0];
        let mut direct = rtc.direct_api();
        let stream = direct.stream_rx(&encoding.ssrc.into()).unwrap();
        assert_eq!(stream.mid().to_string(), consumer.rtp_parameters.mid);
        assert_eq!(stream.rtx().map(|it| *it), encoding.rtx.map(|it| it.ssrc));
    }
    let DtlsParameters { role, fingerprints } = sdp::dtls(&answer).unwrap();
    assert_eq!(role, Role::Client);
    assert_eq!(fingerprints.len(), 1);
    assert_eq!(fingerprints[0].algorithm, "sha-256");
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(sdp::dtls("v=0\r\n").is_err());
    assert!(sdp::producing("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n").is_err());
    let mut transport = transport();
    transport
        .dtls_parameters
        .fingerprints
        .retain(|it| it.algorithm != "sha-256");
    assert!(sdp::offer(&consumers(), &transport).is_err());
    let without: Result<Transport, _> = serde_json::from_str(r#"{ "id": "x" }"#);
    assert!(without.is_err());
}
