//! Small messages beside the media.

use std::time::Duration;

use super::world::{Client, Wishes, World};
use crate::data::{DataLane, LOSSY_BYTES_MAX};
use crate::{Command, Grants, RoomKey, SourceSet};

const PATIENCE: Duration = Duration::from_secs(2);

fn wishes() -> Wishes {
    Wishes {
        channels: vec!["lane-reliable", "lane-lossy", "something-else"],
        ..Wishes::default()
    }
}

/// Three people with their lanes open.
fn three() -> World {
    let mut world = World::new();
    for me in 10..13 {
        world.join(1, me, &wishes());
    }
    world.run(PATIENCE);
    world
}

/// Whether the client's own engine took the message.
fn send(world: &mut World, from: usize, label: &str, message: &[u8]) -> bool {
    let client = &mut world.clients[from];
    let known = client.channels.iter().find(|(_, known)| known == label);
    let Some((channel, _)) = known.cloned() else {
        return false;
    };
    client
        .rtc
        .channel(channel)
        .unwrap()
        .write(true, message)
        .unwrap()
}

fn texts(client: &Client) -> Vec<String> {
    let texts = client.messages.iter().map(|message| &message[17..]);
    texts
        .map(|text| String::from_utf8(text.to_vec()).unwrap())
        .collect()
}

#[test]
fn a_message_reaches_the_others_with_its_sender_in_front() {
    let mut world = three();
    for label in ["lane-reliable", "lane-lossy"] {
        assert!(send(&mut world, 0, label, b"hello"));
        world.run(PATIENCE);
    }
    assert_eq!(texts(&world.clients[0]), [""; 0]);
    for other in [1, 2] {
        assert_eq!(texts(&world.clients[other]), ["hello", "hello"]);
        let first = &world.clients[other].messages[0];
        assert_eq!((first[0], first[16]), (1, 10));
    }
}

#[test]
fn only_lanes_are_relayed() {
    let mut world = three();
    assert!(send(&mut world, 0, "something-else", b"hello"));
    world.run(PATIENCE);
    assert!(world.clients[1].messages.is_empty());
    assert_eq!(world.shard.counters().data_dropped, 1);
}

#[test]
fn nothing_crosses_rooms_and_nobody_without_a_grant_sends_or_hears() {
    let mut world = three();
    world.join(2, 20, &wishes());
    world.run(PATIENCE);
    let grant = |world: &mut World, index: usize, grants| {
        let (room, participant) = (world.clients[index].room, world.clients[index].me);
        world.command(Command::SetGrants {
            room,
            participant,
            grants,
        });
    };
    let listener = Grants {
        publish: SourceSet::NONE,
        subscribe: true,
    };
    grant(&mut world, 0, listener);
    let deaf = Grants {
        publish: SourceSet::ALL,
        subscribe: false,
    };
    grant(&mut world, 1, deaf);
    assert!(send(&mut world, 0, "lane-reliable", b"from a listener"));
    assert!(send(&mut world, 2, "lane-reliable", b"from the third"));
    world.run(PATIENCE);
    assert_eq!(texts(&world.clients[0]), ["from the third"]);
    assert!(world.clients[1].messages.is_empty());
    assert!(world.clients[3].messages.is_empty());
}

#[test]
fn a_service_speaks_to_everybody() {
    let mut world = three();
    let message = b"caption".to_vec();
    world.command(Command::Say {
        room: RoomKey(1),
        lane: DataLane::Lossy,
        service: 7,
        message,
    });
    world.run(PATIENCE);
    for client in &world.clients {
        assert_eq!(texts(client), ["caption"]);
        assert_eq!((client.messages[0][0], client.messages[0][16]), (2, 7));
    }
}

#[test]
fn who_floods_the_lossy_lane_is_thinned_out_and_the_others_go_on() {
    let mut world = three();
    for _ in 0..200 {
        send(&mut world, 0, "lane-lossy", &[b'x'; 100]);
        world.run(Duration::from_millis(5));
    }
    assert!(send(&mut world, 2, "lane-lossy", b"still here"));
    world.run(PATIENCE);
    let heard = texts(&world.clients[1]);
    assert!(heard.contains(&"still here".to_owned()));
    assert!((60..=150).contains(&heard.len()), "{} heard", heard.len());
    let long = vec![0; LOSSY_BYTES_MAX + 1];
    let dropped = world.shard.counters().data_dropped;
    assert!(send(&mut world, 2, "lane-lossy", &long));
    world.run(PATIENCE);
    assert_eq!(world.shard.counters().data_dropped, dropped + 1);
}

#[test]
fn a_reliable_lane_that_cannot_keep_up_is_closed_and_nobody_else_is() {
    let mut world = three();
    for _ in 0..100 {
        send(&mut world, 0, "lane-reliable", &[0; 2_000]);
        world.run(Duration::from_millis(5));
    }
    world.run(PATIENCE);
    let is_open = |world: &World, index: usize| {
        let channels = &world.clients[index].channels;
        channels.iter().any(|(_, label)| label == "lane-reliable")
    };
    assert!(!is_open(&world, 0));
    assert!(is_open(&world, 1) && is_open(&world, 2));
    // What was passed on before arrived whole and in order.
    let heard = &world.clients[1].messages;
    assert!(!heard.is_empty() && heard.iter().all(|message| message.len() == 2_017));
    assert_eq!(heard.len(), world.clients[2].messages.len());
}
