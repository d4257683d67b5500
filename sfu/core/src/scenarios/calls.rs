//! What people in a room see and hear.

use std::time::Duration;

use super::payloads::{SPEECH, vp8_delta, vp8_key};
use super::world::{Wishes, World};
use crate::{
    Command, ConnectionKey, DisconnectCause, Mode, ParticipantKey, Rank, RoomKey, SfuEvent,
    SlotBinding, Source, SourceSet,
};

const FRAME: Duration = Duration::from_millis(20);

/// Everybody listed sends speech and pictures for a while.
fn talk(world: &mut World, who: &[usize], frames: std::ops::Range<u64>) {
    for seq in frames {
        for index in who {
            let now = world.now;
            let client = &mut world.clients[*index];
            client.send(now, Source::Microphone, seq, SPEECH);
            let picture = u16::try_from(seq % 30_000).unwrap();
            let payload = if seq % 50 == 0 {
                vp8_key(picture, 360)
            } else {
                vp8_delta(picture)
            };
            client.send(now, Source::Camera, seq, &payload);
        }
        world.run(FRAME);
    }
}

fn heard_and_seen(world: &World, index: usize) -> (usize, usize) {
    let client = &world.clients[index];
    (
        client.received_on(client.slots[0]).len(),
        client.received_on(client.slots[1]).len(),
    )
}

#[test]
fn two_people_hear_and_see_each_other() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(1, 11, &Wishes::default());
    talk(&mut world, &[a, b], 100..200);
    for index in [a, b] {
        assert_eq!(heard_and_seen(&world, index), (100, 100), "client {index}");
        let client = &world.clients[index];
        for slot in &client.slots {
            let seqs: Vec<u64> = client
                .received_on(*slot)
                .iter()
                .map(|packet| *packet.seq_no)
                .collect();
            assert_eq!(seqs, (1..=100).collect::<Vec<_>>());
        }
    }
    let counters = world.shard.counters();
    assert_eq!(
        (counters.received.packets, counters.forwarded.packets),
        (400, 400)
    );
}

#[test]
fn slots_tell_who_is_where_and_follow_comings_and_goings() {
    let mut world = World::new();
    let wishes = Wishes {
        audio_slots: 2,
        video_slots: 2,
        ..Wishes::default()
    };
    let a = world.join(1, 10, &wishes);
    assert_eq!(world.slots(a), []);
    let b = world.join(1, 11, &wishes);
    let slot = |world: &World, n: usize, source| SlotBinding {
        mid: world.clients[a].slots[n].to_string(),
        participant: ParticipantKey(11),
        source,
    };
    let expected = [
        slot(&world, 0, Source::Microphone),
        slot(&world, 2, Source::Camera),
    ]
    .to_vec();
    assert_eq!(world.slots(a), expected);
    let (room, participant) = (world.clients[b].room, world.clients[b].me);
    world.command(Command::Disconnect { room, participant });
    assert_eq!(world.slots(a), []);
}

#[test]
fn a_source_that_is_off_is_not_forwarded_whatever_arrives() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(1, 11, &Wishes::default());
    world.set_sources(
        a,
        SourceSet {
            camera: true,
            ..SourceSet::NONE
        },
    );
    talk(&mut world, &[a], 0..50);
    assert_eq!(heard_and_seen(&world, b), (0, 50));
    world.set_sources(a, SourceSet::NONE);
    talk(&mut world, &[a], 50..100);
    assert_eq!(heard_and_seen(&world, b), (0, 50));
    world.set_sources(a, SourceSet::ALL);
    talk(&mut world, &[a], 100..150);
    assert_eq!(heard_and_seen(&world, b), (50, 100));
}

#[test]
fn a_stream_has_no_gap_where_it_was_muted() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(1, 11, &Wishes::default());
    talk(&mut world, &[a], 0..30);
    world.set_sources(a, SourceSet::NONE);
    talk(&mut world, &[a], 30..50);
    world.set_sources(a, SourceSet::ALL);
    talk(&mut world, &[a], 50..80);
    let client = &world.clients[b];
    let seqs: Vec<u64> = client
        .received_on(client.slots[1])
        .iter()
        .map(|packet| *packet.seq_no)
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert!(seqs.len() > 30, "{}", seqs.len());
}

