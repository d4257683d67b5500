//! What somebody brings who was in a room: a failover ticket's epoch and order of nodes.

use signaling_protocol::RoomId;

use super::{Bearings, Peer, Reach, Step};
use crate::node::{About, Epoch, NodeName};
use crate::place::{Candidate, order};

/// Signed by the node that had the room, a moment ago. All who were in it bring the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Under which epoch it had the room.
    pub epoch: Epoch,
    /// Whom to ask, the first one first; itself among them.
    pub nodes: Vec<NodeName>,
}

impl Bearings {
    /// What people of a room of this node are told: under which epoch it has the room, and whom to ask if it is
    /// gone. `None` if the room is not this node's.
    #[must_use]
    pub fn advise(&self, room: RoomId) -> Option<Advice> {
        let epoch = self.owned.get(&room)?.epoch;
        let heirs = self.peers.values();
        let heirs = heirs.filter(|it| it.reach == Reach::Up && !it.member.is_draining);
        let heirs = heirs.map(|it| Candidate {
            name: &it.member.name,
            load: 0,
            is_near: self.is_near(&it.member.about),
        });
        let me = (!self.is_draining).then_some(&self.me);
        let nodes = me.into_iter().chain(order(room, heirs.collect()));
        Some(Advice {
            epoch,
            nodes: nodes.cloned().collect(),
        })
    }

    /// Under which epoch this node has a room.
    #[must_use]
    pub fn epoch(&self, room: RoomId) -> Option<Epoch> {
        self.owned.get(&room).map(|it| it.epoch)
    }

    /// What a peer says of itself.
    #[must_use]
    pub fn about(&self, name: &NodeName) -> Option<&About> {
        self.peers.get(name).map(|it| &it.member.about)
    }

    /// The first node of the advice that lives, as this one knows from its line to it. `None` if there is none;
    /// then it is as without advice.
    pub(super) fn first_living(
        &self,
        advice: &Advice,
        is_gone: impl Fn(&Peer) -> bool,
        open: &Step,
    ) -> Option<Step> {
        advice.nodes.iter().find_map(|name| {
            if *name == self.me {
                return (!self.is_draining).then(|| open.clone());
            }
            let peer = self.peers.get(name)?;
            if is_gone(peer) || peer.member.is_draining {
                return None;
            }
            Some(match peer.reach {
                Reach::Up => Step::At(name.clone()),
                // Whether it is gone is known in a moment, and nobody is asked before it.
                Reach::Unheard | Reach::Silent | Reach::Refused => Step::Nowhere,
            })
        })
    }
}
