//! What one node knows of the others, and what follows from it.

mod advice;

use std::collections::{BTreeMap, BTreeSet};

use signaling_protocol::RoomId;

pub use advice::Advice;

use crate::ledger::{Ask, LEASE_US, Lease};
use crate::node::{About, Epoch, Member, NodeName, Region};
use crate::place::{Candidate, place};

/// A node that nobody has heard of for so long is forgotten, in microseconds. While the register is
/// away, its last list is all that nodes know.
pub const FORGET_US: i64 = 600_000_000;

/// How a node is reached over its own line to us, whatever the register says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Not tried yet.
    Unheard,
    /// It speaks.
    Up,
    /// Its line is open or opening, and nothing is heard: it hangs, or the network does.
    Silent,
    /// Nobody listens there: the process is gone.
    Refused,
}

/// Who asks for a room, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Another node asks, because it thinks that the room belongs here.
    pub by_peer: bool,
    /// The room is to be opened if nobody has it. Who comes back with a resume token cannot use a
    /// fresh room.
    pub may_open: bool,
}

/// What to do with somebody who wants into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The room is this node's.
    Here,
    /// The room is that node's, or is to be.
    At(NodeName),
    /// Ask the register for it.
    Claim(Ask),
    /// Take it without the register, under this epoch.
    Open(Epoch),
    /// Nobody has it who could be reached. Try again in a moment.
    Nowhere,
}

/// What became of rooms whose leases were renewed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Somebody else's by now: they must be closed here at once.
    pub lost: Vec<RoomId>,
}

#[derive(Debug)]
struct Peer {
    member: Member,
    reach: Reach,
    heard_us: i64,
    rooms: BTreeMap<RoomId, Epoch>,
}

#[derive(Debug, Clone, Copy)]
struct Owned {
    epoch: Epoch,
    since_us: i64,
    /// Nobody in the register answered for it last time: peers decide by what they tell each other.
    is_unanswered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Register {
    /// It has never answered.
    NeverMet,
    Answers,
    Away,
}

/// What one node knows.
#[derive(Debug)]
pub struct Bearings {
    me: NodeName,
    region: Option<Region>,
    register: Register,
    is_draining: bool,
    peers: BTreeMap<NodeName, Peer>,
    owned: BTreeMap<RoomId, Owned>,
}

impl Bearings {
    /// A node that has met nobody.
    #[must_use]
    pub const fn new(me: NodeName) -> Self {
        Self {
            me,
            region: None,
            register: Register::NeverMet,
            is_draining: false,
            peers: BTreeMap::new(),
            owned: BTreeMap::new(),
        }
    }

    /// This node is there: rooms that people open by it go to nodes of its region first.
    pub fn settle(&mut self, region: Option<Region>) {
        self.region = region;
    }

    /// What a peer says of itself if it is in another region than this node. Who says no region is
    /// nowhere else.
    #[must_use]
    pub fn far(&self, name: &NodeName) -> Option<&About> {
        let about = &self.peers.get(name)?.member.about;
        let (here, there) = (self.region.as_ref()?, about.region.as_ref()?);
        (here != there).then_some(about)
    }

    /// The register has told who lives.
    pub fn met(&mut self, members: Vec<Member>, now_us: i64) {
        self.register = Register::Answers;
        let living: BTreeSet<_> = members.iter().map(|it| it.name.clone()).collect();
        self.peers.retain(|name, peer| {
            living.contains(name)
                || peer.reach == Reach::Up
                || now_us.saturating_sub(peer.heard_us) < LEASE_US
        });
        for member in members {
            if member.name == self.me {
                continue;
            }
            match self.peers.get_mut(&member.name) {
                Some(peer) => peer.member = member,
                None => {
                    let peer = Peer {
                        member: member.clone(),
                        reach: Reach::Unheard,
                        heard_us: now_us,
                        rooms: BTreeMap::new(),
                    };
                    self.peers.insert(member.name, peer);
                }
            }
        }
    }

