//! Copies of finished recordings in another folder, as a backup takes them.
//!
//! Files are copied sealed as they lie, so neither keys nor the store are needed. Beside them stands a list
//! of their SHA-256 sums that `sha256sum -c SHA256SUMS` reads as well. A copy is read back before it gets
//! its name, so a folder without `part-` before it is whole. Finished recordings never change: what was
//! copied once is not copied again.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use recordings_segments::Role;

/// The list of sums in a copied folder.
const SUMS: &str = "SHA256SUMS";
/// What the name of a folder begins with while it is copied.
const PART: &str = "part-";
/// What the name of a note begins with that stands for a copy which was thrown away.
const GONE: &str = "deleted-";
/// The name of a recording's folder: its id in hexadecimal digits.
const NAME_CHARS: usize = 32;
/// Longer lists are refused: about ten thousand files.
const SUMS_BYTES_MAX: u64 = 1 << 20;
const BUFFER_BYTES: usize = 256 * 1024;

/// Why recordings were not copied, or a copy is refused.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A file or folder can not be read or written.
    #[error("{} can not be copied", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A copied file is not what was written, or is not there.
    #[error("{} is not what was copied", .0.display())]
    Differs(PathBuf),
    /// The list of sums is not there or can not be understood.
    #[error("{} is no list of sums", .0.display())]
    List(PathBuf),
}

/// What came of copying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Recordings that were copied now.
    pub new: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Recordings that were copied before.
    pub before: u64,
    /// Recordings that are not finished; the next time takes them.
    pub unfinished: u64,
}

/// Copies every finished recording of the folder `from` that has no copy in `to`.
///
/// # Errors
/// See [`CopyError`]. What was copied before it stays, and the next call goes on behind it.
pub fn copy_finished(from: &Path, to: &Path) -> Result<Copied, CopyError> {
    let mut copied = Copied::default();
    private_dir(to)?;
    for name in names(from)? {
        let folder = from.join(&name);
        if to.join(&name).join(SUMS).is_file() {
            copied.before += 1;
        } else if !folder.join(Role::Manifest.file_name()).is_file() {
            copied.unfinished += 1;
        } else if let Some(bytes) = carry(&name, &sealed_files(&folder)?, (&folder, to), true)? {
            copied.new += 1;
            copied.bytes += bytes;
        }
    }
    Ok(copied)
}

/// The names of all copies, and of recordings whose copy was thrown away.
///
/// # Errors
/// The folder can not be read.
pub fn copies(of: &Path) -> Result<(Vec<String>, Vec<String>), CopyError> {
    let mut gone = Vec::new();
    for entry in fs::read_dir(of).map_err(at(of))? {
        let name = entry.map_err(at(of))?.file_name();
        let name = name.to_str().and_then(|it| it.strip_prefix(GONE));
        gone.extend(name.map(str::to_owned));
    }
    Ok((names(of)?, gone))
}

/// Reads a copy again: every file of its list is there, and is what was written. Answers how many bytes.
///
/// # Errors
/// See [`CopyError`].
pub fn verify_copy(of: &Path, name: &str) -> Result<u64, CopyError> {
    let folder = of.join(name);
    let mut bytes = 0;
    for (file, sum) in listed(&folder)? {
        let path = folder.join(file);
        let (found, length) = digest(&path)?;
        if found != sum {
            return Err(CopyError::Differs(path));
        }
        bytes += length;
    }
    Ok(bytes)
}

/// Puts copies back into the folder of recordings, those that are not there; answers how many.
///
/// # Errors
/// See [`CopyError`].
pub fn put_back(from: &Path, to: &Path) -> Result<u64, CopyError> {
    let mut count = 0;
    private_dir(to)?;
    for name in names(from)? {
        if to.join(&name).exists() {
            continue;
        }
        let folder = from.join(&name);
        verify_copy(from, &name)?;
        let files: Vec<String> = listed(&folder)?.into_iter().map(|it| it.0).collect();
        carry(&name, &files, (&folder, to), false)?;
        count += 1;
    }
    Ok(count)
}

/// Throws a copy away, because its recording was deleted, and leaves a note. Answers whether there was one.
///
/// # Errors
/// See [`CopyError`].
pub fn forget_copy(of: &Path, name: &str) -> Result<bool, CopyError> {
    let folder = of.join(name);
    if name.len() != NAME_CHARS || !folder.is_dir() {
        return Ok(false);
    }
    let note = of.join(format!("{GONE}{name}"));
    fs::write(&note, []).map_err(at(&note))?;
    let part = of.join(format!("{PART}{name}"));
    clear(&part)?;
    // In one step, so that no half of it is taken for a copy.
    fs::rename(&folder, &part).map_err(at(&folder))?;
    clear(&part)?;
    Ok(true)
}

