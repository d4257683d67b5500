//! Virtual time: what happens next, and what comes of it.

mod judge;
mod media;
mod signal;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;

use sfu_core::{Source, WantedSource};

use crate::clock::Clock;
use crate::media::Floor;
use crate::network::Packet;
use crate::oracle::{Fault, Violation};
use crate::person::Person;
use crate::report::Report;
use crate::rng::mix;
use crate::sabotage::Sabotage;
use crate::scenario::{Action, Scenario};
use crate::shards::{HashPlacement, Order, Said, Shards};

/// How often viewers and oracles look around.
const LOOK_MS: u64 = 250;
/// After everybody has gone, everything must be forgotten in this time: silence for 15 s, a
/// handshake for 30 s.
const AFTERWARDS_MS: u64 = 40_000;
/// A shard that wants the time again this often without time passing is spinning.
const SPINS_MAX: usize = 500;
/// Outputs of one millisecond: a burst for everybody in a full room fits in many times.
const OUTPUTS_MAX: usize = 20_000;

/// Something that will happen.
#[derive(Debug)]
enum Event {
    ToServer {
        from: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    ToPerson {
        person: u16,
        from: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    PersonTimer(u16),
    ServerTimer,
    Publish(u16, u16, Source),
    Order(Box<Order>),
    Told(u16, u16, Told),
    Act(u16, Action),
    /// The same person joins again by itself.
    Rejoin(u16, u16),
    Grow(u16),
    Look,
}

/// What signaling tells a page.
#[derive(Debug)]
enum Told {
    Answer(String),
    Refused,
    Gone,
    /// Which encodings are watched.
    Wanted(Vec<WantedSource>),
}

#[derive(Debug)]
struct Entry {
    at_ms: u64,
    number: u64,
    /// Where it stands among the happenings.
    place: usize,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at_ms, self.number) == (other.at_ms, other.number)
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    /// The earliest is the greatest, as a heap wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_ms, other.number).cmp(&(self.at_ms, self.number))
    }
}

/// A datagram that leaves in this millisecond.
#[derive(Debug)]
struct Leaving {
    person: u16,
    packet: Packet,
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

/// A scenario while it runs.
#[derive(Debug)]
pub(crate) struct World<'a> {
    scenario: &'a Scenario,
    sabotage: Sabotage,
    clock: Clock,
    now_ms: u64,
    shards: Shards<HashPlacement>,
    people: Vec<Person>,
    /// One for each room.
    floors: Vec<Floor>,
    events: BinaryHeap<Entry>,
    /// What happens at the entries of `events`; a heap moves its entries often, so these stay small.
    happenings: Vec<Option<Event>>,
    vacant: Vec<usize>,
    numbers: u64,
    server_timer_ms: Option<u64>,
    owners: BTreeMap<SocketAddr, u16>,
    ports: u32,
    /// Offers under way: who, which connection, and until when an answer is due.
    asked: BTreeMap<u64, (u16, u16, u64)>,
    touched: Vec<u16>,
    said: Vec<Said>,
    leaving: Vec<Leaving>,
    pub(crate) report: Report,
    ended: bool,
}

impl<'a> World<'a> {
    /// `None` if the server cannot be made.
    pub(crate) fn new(scenario: &'a Scenario, shards: u8, sabotage: Sabotage) -> Option<Self> {
        let count = scenario.people.len();
        let mut in_room: BTreeMap<u16, u128> = BTreeMap::new();
        let people = scenario
            .people
            .iter()
            .zip(0_u16..)
            .map(|(plan, index)| {
                let key = in_room.entry(plan.room).or_insert(100);
                *key = key.saturating_add(1);
                Person::new(scenario.seed, *plan, (index, *key), count)
            })
            .collect();
        let rooms = scenario.people.iter().map(|plan| plan.room).max();
        let floors = (0..=rooms.unwrap_or(0))
            .map(|room| {
                let all = scenario.people.iter().zip(0_u16..);
                let here = all
                    .filter(|(plan, _)| plan.room == room)
                    .map(|(_, index)| index);
                let seed = mix(scenario.seed ^ mix(0xf100_0000 + u64::from(room)));
                Floor::new(here.collect(), seed)
            })
            .collect();
        let mut world = Self {
            floors,
            scenario,
            sabotage,
            clock: Clock::start(),
            now_ms: 0,
            shards: Shards::new(shards)?,
            people,
            events: BinaryHeap::new(),
            happenings: Vec::new(),
            vacant: Vec::new(),
            numbers: 0,
            server_timer_ms: None,
            owners: BTreeMap::new(),
            ports: 0,
            asked: BTreeMap::new(),
            touched: Vec::new(),
            said: Vec::new(),
            leaving: Vec::new(),
            report: Report::default(),
            ended: false,
        };
        for step in &scenario.steps {
            world.plan(step.at_ms, Event::Act(step.person, step.action));
        }
        world.plan(LOOK_MS, Event::Look);
        Some(world)
    }

