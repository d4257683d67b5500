//! Key frames: pictures kept for those who come later, and requests that are not lost.

use std::time::Duration;

use str0m::rtp::Vp8Descriptor;

use super::payloads::{vp8_delta, vp8_key};
use super::sender::assert_continuous;
use super::world::{Wishes, World};
use crate::{Command, ConnectionKey, ParticipantKey, RoomKey, Source, SourceSet};

const FRAME: Duration = Duration::from_millis(33);

/// A camera that sends one packet a picture and a key frame only first or when it is asked.
struct Camera {
    index: usize,
    source: Source,
    next: u64,
    asked: usize,
    bytes: usize,
}

impl Camera {
    fn run(&mut self, world: &mut World, pictures: usize) {
        for _ in 0..pictures {
            let now = world.now;
            let client = &mut world.clients[self.index];
            let asked = client.keyframes_wanted.drain(..).count();
            self.asked += asked;
            let id = u16::try_from(self.next % 30_000).unwrap();
            let mut payload = if self.next == 0 || asked > 0 {
                vp8_key(id, 360)
            } else {
                vp8_delta(id)
            };
            payload.resize(payload.len() + self.bytes, 0);
            client.send(now, self.source, self.next, &payload);
            self.next += 1;
            world.run(FRAME);
        }
    }
}

fn scene(source: Source) -> (World, Camera) {
    let mut world = World::new();
    let wishes = Wishes {
        sources: vec![Source::Microphone, source],
        ..Wishes::default()
    };
    let index = world.join(1, 10, &wishes);
    let camera = Camera {
        index,
        source,
        next: 0,
        asked: 0,
        bytes: 500,
    };
    (world, camera)
}

fn viewer() -> Wishes {
    Wishes {
        sources: vec![],
        ..Wishes::default()
    }
}

fn kept_bytes(world: &mut World) -> usize {
    let room = world.shard.room_mut(RoomKey(1)).unwrap();
    let publications = room.people.values().flat_map(|person| &person.publications);
    publications
        .filter_map(|publication| publication.pictures(0))
        .map(crate::forward::Gop::bytes)
        .sum()
}

#[test]
fn who_comes_late_sees_a_picture_at_once_without_a_key_frame_request() {
    let (mut world, mut camera) = scene(Source::Camera);
    camera.run(&mut world, 40);
    let asked_at = world.now;
    let late = world.join(1, 11, &viewer());
    let first = world.clients[late].pictures()[0];
    assert!(
        Vp8Descriptor::parse(&first.payload)
            .unwrap()
            .starts_keyframe(&first.payload)
    );
    let waited = first.timestamp - asked_at;
    println!("first picture {waited:?} after the answer");
    assert!(waited < Duration::from_millis(100), "{waited:?}");
    camera.run(&mut world, 20);
    let packets = world.clients[late].pictures();
    assert_continuous(&packets, 1);
    assert_eq!(packets.len(), 60);
    // The past takes no time on the screen, the present its own.
    let ticks: Vec<u32> = packets
        .windows(2)
        .map(|two| two[1].header.timestamp - two[0].header.timestamp)
        .collect();
    assert!(ticks[..39].iter().all(|ticks| *ticks == 90), "{ticks:?}");
    assert!(ticks[39..].iter().all(|ticks| *ticks == 3000), "{ticks:?}");
    let ids: Vec<u16> = packets
        .iter()
        .map(|packet| {
            Vp8Descriptor::parse(&packet.payload)
                .unwrap()
                .picture_id()
                .unwrap()
        })
        .collect();
    assert!(ids.windows(2).all(|two| two[1] == two[0] + 1));
    assert_eq!(camera.asked, 0);
}

#[test]
fn a_past_that_is_too_long_costs_a_key_frame() {
    let (mut world, mut camera) = scene(Source::Camera);
    camera.run(&mut world, 120);
    let late = world.join(1, 11, &viewer());
    camera.run(&mut world, 20);
    assert!(camera.asked > 0);
    let first = world.clients[late].pictures()[0];
    assert!(
        Vp8Descriptor::parse(&first.payload)
            .unwrap()
            .starts_keyframe(&first.payload)
    );
}

