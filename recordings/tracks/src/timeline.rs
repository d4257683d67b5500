//! When something was, on the one clock of a recording.
//!
//! A stream's timestamps count ticks of its sender's clock from a random number on. With sender
//! reports they become times of the sender's wall clock, in which all streams of one person are
//! aligned. How that clock, or without reports the stream alone, stands to the recording's clock is
//! learned from arrivals: what came fastest in the last seconds was not delayed by a queue. Clocks
//! drift, so what was learned is followed, by 0.5 % of the time at most: nobody hears that.

use std::collections::{BTreeMap, VecDeque};

use recordings_tap::{Codec, Packet, PersonKey, Report, TrackKey};

/// What is learned is followed by this share of the time that passes: 1 in 200.
const SLEW: i64 = 200;
/// After a pause this long time may be set at once: no sound or picture is stretched by that.
const PAUSE_US: i64 = 500_000;
/// A correction beyond this is not believed at once: somebody has set a clock.
const STEP_US_MAX: i64 = 2_000_000;
/// What came fastest is looked for in this many buckets of this length.
const BUCKETS: usize = 6;
const BUCKET_US: u64 = 2_000_000;

type StreamKey = (TrackKey, u8);

/// How far a clock is behind the recording's, by the fastest arrivals of the last seconds.
#[derive(Debug, Default)]
struct Envelope {
    /// Number of the bucket and its smallest difference.
    buckets: VecDeque<(u64, i64)>,
}

impl Envelope {
    fn note(&mut self, arrival_us: u64, difference_us: i64) {
        let bucket = arrival_us / BUCKET_US;
        match self.buckets.back_mut() {
            Some((last, least)) if *last >= bucket => *least = difference_us.min(*least),
            _ => self.buckets.push_back((bucket, difference_us)),
        }
        while self.buckets.len() > 1
            && self
                .buckets
                .front()
                .is_some_and(|(first, _)| first + (BUCKETS as u64) <= bucket)
        {
            self.buckets.pop_front();
        }
    }

    fn least_us(&self) -> Option<i64> {
        self.buckets.iter().map(|(_, least)| *least).min()
    }
}

#[derive(Debug)]
struct Stream {
    person: PersonKey,
    clock_hz: i64,
    /// The newest timestamp, and the same without rounds.
    newest: (u32, i64),
    alone: Envelope,
    /// A moment of the sender's wall clock in microseconds, and the same in ticks.
    report: Option<(i64, i64)>,
    /// What is added to the stream's time now, and the ticks for which it was decided.
    applied: Option<(i64, i64)>,
    /// The latest time that was given out.
    last_us: i64,
}

impl Stream {
    fn ticks(&self, timestamp: u32) -> i64 {
        let (newest, ticks) = self.newest;
        ticks + i64::from(timestamp.wrapping_sub(newest).cast_signed())
    }

    /// Microseconds on the stream's own clock: the sender's wall clock with reports, otherwise from
    /// the first timestamp on.
    fn own_us(&self, ticks: i64) -> i64 {
        let (wall_us, base) = self.report.unwrap_or((0, 0));
        wall_us + (ticks - base) * 1_000_000 / self.clock_hz
    }
}

/// The clock of a recording and how the clocks of its streams stand to it.
#[derive(Debug)]
pub struct Timeline {
    origin_us: u64,
    streams: BTreeMap<StreamKey, Stream>,
    people: BTreeMap<PersonKey, Envelope>,
}

impl Timeline {
    /// A recording that begins at a moment of the clock of arrivals, in microseconds.
    #[must_use]
    pub const fn new(origin_us: u64) -> Self {
        Self {
            origin_us,
            streams: BTreeMap::new(),
            people: BTreeMap::new(),
        }
    }

    /// An arrival as microseconds since the recording began.
    #[must_use]
    pub const fn since_origin(&self, arrival_us: u64) -> u64 {
        arrival_us.saturating_sub(self.origin_us)
    }

