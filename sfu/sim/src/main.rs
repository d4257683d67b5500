//! `sfu-sim run` plays one seed, `sfu-sim search` many, `sfu-sim minimise` makes one small.

use std::io::Write;
use std::process::ExitCode;

use sfu_sim::{
    Profile, Sabotage, Scenario, Shape, SimError, Stopwatch, compare, minimise, simulate, trace,
    use_plain_cryptography,
};

const HELP: &str = "\
sfu-sim run --seed N [--minutes M] [--people K] [--shards S] [--full] [--real-crypto] [--steps]
            [--trace]
sfu-sim search --from N --count C [--call-minutes X] [--minutes M] [--full] [--both]
sfu-sim minimise --seed N [--minutes M] [--people K] [--full]

Scenarios last 2 minutes of virtual time unless --minutes or --seconds say otherwise. --full sends media at the
rates of browsers. --both also plays every seed on four shards and compares who was served. A search
ends at its first violation, after C seeds or after X minutes that people were in calls.
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
        Some("search") => search(&arguments, &mut out),
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
    let scenario = Scenario::generate(seed, arguments.shape());
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
                 {} of {} speech packets concealed, longest gap {} ms, digest {:016x}, {:.2} s",
                scenario.people.len(),
                report.datagrams,
                report.wakeups,
                report.frames,
                report.speech.1,
                report.speech.0,
                report.longest_gap_ms,
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

fn search(arguments: &Arguments, out: &mut impl Write) -> std::io::Result<bool> {
    let from = arguments.number("--from").unwrap_or(0);
    let count = arguments.number("--count").unwrap_or(u64::MAX);
    let limit = arguments.number("--call-minutes").unwrap_or(u64::MAX);
    let watch = Stopwatch::start();
    let (mut minutes, mut seeds, mut told) = (0_u64, 0_u64, 0.0_f64);
    for seed in from..from.saturating_add(count) {
        let scenario = Scenario::generate(seed, arguments.shape());
        let result = if arguments.has("--both") {
            compare(&scenario, Sabotage::Nothing)
        } else {
            simulate(&scenario, 1, Sabotage::Nothing)
        };
        match result {
            Ok(report) => minutes = minutes.saturating_add(report.call_minutes()),
            Err(error) => {
                progress(out, (seeds, minutes), &watch)?;
                if let SimError::Panicked = error {
                    writeln!(out, "seed {seed}")?;
                }
                writeln!(out, "violation: {error}")?;
                if arguments.has("--keep-going") {
                    continue;
                }
                return Ok(false);
            }
        }
        seeds = seeds.saturating_add(1);
        if watch.seconds() - told > 10.0 {
            told = watch.seconds();
            progress(out, (seeds, minutes), &watch)?;
        }
        if minutes >= limit {
            break;
        }
    }
    progress(out, (seeds, minutes), &watch)?;
    writeln!(out, "no violation")?;
    Ok(true)
}

fn progress(
    out: &mut impl Write,
    (seeds, minutes): (u64, u64),
    watch: &Stopwatch,
) -> std::io::Result<()> {
    let seconds = watch.seconds().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "a progress line")]
    let speed = minutes as f64 / seconds;
    writeln!(
        out,
        "{seeds} seeds, {minutes} call-minutes in {seconds:.0} s, {speed:.1} call-minutes/s"
    )?;
    out.flush()
}

fn smaller(arguments: &Arguments, out: &mut impl Write) -> std::io::Result<bool> {
    let seed = arguments.number("--seed").unwrap_or(0);
    let scenario = minimise(&Scenario::generate(seed, arguments.shape()), 1);
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
