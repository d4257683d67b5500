//! Telephones among people with browsers.

use std::sync::Arc;
use std::time::Duration;

use str0m::format::Codec;
use str0m::rtp::{RedEncoder, RedundantBlock, RtpPacket};

use super::payloads::SPEECH;
use super::sender::Outgoing;
use super::world::{Wishes, World};
use crate::limits::PHONES_MAX;
use crate::{
    Command, ConnectionKey, DisconnectCause, Grants, Input, Mode, ParticipantKey, PhoneEvent,
    PhoneKey, PhonePacket, Rank, RoomKey, SeatError, SeatRequest, SfuEvent, Source, SourceSet,
    TapEvent, TapKind, TapOrder,
};

const ROOM: u128 = 1;
const PACKET: Duration = Duration::from_millis(20);
const LOUD: i8 = -25;

fn phone(participant: u128) -> PhoneKey {
    PhoneKey {
        room: RoomKey(ROOM),
        participant: ParticipantKey(participant),
        connection: ConnectionKey(participant + 1000),
    }
}

fn request(phone: PhoneKey) -> SeatRequest {
    SeatRequest {
        room: phone.room,
        participant: phone.participant,
        connection: phone.connection,
        on: SourceSet::ALL,
        rank: Rank::Other,
        grants: Grants::ALL,
    }
}

fn seat(world: &mut World, participant: u128) -> PhoneKey {
    let phone = phone(participant);
    world.command(Command::Seat(Box::new(request(phone))));
    phone
}

fn say(world: &mut World, phone: PhoneKey, seq: u64, payload: &[u8]) {
    let packet = PhonePacket {
        room: phone.room,
        participant: phone.participant,
        connection: phone.connection,
        seq,
        timestamp: u32::try_from(seq).unwrap().wrapping_mul(960),
        level_dbov: LOUD,
        payload: Arc::from(payload),
    };
    world.shard.handle(world.now, Input::Phone(packet));
    world.run(PACKET);
}

/// What somebody received on the slot that carries this telephone.
fn got(world: &World, index: usize, phone: PhoneKey) -> Vec<(u16, u32, Vec<u8>)> {
    let read = packets(world, index, phone).into_iter().map(|packet| {
        let header = &packet.header;
        let payload = packet.payload.to_vec();
        (header.sequence_number, header.timestamp, payload)
    });
    read.collect()
}

/// The same, as it came.
fn packets(world: &World, index: usize, phone: PhoneKey) -> Vec<&RtpPacket> {
    let slot = world
        .slots(index)
        .into_iter()
        .find(|slot| slot.participant == phone.participant)
        .unwrap();
    assert_eq!(slot.source, Source::Microphone);
    world.clients[index].received_on(slot.mid.as_str().into())
}

fn sounds(world: &mut World) -> Vec<(ParticipantKey, Vec<u8>)> {
    let told = std::mem::take(&mut world.phones).into_iter();
    told.filter_map(|event| match event {
        PhoneEvent::Sound { from, payload, .. } => Some((from, payload.to_vec())),
        _ => None,
    })
    .collect()
}

#[test]
fn what_a_telephone_says_reaches_browsers_in_order_and_on_one_clock() {
    let mut world = World::new();
    let wishes = Wishes {
        audio_slots: 2,
        ..Wishes::default()
    };
    let a = world.join(ROOM, 10, &wishes);
    let b = world.join(ROOM, 11, &wishes);
    let phone = seat(&mut world, 20);
    for seq in 0..20 {
        let now = world.now;
        world.clients[a].send(now, Source::Microphone, seq, SPEECH);
        if seq != 7 {
            say(&mut world, phone, seq, &[0x78, u8::try_from(seq).unwrap()]);
        }
    }
    for index in [a, b] {
        let got = got(&world, index, phone);
        assert_eq!(got.len(), 19, "client {index}");
        // The one that is missing leaves its place open, in numbers and in time.
        for pair in got.windows(2) {
            let missing = u16::from(pair[1].2[1] - pair[0].2[1]);
            assert_eq!(pair[1].0.wrapping_sub(pair[0].0), missing);
            assert_eq!(pair[1].1.wrapping_sub(pair[0].1), u32::from(missing) * 960);
        }
        for packet in packets(&world, index, phone) {
            let values = &packet.header.ext_vals;
            let level = (values.audio_level, values.voice_activity);
            assert_eq!(level, (Some(LOUD), Some(true)));
        }
    }
}

