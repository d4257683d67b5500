//! The thread that writes.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use recordings_segments::{JournalEntry, Note, Role, Span, write_entry};
use recordings_tap::{KeyFrameWanted, TapEvent};

use crate::capture::{Capture, Waiting};
use crate::folder::{Folder, Growing};
use crate::lane::{LANE_MAX, Message, Shared, Tap};

/// What was recorded is on the disk after this time. With packets that wait for earlier ones it
/// makes less than the two seconds that a crash may cost.
const ROUND_US: u64 = 1_000_000;
/// A tap that says nothing for this long has stopped; what waits is written.
const QUIET: Duration = Duration::from_secs(1);
/// Key frame requests for the room: drops them when nobody listens, because they are made again.
const WANTED_MAX: usize = 256;

/// A recording that did not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder or its first files cannot be made.
    #[error("the folder of a recording cannot be made")]
    Folder(#[source] io::Error),
    /// There is no thread for it.
    #[error("no thread for a recording")]
    Thread(#[source] io::Error),
}

/// Why a recording ended by itself. What was written until then is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StopReason {
    /// There is no more room.
    #[error("the disk is full")]
    DiskFull,
    /// The disk refuses for another reason.
    #[error("the disk does not take what is recorded")]
    Disk(io::ErrorKind),
}

impl From<io::Error> for StopReason {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::DiskFull,
            other => Self::Disk(other),
        }
    }
}

/// What a recorder tells its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecorderEvent {
    /// A publisher should be asked for a key frame.
    KeyFrame(KeyFrameWanted),
    /// The recording could not go on. The call does.
    Stopped(StopReason),
}

/// A recording that goes on.
#[derive(Debug)]
pub struct Recorder {
    tap: Tap,
    wanted: Receiver<KeyFrameWanted>,
    stopped: Receiver<StopReason>,
    thread: JoinHandle<Result<(), StopReason>>,
}

impl Recorder {
    /// Where the room puts what happens.
    #[must_use]
    pub fn tap(&self) -> Tap {
        self.tap.clone()
    }

    /// What the recorder wants to be done or known. Does not wait.
    #[must_use]
    pub fn next_event(&self) -> Option<RecorderEvent> {
        let wanted = self.wanted.try_recv().map(RecorderEvent::KeyFrame);
        wanted.ok().or_else(|| self.stop())
    }

    /// Waits for the next event; `None` when the recorder has ended or nothing came in time.
    #[must_use]
    pub fn wait_event(&self, timeout: Duration) -> Option<RecorderEvent> {
        // The end of the thread is the end of the requests, so nothing is waited for in vain.
        let wanted = self.wanted.recv_timeout(timeout);
        let wanted = wanted.map(RecorderEvent::KeyFrame);
        wanted.ok().or_else(|| self.stop())
    }

    fn stop(&self) -> Option<RecorderEvent> {
        self.stopped.try_recv().ok().map(RecorderEvent::Stopped)
    }

    /// Ends the recording and waits until everything is on the disk. Blocks for as long as the disk
    /// takes; not to be called on a packet's way.
    ///
    /// # Errors
    /// The recording had stopped before, or its last part could not be written.
    pub fn end(self) -> Result<(), StopReason> {
        // Blocks while the lane is full. Fails when the thread has ended, and then it says why.
        let _ = self.tap.lane.send(Message::End);
        drop(self.tap);
        self.thread
            .join()
            .unwrap_or(Err(StopReason::Disk(io::ErrorKind::Other)))
    }
}

/// Begins a recording in a folder of its own. `origin_us` is the moment on the tap's clock from which
/// times are counted.
///
/// # Errors
/// See [`StartError`].
pub fn start(folder: Folder, origin_us: u64) -> Result<Recorder, StartError> {
    let (lane, inbox) = sync_channel(LANE_MAX);
    let (ask, wanted) = sync_channel(WANTED_MAX);
    // A recording stops once.
    let (stop, stopped) = sync_channel(1);
    let shared = Arc::new(Shared::default());
    let mut writer = Writer::new(folder, origin_us, (ask, stop), Arc::clone(&shared))
        .map_err(StartError::Folder)?;
    let thread = std::thread::Builder::new()
        .name("recorder".to_owned())
        .spawn(move || writer.run(&inbox))
        .map_err(StartError::Thread)?;
    Ok(Recorder {
        tap: Tap { lane, shared },
        wanted,
        stopped,
        thread,
    })
}

