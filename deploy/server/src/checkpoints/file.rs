//! The files of checkpoints: appended, made durable, never changed.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clinical_ledger::{CheckpointKey, Checkpoints, Hash, LINE_BYTES_MAX, SignedCheckpoint, Signer};
use clinical_store::trail::Head;

use crate::keys::make_private_dir;

/// The file that is appended to.
const CURRENT: &str = "checkpoints.jsonl";
/// The name of a file that is full: `checkpoints-`, the number of its last checkpoint, `.jsonl`.
const FULL: &str = "checkpoints-";
/// Held by the one process that appends.
const LOCK: &str = "checkpoints.lock";
/// The public key, for whoever verifies.
pub(crate) const PUBLIC_KEY: &str = "public.pem";

/// A file that has grown to this size, in bytes, is closed and the next one begun: about 150,000
/// checkpoints, which a text editor still opens.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A chain that has grown by so many events is signed at once, so that little can be rewritten
/// unseen even under load.
const UNSIGNED_MAX: i64 = 1_000;

/// Reads lines without ever holding more of one than any checkpoint has.
pub(crate) fn each_line(
    path: &Path,
    line_bytes_max: usize,
    mut each: impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut input = BufReader::new(file);
    let mut line = Vec::new();
    // A line as long as this is no line of ours; the reader of lines says so.
    let most = u64::try_from(line_bytes_max)?.saturating_add(2);
    loop {
        line.clear();
        let read = (&mut input).take(most).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        let is_whole = line.ends_with(b"\n");
        if !is_whole && u64::try_from(read)? < most {
            // The last line was not written to its end.
            return Ok(());
        }
        let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
        each(&text)?;
        if !is_whole {
            input.skip_until(b'\n')?;
        }
    }
}

/// All files of one folder, oldest first.
#[derive(Debug)]
pub(crate) struct Files(Vec<PathBuf>);

