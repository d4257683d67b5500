//! `telehealth audit`: export the audit chains, verify them, show the public key.
//!
//! None of these needs a secret: whoever verifies has the rows, the checkpoints and a public key.

use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use clinical_ledger::{
    Checkpoints, EXPORT_LINE_BYTES_MAX, Exported, PublicKey, Report, Verifier, export_line,
};
use clinical_store::offline::Offline;
use clinical_store::trail;

use super::{block_on, say};
use crate::checkpoints::{self, Files};
use crate::config::Config;

/// The exit code of a verification that found something.
const TAMPERED: u8 = 3;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Hold the audit chains against the signed checkpoints. Exits with 0 when everything is as it
    /// was written, 1 when that could not be found out, 3 when something was changed.
    Verify(VerifyArgs),
    /// Write all audit rows into a file, one JSON object a line.
    Export {
        /// The file to make.
        file: PathBuf,
    },
    /// Print the public key of the checkpoints.
    Key,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Verify this export instead of the store.
    #[arg(long)]
    export: Option<PathBuf>,
    /// The checkpoint file, or a folder of them; without it, those of this installation.
    #[arg(long)]
    checkpoints: Option<PathBuf>,
    /// A file with the public key, or with all that have signed; without it, the one beside the
    /// checkpoints.
    #[arg(long)]
    public_key: Option<PathBuf>,
    /// How many events may stand after the newest checkpoint. A server that was stopped leaves
    /// none; one that runs, or was killed, up to what it writes in a minute.
    #[arg(long, default_value_t = 0)]
    unsigned_max: i64,
}

/// Runs one of the commands.
pub(crate) fn run(config: &Config, command: &AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Verify(args) => verify(config, args),
        AuditCommand::Export { file } => export(config, file),
        AuditCommand::Key => {
            let path = config.audit_dir().join(checkpoints::PUBLIC_KEY);
            say(read(&path)?.trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn verify(config: &Config, args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let from = args
        .checkpoints
        .clone()
        .unwrap_or_else(|| config.audit_dir());
    let key = args.public_key.clone().unwrap_or_else(|| {
        let folder = if from.is_file() {
            from.parent().unwrap_or(Path::new(""))
        } else {
            &from
        };
        folder.join(checkpoints::PUBLIC_KEY)
    });
    let mut known = Checkpoints::new(public_keys(&read(&key)?)?);
    Files::find(&from)?.read_into(&mut known)?;
    let verifier = known.verifier(args.unsigned_max);
    let report = match &args.export {
        Some(path) => verify_export(path, verifier)?,
        None => {
            let url = config.store_url()?;
            block_on(async {
                let mut store = Offline::read(&url).await?;
                anyhow::Ok(trail::verify(&mut store, verifier).await?)
            })?
        }
    };
    Ok(tell(&report))
}

fn verify_export(path: &Path, mut verifier: Verifier) -> anyhow::Result<Report> {
    checkpoints::each_line(path, EXPORT_LINE_BYTES_MAX, |line| {
        match Exported::from_line(line) {
            Ok(row) => verifier.row(&row.event(), row.hash()),
            Err(_) => verifier.unreadable(None, None),
        }
        Ok(())
    })?;
    Ok(verifier.finish())
}

/// Every key of a file: after a change of keys there are several.
pub(super) fn public_keys(text: &str) -> anyhow::Result<Vec<PublicKey>> {
    let keys = text
        .split_inclusive("-----END PUBLIC KEY-----")
        .filter(|part| !part.trim().is_empty())
        .map(|part| PublicKey::from_pem(part).context("the file of public keys has a mistake"))
        .collect::<anyhow::Result<Vec<_>>>()?;
    anyhow::ensure!(!keys.is_empty(), "the file of public keys is empty");
    Ok(keys)
}

fn tell(report: &Report) -> ExitCode {
    for chain in &report.chains {
        say(&format!(
            "tenant {}: {} events, signed up to event {}",
            chain.tenant, chain.rows, chain.signed
        ));
    }
    for fault in &report.faults {
        say(&format!("FAULT  {fault}"));
    }
    if report.is_honest() {
        say(&format!(
            "Everything is as it was written ({} checkpoints).",
            report.checkpoints
        ));
        return ExitCode::SUCCESS;
    }
    let faults = u64::try_from(report.faults.len()).unwrap_or(u64::MAX);
    say(&format!(
        "The audit is NOT as it was written: {} faults.",
        faults.saturating_add(report.faults_dropped)
    ));
    ExitCode::from(TAMPERED)
}

fn export(config: &Config, path: &Path) -> anyhow::Result<ExitCode> {
    let url = config.store_url()?;
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    let mut out = BufWriter::new(file);
    let events = block_on(async {
        let mut store = Offline::read(&url).await?;
        let events = trail::export(&mut store, |event, hash| {
            let line = export_line(event, hash).map_err(std::io::Error::other)?;
            out.write_all(line.as_bytes())?;
            out.write_all(b"\n")
        });
        anyhow::Ok(events.await?)
    })?;
    out.into_inner()?.sync_all()?;
    say(&format!("{events} events are in {}.", path.display()));
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
