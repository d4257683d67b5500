//! A hundred thousand datagrams of junk, and a room next door that does not notice.

use std::net::SocketAddr;
use std::time::Duration;

use super::payloads::SPEECH;
use super::world::{Wishes, World, server_address};
use crate::stun::{self, BINDING, Class, Writer};
use crate::{Input, ShardCounters, Source, Transport, limits};

const JUNK: usize = 100_000;

/// A room with two people, one of whom is called, and another room that is attacked.
struct Scene {
    world: World,
    speaker: usize,
    listener: usize,
    victim: usize,
    counted: ShardCounters,
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new();
        let speaker = world.join(1, 10, &Wishes::default());
        let listener = world.join(1, 11, &Wishes::default());
        let victim = world.join(2, 20, &Wishes::default());
        Self {
            world,
            speaker,
            listener,
            victim,
            counted: ShardCounters::default(),
        }
    }

    /// Sends junk between packets of speech, all of which arrive as without it.
    fn flood(&mut self, junk: impl Fn(usize) -> (SocketAddr, Vec<u8>)) {
        let before = self.world.clients[self.listener].received.len();
        let mut said = 0;
        for n in 0..JUNK {
            let (remote, contents) = junk(n);
            self.world.shard.handle(
                self.world.now,
                Input::Datagram {
                    transport: Transport::Udp,
                    local: server_address(),
                    remote,
                    contents: &contents,
                },
            );
            if n % 10_000 == 0 {
                said += 1;
                let seq = 100 + n as u64 / 10_000;
                let now = self.world.now;
                self.world.clients[self.speaker].send(now, Source::Microphone, seq, SPEECH);
                self.world.exchange();
            }
        }
        // The junk is counted before time goes on and budgets fill up again.
        self.counted = self.world.shard.counters();
        self.world.run(Duration::from_millis(200));
        let heard = self.world.clients[self.listener].received.len();
        assert_eq!(heard, before + said);
        assert_eq!(self.world.shard.connection_count(), 3);
        assert_eq!(self.world.shard.counters().peer_panics, 0);
    }

    fn victims_address(&self) -> SocketAddr {
        self.world.clients[self.victim].address
    }
}

/// Bytes that look random and are the same in every run.
fn noise(n: usize, first: u8) -> Vec<u8> {
    let mut state = n as u64 ^ 0x9E37_79B9_7F4A_7C15;
    let mut bytes = vec![first];
    bytes.extend((0..99).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    }));
    bytes
}

fn anybody(n: usize) -> SocketAddr {
    let [.., a, b, c] = n.to_be_bytes();
    SocketAddr::from(([203, a, b, c], 4000))
}

#[test]
fn random_datagrams_of_strangers_disturb_nobody() {
    let mut scene = Scene::new();
    scene.flood(|n| (anybody(n), noise(n, n.to_be_bytes()[7])));
}

#[test]
fn media_like_junk_with_the_address_of_a_client_is_decrypted_up_to_its_budget_only() {
    let mut scene = Scene::new();
    let victim = scene.victims_address();
    scene.flood(|n| {
        let mut packet = noise(n, 0x80);
        packet[1] = 96;
        (victim, packet)
    });
    let dropped = scene.counted.dropped_over_budget;
    assert!(
        dropped >= (JUNK as u64) - u64::from(limits::PEER_PACKETS_PER_S),
        "{dropped}"
    );
}

#[test]
fn dtls_hellos_with_the_address_of_a_client_are_read_up_to_a_budget_only() {
    let mut scene = Scene::new();
    let victim = scene.victims_address();
    scene.flood(|n| {
        let mut hello = noise(n, 22);
        hello[1..13].copy_from_slice(&[0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 87]);
        hello[13] = 1;
        (victim, hello)
    });
    let dropped = scene.counted.dropped_over_budget;
    assert!(
        dropped >= (JUNK as u64) - u64::from(limits::HANDSHAKES.1),
        "{dropped}"
    );
    let told: Vec<_> = scene
        .world
        .events
        .iter()
        .map(|event| format!("{event:?}"))
        .collect();
    assert!(
        !told.iter().any(|event| event.starts_with("Disconnected")),
        "{told:?}"
    );
}

#[test]
fn a_plain_text_alert_ends_no_connection() {
    let mut scene = Scene::new();
    let victim = scene.victims_address();
    // close_notify and handshake_failure, in epoch 0.
    for body in [[1, 0], [2, 40]] {
        let mut alert = vec![21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
        alert.extend_from_slice(&body);
        scene.world.shard.handle(
            scene.world.now,
            Input::Datagram {
                transport: Transport::Udp,
                local: server_address(),
                remote: victim,
                contents: &alert,
            },
        );
    }
    scene.world.exchange();
    assert_eq!(scene.world.shard.connection_count(), 3);
    assert_eq!(scene.world.shard.counters().dropped_refused, 2);
}

#[test]
fn checks_without_a_signature_are_computed_up_to_a_budget_only() {
    let mut scene = Scene::new();
    let (offer, _pending) = {
        let client = &mut scene.world.clients[scene.victim];
        client.offer(&Wishes {
            sources: vec![],
            ..Wishes::default()
        })
    };
    let answer = scene.world.connect(scene.victim, &offer).unwrap();
    let ufrag = answer
        .lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
        .unwrap()
        .to_owned();
    let stranger = SocketAddr::from(([203, 0, 113, 5], 4000));
    scene.flood(|n| {
        let mut transaction = [0; 12];
        transaction[..8].copy_from_slice(&n.to_be_bytes());
        let check = Writer::new(BINDING, Class::Request, transaction)
            .with(stun::USERNAME, format!("{ufrag}:abcd").as_bytes())
            .with(stun::PRIORITY, &[0, 0, 0, 1])
            .with(stun::USE_CANDIDATE, &[])
            .signed(b"not the password")
            .fingerprinted();
        (stranger, check)
    });
    let counters = scene.counted;
    assert_eq!(counters.dropped_refused, u64::from(limits::FAILED_CHECKS.1));
    assert_eq!(
        counters.dropped_over_budget,
        JUNK as u64 - u64::from(limits::FAILED_CHECKS.1)
    );
}
