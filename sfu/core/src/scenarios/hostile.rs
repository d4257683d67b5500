//! Bytes and descriptions from people who mean no good.

use std::net::SocketAddr;

use proptest::prelude::*;

use super::world::{Wishes, World, server_address};
use crate::{
    ConnectError, ConnectRequest, ConnectionKey, Input, Mode, ParticipantKey, RoomKey, SourceSet,
    Transport,
};

fn request(offer_sdp: String) -> ConnectRequest {
    ConnectRequest {
        room: RoomKey(9),
        participant: ParticipantKey(9),
        connection: ConnectionKey(9),
        mode: Mode::Room,
        offer_sdp,
        sources: vec![],
        on: SourceSet::ALL,
        rank: crate::Rank::Other,
        grants: crate::Grants::ALL,
    }
}

/// A real offer to be spoiled.
fn offer() -> String {
    let mut world = World::new();
    let index = world.join(
        1,
        1,
        &Wishes {
            simulcast: true,
            ..Wishes::default()
        },
    );
    let (offer, _pending) = world.clients[index].offer(&Wishes::default());
    offer.to_sdp_string()
}

#[test]
fn a_refused_offer_leaves_nothing_behind() {
    let mut world = World::new();
    assert!(world.request(request("nonsense".to_owned())).is_err());
    assert!(world.request(request("v=0\r\n".to_owned())).is_err());
    let huge = "a=x\r\n".repeat(20_000);
    let refused = world.request(request(huge));
    assert!(matches!(refused, Err(ConnectError::OfferTooLarge { .. })));
    assert!(world.shard.remembers_nothing());
}

#[test]
fn a_full_room_refuses_one_more() {
    let mut world = World::new();
    let text = offer();
    // The real limit is too many engines for a test.
    for n in 0..16 {
        let mut one = request(text.clone());
        one.participant = ParticipantKey(n);
        world.request(one).unwrap();
        world.shard.set_people_max(RoomKey(9), 16);
    }
    let mut one = request(text);
    one.participant = ParticipantKey(1000);
    assert!(matches!(world.request(one), Err(ConnectError::RoomFull)));
}

#[test]
fn a_room_keeps_its_mode() {
    let mut world = World::new();
    world.request(request(offer())).unwrap();
    let mut echo = request(offer());
    (echo.mode, echo.participant) = (Mode::Echo, ParticipantKey(10));
    assert!(matches!(
        world.request(echo),
        Err(ConnectError::ModeMismatch)
    ));
}

#[test]
fn datagrams_of_strangers_are_counted_and_dropped() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let remote = SocketAddr::from(([203, 0, 113, 9], 9));
    let local = server_address();
    for contents in [&[0x80_u8; 40][..], &[22; 40], &[0; 40], &[255; 4], &[]] {
        world.shard.handle(
            world.now,
            Input::Datagram {
                transport: Transport::Udp,
                local,
                remote,
                contents,
            },
        );
    }
    world.exchange();
    let counters = world.shard.counters();
    assert_eq!((counters.dropped_unknown, counters.dropped_garbage), (2, 3));
    assert!(world.clients[a].connected);
    assert_eq!(world.shard.connection_count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_from_a_known_address_ends_nothing(
        datagrams in proptest::collection::vec(
            (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..200)), 1..60),
    ) {
        let mut world = World::new();
        let a = world.join(1, 10, &Wishes::default());
        let (local, remote) = (server_address(), world.clients[a].address);
        for (first, mut contents) in datagrams {
            if let Some(byte) = contents.first_mut() {
                *byte = first;
            }
            let transport = Transport::Udp;
            world.shard.handle(world.now, Input::Datagram { transport, local, remote, contents: &contents });
        }
        world.exchange();
        prop_assert_eq!(world.shard.counters().peer_panics, 0);
        prop_assert_eq!(world.shard.connection_count(), 1);
    }

    #[test]
    fn a_spoiled_offer_is_answered_or_refused(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), "\\PC{0,6}"), 1..12),
    ) {
        let mut world = World::new();
        let text = offer();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (index, what, put) in cuts {
            let at = index.index(lines.len());
            match what % 4 {
                0 => { lines.remove(at); }
                1 => { let line = lines[at].clone(); lines.insert(at, line); }
                2 => lines[at].push_str(&put),
                _ => { let half: String = lines[at].chars().take(put.len() + 2).collect(); lines[at] = half; }
            }
            if lines.is_empty() { break; }
        }
        let answered = world.request(request(lines.join("\r\n") + "\r\n"));
        // A panic inside the engine would be caught, and is a finding all the same.
        prop_assert!(!matches!(answered, Err(ConnectError::EngineFailed)));
    }
}