    /// The register did not answer. Says whether that is news.
    pub fn missed(&mut self, now_us: i64) -> bool {
        self.peers.retain(|_, peer| {
            peer.reach == Reach::Up || now_us.saturating_sub(peer.heard_us) < FORGET_US
        });
        let is_news = self.register == Register::Answers;
        if is_news {
            self.register = Register::Away;
        }
        is_news
    }

    /// Whether the register answers.
    #[must_use]
    pub fn has_register(&self) -> bool {
        self.register == Register::Answers
    }

    /// Whether the register has ever answered. Before, this node knows nobody and opens nothing.
    #[must_use]
    pub fn has_met(&self) -> bool {
        self.register != Register::NeverMet
    }

    /// From here on no new rooms.
    pub const fn drain(&mut self) {
        self.is_draining = true;
    }

    /// New rooms again.
    pub const fn serve(&mut self) {
        self.is_draining = false;
    }

    /// Whether a node other than `than` takes rooms now, as far as this one knows.
    #[must_use]
    pub fn has_another(&self, than: &NodeName) -> bool {
        let takes = |peer: &Peer| peer.reach == Reach::Up && !peer.member.is_draining;
        let mut others = self.peers.values().filter(|it| it.member.name != *than);
        others.any(takes) || (self.me != *than && !self.is_draining)
    }

    /// Nodes that are heard and take rooms, the one that would get this room first.
    #[must_use]
    pub fn hosts(&self, room: RoomId) -> Vec<NodeName> {
        let up = |it: &&Peer| it.reach == Reach::Up && !it.member.is_draining;
        let others = self.peers.values().filter(up);
        let mut names: Vec<_> = others.map(|it| it.member.name.clone()).collect();
        let first = self
            .choose(room, self.peers.values().filter(up), true)
            .cloned();
        names.sort_by_key(|name| Some(name) != first.as_ref());
        names
    }

    /// Gives up all rooms: they go to other nodes while people are still in them here.
    pub fn give_up_all(&mut self) -> Vec<RoomId> {
        core::mem::take(&mut self.owned).into_keys().collect()
    }

    /// Whether this node is about to stop.
    #[must_use]
    pub const fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// Everybody else, as they said of themselves.
    pub fn peers(&self) -> impl Iterator<Item = &Member> {
        self.peers.values().map(|peer| &peer.member)
    }

    /// How a peer is reached.
    #[must_use]
    pub fn reach(&self, name: &NodeName) -> Option<Reach> {
        self.peers.get(name).map(|peer| peer.reach)
    }

    /// Where a peer is reached.
    #[must_use]
    pub fn address(&self, name: &NodeName) -> Option<&str> {
        self.peers
            .get(name)
            .map(|peer| peer.member.address.as_str())
    }

    /// Whether a peer says that its door speaks TLS.
    #[must_use]
    pub fn speaks_tls(&self, name: &NodeName) -> bool {
        let peer = self.peers.get(name);
        peer.is_some_and(|peer| peer.member.about.speaks_tls)
    }

    /// A peer has said which rooms it has. Answers with those that this node has lost to it: after one of
    /// them hung or was cut off both may have one, and the higher epoch keeps it. Two that opened a room
    /// without the register have the same epoch; then the later name does.
    #[must_use]
    pub fn heard(&mut self, name: &NodeName, rooms: BTreeMap<RoomId, Epoch>, now_us: i64) -> Kept {
        let mut kept = Kept::default();
        let Some(peer) = self.peers.get_mut(name) else {
            return kept;
        };
        peer.reach = Reach::Up;
        peer.heard_us = now_us;
        let is_away = self.register == Register::Away;
        for (room, epoch) in &rooms {
            let is_later = |mine: &Owned| {
                let is_alone = is_away || mine.is_unanswered;
                *epoch > mine.epoch || is_alone && *epoch == mine.epoch && *name > self.me
            };
            if self.owned.get(room).is_some_and(is_later) {
                self.owned.remove(room);
                kept.lost.push(*room);
            }
        }
        peer.rooms = rooms;
        kept
    }

    /// A peer has said that it is there.
    pub fn alive(&mut self, name: &NodeName, now_us: i64) {
        if let Some(peer) = self.peers.get_mut(name) {
            peer.reach = Reach::Up;
            peer.heard_us = now_us;
        }
    }

