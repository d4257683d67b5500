//! Scalable video: one stream with several layers, of which a subscriber gets some.

use std::time::Duration;

use str0m::RtcConfig;
use str0m::format::Codec;
use str0m::rtp::RtpPacket;

use super::sender::{Outgoing, assert_continuous};
use super::world::{Wishes, World};
use crate::Source;
use crate::descriptor::{self, Raw, key_frame, later_frame, two_by_two};

const FRAME: Duration = Duration::from_millis(30);
/// Bytes of one packet of a layer.
const SIZE: usize = 300;

/// A camera with two spatial and two temporal layers, one packet for each frame; it answers key
/// frame requests as a browser does.
struct Camera {
    index: usize,
    codec: Codec,
    seq: u64,
    picture: u64,
    since_key: u64,
    /// Bytes of one packet of a layer, in key pictures and in others.
    sizes: [usize; 2],
}

impl Camera {
    fn run(&mut self, world: &mut World, pictures: u64) {
        for _ in 0..pictures {
            let now = world.now;
            let client = &mut world.clients[self.index];
            if !client.keyframes_wanted.is_empty() || self.picture == 0 {
                client.keyframes_wanted.clear();
                self.since_key = 0;
            }
            for spatial in 0..2_u8 {
                self.seq += 1;
                let mut out = if self.codec == Codec::Vp9 {
                    self.vp9(spatial)
                } else {
                    self.av1(spatial)
                };
                out.timestamp = u32::try_from(self.picture * 2700).unwrap();
                out.marker = spatial == 1;
                client.send_out(now, out);
            }
            self.picture += 1;
            self.since_key += 1;
            world.run(FRAME);
        }
    }

    fn body(&self, spatial: u8) -> Vec<u8> {
        let mut body = vec![0x7f; self.sizes[usize::from(self.since_key > 0)]];
        body.push(spatial);
        body.extend(u32::try_from(self.picture).unwrap().to_be_bytes());
        body
    }

    fn temporal(&self) -> u8 {
        u8::from(self.since_key % 2 == 1)
    }

    /// RFC 9628, flexible mode: the upper layer stands on the lower one in key pictures only.
    fn vp9(&self, spatial: u8) -> Outgoing {
        let (key, temporal) = (self.since_key == 0, self.temporal());
        let structure = key && spatial == 0;
        let flags = 0xbc | u8::from(!key) << 6 | u8::from(structure) << 1;
        let [high, low] = (u16::try_from(self.picture % 0x8000).unwrap() | 0x8000).to_be_bytes();
        let layer = temporal << 5 | spatial << 1 | u8::from(key && spatial == 1);
        let mut payload = vec![flags, high, low, layer];
        if !key {
            // Two pictures back for the lower rate, one for the upper.
            payload.push((2 - temporal) << 1);
        }
        if structure {
            payload.extend([0x30, 1, 64, 0, 180, 2, 128, 1, 104]);
        }
        payload.extend(self.body(spatial));
        Outgoing::new(Source::Camera, Codec::Vp9, self.seq, payload)
    }

    fn av1(&self, spatial: u8) -> Outgoing {
        let number = u16::try_from((60_000 + self.picture * 2) % 65_536).unwrap();
        let number = number.wrapping_add(spatial.into());
        let raw = match (self.since_key, self.temporal()) {
            (0, _) if spatial == 0 => key_frame(&two_by_two(), (number, 0)),
            (0, _) => later_frame(number, (3, true)),
            (_, 0) => later_frame(number, (1 + 3 * spatial, true)),
            _ => later_frame(number, (2 + 3 * spatial, true)),
        };
        let mut payload = vec![if self.since_key == 0 && spatial == 0 {
            0x18
        } else {
            0x10
        }];
        payload.extend(self.body(spatial));
        let mut out = Outgoing::new(Source::Camera, Codec::Av1, self.seq, payload);
        out.values.user_values.set(raw);
        out
    }
}

/// The spatial layer and the picture number that the camera wrote.
fn read(packet: &RtpPacket) -> (u8, u32) {
    let tail: [u8; 5] = packet.payload[packet.payload.len() - 5..]
        .try_into()
        .unwrap();
    (tail[0], u32::from_be_bytes(tail[1..].try_into().unwrap()))
}

fn with_descriptors(config: RtcConfig) -> RtcConfig {
    config
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp9(true)
        .enable_av1(true)
        .set_extension(9, descriptor::extension())
}

fn scene(codec: Codec) -> (World, Camera, usize) {
    let mut world = World::new();
    let wishes = Wishes {
        setup: with_descriptors,
        ..Wishes::default()
    };
    let index = world.join(1, 10, &wishes);
    let viewer = world.join(1, 11, &wishes);
    let camera = Camera {
        index,
        codec,
        seq: 4000,
        picture: 0,
        since_key: 0,
        sizes: [SIZE; 2],
    };
    (world, camera, viewer)
}

/// The layers of the last pictures that were received whole.
fn layers_now(world: &World, viewer: usize) -> Vec<u8> {
    let packets = world.clients[viewer].pictures();
    let last = &packets[packets.len() - 4..];
    last.iter().map(|packet| read(packet).0).collect()
}

fn the_view_decides(codec: Codec) {
    let (mut world, mut camera, viewer) = scene(codec);
    camera.run(&mut world, 30);
    assert_eq!(layers_now(&world, viewer), [0, 1, 0, 1]);
    world.show(viewer, 150);
    camera.run(&mut world, 20);
    assert_eq!(layers_now(&world, viewer), [0, 0, 0, 0]);
    let asked_before = camera.since_key;
    assert!(asked_before >= 20, "going down needs no key frame");
    world.show(viewer, 720);
    camera.run(&mut world, 60);
    assert_eq!(layers_now(&world, viewer), [0, 1, 0, 1]);
    check(&world, viewer);
}

