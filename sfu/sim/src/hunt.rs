//! Long searches: seed after seed, with a ledger so that call-minutes add up.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;

use sfu_sim::{Sabotage, Scenario, SimError, Stopwatch, compare, simulate};

use crate::Arguments;

/// Call-minutes of one line of the ledger: what a search that is killed loses at most.
const LINE_MINUTES: u64 = 2_000;

/// Seconds between two lines that tell how far a search is.
const TELL_S: f64 = 10.0;

/// What was played so far.
#[derive(Debug, Default)]
struct Tally {
    seeds: u64,
    connected_ms: u64,
    violations: u64,
    /// Longest wait for a picture that was judged, in rooms of two and in larger ones.
    wait_ms: (u64, u64),
    /// Steps of the scenarios by their kind.
    steps: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn minutes(&self) -> u64 {
        self.connected_ms / 60_000
    }

    fn note_steps(&mut self, scenario: &Scenario) {
        for step in &scenario.steps {
            let count = self.steps.entry(step.action.name()).or_default();
            *count = count.saturating_add(1);
        }
    }
}

/// The ledger of one search: lines of stamp, profile, first and last seed, call-minutes, violations.
#[derive(Debug)]
struct Ledger<'a> {
    file: Option<(&'a str, &'a str)>,
    profile: &'a str,
    first: u64,
    minutes: u64,
    violations: u64,
}

impl Ledger<'_> {
    /// Writes what was played up to `last` since the line before.
    fn write(&mut self, last: u64, tally: &Tally) -> std::io::Result<()> {
        let minutes = tally.minutes().saturating_sub(self.minutes);
        let violations = tally.violations.saturating_sub(self.violations);
        if let Some((path, stamp)) = self.file
            && last >= self.first
        {
            let mut file = OpenOptions::new().create(true).append(true).open(path)?;
            let (profile, first) = (self.profile, self.first);
            // One write, so that lines of several searches do not mix.
            let line = format!("{stamp} {profile} {first} {last} {minutes} {violations}\n");
            file.write_all(line.as_bytes())?;
        }
        self.first = last.saturating_add(1);
        self.minutes = tally.minutes();
        self.violations = tally.violations;
        Ok(())
    }

    fn is_due(&self, tally: &Tally) -> bool {
        tally.minutes() >= self.minutes.saturating_add(LINE_MINUTES)
    }
}

/// Plays seeds until one has a fault, or as many as were asked for. Answers whether none had one.
pub(crate) fn search(arguments: &Arguments, out: &mut impl Write) -> std::io::Result<bool> {
    let from = arguments.number("--from").unwrap_or(0);
    let count = arguments.number("--count").unwrap_or(u64::MAX);
    let limit = arguments.number("--call-minutes").unwrap_or(u64::MAX);
    let watch = Stopwatch::start();
    let mut tally = Tally::default();
    let mut ledger = Ledger {
        file: arguments
            .text("--ledger")
            .map(|path| (path, arguments.text("--stamp").unwrap_or("-"))),
        profile: arguments.profile(),
        first: from,
        minutes: 0,
        violations: 0,
    };
    let (mut told, mut last) = (0.0_f64, from);
    for seed in from..from.saturating_add(count) {
        last = seed;
        let scenario = arguments.scenario(seed);
        tally.note_steps(&scenario);
        tally.seeds = tally.seeds.saturating_add(1);
        if let Err(error) = play(arguments, &scenario, &mut tally) {
            progress(out, &tally, &watch)?;
            if let SimError::Panicked = error {
                writeln!(out, "seed {seed}")?;
            }
            writeln!(out, "violation: {error}")?;
            tally.violations = tally.violations.saturating_add(1);
            if !arguments.has("--keep-going") {
                break;
            }
        }
        if watch.seconds() - told > TELL_S {
            told = watch.seconds();
            progress(out, &tally, &watch)?;
        }
        if ledger.is_due(&tally) {
            ledger.write(seed, &tally)?;
        }
        if tally.minutes() >= limit {
            break;
        }
    }
    ledger.write(last, &tally)?;
    progress(out, &tally, &watch)?;
    tell_steps(out, &tally)?;
    if tally.violations == 0 {
        writeln!(out, "no violation")?;
    }
    Ok(tally.violations == 0)
}

fn play(arguments: &Arguments, scenario: &Scenario, tally: &mut Tally) -> Result<(), SimError> {
    let report = if arguments.has("--both") {
        compare(scenario, Sabotage::Nothing)
    } else {
        simulate(scenario, 1, Sabotage::Nothing)
    }?;
    tally.connected_ms = tally.connected_ms.saturating_add(report.connected_ms);
    let (two, more) = report.longest_wait_ms;
    tally.wait_ms = (tally.wait_ms.0.max(two), tally.wait_ms.1.max(more));
    Ok(())
}

fn progress(out: &mut impl Write, tally: &Tally, watch: &Stopwatch) -> std::io::Result<()> {
    let (seeds, minutes) = (tally.seeds, tally.minutes());
    let seconds = watch.seconds().max(0.001);
    let speed = ratio(minutes, seconds);
    writeln!(
        out,
        "{seeds} seeds, {minutes} call-minutes in {seconds:.0} s, {speed:.1} call-minutes/s"
    )?;
    out.flush()
}

/// How much happens in a call-minute.
fn tell_steps(out: &mut impl Write, tally: &Tally) -> std::io::Result<()> {
    let minutes = ratio(tally.connected_ms, 60_000.0).max(0.001);
    let all: u64 = tally.steps.values().sum();
    write!(out, "steps in a call-minute: {:.2}", ratio(all, minutes))?;
    for (name, count) in &tally.steps {
        write!(out, ", {name} {:.2}", ratio(*count, minutes))?;
    }
    let (two, more) = tally.wait_ms;
    writeln!(out)?;
    writeln!(
        out,
        "longest wait for a picture: {two} ms of two people, {more} ms of more"
    )
}

#[expect(clippy::cast_precision_loss, reason = "for lines that people read")]
fn ratio(count: u64, of: f64) -> f64 {
    count as f64 / of
}
