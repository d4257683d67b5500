//! What must hold of payloads that may come from anybody. For the fuzz targets only.

use recordings_tap::{Codec, Packet, PersonKey, SourceKind, TrackKey};

use crate::output::Output;
use crate::picture::{Assembler, PICTURE_BYTES_MAX};
use crate::recorder::TrackRecorder;
use crate::timeline::Timeline;
use crate::{h264, opus, red};

/// Payloads of one picture: each behind a byte with its length.
fn payloads(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((length, rest)) = bytes.split_first() {
        let (now, later) = rest.split_at(rest.len().min(usize::from(*length)));
        found.push(now);
        bytes = later;
    }
    found
}

fn assemble(codec: Codec, bytes: &[u8]) {
    let Some(mut assembler) = Assembler::of(codec) else {
        return;
    };
    let payloads = payloads(bytes);
    // Twice: what a picture leaves behind must not change the next one of the same bytes.
    let mut seen = Vec::new();
    for _ in 0..3 {
        for payload in &payloads {
            let _ = (assembler.begins(payload), assembler.begins_key(payload));
            if assembler.push(payload).is_err() {
                assembler.reset();
            }
        }
        if let Ok(picture) = assembler.finish() {
            assert!(!picture.data.is_empty() && picture.data.len() <= PICTURE_BYTES_MAX + 64);
            assert!(picture.config.is_none() || picture.is_key);
            assert!(
                picture
                    .size
                    .is_none_or(|(width, height)| width > 0 && height > 0)
            );
            seen.push(picture);
        }
        assembler.reset();
    }
    if let [_, second, third] = seen.as_slice() {
        assert_eq!(second, third, "a picture depends on the one before");
    }
}

/// Payloads of VP8.
pub fn vp8(bytes: &[u8]) {
    assemble(Codec::Vp8, bytes);
}

/// Payloads of VP9.
pub fn vp9(bytes: &[u8]) {
    assemble(Codec::Vp9, bytes);
}

/// Payloads of H.264, and a sequence parameter set.
pub fn h264(bytes: &[u8]) {
    let _ = h264::size(bytes);
    assemble(Codec::H264, bytes);
}

/// Payloads of AV1.
pub fn av1(bytes: &[u8]) {
    assemble(Codec::Av1, bytes);
}

/// A payload of Opus, plain and redundant.
pub fn sound(bytes: &[u8]) {
    assert!(opus::duration_us(bytes).is_none_or(|us| us <= 120_000));
    if let Some(blocks) = red::blocks(bytes) {
        let carried: usize = blocks.iter().map(|(_, data)| data.len()).sum();
        assert!(carried < bytes.len() && blocks.len() <= red::BLOCKS_MAX);
    }
}

/// Packets of one source: each behind codec, layer, sequence, timestamp, marker and length. Frames
/// and gaps never go back in time.
pub fn track(bytes: &[u8]) {
    let mut recorder = TrackRecorder::new(TrackKey(1), PersonKey(1), SourceKind::Camera);
    let mut timeline = Timeline::new(0);
    let mut out = Vec::new();
    let (mut rest, mut arrival_us) = (bytes, 0);
    while let Some((&[kind, seq, ticks, length], later)) = rest.split_first_chunk::<4>() {
        let (payload, later) = later.split_at(later.len().min(usize::from(length)));
        rest = later;
        arrival_us += u64::from(ticks) * 1_000;
        let codecs = [
            Codec::Opus,
            Codec::Red,
            Codec::Vp8,
            Codec::Vp9,
            Codec::H264,
            Codec::Av1,
        ];
        let Some(codec) = codecs.get(usize::from(kind & 7)).copied() else {
            recorder.tick(arrival_us, &mut timeline, &mut out);
            continue;
        };
        let packet = Packet {
            track: TrackKey(1),
            layer: kind >> 3 & 3,
            codec,
            seq: u16::from(seq) << (kind >> 5 & 1),
            timestamp: u32::from(seq) * 960,
            marker: kind & 0x80 != 0,
            arrival_us,
            payload: payload.into(),
        };
        recorder.push(packet, &mut timeline, &mut out);
    }
    recorder.close(arrival_us, &mut timeline, &mut out);
    for item in &out {
        match item {
            Output::Frame(frame) => assert!(!frame.data.is_empty()),
            Output::Gap(gap) => assert!(gap.from_us <= gap.to_us),
            Output::KeyFrame(wanted) => assert!(wanted.layer < 3),
        }
    }
}
