//! Playing scenarios: once, on different numbers of shards, and with fewer and fewer steps.

use thiserror::Error;

use crate::oracle::{Fault, Violation};
use crate::report::{Report, Traced};
use crate::sabotage::Sabotage;
use crate::scenario::Scenario;
use crate::world::World;

/// Why a run has no report.
#[derive(Debug, Error)]
pub enum SimError {
    /// An oracle found something.
    #[error(transparent)]
    Violation(#[from] Box<Violation>),
    /// The server or its thread could not be made.
    #[error("the simulated server could not be made")]
    NoServer,
    /// The simulator or a client's engine panicked; the server's panics are caught by it.
    #[error("a client or the simulator panicked")]
    Panicked,
}

/// Lets all engines of this process do without mathematics. Call it before the first run.
pub fn use_plain_cryptography() {
    crate::plain::install();
}

/// Plays a scenario on some shards, in a thread of its own so that nothing of an earlier run is
/// left in its generators.
///
/// # Errors
/// [`SimError::Violation`] with the first thing that was wrong.
pub fn simulate(scenario: &Scenario, shards: u8, sabotage: Sabotage) -> Result<Report, SimError> {
    play(scenario, shards, sabotage, None).1
}

/// Plays a scenario and tells every datagram of it, up to a violation if there is one.
pub fn trace(scenario: &Scenario, shards: u8) -> (Vec<Traced>, Result<Report, SimError>) {
    play(scenario, shards, Sabotage::Nothing, Some(Vec::new()))
}

fn play(
    scenario: &Scenario,
    shards: u8,
    sabotage: Sabotage,
    trace: Option<Vec<Traced>>,
) -> (Vec<Traced>, Result<Report, SimError>) {
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            fastrand::seed(scenario.seed);
            let Some(mut world) = World::new(scenario, shards, sabotage) else {
                return (Vec::new(), Err(SimError::NoServer));
            };
            world.report.trace = trace;
            let done = world.run().map_err(SimError::Violation);
            let mut report = core::mem::take(&mut world.report);
            let trace = report.trace.take().unwrap_or_default();
            (trace, done.map(|()| report))
        });
        run.join()
            .unwrap_or_else(|_panic| (Vec::new(), Err(SimError::Panicked)))
    })
}

/// Plays a scenario on one shard and on four: the same people must be served.
///
/// # Errors
/// [`SimError::Violation`] with what was wrong in one of the runs or differs between them.
pub fn compare(scenario: &Scenario, sabotage: Sabotage) -> Result<Report, SimError> {
    let one = simulate(scenario, 1, sabotage)?;
    let four = simulate(scenario, 4, sabotage)?;
    if let Some((viewer, from, source_kind)) = one.served.symmetric_difference(&four.served).next()
    {
        let room = scenario
            .people
            .get(usize::from(*viewer))
            .map_or(0, |plan| plan.room);
        return Err(SimError::Violation(Box::new(Violation {
            seed: scenario.seed,
            at_ms: scenario.length_ms,
            room,
            person: *viewer,
            fault: Fault::ServedDifferently {
                viewer: *viewer,
                from: *from,
                source_kind: *source_kind,
            },
        })));
    }
    Ok(one)
}

/// Leaves out steps as long as the same kind of fault is found without them.
#[must_use]
pub fn minimise(scenario: &Scenario, shards: u8) -> Scenario {
    let fault_of = |scenario: &Scenario| match simulate(scenario, shards, Sabotage::Nothing) {
        Err(SimError::Violation(violation)) => Some(violation.fault.name()),
        _ => None,
    };
    let mut best = scenario.clone();
    let Some(wanted) = fault_of(&best) else {
        return best;
    };
    let mut size = best.steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < best.steps.len() {
            let mut fewer = best.clone();
            fewer.steps.drain(at..(at + size).min(fewer.steps.len()));
            if fault_of(&fewer).as_ref() == Some(&wanted) {
                best = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    best
}
