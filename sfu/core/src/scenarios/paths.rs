//! How clients reach the server, and what happens when their address changes.

use std::net::SocketAddr;
use std::time::Duration;

use str0m::Candidate;
use str0m::rtp::Vp8Descriptor;

use super::layers::{layer_now, scene};
use super::payloads::SPEECH;
use super::world::{Wishes, World, server_address};
use crate::{DisconnectCause, Input, SfuEvent, Source, Transport};

const FRAME: Duration = Duration::from_millis(20);
/// A str0m client checks its path at least this often; browsers every 2.5 s.
const CHECK_INTERVAL: Duration = Duration::from_secs(3);

/// Both speak for a while; answers after how much of it the first one heard something again.
fn speak(
    world: &mut World,
    (a, b): (usize, usize),
    seqs: std::ops::Range<u64>,
) -> Option<Duration> {
    let before = world.clients[a].received.len();
    let start = world.now;
    let mut heard = None;
    for seq in seqs {
        for index in [a, b] {
            let now = world.now;
            world.clients[index].send(now, Source::Microphone, seq, SPEECH);
        }
        world.run(FRAME);
        if world.clients[a].received.len() > before && heard.is_none() {
            heard = Some(world.now - start);
        }
    }
    heard
}

fn pair(transport: Transport) -> (World, usize, usize) {
    let mut world = World::new();
    let wishes = Wishes {
        transport,
        ..Wishes::default()
    };
    let a = world.join(1, 10, &wishes);
    let b = world.join(1, 11, &Wishes::default());
    (world, a, b)
}

fn elsewhere() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 77], 4040))
}

/// Another port of the same NAT.
fn another_port(world: &World, index: usize) -> SocketAddr {
    SocketAddr::new(world.clients[index].seen_as.ip(), 4040)
}

fn connected_once(world: &World) -> bool {
    let ends =
        |event: &&SfuEvent| !matches!(event, SfuEvent::Connected { .. } | SfuEvent::Slots { .. });
    world.events.iter().find(ends).is_none()
}

#[test]
fn a_client_over_tcp_and_one_over_udp_hear_each_other() {
    let (mut world, a, b) = pair(Transport::Tcp);
    speak(&mut world, (a, b), 100..150);
    for index in [a, b] {
        let client = &world.clients[index];
        assert_eq!(
            client.received_on(client.slots[0]).len(),
            50,
            "client {index}"
        );
    }
}

#[test]
fn an_answer_names_udp_and_passive_tcp_candidates() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let more = Wishes {
        sources: vec![],
        ..Wishes::default()
    };
    let (offer, _pending) = world.clients[a].offer(&more);
    let answer = world.connect(a, &offer).unwrap();
    assert!(answer.contains(" udp "), "{answer}");
    let tcp = answer.lines().find(|line| line.contains("443 typ host"));
    assert!(
        tcp.is_some_and(|line| line.contains(" tcptype passive")),
        "{tcp:?}"
    );
    let ufrag = answer
        .lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"));
    assert_eq!(crate::shard_of_ufrag(ufrag.unwrap()), Some(3));
    // In a later answer, too, candidates name the credentials that hold.
    let named = |line: &str| line.contains(&format!("ufrag {}", ufrag.unwrap()));
    let candidates = answer
        .lines()
        .filter(|line| line.starts_with("a=candidate"));
    assert!(candidates.into_iter().all(named), "{answer}");
}

#[test]
fn a_nat_that_changes_the_address_costs_no_more_than_until_the_next_check() {
    let (mut world, a, b) = pair(Transport::Udp);
    speak(&mut world, (a, b), 100..150);
    world.clients[a].seen_as = elsewhere();
    let silent = speak(&mut world, (a, b), 150..400).expect("heard again");
    assert!(silent <= CHECK_INTERVAL + FRAME, "{silent:?}");
    let before = world.clients[b].received.len();
    speak(&mut world, (a, b), 400..450);
    assert!(
        world.clients[b].received.len() >= before + 50,
        "and is heard"
    );
    assert!(connected_once(&world), "{:?}", world.events);
}

#[test]
fn a_nat_that_changes_the_port_alone_is_followed_at_once() {
    let (mut world, a, b) = pair(Transport::Udp);
    speak(&mut world, (a, b), 100..150);
    world.clients[a].seen_as = another_port(&world, a);
    let silent = speak(&mut world, (a, b), 150..250).expect("heard again");
    assert!(silent <= Duration::from_millis(200), "{silent:?}");
    let heard = world.clients[b].received.len();
    speak(&mut world, (a, b), 250..300);
    assert!(
        world.clients[b].received.len() >= heard + 50,
        "and is heard"
    );
    assert!(connected_once(&world), "{:?}", world.events);
}

