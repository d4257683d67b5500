//! What must hold of messages that may come from anybody. For the fuzz targets only.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use sfu_phone::Codec;

use crate::digest::{Credentials, DigestServer, Password, answer_challenge};
use crate::digest_params::DigestParams;
use crate::fence::{DropReason, Fence, FenceConfig, Verdict};
use crate::framing::{Frame, Framer};
use crate::info::{Info, read_info};
use crate::rate_limit::BucketRate;
use crate::sdp::{Local, Offer, Security, accept_answer, write_offer};
use crate::session::{SessionTerms, SessionTimer};
use crate::tidy_up::tidy;

/// A datagram at the fence: what passes is in order, and passes again as the same.
pub fn datagram(bytes: &[u8]) {
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let rate = BucketRate {
        per_second: 10,
        burst: 10,
    };
    let config = FenceConfig {
        allowed: "127.0.0.0/8".parse().into_iter().collect(),
        messages: rate,
        calls: rate,
        open_calls_max: 1,
    };
    let mut fence = Fence::new(config);
    if let Verdict::Pass(passed) = fence.judge(0, from, bytes, 0) {
        let head = passed.windows(4).position(|four| four == b"\r\n\r\n");
        let head = head.and_then(|at| passed.get(..at)).unwrap_or_default();
        assert!(core::str::from_utf8(head).is_ok());
        let lower = head.to_ascii_lowercase();
        let lengths = lower
            .windows(17)
            .filter(|word| word == b"\r\ncontent-length:");
        assert_eq!(lengths.count(), 1);
        assert_eq!(
            fence.judge(0, from, &passed, 0),
            Verdict::Pass(passed.clone())
        );
    }
}

/// A stream, cut into pieces of so many bytes as its first byte says: it means the same however it is
/// cut, and of each message in it the fence sees the same end.
pub fn stream(bytes: &[u8]) {
    let Some((piece, stream)) = bytes.split_first() else {
        return;
    };
    let whole = framed(stream, stream.len().max(1));
    assert_eq!(framed(stream, usize::from(*piece).max(1)), whole);
    let (frames, _) = whole;
    for frame in frames {
        // What is nearly as long as may be is longer when it is in order.
        let Frame::Message(message) = frame else {
            continue;
        };
        if message.len() < 2_000
            && let Ok(tidied) = tidy(&message)
        {
            let again = framed(&tidied.bytes, tidied.bytes.len());
            assert_eq!(again, (vec![Frame::Message(tidied.bytes)], None));
            // Nothing of a message is left over for whoever reads its length otherwise.
            let mut longer = message.clone();
            longer.push(b'x');
            assert_eq!(
                tidy(&longer).map(|it| it.bytes),
                tidy(&message).map(|it| it.bytes)
            );
        }
    }
}

/// All frames, and what ended the stream.
fn framed(stream: &[u8], piece: usize) -> (Vec<Frame>, Option<DropReason>) {
    let mut framer = Framer::new();
    let mut frames = Vec::new();
    for part in stream.chunks(piece) {
        framer.push(part);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(why) => return (frames, Some(why)),
            }
        }
    }
    (frames, None)
}

/// A digest header: a challenge that can be answered has an answer that can be read, and no header
/// from outside is believed.
pub fn digest(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let Ok(params) = DigestParams::parse(text) else {
        return;
    };
    let who = Credentials {
        username: "trunk".to_owned(),
        password: Password::new("secret".to_owned()),
    };
    if let Ok(answer) = answer_challenge(&params, &who, ("INVITE", "sip:a"), "c", 1) {
        let read = DigestParams::parse(&answer).ok();
        let nonce = read.as_ref().and_then(|read| read.get("nonce"));
        // What cannot stand in a quoted string is left out of it.
        assert_eq!(nonce, params.get("nonce"));
    }
    let mut server = DigestServer::new("clinic".to_owned(), [9; 32]);
    let judged = server.verify(1_000, ("INVITE", "sip:a"), &params, |_| {
        Some(Password::new("secret".to_owned()))
    });
    assert!(judged.is_err());
}

/// `Session-Expires` and `Min-SE`, a line each, and an INFO below them: what is agreed on can be read,
/// and ends; a key is a key.
pub fn session(bytes: &[u8]) {
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let mut text = || core::str::from_utf8(lines.next().unwrap_or_default()).ok();
    let terms = SessionTerms::parse(text(), text(), true);
    if let Ok(Some(mut timer)) = SessionTimer::answer(terms, 0) {
        let read = SessionTerms::parse(Some(&timer.header()), None, true);
        assert!(SessionTimer::agreed(read, 0).is_some());
        let (first, _) = timer.due();
        timer.asked();
        assert!(0 < first && first <= timer.due().0);
    }
    let body = lines.next().unwrap_or_default();
    for kind in ["application/dtmf-relay", "application/dtmf", ""] {
        if let Info::Key(digit) = read_info(kind, body) {
            assert!("0123456789*#ABCD".contains(digit.expose()));
        }
    }
}

/// A description: whatever is answered to it can be read, and means the other half of the same.
pub fn sdp(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let local = Local {
        address: SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4_000),
        session: 1,
        version: 1,
        codecs: vec![Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus],
        security: Security::Disabled,
        holds: false,
    };
    let _ = accept_answer(&local, text);
    let Ok((agreement, answer)) = Offer::parse(text).and_then(|offer| offer.answer(&local)) else {
        return;
    };
    let read = Offer::parse(&answer).and_then(|offer| offer.answer(&local));
    assert!(read.is_ok_and(|(theirs, _)| {
        theirs.codec == agreement.codec
            && theirs.payload_types.speech == agreement.payload_types.speech
            && theirs.payload_types.event == agreement.payload_types.event
            && theirs.flow.sends() == agreement.flow.receives()
            && theirs.flow.receives() == agreement.flow.sends()
    }));
    assert!(Offer::parse(&write_offer(&local)).is_ok());
}
