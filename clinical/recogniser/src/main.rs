//! `telehealth-recogniser`: reads sound from its standard input, writes what was said to its standard
//! output. The server starts it; nobody types it but to try it.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use recogniser::{Model, run};

/// Recognises French and English speech, as a process that the telehealth server starts.
#[derive(Debug, Parser)]
#[command(name = "telehealth-recogniser", version)]
struct Options {
    /// The folder with model.bin, vocabulary.txt and config.json
    #[arg(long, value_name = "FOLDER", default_value = "weights")]
    weights: PathBuf,
    /// How many utterances it recognises at a time, of different voices; each takes one processor
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
    /// How far behind other programs it stands, from 0 to 19
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(i32).range(0..=19))]
    nice: i32,
    /// The SHA-256 of the model.bin, where it is not one that the program knows
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// Load the weights, say what they are, and end
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match begin(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What it says names files and states, never what was heard.
            let mut text = format!("telehealth-recogniser: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            let _nobody_reads = writeln!(io::stderr(), "{text}");
            ExitCode::FAILURE
        }
    }
}

fn begin(options: &Options) -> Result<(), Box<dyn Error>> {
    rustix::process::nice(options.nice)?;
    let model = Model::load(&options.weights, options.sha256.as_deref())?;
    if options.check {
        let languages = model.ear.languages();
        let codes: Vec<&str> = languages.iter().map(|it| it.code()).collect();
        writeln!(io::stdout(), "{} ({})", model.name, codes.join(", "))?;
        return Ok(());
    }
    run(&model, options.threads, io::stdin(), io::stdout())?;
    Ok(())
}
