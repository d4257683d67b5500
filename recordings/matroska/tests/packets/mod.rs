//! A sender: frames as packets, as a browser packs them.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use recordings_matroska::{Block, TrackHead};
use recordings_tap::{Codec, Packet, TrackKey};

/// What fits into a packet.
const MTU: usize = 700;

/// Packets of frames, as a browser packs them.
pub(crate) fn packetise(codec: Codec, head: &TrackHead, blocks: &[Block]) -> Vec<Packet> {
    let mut packets = Vec::new();
    let mut seq = 65_500_u16;
    let base = blocks.first().unwrap().at_ms;
    let clock = u64::from(codec.clock_hz());
    for (number, block) in blocks.iter().enumerate() {
        let payloads = match codec {
            Codec::Opus => vec![block.data.clone()],
            Codec::Red => vec![redundant(blocks, number)],
            Codec::Vp8 => vp8(&block.data),
            Codec::Vp9 => vp9(block),
            Codec::H264 => h264(head, block),
            Codec::Av1 => av1(block),
        };
        let ticks = u32::try_from((block.at_ms - base) * clock / 1_000).unwrap();
        let last = payloads.len() - 1;
        for (part, payload) in payloads.into_iter().enumerate() {
            packets.push(Packet {
                track: TrackKey(1),
                layer: 0,
                codec,
                seq,
                timestamp: 0xffff_0000_u32.wrapping_add(ticks),
                marker: part == last && !codec.is_audio(),
                arrival_us: 1_000_000 + (block.at_ms - base) * 1_000,
                payload: payload.into(),
            });
            seq = seq.wrapping_add(1);
        }
    }
    packets
}

fn redundant(blocks: &[Block], number: usize) -> Vec<u8> {
    let now = &blocks[number];
    let mut payload = Vec::new();
    if let Some(before) = number.checked_sub(1).map(|at| &blocks[at]) {
        let offset = u32::try_from((now.at_ms - before.at_ms) * 48).unwrap();
        let length = u32::try_from(before.data.len()).unwrap();
        let rest = offset << 10 | length;
        payload.push(0x80 | 111);
        payload.extend_from_slice(&rest.to_be_bytes()[1..]);
        payload.push(111);
        payload.extend_from_slice(&before.data);
    } else {
        payload.push(111);
    }
    payload.extend_from_slice(&now.data);
    payload
}

/// RFC 7741: a descriptor with a 15-bit picture id, TL0PICIDX and TID.
fn vp8(frame: &[u8]) -> Vec<Vec<u8>> {
    frame
        .chunks(MTU)
        .enumerate()
        .map(|(part, data)| {
            let first = if part == 0 { 0x90 } else { 0x80 };
            let mut payload = vec![first, 0xe0, 0x81, 0x02, 7, 0x20];
            payload.extend_from_slice(data);
            payload
        })
        .collect()
}

/// RFC 9628: flags, a 15-bit picture id, and a scalability structure in front of key frames.
fn vp9(block: &Block) -> Vec<Vec<u8>> {
    let count = block.data.len().div_ceil(MTU);
    block
        .data
        .chunks(MTU)
        .enumerate()
        .map(|(part, data)| {
            let mut flags = 0x80;
            if !block.is_key {
                flags |= 0x40;
            }
            if part == 0 {
                flags |= 0x08;
            }
            if part + 1 == count {
                flags |= 0x04;
            }
            let with_structure = part == 0 && block.is_key;
            if with_structure {
                flags |= 0x02;
            }
            let mut payload = vec![flags, 0x81, 0x02];
            if with_structure {
                payload.extend_from_slice(&[0x18, 1, 64, 0, 180, 1, 0x04, 1]);
            }
            payload.extend_from_slice(data);
            payload
        })
        .collect()
}

/// RFC 6184: parameters in an aggregate before key pictures, small units alone, large ones in
/// fragments.
fn h264(head: &TrackHead, block: &Block) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    if block.is_key {
        let config = &head.private;
        let sps_bytes = usize::from(u16::from_be_bytes([config[6], config[7]]));
        let sps = &config[6..8 + sps_bytes];
        let at = 8 + sps_bytes + 1;
        let pps_bytes = usize::from(u16::from_be_bytes([config[at], config[at + 1]]));
        let pps = &config[at..at + 2 + pps_bytes];
        payloads.push([&[24], sps, pps].concat());
    }
    let mut rest = block.data.as_slice();
    while let Some((length, later)) = rest.split_first_chunk::<4>() {
        let (unit, later) = later.split_at(u32::from_be_bytes(*length).try_into().unwrap());
        rest = later;
        if unit.len() <= MTU {
            payloads.push(unit.to_vec());
            continue;
        }
        let parts: Vec<&[u8]> = unit[1..].chunks(MTU).collect();
        for (at, part) in parts.iter().enumerate() {
            let mut header = unit[0] & 0x1f;
            if at == 0 {
                header |= 0x80;
            }
            if at + 1 == parts.len() {
                header |= 0x40;
            }
            payloads.push([&[unit[0] & 0xe0 | 28, header], *part].concat());
        }
    }
    payloads
}

/// The AV1 RTP specification: every OBU without its size, one element a packet but the first two
/// together.
fn av1(block: &Block) -> Vec<Vec<u8>> {
    let mut obus = Vec::new();
    let mut rest = block.data.as_slice();
    while let Some((&first, later)) = rest.split_first() {
        assert!(first & 0x06 == 0x02, "a size and no extension");
        let (mut size, mut shift, mut at) = (0, 0, 0);
        loop {
            let byte = later[at];
            size |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            at += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (content, later) = later[at..].split_at(size);
        rest = later;
        if first >> 3 != 2 {
            obus.push([&[first & !0x02], content].concat());
        }
    }
    let mut payloads: Vec<Vec<u8>> = Vec::new();
    let mut first_of_all = if block.is_key { 0x08 } else { 0 };
    if let [small, next, ..] = obus.as_slice()
        && small.len() < 100
        && next.len() < 100
    {
        // Two elements, the first with its length.
        let length = u8::try_from(small.len()).unwrap();
        payloads.push([&[0x20 | first_of_all, length], small.as_slice(), next].concat());
        first_of_all = 0;
        obus.drain(..2);
    }
    for obu in obus {
        let parts: Vec<&[u8]> = obu.chunks(MTU).collect();
        for (at, part) in parts.iter().enumerate() {
            let continues = if at > 0 { 0x80 } else { 0 };
            let goes_on = if at + 1 < parts.len() { 0x40 } else { 0 };
            payloads.push([&[continues | goes_on | 0x10 | first_of_all], *part].concat());
            first_of_all = 0;
        }
    }
    payloads
}
