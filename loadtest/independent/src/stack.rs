//! How the foreign stack is set up: VP8 and Opus as browsers offer them, its usual chain, one socket.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rtc::interceptor::Slot;
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RtpCodecKind,
};
use webrtc::error::Result;
use webrtc::media_stream::MediaStreamTrack;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
    RTCConfigurationBuilder, Registry, SettingEngineBuilder, register_default_interceptors,
};

use crate::requests::KeyRequests;

/// Payload types, as browsers number them.
pub(crate) const OPUS: u8 = 111;
pub(crate) const VP8: u8 = 96;
const VP8_AGAIN: u8 = 97;
/// Behind everything that the stack brings itself.
const LISTENER: Slot = Slot::Custom(14_000);

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: "audio/opus".to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
        rtcp_feedback: Vec::new(),
    }
}

fn vp8() -> RTCRtpCodec {
    let feedback = [("ccm", "fir"), ("nack", ""), ("nack", "pli")];
    let feedback = feedback.into_iter().map(|(typ, parameter)| RTCPFeedback {
        typ: typ.to_owned(),
        parameter: parameter.to_owned(),
    });
    RTCRtpCodec {
        mime_type: "video/VP8".to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: String::new(),
        rtcp_feedback: feedback.collect(),
    }
}

fn codecs() -> Result<MediaEngine> {
    let mut engine = MediaEngine::default();
    let again = RTCRtpCodec {
        mime_type: "video/rtx".to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: format!("apt={VP8}"),
        rtcp_feedback: Vec::new(),
    };
    for (rtp_codec, payload_type, kind) in [
        (opus(), OPUS, RtpCodecKind::Audio),
        (vp8(), VP8, RtpCodecKind::Video),
        (again, VP8_AGAIN, RtpCodecKind::Video),
    ] {
        let parameters = RTCRtpCodecParameters {
            rtp_codec,
            payload_type,
        };
        engine.register_codec(parameters, kind)?;
    }
    Ok(engine)
}

/// A connection with a socket of this address. Requests for key frames set `wanted`.
pub(crate) async fn connection(
    address: IpAddr,
    wanted: Arc<AtomicBool>,
    handler: Arc<dyn PeerConnectionEventHandler>,
) -> Result<Arc<dyn PeerConnection>> {
    let mut engine = codecs()?;
    let chain = register_default_interceptors(Registry::new(), &mut engine)?;
    let chain = chain.with(LISTENER, KeyRequests::new(wanted));
    let settings = SettingEngineBuilder::new()
        .with_include_loopback_candidate(true)
        .build();
    // The stack's future is 20 kB large.
    let building = PeerConnectionBuilder::new()
        .with_configuration(RTCConfigurationBuilder::new().build())
        .with_media_engine(engine)
        .with_setting_engine(settings)
        .with_interceptor_registry(chain)
        .with_handler(handler)
        .with_udp_addrs(vec![(address, 0_u16)])
        .build();
    Ok(Arc::new(Box::pin(building).await?))
}

/// A track for packets that are made by the caller.
pub(crate) fn track(kind: RtpCodecKind, (source, ssrc): (u32, u32)) -> Arc<TrackLocalStaticRTP> {
    let codec = if kind == RtpCodecKind::Audio {
        opus()
    } else {
        vp8()
    };
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            ..RTCRtpCodingParameters::default()
        },
        codec,
        ..RTCRtpEncodingParameters::default()
    };
    let name = format!("source-{source}");
    let track = MediaStreamTrack::new(name.clone(), name.clone(), name, kind, vec![coding]);
    Arc::new(TrackLocalStaticRTP::new(track))
}
