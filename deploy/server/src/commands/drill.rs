//! `telehealth drill`: restores a backup into a scratch place, looks whether everything is in it, and throws
//! the place away.

mod look;
mod report;

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::Args;
use clinical_archive::{ArchiveReader, BackupKey};
use clinical_store::drill::ScratchDatabase;
use clinical_store::offline::Offline;

use self::report::{Report, Steps};
use super::backup::{fill, key_of, total};
use super::{block_on, say};
use crate::config::Config;
use crate::keys::make_private_dir;

/// The exit code of a drill that found something.
const FAULTY: u8 = 3;

#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    /// The backup.
    pub(crate) file: PathBuf,
    /// The backup key; without it, the one in the data directory.
    #[arg(long)]
    key: Option<PathBuf>,
    /// The copies of recordings that stand beside the backup.
    #[arg(long)]
    recordings: Option<PathBuf>,
    /// Restore into a new database on this PostgreSQL server, which is dropped at the end; without it, into
    /// an SQLite file. The user of the URL must be allowed to make databases.
    #[arg(long)]
    server: Option<String>,
    /// Where the scratch folder is made; without it, where temporary files are. It needs the room of a store.
    #[arg(long)]
    scratch: Option<PathBuf>,
    /// A file with the public key of the checkpoints that was kept elsewhere; without it, the one in the
    /// backup, which proves less.
    #[arg(long)]
    public_key: Option<PathBuf>,
    /// Write the report as JSON into this file, too.
    #[arg(long)]
    report: Option<PathBuf>,
}

/// Runs a drill. Exits with 0 when everything was there, 1 when that could not be found out, 3 when
/// something is wrong with the backup.
pub(crate) fn run(config: &Config, args: &DrillArgs) -> anyhow::Result<ExitCode> {
    let key = key_of(config, args.key.as_deref())?;
    let input = File::open(&args.file);
    let input = input.with_context(|| format!("cannot read {}", args.file.display()))?;
    let bytes = input.metadata()?.len();
    let number = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
    let number = u64::try_from(number)?;
    let scratch = Scratch::make(args.scratch.as_deref(), number)?;
    let mut steps = Steps::begin();
    let source = Source { config, args, key };
    block_on(rehearse(&source, &scratch.0, number, &mut steps))?;
    let report = Report::new(&args.file, bytes, args.server.is_some(), steps);
    for line in report.lines() {
        say(&line);
    }
    if let Some(path) = &args.report {
        write(path, &serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(match report.ok {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAULTY),
    })
}

/// What a drill is of.
struct Source<'a> {
    config: &'a Config,
    args: &'a DrillArgs,
    key: BackupKey,
}

/// Goes through all steps; the first two must hold for the others to be tried.
async fn rehearse(
    source: &Source<'_>,
    scratch: &Path,
    number: u64,
    steps: &mut Steps,
) -> anyhow::Result<()> {
    let file = &source.args.file;
    let read = steps.first("read", || {
        let archive = ArchiveReader::new(BufReader::new(File::open(file)?), &source.key)?;
        let manifest = archive.manifest().clone();
        let input = BufReader::new(File::open(file)?);
        let sums = clinical_store::backup::check(input, &source.key)?;
        let said = format!("complete and unchanged: {}", total(&sums));
        Ok(((manifest, sums), said))
    });
    let Some((manifest, sums)) = read else {
        return Ok(());
    };
    steps.is_of(&manifest, &sums);
    let database = match &source.args.server {
        Some(server) => Some(ScratchDatabase::create(server, number).await?),
        None => None,
    };
    let url = match &database {
        Some(database) => database.url().to_owned(),
        None => format!("sqlite:{}", scratch.join("clinic.db").display()),
    };
    let audit = scratch.join("audit");
    let restored = steps.step("restore", fill(&url, &audit, file, &source.key));
    if restored.await {
        let place = look::Place { url, audit };
        look::everything(source, &place, steps).await;
    }
    if let Some(database) = database {
        database.remove().await?;
    }
    Ok(())
}

/// A folder that only the owner can look into, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn make(parent: Option<&Path>, number: u64) -> anyhow::Result<Self> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
        let folder = parent.join(format!("telehealth-drill-{number}"));
        anyhow::ensure!(!folder.exists(), "{} exists already", folder.display());
        make_private_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays of a folder that can not be removed is named; there is nobody left to tell otherwise.
        if let Err(error) = fs::remove_dir_all(&self.0) {
            say(&format!("remove {} by hand: {error}", self.0.display()));
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

/// A store that is only read.
async fn open(url: &str) -> anyhow::Result<Offline> {
    Ok(Offline::read(url).await?)
}
