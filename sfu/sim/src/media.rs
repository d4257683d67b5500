//! What people send: speech with pauses, cameras in three layers, screens that mostly stand still.

use sfu_core::Source;

use crate::identity::{Identity, TRAILER_BYTES};
use crate::rng::Rng;

/// Names, heights and bit rates of what people send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Pictures a second of a camera.
    pub camera_fps: u64,
    /// Bit rates of the camera's layers, from low to high.
    pub layers_bps: [u64; 3],
    /// Pictures a second of a screen.
    pub screen_fps: u64,
    /// Milliseconds of speech in a packet.
    pub speech_ms: u64,
    /// The people of a room speak in turn, instead of each on their own.
    pub in_turn: bool,
    /// Pages estimate their uplink, and send fewer layers where it carries less.
    pub estimates: bool,
}

impl Profile {
    /// As browsers do it.
    pub const FULL: Self = Self {
        camera_fps: 25,
        layers_bps: [150_000, 500_000, 1_500_000],
        screen_fps: 5,
        speech_ms: 20,
        in_turn: false,
        estimates: true,
    };
    /// The same shapes with few packets, for long searches.
    pub const LIGHT: Self = Self {
        camera_fps: 5,
        layers_bps: [30_000, 80_000, 200_000],
        screen_fps: 1,
        speech_ms: 60,
        ..Self::FULL
    };
    /// A consultation: one speaks at a time, in the longest packets that Opus makes, and pictures are
    /// few and small.
    pub const CLINIC: Self = Self {
        camera_fps: 1,
        layers_bps: [6_000, 12_000, 30_000],
        screen_fps: 1,
        speech_ms: 120,
        in_turn: true,
        estimates: false,
    };
}

/// Names of the camera's layers, and their heights in pixels.
pub(crate) const LAYERS: [(&str, u16); 3] = [("q", 180), ("h", 360), ("f", 720)];
/// Most payload bytes of one packet.
const FRAGMENT_BYTES: usize = 1_100;
/// A key frame is this much larger than others.
const KEY_FACTOR: u64 = 5;

/// One packet to be written.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) seq: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: Vec<u8>,
}

/// Who sends, as it stands in every payload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) room: u16,
    pub(crate) person: u16,
    pub(crate) generation: u16,
}

/// One VP8 stream: a layer of a camera, or a screen.
#[derive(Debug)]
pub(crate) struct Picture {
    source: Source,
    layer: u8,
    height_px: u16,
    seq: u64,
    timestamp_offset: u32,
    picture: u16,
    tl0: u8,
    frame: u32,
    base_frame: u32,
    started: bool,
    pub(crate) key_wanted: bool,
}

impl Picture {
    pub(crate) fn new(source: Source, layer: u8, height_px: u16, rng: &mut Rng) -> Self {
        Self {
            source,
            layer,
            height_px,
            seq: rng.between(1, 60_000),
            timestamp_offset: u32::try_from(rng.below(1 << 32)).unwrap_or(0),
            picture: u16::try_from(rng.below(1 << 15)).unwrap_or(0),
            tl0: u8::try_from(rng.below(256)).unwrap_or(0),
            frame: 0,
            base_frame: 0,
            started: false,
            key_wanted: true,
        }
    }

    /// The packets of the next picture. Two temporal layers: every second picture can be left out.
    pub(crate) fn next(
        &mut self,
        now_ms: u64,
        sender: Sender,
        mean_bytes: u64,
        rng: &mut Rng,
    ) -> Vec<Piece> {
        let key = core::mem::take(&mut self.key_wanted) || !self.started;
        self.started = true;
        self.frame = self.frame.wrapping_add(1);
        self.picture = self.picture.wrapping_add(1) & 0x7fff;
        let upper = !key && self.frame.wrapping_sub(self.base_frame) % 2 == 1;
        let depends_on = if key { self.frame } else { self.base_frame };
        if !upper {
            self.base_frame = self.frame;
            self.tl0 = self.tl0.wrapping_add(1);
        }
        let mean = if key {
            mean_bytes.saturating_mul(KEY_FACTOR)
        } else {
            mean_bytes
        };
        let bytes = rng.between(mean.saturating_mul(7) / 10, mean.saturating_mul(13) / 10);
        let room = (FRAGMENT_BYTES - TRAILER_BYTES - 16) as u64;
        let fragments = u8::try_from(bytes.div_ceil(room).clamp(1, 200)).unwrap_or(200);
        let each = usize::try_from(bytes / u64::from(fragments)).unwrap_or(0);
        let timestamp = self.timestamp(now_ms);
        (0..fragments)
            .map(|fragment| {
                let mut payload = self.descriptor(fragment == 0, key, upper);
                payload.resize(payload.len().saturating_add(each), 0x5a);
                Identity {
                    room: sender.room,
                    person: sender.person,
                    generation: sender.generation,
                    source: self.source,
                    layer: self.layer,
                    frame: self.frame,
                    depends_on,
                    fragment,
                    fragments,
                    sent_ms: u32::try_from(now_ms).unwrap_or(u32::MAX),
                }
                .write(&mut payload);
                self.seq = self.seq.saturating_add(1);
                Piece {
                    seq: self.seq,
                    timestamp,
                    marker: fragment.saturating_add(1) == fragments,
                    payload,
                }
            })
            .collect()
    }

