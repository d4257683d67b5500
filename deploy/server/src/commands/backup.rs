//! `telehealth backup` and `telehealth restore`.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clinical_app::{Clock as _, RecordingId, SystemClock};
use clinical_archive::{BackupKey, TableSum};
use clinical_store::backup::{self, Stamp};
use clinical_store::drill;
use clinical_store::offline::Offline;
use recordings_writer::copies;

use super::say;
use crate::checkpoints::{Files, PUBLIC_KEY};
use crate::config::Config;
use crate::keys;

/// Copies the store and the checkpoints into one sealed file, reads it again, and only then gives
/// it its name. The server may run. Finished recordings follow into the folder `copies_to`, so that every
/// recording of the file has its copy.
pub(crate) fn back_up(
    config: &Config,
    path: &Path,
    copies_to: Option<&Path>,
) -> anyhow::Result<ExitCode> {
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
    if let Some(to) = copies_to {
        copy_recordings(config, to)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Copies recordings that have no copy yet, and throws away copies of those that were deleted.
fn copy_recordings(config: &Config, to: &Path) -> anyhow::Result<()> {
    let copied = copies::copy_finished(&config.recordings.folder(config), to)?;
    let url = config.store_url()?;
    let recorded = super::block_on(async {
        let mut store = Offline::read(&url).await?;
        anyhow::Ok(drill::recorded(&mut store).await?)
    })?;
    let mut gone = 0_u64;
    for id in recorded.deleted {
        gone += u64::from(copies::forget_copy(to, &name_of(id))?);
    }
    say(&format!(
        "{}: {} recordings were copied and read again ({} bytes), {} were there, {} are not finished yet, \
         {gone} copies went because their recordings were deleted.",
        to.display(),
        copied.new,
        copied.bytes,
        copied.before,
        copied.unfinished,
    ));
    if config.recordings.objects.is_some() {
        say(
            "Recordings in the object store are not copied: let the store keep a replica of its bucket.",
        );
    }
    Ok(())
}

/// The name of a recording's folder.
pub(super) fn name_of(id: RecordingId) -> String {
    recordings_segments::RecordingId(id.as_uuid().into_bytes()).to_hex()
}

/// The backup key: of this file, or the one in the data directory.
pub(super) fn key_of(config: &Config, key_file: Option<&Path>) -> anyhow::Result<BackupKey> {
    let path = key_file.map_or_else(|| config.data_dir.join("keys/backup.pem"), Path::to_owned);
    let text = fs::read_to_string(&path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.parse()?)
}

/// Only reads the whole backup.
pub(crate) fn check(
    config: &Config,
    path: &Path,
    key_file: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let key = key_of(config, key_file)?;
    let input = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let sums = backup::check(BufReader::new(input), &key)?;
    let (path, total) = (path.display(), total(&sums));
    say(&format!("{path} is complete: {total}."));
    Ok(ExitCode::SUCCESS)
}

/// Fills a new, empty store from a backup, and the folder of recordings from their copies.
pub(crate) fn restore(
    config: &Config,
    path: &Path,
    key_file: Option<&Path>,
    copies_of: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let key = key_of(config, key_file)?;
    let input = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    // The whole file is read before anything is touched.
    backup::check(BufReader::new(input), &key)?;
    keys::make_private_dir(&config.data_dir)?;
    let folder = config.audit_dir();
    anyhow::ensure!(
        !folder.exists(),
        "{} exists: a backup is restored beside what is there, not over it",
        folder.display()
    );
    let url = config.store_url()?;
    let said = super::block_on(fill(&url, &folder, path, &key)).context("nothing was restored")?;
    say(&format!("{said}."));
    if let Some(from) = copies_of {
        let root = config.recordings.folder(config);
        let count = copies::put_back(from, &root)?;
        say(&format!(
            "{count} recordings are back in {}.",
            root.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Fills an empty store and a folder of checkpoints that is not there yet; says what was restored.
pub(super) async fn fill(
    url: &str,
    folder: &Path,
    path: &Path,
    key: &BackupKey,
) -> anyhow::Result<String> {
    let mut store = Offline::fill(url).await?;
    let input = BufReader::new(File::open(path)?);
    let sums = backup::load(&mut store, input, key, |name, content| {
        put(folder, name, content)
    });
    match sums.await {
        Ok(sums) => Ok(format!("Restored and compared: {}", total(&sums))),
        Err(error) => {
            drop(fs::remove_dir_all(folder));
            Err(error.into())
        }
    }
}

pub(super) fn total(sums: &[TableSum]) -> String {
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
