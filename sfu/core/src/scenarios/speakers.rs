//! Who speaks, and who is shown and heard when there are more people than slots.

use std::time::Duration;

use super::payloads::SPEECH;
use super::world::{Wishes, World};
use crate::{Command, ParticipantKey, Rank, SfuEvent, Source, SourceSet};

const PACKET: Duration = Duration::from_millis(20);
const LOUD: i8 = -25;
const SILENT: i8 = -100;

/// Everybody sends levels for a while: the first group speaks, the others are silent.
fn talk(world: &mut World, loud: &[usize], silent: &[usize], time: Duration) {
    let end = world.now + time;
    while world.now < end {
        let now = world.now;
        let seq = u64::try_from((now - world.began).as_millis() / 20).unwrap();
        for (group, level) in [(loud, LOUD), (silent, SILENT)] {
            for index in group {
                world.clients[*index].speak(now, seq, level, SPEECH);
            }
        }
        world.run(PACKET);
    }
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn told(world: &World) -> Vec<Vec<u128>> {
    let lists = world.events.iter().filter_map(|event| match event {
        SfuEvent::Speakers { speakers, .. } => Some(speakers.iter().map(|key| key.0).collect()),
        _ => None,
    });
    lists.collect()
}

fn shown(world: &World, index: usize, source: Source) -> Vec<u128> {
    let mut shown: Vec<u128> = world
        .slots(index)
        .iter()
        .filter(|slot| slot.source == source)
        .map(|slot| slot.participant.0)
        .collect();
    shown.sort_unstable();
    shown
}

fn slot_changes(world: &World, index: usize) -> usize {
    let me = world.clients[index].me;
    world
        .events
        .iter()
        .filter(|event| matches!(event, SfuEvent::Slots { participant, .. } if *participant == me))
        .count()
}

/// A viewer without sources, and `count` people with microphone and camera.
fn scene(count: u128, audio_slots: usize, video_slots: usize) -> (World, usize, Vec<usize>) {
    let mut world = World::new();
    let listening = Wishes {
        sources: vec![],
        audio_slots,
        video_slots,
        ..Wishes::default()
    };
    let viewer = world.join(1, 99, &listening);
    let people = (10..10 + count)
        .map(|key| world.join(1, key, &Wishes::default()))
        .collect();
    (world, viewer, people)
}

#[test]
fn speakers_are_told_when_they_begin_and_when_they_stop() {
    let (mut world, _, people) = scene(2, 2, 2);
    talk(&mut world, &people[..1], &people[1..], seconds(2));
    talk(&mut world, &people[1..], &people[..1], seconds(4));
    talk(&mut world, &[], &people, seconds(5));
    let told = told(&world);
    assert_eq!(told.first(), Some(&vec![10]));
    assert!(told.contains(&vec![11]), "{told:?}");
    assert_eq!(told.last(), Some(&vec![]));
    assert!(told.len() <= 6, "{told:?}");
}

#[test]
fn the_muted_and_the_revoked_do_not_speak() {
    let (mut world, _, people) = scene(2, 2, 2);
    world.set_sources(
        people[0],
        SourceSet {
            microphone: false,
            ..SourceSet::ALL
        },
    );
    talk(&mut world, &people, &[], seconds(2));
    assert_eq!(told(&world), [vec![11]]);
    let (room, participant) = (world.clients[people[1]].room, ParticipantKey(11));
    world.command(Command::SetGrants {
        room,
        participant,
        grants: crate::Grants::LISTEN,
    });
    talk(&mut world, &people, &[], seconds(1));
    assert_eq!(told(&world), [vec![11], vec![]]);
}

#[test]
fn with_room_for_everybody_nobody_moves_whoever_speaks() {
    let (mut world, viewer, people) = scene(2, 2, 2);
    let before = slot_changes(&world, viewer);
    talk(&mut world, &people[1..], &people[..1], seconds(3));
    talk(&mut world, &people[..1], &people[1..], seconds(3));
    assert_eq!(slot_changes(&world, viewer), before);
}

#[test]
fn a_speaker_gets_a_slot_and_two_who_alternate_do_not_flap() {
    let (mut world, viewer, people) = scene(3, 3, 1);
    assert_eq!(shown(&world, viewer, Source::Camera), [10]);
    talk(&mut world, &people[2..], &people[..2], seconds(2));
    assert_eq!(shown(&world, viewer, Source::Camera), [12]);
    let before = slot_changes(&world, viewer);
    for n in 0..10 {
        let (loud, silent) = people[1..].split_at(1);
        let (loud, silent) = if n % 2 == 0 {
            (loud, silent)
        } else {
            (silent, loud)
        };
        talk(&mut world, loud, silent, seconds(2));
    }
    let changes = slot_changes(&world, viewer) - before;
    assert!((1..=5).contains(&changes), "{changes} in 20 s");
    talk(&mut world, &[], &people, seconds(15));
    let quiet = slot_changes(&world, viewer);
    talk(&mut world, &[], &people, seconds(5));
    assert_eq!(slot_changes(&world, viewer), quiet, "silence moves nobody");
}

#[test]
fn the_pinned_person_and_the_clinician_keep_their_slots_whoever_speaks() {
    let (mut world, viewer, people) = scene(2, 4, 2);
    let clinician = Wishes {
        rank: Rank::Clinician,
        ..Wishes::default()
    };
    let clinician = world.join(1, 20, &clinician);
    assert_eq!(shown(&world, viewer, Source::Camera), [10, 20]);
    let (room, participant) = (world.clients[viewer].room, world.clients[viewer].me);
    world.command(Command::SetView {
        room,
        participant,
        slots: vec![],
        pinned: Some(ParticipantKey(11)),
    });
    assert_eq!(shown(&world, viewer, Source::Camera), [11, 20]);
    let silent = [people[1], clinician];
    talk(&mut world, &people[..1], &silent, seconds(5));
    assert_eq!(shown(&world, viewer, Source::Camera), [11, 20]);
}

#[test]
fn a_loud_microphone_takes_the_slot_of_a_silent_one_at_once() {
    let (mut world, viewer, people) = scene(3, 1, 1);
    assert_eq!(shown(&world, viewer, Source::Microphone), [10]);
    talk(&mut world, &[], &people, seconds(2));
    talk(&mut world, &people[2..], &people[..2], PACKET * 6);
    assert_eq!(shown(&world, viewer, Source::Microphone), [12]);
    let before = slot_changes(&world, viewer);
    // Equally loud: whoever has the slot keeps it.
    talk(&mut world, &people, &[], seconds(5));
    assert_eq!(slot_changes(&world, viewer), before);
}

#[test]
fn a_camera_that_is_off_leaves_its_slot_to_one_that_waits() {
    let (mut world, viewer, people) = scene(2, 2, 1);
    assert_eq!(shown(&world, viewer, Source::Camera), [10]);
    let dark = SourceSet {
        camera: false,
        ..SourceSet::ALL
    };
    world.set_sources(people[0], dark);
    assert_eq!(shown(&world, viewer, Source::Camera), [11]);
}