#[test]
fn screens_have_a_slot_only_while_they_are_on() {
    let mut world = World::new();
    let sharing = Wishes {
        sources: vec![Source::Microphone, Source::Camera, Source::Screen],
        ..Wishes::default()
    };
    let a = world.join(1, 10, &sharing);
    let b = world.join(
        1,
        11,
        &Wishes {
            video_slots: 2,
            ..Wishes::default()
        },
    );
    let sources =
        |world: &World| -> Vec<Source> { world.slots(b).iter().map(|slot| slot.source).collect() };
    assert_eq!(
        sources(&world),
        [Source::Microphone, Source::Camera, Source::Screen]
    );
    world.set_sources(
        a,
        SourceSet {
            screen: false,
            ..SourceSet::ALL
        },
    );
    assert_eq!(sources(&world), [Source::Microphone, Source::Camera]);
}

#[test]
fn a_screen_goes_before_a_camera_but_not_before_the_clinicians_when_slots_are_short() {
    let mut world = World::new();
    let wishes = Wishes {
        sources: vec![Source::Screen],
        audio_slots: 0,
        ..Wishes::default()
    };
    let _presenter = world.join(1, 10, &wishes);
    let b = world.join(1, 11, &Wishes::default());
    assert_eq!(world.slots(b)[0].source, Source::Screen);
    let sources =
        |world: &World| -> Vec<Source> { world.slots(b).iter().map(|slot| slot.source).collect() };
    let _third = world.join(1, 12, &Wishes::default());
    assert_eq!(sources(&world), [Source::Microphone, Source::Screen]);
    let clinician = Wishes {
        rank: Rank::Clinician,
        ..Wishes::default()
    };
    let _clinician = world.join(1, 13, &clinician);
    assert_eq!(sources(&world), [Source::Microphone, Source::Camera]);
}

#[test]
fn a_reload_replaces_the_connection_and_media_comes_back() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(1, 11, &Wishes::default());
    talk(&mut world, &[a, b], 0..20);
    let again = world.join_with(1, 10, 2, Mode::Room, &Wishes::default());
    assert_eq!(world.shard.connection_count(), 2);
    let before = heard_and_seen(&world, b);
    talk(&mut world, &[a, again, b], 50..70);
    assert_eq!(heard_and_seen(&world, b), (before.0 + 20, before.1 + 20));
    // The other's earlier pictures were kept since the key frame.
    assert_eq!(heard_and_seen(&world, again), (20, 40));
    let seqs: Vec<u64> = world.clients[b]
        .received_on(world.clients[b].slots[1])
        .iter()
        .map(|packet| *packet.seq_no)
        .collect();
    assert_eq!(seqs, (1..=40).collect::<Vec<_>>());
}

#[test]
fn media_follows_a_client_to_its_new_address_within_seconds() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(1, 11, &Wishes::default());
    talk(&mut world, &[a], 0..20);
    // The router in front of the client begins anew; the old address leads nowhere.
    world.clients[b].address.set_port(20_000);
    world.run(Duration::from_secs(6));
    let before = heard_and_seen(&world, b);
    talk(&mut world, &[a], 20..70);
    assert_eq!(heard_and_seen(&world, b), (before.0 + 50, before.1 + 50));
}

#[test]
fn the_packets_of_a_frame_leave_together() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(1, 11, &Wishes::default());
    talk(&mut world, &[a], 0..20);
    let before = heard_and_seen(&world, b).1;
    for seq in 20..40 {
        let now = world.now;
        let delta = vp8_delta(20);
        world.clients[a].send(now, Source::Camera, seq, &delta);
    }
    // No time passes.
    world.exchange();
    assert_eq!(heard_and_seen(&world, b).1, before + 20);
}

#[test]
fn the_same_connection_gets_more_slots_by_offering_again() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let _b = world.join(1, 11, &Wishes::default());
    let _c = world.join(1, 12, &Wishes::default());
    assert_eq!(world.slots(a).len(), 2);
    let more = Wishes {
        sources: vec![],
        audio_slots: 1,
        video_slots: 1,
        ..Wishes::default()
    };
    let (offer, pending) = world.clients[a].offer(&more);
    let answer = world.connect(a, &offer).unwrap();
    world.accept(a, pending, &answer);
    assert_eq!(world.slots(a).len(), 4);
    assert_eq!(world.shard.connection_count(), 3);
}