    /// Runs to the end, or to the first violation.
    pub(crate) fn run(&mut self) -> Result<(), Box<Violation>> {
        let end_ms = self.scenario.length_ms.saturating_add(AFTERWARDS_MS);
        loop {
            let now = |entry: &Entry| entry.at_ms <= self.now_ms;
            if self.events.peek().is_some_and(now) {
                if let Some(event) = self.events.pop().and_then(|entry| self.take_event(&entry)) {
                    self.happen(event)?;
                }
                continue;
            }
            // What leaves now may arrive before what was planned so far: time goes on only after it.
            self.flush()?;
            match self.events.peek() {
                Some(entry) if entry.at_ms <= end_ms => self.now_ms = entry.at_ms,
                _ => break,
            }
        }
        self.judge_end()
    }

    fn plan(&mut self, at_ms: u64, event: Event) {
        self.numbers = self.numbers.saturating_add(1);
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.happenings.push(None);
            self.happenings.len().saturating_sub(1)
        });
        if let Some(here) = self.happenings.get_mut(place) {
            *here = Some(event);
        }
        self.events.push(Entry {
            at_ms: at_ms.max(self.now_ms),
            number: self.numbers,
            place,
        });
    }

    fn take_event(&mut self, entry: &Entry) -> Option<Event> {
        self.vacant.push(entry.place);
        self.happenings.get_mut(entry.place)?.take()
    }

    fn happen(&mut self, event: Event) -> Result<(), Box<Violation>> {
        match event {
            Event::ToServer { from, to, bytes } => {
                let now = self.clock.at(self.now_ms);
                self.shards.datagram(now, (to, from), &bytes);
                Ok(())
            }
            Event::ToPerson {
                person,
                from,
                to,
                bytes,
            } => self.arrive(person, (from, to), &bytes),
            Event::PersonTimer(person) => {
                self.report.wakeups.0 += 1;
                self.touch(person);
                Ok(())
            }
            Event::ServerTimer => {
                self.report.wakeups.1 += 1;
                Ok(())
            }
            Event::Publish(person, generation, source) => {
                self.publish(person, generation, source);
                Ok(())
            }
            Event::Order(order) => {
                self.note_order(&order);
                self.shards.order(self.clock.at(self.now_ms), *order);
                Ok(())
            }
            Event::Told(person, generation, told) => self.told(person, generation, told),
            Event::Act(person, action) => {
                if !self.ended {
                    self.act(person, action);
                }
                Ok(())
            }
            Event::Rejoin(person, generation) => {
                if self
                    .person(person)
                    .is_some_and(|p| p.present && p.generation == generation)
                {
                    self.join(person);
                }
                Ok(())
            }
            Event::Grow(person) => {
                self.grow(person);
                Ok(())
            }
            Event::Look => self.look(),
        }
    }

    /// Ends a millisecond: batches are settled, timers run, and what is said leaves.
    fn flush(&mut self) -> Result<(), Box<Violation>> {
        let now = self.clock.at(self.now_ms);
        let mut spins = 0_usize;
        let mut outputs = 0_usize;
        let timely = self.due_ms(self.now_ms) == self.now_ms;
        loop {
            let timed = timely && self.shards.timeouts(now);
            let mut said = core::mem::take(&mut self.said);
            outputs = outputs.saturating_add(self.shards.settle(now, &mut said));
            for one in said.drain(..) {
                self.hear(one)?;
            }
            self.said = said;
            spins = spins.saturating_add(1);
            if spins > SPINS_MAX {
                return Err(self.violation(0, Fault::Spins));
            }
            if !timed {
                break;
            }
        }
        if outputs > OUTPUTS_MAX {
            return Err(self.violation(0, Fault::TooManyOutputs { outputs }));
        }
        self.report.outputs_max = self.report.outputs_max.max(outputs);
        self.run_people(timely);
        self.send_leaving();
        if let Some(at) = self.shards.next_timeout() {
            let due_ms = self.clock.due_ms(at).max(self.now_ms.saturating_add(1));
            let due_ms = self.due_ms(due_ms);
            if self
                .server_timer_ms
                .is_none_or(|set| set <= self.now_ms || set > due_ms)
            {
                self.server_timer_ms = Some(due_ms);
                self.plan(due_ms, Event::ServerTimer);
            }
        }
        Ok(())
    }

    /// Runs the timers of everybody who was touched, and collects what they send.
    fn run_people(&mut self, timely: bool) {
        let now = self.clock.at(self.now_ms);
        let now_ms = self.now_ms;
        let timer_ms = self.scenario.timer_ms.max(1);
        let mut touched = core::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for index in touched.drain(..) {
            let Some(person) = self.people.get_mut(usize::from(index)) else {
                continue;
            };
            let Some(client) = &mut person.client else {
                continue;
            };
            for _ in 0..64 {
                if !timely || !client.run_timeout(now, now_ms) {
                    break;
                }
            }
            for (to, bytes) in client.outbox.drain(..) {
                self.leaving.push(Leaving {
                    person: index,
                    packet: describe(&bytes),
                    from: person.outer,
                    to,
                    bytes,
                });
            }
            let due = client.timeout();
            let due_ms = due.map(|at| {
                let exact_ms = self.clock.due_ms(at).max(now_ms.saturating_add(1));
                exact_ms
                    .checked_next_multiple_of(timer_ms)
                    .unwrap_or(exact_ms)
            });
            if let Some(due_ms) = due_ms
                && person
                    .timer_ms
                    .is_none_or(|set| set <= now_ms || set > due_ms)
            {
                person.timer_ms = Some(due_ms);
                self.plan(due_ms, Event::PersonTimer(index));
            }
        }
        self.touched = touched;
    }

    /// Sends everything of this millisecond, in an order that does not depend on the engines.
    fn send_leaving(&mut self) {
        let mut leaving = core::mem::take(&mut self.leaving);
        leaving.sort_by_key(|one| (one.person, one.to, one.packet.key, one.packet.bytes));
        for one in leaving.drain(..) {
            let Some(person) = self.people.get_mut(usize::from(one.person)) else {
                continue;
            };
            let upward = one.from == person.outer;
            let link = if upward {
                &mut person.up
            } else {
                &mut person.down
            };
            let arrivals = link.send(self.now_ms, one.packet);
            self.report
                .note(self.now_ms, (one.person, upward), one.packet);
            let event = |bytes| {
                let (person, from, to) = (one.person, one.from, one.to);
                if upward {
                    Event::ToServer { from, to, bytes }
                } else {
                    Event::ToPerson {
                        person,
                        from,
                        to,
                        bytes,
                    }
                }
            };
            if let Some(at_ms) = arrivals.second {
                let again = event(one.bytes.clone());
                self.plan(at_ms.max(self.now_ms.saturating_add(1)), again);
            }
            if let Some(at_ms) = arrivals.first {
                let first = event(one.bytes);
                self.plan(at_ms.max(self.now_ms.saturating_add(1)), first);
            }
        }
        self.leaving = leaving;
    }

    /// When a timer that is wanted at some time runs.
    fn due_ms(&self, wanted_ms: u64) -> u64 {
        let timer_ms = self.scenario.timer_ms.max(1);
        let due_ms = wanted_ms.checked_next_multiple_of(timer_ms);
        due_ms.unwrap_or(wanted_ms)
    }

    fn touch(&mut self, person: u16) {
        self.touched.push(person);
    }

    fn person(&self, index: u16) -> Option<&Person> {
        self.people.get(usize::from(index))
    }

    fn person_mut(&mut self, index: u16) -> Option<&mut Person> {
        self.people.get_mut(usize::from(index))
    }

    fn violation(&self, person: u16, fault: Fault) -> Box<Violation> {
        Box::new(Violation {
            seed: self.scenario.seed,
            at_ms: self.now_ms,
            room: self.person(person).map_or(0, |person| person.plan.room),
            person,
            fault,
        })
    }
}

/// A packet without what is random in it: its kind, size, and of an RTP header (RFC 3550) what
/// comes before the timestamp, which in padding comes from the machine's clock.
fn describe(bytes: &[u8]) -> Packet {
    let kind = match bytes {
        [0..=3, ..] => 1,
        [20..=63, ..] => 2,
        [_, 192..=223, ..] => 3,
        _ => 4,
    };
    // Signatures make DTLS flights of real cryptography differ by some bytes.
    let size = if kind == 2 { 700 } else { bytes.len() };
    let numbers = match bytes.first_chunk::<4>() {
        Some(header) if kind == 4 => u64::from(u32::from_be_bytes(*header)),
        _ => 0,
    };
    Packet {
        bytes: size,
        key: mix(numbers ^ mix((kind << 32) ^ size as u64)),
    }
}