#[test]
fn whoever_comes_later_hears_the_telephone_and_sees_it_among_the_living() {
    let mut world = World::new();
    let phone = seat(&mut world, 20);
    (0..5).for_each(|seq| say(&mut world, phone, seq, SPEECH));
    let late = world.join(ROOM, 10, &Wishes::default());
    (5..10).for_each(|seq| say(&mut world, phone, seq, SPEECH));
    // Those of the half second in which it connected are before these.
    assert_eq!(got(&world, late, phone).len(), 5);
    let connected = world.events.iter().any(|event| {
        matches!(event, SfuEvent::Connected { participant, connection, .. }
            if *participant == phone.participant && *connection == phone.connection)
    });
    assert!(connected);
}

#[test]
fn a_telephone_speaks_like_anybody_and_is_not_taken_for_dead() {
    let mut world = World::new();
    world.join(ROOM, 10, &Wishes::default());
    let phone = seat(&mut world, 20);
    (0..100).for_each(|seq| say(&mut world, phone, seq, SPEECH));
    let speaks = |world: &World| {
        world.events.iter().rev().find_map(|event| match event {
            SfuEvent::Speakers { speakers, .. } => Some(speakers.clone()),
            _ => None,
        })
    };
    assert_eq!(speaks(&world), Some(vec![phone.participant]));
    world.run(Duration::from_secs(40));
    assert_eq!(speaks(&world), Some(vec![]));
    let gone = world.events.iter().any(|event| {
        matches!(event, SfuEvent::Disconnected { cause: DisconnectCause::ConsentLost, participant, .. }
            if *participant == phone.participant)
    });
    assert!(!gone);
    let untold = world.events.iter().all(|event| {
        !matches!(event, SfuEvent::Slots { participant, .. } | SfuEvent::Wanted { participant, .. }
            if *participant == phone.participant)
    });
    assert!(untold, "there is no page to be told");
}

