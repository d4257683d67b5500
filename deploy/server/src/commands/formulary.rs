//! `telehealth formulary check`, `telehealth formulary import`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use clinical_app::prescribing::{Because, Imported, RefusedRow, read_table, use_import};

use super::say;
use crate::config::Config;
use crate::keys;

/// Longest file that is read, in bytes; the reader of the table has the same limit.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Most refused rows that are named one by one.
const REFUSED_SHOWN_MAX: usize = 100;

/// What to do with a table of interactions: comma-separated values with the header
/// `drug_a,atc_a,drug_b,atc_b,level,text_en,text_fr,source,year`.
#[derive(Debug, Subcommand)]
pub(crate) enum FormularyCommand {
    /// Read it and say what it would add. Nothing is written.
    Check {
        /// The table.
        file: PathBuf,
    },
    /// Read it and keep what it adds in the data directory.
    Import {
        /// The table.
        file: PathBuf,
        /// Leave out rows whose medicines are unknown or ambiguous; without it they stop the import.
        #[arg(long)]
        leave_out: bool,
    },
}

/// Reads a table, and keeps it when it is to be imported.
pub(crate) fn run(config: &Config, command: &FormularyCommand) -> anyhow::Result<ExitCode> {
    match command {
        FormularyCommand::Check { file } => {
            let found = read(file)?;
            report(&found);
            Ok(if found.refused.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        FormularyCommand::Import { file, leave_out } => {
            let found = read(file)?;
            report(&found);
            anyhow::ensure!(
                *leave_out || found.refused.is_empty(),
                "nothing was imported: correct these rows, or leave them out with --leave-out"
            );
            keep(config, &found)
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Imported> {
    let text = text_of(path)?;
    let name = path.display().to_string();
    Ok(read_table(&name, &text)?)
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    let found =
        std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(
        found.len() <= FILE_BYTES_MAX,
        "{} is longer than {FILE_BYTES_MAX} bytes",
        path.display()
    );
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn report(found: &Imported) {
    for row in found.refused.iter().take(REFUSED_SHOWN_MAX) {
        say(&refusal(row));
    }
    let hidden = found.refused.len().saturating_sub(REFUSED_SHOWN_MAX);
    if hidden > 0 {
        say(&format!("... and {hidden} more rows"));
    }
    say(&format!(
        "{} rows: {} pairs, {} rows refused. Data set: {}",
        found.rows,
        found.pairs,
        found.refused.len(),
        found.version
    ));
}

fn refusal(row: &RefusedRow) -> String {
    let because = match row.because {
        Because::Unknown => "the formulary holds no such medicine",
        Because::Ambiguous => "it may be several medicines, or name and code differ",
        Because::Same => "both sides are one medicine",
    };
    format!(
        "line {}, {}: {:?}: {because}",
        row.line, row.column, row.value
    )
}

fn keep(config: &Config, found: &Imported) -> anyhow::Result<ExitCode> {
    let dir = config.data_dir.join("formulary");
    keys::make_private_dir(&config.data_dir)?;
    keys::make_private_dir(&dir)?;
    let (path, new) = (dir.join("import.toml"), dir.join("import.toml.new"));
    let said = |path: &Path| format!("cannot write {}", path.display());
    std::fs::write(&new, &found.file).with_context(|| said(&new))?;
    std::fs::rename(&new, &path).with_context(|| said(&path))?;
    say(&format!(
        "Kept in {0}. Set safety.import_file = \"{0}\" and start the server anew.",
        path.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Has the safety check use what was imported, when the configuration says so. Without it the server
/// does not start: a check with fewer rules than intended would be silent.
pub(crate) fn load(config: &Config) -> anyhow::Result<()> {
    let Some(path) = &config.safety.import_file else {
        return Ok(());
    };
    let version = text_of(path)
        .and_then(|text| Ok(use_import(&text)?))
        .with_context(|| format!("safety.import_file {} is not taken", path.display()))?;
    tracing::info!(
        data.version = version,
        "the safety check has imported rules"
    );
    Ok(())
}
