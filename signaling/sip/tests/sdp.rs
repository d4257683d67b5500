//! Offers of telephones and what is answered to them.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use sfu_phone::{Codec, CryptoLine, CryptoSuite};
use signaling_sip::{
    Agreement, Flow, Local, Offer, SdpError, Security, accept_answer, write_offer,
};

fn local() -> Local {
    Local {
        address: "192.0.2.1:30000".parse().unwrap(),
        session: 77,
        version: 1,
        codecs: vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu],
        security: Security::Disabled,
        holds: false,
    }
}

fn key(fill: u8) -> CryptoLine {
    CryptoLine::new(1, CryptoSuite::AesCm128Sha1Tag80, vec![fill; 30]).unwrap()
}

fn offer(media: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 203.0.113.7\r\ns=-\r\nc=IN IP4 203.0.113.7\r\nt=0 0\r\n{media}")
}

fn answered(media: &str, local: &Local) -> Result<(Agreement, String), SdpError> {
    Offer::parse(&offer(media))?.answer(local)
}

const PLAIN: &str = "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";

#[test]
fn a_usual_telephone_gets_its_first_common_codec_and_its_events() {
    let (agreement, text) = answered(PLAIN, &local()).unwrap();
    assert_eq!(agreement.codec, Codec::Pcmu);
    assert_eq!(agreement.payload_types.event, Some(101));
    assert_eq!(agreement.remote, "203.0.113.7:4000".parse().unwrap());
    assert!(text.contains("m=audio 30000 RTP/AVP 0 101\r\n"), "{text}");
    assert!(text.contains("a=sendrecv\r\n"));
}

#[test]
fn events_have_the_number_and_the_clock_that_were_offered() {
    let media = "m=audio 4000 RTP/AVP 96 0 97 127\r\na=rtpmap:96 opus/48000/2\r\n\
                 a=rtpmap:97 telephone-event/8000\r\na=rtpmap:127 telephone-event/48000\r\n";
    let (agreement, text) = answered(media, &local()).unwrap();
    assert_eq!(
        (agreement.codec, agreement.payload_types.event),
        (Codec::Opus, Some(127))
    );
    assert!(text.contains("a=rtpmap:127 telephone-event/48000"));
    let narrow = Local {
        codecs: vec![Codec::Pcmu],
        ..local()
    };
    assert_eq!(
        answered(media, &narrow).unwrap().0.payload_types.event,
        Some(97)
    );
}

#[test]
fn every_form_of_hold_is_answered_as_rfc_3264_says() {
    for (line, flow, words) in [
        ("a=sendonly\r\n", Flow::RecvOnly, "a=recvonly"),
        ("a=recvonly\r\n", Flow::SendOnly, "a=sendonly"),
        ("a=inactive\r\n", Flow::Inactive, "a=inactive"),
        ("a=sendrecv\r\n", Flow::SendRecv, "a=sendrecv"),
        ("c=IN IP4 0.0.0.0\r\n", Flow::RecvOnly, "a=recvonly"),
        (
            "c=IN IP4 0.0.0.0\r\na=inactive\r\n",
            Flow::Inactive,
            "a=inactive",
        ),
    ] {
        let (agreement, text) = answered(&format!("{PLAIN}{line}"), &local()).unwrap();
        assert_eq!(agreement.flow, flow, "{line}");
        assert!(text.contains(words), "{line} {text}");
    }
    // While we hold, nothing asks the other side to send.
    let holding = Local {
        holds: true,
        ..local()
    };
    let flow = |line: &str| {
        answered(&format!("{PLAIN}{line}"), &holding)
            .unwrap()
            .0
            .flow
    };
    assert_eq!(flow(""), Flow::SendOnly);
    assert_eq!(flow("a=sendonly\r\n"), Flow::Inactive);
    // The direction of the session holds for its media.
    let text = offer(PLAIN).replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n");
    assert_eq!(
        Offer::parse(&text)
            .unwrap()
            .answer(&local())
            .unwrap()
            .0
            .flow,
        Flow::RecvOnly
    );
}

#[test]
fn media_that_are_not_taken_are_refused_in_their_places() {
    let media = format!("m=image 5000 udptl t38\r\n{PLAIN}m=video 6000 RTP/AVP 96\r\n");
    let (_, text) = answered(&media, &local()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        [
            "m=image 0 UDPTL t38",
            "m=audio 30000 RTP/AVP 0 101",
            "m=video 0 RTP/AVP 96"
        ]
    );
}

