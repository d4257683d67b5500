//! The way of a datagram in: whose it is, whether it may cost anything, and only then the engine.
//!
//! Junk costs a lookup. A check is believed when it carries the connection's own signature, and
//! only a check makes an address known: media that goes on from elsewhere without one is nobody's.

use std::time::Instant;

use crate::demux::Place;
use crate::intake::{Expense, PeerBudget};
use crate::participant::Participant;
use crate::path::{Chosen, Path};
use crate::probe::Theirs;
use crate::room::Room;
use crate::shard::{Outlet, Output, Shard};
use crate::stun::{self, BINDING, Class, Message, Writer};

/// DTLS content types (RFC 6347 section 4.1).
const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;

/// A datagram with its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) path: Path,
    pub(crate) contents: &'a [u8],
}

/// What has to be right before a connection's engine is given anything.
#[derive(Debug)]
pub(crate) struct Access {
    /// The key of the checks that are sent to us.
    pub(crate) password: String,
    /// The user fragment that the engine made, which it still writes into descriptions.
    pub(crate) engine_ufrag: String,
    pub(crate) chosen: Chosen,
    pub(crate) theirs: Theirs,
    pub(crate) budget: PeerBudget,
}

impl Access {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            password: String::new(),
            engine_ufrag: String::new(),
            chosen: Chosen::default(),
            theirs: Theirs::default(),
            budget: PeerBudget::new(now),
        }
    }
}

/// Why a datagram goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dropped {
    Unknown,
    Garbage,
    Refused,
    OverBudget,
}

/// What a datagram is by its first byte (RFC 7983).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Stun,
    Dtls,
    Media,
}

impl Kind {
    fn of(contents: &[u8]) -> Option<Self> {
        match contents.first()? {
            0..=3 => Some(Self::Stun),
            20..=63 => Some(Self::Dtls),
            128..=191 => Some(Self::Media),
            _ => None,
        }
    }
}

impl Shard {
    /// Works on one datagram.
    pub(crate) fn datagram(&mut self, now: Instant, arrival: Arrival<'_>) {
        let outcome = match Kind::of(arrival.contents) {
            Some(Kind::Stun) => self.check(now, arrival),
            Some(kind) => self.packet(now, arrival, kind),
            None => Err(Dropped::Garbage),
        };
        let counters = &mut self.outlet.counters;
        match outcome {
            Ok(()) => {}
            Err(Dropped::Unknown) => counters.dropped_unknown += 1,
            Err(Dropped::Garbage) => counters.dropped_garbage += 1,
            Err(Dropped::Refused) => counters.dropped_refused += 1,
            Err(Dropped::OverBudget) => counters.dropped_over_budget += 1,
        }
    }

    fn packet(&mut self, now: Instant, arrival: Arrival<'_>, kind: Kind) -> Result<(), Dropped> {
        let Some(place) = self.outlet.demux.by_address(&arrival.path) else {
            if kind == Kind::Media {
                self.ask_back(now, arrival.path);
            }
            return Err(Dropped::Unknown);
        };
        let room = self.rooms.get_mut(&place.room).ok_or(Dropped::Unknown)?;
        let person = room.person_at(place).ok_or(Dropped::Unknown)?;
        let expense = match kind {
            Kind::Dtls => expense_of_dtls(arrival.contents)?,
            Kind::Media | Kind::Stun => Expense::Packet,
        };
        let bytes = arrival.contents.len();
        if !person.access.budget.admits(now, expense, bytes) {
            return Err(Dropped::OverBudget);
        }
        let before = person.access.chosen;
        person.access.chosen.heard(now, arrival.path);
        let resumes =
            person.access.chosen.resumes(before, now) && person.is_watched_or_watches(now);
        self.touched.insert(place.room);
        room.receive(now, place, arrival.contents, &mut self.outlet);
        if resumes {
            room.resume(now, place.participant, &mut self.outlet);
        }
        Ok(())
    }