    /// Learns from the arrival of a packet, in the order of arrivals.
    pub fn arrived(&mut self, person: PersonKey, packet: &Packet) {
        let stream = self
            .streams
            .entry((packet.track, packet.layer))
            .or_insert_with(|| new_stream(person, packet.codec, packet.timestamp));
        let ticks = stream.ticks(packet.timestamp);
        if ticks > stream.newest.1 {
            stream.newest = (packet.timestamp, ticks);
        }
        let arrival_us = self.since_origin(packet.arrival_us);
        let difference = i64::try_from(arrival_us).unwrap_or(i64::MAX);
        let Some(stream) = self.streams.get_mut(&(packet.track, packet.layer)) else {
            return;
        };
        let difference = difference.saturating_sub(stream.own_us(ticks));
        if stream.report.is_some() {
            let envelope = self.people.entry(stream.person).or_default();
            envelope.note(arrival_us, difference);
        } else {
            stream.alone.note(arrival_us, difference);
        }
    }

    /// Learns from a sender report. One of a stream that was never heard is ignored.
    pub fn reported(&mut self, report: &Report) {
        let arrival_us = self.since_origin(report.arrival_us);
        let Some(stream) = self.streams.get_mut(&(report.track, report.layer)) else {
            return;
        };
        let wall_us = wall_us(report.ntp);
        let ticks = stream.ticks(report.rtp);
        let before = stream.own_us(stream.newest.1);
        let had_report = stream.report.replace((wall_us, ticks)).is_some();
        let moved = stream.own_us(stream.newest.1) - before;
        // Time goes on where it was, and then follows what will be learned.
        if let Some((applied, _)) = &mut stream.applied {
            *applied -= moved;
        }
        let person = self.people.entry(stream.person).or_default();
        if had_report && moved.abs() > STEP_US_MAX {
            // Somebody has set the wall clock. What was learned of it is worth nothing, and time goes
            // on as it was applied.
            person.buckets.clear();
            if let Some((applied, _)) = stream.applied {
                person.note(arrival_us, applied);
            }
        }
        // What the stream has learned alone is the same fact about another clock.
        if !had_report
            && person.buckets.is_empty()
            && let Some(least) = stream.alone.least_us()
        {
            person.note(arrival_us, least - moved);
        }
    }

    /// When a packet was, in microseconds since the recording began: the frames of a stream in their
    /// order. Never goes back. `None` for a stream of which nothing has arrived.
    pub fn time_of(&mut self, track: TrackKey, layer: u8, timestamp: u32) -> Option<u64> {
        let stream = self.streams.get_mut(&(track, layer))?;
        let ticks = stream.ticks(timestamp);
        let target = match stream.report {
            Some(_) => self.people.get(&stream.person)?.least_us()?,
            None => stream.alone.least_us()?,
        };
        let applied = match stream.applied {
            None => target,
            Some((applied, since)) => {
                let passed = (ticks - since).max(0) * 1_000_000 / stream.clock_hz;
                let wrong = target - applied;
                let step = if passed >= PAUSE_US && wrong.abs() <= STEP_US_MAX {
                    wrong.abs()
                } else {
                    passed / SLEW
                };
                applied + wrong.clamp(-step, step)
            }
        };
        stream.applied = Some((applied, ticks));
        let us = (stream.own_us(ticks) + applied).max(stream.last_us);
        stream.last_us = us;
        u64::try_from(us).ok()
    }
}

fn new_stream(person: PersonKey, codec: Codec, timestamp: u32) -> Stream {
    Stream {
        person,
        clock_hz: codec.clock_hz().into(),
        newest: (timestamp, 0),
        alone: Envelope::default(),
        report: None,
        applied: None,
        last_us: 0,
    }
}

/// 32.32 fixed point seconds as microseconds.
fn wall_us(ntp: u64) -> i64 {
    let us = (u128::from(ntp) * 1_000_000) >> 32;
    i64::try_from(us).unwrap_or(i64::MAX)
}