    /// A peer is not reached.
    pub fn unreached(&mut self, name: &NodeName, how: Reach) {
        if let Some(peer) = self.peers.get_mut(name) {
            peer.reach = how;
        }
    }

    /// A peer takes no rooms now: it drains, or is full. Its next word in the register counts again.
    pub fn declined(&mut self, name: &NodeName) {
        if let Some(peer) = self.peers.get_mut(name) {
            peer.member.is_draining = true;
        }
    }

    /// Whether a room is this node's.
    #[must_use]
    pub fn owns(&self, room: RoomId) -> bool {
        self.owned.contains_key(&room)
    }

    /// Rooms of this node.
    #[must_use]
    pub fn owned(&self) -> Vec<(RoomId, Epoch)> {
        let owned = self.owned.iter();
        owned.map(|(room, it)| (*room, it.epoch)).collect()
    }

    /// The register, or the lack of one, gave this node a room.
    pub fn took(&mut self, room: RoomId, epoch: Epoch, now_us: i64) {
        let since_us = self.owned.get(&room).map_or(now_us, |it| it.since_us);
        let owned = Owned {
            epoch,
            since_us,
            is_unanswered: false,
        };
        self.owned.insert(room, owned);
    }

    /// The register's answer for a room that this node says it has, if there is one.
    pub fn renewed(&mut self, room: RoomId, lease: Option<&Lease>, kept: &mut Kept) {
        let Some(owned) = self.owned.get_mut(&room) else {
            return;
        };
        owned.is_unanswered = lease.is_none();
        let Some(lease) = lease else {
            return;
        };
        if lease.owner == self.me {
            owned.epoch = lease.epoch;
        } else {
            self.owned.remove(&room);
            kept.lost.push(room);
        }
    }

    /// Gives up rooms that are not open any more and were taken more than `grace_us` ago.
    pub fn give_up(
        &mut self,
        is_open: impl Fn(RoomId) -> bool,
        grace_us: i64,
        now_us: i64,
    ) -> Vec<RoomId> {
        let old = |it: &Owned| now_us.saturating_sub(it.since_us) >= grace_us;
        let gone: Vec<_> = self
            .owned
            .iter()
            .filter(|(room, it)| old(it) && !is_open(**room))
            .map(|(room, _)| *room)
            .collect();
        for room in &gone {
            self.owned.remove(room);
        }
        gone
    }

    /// What to do with somebody who wants into a room, when the register says `lease` about it. Advice that
    /// they bring makes the epoch of a room later of which the register knows no other owner: it may have lost
    /// its memory.
    #[must_use]
    pub fn locate(
        &self,
        room: RoomId,
        (lease, advice): (Option<&Lease>, Option<&Advice>),
        asked: Asked,
    ) -> Step {
        if self.owned.contains_key(&room) {
            return Step::Here;
        }
        if let Some(lease) = lease.filter(|it| it.is_live && it.owner != self.me) {
            return self.at_owner(room, lease, asked);
        }
        // A register that has lost its memory will be told again within seconds. One that was given the
        // room back knows better than a list of a second ago.
        let is_released = lease.is_some_and(|it| it.is_released);
        let lists = |peer: &&Peer| peer.reach == Reach::Up && peer.rooms.contains_key(&room);
        if !asked.by_peer
            && !is_released
            && let Some(peer) = self.peers.values().find(lists)
        {
            return Step::At(peer.member.name.clone());
        }
        if !asked.may_open {
            return Step::Nowhere;
        }
        // Said of a room of somebody else, it would take it from them.
        let is_free = lease.is_none_or(|it| it.owner == self.me);
        let after = advice.filter(|_| is_free).map(|it| it.epoch.0);
        let claim = Step::Claim(Ask {
            has: Epoch(after.map_or(0, |it| it.saturating_add(1))),
            ..Ask::default()
        });
        if asked.by_peer {
            return if self.is_draining {
                Step::Nowhere
            } else {
                claim
            };
        }
        let others = self.peers.values().filter(|it| it.reach == Reach::Up);
        match self.choose(room, others, true) {
            Some(name) if *name == self.me => claim,
            Some(name) => Step::At(name.clone()),
            None => Step::Nowhere,
        }
    }