#[test]
fn the_key_frame_of_who_comes_late_is_asked_for_with_the_answer() {
    let (mut world, mut camera) = scene(Source::Camera);
    let late = world.join(1, 11, &viewer());
    camera.run(&mut world, 120);
    let asked = camera.asked;
    // The same person with another connection, which is answered and goes no further.
    world.clients[late].connection = ConnectionKey(2);
    let (offer, _pending) = world.clients[late].offer(&viewer());
    world.connect(late, &offer).unwrap();
    camera.run(&mut world, 60);
    assert_eq!(camera.asked, asked + 1, "and it is asked once");
}

#[test]
fn what_is_kept_is_bounded_and_gone_when_the_source_is_switched_off() {
    let (mut world, mut camera) = scene(Source::Camera);
    camera.bytes = 1000;
    let mut highest = 0;
    for round in 0..40 {
        if round % 3 == 0 {
            let mid = world.clients[camera.index].mid(Source::Camera);
            world.clients[camera.index]
                .keyframes_wanted
                .push((mid, None));
        }
        camera.run(&mut world, 20);
        highest = highest.max(kept_bytes(&mut world));
    }
    assert!(highest > 10_000 && highest <= 384 * 1024, "{highest}");
    camera.next = 100_000;
    let mid = world.clients[camera.index].mid(Source::Camera);
    world.clients[camera.index]
        .keyframes_wanted
        .push((mid, None));
    camera.run(&mut world, 5);
    assert!(kept_bytes(&mut world) > 0);
    world.set_sources(camera.index, SourceSet::NONE);
    assert_eq!(kept_bytes(&mut world), 0);
}

#[test]
fn pictures_from_before_a_mute_are_never_shown_later() {
    let (mut world, mut camera) = scene(Source::Camera);
    camera.run(&mut world, 20);
    world.set_sources(camera.index, SourceSet::NONE);
    let late = world.join(1, 11, &viewer());
    world.set_sources(camera.index, SourceSet::ALL);
    world.run(Duration::from_millis(300));
    assert_eq!(world.clients[late].pictures().len(), 0);
}

#[test]
fn a_lost_request_is_repeated_until_it_is_answered() {
    let (mut world, mut camera) = scene(Source::Camera);
    // Long enough that nothing is kept any more.
    camera.run(&mut world, 120);
    let late = world.join(1, 11, &viewer());
    world.clients[late].received.clear();
    world.clients[camera.index].keyframes_wanted.clear();
    // The viewer cannot decode; its only request gets lost on the way to the camera.
    let (room, of) = (RoomKey(1), ParticipantKey(10));
    world.clients[camera.index].deaf = true;
    let (now, shard) = (world.now, &mut world.shard);
    shard.want_keyframe(now, room, (of, Source::Camera));
    world.exchange();
    world.run(Duration::from_millis(100));
    world.clients[camera.index].deaf = false;
    world.run(Duration::from_secs(3));
    assert!(!world.clients[camera.index].keyframes_wanted.is_empty());
    camera.run(&mut world, 20);
    let answered = camera.asked;
    camera.run(&mut world, 200);
    assert_eq!(
        camera.asked, answered,
        "once answered it is not asked again"
    );
}

#[test]
fn a_still_screen_is_left_alone() {
    let (mut world, mut screen) = scene(Source::Screen);
    screen.run(&mut world, 3);
    let late = world.join(1, 11, &viewer());
    for _ in 0..10 {
        // One picture every two seconds.
        world.run(Duration::from_secs(2));
        screen.run(&mut world, 1);
    }
    assert_eq!(screen.asked, 0);
    assert_eq!(world.clients[late].pictures().len(), 13);
    let (room, participant) = (RoomKey(1), ParticipantKey(10));
    world.command(Command::Disconnect { room, participant });
}
