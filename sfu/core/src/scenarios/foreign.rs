//! Offers in the shape in which programs that are no browsers make them.

use super::world::World;
use crate::{
    ConnectError, ConnectRequest, ConnectionKey, Grants, Mode, ParticipantKey, Rank, RoomKey,
    Source, SourceMid, SourceSet,
};

const FINGERPRINT: &str = "a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:\
    00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
const ICE: &str = "a=ice-ufrag:4cV8\r\na=ice-pwd:Jf2rX0vQ5hLw7sTzKp9aBn3e";
const CONSTRAINED: &str = "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1";

/// OBS: the fingerprint for the whole session, SSRCs without header extensions, no resends.
fn obs(h264: &str) -> String {
    format!(
        "v=0\r\no=rtc 3511927345 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
         a=msid-semantic:WMS *\r\na=ice-options:ice2 trickle\r\n{FINGERPRINT}\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\n\
         a=ssrc:1001 cname:AbCd\r\na=ssrc:1001 msid:EfGh EfGh-audio\r\na=msid:EfGh EfGh-audio\r\n\
         a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n\
         a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1\r\n\
         a=setup:actpass\r\n{ICE}\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\n\
         a=ssrc:1002 cname:AbCd\r\na=ssrc:1002 msid:EfGh EfGh-video\r\na=msid:EfGh EfGh-video\r\n\
         a=rtcp-mux\r\na=rtpmap:96 H264/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n\
         a=rtcp-fb:96 goog-remb\r\na=fmtp:96 {h264}\r\na=setup:actpass\r\n{ICE}\r\n"
    )
}

/// FFmpeg: it waits for the server to begin DTLS, and its baseline is not called constrained.
fn ffmpeg(h264: &str) -> String {
    format!(
        "v=0\r\no=FFmpeg 4489045141692799359 2 IN IP4 127.0.0.1\r\ns=FFmpegPublishSession\r\nt=0 0\r\n\
         a=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n{ICE}\r\n{FINGERPRINT}\r\n\
         a=setup:passive\r\na=mid:0\r\na=sendonly\r\na=msid:FFmpeg audio\r\na=rtcp-mux\r\n\
         a=rtpmap:111 opus/48000/2\r\na=ssrc:2001 cname:FFmpeg\r\na=ssrc:2001 msid:FFmpeg audio\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF 106\r\nc=IN IP4 0.0.0.0\r\n{ICE}\r\n{FINGERPRINT}\r\n\
         a=setup:passive\r\na=mid:1\r\na=sendonly\r\na=msid:FFmpeg video\r\na=rtcp-mux\r\n\
         a=rtcp-rsize\r\na=rtpmap:106 H264/90000\r\na=fmtp:106 {h264}\r\n\
         a=ssrc:2002 cname:FFmpeg\r\na=ssrc:2002 msid:FFmpeg video\r\n"
    )
}

fn request(offer: &str) -> ConnectRequest {
    let source = |mid: &str, source| SourceMid {
        mid: mid.to_owned(),
        source,
    };
    ConnectRequest {
        room: RoomKey(1),
        participant: ParticipantKey(10),
        connection: ConnectionKey(1),
        mode: Mode::Room,
        offer_sdp: offer.to_owned(),
        sources: vec![source("0", Source::Microphone), source("1", Source::Camera)],
        on: SourceSet::ALL,
        rank: Rank::Other,
        grants: Grants::ALL,
    }
}

/// The answer's lines about one m-line.
fn section<'a>(answer: &'a str, mid: &str) -> Vec<&'a str> {
    let wanted = format!("a=mid:{mid}");
    let lines: Vec<&str> = answer.lines().collect();
    lines
        .chunk_by(|_, next| !next.starts_with("m="))
        .find(|part| part.contains(&wanted.as_str()))
        .unwrap()
        .to_vec()
}

#[test]
fn obs_and_ffmpeg_are_answered_with_the_h264_that_they_name() {
    for (offer, payload, profile) in [
        (obs(CONSTRAINED), "96", "42e01f"),
        (
            ffmpeg("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"),
            "106",
            "42001f",
        ),
        (
            ffmpeg("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
            "106",
            "42e01f",
        ),
    ] {
        let answer = World::new().request(request(&offer)).unwrap();
        assert!(answer.contains("a=ice-lite") && answer.contains("a=candidate:"));
        for mid in ["0", "1"] {
            assert!(section(&answer, mid).contains(&"a=recvonly"), "{answer}");
        }
        let video = section(&answer, "1");
        let media = format!("m=video 9 UDP/TLS/RTP/SAVPF {payload}");
        assert!(video.contains(&media.as_str()), "{answer}");
        let map = format!("a=rtpmap:{payload} H264/90000");
        assert!(video.contains(&map.as_str()), "{answer}");
        let format = video.iter().find(|line| line.starts_with("a=fmtp:"));
        assert!(
            format.is_some_and(|line| line.contains(profile)),
            "{answer}"
        );
    }
}

#[test]
fn whoever_waits_for_dtls_is_called() {
    let plain = "packetization-mode=1;profile-level-id=42001f";
    let answer = World::new().request(request(&ffmpeg(plain))).unwrap();
    assert!(answer.contains("a=setup:active"), "{answer}");
    let active = obs(CONSTRAINED).replace("a=setup:actpass", "a=setup:active");
    for offer in [obs(CONSTRAINED), active] {
        let answer = World::new().request(request(&offer)).unwrap();
        assert!(answer.contains("a=setup:passive"), "{answer}");
    }
}

#[test]
fn a_browser_that_names_both_baselines_is_answered_with_the_constrained_one() {
    let both = obs(CONSTRAINED).replace("SAVPF 96", "SAVPF 96 97")
        + "a=rtpmap:97 H264/90000\r\na=fmtp:97 packetization-mode=1;profile-level-id=42001f\r\n";
    let answer = World::new().request(request(&both)).unwrap();
    assert!(
        section(&answer, "1").contains(&"m=video 9 UDP/TLS/RTP/SAVPF 96"),
        "{answer}"
    );
}

#[test]
fn h264_that_no_browser_was_promised_is_refused() {
    for other in [
        "packetization-mode=1;profile-level-id=640032",
        "packetization-mode=1;profile-level-id=4d001f",
        "packetization-mode=0;profile-level-id=42e01f",
        "profile-level-id=42e01f",
    ] {
        let refused = World::new().request(request(&obs(other)));
        assert!(matches!(refused, Err(ConnectError::NoCommonCodec { mid }) if mid == "1"));
    }
}
