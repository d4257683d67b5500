//! Grants: what somebody may send and receive, changed while packets fly.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::payloads::{SPEECH, vp8_key};
use super::world::{Wishes, World};
use crate::{Command, Grants, Mode, ParticipantKey, RoomKey, Source, SourceSet};

const ROOM: u128 = 1;
const STEP: Duration = Duration::from_millis(20);

fn set_grants(world: &mut World, index: usize, grants: Grants) {
    let (room, participant) = (world.clients[index].room, world.clients[index].me);
    world.command(Command::SetGrants {
        room,
        participant,
        grants,
    });
}

fn send_both(world: &mut World, index: usize, seq: u64) {
    let now = world.now;
    let picture = u16::try_from(seq % 30_000).unwrap();
    let client = &mut world.clients[index];
    client.send(now, Source::Microphone, seq, SPEECH);
    client.send(now, Source::Camera, seq, &vp8_key(picture, 360));
    world.run(STEP);
}

fn received(world: &World, index: usize) -> (usize, usize) {
    let client = &world.clients[index];
    let on = |slot: usize| client.received_on(client.slots[slot]).len();
    (on(0), on(1))
}

#[test]
fn a_revoked_source_stops_at_the_next_packet_and_comes_back_without_renegotiation() {
    let mut world = World::new();
    let a = world.join(ROOM, 10, &Wishes::default());
    let b = world.join(ROOM, 11, &Wishes::default());
    (0..5).for_each(|seq| send_both(&mut world, a, seq));
    assert_eq!(received(&world, b), (5, 5));
    let publish = SourceSet {
        camera: false,
        ..SourceSet::ALL
    };
    set_grants(
        &mut world,
        a,
        Grants {
            publish,
            subscribe: true,
        },
    );
    (5..10).for_each(|seq| send_both(&mut world, a, seq));
    assert_eq!(received(&world, b), (10, 5));
    assert_eq!(world.slots(b).len(), 1);
    set_grants(&mut world, a, Grants::ALL);
    (10..15).for_each(|seq| send_both(&mut world, a, seq));
    assert_eq!(received(&world, b), (15, 10));
}

#[test]
fn without_subscribe_no_slot_is_bound_and_nothing_comes() {
    let mut world = World::new();
    let a = world.join(ROOM, 10, &Wishes::default());
    let b = world.join(ROOM, 11, &Wishes::default());
    let deaf = Grants {
        subscribe: false,
        ..Grants::ALL
    };
    set_grants(&mut world, b, deaf);
    (0..5).for_each(|seq| send_both(&mut world, a, seq));
    assert_eq!((received(&world, b), world.slots(b)), ((0, 0), vec![]));
    set_grants(&mut world, b, Grants::ALL);
    (5..10).for_each(|seq| send_both(&mut world, a, seq));
    assert_eq!(received(&world, b), (5, 5));
}

#[derive(Debug, Clone)]
enum Act {
    Grant(usize, Grants),
    Switch(usize, SourceSet),
    Reconnect(usize),
    Send(usize),
}

fn sources() -> impl Strategy<Value = SourceSet> {
    (any::<bool>(), any::<bool>()).prop_map(|(microphone, camera)| SourceSet {
        microphone,
        camera,
        screen: false,
    })
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let grants =
        (sources(), any::<bool>()).prop_map(|(publish, subscribe)| Grants { publish, subscribe });
    let act = prop_oneof![
        3 => (0_usize..3, grants).prop_map(|(who, grants)| Act::Grant(who, grants)),
        2 => (0_usize..3, sources()).prop_map(|(who, on)| Act::Switch(who, on)),
        1 => (0_usize..3).prop_map(Act::Reconnect),
        6 => (0_usize..3).prop_map(Act::Send),
    ];
    proptest::collection::vec(act, 10..60)
}

/// Three people who do as they are told, and a book of who may receive which packet.
struct Stage {
    world: World,
    /// The client that each person uses now.
    clients: [usize; 3],
    grants: [Grants; 3],
    on: [SourceSet; 3],
    /// Packets by the number in their payload, with the people who may receive them.
    allowed: BTreeMap<u32, [bool; 3]>,
    connections: u128,
}

impl Stage {
    fn new() -> Self {
        let mut world = World::new();
        let clients = [0, 1, 2].map(|n| world.join(ROOM, n, &Self::wishes(Grants::ALL)));
        Self {
            world,
            clients,
            grants: [Grants::ALL; 3],
            on: [SourceSet::ALL; 3],
            allowed: BTreeMap::new(),
            connections: 1,
        }
    }

    fn wishes(grants: Grants) -> Wishes {
        Wishes {
            audio_slots: 2,
            video_slots: 2,
            grants,
            ..Wishes::default()
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Grant(who, grants) => {
                self.grants[who] = grants;
                set_grants(&mut self.world, self.clients[who], grants);
            }
            Act::Switch(who, on) => {
                self.on[who] = on;
                self.world.set_sources(self.clients[who], on);
            }
            Act::Reconnect(who) => {
                self.connections += 1;
                let wishes = Self::wishes(self.grants[who]);
                let me = who as u128;
                let connection = self.connections;
                self.clients[who] = self
                    .world
                    .join_with(ROOM, me, connection, Mode::Room, &wishes);
                self.on[who] = SourceSet::ALL;
            }
            Act::Send(who) => {
                for source in [Source::Microphone, Source::Camera] {
                    self.send(who, source);
                }
            }
        }
        self.world.run(Duration::from_millis(10));
    }

    fn send(&mut self, who: usize, source: Source) {
        let number = u32::try_from(self.allowed.len()).unwrap();
        let published = self.on[who].contains(source) && self.grants[who].may_publish(source);
        let allowed = [0, 1, 2].map(|to| to != who && published && self.grants[to].subscribe);
        self.allowed.insert(number, allowed);
        let mut payload = match source {
            Source::Microphone => SPEECH.to_vec(),
            Source::Camera | Source::Screen => {
                vp8_key(u16::try_from(number % 30_000).unwrap(), 360)
            }
        };
        payload.extend(number.to_be_bytes());
        let now = self.world.now;
        let client = &mut self.world.clients[self.clients[who]];
        client.send(now, source, u64::from(number), &payload);
    }

    /// Packets that reached somebody who may not have them, and how many reached anybody.
    fn leaks(&self) -> (Vec<(u32, ParticipantKey)>, usize) {
        let mut leaks = Vec::new();
        let mut received = 0;
        for client in &self.world.clients {
            assert_eq!(client.room, RoomKey(ROOM));
            let me = usize::try_from(client.me.0).unwrap();
            for (_, packet) in &client.received {
                let tail = packet.payload.last_chunk::<4>().unwrap();
                let number = u32::from_be_bytes(*tail);
                received += 1;
                if !self.allowed[&number][me] {
                    leaks.push((number, client.me));
                }
            }
        }
        (leaks, received)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn nobody_ever_receives_what_is_not_granted(acts in acts()) {
        let mut stage = Stage::new();
        stage.act(Act::Send(0));
        for act in acts {
            stage.act(act);
        }
        let (leaks, received) = stage.leaks();
        prop_assert!(received >= 4, "the first packets came through: {received}");
        prop_assert_eq!(leaks, vec![]);
    }
}
