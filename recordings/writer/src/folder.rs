//! The folder of one recording.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use recordings_segments::{
    FINISHED_SEGMENT_BYTES, FileSealer, FileSum, OpenError, RecordingId, RecordingKey, Role,
    SealedFile, Source, Span,
};

/// A file that is read at places.
#[derive(Debug)]
pub struct FileSource(File);

impl Source for FileSource {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }
}

/// The folder of a recording and what opens it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    recording: RecordingId,
    key: RecordingKey,
}

impl Folder {
    /// A folder that is there, or will be made.
    #[must_use]
    pub const fn new(path: PathBuf, recording: RecordingId, key: RecordingKey) -> Self {
        Self {
            path,
            recording,
            key,
        }
    }

    /// Whose folder it is.
    #[must_use]
    pub const fn recording(&self) -> RecordingId {
        self.recording
    }

    /// What opens it.
    #[must_use]
    pub const fn key(&self) -> &RecordingKey {
        &self.key
    }

    /// Where a file of it is.
    #[must_use]
    pub fn path_of(&self, role: Role) -> PathBuf {
        self.path.join(role.file_name())
    }

    /// Makes the folder.
    pub(crate) fn create(&self) -> io::Result<()> {
        fs::create_dir_all(&self.path)?;
        self.sync()
    }

    /// Names of new files are on the disk after this.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Opens a whole file for reading.
    ///
    /// # Errors
    /// It is not there, or is refused; see [`OpenError`].
    pub fn open(&self, role: Role) -> Result<SealedFile<FileSource>, OpenError> {
        let source = self.source(role)?;
        SealedFile::open(source, &self.key, self.recording, role)
    }

    pub(crate) fn source(&self, role: Role) -> io::Result<FileSource> {
        File::open(self.path_of(role)).map(FileSource)
    }

    /// The numbers of the files of one kind, in their order.
    pub(crate) fn numbers(&self, role_of: fn(u32) -> Role) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let Some(name) = name.to_str() else { continue };
            let number = name
                .strip_suffix(".sealed")
                .and_then(|stem| stem.rsplit_once('-'))
                .and_then(|(_, number)| number.parse().ok());
            if let Some(number) = number.filter(|it| role_of(*it).file_name() == name) {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// A sealed file that grows.
#[derive(Debug)]
pub(crate) struct Growing {
    file: File,
    sealer: FileSealer,
}

impl Growing {
    /// A new file. One that is there already is an error: nothing is written over.
    pub(crate) fn create(folder: &Folder, role: Role) -> io::Result<Self> {
        Self::create_at(folder, role, &folder.path_of(role))
    }

    fn create_at(folder: &Folder, role: Role, path: &Path) -> io::Result<Self> {
        let (sealer, head) =
            FileSealer::new(&folder.key, folder.recording, role).map_err(io::Error::other)?;
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(&head)?;
        file.sync_data()?;
        folder.sync()?;
        Ok(Self { file, sealer })
    }

    /// Appends a segment; it is not on the disk before [`Growing::sync`].
    pub(crate) fn append(&mut self, span: Span, plain: &[u8]) -> io::Result<()> {
        let sealed = self.sealer.seal(span, plain).map_err(io::Error::other)?;
        self.file.write_all(&sealed)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    pub(crate) fn sum(&self) -> FileSum {
        self.sealer.sum()
    }
}

/// A finished file while it is written: sealed under another name, and renamed when it is whole.
#[derive(Debug)]
pub(crate) struct Finishing<'a> {
    folder: &'a Folder,
    role: Role,
    part: PathBuf,
    growing: Growing,
    buffer: Vec<u8>,
}

impl<'a> Finishing<'a> {
    pub(crate) fn create(folder: &'a Folder, role: Role) -> io::Result<Self> {
        let part = folder.path.join(format!("{}.part", role.file_name()));
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self {
            growing: Growing::create_at(folder, role, &part)?,
            folder,
            role,
            part,
            buffer: Vec::with_capacity(FINISHED_SEGMENT_BYTES),
        })
    }

    fn put(&mut self) -> io::Result<()> {
        self.growing.append(Span::default(), &self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Everything was written: from now on the file has its name.
    pub(crate) fn finish(mut self) -> io::Result<FileSum> {
        if !self.buffer.is_empty() {
            self.put()?;
        }
        self.growing.sync()?;
        fs::rename(&self.part, self.folder.path_of(self.role))?;
        self.folder.sync()?;
        Ok(self.growing.sum())
    }
}

impl Write for Finishing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() >= FINISHED_SEGMENT_BYTES {
            self.put()?;
        }
        let room = FINISHED_SEGMENT_BYTES - self.buffer.len();
        let (now, _later) = bytes.split_at(room.min(bytes.len()));
        self.buffer.extend_from_slice(now);
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