#[test]
fn an_echo_shows_a_person_only_themselves() {
    let mut world = World::new();
    let a = world.join_with(1, 10, 1, Mode::Echo, &Wishes::default());
    let b = world.join_with(1, 11, 1, Mode::Echo, &Wishes::default());
    talk(&mut world, &[a], 0..50);
    assert_eq!(heard_and_seen(&world, a), (50, 50));
    assert_eq!(heard_and_seen(&world, b), (0, 0));
}

#[test]
fn packets_never_cross_rooms() {
    let mut world = World::new();
    // The same participant keys in both rooms, on purpose.
    let a1 = world.join(1, 10, &Wishes::default());
    let b1 = world.join(1, 11, &Wishes::default());
    let a2 = world.join(2, 10, &Wishes::default());
    let b2 = world.join(2, 11, &Wishes::default());
    talk(&mut world, &[a1], 0..50);
    assert_eq!(heard_and_seen(&world, b1), (50, 50));
    for index in [a1, a2, b2] {
        assert_eq!(heard_and_seen(&world, index), (0, 0), "client {index}");
    }
    world.command(Command::CloseRoom { room: RoomKey(1) });
    talk(&mut world, &[a2], 0..50);
    assert_eq!(heard_and_seen(&world, b2), (50, 50));
}

#[test]
fn a_client_that_falls_silent_is_gone_and_everything_of_it_forgotten() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    world.clients.remove(a);
    world.run(Duration::from_secs(20));
    let lost = SfuEvent::Disconnected {
        room: RoomKey(1),
        participant: ParticipantKey(10),
        connection: ConnectionKey(1),
        cause: DisconnectCause::ConsentLost,
    };
    assert!(world.events.contains(&lost), "{:?}", world.events);
    assert!(world.shard.remembers_nothing());
}

#[test]
fn a_panic_costs_one_connection_only() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(1, 11, &Wishes::default());
    let c = world.join(
        1,
        12,
        &Wishes {
            audio_slots: 2,
            ..Wishes::default()
        },
    );
    world.shard.inject_fault(RoomKey(1), ParticipantKey(10));
    talk(&mut world, &[a, b], 0..50);
    let failed = SfuEvent::PeerFailed {
        room: RoomKey(1),
        participant: ParticipantKey(10),
        connection: ConnectionKey(1),
    };
    assert_eq!(
        world
            .events
            .iter()
            .filter(|event| **event == failed)
            .count(),
        1
    );
    assert_eq!(world.shard.counters().peer_panics, 1);
    assert_eq!(world.shard.connection_count(), 2);
    let heard: usize = world.clients[c].received.len();
    assert!(heard >= 50, "the others go on: {heard}");
}

#[test]
fn a_lost_packet_is_resent_when_it_is_asked_for() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(1, 11, &Wishes::default());
    talk(&mut world, &[a], 0..20);
    world.clients[b].deaf = true;
    talk(&mut world, &[a], 20..23);
    world.clients[b].deaf = false;
    talk(&mut world, &[a], 23..50);
    let client = &world.clients[b];
    let mut seqs: Vec<u64> = client
        .received_on(client.slots[1])
        .iter()
        .map(|packet| *packet.seq_no)
        .collect();
    assert!(client.nacks > 0);
    assert!(!seqs.is_sorted(), "the resent packets come later");
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=50).collect::<Vec<_>>());
}

#[test]
fn without_a_resend_stream_asking_for_a_lost_packet_harms_nobody() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(
        1,
        11,
        &Wishes {
            resends: false,
            ..Wishes::default()
        },
    );
    talk(&mut world, &[a], 0..20);
    world.clients[b].deaf = true;
    talk(&mut world, &[a], 20..23);
    world.clients[b].deaf = false;
    let client = &mut world.clients[b];
    let ssrc = client.received_on(client.slots[1])[0].header.ssrc;
    assert!(
        client
            .rtc
            .direct_api()
            .stream_rx(&ssrc)
            .unwrap()
            .rtx()
            .is_none()
    );
    // Such a client would not ask by itself; a hostile one does.
    client
        .rtc
        .direct_api()
        .stream_rx(&ssrc)
        .unwrap()
        .suppress_nack(false);
    talk(&mut world, &[a], 23..50);
    assert!(world.clients[b].nacks > 0);
    assert_eq!(world.shard.counters().peer_panics, 0);
    let seen = heard_and_seen(&world, b).1;
    assert_eq!(seen, 47, "three are lost for good");
}
