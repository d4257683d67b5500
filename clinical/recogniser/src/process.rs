//! The process: orders come in, reports go out, and one utterance after the other is recognised.
//!
//! One thread reads orders from the pipe; one cuts voices into utterances, which costs nearly nothing;
//! one or more recognise, which costs all there is. Nothing that comes in waits for these.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use speech::{
    DecodeError, EncodeError, HEADER_BYTES, Heard, Language, Order, Report, Segmenter, Sound,
    Stage, Track, Utterance, body_bytes,
};

use crate::model::Model;
use crate::queue::{Job, Next, Queue};
use crate::tongue::Tongue;
use crate::whisper::SayError;

/// Voices that are open at a time. More are not heard, so that a lost count of the server costs no
/// memory: each may hold 8 s of sound.
const VOICES_MAX: usize = 256;
/// Orders between pipe and segmenter. The reader waits when they are this many; they are worked off
/// a thousand times faster than people speak.
const ORDERS_WAITING: usize = 64;
/// A voice of which nothing comes for so long has paused: sound that is not sent is silence.
const IDLE: Duration = Duration::from_millis(800);
/// How often is looked for voices that pause.
const LOOK: Duration = Duration::from_millis(100);
/// The first words of an utterance are recognised after this much of it ...
const FIRST_MS: u64 = 900;
/// ... and again after this much more, or twice what the last time took if that is longer.
const AGAIN_MS: u64 = 1_000;

