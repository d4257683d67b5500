//! `telehealth backup` and `telehealth restore`.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clinical_app::{Clock as _, SystemClock};
use clinical_archive::{BackupKey, TableSum};
use clinical_store::backup::{self, Stamp};
use clinical_store::offline::Offline;

use super::say;
use crate::checkpoints::{Files, PUBLIC_KEY};
use crate::config::Config;
use crate::keys;

/// Copies the store and the checkpoints into one sealed file, reads it again, and only then gives
/// it its name. The server may run.
pub(crate) fn back_up(config: &Config, path: &Path) -> anyhow::Result<ExitCode> {
    let key = keys::load_or_create(&config.data_dir, "backup", || {
        Ok(BackupKey::generate()?.to_file().to_string())
    })?;
    let key: BackupKey = key.parse()?;
    // Before the store is read: a checkpoint that is newer than the copy would contradict it.
    let files = checkpoint_files(&config.audit_dir())?;
    let stamp = Stamp {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        at_us: SystemClock.now().0,
        files,
    };
    anyhow::ensure!(!path.exists(), "{} exists already", path.display());
    let part = path.with_added_extension("part");
    let out = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .with_context(|| format!("cannot write {}", part.display()))?;
    let url = config.store_url()?;
    let written = super::block_on(async {
        let mut store = Offline::read(&url).await?;
        anyhow::Ok(backup::dump(&mut store, out, &key, stamp).await?)
    })
    .and_then(|(file, sums)| {
        file.sync_all()?;
        let read = backup::check(BufReader::new(File::open(&part)?), &key)?;
        anyhow::ensure!(read == sums, "the backup was not written as it was read");
        Ok(sums)
    });
    let sums = match written {
        Ok(sums) => sums,
        Err(error) => {
            drop(fs::remove_file(&part));
            return Err(error).context("no backup was made");
        }
    };
    fs::rename(&part, path)?;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    say(&format!(
        "{} is complete and was read again: {}.",
        path.display(),
        total(&sums)
    ));
    Ok(ExitCode::SUCCESS)
}

/// Fills a new, empty store from a backup. With `check_only` the backup is read and nothing written.
pub(crate) fn restore(
    config: &Config,
    path: &Path,
    key_file: Option<&Path>,
    check_only: bool,
) -> anyhow::Result<ExitCode> {
    let key_path = key_file.map_or_else(|| config.data_dir.join("keys/backup.pem"), Path::to_owned);
    let key: BackupKey = fs::read_to_string(&key_path)
        .with_context(|| format!("cannot read {}", key_path.display()))?
        .parse()?;
    let open = || File::open(path).with_context(|| format!("cannot read {}", path.display()));
    // The whole file is read before anything is touched.
    let sums = backup::check(BufReader::new(open()?), &key)?;
    if check_only {
        say(&format!(
            "{} is complete: {}.",
            path.display(),
            total(&sums)
        ));
        return Ok(ExitCode::SUCCESS);
    }
    keys::make_private_dir(&config.data_dir)?;
    let folder = config.audit_dir();
    anyhow::ensure!(
        !folder.exists(),
        "{} exists: a backup is restored beside what is there, not over it",
        folder.display()
    );
    let url = config.store_url()?;
    let sums = super::block_on(async {
        let mut store = Offline::fill(&url).await?;
        let input = BufReader::new(open()?);
        anyhow::Ok(
            backup::load(&mut store, input, &key, |name, content| {
                put(&folder, name, content)
            })
            .await?,
        )
    });
    let sums = match sums {
        Ok(sums) => sums,
        Err(error) => {
            drop(fs::remove_dir_all(&folder));
            return Err(error).context("nothing was restored");
        }
    };
    say(&format!("Restored and compared: {}.", total(&sums)));
    Ok(ExitCode::SUCCESS)
}

fn total(sums: &[TableSum]) -> String {
    let rows: u64 = sums.iter().map(|sum| sum.rows).sum();
    format!("{rows} rows in {} tables", sums.len())
}

fn checkpoint_files(folder: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut paths: Vec<PathBuf> = Files::find(folder)?.paths().to_vec();
    paths.push(folder.join(PUBLIC_KEY));
    let mut files = Vec::new();
    for path in paths.iter().filter(|path| path.is_file()) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .context("a name of ours")?;
        files.push((name.to_owned(), fs::read(path)?));
    }
    Ok(files)
}

/// Writes one file of a backup. Its name is a plain one, whatever the backup says.
fn put(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    let mut parts = Path::new(name).components();
    let (Some(Component::Normal(name)), None) = (parts.next(), parts.next()) else {
        return Err(std::io::Error::other(
            "a backup names a file outside its folder",
        ));
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.join(name))?;
    file.write_all(content)?;
    file.sync_all()
}