#[test]
fn mute_and_grants_stop_a_telephone_and_its_bridge_is_told() {
    let mut world = World::new();
    let a = world.join(ROOM, 10, &Wishes::default());
    let phone = seat(&mut world, 20);
    let (room, participant) = (phone.room, phone.participant);
    let rights = |world: &mut World| {
        let told = std::mem::take(&mut world.phones).into_iter();
        told.filter_map(|event| match event {
            PhoneEvent::Rights {
                phone: of,
                is_heard,
                hears,
            } if of == phone => Some((is_heard, hears)),
            _ => None,
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(rights(&mut world), [(true, true)]);
    say(&mut world, phone, 0, SPEECH);
    world.command(Command::SetSources {
        room,
        participant,
        on: SourceSet::NONE,
    });
    assert_eq!(rights(&mut world), [(false, true)]);
    say(&mut world, phone, 1, SPEECH);
    world.command(Command::SetSources {
        room,
        participant,
        on: SourceSet::ALL,
    });
    world.command(Command::SetGrants {
        room,
        participant,
        grants: Grants::LISTEN,
    });
    assert_eq!(rights(&mut world), [(true, true), (false, true)]);
    say(&mut world, phone, 2, SPEECH);
    world.command(Command::SetGrants {
        room,
        participant,
        grants: Grants::NONE,
    });
    assert_eq!(rights(&mut world), [(false, false)]);
    world.command(Command::SetGrants {
        room,
        participant,
        grants: Grants::ALL,
    });
    say(&mut world, phone, 3, &[0x78, 9]);
    let got = got(&world, a, phone);
    assert_eq!(got.len(), 2);
    assert_eq!(got.last().unwrap().2, [0x78, 9]);
}

#[test]
fn the_bridge_gets_what_may_be_heard_and_nothing_of_telephones() {
    let mut world = World::new();
    let a = world.join(ROOM, 10, &Wishes::default());
    let said = |world: &mut World, seq: u64| {
        let now = world.now;
        world.clients[a].send(now, Source::Microphone, seq, SPEECH);
        world.clients[a].send(now, Source::Camera, seq, SPEECH);
        world.run(PACKET);
        sounds(world)
    };
    assert_eq!(said(&mut world, 0), [], "nobody is there to hear it");
    let first = seat(&mut world, 20);
    let second = seat(&mut world, 21);
    assert_eq!(said(&mut world, 1), [(ParticipantKey(10), SPEECH.to_vec())]);
    say(&mut world, first, 0, SPEECH);
    assert_eq!(sounds(&mut world), []);
    world.set_sources(a, SourceSet::NONE);
    assert_eq!(said(&mut world, 2), []);
    world.set_sources(a, SourceSet::ALL);
    world.command(Command::Unseat(first));
    assert_eq!(said(&mut world, 3).len(), 1);
    world.command(Command::Unseat(second));
    assert_eq!(said(&mut world, 4), []);
    let other = world.join(2, 30, &Wishes::default());
    seat(&mut world, 20);
    let now = world.now;
    world.clients[other].send(now, Source::Microphone, 0, SPEECH);
    world.run(PACKET);
    assert_eq!(sounds(&mut world), [], "another room");
}

#[test]
fn redundant_sound_comes_to_the_bridge_as_plain_opus() {
    let mut world = World::new();
    let wishes = Wishes {
        setup: |config| config.enable_opus(true, true),
        ..Wishes::default()
    };
    let a = world.join(ROOM, 10, &wishes);
    seat(&mut world, 20);
    world.phones.clear();
    let before = RedundantBlock {
        pt: 111,
        timestamp_offset: 960,
        payload: vec![0x78, 99, 99],
    };
    let payload = RedEncoder::encode(111, SPEECH, &[before]);
    let mut out = Outgoing::new(Source::Microphone, Codec::Opus, 7, payload);
    out.red = true;
    let now = world.now;
    world.clients[a].send_out(now, out);
    world.run(PACKET);
    assert_eq!(sounds(&mut world), [(ParticipantKey(10), SPEECH.to_vec())]);
}

#[test]
fn a_recorder_gets_a_telephone_as_anybody_else() {
    let mut world = World::new();
    world.join(ROOM, 10, &Wishes::default());
    let phone = seat(&mut world, 20);
    for order in [TapOrder::Open, TapOrder::Run] {
        let room = RoomKey(ROOM);
        let kind = TapKind::Recorder;
        world.command(Command::Tap { room, kind, order });
    }
    (0..3).for_each(|seq| say(&mut world, phone, seq, SPEECH));
    let person = recordings_tap::PersonKey(20);
    let track = world.tapped.iter().find_map(|(_, event)| match event {
        Some(TapEvent::Opened {
            track, person: of, ..
        }) if *of == person => Some(*track),
        _ => None,
    });
    let packets: Vec<_> = world
        .tapped
        .iter()
        .filter_map(|(_, event)| match event {
            Some(TapEvent::Packet(packet)) if Some(packet.track) == track => {
                Some((packet.seq, packet.timestamp))
            }
            _ => None,
        })
        .collect();
    assert_eq!(packets, [(0, 0), (1, 960), (2, 1920)]);
    world.command(Command::Unseat(phone));
    world.run(PACKET);
    let closed = |event: &TapEvent| matches!(event, TapEvent::Closed { track: of, .. } if Some(*of) == track);
    assert!(
        world
            .tapped
            .iter()
            .any(|(_, event)| event.as_ref().is_some_and(closed))
    );
}

#[test]
fn a_browser_takes_the_seat_of_its_telephone_and_back_and_old_calls_do_nothing() {
    let mut world = World::new();
    let b = world.join(ROOM, 11, &Wishes::default());
    let phone = seat(&mut world, 10);
    say(&mut world, phone, 0, SPEECH);
    world.phones.clear();
    let a = world.join(ROOM, 10, &Wishes::default());
    assert!(world.phones.contains(&PhoneEvent::Unseated(phone)));
    say(&mut world, phone, 1, SPEECH);
    world.command(Command::Unseat(phone));
    let now = world.now;
    world.clients[a].send(now, Source::Microphone, 0, &[0x78, 5]);
    world.run(PACKET);
    let heard = got(&world, b, phone);
    assert_eq!(
        heard.len(),
        2,
        "the old call is neither heard nor able to end the new connection"
    );
    assert!(heard[1].0 == heard[0].0 + 1 && heard[1].1 != heard[0].1);
    seat(&mut world, 10);
    say(&mut world, phone, 0, &[0x78, 6]);
    assert_eq!(got(&world, b, phone).last().unwrap().2, [0x78, 6]);
}

#[test]
fn a_telephone_leaves_nothing_behind() {
    let mut world = World::new();
    let a = world.join(ROOM, 10, &Wishes::default());
    let phone = seat(&mut world, 20);
    assert_eq!(world.slots(a).len(), 1);
    let (room, participant) = (phone.room, phone.participant);
    world.command(Command::Disconnect { room, participant });
    assert!(world.slots(a).is_empty());
    assert_eq!(world.phones.last(), Some(&PhoneEvent::Unseated(phone)));
    seat(&mut world, 20);
    world.command(Command::CloseRoom { room });
    assert_eq!(world.phones.last(), Some(&PhoneEvent::Unseated(phone)));
    assert!(world.shard.remembers_nothing());
}

#[test]
fn seats_are_bounded_and_refusals_name_their_reason() {
    let mut world = World::new();
    let most = u128::try_from(PHONES_MAX).unwrap();
    for participant in 0..=most {
        seat(&mut world, participant);
    }
    let refused = PhoneEvent::Refused(phone(most), SeatError::RoomFull);
    assert_eq!(world.phones.last(), Some(&refused));
    // The same call again is no further telephone.
    seat(&mut world, 0);
    assert_eq!(world.phones.last(), Some(&PhoneEvent::Seated(phone(0))));
    world.join_with(7, 1, 1, Mode::Echo, &Wishes::default());
    let mut echo = phone(2);
    echo.room = RoomKey(7);
    world.command(Command::Seat(Box::new(request(echo))));
    let refused = PhoneEvent::Refused(echo, SeatError::ModeMismatch);
    assert_eq!(world.phones.last(), Some(&refused));
}

#[test]
fn strange_packets_are_counted_and_forwarded_to_nobody() {
    let mut world = World::new();
    let a = world.join(ROOM, 10, &Wishes::default());
    let sitting = seat(&mut world, 20);
    let before = world.shard.counters();
    let mut old = sitting;
    old.connection = ConnectionKey(5);
    let mut elsewhere = sitting;
    elsewhere.room = RoomKey(9);
    for (strange, payload) in [
        (old, SPEECH.to_vec()),
        (elsewhere, SPEECH.to_vec()),
        (phone(10), SPEECH.to_vec()),
        (sitting, vec![]),
        (sitting, vec![0; 2000]),
    ] {
        say(&mut world, strange, 0, &payload);
    }
    let after = world.shard.counters();
    assert_eq!(after.dropped_unknown - before.dropped_unknown, 3);
    assert_eq!(after.dropped_refused - before.dropped_refused, 2);
    assert_eq!(got(&world, a, sitting).len(), 0);
    // A bridge gone mad costs no more than a browser gone mad.
    let payload: Arc<[u8]> = Arc::from(SPEECH);
    for seq in 0..10_000 {
        let packet = PhonePacket {
            room: sitting.room,
            participant: sitting.participant,
            connection: sitting.connection,
            seq,
            timestamp: 0,
            level_dbov: LOUD,
            payload: Arc::clone(&payload),
        };
        world.shard.handle(world.now, Input::Phone(packet));
        if seq % 100 == 0 {
            world.shard.settle(world.now);
        }
    }
    let over = world.shard.counters().dropped_over_budget - after.dropped_over_budget;
    assert!(over > 6_000, "{over}");
}