#[test]
fn media_from_another_port_moves_nobody_who_does_not_answer() {
    let (mut world, a, b) = pair(Transport::Udp);
    speak(&mut world, (a, b), 100..150);
    let stranger = another_port(&world, a);
    // Nothing comes from the client for a while, and somebody else fills in.
    world.clients[a].deaf = true;
    for _ in 0..100 {
        world.run(FRAME);
        world.shard.handle(
            world.now,
            Input::Datagram {
                transport: Transport::Udp,
                local: server_address(),
                remote: stranger,
                contents: &[0x80; 60],
            },
        );
        world.exchange();
    }
    world.clients[a].deaf = false;
    let silent = speak(&mut world, (a, b), 150..200).expect("still heard");
    assert!(silent <= 2 * FRAME, "{silent:?}");
}

#[test]
fn media_from_a_new_address_counts_for_nothing_without_a_check() {
    let (mut world, a, b) = pair(Transport::Udp);
    speak(&mut world, (a, b), 100..150);
    let before = world.clients[b].received.len();
    let now = world.now;
    // What the client says now is carried to the server from an address it never checked from.
    world.clients[a].send(now, Source::Microphone, 150, SPEECH);
    let said = world.clients[a].take_outbox();
    assert!(!said.is_empty());
    for transmit in said {
        let media = transmit.contents.first().is_some_and(|byte| *byte >= 128);
        assert!(media);
        world.shard.handle(
            now,
            Input::Datagram {
                transport: Transport::Udp,
                local: server_address(),
                remote: elsewhere(),
                contents: &transmit.contents,
            },
        );
    }
    world.exchange();
    assert_eq!(world.clients[b].received.len(), before);
    assert!(world.shard.counters().dropped_unknown > 0);
}

#[test]
fn an_ice_restart_keeps_the_connection_with_everything_in_it() {
    let (mut world, a, b) = pair(Transport::Udp);
    speak(&mut world, (a, b), 100..150);
    let events = world.events.len();
    // Another network: another socket, and credentials anew.
    let fresh = SocketAddr::from(([198, 51, 100, 99], 9999));
    let (address, seen_as) = (fresh, fresh);
    world.clients[a].address = address;
    world.clients[a].seen_as = seen_as;
    let rtc = &mut world.clients[a].rtc;
    let mut changes = rtc.sdp_api();
    changes.ice_restart(false);
    let (offer, pending) = changes.apply().unwrap();
    let answer = world.connect(a, &offer).unwrap();
    world.accept(a, pending, &answer);
    let rtc = &mut world.clients[a].rtc;
    rtc.add_local_candidate(Candidate::host(fresh, "udp").unwrap());
    let silent = speak(&mut world, (a, b), 150..300).expect("heard again");
    assert!(silent <= Duration::from_millis(500), "{silent:?}");
    let seqs: Vec<u64> = world.clients[b]
        .received_on(world.clients[b].slots[0])
        .iter()
        .map(|packet| *packet.seq_no)
        .collect();
    let one_stream = seqs.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(one_stream && seqs.len() >= 150, "{seqs:?}");
    let told = &world.events[events..];
    let disturbed = told.iter().any(|event| {
        matches!(
            event,
            SfuEvent::Connected { .. } | SfuEvent::Disconnected { .. }
        )
    });
    assert!(!disturbed, "no new session: {told:?}");
}

/// Packets of key frames that a viewer has got.
fn key_frames(world: &World, viewer: usize) -> usize {
    let client = &world.clients[viewer];
    let packets = client.received_on(client.slots[1]);
    let is_key = |payload: &[u8]| {
        let descriptor = Vp8Descriptor::parse(payload).unwrap();
        descriptor.starts_keyframe(payload)
    };
    packets.iter().filter(|one| is_key(&one.payload)).count()
}

#[test]
fn after_a_gap_pictures_begin_with_a_key_frame_both_ways() {
    let (mut world, mut camera, viewer) = scene();
    camera.run(&mut world, 60);
    for cut in [viewer, camera.index] {
        world.clients[cut].cut = true;
        camera.run(&mut world, 40);
        world.clients[cut].cut = false;
        let before = key_frames(&world, viewer);
        camera.run(&mut world, 20);
        assert!(key_frames(&world, viewer) > before, "after client {cut}");
    }
}

#[test]
fn a_camera_that_comes_back_with_its_lowest_layer_alone_is_shown_soon() {
    let (mut world, mut camera, viewer) = scene();
    camera.run(&mut world, 60);
    assert_eq!(layer_now(&world, viewer), Some(2));
    world.clients[camera.index].cut = true;
    camera.run(&mut world, 40);
    world.clients[camera.index].cut = false;
    camera.stopped = [false, true, true];
    // Less than the second after which a layer that stops by itself is given up.
    camera.run(&mut world, 22);
    assert_eq!(layer_now(&world, viewer), Some(0));
}

#[test]
fn a_client_that_lost_its_network_for_good_is_gone_all_the_same() {
    let (mut world, a, b) = pair(Transport::Tcp);
    speak(&mut world, (a, b), 100..110);
    world.clients.remove(a);
    world.run(Duration::from_secs(20));
    let lost = world.events.iter().any(|event| {
        matches!(
            event,
            SfuEvent::Disconnected {
                cause: DisconnectCause::ConsentLost,
                ..
            }
        )
    });
    assert!(lost, "{:?}", world.events);
}