impl Files {
    /// Looks into a folder; or takes one file for all there is.
    pub(crate) fn find(path: &Path) -> anyhow::Result<Self> {
        if path.is_file() {
            return Ok(Self(vec![path.to_owned()]));
        }
        let entries = fs::read_dir(path)
            .with_context(|| format!("cannot look for checkpoints in {}", path.display()))?;
        let mut full = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix(FULL)?.strip_suffix(".jsonl"))
                .and_then(|number| number.parse::<i64>().ok());
            full.extend(number.map(|number| (number, entry.path())));
        }
        full.sort();
        let mut files: Vec<PathBuf> = full.into_iter().map(|(_, path)| path).collect();
        let current = path.join(CURRENT);
        if current.is_file() {
            files.push(current);
        }
        Ok(Self(files))
    }

    /// The paths, oldest first.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.0
    }

    /// Gives every line to a verifier.
    pub(crate) fn read_into(&self, checkpoints: &mut Checkpoints) -> anyhow::Result<()> {
        for path in &self.0 {
            each_line(path, LINE_BYTES_MAX, |line| {
                checkpoints.line(line);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// What was signed last of one chain.
#[derive(Debug, Clone, Copy)]
struct Last {
    seq: i64,
    hash: Hash,
    at_us: i64,
    /// The log has said that the chain stands before this.
    is_told: bool,
}

/// The file that this process appends to.
#[derive(Debug)]
pub(crate) struct CheckpointFile {
    folder: PathBuf,
    file: File,
    /// Its length, in bytes; what a failed write left behind this is cut off.
    bytes: u64,
    signer: Signer,
    /// The number of the newest checkpoint.
    number: i64,
    last: BTreeMap<uuid::Uuid, Last>,
    /// Signed lines that could not be written yet. Nothing more is signed until they are, so there
    /// is at most one per chain.
    waiting: String,
    _lock: File,
}

impl CheckpointFile {
    /// Opens the newest file of a folder or begins the first one, and publishes the public key.
    pub(crate) fn open(folder: &Path, key: &str) -> anyhow::Result<Self> {
        make_private_dir(folder)?;
        let lock = private(OpenOptions::new().write(true), &folder.join(LOCK))?;
        lock.try_lock()
            .context("another process signs into this folder")?;
        let key = CheckpointKey::from_pem(key).context("the key of checkpoints")?;
        publish(folder, &key)?;

        let files = Files::find(folder)?;
        let mut newest = None;
        let mut last = BTreeMap::new();
        // The file before the newest too, because the newest may just have begun.
        let recent = files.paths().iter().rev().take(2).rev();
        for path in recent {
            each_line(path, LINE_BYTES_MAX, |line| {
                let signed = SignedCheckpoint::from_line(line)
                    .with_context(|| format!("{} has a broken line", path.display()))?;
                let checkpoint = signed.checkpoint();
                last.insert(
                    checkpoint.tenant,
                    Last {
                        seq: checkpoint.seq,
                        hash: checkpoint.head,
                        at_us: checkpoint.at_us,
                        is_told: false,
                    },
                );
                newest = Some(signed);
                Ok(())
            })?;
        }
        let path = folder.join(CURRENT);
        let file = private(OpenOptions::new().append(true).read(true), &path)?;
        let bytes = whole_lines(&path)?;
        // A line that was not written to its end was never relied on.
        file.set_len(bytes)?;
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok(Self {
            folder: folder.to_owned(),
            file,
            bytes,
            number: newest
                .as_ref()
                .map_or(0, |signed| signed.checkpoint().number),
            signer: Signer::after(newest.as_ref(), key),
            last,
            waiting: String::new(),
            _lock: lock,
        })
    }

    /// Signs the chains that have grown much, or have grown and were not signed for `every_us`.
    /// Answers with how many were signed, durably.
    pub(crate) fn sign(
        &mut self,
        heads: &[Head],
        now_us: i64,
        every_us: i64,
    ) -> anyhow::Result<u64> {
        let mut signed = 0;
        if self.waiting.is_empty() {
            for head in heads {
                if self.is_due(head, now_us, every_us) {
                    self.add(head, now_us)?;
                    signed += 1;
                }
            }
        }
        if !self.waiting.is_empty() {
            self.write()?;
        }
        if self.bytes >= FILE_BYTES_MAX {
            self.rotate()?;
        }
        Ok(signed)
    }

    fn is_due(&mut self, head: &Head, now_us: i64, every_us: i64) -> bool {
        let Some(last) = self.last.get_mut(&head.tenant) else {
            return head.seq > 0;
        };
        let is_behind = head.seq < last.seq || (head.seq == last.seq && head.hash != last.hash);
        if is_behind {
            if !core::mem::replace(&mut last.is_told, true) {
                tracing::error!(
                    tenant = %head.tenant,
                    seq = head.seq,
                    signed = last.seq,
                    "the audit chain stands before what was signed: the store was set back or \
                     changed; run `telehealth audit verify`"
                );
            }
            return false;
        }
        let grown = head.seq.saturating_sub(last.seq);
        let waited_us = now_us.saturating_sub(last.at_us);
        // A clock that was set back must not stop the signing.
        grown >= UNSIGNED_MAX || (grown > 0 && (waited_us >= every_us || waited_us < 0))
    }

    fn add(&mut self, head: &Head, now_us: i64) -> anyhow::Result<()> {
        let signed = self
            .signer
            .sign(head.tenant, head.seq, head.hash, now_us)
            .context("a checkpoint can not be signed")?;
        self.number = signed.checkpoint().number;
        self.waiting.push_str(&signed.to_line()?);
        self.waiting.push('\n');
        self.last.insert(
            head.tenant,
            Last {
                seq: head.seq,
                hash: head.hash,
                at_us: now_us,
                is_told: false,
            },
        );
        Ok(())
    }

    /// Appends what waits and waits until it is durable.
    fn write(&mut self) -> anyhow::Result<()> {
        let written = self
            .file
            .write_all(self.waiting.as_bytes())
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a line would stand before the next one for ever.
            self.file.set_len(self.bytes)?;
            return Err(error).context("checkpoints can not be written");
        }
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(self.waiting.len())?);
        self.waiting.clear();
        Ok(())
    }

    fn rotate(&mut self) -> anyhow::Result<()> {
        let full = self.folder.join(format!("{FULL}{:012}.jsonl", self.number));
        let current = self.folder.join(CURRENT);
        fs::rename(&current, full)?;
        self.file = private(OpenOptions::new().append(true).read(true), &current)?;
        self.bytes = 0;
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }
}

/// Opens a file of which only its owner knows, and makes it if it is not there.
fn private(options: &mut OpenOptions, path: &Path) -> anyhow::Result<File> {
    options
        .create(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// How many bytes of a file are lines with a line break.
fn whole_lines(path: &Path) -> anyhow::Result<u64> {
    let mut input = BufReader::new(File::open(path)?);
    let mut whole = 0_u64;
    let mut position = 0_u64;
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(whole);
        }
        if let Some(last) = chunk.iter().rposition(|byte| *byte == b'\n') {
            whole = position + u64::try_from(last)? + 1;
        }
        let length = chunk.len();
        position += u64::try_from(length)?;
        input.consume(length);
    }
}

/// Puts the public key beside the files. Whoever verifies takes a copy that was made early and
/// kept elsewhere, because this one can be replaced together with everything else.
fn publish(folder: &Path, key: &CheckpointKey) -> anyhow::Result<()> {
    let path = folder.join(PUBLIC_KEY);
    let pem = key.public().to_pem();
    match fs::read_to_string(&path) {
        Ok(known) if known.contains(pem.trim()) => return Ok(()),
        Ok(_) | Err(_) => {}
    }
    // After a change of keys both stay there: older checkpoints have the older signature.
    let mut file = private(OpenOptions::new().append(true), &path)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clinical_ledger::{Event, PublicKey, chain};
    use uuid::Uuid;

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("telehealth-checkpoints-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            drop(fs::remove_dir_all(&path));
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    fn rows(tenant: Uuid, count: i64) -> Vec<(Event<'static>, Hash)> {
        let mut head = chain::genesis(tenant);
        let mut rows = Vec::new();
        for seq in 1..=count {
            let event = Event {
                tenant,
                seq,
                at_us: seq,
                actor_kind: "system",
                actor_id: None,
                action: "test",
                subject_kind: None,
                subject_id: None,
                patient: None,
                version: None,
                grant: None,
                purpose: None,
                outcome: "done",
            };
            head = chain::next(head, &event);
            rows.push((event, head));
        }
        rows
    }

    fn head(rows: &[(Event<'_>, Hash)], seq: usize) -> Head {
        let (event, hash) = rows[seq - 1];
        Head {
            tenant: event.tenant,
            seq: event.seq,
            hash,
        }
    }

    fn faults(folder: &Path, rows: &[(Event<'_>, Hash)]) -> usize {
        let public = fs::read_to_string(folder.join(PUBLIC_KEY)).unwrap();
        let mut checkpoints = Checkpoints::new(vec![PublicKey::from_pem(&public).unwrap()]);
        let files = Files::find(folder).unwrap();
        files.read_into(&mut checkpoints).unwrap();
        let mut verifier = checkpoints.verifier(0);
        for (event, hash) in rows {
            verifier.row(event, *hash);
        }
        verifier.finish().faults.len()
    }

    #[test]
    fn a_file_goes_on_where_a_crash_has_left_it_and_over_a_change_of_files() {
        let folder = Folder::new("crash");
        let key = CheckpointKey::generate().unwrap();
        let rows = rows(Uuid::from_u128(1), 9);
        let mut file = CheckpointFile::open(&folder.0, &key).unwrap();
        assert_eq!(file.sign(&[head(&rows, 3)], 0, 0).unwrap(), 1);
        drop(file);
        let path = folder.0.join(CURRENT);
        let mut half = OpenOptions::new().append(true).open(&path).unwrap();
        half.write_all(b"{\"format\":1,\"num").unwrap();
        assert_eq!(faults(&folder.0, &rows[..3]), 0);

        let mut file = CheckpointFile::open(&folder.0, &key).unwrap();
        assert_eq!(file.sign(&[head(&rows, 6)], 1, 0).unwrap(), 1);
        file.rotate().unwrap();
        assert_eq!(file.sign(&[head(&rows, 9)], 2, 0).unwrap(), 1);
        drop(file);
        assert_eq!(Files::find(&folder.0).unwrap().paths().len(), 2);
        assert_eq!(faults(&folder.0, &rows), 0);
        assert_ne!(faults(&folder.0, &rows[..8]), 0, "a cut chain is found");
        fs::remove_file(path).unwrap();
        assert_ne!(faults(&folder.0, &rows), 0, "a missing file is found");
    }

    #[test]
    fn a_chain_is_signed_when_it_has_grown_and_time_has_passed_or_it_has_grown_much() {
        let folder = Folder::new("due");
        let key = CheckpointKey::generate().unwrap();
        let rows = rows(Uuid::from_u128(1), 2_000);
        let mut file = CheckpointFile::open(&folder.0, &key).unwrap();
        let mut sign = |seq, now| file.sign(&[head(&rows, seq)], now, 60).unwrap();
        assert_eq!(sign(1, 100), 1, "the first event");
        assert_eq!(sign(1, 1_000), 0, "nothing new");
        assert_eq!(sign(2, 159), 0, "a little, and early");
        assert_eq!(sign(2, 160), 1, "a little, in time");
        assert_eq!(sign(1_002, 161), 1, "much");
        assert_eq!(
            sign(900, 10_000),
            0,
            "a chain that was set back is not signed"
        );
        assert_eq!(
            sign(1_003, 20),
            1,
            "a clock that was set back does not matter"
        );
        assert_eq!(faults(&folder.0, &rows[..1_003]), 0);
    }

    #[test]
    fn two_processes_do_not_sign_into_one_folder() {
        let folder = Folder::new("two");
        let key = CheckpointKey::generate().unwrap();
        let first = CheckpointFile::open(&folder.0, &key).unwrap();
        assert!(CheckpointFile::open(&folder.0, &key).is_err());
        drop(first);
        assert!(CheckpointFile::open(&folder.0, &key).is_ok());
    }
}