    fn at_owner(&self, room: RoomId, lease: &Lease, asked: Asked) -> Step {
        match self.peers.get(&lease.owner).map(|peer| peer.reach) {
            // Its lease has time left, but its own machine says that nobody is there.
            Some(Reach::Refused) if asked.may_open && !self.is_draining => Step::Claim(Ask {
                deposes: Some(lease.epoch),
                ..Ask::default()
            }),
            // Whoever may have it takes it, by the same rule.
            Some(Reach::Refused) if asked.may_open && !asked.by_peer => {
                let others = self.peers.values().filter(|it| it.reach == Reach::Up);
                match self.choose(room, others, true) {
                    Some(name) => Step::At(name.clone()),
                    None => Step::Nowhere,
                }
            }
            // One that hangs is left its lease: it cannot know that it lost a room.
            None | Some(Reach::Refused) => Step::Nowhere,
            Some(Reach::Unheard | Reach::Up | Reach::Silent) => Step::At(lease.owner.clone()),
        }
    }

    /// The same while the register does not answer: by what the peers said last, and by the advice that
    /// somebody brings who was in the room, or else by the peers' names.
    #[must_use]
    pub fn locate_alone(
        &self,
        room: RoomId,
        asked: Asked,
        advice: Option<&Advice>,
        now_us: i64,
    ) -> Step {
        if self.owned.contains_key(&room) {
            return Step::Here;
        }
        let is_gone = |peer: &Peer| match peer.reach {
            Reach::Up | Reach::Unheard => false,
            Reach::Silent => now_us.saturating_sub(peer.heard_us) >= LEASE_US,
            Reach::Refused => true,
        };
        let known = advice.map_or(Epoch(0), |it| it.epoch);
        let mut after = known;
        for peer in self.peers.values() {
            let Some(epoch) = peer.rooms.get(&room) else {
                continue;
            };
            // One that had the room before the advice was given has lost it since.
            if *epoch < known {
                continue;
            }
            if is_gone(peer) {
                after = after.max(*epoch);
            } else if peer.reach == Reach::Up {
                return Step::At(peer.member.name.clone());
            } else {
                return Step::Nowhere;
            }
        }
        if !asked.may_open || !self.has_met() {
            return Step::Nowhere;
        }
        let open = Step::Open(Epoch(after.0.saturating_add(1)));
        if asked.by_peer {
            return if self.is_draining {
                Step::Nowhere
            } else {
                open
            };
        }
        if let Some(step) = advice.and_then(|it| self.first_living(it, is_gone, &open)) {
            return step;
        }
        let others = self.peers.values().filter(|it| !is_gone(it));
        match self.choose(room, others, false) {
            Some(name) if *name == self.me => open,
            Some(name) if self.reach(name) == Some(Reach::Up) => Step::At(name.clone()),
            Some(_) | None => Step::Nowhere,
        }
    }

    /// One of these nodes or this one. Without the register loads are old, and all must choose alike,
    /// in whatever region they are.
    fn choose<'a>(
        &'a self,
        room: RoomId,
        others: impl Iterator<Item = &'a Peer>,
        by_load: bool,
    ) -> Option<&'a NodeName> {
        let mine = u32::try_from(self.owned.len()).unwrap_or(u32::MAX);
        let load = |load: u32| if by_load { load } else { 0 };
        let me = (!self.is_draining).then_some(Candidate {
            name: &self.me,
            load: load(mine),
            is_near: true,
        });
        let others = others
            .filter(|it| !it.member.is_draining)
            .map(|it| Candidate {
                name: &it.member.name,
                load: load(it.member.load),
                is_near: !by_load || self.is_near(&it.member.about),
            });
        let candidates: Vec<_> = others.chain(me).collect();
        place(room, &candidates)
    }

    /// A node that knows no region is as near to all.
    fn is_near(&self, about: &About) -> bool {
        self.region.is_none() || about.region == self.region
    }
}