/// Copies the files of one folder; nothing when the recording went meanwhile.
fn carry(
    name: &str,
    files: &[String],
    (folder, to): (&Path, &Path),
    with_list: bool,
) -> Result<Option<u64>, CopyError> {
    let part = to.join(format!("{PART}{name}"));
    clear(&part)?;
    private_dir(&part)?;
    let mut list = String::new();
    let mut bytes = 0;
    for file in files {
        let (source, target) = (folder.join(file), part.join(file));
        let written = match write_copy(&source, &target) {
            Err(CopyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                clear(&part)?;
                return Ok(None);
            }
            written => written?,
        };
        if digest(&target)? != written {
            return Err(CopyError::Differs(target));
        }
        bytes += written.1;
        list.push_str(&format!("{}  {file}\n", written.0));
    }
    if with_list {
        let path = part.join(SUMS);
        let mut out = create(&path)?;
        out.write_all(list.as_bytes()).map_err(at(&path))?;
        out.sync_all().map_err(at(&path))?;
    }
    sync(&part)?;
    let target = to.join(name);
    fs::rename(&part, &target).map_err(at(&target))?;
    sync(to)?;
    Ok(Some(bytes))
}

/// Copies a file durably; answers with the sum and the length of what was read.
fn write_copy(source: &Path, target: &Path) -> Result<(String, u64), CopyError> {
    let mut input = File::open(source).map_err(at(source))?;
    let mut out = create(target)?;
    let mut sum = Sum::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = input.read(&mut buffer).map_err(at(source))?;
        let Some(part) = buffer.get(..read).filter(|it| !it.is_empty()) else {
            break;
        };
        sum.add(part);
        out.write_all(part).map_err(at(target))?;
    }
    out.sync_all().map_err(at(target))?;
    Ok(sum.end())
}

fn digest(path: &Path) -> Result<(String, u64), CopyError> {
    let mut input = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(CopyError::Differs(path.to_owned()));
        }
        input => input.map_err(at(path))?,
    };
    let mut sum = Sum::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = input.read(&mut buffer).map_err(at(path))?;
        let Some(part) = buffer.get(..read).filter(|it| !it.is_empty()) else {
            return Ok(sum.end());
        };
        sum.add(part);
    }
}

struct Sum(Context, u64);

impl Sum {
    fn new() -> Self {
        Self(Context::new(&SHA256), 0)
    }

    fn add(&mut self, part: &[u8]) {
        self.0.update(part);
        self.1 += part.len() as u64;
    }

    fn end(self) -> (String, u64) {
        let digest = self.0.finish();
        let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
        (digits.collect(), self.1)
    }
}

/// The files of a list and their sums. Names are plain ones, whatever the list says, and one is the manifest.
fn listed(folder: &Path) -> Result<Vec<(String, String)>, CopyError> {
    let path = folder.join(SUMS);
    let refused = || CopyError::List(path.clone());
    let mut text = String::new();
    File::open(&path)
        .and_then(|file| file.take(SUMS_BYTES_MAX).read_to_string(&mut text))
        .or(Err(refused()))?;
    let mut files = Vec::new();
    for line in text.lines() {
        let (sum, file) = line.split_once("  ").ok_or_else(refused)?;
        if !is_sealed(file) || file.contains('/') {
            return Err(refused());
        }
        files.push((file.to_owned(), sum.to_owned()));
    }
    let manifest = Role::Manifest.file_name();
    if files.iter().all(|(file, _)| *file != manifest) {
        return Err(refused());
    }
    Ok(files)
}

fn is_sealed(file: &str) -> bool {
    file.ends_with(".sealed")
}

fn sealed_files(folder: &Path) -> Result<Vec<String>, CopyError> {
    let mut files = entries(folder)?;
    files.retain(|file| is_sealed(file));
    Ok(files)
}

/// The folders of recordings in a folder, in their order.
fn names(folder: &Path) -> Result<Vec<String>, CopyError> {
    let mut names = entries(folder)?;
    names.retain(|it| it.len() == NAME_CHARS && it.bytes().all(|byte| byte.is_ascii_hexdigit()));
    Ok(names)
}

/// The names of what is in a folder; nothing if it is not there.
fn entries(folder: &Path) -> Result<Vec<String>, CopyError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(at(folder))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(at(folder))?.file_name();
        names.extend(name.into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

fn create(path: &Path) -> Result<File, CopyError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(at(path))
}

fn private_dir(path: &Path) -> Result<(), CopyError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(at(path))
}

fn sync(folder: &Path) -> Result<(), CopyError> {
    File::open(folder)
        .and_then(|it| it.sync_all())
        .map_err(at(folder))
}