    fn timestamp(&self, now_ms: u64) -> u32 {
        let ticks = u32::try_from(now_ms.wrapping_mul(90) % (1 << 32)).unwrap_or(0);
        ticks.wrapping_add(self.timestamp_offset)
    }

    /// The payload descriptor of RFC 7741 with picture id, TL0PICIDX and temporal layer, and in a
    /// first fragment the frame's header of RFC 6386.
    fn descriptor(&self, first: bool, key: bool, upper: bool) -> Vec<u8> {
        let start = if first { 0x90 } else { 0x80 };
        let droppable = if upper { 0x20 } else { 0 };
        let [high, low] = (self.picture | 0x8000).to_be_bytes();
        let temporal = if upper { 0x60 } else { 0x20 };
        let mut bytes = vec![start | droppable, 0xe0, high, low, self.tl0, temporal];
        if first && key {
            let [height_low, height_high] = self.height_px.to_le_bytes();
            let [width_low, width_high] = (self.height_px.saturating_mul(16) / 9).to_le_bytes();
            bytes.extend_from_slice(&[0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a]);
            bytes.extend_from_slice(&[width_low, width_high, height_low, height_high]);
        } else {
            bytes.extend_from_slice(&[0x11, 0x02, 0x00]);
        }
        bytes
    }
}

/// Whose turn it is to speak in one room.
#[derive(Debug)]
pub(crate) struct Floor {
    people: Vec<u16>,
    holder: Option<u16>,
    ends_ms: u64,
    rng: Rng,
}

impl Floor {
    pub(crate) fn new(people: Vec<u16>, seed: u64) -> Self {
        Self {
            people,
            holder: None,
            ends_ms: 0,
            rng: Rng::new(seed),
        }
    }

    /// Whether it is this person's turn. One time in five nobody says anything for a while.
    pub(crate) fn is_with(&mut self, now_ms: u64, person: u16) -> bool {
        while self.ends_ms <= now_ms {
            self.holder = if self.rng.below(5) == 0 {
                None
            } else {
                self.rng.pick(&self.people).copied()
            };
            let length_ms = self.rng.between(1_500, 12_000);
            self.ends_ms = self.ends_ms.saturating_add(length_ms);
        }
        self.holder == Some(person)
    }
}

/// A microphone: spurts of speech, and in between one packet of comfort noise now and then.
#[derive(Debug)]
pub(crate) struct Speech {
    seq: u64,
    timestamp_offset: u32,
    frame: u32,
    pub(crate) talking: bool,
    turn_ends_ms: u64,
}

/// Opus sends one packet in this time while nobody speaks (DTX).
const DTX_MS: u64 = 400;

impl Speech {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self {
            seq: rng.between(1, 60_000),
            timestamp_offset: u32::try_from(rng.below(1 << 32)).unwrap_or(0),
            frame: 0,
            talking: false,
            turn_ends_ms: 0,
        }
    }

    /// The next packet, and the milliseconds until the one after it. Who has the floor speaks;
    /// without floors, everybody does in their own spurts.
    pub(crate) fn next(
        &mut self,
        now_ms: u64,
        sender: Sender,
        (packet_ms, has_floor): (u64, Option<bool>),
        rng: &mut Rng,
    ) -> (Piece, u64) {
        let mut marker = false;
        if let Some(has_floor) = has_floor {
            marker = has_floor && !self.talking;
            self.talking = has_floor;
        } else if now_ms >= self.turn_ends_ms {
            self.talking = !self.talking;
            marker = self.talking;
            let most = if self.talking { 8_000 } else { 20_000 };
            self.turn_ends_ms = now_ms.saturating_add(rng.between(2_000, most));
        }
        self.frame = self.frame.wrapping_add(1);
        self.seq = self.seq.saturating_add(1);
        let bytes = if self.talking {
            rng.between(2 * packet_ms, 5 * packet_ms)
        } else {
            2
        };
        let mut payload = vec![0x78];
        payload.resize(usize::try_from(bytes).unwrap_or(0).saturating_add(1), 0x2d);
        Identity {
            room: sender.room,
            person: sender.person,
            generation: sender.generation,
            source: Source::Microphone,
            layer: 0,
            frame: self.frame,
            depends_on: self.frame,
            fragment: 0,
            fragments: 1,
            sent_ms: u32::try_from(now_ms).unwrap_or(u32::MAX),
        }
        .write(&mut payload);
        let ticks = u32::try_from(now_ms.wrapping_mul(48) % (1 << 32)).unwrap_or(0);
        let piece = Piece {
            seq: self.seq,
            timestamp: ticks.wrapping_add(self.timestamp_offset),
            marker,
            payload,
        };
        let wait_ms = if self.talking { packet_ms } else { DTX_MS };
        (piece, wait_ms)
    }
}