    fn check(&mut self, now: Instant, arrival: Arrival<'_>) -> Result<(), Dropped> {
        let Arrival { path, contents } = arrival;
        let message = Message::parse(contents).map_err(|_malformed| Dropped::Garbage)?;
        match (message.method(), message.class()) {
            (BINDING, Class::Request) => {}
            (BINDING, Class::Success) => return self.answered(now, path, &message),
            // An indication only keeps a NAT open (RFC 8445 section 11).
            _ => return Err(Dropped::Garbage),
        }
        let demux = &self.outlet.demux;
        let place = message
            .text(stun::USERNAME)
            .and_then(|name| name.split_once(':'))
            .and_then(|(ours, _theirs)| demux.by_ufrag(ours))
            .ok_or(Dropped::Unknown)?;
        let room = self.rooms.get_mut(&place.room).ok_or(Dropped::Unknown)?;
        let person = room.person_at(place).ok_or(Dropped::Unknown)?;
        if demux.by_address(&path) == Some(place) {
            let budget = &mut person.access.budget;
            if !budget.admits(now, Expense::Check, contents.len()) {
                return Err(Dropped::OverBudget);
            }
        } else if self.strangers.is_spent(now, path.remote.ip()) {
            return Err(Dropped::OverBudget);
        }
        if !message.is_signed_with(person.access.password.as_bytes()) {
            self.strangers.failed(now, path.remote.ip());
            return Err(Dropped::Refused);
        }
        let nominates = message.get(stun::USE_CANDIDATE).is_some();
        let before = person.access.chosen;
        person.access.chosen.checked(now, path, nominates);
        let resumes =
            person.access.chosen.resumes(before, now) && person.is_watched_or_watches(now);
        let outlet = &mut self.outlet;
        outlet.demux.claim_address(&mut person.claim, path, place);
        outlet.outputs.push_back(answer(&message, person, path));
        self.touched.insert(place.room);
        room.receive(now, place, contents, outlet);
        if resumes {
            room.resume(now, place.participant, outlet);
        }
        Ok(())
    }
}

/// What a DTLS record counts as, from its header (RFC 6347 section 4.1).
fn expense_of_dtls(contents: &[u8]) -> Result<Expense, Dropped> {
    let (kind, epoch) = match contents {
        [kind, _, _, high, low, ..] => (*kind, u16::from_be_bytes([*high, *low])),
        _ => return Err(Dropped::Garbage),
    };
    match kind {
        // Nobody signs an alert before there are keys. Believed, one datagram with the address of
        // a client would end its connection (RFC 6347 section 4.1.2.7 lets us drop it).
        ALERT if epoch == 0 => Err(Dropped::Refused),
        APPLICATION_DATA => Ok(Expense::Packet),
        _ => Ok(Expense::Handshake),
    }
}

/// The answer to a check (RFC 8445 section 7.3.1), by the way it came.
fn answer(check: &Message<'_>, person: &Participant, path: Path) -> Output {
    let contents = Writer::new(BINDING, Class::Success, check.transaction())
        .with_address(stun::XOR_MAPPED_ADDRESS, path.remote)
        .signed(person.access.password.as_bytes())
        .fingerprinted();
    Output::Transmit {
        transport: path.transport,
        local: path.local,
        remote: path.remote,
        contents,
    }
}

impl Room {
    /// The owner of a datagram, if it is still the same connection.
    pub(crate) fn person_at(&mut self, place: Place) -> Option<&mut Participant> {
        self.people
            .get_mut(&place.participant)
            .filter(|person| person.connection == place.connection)
    }

    /// Gives a datagram that was admitted to its engine.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        place: Place,
        contents: &[u8],
        outlet: &mut Outlet,
    ) {
        if let Some(person) = self.people.get_mut(&place.participant) {
            person.heard = now;
        }
        self.work(place.participant, outlet, |peer, drained| {
            peer.receive(now, drained, contents)
        });
        self.pump(now, outlet);
    }
}

/// Turns what an engine sends into what leaves: its answers to checks were given already, and
/// everything else takes the chosen path.
pub(crate) fn outgoing(chosen: Option<Path>, contents: Vec<u8>) -> Option<Output> {
    if Kind::of(&contents) == Some(Kind::Stun) {
        return None;
    }
    let path = chosen?;
    Some(Output::Transmit {
        transport: path.transport,
        local: path.local,
        remote: path.remote,
        contents,
    })
}
