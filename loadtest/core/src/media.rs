//! What people send: pictures as VP8 or H.264 and speech as Opus, with an [`Identity`] at the end of every
//! packet. Pictures cannot be shown, their shape is what a server sees; speech is a tone.

use crate::identity::{IDENTITY_BYTES, Identity};
use crate::scenario::{Audio, Video, VideoCodec};

/// Bytes of a payload descriptor and a key frame's header.
const HEAD_BYTES: usize = 16;
/// Height of every picture in pixels; its header says so.
const HEIGHT_PX: u16 = 720;

/// What all microphones say, in Hz.
pub(crate) const TONE_HZ: f64 = 1_000.0;
/// 20 ms of that tone as one Opus frame (RFC 6716: CELT, wide band, mono) of the reference encoder at a constant
/// rate. 20 periods fit into it, so that it can be said again and again.
const TONE: [u8; 25] = [
    0xb8, 0xc7, 0x96, 0x5a, 0xee, 0x93, 0xd7, 0x05, 0xd3, 0x08, 0x64, 0x2d, 0xc9, 0x63, 0xc6, 0xe2,
    0xfe, 0x13, 0xbc, 0x1f, 0xd9, 0x92, 0x8e, 0xf7, 0x11,
];

/// One packet to be written.
#[derive(Debug)]
pub struct Packet {
    /// Counts from 1; its lower 16 bits are the RTP sequence number.
    pub sequence: u64,
    /// RTP time, in 90,000ths or 48,000ths of a second.
    pub timestamp: u32,
    /// The last packet of a frame (RFC 7741 section 4.1).
    pub marker: bool,
    /// Payload without RTP header.
    pub payload: Vec<u8>,
}

/// One encoding of a camera.
#[derive(Debug, Clone)]
pub struct Picture {
    source: u32,
    video: Video,
    sequence: u64,
    frame: u32,
    key_wanted: bool,
}

impl Picture {
    /// A camera with the number `source`.
    #[must_use]
    pub const fn new(source: u32, video: Video) -> Self {
        Self {
            source,
            video,
            sequence: 0,
            frame: 0,
            key_wanted: true,
        }
    }

    /// The next picture is a key frame.
    pub const fn want_key(&mut self) {
        self.key_wanted = true;
    }

    /// The packets of the next picture. All pictures are of the same size, key frames too, so that
    /// every burst costs the same.
    pub fn next(&mut self, sent_ns: u64, measured: bool, packets: &mut Vec<Packet>) {
        let beat = self.video.key_every_s.saturating_mul(self.video.fps).max(1);
        let key = core::mem::take(&mut self.key_wanted) || self.frame.is_multiple_of(beat);
        self.frame = self.frame.wrapping_add(1);
        let fragments = self.video.packets_per_frame.max(1);
        let each = self.video.packet_bytes();
        for fragment in 0..fragments {
            self.sequence += 1;
            let mut payload = Vec::with_capacity(each + IDENTITY_BYTES);
            match self.video.codec {
                VideoCodec::Vp8 => self.vp8(fragment == 0, key, &mut payload),
                VideoCodec::H264 => h264(fragment == 0, key, each, &mut payload),
            }
            payload.resize(each.saturating_sub(IDENTITY_BYTES).max(HEAD_BYTES), 0x5a);
            Identity {
                source: self.source,
                sequence: self.sequence,
                frame: self.frame,
                fragment,
                fragments,
                measured,
                sent_ns,
            }
            .write(&mut payload);
            packets.push(Packet {
                sequence: self.sequence,
                timestamp: self.frame.wrapping_mul(90_000 / self.video.fps.max(1)),
                marker: fragment + 1 == fragments,
                payload,
            });
        }
    }

    /// The payload descriptor of RFC 7741 section 4.2 with a picture number of 15 bits, and in a
    /// first packet the frame's header of RFC 6386 section 9.1.
    fn vp8(&self, first: bool, key: bool, payload: &mut Vec<u8>) {
        let start = if first { 0x90 } else { 0x80 };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower 15 bits are meant"
        )]
        let [high, low] = (self.frame as u16 | 0x8000).to_be_bytes();
        payload.extend_from_slice(&[start, 0x80, high, low]);
        if first && key {
            let [height_low, height_high] = HEIGHT_PX.to_le_bytes();
            let [width_low, width_high] = (HEIGHT_PX / 9 * 16).to_le_bytes();
            payload.extend_from_slice(&[0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a]);
            payload.extend_from_slice(&[width_low, width_high, height_low, height_high]);
        } else {
            payload.extend_from_slice(&[0x11, 0x02, 0x00]);
        }
    }
}

