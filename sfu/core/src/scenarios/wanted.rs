//! What nobody watches is not sent up, and whoever wants it again gets it.

use std::time::Duration;

use super::layers::{Camera, layer_now, scene, view};
use super::world::{Wishes, World};
use crate::{Command, ParticipantKey, SfuEvent, Source};

/// What a publisher was told last about one of their sources.
fn told(world: &World, key: u128, source: Source) -> Option<Vec<bool>> {
    let mut lists = world.events.iter().rev().filter_map(|event| match event {
        SfuEvent::Wanted {
            participant,
            sources,
            ..
        } if participant.0 == key => sources.iter().find(|wanted| wanted.source == source),
        _ => None,
    });
    lists.next().map(|wanted| wanted.encodings.clone())
}

/// A camera that sends what it was told to.
fn obey(world: &mut World, camera: &mut Camera, frames: usize) {
    let key = world.clients[camera.index].me.0;
    for _ in 0..frames {
        if let Some(wanted) = told(world, key, Source::Camera) {
            for (stopped, wanted) in camera.stopped.iter_mut().zip(wanted) {
                *stopped = !wanted;
            }
        }
        camera.run(world, 1);
    }
}

#[test]
fn nobody_is_asked_to_send_what_nobody_receives() {
    let mut world = World::new();
    let _alone = world.join(1, 10, &Wishes::default());
    assert_eq!(told(&world, 10, Source::Camera), None, "not at once");
    world.run(Duration::from_millis(2500));
    assert_eq!(told(&world, 10, Source::Camera), Some(vec![false]));
    assert_eq!(told(&world, 10, Source::Microphone), Some(vec![false]));
    let _other = world.join(1, 11, &Wishes::default());
    assert_eq!(told(&world, 10, Source::Camera), Some(vec![true]));
    assert_eq!(told(&world, 10, Source::Microphone), Some(vec![true]));
}

#[test]
fn layers_above_the_view_sleep_and_the_lowest_goes_on() {
    let (mut world, mut camera, viewer) = scene();
    obey(&mut world, &mut camera, 60);
    let whole = Some(vec![true, false, true]);
    assert_eq!(told(&world, 10, Source::Camera), whole);
    view(&mut world, viewer, 150);
    obey(&mut world, &mut camera, 100);
    let asleep = Some(vec![true, false, false]);
    assert_eq!(told(&world, 10, Source::Camera), asleep);
    assert_eq!(camera.stopped, [false, true, true]);
}

#[test]
fn a_sleeping_layer_is_woken_by_whoever_wants_it() {
    let (mut world, mut camera, viewer) = scene();
    view(&mut world, viewer, 150);
    obey(&mut world, &mut camera, 150);
    assert_eq!(camera.stopped, [false, true, true]);
    assert_eq!(layer_now(&world, viewer), Some(0));
    view(&mut world, viewer, 720);
    let woken = Some(vec![true, false, true]);
    assert_eq!(told(&world, 10, Source::Camera), woken, "at once");
    obey(&mut world, &mut camera, 20);
    assert_eq!(layer_now(&world, viewer), Some(2));
    obey(&mut world, &mut camera, 200);
    assert_eq!(layer_now(&world, viewer), Some(2), "and it stays");
    let changes = world
        .events
        .iter()
        .filter(|event| matches!(event, SfuEvent::Wanted { participant, .. } if *participant == ParticipantKey(10)))
        .count();
    assert!(changes <= 4, "told {changes} times");
}

#[test]
fn a_layer_that_its_sender_keeps_back_is_not_asked_for_again_and_again() {
    let (mut world, mut camera, viewer) = scene();
    camera.stopped[2] = true;
    camera.run(&mut world, 300);
    assert_eq!(layer_now(&world, viewer), Some(1));
    assert_eq!(told(&world, 10, Source::Camera), None);
}

#[test]
fn a_view_of_nothing_and_a_revoked_camera_put_the_publisher_to_sleep() {
    let (mut world, mut camera, viewer) = scene();
    view(&mut world, viewer, 0);
    camera.run(&mut world, 100);
    assert_eq!(told(&world, 10, Source::Camera), Some(vec![false; 3]));
    view(&mut world, viewer, 150);
    let lowest = Some(vec![true, false, false]);
    assert_eq!(told(&world, 10, Source::Camera), lowest);
    let (room, participant) = (world.clients[camera.index].room, ParticipantKey(10));
    world.command(Command::SetGrants {
        room,
        participant,
        grants: crate::Grants::LISTEN,
    });
    camera.run(&mut world, 100);
    assert_eq!(told(&world, 10, Source::Camera), Some(vec![false; 3]));
    assert_eq!(told(&world, 10, Source::Microphone), Some(vec![false]));
}

#[test]
fn a_late_viewer_of_a_sleeping_camera_sees_it() {
    let mut world = World::new();
    let wishes = Wishes {
        simulcast: true,
        ..Wishes::default()
    };
    let index = world.join(1, 10, &wishes);
    let mut camera = Camera {
        index,
        seqs: [1000, 2000, 3000],
        stopped: [false; 3],
    };
    obey(&mut world, &mut camera, 150);
    assert_eq!(camera.stopped, [true; 3]);
    let viewer = world.join(1, 11, &Wishes::default());
    obey(&mut world, &mut camera, 20);
    assert_eq!(layer_now(&world, viewer), Some(2));
}
