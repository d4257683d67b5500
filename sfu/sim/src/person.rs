//! One person of a scenario: page, network, and what is true of both.

use std::net::SocketAddr;

use sfu_core::{ConnectionKey, Grants, ParticipantKey, RoomKey, Source, SourceSet, WantedSource};

use crate::client::{Client, Means, Wishes};
use crate::clock::Clock;
use crate::media::{LAYERS, Picture, Profile, Sender, Speech};
use crate::network::Link;
use crate::oracle::Continuity;
use crate::playout::{AudioSlot, Playout, VideoSlot};
use crate::rng::{Rng, mix};
use crate::scenario::Plan;
use crate::shards::{Bound, Caller};

/// How many changes are remembered for the oracles.
const LOG_MAX: usize = 64;

/// A list of what held from when on.
#[derive(Debug)]
pub(crate) struct Log<T> {
    pub(crate) entries: Vec<(u64, T)>,
}

impl<T> Log<T> {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    pub(crate) fn note(&mut self, now_ms: u64, value: T) {
        if self.entries.len() >= LOG_MAX {
            self.entries.remove(0);
        }
        self.entries.push((now_ms, value));
    }

    pub(crate) fn now(&self) -> Option<&T> {
        self.entries.last().map(|(_, value)| value)
    }

    pub(crate) fn since_ms(&self) -> u64 {
        self.entries.last().map_or(0, |(at, _)| *at)
    }
}

/// A receiving m-line with what is judged of it.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) mid: String,
    pub(crate) playout: Playout,
    pub(crate) continuity: Continuity,
}

/// What a person sends.
#[derive(Debug)]
pub(crate) struct Studio {
    pub(crate) speech: Speech,
    pub(crate) camera: Vec<Picture>,
    pub(crate) screen: Picture,
    pub(crate) rng: Rng,
}

impl Studio {
    fn new(seed: u64, simulcast: bool) -> Self {
        let mut rng = Rng::new(seed);
        let layers = if simulcast { 0..3 } else { 1..2_u8 };
        let camera = layers
            .map(|layer| {
                let height_px = LAYERS.get(usize::from(layer)).map_or(360, |(_, h)| *h);
                Picture::new(Source::Camera, layer, height_px, &mut rng)
            })
            .collect();
        Self {
            speech: Speech::new(&mut rng),
            camera,
            screen: Picture::new(Source::Screen, 0, 1080, &mut rng),
            rng,
        }
    }
}

/// One person.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) plan: Plan,
    pub(crate) room: RoomKey,
    pub(crate) key: ParticipantKey,
    pub(crate) index: u16,
    pub(crate) client: Option<Client>,
    /// Wants to be in the call; a page that is dropped comes back.
    pub(crate) present: bool,
    pub(crate) generation: u16,
    pub(crate) outer: SocketAddr,
    pub(crate) up: Link,
    pub(crate) down: Link,
    pub(crate) studio: Studio,
    pub(crate) watched: Vec<Watched>,
    /// What the page asked for.
    pub(crate) on: SourceSet,
    /// What the signaling side lets them do.
    pub(crate) grants: Grants,
    /// Which encodings this connection was told that somebody watches; `None` is all.
    pub(crate) wanted: Option<Vec<WantedSource>>,
    pub(crate) view_px: u16,
    pub(crate) viewed_since_ms: u64,
    pub(crate) moved_ms: u64,
    pub(crate) timer_ms: Option<u64>,
    /// What the shard was told, and when.
    pub(crate) on_at_shard: Log<SourceSet>,
    pub(crate) granted_at_shard: Log<Grants>,
    pub(crate) accepted: Log<u16>,
    pub(crate) bound: Log<Vec<Bound>>,
    pub(crate) connected_at_shard_ms: Option<u64>,
    /// Last decoded frame or packet of sound, by sender and source.
    pub(crate) last_seen: Vec<[Option<u64>; 3]>,
    pub(crate) frames_seen: Vec<[u64; 3]>,
}

/// Where a source stands in `last_seen`.
pub(crate) const fn index_of(source: Source) -> usize {
    match source {
        Source::Microphone => 0,
        Source::Camera => 1,
        Source::Screen => 2,
    }
}

/// The index of a person in a room does not tell the room: the same keys are in every room, on
/// purpose.
pub(crate) fn room_key(seed: u64, room: u16) -> RoomKey {
    let high = mix(seed ^ mix(u64::from(room)));
    RoomKey((u128::from(high) << 64) | u128::from(mix(high)))
}

