//! Temporal layers of VP8: fewer pictures for one subscriber, and a stream that does not show it.

use std::time::Duration;

use str0m::format::Codec;

use super::sender::{Outgoing, assert_continuous};
use super::world::{Wishes, World};
use crate::Source;

const FRAME: Duration = Duration::from_millis(30);
/// Temporal layer and sync bit of four pictures in a row.
const PATTERN: [(u8, bool); 4] = [(0, false), (2, true), (1, true), (2, false)];

/// A camera with three temporal layers and two packets a picture.
struct Camera {
    index: usize,
    seq: u64,
    picture: u64,
    tl0: u8,
    /// Packets that get lost on the way to the server.
    lost: fn(u64) -> bool,
}

impl Camera {
    fn run(&mut self, world: &mut World, pictures: u64) {
        for _ in 0..pictures {
            let now = world.now;
            let client = &mut world.clients[self.index];
            let (temporal, sync) = PATTERN[usize::try_from(self.picture % 4).unwrap()];
            let key = self.picture == 0;
            self.tl0 = self.tl0.wrapping_add(u8::from(temporal == 0));
            for part in 0..2_u8 {
                self.seq += 1;
                if (self.lost)(self.seq) {
                    continue;
                }
                let payload = self.payload((temporal, sync), part, key);
                let mut out = Outgoing::new(Source::Camera, Codec::Vp8, self.seq, payload);
                out.timestamp = u32::try_from(self.picture * 2700).unwrap();
                out.marker = part == 1;
                client.send_out(now, out);
            }
            self.picture += 1;
            world.run(FRAME);
        }
    }

    /// The real picture number is at the end, for the test to read.
    fn payload(&self, (temporal, sync): (u8, bool), part: u8, key: bool) -> Vec<u8> {
        let id = u16::try_from((32_700 + self.picture) & 0x7fff).unwrap() | 0x8000;
        let [high, low] = id.to_be_bytes();
        let first = if part == 0 { 0x90 } else { 0x80 };
        let layer = temporal << 6 | u8::from(sync) << 5;
        let mut payload = vec![first, 0xe0, high, low, self.tl0, layer, u8::from(!key)];
        payload.extend([2, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0x68, 1]);
        payload.extend(u32::try_from(self.picture).unwrap().to_be_bytes());
        payload
    }
}

/// Picture id, TL0PICIDX, temporal layer and the real picture number of a received payload.
fn read(payload: &[u8]) -> (u16, u8, u8, u32) {
    let id = u16::from_be_bytes([payload[2], payload[3]]) & 0x7fff;
    let real = payload[payload.len() - 4..].try_into().unwrap();
    (id, payload[4], payload[5] >> 6, u32::from_be_bytes(real))
}

fn scene(lost: fn(u64) -> bool) -> (World, Camera, usize) {
    let mut world = World::new();
    let index = world.join(1, 10, &Wishes::default());
    let viewer = world.join(1, 11, &Wishes::default());
    let camera = Camera {
        index,
        seq: 60_000,
        picture: 0,
        tl0: 250,
        lost,
    };
    (world, camera, viewer)
}

#[test]
fn dropped_temporal_layers_leave_no_gap_in_any_number() {
    let (mut world, mut camera, viewer) = scene(|_| false);
    camera.run(&mut world, 20);
    world.clients[camera.index].keyframes_wanted.clear();
    for cap in [Some(0), Some(1), None, Some(1), Some(0), None] {
        world.cap(viewer, cap);
        let before = world.clients[viewer].pictures().len();
        camera.run(&mut world, 40);
        let all = world.clients[viewer].pictures();
        let highest = all[before..].iter().map(|p| read(&p.payload).2).max();
        assert_eq!(highest, Some(cap.unwrap_or(2)));
    }
    let packets = world.clients[viewer].pictures();
    assert_continuous(&packets, 1);
    for two in packets.windows(2) {
        let (a, b) = (read(&two[0].payload), read(&two[1].payload));
        assert_eq!(
            b.0.wrapping_sub(a.0) & 0x7fff,
            u16::from(a.3 != b.3),
            "{a:?} {b:?}"
        );
        assert_eq!(b.1.wrapping_sub(a.1), u8::from(b.2 == 0 && a.3 != b.3));
        if b.3 - a.3 > 4 {
            panic!("a picture of the lowest layer is missing: {a:?} {b:?}");
        }
    }
    assert!(world.clients[camera.index].keyframes_wanted.is_empty());
}

#[test]
fn all_packets_of_a_picture_share_its_fate() {
    let (mut world, mut camera, viewer) = scene(|_| false);
    for n in 0..30 {
        world.cap(viewer, Some(n % 3));
        camera.run(&mut world, 3);
    }
    let packets = world.clients[viewer].pictures();
    assert!(packets.len() % 2 == 0);
    for pair in packets.chunks(2) {
        assert_eq!(read(&pair[0].payload).3, read(&pair[1].payload).3);
        assert!(!pair[0].header.marker && pair[1].header.marker);
    }
}

#[test]
fn gaps_are_the_losses_on_the_way_to_us_and_nothing_else() {
    // Every eleventh packet is lost for good; the first eight are not.
    let (mut world, mut camera, viewer) = scene(|seq| seq % 11 == 5 && seq > 60_008);
    world.cap(viewer, Some(0));
    camera.run(&mut world, 200);
    let packets = world.clients[viewer].pictures();
    let got: Vec<u64> = packets.iter().map(|packet| *packet.seq_no).collect();
    assert!(got.windows(2).all(|two| two[0] < two[1]));
    let lost = (60_001..=camera.seq)
        .filter(|seq| (camera.lost)(*seq))
        .count() as u64;
    let gaps = got[got.len() - 1] - got.len() as u64;
    assert!(gaps <= lost && gaps + 2 >= lost, "{gaps} gaps, {lost} lost");
}