/// A unit of one slice (RFC 6184 section 5.6), so that a picture has as many slices as packets. A key frame
/// begins with its parameter sets and the first slice in one aggregate (section 5.7.1) of `bytes` bytes.
fn h264(first: bool, key: bool, bytes: usize, payload: &mut Vec<u8>) {
    // Constrained baseline, level 3.1, 1280 by 720; none of it is decoded.
    const SPS: [u8; 10] = [0x67, 0x42, 0xe0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8, 0x40];
    const PPS: [u8; 4] = [0x68, 0xce, 0x3c, 0x80];
    const STAP_A: u8 = 0x78;
    let slice = if key { 0x65 } else { 0x41 };
    if first && key {
        let before = 1 + 2 + SPS.len() + 2 + PPS.len() + 2;
        let rest = u16::try_from(bytes.saturating_sub(before)).unwrap_or(u16::MAX);
        payload.extend_from_slice(&[STAP_A, 0, SPS.len().to_be_bytes()[7]]);
        payload.extend_from_slice(&SPS);
        payload.extend_from_slice(&[0, PPS.len().to_be_bytes()[7]]);
        payload.extend_from_slice(&PPS);
        payload.extend_from_slice(&rest.to_be_bytes());
    }
    // The slice begins at the first macroblock, or not (ITU-T H.264 section 7.3.3).
    payload.extend_from_slice(&[slice, if first { 0x88 } else { 0x48 }]);
}

/// A microphone: one Opus packet after the other, as of somebody who always speaks.
#[derive(Debug, Clone)]
pub struct Microphone {
    source: u32,
    audio: Audio,
    sequence: u64,
}

impl Microphone {
    /// A microphone with the number `source`.
    #[must_use]
    pub const fn new(source: u32, audio: Audio) -> Self {
        Self {
            source,
            audio,
            sequence: 0,
        }
    }

    /// The next packet.
    pub fn next(&mut self, sent_ns: u64, measured: bool) -> Packet {
        self.sequence += 1;
        #[expect(clippy::cast_possible_truncation, reason = "frame numbers may wrap")]
        let frame = self.sequence as u32;
        let mut payload = tone(self.audio.bytes);
        Identity {
            source: self.source,
            sequence: self.sequence,
            frame,
            fragment: 0,
            fragments: 1,
            measured,
            sent_ns,
        }
        .write(&mut payload);
        Packet {
            sequence: self.sequence,
            timestamp: frame.wrapping_mul(48 * self.audio.packet_ms),
            marker: false,
            payload,
        }
    }
}

