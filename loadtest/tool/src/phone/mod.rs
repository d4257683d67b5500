//! People of the load test who call by telephone: light SIP user agents that know the wire alone.

mod call;
mod sip;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use loadtest_core::{Beat, Callers, Ear, Latencies, Sound, beats};
use tokio::sync::watch;

pub(crate) use call::{Call, Way};

use crate::driver::{Presence, Seat};
use crate::engine::{Tally, Voice};

/// Between two calls that are placed.
const EVERY: Duration = Duration::from_millis(50);

/// One telephone, and the visit that it calls into.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) room: u32,
    /// What is typed.
    pub(crate) pin: String,
    /// They are let in.
    pub(crate) inside: watch::Receiver<bool>,
}

/// All calls of a run.
#[derive(Debug)]
pub(crate) struct Calls {
    present: Vec<(u32, Call)>,
    wanted: u64,
    setup: Latencies,
    measured: watch::Sender<bool>,
    /// Why the first one did not come in.
    pub(crate) first_failure: Option<anyhow::Error>,
}

impl Calls {
    /// Everybody calls, one after the other; answers when the last one is in, or not.
    pub(crate) async fn come(way: Option<&Way>, callers: Vec<Caller>) -> Self {
        let (measured, listen) = watch::channel(false);
        let mut calls = Self {
            present: Vec::new(),
            wanted: callers.len() as u64,
            setup: Latencies::new(),
            measured,
            first_failure: None,
        };
        let Some(way) = way else { return calls };
        let placed = (0_u32..).zip(callers).map(|(number, caller)| {
            let listen = listen.clone();
            async move {
                tokio::time::sleep(EVERY * number).await;
                let begun = Instant::now();
                let told = (caller.inside, listen);
                let call = Call::place(way, (number, &caller.pin), told).await;
                (caller.room, call, begun.elapsed())
            }
        });
        for (room, call, took) in futures_util::future::join_all(placed).await {
            match call {
                Ok(call) => {
                    calls.setup.add(took);
                    calls.present.push((room, call));
                }
                Err(error) => {
                    calls.first_failure.get_or_insert(error);
                }
            }
        }
        calls
    }

    /// From here on packets are measured, or no longer.
    pub(crate) fn measure(&self, on: bool) {
        self.measured.send_replace(on);
    }

    /// All hang up. What was heard in the measured time, which lasted `wall`; none when nobody had to call.
    pub(crate) async fn end(
        self,
        wall: Duration,
        (people, tally): (&[(Seat, Presence)], &Tally),
    ) -> anyhow::Result<Option<Callers>> {
        if self.wanted == 0 {
            return Ok(None);
        }
        let mut all = Callers {
            wanted: self.wanted,
            setup: self.setup.percentiles(),
            ..Callers::default()
        };
        let (mut heard, mut said) = (Heard::default(), Heard::default());
        for (room, call) in self.present {
            let (ear, lasted): (Ear, bool) = call.end().await?;
            all.came_in += u64::from(lasted);
            all.irregular += ear.irregular;
            all.deaf += u64::from(!ear.heard_somebody());
            heard.add(&ear.beat, wall);
            let others = people.iter().filter(|(seat, _)| seat.room == room);
            for (_, presence) in others {
                all.unheard += u64::from(!said.add_all(voices(presence, tally), wall));
            }
        }
        all.gap_curve = heard.gaps.curve();
        all.heard = heard.sum();
        all.said = said.sum();
        Ok(Some(all))
    }
}

/// What somebody has heard of telephones.
fn voices<'a>(presence: &'a Presence, tally: &'a Tally) -> impl Iterator<Item = &'a Voice> {
    let clients = presence.clients.iter();
    let heard: &HashMap<_, _> = &tally.voices;
    clients.filter_map(move |it| heard.get(it)).flatten()
}

/// Packets of one direction.
#[derive(Debug, Default)]
struct Heard {
    expected: u64,
    got: u64,
    gaps: Latencies,
}

impl Heard {
    fn add(&mut self, beat: &Beat, wall: Duration) {
        let expected = beat.expected(wall);
        self.expected += expected;
        // What one has too much of does not make up for what another one lacks.
        self.got += beat.got.min(expected);
        self.gaps.merge(&beat.gaps);
    }

    /// The telephone of a visit, as somebody there has heard it: nowhere, or in the stream that carried it. Whether
    /// it was heard.
    fn add_all<'a>(&mut self, voices: impl Iterator<Item = &'a Voice>, wall: Duration) -> bool {
        let Some(voice) = voices.max_by_key(|voice| voice.beat.got) else {
            self.expected += beats(wall);
            return false;
        };
        self.add(&voice.beat, wall);
        voice.was_heard()
    }

    fn sum(&self) -> Sound {
        Sound {
            expected: self.expected,
            got: self.got,
            gaps: self.gaps.percentiles(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_to_one_does_not_hide_what_another_one_lacks() {
        let mut heard = Heard::default();
        for numbers in [[1, 2, 2, 3, 3], [1, 2, 4, 5, 5]] {
            let mut beat = Beat::default();
            for number in numbers {
                beat.hear(Duration::from_millis(20) * number.into(), number, true);
            }
            heard.add(&beat, Duration::ZERO);
        }
        let sum = heard.sum();
        assert_eq!((sum.expected, sum.got), (8, 7));
    }
}
