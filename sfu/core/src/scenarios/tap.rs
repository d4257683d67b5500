//! What a recorder gets of a call, and what it does not.

use std::time::Duration;

use recordings_tap::{Packet, PersonKey, SourceKind};

use super::payloads::{SPEECH, vp8_delta, vp8_key};
use super::world::{Wishes, World};
use crate::{Command, RoomKey, Source, SourceSet, TapEvent, TapKind, TapOrder, TrackKey};

const ROOM: u128 = 1;
const STEP: Duration = Duration::from_millis(20);

fn order(world: &mut World, room: u128, order: TapOrder) {
    order_of(world, (room, TapKind::Recorder), order);
}

fn order_of(world: &mut World, (room, kind): (u128, TapKind), order: TapOrder) {
    world.command(Command::Tap {
        room: RoomKey(room),
        kind,
        order,
    });
    world.run(Duration::from_millis(5));
}

/// What the recorder got since it was asked last, without the passing of time.
fn told(world: &mut World) -> Vec<TapEvent> {
    let all = std::mem::take(&mut world.tapped).into_iter();
    all.filter_map(|(_, event)| event)
        .filter(|event| !matches!(event, TapEvent::Tick { .. } | TapEvent::Report(_)))
        .collect()
}

fn packets(events: &[TapEvent]) -> Vec<&Packet> {
    let packets = events.iter().filter_map(|event| match event {
        TapEvent::Packet(packet) => Some(packet),
        _ => None,
    });
    packets.collect()
}

fn say(world: &mut World, index: usize, seq: u64) {
    let now = world.now;
    world.clients[index].send(now, Source::Microphone, seq, SPEECH);
    world.run(STEP);
}

/// Two people, and a recorder that gets everything.
fn recorded() -> (World, usize, usize) {
    let mut world = World::new();
    let a = world.join(ROOM, 10, &Wishes::default());
    let b = world.join(ROOM, 11, &Wishes::default());
    order(&mut world, ROOM, TapOrder::Open);
    order(&mut world, ROOM, TapOrder::Run);
    (world, a, b)
}

#[test]
fn a_recorder_gets_every_source_and_every_packet_as_it_was_sent() {
    let (mut world, a, _) = recorded();
    let opened: Vec<_> = told(&mut world)
        .into_iter()
        .filter_map(|event| match event {
            TapEvent::Opened { person, kind, .. } => Some((person, kind)),
            _ => None,
        })
        .collect();
    let expected = [
        (PersonKey(10), SourceKind::Microphone),
        (PersonKey(10), SourceKind::Camera),
        (PersonKey(11), SourceKind::Microphone),
        (PersonKey(11), SourceKind::Camera),
    ];
    assert_eq!(opened, expected);
    let key = vp8_key(1, 360);
    for seq in 0..10 {
        let now = world.now;
        world.clients[a].send(now, Source::Microphone, seq, SPEECH);
        let picture = if seq == 0 {
            key.clone()
        } else {
            vp8_delta(u16::try_from(seq).unwrap())
        };
        world.clients[a].send(now, Source::Camera, seq, &picture);
        world.run(STEP);
    }
    let events = told(&mut world);
    let packets = packets(&events);
    let of = |track| packets.iter().filter(move |packet| packet.track == track);
    assert_eq!(of(TrackKey(1)).count(), 10);
    assert!(of(TrackKey(1)).all(|packet| &*packet.payload == SPEECH));
    assert_eq!(of(TrackKey(2)).count(), 10);
    assert_eq!(&*of(TrackKey(2)).next().unwrap().payload, key);
    assert!(packets.is_sorted_by_key(|packet| packet.arrival_us));
    let numbers: Vec<_> = of(TrackKey(1)).map(|packet| packet.seq).collect();
    assert_eq!(numbers, (0..10).collect::<Vec<u16>>());
}

#[test]
fn nothing_is_given_before_it_runs_while_it_pauses_and_after_its_end() {
    let mut world = World::new();
    let a = world.join(ROOM, 10, &Wishes::default());
    world.join(ROOM, 11, &Wishes::default());
    let mut seq = 0;
    let mut spoken = |world: &mut World| {
        for _ in 0..3 {
            say(world, a, seq);
            seq += 1;
        }
        packets(&told(world)).len()
    };
    assert_eq!(spoken(&mut world), 0);
    order(&mut world, ROOM, TapOrder::Run);
    assert_eq!(spoken(&mut world), 0, "without a recorder");
    order(&mut world, ROOM, TapOrder::Open);
    assert_eq!(spoken(&mut world), 0);
    order(&mut world, ROOM, TapOrder::Run);
    assert_eq!(spoken(&mut world), 3);
    order(&mut world, ROOM, TapOrder::Pause);
    order(&mut world, ROOM, TapOrder::Say("not this".to_owned()));
    assert_eq!(spoken(&mut world), 0);
    order(&mut world, ROOM, TapOrder::Run);
    assert_eq!(spoken(&mut world), 3);
    order(&mut world, ROOM, TapOrder::Close);
    assert_eq!(world.tapped.last(), Some(&(RoomKey(ROOM), None)));
    assert_eq!(spoken(&mut world), 0);
}

#[test]
fn what_is_switched_off_is_not_given_and_is_told_apart_from_loss() {
    let (mut world, a, _) = recorded();
    told(&mut world);
    say(&mut world, a, 0);
    world.set_sources(a, SourceSet::NONE);
    say(&mut world, a, 1);
    world.set_sources(a, SourceSet::ALL);
    say(&mut world, a, 2);
    let events = told(&mut world);
    assert_eq!(packets(&events).len(), 2);
    let track = TrackKey(1);
    let about: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            TapEvent::Muted { track: of, .. } if *of == track => Some("muted"),
            TapEvent::Unmuted { track: of, .. } if *of == track => Some("unmuted"),
            TapEvent::Packet(packet) if packet.track == track => Some("packet"),
            _ => None,
        })
        .collect();
    assert_eq!(about, ["packet", "muted", "unmuted", "packet"]);
}