impl Person {
    pub(crate) fn new(seed: u64, plan: Plan, (index, key): (u16, u128), people: usize) -> Self {
        let own = mix(seed ^ mix(0x5eed_0000 + u64::from(index)));
        let (up, down) = plan.access.conditions();
        Self {
            plan,
            room: room_key(seed, plan.room),
            key: ParticipantKey(key),
            index,
            client: None,
            present: false,
            generation: 0,
            outer: SocketAddr::from(([203, 0, 113, 1], 1)),
            up: Link::new(mix(own ^ 1), up),
            down: Link::new(mix(own ^ 2), down),
            studio: Studio::new(mix(own ^ 3), plan.simulcast),
            watched: Vec::new(),
            on: SourceSet {
                screen: false,
                ..SourceSet::ALL
            },
            grants: Grants::ALL,
            wanted: None,
            view_px: 720,
            viewed_since_ms: 0,
            moved_ms: 0,
            timer_ms: None,
            on_at_shard: Log::new(),
            granted_at_shard: Log::new(),
            accepted: Log::new(),
            bound: Log::new(),
            connected_at_shard_ms: None,
            last_seen: vec![[None; 3]; people],
            frames_seen: vec![[0; 3]; people],
        }
    }

    /// A new page; answers its offer.
    pub(crate) fn open(
        &mut self,
        clock: &Clock,
        now_ms: u64,
        (slots, estimates): (usize, bool),
    ) -> Option<String> {
        self.generation = self.generation.saturating_add(1);
        let connection = ConnectionKey(u128::from(self.generation));
        let means = Means {
            estimates,
            feedback: self.plan.feedback,
        };
        let mut client = Client::new(clock.at(now_ms), (connection, means), self.outer);
        let offer = client.offer(Wishes {
            simulcast: self.plan.simulcast,
            screen: self.plan.screen,
            audio_slots: slots,
            video_slots: slots,
        })?;
        let seed = self.studio.rng.next();
        self.studio = Studio::new(seed, self.plan.simulcast);
        self.watched.clear();
        self.client = Some(client);
        self.timer_ms = None;
        self.wanted = None;
        self.view_px = 720;
        self.viewed_since_ms = now_ms;
        self.watch();
        Some(offer)
    }

    /// Watches every slot that was offered since.
    pub(crate) fn watch(&mut self) {
        let Some(client) = &self.client else {
            return;
        };
        for line in client.slots.iter().skip(self.watched.len()) {
            self.watched.push(Watched {
                mid: line.mid.to_string(),
                playout: if line.audio {
                    Playout::Audio(AudioSlot::default())
                } else {
                    Playout::Video(VideoSlot::default())
                },
                continuity: Continuity::default(),
            });
        }
    }

    pub(crate) fn close(&mut self) {
        self.client = None;
        self.watched.clear();
        for seen in &mut self.last_seen {
            *seen = [None; 3];
        }
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller {
            room: self.room,
            participant: self.key,
            connection: ConnectionKey(u128::from(self.generation)),
        }
    }

    pub(crate) fn sender(&self) -> Sender {
        Sender {
            room: self.plan.room,
            person: self.index,
            generation: self.generation,
        }
    }

    /// Since when page, server and both directions of the network were undisturbed.
    pub(crate) fn steady_since_ms(&self) -> Option<u64> {
        let here = self.client.as_ref()?.connected_ms?;
        let there = self.connected_at_shard_ms?;
        Some(
            here.max(there)
                .max(self.up.steady_since_ms)
                .max(self.down.steady_since_ms)
                .max(self.moved_ms),
        )
    }

    /// Whether this page sends an encoding: one that does not obey sends all.
    pub(crate) fn sends(&self, source: Source, encoding: usize) -> bool {
        let told = self.wanted.iter().flatten();
        let mut of_source = told.filter(|wanted| wanted.source == source);
        !self.plan.obeys
            || of_source
                .next()
                .is_none_or(|wanted| wanted.encodings.get(encoding).copied().unwrap_or(true))
    }

    /// Which camera layers a browser sends: as many as the uplink estimate carries.
    pub(crate) fn active_layers(&self, profile: &Profile) -> usize {
        if !self.plan.simulcast {
            return 1;
        }
        let estimate = self.client.as_ref().map_or(0, |client| client.estimate_bps);
        let mut needed = 40_000_u64;
        let mut count = 0_usize;
        for rate in profile.layers_bps {
            needed = needed.saturating_add(rate);
            if count > 0 && needed > estimate {
                break;
            }
            count = count.saturating_add(1);
        }
        count
    }
}
