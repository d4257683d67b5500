//! `telehealth-loadtest`: drives a server of video visits from outside and says what it delivered, how
//! fast, and what it cost. It knows the wire words of the product and no part of its servers.

mod conduct;
mod driver;
mod engine;
mod fill;
mod http;
mod phone;
mod process;
mod progress;

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use conduct::How;
use driver::{Parts, Target};
use engine::Ways;
use loadtest_core::{Comparison, Pair, Report, Scenario, comparison_table, page, table};

/// Drives a server of video visits from outside.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play scenarios, one after the other. Fails when a gate does not hold.
    Run {
        /// Scenario files (TOML).
        #[arg(required = true)]
        scenarios: Vec<PathBuf>,
        /// Which server.
        #[arg(long, value_enum, default_value_t = Kind::Hub)]
        driver: Kind,
        #[command(flatten)]
        setup: Setup,
        #[command(flatten)]
        outputs: Outputs,
    },
    /// Play a scenario on ours and on a peer in turn, and print the ratio pair by pair.
    Compare {
        /// Scenario file (TOML).
        scenario: PathBuf,
        /// Which of ours.
        #[arg(long, value_enum, default_value_t = Kind::Plane)]
        ours: Kind,
        /// Which peer.
        #[arg(long, value_enum, default_value_t = Kind::Janus)]
        peer: Kind,
        /// Whose core --busy is about.
        #[arg(long, value_enum, default_value_t = Side::Peer)]
        busy_of: Side,
        /// Shards of the peer, when it is the media server alone as well.
        #[arg(long)]
        peer_shards: Option<u32>,
        /// How many pairs.
        #[arg(long, default_value_t = 5)]
        pairs: u32,
        #[command(flatten)]
        setup: Setup,
        #[command(flatten)]
        outputs: Outputs,
    },
}

/// A server that can be driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The product, by WebSocket: up to ten people in a room.
    Hub,
    /// The product, by WHIP and WHEP.
    Whip,
    /// The product's media server alone.
    Plane,
    /// Janus 1.x.
    Janus,
    /// mediasoup 3.
    Mediasoup,
}

/// One of the two that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    Ours,
    Peer,
}

#[derive(Debug, Args)]
struct Setup {
    /// The product's program.
    #[arg(long, default_value = "target/release/telehealth")]
    hub: PathBuf,
    /// The program with the media server alone (an example of the product's package).
    #[arg(long, default_value = "target/release/examples/media_plane")]
    plane: PathBuf,
    /// Janus.
    #[arg(long, default_value = "/usr/bin/janus")]
    janus: PathBuf,
    /// Give Janus so many event loops instead of a thread for each connection.
    #[arg(long)]
    janus_event_loops: Option<u32>,
    /// The folder in which mediasoup was built (`scripts/mediasoup --where`).
    #[arg(long)]
    mediasoup: Option<PathBuf>,
    /// Node.js, for mediasoup.
    #[arg(long, default_value = "node")]
    node: PathBuf,
    /// Run the server on this core only.
    #[arg(long)]
    server_core: Option<u32>,
    /// Shards of the media server alone.
    #[arg(long, default_value_t = 1)]
    shards: u32,
    /// Instead of the scenario's number of rooms (of viewers, where one room has some) take the one at which so
    /// much of a core is busy: 0.7 for 65 to 75 %. It is looked for in short runs.
    #[arg(long, value_parser = share)]
    busy: Option<f64>,
    /// Threads with participants.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Give everybody a port of this address of the machine; otherwise everybody has an address in
    /// 127.0.0.0/8. Janus needs it: it does not speak over the loopback interface.
    #[arg(long)]
    address: Option<IpAddr>,
    /// Sabotage, to see gates fail: of a million datagrams with media that come, throw so many away.
    #[arg(long, default_value_t = 0)]
    lose_per_million: u32,
    /// The folder of what callers are told; `scripts/prompts` makes it. They hear a short silence in its place.
    #[arg(long, default_value = "data/prompts")]
    prompts: PathBuf,
    /// Sabotage, to see gates fail: the first caller types a wrong PIN.
    #[arg(long)]
    wrong_pin: bool,
    /// Sabotage, to see gates fail: stop the server for so many milliseconds, once a second.
    #[arg(long)]
    stall_ms: Option<u64>,
}

#[derive(Debug, Args)]
struct Outputs {
    /// Write everything that was measured.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write a page with plots.
    #[arg(long)]
    html: Option<PathBuf>,
}

impl Setup {
    fn how(&self) -> How {
        How {
            threads: self.threads,
            ways: Ways {
                own: self.address,
                lose_per_million: self.lose_per_million,
            },
            stall: self.stall_ms.map(Duration::from_millis),
        }
    }

