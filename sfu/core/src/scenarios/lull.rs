//! One camera without layers for somebody who receives nothing else: what an estimator does whose
//! only measure is the picture that it denies.

use std::time::Duration;

use super::payloads::{vp8_delta, vp8_key};
use super::world::{Wishes, World};
use crate::{SfuEvent, Source};

const FRAME: Duration = Duration::from_millis(30);
const PACKETS_PER_FRAME: u64 = 6;
/// With six packets a frame 1.5 Mbit/s, which is what is believed of a path before it is measured.
const PAYLOAD_BYTES: usize = 930;

struct Camera {
    index: usize,
    seq: u64,
}

impl Camera {
    fn run(&mut self, world: &mut World, frames: usize) {
        for _ in 0..frames {
            let now = world.now;
            let client = &mut world.clients[self.index];
            let asked = client.keyframes_wanted.drain(..).count() > 0;
            for n in 0..PACKETS_PER_FRAME {
                let picture = u16::try_from(self.seq % 30_000).unwrap();
                let mut payload = if asked && n == 0 {
                    vp8_key(picture, 720)
                } else {
                    vp8_delta(picture)
                };
                payload.resize(PAYLOAD_BYTES, 0);
                client.send(now, Source::Camera, self.seq, &payload);
                self.seq += 1;
            }
            world.run(FRAME);
        }
    }
}

/// A sender, and a viewer whose bandwidth is measured from here on.
fn scene() -> (World, Camera, usize) {
    let mut world = World::new();
    let index = world.join(
        1,
        10,
        &Wishes {
            sources: vec![Source::Camera],
            audio_slots: 0,
            video_slots: 0,
            ..Wishes::default()
        },
    );
    let viewer = world.join(
        1,
        11,
        &Wishes {
            sources: vec![],
            audio_slots: 0,
            ..Wishes::default()
        },
    );
    world.unpin_estimate(viewer);
    (world, Camera { index, seq: 1 }, viewer)
}

fn withheld(world: &World) -> Vec<bool> {
    let told = world.events.iter().filter_map(|event| match event {
        SfuEvent::AudioOnly { on, .. } => Some(*on),
        _ => None,
    });
    told.collect()
}

fn pictures(world: &World, index: usize) -> usize {
    let client = &world.clients[index];
    client.received_on(client.slots[0]).len()
}

#[test]
fn a_picture_comes_back_when_the_path_is_free_again_although_nothing_else_is_sent() {
    let (mut world, mut camera, viewer) = scene();
    camera.run(&mut world, 60);
    // Packets wait longer and longer, as in a queue that fills: up to three seconds.
    for _ in 0..150 {
        world.clients[viewer].lag += Duration::from_millis(20);
        camera.run(&mut world, 1);
    }
    camera.run(&mut world, 100);
    assert_eq!(withheld(&world).last(), Some(&true));
    let before = pictures(&world, viewer);
    world.clients[viewer].lag = Duration::ZERO;
    camera.run(&mut world, 1000);
    assert_eq!(withheld(&world).last(), Some(&false));
    assert!(pictures(&world, viewer) > before + 1000);
}

#[test]
fn the_only_picture_goes_on_while_a_path_carries_it_and_the_estimate_is_just_below() {
    let (mut world, mut camera, viewer) = scene();
    camera.run(&mut world, 200);
    // Again and again packets wait a little longer for a moment, as behind those of others: an alarm.
    for step in 0..400_u32 {
        let waits = (step % 40).min(40 - step % 40).min(8);
        world.clients[viewer].lag = Duration::from_millis(6) * waits;
        camera.run(&mut world, 1);
    }
    assert_eq!(withheld(&world), Vec::<bool>::new());
    let sent = usize::try_from(camera.seq).unwrap() - 1;
    assert!(
        pictures(&world, viewer) + 30 > sent,
        "{} of {sent}",
        pictures(&world, viewer)
    );
}
