//! Who may be forwarded, where to, and how much: without IO.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sfu_core::stun::{BINDING, Class, Message, USERNAME};

use super::bucket::Bucket;

/// Connections that may be known at a time. Further ones are refused; their clients reach the owner without
/// this node.
pub(super) const PERMITS_MAX: usize = 4096;
/// Paths of one connection. A client has one for each of its networks and each of our addresses, and a new one
/// after its NAT forgot it; the one that the owner answered longest ago is given up for it.
const FLOWS_PER_PERMIT_MAX: usize = 4;
/// How long a connection may take new addresses after its messages stopped being carried here: as long as
/// its seat is kept.
const LINGER: Duration = Duration::from_secs(60);
/// How long an owner may say nothing on a flow. A client checks its path every few seconds, and the owner
/// answers while it has the connection.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// What signaling knows of a connection that may come by this node.
#[derive(Clone, PartialEq, Eq)]
pub struct Permit {
    /// The user fragment of the owner in ICE (RFC 8445 section 5.3).
    pub ufrag: String,
    /// Its password: what checks to the owner are signed with.
    pub password: String,
    /// Where the owner takes media.
    pub owner: SocketAddr,
}

impl fmt::Debug for Permit {
    /// The password opens the connection.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// One path of a client, and the socket towards its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FlowKey(pub(super) usize);

/// Why a datagram goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dropped {
    /// Nobody has proved this address, and it does not.
    Unknown,
    /// No STUN, DTLS, RTP or RTCP.
    Garbage,
    /// A check with a wrong signature.
    Refused,
    /// More than one flow may carry.
    OverRate,
    /// No room for one more flow.
    Full,
}

/// What to do with a datagram of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inward {
    Forward(FlowKey),
    /// The same, by a new socket to this owner.
    Open(FlowKey, SocketAddr),
    Drop(Dropped),
}

struct Permitted {
    permit: Permit,
    /// Sockets of people that are carried here and use it.
    holders: usize,
    until: Option<Instant>,
}

struct Flow {
    client: SocketAddr,
    /// Which of our addresses the client sends to.
    local: SocketAddr,
    ufrag: String,
    up: Bucket,
    down: Bucket,
    answered: Instant,
}

enum Slot {
    Free,
    Used(Flow),
    /// Its socket is not closed yet.
    Ended,
}

/// Where a datagram of a client came to, and from where.
type Way = (SocketAddr, SocketAddr);

/// All that an edge knows.
pub(super) struct Table {
    flows_max: usize,
    permits: HashMap<String, Permitted>,
    slots: Vec<Slot>,
    /// By our address and the client's: a client that tries two of ours has a path by each.
    by_way: HashMap<Way, FlowKey>,
}

impl Table {
    pub(super) fn new(flows_max: usize) -> Self {
        Self {
            flows_max,
            permits: HashMap::new(),
            slots: Vec::new(),
            by_way: HashMap::new(),
        }
    }

    /// Lets a connection come by here until it is released as often.
    pub(super) fn permit(&mut self, permit: Permit) -> Result<(), Dropped> {
        if let Some(known) = self.permits.get_mut(&permit.ufrag) {
            known.permit = permit;
            known.holders = known.holders.saturating_add(1);
            known.until = None;
            return Ok(());
        }
        if self.permits.len() >= PERMITS_MAX {
            return Err(Dropped::Full);
        }
        let known = Permitted {
            permit: permit.clone(),
            holders: 1,
            until: None,
        };
        self.permits.insert(permit.ufrag, known);
        Ok(())
    }

    /// Its messages are not carried here any more. Flows go on while the owner answers: a page that comes back
    /// by another node keeps its media connection.
    pub(super) fn release(&mut self, now: Instant, ufrag: &str) {
        if let Some(known) = self.permits.get_mut(ufrag) {
            known.holders = known.holders.saturating_sub(1);
            if known.holders == 0 {
                known.until = Some(now + LINGER);
            }
        }
    }

    /// A datagram of `client` came to `local`.
    pub(super) fn inward(
        &mut self,
        now: Instant,
        (local, client): (SocketAddr, SocketAddr),
        contents: &[u8],
    ) -> Inward {
        // RFC 7983: STUN, DTLS, RTP and RTCP.
        let is_stun = match contents.first() {
            Some(0..=3) => true,
            Some(20..=63 | 128..=191) => false,
            Some(_) | None => return Inward::Drop(Dropped::Garbage),
        };
        let known = self.by_way.get(&(local, client)).copied();
        if is_stun {
            let Ok(message) = Message::parse(contents) else {
                return Inward::Drop(Dropped::Garbage);
            };
            if let Some(ufrag) = asked(&message)
                && known
                    .and_then(|key| self.flow(key))
                    .is_none_or(|flow| flow.ufrag != ufrag)
            {
                return self.open(now, (local, client), (&message, ufrag));
            }
        }
        let Some(key) = known else {
            return Inward::Drop(Dropped::Unknown);
        };
        let admits = |flow: &mut Flow| flow.up.admits(now, contents.len());
        match self.flow_mut(key).map(admits) {
            Some(true) => Inward::Forward(key),
            Some(false) => Inward::Drop(Dropped::OverRate),
            None => Inward::Drop(Dropped::Unknown),
        }
    }

