//! `sfu-sim run` plays one seed, `sfu-sim search` many, `sfu-sim minimise` makes one small.

use std::io::Write;
use std::process::ExitCode;

mod hunt;

use sfu_sim::{
    Profile, Sabotage, Scenario, Shape, Stopwatch, minimise, simulate, trace,
    use_plain_cryptography,
};

const HELP: &str = "\
sfu-sim run --seed N [--clinic] [--minutes M] [--people K] [--shards S] [--full] [--real-crypto]
            [--steps] [--trace]
sfu-sim search --from N --count C [--clinic] [--call-minutes X] [--minutes M] [--full] [--both]
               [--keep-going] [--ledger FILE --stamp TEXT]
sfu-sim minimise --seed N [--clinic] [--minutes M] [--people K] [--full]

Scenarios last 2 minutes of virtual time unless --minutes or --seconds say otherwise. --clinic plays
consultations of 10 to 30 minutes. --full sends media at the rates of browsers. --both also plays every
seed on four shards and compares who was served. A search ends at its first violation unless it is to
keep going, after C seeds or after X minutes that people were in calls with somebody. It adds what it has
played to the ledger after every 2,000 of these minutes and at its end, with the words of the stamp.
";

/// The command line, taken apart.
#[derive(Debug)]
struct Arguments(Vec<String>);

impl Arguments {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|argument| argument == name)
    }

    fn number(&self, name: &str) -> Option<u64> {
        let at = self.0.iter().position(|argument| argument == name)?;
        self.0.get(at.checked_add(1)?)?.parse().ok()
    }

    fn length_ms(&self) -> u64 {
        match self.number("--seconds") {
            Some(seconds) => seconds.saturating_mul(1_000),
            None => self.number("--minutes").unwrap_or(2).saturating_mul(60_000),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|argument| argument == name)?;
        self.0.get(at.checked_add(1)?).map(String::as_str)
    }

    /// What a seed stands for here.
    fn scenario(&self, seed: u64) -> Scenario {
        if self.has("--clinic") {
            let given = self.has("--minutes") || self.has("--seconds");
            let length_ms = if given { self.length_ms() } else { 0 };
            Scenario::consultation(seed, length_ms)
        } else {
            Scenario::generate(seed, self.shape())
        }
    }

    /// How the ledger calls the scenarios.
    fn profile(&self) -> &'static str {
        match (self.has("--clinic"), self.has("--full")) {
            (true, _) => "clinic",
            (false, true) => "full",
            (false, false) => "light",
        }
    }

    fn shape(&self) -> Shape {
        Shape {
            length_ms: self.length_ms(),
            people: self
                .number("--people")
                .and_then(|people| u16::try_from(people).ok())
                .unwrap_or(0),
            profile: if self.has("--full") {
                Profile::FULL
            } else {
                Profile::LIGHT
            },
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments(std::env::args().skip(1).collect());
    if !arguments.has("--real-crypto") {
        use_plain_cryptography();
    }
    let mut out = std::io::stdout().lock();
    let done = match arguments.0.first().map(String::as_str) {
        Some("run") => run(&arguments, &mut out),
        Some("search") => hunt::search(&arguments, &mut out),
        Some("minimise") => smaller(&arguments, &mut out),
        _ => out.write_all(HELP.as_bytes()).map(|()| false),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        // What was wrong has been said; a closed pipe needs no words.
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn run(arguments: &Arguments, out: &mut impl Write) -> std::io::Result<bool> {
    let seed = arguments.number("--seed").unwrap_or(0);
    let scenario = arguments.scenario(seed);
    if arguments.has("--steps") {
        tell_steps(&scenario, out)?;
    }
    let shards = arguments.number("--shards").unwrap_or(1);
    let watch = Stopwatch::start();
    let (datagrams, result) = if arguments.has("--trace") {
        trace(&scenario, u8::try_from(shards).unwrap_or(1))
    } else {
        let shards = u8::try_from(shards).unwrap_or(1);
        (Vec::new(), simulate(&scenario, shards, Sabotage::Nothing))
    };
    for one in datagrams {
        let way = if one.upward { "up" } else { "down" };
        writeln!(
            out,
            "{:>8} ms person {} {way} {} bytes {:016x}",
            one.at_ms, one.person, one.bytes, one.key
        )?;
    }
    match result {
        Ok(report) => {
            let minutes = report.call_minutes();
            writeln!(
                out,
                "seed {seed}: {} people, {minutes} call-minutes, {} datagrams, {:?} wake-ups, {} frames, \
                 {} of {} speech packets concealed, longest gap {} ms, \
                 longest wait {:?} ms, digest {:016x}, {:.2} s",
                scenario.people.len(),
                report.datagrams,
                report.wakeups,
                report.frames,
                report.speech.1,
                report.speech.0,
                report.longest_gap_ms,
                report.longest_wait_ms,
                report.digest,
                watch.seconds(),
            )?;
            Ok(true)
        }
        Err(error) => {
            writeln!(out, "{error}")?;
            Ok(false)
        }
    }
}

fn smaller(arguments: &Arguments, out: &mut impl Write) -> std::io::Result<bool> {
    let seed = arguments.number("--seed").unwrap_or(0);
    let scenario = minimise(&arguments.scenario(seed), 1);
    tell_steps(&scenario, out)?;
    match simulate(&scenario, 1, Sabotage::Nothing) {
        Ok(_) => writeln!(out, "no violation")?,
        Err(error) => writeln!(out, "{error}")?,
    }
    Ok(true)
}

fn tell_steps(scenario: &Scenario, out: &mut impl Write) -> std::io::Result<()> {
    for (index, plan) in scenario.people.iter().enumerate() {
        writeln!(out, "person {index}: {plan:?}")?;
    }
    for step in &scenario.steps {
        writeln!(
            out,
            "{:>8} ms person {}: {:?}",
            step.at_ms, step.person, step.action
        )?;
    }
    Ok(())
}