fn clear(folder: &Path) -> Result<(), CopyError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(folder)(error)),
        _ => Ok(()),
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> CopyError {
    let path = path.to_owned();
    move |source| CopyError::Io {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "00000000000000000000000000000001";
    const TWO: &str = "00000000000000000000000000000002";
    const RUNNING: &str = "00000000000000000000000000000003";

    struct House(PathBuf);

    impl House {
        /// Two finished recordings, one that is running, and what else lies there.
        fn open(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("copies-{name}-{}", std::process::id()));
            drop(fs::remove_dir_all(&root));
            let house = Self(root);
            for (recording, is_finished) in [(ONE, true), (TWO, true), (RUNNING, false)] {
                let folder = house.from().join(recording);
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join("track-1.sealed"), vec![7; 600_000]).unwrap();
                fs::write(folder.join("stored"), []).unwrap();
                if is_finished {
                    fs::write(folder.join(Role::Manifest.file_name()), recording).unwrap();
                }
            }
            fs::create_dir_all(house.from().join("doomed")).unwrap();
            house
        }

        fn from(&self) -> PathBuf {
            self.0.join("recordings")
        }

        fn to(&self) -> PathBuf {
            self.0.join("copies")
        }

        fn copy(&self) -> Copied {
            copy_finished(&self.from(), &self.to()).unwrap()
        }
    }

    impl Drop for House {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn finished_recordings_are_copied_once_and_come_back_as_they_were() {
        let house = House::open("once");
        let first = house.copy();
        assert_eq!((first.new, first.before, first.unfinished), (2, 0, 1));
        assert_eq!(first.bytes, 2 * 600_032);
        let second = house.copy();
        assert_eq!((second.new, second.before, second.unfinished), (0, 2, 1));
        assert_eq!(copies(&house.to()).unwrap().0, [ONE, TWO]);
        assert_eq!(verify_copy(&house.to(), ONE).unwrap(), 600_032);
        let back = house.0.join("back");
        assert_eq!(put_back(&house.to(), &back).unwrap(), 2);
        let mut files = entries(&back.join(TWO)).unwrap();
        files.sort_unstable();
        assert_eq!(files, [Role::Manifest.file_name(), "track-1.sealed".into()]);
        for file in files {
            let (was, is) = (house.from().join(TWO), back.join(TWO));
            assert_eq!(
                fs::read(was.join(&file)).unwrap(),
                fs::read(is.join(&file)).unwrap()
            );
        }
        assert_eq!(
            put_back(&house.to(), &back).unwrap(),
            0,
            "nothing is written over"
        );
    }

    #[test]
    fn a_copy_that_was_changed_cut_or_lost_is_found_and_does_not_come_back() {
        let house = House::open("changed");
        house.copy();
        let file = house.to().join(ONE).join("track-1.sealed");
        let whole = fs::read(&file).unwrap();
        let mut flipped = whole.clone();
        flipped[300_000] ^= 1;
        for content in [Some(&flipped[..]), Some(&whole[..599_999]), None] {
            match content {
                Some(content) => fs::write(&file, content).unwrap(),
                None => fs::remove_file(&file).unwrap(),
            }
            let found = verify_copy(&house.to(), ONE);
            assert!(matches!(found, Err(CopyError::Differs(_))), "{found:?}");
        }
        assert!(put_back(&house.to(), &house.0.join("back")).is_err());
        fs::write(&file, &whole).unwrap();
        for list in ["", "00  ../x.sealed\n", "no list"] {
            fs::write(house.to().join(ONE).join(SUMS), list).unwrap();
            let found = verify_copy(&house.to(), ONE);
            assert!(
                matches!(found, Err(CopyError::List(_))),
                "{list}: {found:?}"
            );
        }
    }

    #[test]
    fn a_copy_that_was_interrupted_is_begun_again() {
        let house = House::open("interrupted");
        let part = house.to().join(format!("{PART}{ONE}"));
        fs::create_dir_all(&part).unwrap();
        fs::write(part.join("track-1.sealed"), [1]).unwrap();
        assert_eq!(
            copies(&house.to()).unwrap().0.len(),
            0,
            "half a copy is none"
        );
        assert_eq!(house.copy().new, 2);
        verify_copy(&house.to(), ONE).unwrap();
        assert!(!part.exists());
    }

    #[test]
    fn the_copy_of_a_deleted_recording_goes_and_leaves_a_note() {
        let house = House::open("deleted");
        house.copy();
        assert!(forget_copy(&house.to(), ONE).unwrap());
        assert!(!forget_copy(&house.to(), ONE).unwrap(), "it is gone");
        assert!(!forget_copy(&house.to(), "../recordings").unwrap());
        let (there, gone) = copies(&house.to()).unwrap();
        assert_eq!((there, gone), (vec![TWO.to_owned()], vec![ONE.to_owned()]));
    }
}
