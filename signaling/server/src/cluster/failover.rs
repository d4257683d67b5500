//! Failover tickets: what pages come back with when the node of their visit and the register are gone together.
//!
//! The node that has a room signs one for every page in it, and again every [`VOUCH_US`], so that it names the
//! nodes of now. A page shows it behind its resume token. Where the room has changed hands since, the clinic says
//! who comes back, as it does when it signs a pass; the ticket says which session it was, which epoch the room
//! was under, and in which order nodes are asked.

use signaling_directory::{Advice, Epoch};
use signaling_protocol::{FailoverTicket, ParticipantId, RoomId};
use signaling_session::{Standing, TokenHash};
use signaling_ticket::{FAILOVER_NODES_MAX, Failover};

use super::Nodes;
use crate::secret::Shown;

/// How often a page gets a new ticket, in microseconds: a node that was drained or has failed is named for
/// no longer, and the page has it long before the one before is over.
pub(crate) const VOUCH_US: i64 = 20_000_000;

impl Nodes {
    /// A ticket for a page in a room of this node. `None` if the room is another one's by now.
    pub(crate) fn vouch(
        &self,
        room: RoomId,
        participant: ParticipantId,
        (session, standing): (TokenHash, Standing),
    ) -> Option<FailoverTicket> {
        let (advice, nodes) = {
            let bearings = self.bearings();
            let mut advice = bearings.advise(room)?;
            advice.nodes.truncate(FAILOVER_NODES_MAX);
            let pages = advice.nodes.iter().filter_map(|name| {
                if *name == self.me {
                    self.pages.clone()
                } else {
                    bearings.about(name)?.pages.clone()
                }
            });
            let pages = pages.collect();
            (advice, pages)
        };
        let failover = Failover {
            room,
            participant,
            session,
            epoch: advice.epoch.0,
            nodes: advice.nodes.iter().map(ToString::to_string).collect(),
            encrypted: standing.encrypted,
            grants: standing.grants,
        };
        match self.failover.mint(&failover, self.clock.wall_us()) {
            Ok(ticket) => Some(FailoverTicket { ticket, nodes }),
            Err(error) => {
                tracing::error!(%error, "a page goes without a failover ticket");
                None
            }
        }
    }

    /// What the ticket behind a resume token says, if it is one of this token.
    pub(crate) fn vouched(&self, shown: &Shown<'_>) -> Option<Failover> {
        let session = (shown.room, &shown.hash);
        let checked = self
            .failover
            .check(shown.failover?, session, self.clock.wall_us());
        match checked {
            Ok(failover) => Some(failover),
            Err(error) => {
                // Ours to know; the token may be good without it.
                tracing::debug!(%error, "a failover ticket was not accepted");
                None
            }
        }
    }

    /// The same, if this node has taken the room from the one that signed it: nobody here knows the token.
    pub(crate) fn returning(&self, shown: &Shown<'_>) -> Option<Failover> {
        let epoch = self.bearings().epoch(shown.room)?;
        self.vouched(shown)
            .filter(|failover| epoch > Epoch(failover.epoch))
    }
}

/// What a ticket says to nodes.
pub(crate) fn advice(failover: &Failover) -> Advice {
    let names = failover.nodes.iter();
    Advice {
        epoch: Epoch(failover.epoch),
        nodes: names.filter_map(|name| name.parse().ok()).collect(),
    }
}
