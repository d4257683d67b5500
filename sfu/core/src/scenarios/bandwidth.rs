//! What a subscriber gets when the bandwidth is short. The camera's layers take about 55, 110 and
//! 215 kbit/s; sound is reserved with 50 kbit/s for each microphone.

use super::layers::{Camera, layer_now, scene};
use super::payloads::SPEECH;
use super::world::{Wishes, World};
use crate::{Command, Rank, SfuEvent, SlotView, Source};

const PLENTY: u64 = 10_000_000;
/// Enough for sound and the lowest layer.
const SCANT: u64 = 130_000;
/// Enough for sound only.
const FLOOR: u64 = 90_000;

fn audio_only(world: &World, index: usize) -> Vec<bool> {
    let me = world.clients[index].me;
    let told = world.events.iter().filter_map(|event| match event {
        SfuEvent::AudioOnly {
            participant, on, ..
        } if *participant == me => Some(*on),
        _ => None,
    });
    told.collect()
}

fn pictures(world: &World, index: usize) -> usize {
    let client = &world.clients[index];
    client.received_on(client.slots[1]).len()
}

#[test]
fn down_at_once_and_up_after_it_held_for_three_plans() {
    let (mut world, mut camera, viewer) = scene();
    camera.run(&mut world, 60);
    assert_eq!(layer_now(&world, viewer), Some(2));
    world.pin_estimate(viewer, SCANT);
    // One key frame is asked for and sent.
    camera.run(&mut world, 8);
    assert_eq!(layer_now(&world, viewer), Some(0));
    world.pin_estimate(viewer, PLENTY);
    camera.run(&mut world, 14);
    assert_eq!(layer_now(&world, viewer), Some(0), "not yet");
    camera.run(&mut world, 60);
    assert_eq!(layer_now(&world, viewer), Some(2));
}

#[test]
fn below_the_floor_sound_goes_on_alone_and_pictures_come_back_by_themselves() {
    let (mut world, mut camera, viewer) = scene();
    camera.run(&mut world, 60);
    world.pin_estimate(viewer, FLOOR);
    camera.run(&mut world, 4);
    assert_eq!(audio_only(&world, viewer), [true]);
    let before = pictures(&world, viewer);
    for seq in 0..20 {
        let now = world.now;
        world.clients[camera.index].send(now, Source::Microphone, seq, SPEECH);
        camera.run(&mut world, 1);
    }
    let client = &world.clients[viewer];
    assert_eq!(client.received_on(client.slots[0]).len(), 20);
    assert_eq!(pictures(&world, viewer), before);
    world.pin_estimate(viewer, PLENTY);
    camera.run(&mut world, 60);
    assert_eq!(audio_only(&world, viewer), [true, false]);
    assert!(pictures(&world, viewer) > before);
}

#[test]
fn an_estimate_that_swings_does_not_make_pictures_come_and_go() {
    let (mut world, mut camera, viewer) = scene();
    camera.run(&mut world, 60);
    // 36 s of 1.5 s under the floor and 1.5 s above it.
    for n in 0..24 {
        world.pin_estimate(viewer, if n % 2 == 0 { FLOOR } else { PLENTY });
        camera.run(&mut world, 50);
    }
    let told = audio_only(&world, viewer).len();
    assert!((1..=5).contains(&told), "told {told} times");
    world.pin_estimate(viewer, PLENTY);
    camera.run(&mut world, 700);
    assert_eq!(audio_only(&world, viewer).last(), Some(&false));
}

#[test]
fn the_clinicians_picture_is_the_last_to_go() {
    let mut world = World::new();
    let wishes = Wishes {
        simulcast: true,
        ..Wishes::default()
    };
    let patient = world.join(1, 10, &wishes);
    let clinician = world.join(
        1,
        11,
        &Wishes {
            rank: Rank::Clinician,
            ..wishes
        },
    );
    let viewer = world.join(
        1,
        12,
        &Wishes {
            video_slots: 2,
            sources: vec![],
            ..Wishes::default()
        },
    );
    let mut cameras = [patient, clinician].map(|index| Camera {
        index,
        seqs: [1000, 2000, 3000],
        stopped: [false; 3],
    });
    let mut run = |world: &mut World, frames| {
        for _ in 0..frames {
            for camera in &mut cameras {
                // Both send before time passes once more.
                camera.run(world, 1);
            }
        }
    };
    let seen = |world: &World| -> [usize; 2] {
        let client = &world.clients[viewer];
        [1, 2].map(|slot| client.received_on(client.slots[slot]).len())
    };
    run(&mut world, 40);
    world.pin_estimate(viewer, 110_000);
    run(&mut world, 10);
    let before = seen(&world);
    run(&mut world, 20);
    let after = seen(&world);
    assert_eq!(after[0], before[0], "the patient's picture is paused");
    assert!(after[1] > before[1], "the clinician's goes on");
    assert_eq!(audio_only(&world, viewer), Vec::<bool>::new());
}

#[test]
fn decisions_and_freezes_are_counted() {
    let (mut world, mut camera, viewer) = scene();
    camera.run(&mut world, 60);
    world.pin_estimate(viewer, SCANT);
    camera.run(&mut world, 20);
    world.pin_estimate(viewer, FLOOR);
    camera.run(&mut world, 20);
    world.pin_estimate(viewer, PLENTY);
    camera.run(&mut world, 60);
    let delivery = world.shard.counters().delivery;
    let decisions = delivery.decisions;
    assert_eq!(
        (decisions.lowered, decisions.paused, decisions.audio_only),
        (1, 1, 1)
    );
    assert!(decisions.raised >= 1);
    assert!(delivery.layer_switches >= 1);
    assert!(delivery.keyframes_requested >= 2);
    assert_eq!(
        delivery.freezes, 0,
        "a withheld picture is not a frozen one"
    );
    camera.stopped = [true; 3];
    camera.run(&mut world, 25);
    camera.stopped = [false; 3];
    camera.run(&mut world, 20);
    let delivery = world.shard.counters().delivery;
    assert_eq!(delivery.freezes, 1);
    assert_eq!(delivery.gaps.counts, [0, 0, 1, 0, 0, 0]);
}

#[test]
fn a_larger_view_is_served_without_patience() {
    let (mut world, mut camera, viewer) = scene();
    super::layers::view(&mut world, viewer, 150);
    camera.run(&mut world, 60);
    assert_eq!(layer_now(&world, viewer), Some(0));
    super::layers::view(&mut world, viewer, 720);
    camera.run(&mut world, 6);
    assert_eq!(layer_now(&world, viewer), Some(2));
    // A view that names no slot changes nothing.
    let (room, participant) = (world.clients[viewer].room, world.clients[viewer].me);
    world.command(Command::SetView {
        room,
        participant,
        slots: Vec::<SlotView>::new(),
        pinned: None,
    });
    camera.run(&mut world, 6);
    assert_eq!(layer_now(&world, viewer), Some(2));
}
