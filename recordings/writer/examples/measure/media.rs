//! Media that are played into recorders, and what this process has used.

use std::error::Error;
use std::fs;

use recordings_matroska::{Block, Reader};
use recordings_tap::{Codec, Packet, TrackKey};

pub(crate) type Failure = Box<dyn Error>;

/// Bytes of a picture in one packet.
const PART_BYTES: usize = 1_100;

pub(crate) struct Media {
    codec: Codec,
    pub(crate) blocks: Vec<Block>,
}

impl Media {
    pub(crate) fn read(path: &str, codec: Codec) -> Result<Self, Failure> {
        let file = fs::read(path)?;
        let mut reader = Reader::new(file.as_slice())?;
        let mut blocks = Vec::new();
        while let Some(block) = reader.next_block()? {
            blocks.push(block);
        }
        Ok(Self { codec, blocks })
    }

    /// The packets of one round through the file, of one track.
    pub(crate) fn packets(&self, track: u32, round: &mut Round) -> Vec<Packet> {
        let mut packets = Vec::new();
        for block in &self.blocks {
            let at_us = round.from_us + block.at_ms * 1_000;
            let ticks = at_us * u64::from(self.codec.clock_hz()) / 1_000_000;
            let parts: Vec<&[u8]> = if self.codec.is_audio() {
                vec![&block.data]
            } else {
                block.data.chunks(PART_BYTES).collect()
            };
            for (at, part) in parts.iter().enumerate() {
                let mut payload = Vec::with_capacity(part.len() + 1);
                if !self.codec.is_audio() {
                    payload.push(if at == 0 { 0x10 } else { 0 });
                }
                payload.extend_from_slice(part);
                packets.push(Packet {
                    track: TrackKey(track),
                    layer: 0,
                    codec: self.codec,
                    seq: round.seq,
                    timestamp: u32::try_from(ticks & 0xffff_ffff).unwrap_or(0),
                    marker: !self.codec.is_audio() && at + 1 == parts.len(),
                    arrival_us: at_us,
                    payload: payload.into(),
                });
                round.seq = round.seq.wrapping_add(1);
            }
        }
        packets
    }
}

#[derive(Default)]
pub(crate) struct Round {
    pub(crate) from_us: u64,
    seq: u16,
}

/// Processor time of this process, in hundredths of a second (`proc(5)`).
pub(crate) fn processor() -> Result<u64, Failure> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split(' ').collect();
    let field = |at: usize| fields.get(at).and_then(|it| it.parse::<u64>().ok());
    Ok(field(12).unwrap_or(0) + field(13).unwrap_or(0))
}
