//! Simulcast: which layer a subscriber gets, and that a switch is not seen.

use std::time::Duration;

use str0m::rtp::Vp8Descriptor;

use super::payloads::{vp8_delta, vp8_key};
use super::world::{Wishes, World};
use crate::{Command, SlotView, Source};

const FRAME: Duration = Duration::from_millis(30);
const LAYERS: [(&str, u16); 3] = [("q", 180), ("h", 360), ("f", 720)];

/// A camera whose layers answer key frame requests, as a browser does.
pub(super) struct Camera {
    pub(super) index: usize,
    pub(super) seqs: [u64; 3],
    pub(super) stopped: [bool; 3],
}

impl Camera {
    pub(super) fn run(&mut self, world: &mut World, frames: usize) {
        for _ in 0..frames {
            let now = world.now;
            let client = &mut world.clients[self.index];
            let wanted: Vec<_> = client.keyframes_wanted.drain(..).collect();
            for (n, (rid, height_px)) in LAYERS.iter().enumerate() {
                if self.stopped[n] {
                    continue;
                }
                let seq = &mut self.seqs[n];
                let picture = u16::try_from(*seq % 30_000).unwrap();
                let asked = wanted.iter().any(|(_, r)| r.is_some_and(|r| *r == **rid));
                let mut payload = if asked {
                    vp8_key(picture, *height_px)
                } else {
                    vp8_delta(picture)
                };
                payload.resize(200 << n, 0);
                // Which layer a packet is from, for the test to read.
                payload.push(u8::try_from(n).unwrap());
                client.send_layer(now, Source::Camera, Some(rid), *seq, &payload);
                *seq += 1;
            }
            world.run(FRAME);
        }
    }
}

pub(super) fn view(world: &mut World, index: usize, height_px: u16) {
    let client = &world.clients[index];
    let slots = vec![SlotView {
        mid: client.slots[1].to_string(),
        height_px,
    }];
    let (room, participant) = (client.room, client.me);
    world.command(Command::SetView {
        room,
        participant,
        slots,
        pinned: None,
    });
}

pub(super) fn layer_now(world: &World, index: usize) -> Option<u8> {
    let client = &world.clients[index];
    client
        .received_on(client.slots[1])
        .last()
        .and_then(|packet| packet.payload.last().copied())
}

pub(super) fn scene() -> (World, Camera, usize) {
    let mut world = World::new();
    let camera = world.join(
        1,
        10,
        &Wishes {
            simulcast: true,
            ..Wishes::default()
        },
    );
    let viewer = world.join(1, 11, &Wishes::default());
    (
        world,
        Camera {
            index: camera,
            seqs: [1000, 2000, 3000],
            stopped: [false; 3],
        },
        viewer,
    )
}

#[test]
fn the_view_decides_the_layer() {
    let (mut world, mut camera, viewer) = scene();
    for (height_px, layer) in [(720, 2), (150, 0), (400, 1), (1080, 2)] {
        view(&mut world, viewer, height_px);
        camera.run(&mut world, 60);
        assert_eq!(layer_now(&world, viewer), Some(layer), "at {height_px} px");
    }
}

#[test]
fn switching_layers_leaves_no_gap_and_starts_with_a_key_frame() {
    let (mut world, mut camera, viewer) = scene();
    for height_px in [720, 150, 400, 720, 180] {
        view(&mut world, viewer, height_px);
        camera.run(&mut world, 40);
    }
    let client = &world.clients[viewer];
    let packets = client.received_on(client.slots[1]);
    let mut layer = None;
    for (n, packet) in packets.iter().enumerate() {
        assert_eq!(*packet.seq_no, n as u64 + 1);
        let descriptor = Vp8Descriptor::parse(&packet.payload).unwrap();
        let from = packet.payload.last().copied();
        if layer != from {
            assert!(descriptor.starts_keyframe(&packet.payload), "at packet {n}");
            layer = from;
        }
        if n > 0 {
            let before = Vp8Descriptor::parse(&packets[n - 1].payload).unwrap();
            assert_eq!(
                descriptor.picture_id(),
                before.picture_id().map(|id| id + 1)
            );
            assert!(packet.time > packets[n - 1].time);
        }
    }
}

#[test]
fn a_view_of_nothing_pauses_the_picture() {
    let (mut world, mut camera, viewer) = scene();
    camera.run(&mut world, 40);
    view(&mut world, viewer, 0);
    let before = world.clients[viewer].received.len();
    camera.run(&mut world, 40);
    assert_eq!(world.clients[viewer].received.len(), before);
    view(&mut world, viewer, 720);
    camera.run(&mut world, 40);
    assert!(world.clients[viewer].received.len() > before + 20);
}

#[test]
fn a_layer_that_stops_is_replaced_by_what_flows() {
    let (mut world, mut camera, viewer) = scene();
    camera.run(&mut world, 60);
    assert_eq!(layer_now(&world, viewer), Some(2));
    camera.stopped[2] = true;
    camera.run(&mut world, 80);
    assert_eq!(layer_now(&world, viewer), Some(1));
    camera.stopped[2] = false;
    camera.run(&mut world, 80);
    assert_eq!(layer_now(&world, viewer), Some(2));
}

#[test]
fn key_frames_are_not_asked_for_more_often_than_twice_a_second() {
    let (mut world, camera, viewer) = scene();
    let mut seq = 5000;
    let start = world.now;
    // A camera that never answers, and a viewer that asks all the time.
    while world.now - start < Duration::from_secs(4) {
        let now = world.now;
        let client = &mut world.clients[camera.index];
        client.send_layer(now, Source::Camera, Some("q"), seq, &vp8_delta(1));
        seq += 1;
        world.run(FRAME);
    }
    let asked = world.clients[camera.index].keyframes_wanted.len();
    assert!((4..=9).contains(&asked), "asked {asked} times");
    assert_eq!(world.clients[viewer].received.len(), 0);
}