#[test]
fn a_room_that_is_closed_has_no_recorder_when_it_is_used_again() {
    let (mut world, _, _) = recorded();
    world.command(Command::CloseRoom {
        room: RoomKey(ROOM),
    });
    world.run(STEP);
    assert_eq!(world.tapped.last(), Some(&(RoomKey(ROOM), None)));
    told(&mut world);
    let a = world.join(ROOM, 12, &Wishes::default());
    world.join(ROOM, 13, &Wishes::default());
    say(&mut world, a, 0);
    assert_eq!(told(&mut world), []);
}

#[test]
fn another_room_is_not_heard() {
    let (mut world, _, _) = recorded();
    told(&mut world);
    let c = world.join(2, 20, &Wishes::default());
    world.join(2, 21, &Wishes::default());
    say(&mut world, c, 0);
    assert_eq!(told(&mut world), []);
}

#[test]
fn a_recording_survives_a_moment_in_which_nobody_is_connected() {
    let (mut world, a, b) = recorded();
    for index in [a, b] {
        let (room, participant) = (world.clients[index].room, world.clients[index].me);
        world.command(Command::Disconnect { room, participant });
    }
    world.run(STEP);
    assert_eq!(world.shard.room_count(), 0);
    let c = world.join(ROOM, 10, &Wishes::default());
    world.join(ROOM, 11, &Wishes::default());
    told(&mut world);
    say(&mut world, c, 0);
    let events = told(&mut world);
    let tracks: Vec<_> = packets(&events).iter().map(|packet| packet.track).collect();
    assert_eq!(tracks.len(), 1);
    assert!(
        tracks.iter().all(|track| track.0 > 4),
        "a number is used once"
    );
}

#[test]
fn a_recorder_gets_the_key_frame_it_asks_for() {
    let (mut world, a, _) = recorded();
    let now = world.now;
    // The request at the beginning is answered.
    world.clients[a].send(now, Source::Camera, 0, &vp8_key(1, 360));
    world.run(Duration::from_secs(2));
    let before = world.clients[a].keyframes_wanted.len();
    order(&mut world, ROOM, TapOrder::KeyFrame(TrackKey(2), 0));
    world.run(Duration::from_millis(100));
    assert!(world.clients[a].keyframes_wanted.len() > before);
}

#[test]
fn people_who_nobody_sees_are_wanted_by_a_recorder() {
    let mut world = World::new();
    let alone = Wishes {
        simulcast: true,
        ..Wishes::default()
    };
    let a = world.join(ROOM, 10, &alone);
    let wanted = |world: &World| {
        let told = world.events.iter().rev().find_map(|event| match event {
            crate::SfuEvent::Wanted { sources, .. } => Some(sources.clone()),
            _ => None,
        });
        told.is_none_or(|sources| sources.iter().all(|it| it.encodings.iter().all(|on| *on)))
    };
    world.run(Duration::from_secs(4));
    assert!(!wanted(&world));
    order(&mut world, ROOM, TapOrder::Open);
    order(&mut world, ROOM, TapOrder::Run);
    world.run(Duration::from_secs(1));
    assert!(wanted(&world));
    say(&mut world, a, 0);
    assert_eq!(packets(&told(&mut world)).len(), 1);
}

#[test]
fn a_scribe_hears_voices_alone_and_beside_a_recorder_each_has_its_own_pause() {
    let mut world = World::new();
    let a = world.join(ROOM, 10, &Wishes::default());
    world.join(ROOM, 11, &Wishes::default());
    for kind in TapKind::ALL {
        order_of(&mut world, (ROOM, kind), TapOrder::Open);
        order_of(&mut world, (ROOM, kind), TapOrder::Run);
    }
    let now = world.now;
    world.clients[a].send(now, Source::Microphone, 0, SPEECH);
    world.clients[a].send(now, Source::Camera, 0, &vp8_key(1, 360));
    world.run(STEP);
    let heard: Vec<_> = std::mem::take(&mut world.scribed);
    let opened = heard.iter().flatten().filter_map(|event| match event {
        TapEvent::Opened { person, kind, .. } => Some((*person, *kind)),
        _ => None,
    });
    let microphones = [10, 11].map(|it| (PersonKey(it), SourceKind::Microphone));
    assert_eq!(opened.collect::<Vec<_>>(), microphones);
    let all: Vec<_> = heard.into_iter().flatten().collect();
    let voices: Vec<_> = packets(&all).iter().map(|it| it.codec).collect();
    assert_eq!(voices, [recordings_tap::Codec::Opus]);
    assert_eq!(
        packets(&told(&mut world)).len(),
        2,
        "the recorder gets both"
    );

    order_of(&mut world, (ROOM, TapKind::Scribe), TapOrder::Pause);
    say(&mut world, a, 1);
    let paused: Vec<_> = std::mem::take(&mut world.scribed);
    let paused: Vec<_> = paused.into_iter().flatten().collect();
    assert_eq!(packets(&paused).len(), 0, "nobody agreed to this one");
    assert_eq!(packets(&told(&mut world)).len(), 1, "that one goes on");
    order_of(&mut world, (ROOM, TapKind::Scribe), TapOrder::Close);
    assert_eq!(world.scribed.last(), Some(&None));
    say(&mut world, a, 2);
    assert_eq!(packets(&told(&mut world)).len(), 1);
}
