//! What must hold of packets that may come from anybody. For the fuzz targets only.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::event::{Event, EventReceiver};
use crate::latch::{Latch, LatchMode, Verdict};
use crate::leg::{Leg, LegConfig, PayloadTypes};
use crate::rtcp;
use crate::rtp::{Header, RtpPacket};
use crate::sdes::CryptoLine;
use crate::{Codec, FRAME_US};

/// One RTP or RTCP packet: what is read is written and read as the same.
pub fn packet(bytes: &[u8]) {
    if let Ok(packet) = RtpPacket::parse(bytes) {
        let written = packet.header.write(packet.payload);
        assert!(written.len() <= bytes.len());
        assert_eq!(RtpPacket::parse(&written), Ok(packet));
        assert!(rtcp::parse(bytes).is_err() || bytes.get(1).is_some());
    }
    if let Ok(packets) = rtcp::parse(bytes) {
        assert!(packets.len() <= 16);
    }
}

/// Events of four bytes each: no more presses than events, each of a key that stands there.
pub fn events(bytes: &[u8]) {
    let mut receiver = EventReceiver::new(8_000);
    let mut timestamp = 0_u32;
    for chunk in bytes.chunks_exact(5) {
        let Some((step, payload)) = chunk.split_first() else {
            break;
        };
        timestamp = timestamp.wrapping_add(u32::from(*step) * 80);
        let Ok(event) = Event::parse(payload) else {
            continue;
        };
        assert_eq!(Event::parse(&event.write()), Ok(event));
        let press = receiver.receive(timestamp, event);
        assert!(press.is_none_or(|press| press.digit.code() == event.code));
        // The same packet again is the same press.
        assert_eq!(receiver.receive(timestamp, event), None);
    }
}

/// A telephone that sends anything: sound goes on frame by frame, and nothing of it is lost time.
pub fn leg(bytes: &[u8]) {
    let from = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4_000);
    let config = LegConfig {
        codec: Codec::Pcmu,
        payload_types: PayloadTypes {
            speech: 0,
            event: Some(101),
            noise: 13,
        },
        remote: from,
        latch: LatchMode::Signalled,
        seed: 1,
        cname: String::new(),
    };
    let Ok(mut leg) = Leg::new(config, 0) else {
        return;
    };
    let mut now_us = 0;
    let mut sequence = 0_u16;
    for chunk in bytes.chunks(24) {
        let Some(([kind, step, late, fill], rest)) = chunk.split_first_chunk::<4>() else {
            break;
        };
        sequence = sequence.wrapping_add(u16::from(*step % 4));
        let header = Header {
            marker: kind & 1 != 0,
            payload_type: [0, 13, 101, 0]
                .into_iter()
                .nth(usize::from(kind >> 6))
                .unwrap_or(0),
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: u32::from(kind & 2),
        };
        let mut payload = rest.to_vec();
        payload.resize(usize::from(*fill), *fill);
        leg.handle(now_us, from, &header.write(&payload));
        leg.handle(now_us, from, rest);
        now_us += i64::from(*late) * 200;
        if step & 0x80 != 0 {
            assert_eq!(leg.hear(now_us).len(), 160);
            assert!(leg.say(&[0; 160]).is_some());
            now_us += FRAME_US;
        }
        while leg.poll_event().is_some() {}
    }
}

/// Five bytes a packet, behind a byte for the mode: who sends it, how much later, whose stream, and its
/// number. Nobody is believed for fewer than three packets, nobody outside of the time and the addresses
/// that the mode allows, and who is not believed changes nothing.
pub fn latch(bytes: &[u8]) {
    let Some((mode, packets)) = bytes.split_first() else {
        return;
    };
    let mode = match mode % 3 {
        0 => LatchMode::Signalled,
        1 => LatchMode::Auto,
        _ => LatchMode::Anywhere,
    };
    let address = |who: u8| {
        let host = Ipv4Addr::new(198, 51, 100, who >> 2 & 3);
        SocketAddr::new(
            IpAddr::V4(host),
            4_000_u16.saturating_add(u16::from(who & 3)),
        )
    };
    let (signalled, mut now_us) = (address(0), 0_i64);
    let mut latch = Latch::new(mode, signalled, now_us);
    let mut sent = std::collections::BTreeMap::<(SocketAddr, u32), u32>::new();
    for packet in packets.chunks_exact(5) {
        let &[who, late, stream, high, low] = packet else {
            return;
        };
        now_us = now_us.saturating_add(i64::from(late) * 4_000);
        let from = address(who);
        let header = Header {
            marker: false,
            payload_type: 0,
            sequence: u16::from_be_bytes([high, low]),
            timestamp: 0,
            ssrc: u32::from(stream & 3),
        };
        let before = latch.destination();
        let verdict = latch.judge(now_us, from, &header);
        let count = sent.entry((from, header.ssrc)).or_default();
        *count = count.saturating_add(1);
        match verdict {
            Verdict::Drop => assert_eq!(latch.destination(), before),
            Verdict::Take => assert_eq!((from, latch.destination()), (before, before)),
            Verdict::TakeAnew => {
                assert!(*count >= 3, "believed too soon");
                assert_eq!(latch.destination(), from);
            }
        }
        let to = latch.destination();
        match mode {
            LatchMode::Signalled => assert_eq!(to, signalled),
            LatchMode::Auto => assert_eq!(to.ip(), signalled.ip()),
            LatchMode::Anywhere => {}
        }
        assert!(to == before || now_us <= 10_000_000, "the window is closed");
    }
}

/// A crypto line: what is read is written and read as the same.
pub fn crypto(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(line) = CryptoLine::parse(text) {
        assert_eq!(line.expose().len(), line.suite.key_bytes());
        assert_eq!(CryptoLine::parse(&line.write()), Ok(line));
    }
}