/// An Opus packet of so many bytes without the identity at its end, which is padding: whoever decodes it hears
/// the tone alone (RFC 6716 section 3.2.5).
fn tone(bytes: usize) -> Vec<u8> {
    const CODE_3: u8 = 0x03;
    const ONE_FRAME_PADDED: u8 = 0x41;
    let [kind, frame @ ..] = TONE;
    let mut payload = vec![kind | CODE_3, ONE_FRAME_PADDED];
    // A byte of 255 stands for 254 bytes of padding and a further byte with its length.
    let mut padding = bytes.saturating_sub(payload.len() + frame.len() + 1);
    while padding > 254 {
        payload.push(255);
        padding -= 255;
    }
    payload.push(u8::try_from(padding).unwrap_or(0));
    payload.extend_from_slice(&frame);
    let filling = bytes.saturating_sub(IDENTITY_BYTES);
    payload.resize(filling.max(payload.len()), 0);
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: Video = Video {
        bps: 1_500_000,
        fps: 30,
        packets_per_frame: 6,
        key_every_s: 10,
        codec: VideoCodec::Vp8,
        layers: 1,
    };

    #[test]
    fn a_picture_has_the_size_of_its_rate_and_begins_with_a_key_frame() {
        let mut picture = Picture::new(7, VIDEO);
        let mut packets = Vec::new();
        picture.next(1, true, &mut packets);
        let bytes: usize = packets.iter().map(|packet| packet.payload.len()).sum();
        assert_eq!(packets.len(), 6);
        assert!(
            (bytes as f64 * 8.0 * 30.0 / 1.5e6 - 1.0).abs() < 0.01,
            "{bytes}"
        );
        // The first bit of a frame's header is 0 for a key frame (RFC 6386 section 9.1).
        assert_eq!(packets[0].payload[4] & 1, 0);
        let identity = Identity::read(&packets[5].payload).unwrap();
        assert_eq!((identity.sequence, identity.fragment), (6, 5));
        assert!(packets[5].marker && !packets[4].marker);
    }

    #[test]
    fn a_key_frame_comes_when_it_is_wanted() {
        let mut picture = Picture::new(7, VIDEO);
        let is_key = |picture: &mut Picture| {
            let mut packets = Vec::new();
            picture.next(1, true, &mut packets);
            packets[0].payload[4] & 1 == 0
        };
        assert!(is_key(&mut picture));
        assert!(!is_key(&mut picture));
        picture.want_key();
        assert!(is_key(&mut picture));
    }

    #[test]
    fn a_picture_in_h264_has_the_same_size_and_begins_with_its_parameter_sets() {
        let mut picture = Picture::new(
            7,
            Video {
                codec: VideoCodec::H264,
                ..VIDEO
            },
        );
        let mut packets = Vec::new();
        picture.next(1, true, &mut packets);
        let first = &packets[0].payload;
        // An aggregate whose units fill it to its end, the first of them a parameter set.
        let (mut at, mut types) = (1, Vec::new());
        while at < first.len() {
            let size = usize::from(u16::from_be_bytes([first[at], first[at + 1]]));
            types.push(first[at + 2] & 0x1f);
            at += 2 + size;
        }
        assert_eq!(
            (first[0] & 0x1f, at, types),
            (24, first.len(), vec![7, 8, 5])
        );
        assert_eq!(packets[1].payload[0] & 0x1f, 5);
        assert!(
            packets
                .iter()
                .all(|it| it.payload.len() == VIDEO.packet_bytes())
        );
        packets.clear();
        picture.next(2, true, &mut packets);
        assert!(packets.iter().all(|it| it.payload[0] & 0x1f == 1));
        assert!(
            packets
                .iter()
                .all(|it| Identity::read(&it.payload).is_some())
        );
    }

    #[test]
    fn a_lower_encoding_takes_a_quarter() {
        let half = VIDEO.layer(1);
        assert_eq!(
            (half.bps, half.packets_per_frame, half.fps),
            (375_000, 2, 30)
        );
        assert_eq!(VIDEO.layer(2).packet_bytes(), 390);
    }

    #[test]
    fn a_microphone_counts_its_packets() {
        let audio = Audio {
            packet_ms: 20,
            bytes: 80,
        };
        let mut microphone = Microphone::new(3, audio);
        microphone.next(1, false);
        let packet = microphone.next(1, true);
        assert_eq!(packet.payload.len(), 80);
        assert_eq!(packet.timestamp, 2 * 960);
        assert_eq!(Identity::read(&packet.payload).unwrap().sequence, 2);
    }

    #[test]
    fn whoever_decodes_speech_finds_one_frame_and_padding_to_the_end() {
        for bytes in [64, 120, 283, 284, 285, 538, 539, 540, 1_180] {
            let audio = Audio {
                packet_ms: 20,
                bytes,
            };
            let payload = Microphone::new(3, audio).next(1, true).payload;
            assert_eq!(payload.len(), bytes);
            assert_eq!(payload[..2], [0xbb, 0x41]);
            let (mut at, mut padding) = (2, 0);
            loop {
                let length = usize::from(payload[at]);
                at += 1;
                padding += length.min(254);
                if length < 255 {
                    break;
                }
            }
            assert_eq!(payload[at..at + 24], TONE[1..]);
            assert_eq!(at + 24 + padding, bytes, "{bytes}");
            assert!(padding >= IDENTITY_BYTES);
        }
    }
}