struct Writer {
    folder: Folder,
    capture: Capture,
    journal: Growing,
    files: BTreeMap<u32, Growing>,
    ask: SyncSender<KeyFrameWanted>,
    stop: SyncSender<StopReason>,
    shared: Arc<Shared>,
    written_us: u64,
}

impl Writer {
    fn new(
        folder: Folder,
        origin_us: u64,
        (ask, stop): (SyncSender<KeyFrameWanted>, SyncSender<StopReason>),
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        folder.create()?;
        let mut writer = Self {
            journal: Growing::create(&folder, Role::Journal(0))?,
            folder,
            capture: Capture::new(origin_us),
            files: BTreeMap::new(),
            ask,
            stop,
            shared,
            written_us: 0,
        };
        writer.note(Note::Began)?;
        writer.journal.sync()?;
        Ok(writer)
    }

    fn run(&mut self, inbox: &Receiver<Message>) -> Result<(), StopReason> {
        let result = self.record(inbox);
        if let Err(reason) = result {
            let _ = self.stop.try_send(reason);
            let why = match reason {
                StopReason::DiskFull => "disk_full",
                StopReason::Disk(_) => "disk",
            };
            tracing::warn!(why, "a recording stopped");
            // A full disk may still take a line.
            let why = why.to_owned();
            let _ = self.note(Note::Stopped { why });
            let _ = self.journal.sync();
        }
        result
    }

    fn record(&mut self, inbox: &Receiver<Message>) -> Result<(), StopReason> {
        loop {
            match inbox.recv_timeout(QUIET) {
                Ok(Message::Tap(event)) => {
                    let taken = self.take(event);
                    self.shared.taken();
                    taken?;
                }
                Err(RecvTimeoutError::Timeout) => self.round()?,
                Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.capture.at_us() >= self.written_us + ROUND_US {
                self.round()?;
            }
        }
        self.capture.end();
        self.round()?;
        self.note(Note::Ended)?;
        self.journal.sync()?;
        Ok(())
    }

    fn take(&mut self, event: TapEvent) -> io::Result<()> {
        // A pause holds for what waited in the lane before it, too.
        let is_resumed = matches!(event, TapEvent::Resumed { .. });
        if self.shared.is_paused() && !is_resumed {
            self.capture.pause();
        }
        let note = match &event {
            TapEvent::Paused { .. } => Some(Note::Paused),
            TapEvent::Resumed { .. } => Some(Note::Resumed),
            _ => None,
        };
        self.capture.take(event);
        if let Some(note) = note {
            self.note(note)?;
            self.journal.sync()?;
        }
        for wanted in self.capture.wanted.drain(..) {
            let _ = self.ask.try_send(wanted);
        }
        Ok(())
    }

    /// Everything that waits goes to the disk.
    fn round(&mut self) -> io::Result<()> {
        self.written_us = self.capture.at_us();
        let dropped = self.shared.take_dropped();
        if dropped > 0 {
            self.note(Note::Dropped { packets: dropped })?;
        }
        for file in core::mem::take(&mut self.capture.new_files) {
            self.note(Note::TrackOpened {
                track: file.number,
                content: file.content,
                person: file.person,
            })?;
            // A file without a name in the journal is nothing, so the journal comes first.
            self.journal.sync()?;
            let growing = Growing::create(&self.folder, Role::Track(file.number))?;
            self.files.insert(file.number, growing);
        }
        let mut written = Vec::new();
        for (number, waiting) in core::mem::take(&mut self.capture.waiting) {
            let Waiting { span, bytes } = waiting;
            if let Some(file) = self.files.get_mut(&number) {
                file.append(span, &bytes)?;
                written.push(number);
            }
        }
        let mut tracks = Vec::new();
        for number in written {
            if let Some(file) = self.files.get(&number) {
                file.sync()?;
                tracks.push((number, file.sum().segments));
            }
        }
        if !tracks.is_empty() {
            self.note(Note::Synced { tracks })?;
            self.journal.sync()?;
        }
        Ok(())
    }

    fn note(&mut self, note: Note) -> io::Result<()> {
        let at_us = self.capture.at_us();
        let bytes = write_entry(&JournalEntry { at_us, note }).map_err(io::Error::other)?;
        self.journal.append(Span::at(at_us), &bytes)
    }
}