#[test]
fn encryption_is_never_dropped_where_it_must_be_and_never_pretended() {
    let crypto = key(5).write();
    let secure =
        format!("m=audio 4000 RTP/SAVP 0\r\na=crypto:9 FOO inline:x\r\na=crypto:{crypto}\r\n");
    let with = |security| Local {
        security,
        ..local()
    };
    assert_eq!(answered(&secure, &local()).unwrap_err(), SdpError::Security);
    assert_eq!(
        answered(PLAIN, &with(Security::Required(key(6)))).unwrap_err(),
        SdpError::Security
    );
    assert_eq!(
        answered(PLAIN, &with(Security::Allowed(key(6))))
            .unwrap()
            .0
            .keys,
        None
    );
    let (agreement, text) = answered(&secure, &with(Security::Required(key(6)))).unwrap();
    let (ours, theirs) = agreement.keys.unwrap();
    assert_eq!((ours.expose()[0], theirs.expose()[0]), (6, 5));
    assert!(text.contains("RTP/SAVP") && text.contains(&key(6).write()));
    let other = secure.replace("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32");
    assert_eq!(
        answered(&other, &with(Security::Allowed(key(6)))).unwrap_err(),
        SdpError::Security
    );
    let reply = Offer::parse(&write_offer(&local()))
        .unwrap()
        .answer(&local())
        .unwrap()
        .1;
    assert_eq!(
        accept_answer(&with(Security::Allowed(key(1))), &reply),
        Err(SdpError::Security)
    );
}

#[test]
fn what_cannot_be_agreed_on_says_why() {
    let why = |media: &str| answered(media, &local()).unwrap_err();
    assert_eq!(why(""), SdpError::NoSound);
    assert_eq!(why("m=audio 0 RTP/AVP 0\r\n"), SdpError::NoSound);
    assert_eq!(why("m=audio 4000 RTP/AVP 18\r\n"), SdpError::Codec);
    assert_eq!(
        why("m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n"),
        SdpError::NoSound
    );
    assert_eq!(why("m=audio 70000 RTP/AVP 0\r\n"), SdpError::Form);
    assert_eq!(Offer::parse("hello").unwrap_err(), SdpError::Form);
    assert_eq!(
        why("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 phone.example\r\n"),
        SdpError::Address
    );
}

proptest! {
    /// Two of us agree: on the same codec, payload types and flow, and each has the other's key.
    #[test]
    fn both_ends_agree_on_the_same(
        mine in prop::sample::subsequence(vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu], 1..=4),
        theirs in prop::sample::subsequence(vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu], 1..=4),
        (holds_mine, holds_theirs, is_secure) in any::<(bool, bool, bool)>(),
    ) {
        let security = |fill| if is_secure { Security::Required(key(fill)) } else { Security::Disabled };
        let a = Local { codecs: mine.clone(), holds: holds_mine, security: security(1), ..local() };
        let b = Local { codecs: theirs.clone(), holds: holds_theirs, security: security(2), address: "[2001:db8::2]:9".parse().unwrap(), ..local() };
        let answered = Offer::parse(&write_offer(&a)).unwrap().answer(&b);
        if !mine.iter().any(|codec| theirs.contains(codec)) {
            prop_assert_eq!(answered.unwrap_err(), SdpError::Codec);
            return Ok(());
        }
        let (of_b, text) = answered.unwrap();
        let of_a = accept_answer(&a, &text).unwrap();
        prop_assert_eq!(of_a.codec, of_b.codec);
        prop_assert_eq!(of_a.payload_types.speech, of_b.payload_types.speech);
        prop_assert_eq!(of_a.payload_types.event, of_b.payload_types.event);
        prop_assert!(of_a.payload_types.event.is_some());
        prop_assert_eq!((of_a.flow.sends(), of_a.flow.receives()), (of_b.flow.receives(), of_b.flow.sends()));
        prop_assert_eq!((of_a.remote, of_b.remote), (b.address, a.address));
        let keys = |agreement: &Agreement| agreement.keys.clone().map(|(ours, theirs)| (ours.expose()[0], theirs.expose()[0]));
        prop_assert_eq!(keys(&of_a), is_secure.then_some((1, 2)));
        prop_assert_eq!(keys(&of_b), is_secure.then_some((2, 1)));
    }

    #[test]
    fn nothing_panics(lines in prop::collection::vec("[vcmao]=[ -~]{0,40}", 0..12)) {
        let _ = answered(&lines.join("\r\n"), &local());
    }
}