/// Nothing is missing, the upper layer rises in key pictures only, and every picture has its marker.
fn check(world: &World, viewer: usize) {
    let packets = world.clients[viewer].pictures();
    assert_continuous(&packets, 1);
    for (n, packet) in packets.iter().enumerate() {
        let next = packets.get(n + 1).map(|next| read(next).1);
        let last = next != Some(read(packet).1);
        assert_eq!(
            packet.header.marker,
            last || next.is_none(),
            "packet {n}: {:?}",
            read(packet)
        );
    }
    let mut upper = None;
    for packet in &packets {
        let (spatial, picture) = read(packet);
        if spatial == 1 {
            let rises = upper.is_none_or(|before| before + 1 != picture);
            assert!(!rises || starts_key(&packets, picture), "picture {picture}");
            upper = Some(picture);
        }
    }
}

fn starts_key(packets: &[&RtpPacket], picture: u32) -> bool {
    packets.iter().any(|packet| {
        let descriptor = packet.header.ext_vals.user_values.get::<Raw>();
        read(packet) == (0, picture)
            && match descriptor {
                Some(raw) => raw.bytes().len() > 3,
                None => packet.payload[0] & 0x40 == 0,
            }
    })
}

#[test]
fn the_view_decides_the_layers_of_vp9() {
    the_view_decides(Codec::Vp9);
}

#[test]
fn the_view_decides_the_layers_of_av1() {
    the_view_decides(Codec::Av1);
}

/// The key picture with which the upper layer begins is many times as large as others. Measured over half
/// a second it is more than the way carries; that is no reason to give the layer up again.
#[test]
fn the_upper_layer_comes_back_on_a_way_that_has_no_room_for_key_pictures_all_the_time() {
    for codec in [Codec::Vp9, Codec::Av1] {
        let (mut world, mut camera, viewer) = scene(codec);
        camera.sizes = [1100, 100];
        camera.run(&mut world, 300);
        world.show(viewer, 150);
        camera.run(&mut world, 60);
        assert_eq!(layers_now(&world, viewer), [0, 0, 0, 0], "{codec}");
        // Sound has 50 kbit/s of it. Both layers take 62, and 94 in the half second of a key picture.
        world.pin_estimate(viewer, 132_000);
        world.show(viewer, 720);
        camera.run(&mut world, 15);
        assert_eq!(layers_now(&world, viewer), [0, 1, 0, 1], "{codec}");
        let asked = camera.since_key;
        for _ in 0..20 {
            camera.run(&mut world, 10);
            assert_eq!(layers_now(&world, viewer), [0, 1, 0, 1], "{codec}");
        }
        assert!(
            camera.since_key > asked,
            "{codec}: one key picture is enough"
        );
        check(&world, viewer);
    }
}

#[test]
fn a_newcomer_gets_both_layers_from_a_key_picture_on() {
    for codec in [Codec::Vp9, Codec::Av1] {
        let (mut world, mut camera, _) = scene(codec);
        camera.run(&mut world, 150);
        let wishes = Wishes {
            setup: with_descriptors,
            ..Wishes::default()
        };
        let late = world.join(1, 12, &wishes);
        camera.run(&mut world, 40);
        assert_eq!(layers_now(&world, late), [0, 1, 0, 1], "{codec}");
        check(&world, late);
    }
}

#[test]
fn temporal_layers_of_scalable_video_go_and_come_back_without_a_key_frame() {
    for codec in [Codec::Vp9, Codec::Av1] {
        let (mut world, mut camera, viewer) = scene(codec);
        world.show(viewer, 150);
        camera.run(&mut world, 40);
        world.cap(viewer, Some(0));
        let before = world.clients[viewer].pictures().len();
        camera.run(&mut world, 40);
        assert_eq!(
            world.clients[viewer].pictures().len() - before,
            20,
            "{codec}"
        );
        world.cap(viewer, None);
        let before = world.clients[viewer].pictures().len();
        camera.run(&mut world, 40);
        assert!(
            world.clients[viewer].pictures().len() - before >= 38,
            "{codec}"
        );
        assert_continuous(&world.clients[viewer].pictures(), 1);
        assert!(camera.since_key >= 120, "{codec}");
    }
}

#[test]
fn frame_numbers_go_on_when_a_slot_changes_its_source() {
    let (mut world, mut camera, viewer) = scene(Codec::Av1);
    camera.run(&mut world, 30);
    let (room, participant) = (
        world.clients[camera.index].room,
        world.clients[camera.index].me,
    );
    world.command(crate::Command::Disconnect { room, participant });
    let wishes = Wishes {
        setup: with_descriptors,
        ..Wishes::default()
    };
    camera.index = world.join(1, 13, &wishes);
    (camera.picture, camera.since_key) = (5000, 0);
    camera.run(&mut world, 30);
    let packets = world.clients[viewer].pictures();
    assert_continuous(&packets, 1);
    let numbers: Vec<u16> = packets
        .iter()
        .map(|packet| {
            let raw = packet.header.ext_vals.user_values.get::<Raw>().unwrap();
            u16::from_be_bytes([raw.bytes()[1], raw.bytes()[2]])
        })
        .collect();
    assert!(numbers.len() > 60, "{}", numbers.len());
    assert!(
        numbers
            .windows(2)
            // Frames of a layer that is not wanted yet keep their numbers.
            .all(|two| (1..=2).contains(&two[1].wrapping_sub(two[0]))),
        "{numbers:?}"
    );
}