    fn target(&self, kind: Kind) -> anyhow::Result<Target> {
        let core = self.server_core;
        Ok(match kind {
            Kind::Hub | Kind::Whip => Target::Hub {
                program: self.hub.clone(),
                core,
                whip: kind == Kind::Whip,
                prompts: self.prompts.clone(),
                wrong_pin: self.wrong_pin,
            },
            Kind::Plane => Target::Plane {
                program: self.plane.clone(),
                core,
                shards: self.shards,
            },
            Kind::Janus => Target::Janus {
                program: self.janus.clone(),
                core,
                event_loops: self.janus_event_loops,
            },
            Kind::Mediasoup => Target::Mediasoup {
                parts: Parts {
                    node: self.node.clone(),
                    modules: self.mediasoup.clone().context(
                        "where is mediasoup? scripts/mediasoup builds it; say --mediasoup \"$(scripts/mediasoup --where)\"",
                    )?,
                    address: self.address.unwrap_or(Ipv4Addr::LOCALHOST.into()),
                },
                core,
            },
        })
    }

    /// The peer of a comparison, which may have another number of shards.
    fn peer(&self, kind: Kind, shards: Option<u32>) -> anyhow::Result<Target> {
        let mut target = self.target(kind)?;
        if let (Target::Plane { shards, .. }, Some(wanted)) = (&mut target, shards) {
            *shards = wanted;
        }
        Ok(target)
    }
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            say_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    match cli.command {
        Command::Run {
            scenarios,
            driver,
            setup,
            outputs,
        } => {
            let mut reports = Vec::new();
            for path in &scenarios {
                let scenario = read(path)?;
                let target = setup.target(driver)?;
                let played = async {
                    let busy = setup.busy.map(|busy| (busy, &target));
                    let scenario = fill::filled(scenario, busy, setup.how()).await?;
                    conduct::play(&scenario, &target, setup.how()).await
                };
                let report = runtime.block_on(played)?;
                say(&table(&report));
                reports.push(report);
            }
            write(&outputs, &reports, &reports)?;
            Ok(code(reports.iter().all(|report| report.failed.is_empty())))
        }
        Command::Compare {
            scenario,
            ours,
            peer,
            busy_of,
            peer_shards,
            pairs,
            setup,
            outputs,
        } => {
            let scenario = read(&scenario)?;
            let targets = (setup.target(ours)?, setup.peer(peer, peer_shards)?);
            let compared = async {
                let filled = match busy_of {
                    Side::Ours => &targets.0,
                    Side::Peer => &targets.1,
                };
                let busy = setup.busy.map(|busy| (busy, filled));
                let scenario = fill::filled(scenario, busy, setup.how()).await?;
                compare(&scenario, &targets, (pairs, setup.how())).await
            };
            let comparison = runtime.block_on(compared)?;
            say(&comparison_table(&comparison));
            let pairs = comparison.pairs.iter();
            let reports: Vec<Report> = pairs
                .flat_map(|pair| [pair.ours.clone(), pair.peer.clone()])
                .collect();
            write(&outputs, &comparison, &reports)?;
            Ok(code(comparison.is_exact()))
        }
    }
}

/// In turns, and every second pair begins with the peer, so that a drift of the machine hits both.
async fn compare(
    scenario: &Scenario,
    (ours, peer): &(Target, Target),
    (pairs, how): (u32, How),
) -> anyhow::Result<Comparison> {
    let mut comparison = Comparison { pairs: Vec::new() };
    for number in 0..pairs {
        let (first, second) = if number % 2 == 0 {
            (ours, peer)
        } else {
            (peer, ours)
        };
        let one = conduct::play(scenario, first, how).await?;
        let other = conduct::play(scenario, second, how).await?;
        let (ours, peer) = if number % 2 == 0 {
            (one, other)
        } else {
            (other, one)
        };
        say(&table(&ours));
        say(&table(&peer));
        comparison.pairs.push(Pair { ours, peer });
    }
    Ok(comparison)
}

/// A share of a core at which something can be measured.
fn share(word: &str) -> Result<f64, String> {
    match word.parse() {
        Ok(share) if (0.1..=0.9).contains(&share) => Ok(share),
        _ => Err("a number from 0.1 to 0.9".to_owned()),
    }
}

fn code(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn read(path: &Path) -> anyhow::Result<Scenario> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Scenario::read(&text).with_context(|| path.display().to_string())
}

fn write<T: serde::Serialize>(
    outputs: &Outputs,
    all: &T,
    reports: &[Report],
) -> anyhow::Result<()> {
    if let Some(path) = &outputs.json {
        std::fs::write(path, serde_json::to_string_pretty(all)?)
            .context("cannot write the JSON file")?;
    }
    if let Some(path) = &outputs.html {
        std::fs::write(path, page(reports)).context("cannot write the page")?;
    }
    Ok(())
}

/// A closed terminal is no error.
fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Something to know beside the report.
pub(crate) fn say_note(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

pub(crate) fn say_error(error: &anyhow::Error) {
    drop(writeln!(
        std::io::stderr(),
        "telehealth-loadtest: {error:#}"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_that_is_shipped_can_be_played() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            read(&entry.unwrap().path()).unwrap();
            count += 1;
        }
        assert!(count >= 10, "only {count} scenarios");
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
