//! Asking back, when a client's media goes on from another port.
//!
//! A NAT may give a client another port at any time, and the client does not notice: its own next
//! check, after which the connection follows it, is seconds away. So media of nobody from an IP
//! address that a silent client has proved is a hint: the server sends a check of its own to where
//! it came from. Only the client can sign the answer (RFC 8445 section 7.2.5), and until then
//! nothing is believed.

use core::time::Duration;
use std::collections::BTreeMap;
use std::time::Instant;

use crate::arrival::Dropped;
use crate::demux::Place;
use crate::path::{Path, Transport};
use crate::shard::{Output, Shard};
use crate::stun::{self, BINDING, Class, Message, Transaction, Writer};

/// A client is asked when nothing came by its chosen path for this long, and not again before.
const PROBE_INTERVAL: Duration = Duration::from_millis(100);
/// Between two datagrams for which clients are looked at, so that a flood of them costs no more than
/// a lookup.
const ROUND: Duration = Duration::from_millis(5);
/// Clients of one IP address that are looked at for one datagram, and that are asked. Those behind
/// one NAT rarely lose their ports at once.
const NEIGHBOURS_MAX: usize = 64;
const PROBED_MAX: usize = 4;
/// Questions without an answer. Beyond it all are forgotten, and whoever still sends is asked anew.
const PENDING_MAX: usize = 1024;
/// PRIORITY of a check, which an ICE-lite server has no use for: a peer-reflexive candidate.
const PRIORITY: u32 = 0x6E00_00FF;

/// Who was asked what.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    pending: BTreeMap<Transaction, (Place, Path)>,
    last_round: Option<Instant>,
}

/// What the client's side of checks needs: its name and key, from its offer.
#[derive(Debug, Default)]
pub(crate) struct Theirs {
    pub(crate) ufrag: String,
    pub(crate) password: String,
    pub(crate) asked: Option<Instant>,
}

impl Theirs {
    /// The credentials of an offer; all of its m-lines share them (RFC 8843 bundles them).
    pub(crate) fn of_offer(sdp: &str) -> Self {
        let value = |name: &str| {
            let line = sdp.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        Self {
            ufrag: value("a=ice-ufrag:"),
            password: value("a=ice-pwd:"),
            asked: None,
        }
    }
}

impl Shard {
    /// Media came from an address that nobody has proved.
    pub(crate) fn ask_back(&mut self, now: Instant, path: Path) {
        let lately = self.probes.last_round.is_some_and(|at| now < at + ROUND);
        if path.transport != Transport::Udp || lately {
            return;
        }
        let neighbours = self.outlet.demux.by_ip(path.remote.ip());
        let neighbours: Vec<Place> = neighbours.take(NEIGHBOURS_MAX).collect();
        if neighbours.is_empty() {
            return;
        }
        self.probes.last_round = Some(now);
        let mut asked = 0;
        for place in neighbours {
            if asked == PROBED_MAX {
                return;
            }
            let Some(room) = self.rooms.get_mut(&place.room) else {
                continue;
            };
            let Some(person) = room.person_at(place) else {
                continue;
            };
            let access = &mut person.access;
            let asked_lately = access
                .theirs
                .asked
                .is_some_and(|at| now < at + PROBE_INTERVAL);
            if asked_lately || !access.chosen.may_have_moved(now, path, PROBE_INTERVAL) {
                continue;
            }
            access.theirs.asked = Some(now);
            asked += 1;
            let transaction = self.outlet.mint.transaction();
            let name = format!("{}:{}", access.theirs.ufrag, person.claim.ufrag());
            let contents = Writer::new(BINDING, Class::Request, transaction)
                .with(stun::USERNAME, name.as_bytes())
                .with(stun::PRIORITY, &PRIORITY.to_be_bytes())
                .with(stun::ICE_CONTROLLED, &[0; 8])
                .signed(access.theirs.password.as_bytes())
                .fingerprinted();
            if self.probes.pending.len() >= PENDING_MAX {
                self.probes.pending.clear();
            }
            self.probes.pending.insert(transaction, (place, path));
            self.outlet.outputs.push_back(Output::Transmit {
                transport: path.transport,
                local: path.local,
                remote: path.remote,
                contents,
            });
        }
    }

    /// A client answered: if it is the one that was asked, it is where the answer came from.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        path: Path,
        message: &Message<'_>,
    ) -> Result<(), Dropped> {
        let transaction = message.transaction();
        let asked = self.probes.pending.get(&transaction).copied();
        let (place, of) = asked.ok_or(Dropped::Unknown)?;
        let room = self.rooms.get_mut(&place.room).ok_or(Dropped::Unknown)?;
        let person = room.person_at(place).ok_or(Dropped::Unknown)?;
        let key = person.access.theirs.password.as_bytes();
        if of != path || !message.is_signed_with(key) {
            self.strangers.failed(now, path.remote.ip());
            return Err(Dropped::Refused);
        }
        self.probes.pending.remove(&transaction);
        person.access.chosen.moved(now, path);
        let demux = &mut self.outlet.demux;
        demux.claim_address(&mut person.claim, path, place);
        Ok(())
    }
}
