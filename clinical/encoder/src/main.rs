//! `telehealth-encoder`: proposes findings that words may mean. The server asks it by `[model]`.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clinical_triage::Knowledge;
use encoder::{Encoder, Proposer, serve};
use sha2::{Digest, Sha256};

/// The file that was measured (`docs/decisions/embeddings.md`).
const KNOWN: &str = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f";

/// Proposes findings that a complaint may mean, to the telehealth server on the same machine.
#[derive(Debug, Parser)]
#[command(name = "telehealth-encoder", version)]
struct Options {
    /// The weights, which make encoder fetches
    #[arg(long, value_name = "FILE", default_value = "weights/e5-small-q4.bin")]
    weights: PathBuf,
    /// The port of this machine on which the server asks
    #[arg(long, value_name = "NUMBER", default_value_t = 7_655)]
    port: u16,
    /// The SHA-256 of the weights, where they are not those that the program knows
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// How far behind other programs it stands, from 0 to 19
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(i32).range(0..=19))]
    nice: i32,
    /// Read complaints from standard input, one a line, write what it would propose, and end
    #[arg(long)]
    try_out: bool,
}

fn main() -> ExitCode {
    match begin(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What it says names files and states, never what was read.
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            let _nobody_reads = writeln!(io::stderr(), "telehealth-encoder: {text}");
            ExitCode::FAILURE
        }
    }
}

fn begin(options: &Options) -> Result<(), Box<dyn Error>> {
    rustix::process::nice(options.nice)?;
    let bytes = fs::read(&options.weights).map_err(|error| {
        let file = options.weights.display();
        format!("{file} cannot be read ({error}): fetch it with `make encoder`")
    })?;
    let digest = Sha256::digest(&bytes);
    let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let wanted = options.sha256.as_deref().unwrap_or(KNOWN);
    if !found.eq_ignore_ascii_case(wanted) {
        let file = options.weights.display();
        return Err(format!(
            "{file} has the SHA-256 {found}, which is not the one that is known: fetch it again, or give this hash with --sha256 if these weights are your own"
        )
        .into());
    }
    let proposer = Proposer::new(Encoder::parse(bytes)?, &Knowledge::shipped()?)?;
    if options.try_out {
        for line in io::stdin().lines() {
            let line = line?;
            for it in proposer.propose(&line)? {
                writeln!(io::stdout(), "{}\t{:.3}\t{}", it.finding, it.near, it.quote)?;
            }
            writeln!(io::stdout())?;
        }
        return Ok(());
    }
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
    writeln!(io::stdout(), "ready on http://{}/v1", door.local_addr()?)?;
    io::stdout().flush()?;
    serve(&door, &proposer)?;
    Ok(())
}