/// Why the process ends early.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The server has sent something that is no order.
    #[error("what came in is no order")]
    Order(#[from] DecodeError),
    /// The pipe is broken.
    #[error("the pipe to the server is broken")]
    Pipe(#[from] io::Error),
    /// The model does not fit together.
    #[error("the model cannot hear")]
    Model(#[from] SayError),
    /// A report is too long. Texts are bounded before, so this is a fault of this program.
    #[error("a report is too long")]
    Report(#[from] EncodeError),
}

/// Runs with so many recognising threads until the server closes its end; what was said until then is still recognised.
///
/// # Errors
///
/// [`ProcessError`].
pub fn run(
    model: &Model,
    threads: u8,
    orders: impl Read + Send + 'static,
    reports: impl Write + Send,
) -> Result<(), ProcessError> {
    let desk = Desk::new(reports);
    desk.report(&Report::Ready {
        model: model.name.clone(),
        languages: model.ear.languages(),
    })?;
    let (sender, receiver) = sync_channel(ORDERS_WAITING);
    // It ends with the stream, or with the process: nothing can wake it while it reads.
    thread::spawn(move || read_orders(orders, &sender));
    thread::scope(|scope| {
        let recogniser = || {
            scope.spawn(|| {
                let mut leave = Leave {
                    desk: &desk,
                    is_orderly: false,
                };
                let ended = recognise(model, &desk);
                leave.is_orderly = ended.is_ok();
                ended
            })
        };
        let recognisers: Vec<_> = (0..threads.max(1)).map(|_| recogniser()).collect();
        let listened = Listener::new(&desk).run(&receiver);
        desk.close();
        let ended = recognisers.into_iter().map(|it| joined(it.join()));
        ended.fold(listened, Result::and)
    })
}

/// A thread that panicked is a fault of this program: the process ends as it would with one thread.
fn joined(ended: thread::Result<Result<(), ProcessError>>) -> Result<(), ProcessError> {
    match ended {
        Ok(ended) => ended,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Reads orders until the stream ends or breaks, or nobody wants more.
fn read_orders(mut orders: impl Read, sender: &SyncSender<Result<Order, ProcessError>>) {
    while let Some(order) = read_order(&mut orders).transpose() {
        let broken = order.is_err();
        if sender.send(order).is_err() || broken {
            return;
        }
    }
}

/// The next order; none when the stream ends before it.
fn read_order(orders: &mut impl Read) -> Result<Option<Order>, ProcessError> {
    let mut header = [0; HEADER_BYTES];
    if !fill(orders, &mut header)? {
        return Ok(None);
    }
    let mut body = vec![0; body_bytes(header)?];
    orders.read_exact(&mut body)?;
    Ok(Some(Order::decode(&body)?))
}

/// Fills a header, or answers that there is none because the stream has ended.
fn fill(stream: &mut impl Read, header: &mut [u8]) -> Result<bool, io::Error> {
    let mut filled = 0;
    while let Some(rest) = header.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// What the threads share.
struct Desk<W> {
    work: Mutex<Work>,
    /// Something was put into the queue, or it was closed.
    changed: Condvar,
    reports: Mutex<W>,
}

#[derive(Debug, Default)]
struct Work {
    queue: Queue,
    tongues: BTreeMap<Track, Tongue>,
    /// Voices of which something is being recognised: the next of each waits for the one before.
    busy: BTreeSet<Track>,
    /// Beginnings of utterances of which a part was reported.
    shown: BTreeMap<Track, u64>,
    /// Nothing comes any more, or nobody works any more.
    closed: bool,
    /// What the last part took to recognise.
    took_ms: u64,
}

impl<W: Write> Desk<W> {
    fn new(reports: W) -> Self {
        Self {
            work: Mutex::default(),
            changed: Condvar::new(),
            reports: Mutex::new(reports),
        }
    }

    /// A thread that panicked has left the work whole: every change of it is one statement.
    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self, report: &Report) -> Result<(), ProcessError> {
        let frame = report.encode()?;
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.write_all(&frame)?;
        Ok(reports.flush()?)
    }

    fn add(&self, job: Job) -> Result<(), ProcessError> {
        let dropped = self.work().queue.add(job);
        self.changed.notify_all();
        for (track, dropped_ms) in dropped {
            self.report(&Report::Behind { track, dropped_ms })?;
        }
        Ok(())
    }

    fn end(&self, track: Track) {
        self.work().queue.end(track);
        self.changed.notify_all();
    }

    /// What is next; nothing when it is closed and empty.
    fn next(&self) -> Option<Next> {
        let mut work = self.work();
        loop {
            let Work { queue, busy, .. } = &mut *work;
            if let Some(next) = queue.next(busy) {
                busy.insert(next.track());
                return Some(next);
            }
            if work.closed && work.queue.is_empty() {
                return None;
            }
            work = self
                .changed
                .wait(work)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Something of a voice is done, and the next of it may begin.
    fn done(&self, track: Track) {
        self.work().busy.remove(&track);
        self.changed.notify_all();
    }

    /// Nobody recognises any more, so nothing is waited for.
    fn give_up(&self) {
        {
            let mut work = self.work();
            work.queue = Queue::default();
            work.busy.clear();
        }
        self.close();
    }

    fn close(&self) {
        self.work().closed = true;
        self.changed.notify_all();
    }
}

/// Recognises one job after the other.
fn recognise<W: Write>(model: &Model, desk: &Desk<W>) -> Result<(), ProcessError> {
    while let Some(next) = desk.next() {
        let track = next.track();
        let report = match next {
            Next::Hear(job) => hear(model, desk, &job)?.map(Report::Heard),
            Next::End(track) => {
                let mut work = desk.work();
                work.tongues.remove(&track);
                work.shown.remove(&track);
                Some(Report::Closed { track })
            }
        };
        if let Some(report) = report {
            desk.report(&report)?;
        }
        desk.done(track);
    }
    Ok(())
}

/// A recognising thread that ends by an error or a panic takes the process with it: the server starts a
/// new one, while one that goes on without hearing would not be noticed.
struct Leave<'a, W: Write> {
    desk: &'a Desk<W>,
    is_orderly: bool,
}

impl<W: Write> Drop for Leave<'_, W> {
    fn drop(&mut self) {
        if !self.is_orderly {
            self.desk.give_up();
        }
    }
}

/// What is to be reported of an utterance.
fn hear<W: Write>(model: &Model, desk: &Desk<W>, job: &Job) -> Result<Option<Heard>, ProcessError> {
    let (track, from_ms) = (job.track, job.utterance.from_ms);
    let tongue = desk.work().tongues.get(&track).copied().unwrap_or_default();
    let choose = |odds: &[(Language, f32)]| job.language.unwrap_or_else(|| tongue.choose(odds));
    let began = Instant::now();
    let heard = model.ear.hear(&job.utterance.pcm, choose)?;
    let mut work = desk.work();
    let is_empty = heard.text.is_empty();
    let is_worth = match job.stage {
        Stage::Partial => {
            work.took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            if !is_empty {
                work.shown.insert(track, from_ms);
            }
            !is_empty
        }
        Stage::Final => {
            if let Some(tongue) = work.tongues.get_mut(&track).filter(|_| !is_empty) {
                tongue.learn(&heard.odds);
            }
            // A text that was shown is taken back when the whole is nothing to believe.
            work.shown.remove(&track) == Some(from_ms) || !is_empty
        }
    };
    Ok(is_worth.then(|| Heard {
        track,
        from_ms,
        to_ms: job.utterance.to_ms(),
        language: heard.language,
        text: within(heard.text, speech::TEXT_BYTES_MAX),
        stage: job.stage,
    }))
}

/// The text, cut where a report ends.
fn within(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max));
    text
}

/// Cuts voices into utterances.
struct Listener<'a, W> {
    desk: &'a Desk<W>,
    voices: BTreeMap<Track, Voice>,
}

struct Voice {
    segmenter: Segmenter,
    language: Option<Language>,
    last: Instant,
    /// The utterance of which a part was taken last, and how long it was then.
    taken: Option<(u64, u64)>,
}

impl<'a, W: Write> Listener<'a, W> {
    fn new(desk: &'a Desk<W>) -> Self {
        Self {
            desk,
            voices: BTreeMap::new(),
        }
    }

    fn run(mut self, orders: &Receiver<Result<Order, ProcessError>>) -> Result<(), ProcessError> {
        loop {
            match orders.recv_timeout(LOOK) {
                Ok(order) => self.take(order?)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.end_pauses()?;
            if self.desk.work().closed {
                return Ok(());
            }
        }
        for (track, mut voice) in std::mem::take(&mut self.voices) {
            if let Some(utterance) = voice.segmenter.flush() {
                self.add(track, voice.language, utterance, Stage::Final)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, order: Order) -> Result<(), ProcessError> {
        match order {
            Order::Open { track, language } => {
                if self.voices.len() < VOICES_MAX || self.voices.contains_key(&track) {
                    self.voices.insert(track, Voice::new(language));
                    self.desk.work().tongues.insert(track, Tongue::default());
                }
                Ok(())
            }
            Order::Sound(sound) => self.hear(&sound),
            Order::Close { track } => {
                let Some(mut voice) = self.voices.remove(&track) else {
                    return Ok(());
                };
                if let Some(utterance) = voice.segmenter.flush() {
                    self.add(track, voice.language, utterance, Stage::Final)?;
                }
                self.desk.end(track);
                Ok(())
            }
        }
    }

    fn hear(&mut self, sound: &Sound) -> Result<(), ProcessError> {
        let track = sound.track;
        let Some(voice) = self.voices.get_mut(&track) else {
            return Ok(());
        };
        voice.last = Instant::now();
        let language = voice.language;
        let ended = voice.segmenter.hear(sound.at_ms, &sound.pcm);
        let part = voice.part(self.desk.work().took_ms);
        for utterance in ended {
            self.add(track, language, utterance, Stage::Final)?;
        }
        match part {
            Some(part) => self.add(track, language, part, Stage::Partial),
            None => Ok(()),
        }
    }

    fn end_pauses(&mut self) -> Result<(), ProcessError> {
        let mut ended = Vec::new();
        for (track, voice) in &mut self.voices {
            if voice.segmenter.speaking_since_ms().is_some() && voice.last.elapsed() > IDLE {
                let utterance = voice.segmenter.flush();
                ended.extend(utterance.map(|it| (*track, voice.language, it)));
            }
        }
        for (track, language, utterance) in ended {
            self.add(track, language, utterance, Stage::Final)?;
        }
        Ok(())
    }

    fn add(
        &self,
        track: Track,
        language: Option<Language>,
        utterance: Utterance,
        stage: Stage,
    ) -> Result<(), ProcessError> {
        self.desk.add(Job {
            track,
            utterance,
            stage,
            language,
        })
    }
}

impl Voice {
    fn new(language: Option<Language>) -> Self {
        Self {
            segmenter: Segmenter::default(),
            language,
            last: Instant::now(),
            taken: None,
        }
    }

    /// The utterance so far, when it is time for words of it.
    fn part(&mut self, took_ms: u64) -> Option<Utterance> {
        let since = self.segmenter.speaking_since_ms()?;
        let spoken = self.segmenter.spoken_ms();
        let due = match self.taken {
            Some((from_ms, length)) if from_ms == since => {
                length.saturating_add(AGAIN_MS.max(took_ms.saturating_mul(2)))
            }
            Some(_) | None => FIRST_MS,
        };
        if spoken < due {
            return None;
        }
        let part = self.segmenter.so_far()?;
        self.taken = Some((since, spoken));
        Some(part)
    }
}
