//! `telehealth triage evaluate`: the triage engine measured on vignettes.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use clinical_app::{Clock as _, SystemClock};
use clinical_triage::Engine;
use clinical_triage::evaluate::{Report, Share, evaluate};

use serde_json::json;

use super::say;
use crate::config::Config;

/// Longest file that is read, in bytes: twenty thousand long vignettes.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What to do with the triage engine.
#[derive(Debug, Subcommand)]
pub(crate) enum TriageCommand {
    /// Measure it on vignettes with a known diagnosis and perhaps a triage label. Ends with status 1 when an
    /// emergency was sent lower.
    Evaluate {
        /// One vignette a line, as JSON.
        #[arg(long)]
        vignettes: PathBuf,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
        /// Keep the report in the data directory, for the page that shows administrators the last one.
        #[arg(long)]
        save: bool,
    },
}

/// Measures and prints.
pub(crate) fn run(config: &Config, command: &TriageCommand) -> anyhow::Result<ExitCode> {
    let TriageCommand::Evaluate {
        vignettes,
        json,
        save,
    } = command;
    let mut text = String::new();
    File::open(vignettes)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text))
        .with_context(|| format!("cannot read {}", vignettes.display()))?;
    anyhow::ensure!(
        text.len() as u64 <= FILE_BYTES_MAX,
        "the file has more than {FILE_BYTES_MAX} bytes"
    );
    let report = evaluate(&Engine::shipped()?, text.lines())?;
    if *save {
        keep(config, vignettes, &report)?;
    }
    if *json {
        say(&serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    let missed = report.emergencies.hits < report.emergencies.of;
    Ok(if missed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Writes the report beside the others first and then into its place, so that nobody reads half of it.
fn keep(config: &Config, vignettes: &Path, report: &Report) -> anyhow::Result<()> {
    let name = vignettes.file_name().map(|it| it.to_string_lossy());
    let saved = json!({
        "at_us": SystemClock.now().0,
        "file": name.unwrap_or_default(),
        "report": report,
    });
    let place = config.evaluation_file();
    let beside = place.with_extension("json.new");
    std::fs::create_dir_all(&config.data_dir)
        .and_then(|()| std::fs::write(&beside, saved.to_string()))
        .and_then(|()| std::fs::rename(&beside, &place))
        .with_context(|| format!("cannot write {}", place.display()))
}

fn print(report: &Report) {
    say(&format!("{} vignettes", report.cases));
    let line = |name: &str, share: &Share| {
        say(&format!(
            "{name:<12} {:5.1} %  ({}/{}, 95 % interval {:.1}-{:.1} %)",
            share.share * 100.0,
            share.hits,
            share.of,
            share.low * 100.0,
            share.high * 100.0
        ));
    };
    line("top 1", &report.top1);
    line("top 3", &report.top3);
    line("top 5", &report.top5);
    line("coverage", &report.coverage);
    if report.exact.of > 0 {
        line("exact", &report.exact);
        line("safe", &report.safe);
        line("under", &report.under);
        line("over", &report.over);
        line("emergencies", &report.emergencies);
    }
    for miss in &report.misses {
        let rank = miss
            .rank
            .map_or_else(|| "not ranked".to_owned(), |rank| format!("rank {rank}"));
        say(&format!(
            "line {}: {} ({rank}{}), triage {} answered {:?}; first {}",
            miss.line,
            miss.expected,
            if miss.covered { "" } else { ", not covered" },
            miss.triage.as_deref().unwrap_or("-"),
            miss.answered,
            miss.first.join(", ")
        ));
    }
}
