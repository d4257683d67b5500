//! What comes to the media server: STUN, offers, TCP connections.

use std::net::SocketAddr;

use sfu_core::stun::{self, Class, Message, Writer};
use sfu_core::{Source, SourceMid, check_offer, limits, shard_of_ufrag};
use sfu_net::{FIRST_BYTES_MAX, Opening, first_bytes as told};

/// The password of the test vectors of RFC 5769.
const KEY: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

/// One STUN message: what is read is written and read as the same.
pub(crate) fn stun(bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else {
        return;
    };
    let attributes: Vec<(u16, &[u8])> = message.attributes().collect();
    let total: usize = attributes.iter().map(|(_, value)| value.len() + 4).sum();
    assert!(total + stun::HEADER_BYTES <= bytes.len());
    let writer = || {
        let begun = Writer::new(message.method(), message.class(), message.transaction());
        attributes
            .iter()
            .fold(begun, |writer, (kind, value)| writer.with(*kind, value))
    };
    let written = writer().finish();
    assert!(written.len() <= bytes.len());
    let again = Message::parse(&written);
    assert!(
        again
            .is_ok_and(|again| same(&message, &again) && again.attributes().eq(attributes.clone()))
    );
    // What is signed anew says the same, and no other key has signed it.
    if bytes.len() < 60_000 {
        let signed = writer().signed(KEY).fingerprinted();
        let again = Message::parse(&signed);
        assert!(again.is_ok_and(|again| same(&message, &again)
            && again.is_signed_with(KEY)
            && !again.is_signed_with(b"another")
            && again.attributes().eq(attributes.clone())));
    }
    assert!(message.is_signed() || !message.is_signed_with(KEY));
    for (kind, _) in &attributes {
        if let Some(address) = message.address(*kind) {
            address_survives(&message, *kind, address);
        }
    }
    if let Some((ours, _)) = message
        .text(stun::USERNAME)
        .and_then(|it| it.split_once(':'))
    {
        let named = shard_of_ufrag(ours).map(|shard| format!("{shard:04x}"));
        assert!(named.is_none_or(|named| ours.to_ascii_lowercase().starts_with(&named)));
    }
    // A message is exactly as long as it says.
    let longer = [bytes, &[0; 4]].concat();
    assert!(Message::parse(&longer).is_err());
    assert!(
        bytes
            .split_last()
            .is_none_or(|(_, less)| Message::parse(less).is_err())
    );
}

fn same(one: &Message<'_>, other: &Message<'_>) -> bool {
    (one.method(), one.class(), one.transaction())
        == (other.method(), other.class(), other.transaction())
}

fn address_survives(message: &Message<'_>, kind: u16, address: SocketAddr) {
    let written = Writer::new(stun::BINDING, Class::Success, message.transaction())
        .with_address(kind, address)
        .finish();
    let again = Message::parse(&written);
    assert!(again.is_ok_and(|again| again.address(kind) == Some(address)));
}

/// An SDP offer whose m-lines are asked for in turn as microphone, camera and screen.
pub(crate) fn offer(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let sources: Vec<SourceMid> = text
        .lines()
        .filter_map(|line| line.strip_prefix("a=mid:"))
        .zip(Source::ALL)
        .map(|(mid, source)| SourceMid {
            mid: mid.trim_end().to_owned(),
            source,
        })
        .collect();
    let accepted = check_offer(text, &sources).is_ok();
    if accepted {
        let lines = text.lines().filter(|line| line.starts_with("m=")).count();
        assert!(lines <= limits::MEDIA_LINES_MAX && text.len() <= limits::OFFER_BYTES_MAX);
        // Who asks for less is not refused, and nothing can be asked for twice.
        assert!(check_offer(text, &[]).is_ok());
        let twice: Vec<SourceMid> = sources.iter().chain(&sources).cloned().collect();
        assert!(sources.is_empty() || check_offer(text, &twice).is_err());
    }
    let ended: String = text.lines().flat_map(|line| [line, "\n"]).collect();
    assert!(
        !accepted || ended.len() > limits::OFFER_BYTES_MAX || check_offer(&ended, &sources).is_ok()
    );
}

/// The beginning of a TCP connection: more bytes never change what it is.
pub(crate) fn first_bytes(bytes: &[u8]) {
    let mut known: Option<Opening> = None;
    for length in 0..=bytes.len().min(FIRST_BYTES_MAX + 8) {
        let now = told(bytes.get(..length).unwrap_or_default());
        assert!(known.is_none() || known == now, "{known:?} became {now:?}");
        assert!(length < FIRST_BYTES_MAX || now.is_some());
        known = now;
    }
}

/// A TURN connection.
pub(crate) fn relay(bytes: &[u8]) {
    let messages = sfu_net::fuzzing::relay_messages(bytes);
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    sfu_net::fuzzing::relay(&messages);
}