    /// A check of an address that is not known, or not as one of this connection.
    fn open(
        &mut self,
        now: Instant,
        (local, client): (SocketAddr, SocketAddr),
        (message, ufrag): (&Message<'_>, &str),
    ) -> Inward {
        let Some(known) = self.permits.get(ufrag) else {
            return Inward::Drop(Dropped::Unknown);
        };
        if !message.is_signed_with(known.permit.password.as_bytes()) {
            return Inward::Drop(Dropped::Refused);
        }
        let owner = known.permit.owner;
        if let Some(old) = self.by_way.get(&(local, client)).copied() {
            self.end(old);
        }
        self.make_room(ufrag);
        let Some(key) = self.free() else {
            return Inward::Drop(Dropped::Full);
        };
        let flow = Flow {
            client,
            local,
            ufrag: ufrag.to_owned(),
            up: Bucket::full(now),
            down: Bucket::full(now),
            answered: now,
        };
        if let Some(slot) = self.slots.get_mut(key.0) {
            *slot = Slot::Used(flow);
        }
        self.by_way.insert((local, client), key);
        Inward::Open(key, owner)
    }

    /// So many bytes came from a flow's owner. Answers with our address and the client's.
    pub(super) fn outward(
        &mut self,
        now: Instant,
        key: FlowKey,
        bytes: usize,
    ) -> Result<(SocketAddr, SocketAddr), Dropped> {
        let flow = self.flow_mut(key).ok_or(Dropped::Unknown)?;
        flow.answered = now;
        if flow.down.admits(now, bytes) {
            Ok((flow.local, flow.client))
        } else {
            Err(Dropped::OverRate)
        }
    }

    /// Time has passed: ends flows whose owners are silent, and forgets connections.
    pub(super) fn tick(&mut self, now: Instant) {
        let silent = |flow: &Flow| now.saturating_duration_since(flow.answered) >= SILENCE_MAX;
        for key in self.keys_of(silent) {
            self.end(key);
        }
        // A connection that comes by here goes on, and may change its address.
        let used = self.slots.iter().filter_map(|slot| match slot {
            Slot::Used(flow) => Some(flow.ufrag.as_str()),
            Slot::Free | Slot::Ended => None,
        });
        let used: HashSet<&str> = used.collect();
        self.permits.retain(|ufrag, known| {
            known.until.is_none_or(|until| now < until) || used.contains(ufrag.as_str())
        });
    }

    /// Ends a flow.
    pub(super) fn end(&mut self, key: FlowKey) {
        if let Some(slot) = self.slots.get_mut(key.0)
            && let Slot::Used(flow) = slot
        {
            let way = (flow.local, flow.client);
            if self.by_way.get(&way) == Some(&key) {
                self.by_way.remove(&way);
            }
            *slot = Slot::Ended;
        }
    }

    /// Flows that have ended. Their sockets are closed by who asks, and their keys given to others later.
    pub(super) fn take_ended(&mut self) -> Vec<FlowKey> {
        let mut ended = Vec::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if matches!(slot, Slot::Ended) {
                *slot = Slot::Free;
                ended.push(FlowKey(index));
            }
        }
        ended
    }

    /// Flows that go on.
    pub(super) fn len(&self) -> usize {
        self.by_way.len()
    }

    fn make_room(&mut self, ufrag: &str) {
        let theirs = self.keys_of(|flow| flow.ufrag == ufrag);
        if theirs.len() >= FLOWS_PER_PERMIT_MAX {
            let answered = |key: &FlowKey| self.flow(*key).map(|flow| flow.answered);
            if let Some(oldest) = theirs.into_iter().min_by_key(answered) {
                self.end(oldest);
            }
        }
    }

    fn free(&mut self) -> Option<FlowKey> {
        let free = self.slots.iter().position(|it| matches!(it, Slot::Free));
        if let Some(index) = free {
            return Some(FlowKey(index));
        }
        (self.slots.len() < self.flows_max).then(|| {
            self.slots.push(Slot::Free);
            FlowKey(self.slots.len().saturating_sub(1))
        })
    }

    fn keys_of(&self, wanted: impl Fn(&Flow) -> bool) -> Vec<FlowKey> {
        let used = self.slots.iter().enumerate();
        used.filter_map(|(index, slot)| match slot {
            Slot::Used(flow) if wanted(flow) => Some(FlowKey(index)),
            Slot::Used(_) | Slot::Free | Slot::Ended => None,
        })
        .collect()
    }

    fn flow(&self, key: FlowKey) -> Option<&Flow> {
        match self.slots.get(key.0)? {
            Slot::Used(flow) => Some(flow),
            Slot::Free | Slot::Ended => None,
        }
    }

    fn flow_mut(&mut self, key: FlowKey) -> Option<&mut Flow> {
        match self.slots.get_mut(key.0)? {
            Slot::Used(flow) => Some(flow),
            Slot::Free | Slot::Ended => None,
        }
    }
}

/// Whose connection a check is for (RFC 8445 section 7.2.2).
fn asked<'a>(message: &Message<'a>) -> Option<&'a str> {
    if (message.method(), message.class()) != (BINDING, Class::Request) {
        return None;
    }
    let (ours, _theirs) = message.text(USERNAME)?.split_once(':')?;
    Some(ours)
}

#[cfg(test)]
mod tests;
