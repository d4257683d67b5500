//! The one recogniser of this node: a process of its own, which may die. It is started when a room wants
//! captions, again after a while when it has died, and ended when nobody has wanted it for long.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufWriter, Read, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sfu_scribe::Ready;
use signaling_protocol::{Caption, ChatText, ParticipantId, RoomId};
use speech::{HEADER_BYTES, Heard, Order, Report, Stage, Track, body_bytes};
use tokio::sync::mpsc;

use super::Setup;

/// Orders that wait for the recogniser: each voice has ten in a second. Drops sound when it is full, and
/// counts it; the beginning and the end of a voice are offered again.
const ORDERS_MAX: usize = 256;
/// Ends of voices that one room owes. Beyond it the oldest is forgotten, and the recogniser with it when it
/// begins anew.
const OWED_MAX: usize = 64;
/// How long the thread waits for an order before it looks around.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After the first death it waits this long, and twice as long after each further one.
const BACK_OFF_MIN: Duration = Duration::from_secs(1);
/// Never longer than this.
const BACK_OFF_MAX: Duration = Duration::from_mins(1);
/// So many deaths before it ever heard, one after the other, and rooms are told that there are no captions.
const DEATHS_MAX: u32 = 3;
/// A recogniser that nobody wants is ended after this.
const IDLE_MAX: Duration = Duration::from_mins(10);

/// What is said to a room.
#[derive(Debug)]
pub(super) enum Line {
    /// Words.
    Said(RoomId, Caption),
    /// There are no captions any more.
    Failed(RoomId),
}

/// See the module.
pub(super) struct Recogniser {
    orders: SyncSender<Order>,
    shared: Arc<Shared>,
}

/// What rooms, the thread that writes and the thread that reads have in common.
struct Shared {
    setup: Setup,
    texts: mpsc::Sender<Line>,
    /// Counts how often the recogniser began to hear; 0 while it does not.
    epoch: AtomicU32,
    stopping: AtomicBool,
    /// Held for moments; nobody waits for anything while holding it.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    child: Option<Child>,
    epochs: u32,
    tracks: u32,
    /// Rooms with captions: where each stands on the clock of its tap, in milliseconds.
    rooms: BTreeMap<RoomId, u64>,
    voices: HashMap<Track, (RoomId, ParticipantId)>,
}

/// A place of a room at the recogniser; dropping it gives it back.
pub(super) struct Place {
    room: RoomId,
    shared: Arc<Shared>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.rooms.remove(&self.room);
        state.voices.retain(|_, (room, _)| *room != self.room);
        metrics::gauge!("captions_rooms").set(state.rooms.len() as f64);
    }
}

impl Recogniser {
    /// Nothing is started yet but the thread that will.
    pub(super) fn new(setup: Setup, texts: mpsc::Sender<Line>) -> Self {
        let (orders, inbox) = sync_channel(ORDERS_MAX);
        let shared = Arc::new(Shared {
            setup,
            texts,
            epoch: AtomicU32::new(0),
            stopping: AtomicBool::new(false),
            state: Mutex::default(),
        });
        metrics::gauge!("captions_rooms").set(0.0);
        metrics::gauge!("captions_recogniser_up").set(0.0);
        let keeper = Arc::clone(&shared);
        let kept = thread::Builder::new().name("captions".to_owned());
        if let Err(error) = kept.spawn(move || keep(&keeper, &inbox)) {
            tracing::error!(%error, "there is no thread for captions");
        }
        Self { orders, shared }
    }

    /// A place for one more room; a room has one.
    pub(super) fn seat(&self, room: RoomId, rooms_max: usize) -> Option<Place> {
        let mut state = self.shared.state();
        if state.rooms.len() >= rooms_max || state.rooms.contains_key(&room) {
            return None;
        }
        state.rooms.insert(room, 0);
        metrics::gauge!("captions_rooms").set(state.rooms.len() as f64);
        Some(Place {
            room,
            shared: Arc::clone(&self.shared),
        })
    }

    /// Whether it hears now.
    pub(super) fn ready(&self) -> Option<Ready> {
        let epoch = self.shared.epoch.load(Ordering::Acquire);
        (epoch > 0).then_some(Ready { epoch })
    }

    /// A number for a voice.
    pub(super) fn number(&self, room: RoomId, participant: ParticipantId) -> Track {
        let mut state = self.shared.state();
        state.tracks = state.tracks.wrapping_add(1);
        let track = Track(state.tracks);
        state.voices.insert(track, (room, participant));
        track
    }

    /// Where a room stands on the clock of its tap.
    pub(super) fn passed(&self, room: RoomId, at_ms: u64) {
        if let Some(passed) = self.shared.state().rooms.get_mut(&room) {
            *passed = at_ms;
        }
    }

    /// Gives it orders, without waiting. What must not be lost is owed.
    pub(super) fn give(&self, owed: &mut Vec<Order>, orders: Vec<Order>) {
        for order in core::mem::take(owed).into_iter().chain(orders) {
            let Err(TrySendError::Full(order) | TrySendError::Disconnected(order)) =
                self.orders.try_send(order)
            else {
                continue;
            };
            match order {
                Order::Sound(_) => count_dropped("sound"),
                Order::Open { .. } | Order::Close { .. } => {
                    if owed.len() >= OWED_MAX {
                        owed.remove(0);
                    }
                    owed.push(order);
                }
            }
        }
    }

    /// Ends it for good.
    pub(super) fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.shared.end_child();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn is_wanted(&self) -> bool {
        !self.state().rooms.is_empty()
    }

    /// Kills the process and takes it from the system's table.
    fn end_child(&self) {
        let child = {
            let mut state = self.state();
            state.voices.clear();
            state.child.take()
        };
        self.epoch.store(0, Ordering::Release);
        metrics::gauge!("captions_recogniser_up").set(0.0);
        if let Some(mut child) = child {
            // One that is dead already cannot be killed.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Tells every room that there are no captions.
    fn fail_rooms(&self) {
        let rooms: Vec<_> = self.state().rooms.keys().copied().collect();
        for room in rooms {
            // When nobody takes it any more the server stops.
            let _ = self.texts.blocking_send(Line::Failed(room));
        }
    }

    fn report(&self, report: Report) {
        match report {
            Report::Ready { model, .. } => {
                let epoch = {
                    let mut state = self.state();
                    state.epochs = state.epochs.saturating_add(1);
                    state.epochs
                };
                self.epoch.store(epoch, Ordering::Release);
                metrics::gauge!("captions_recogniser_up").set(1.0);
                tracing::info!(model, "the recogniser of captions hears");
            }
            Report::Heard(heard) => self.heard(heard),
            Report::Behind { track, .. } => {
                count_dropped("late");
                self.take_back(track);
            }
            Report::Closed { track } => {
                self.state().voices.remove(&track);
            }
        }
    }

    /// What was shown of an utterance will not be completed.
    fn take_back(&self, track: Track) {
        let voice = self.state().voices.get(&track).copied();
        if let Some((room, participant)) = voice {
            let caption = Caption {
                participant,
                text: None,
                is_final: true,
                language: String::new(),
            };
            let _ = self.texts.blocking_send(Line::Said(room, caption));
        }
    }

    fn heard(&self, heard: Heard) {
        let found = {
            let state = self.state();
            let voice = state.voices.get(&heard.track).copied();
            voice.map(|(room, who)| (room, who, state.rooms.get(&room).copied().unwrap_or(0)))
        };
        // What is understood after its voice has ended is nobody's.
        let Some((room, participant, passed_ms)) = found else {
            return;
        };
        let is_final = heard.stage == Stage::Final;
        let stage = if is_final { "final" } else { "partial" };
        metrics::counter!("captions_texts_total", "stage" => stage).increment(1);
        let lag_ms = passed_ms.saturating_sub(heard.to_ms);
        metrics::histogram!("captions_lag_seconds").record(lag_ms as f64 / 1e3);
        let line = Line::Said(
            room,
            Caption {
                participant,
                text: ChatText::try_from(heard.text).ok(),
                is_final,
                language: heard.language.code().to_owned(),
            },
        );
        if is_final {
            let _ = self.texts.blocking_send(line);
        } else if self.texts.try_send(line).is_err() {
            count_dropped("text");
        }
    }
}

fn count_dropped(what: &'static str) {
    metrics::counter!("captions_dropped_total", "what" => what).increment(1);
}

/// The thread that starts the recogniser and writes to it.
fn keep(shared: &Arc<Shared>, inbox: &Receiver<Order>) {
    let mut deaths = 0_u32;
    while !shared.is_stopping() {
        // Without a process every order is void.
        match inbox.recv_timeout(LOOK_EVERY) {
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if !shared.is_wanted() {
            continue;
        }
        let heard = match run(shared, inbox) {
            Ok(Ended::Unwanted) => {
                deaths = 0;
                continue;
            }
            Ok(Ended::Died { heard }) => heard,
            Err(error) => {
                tracing::warn!(%error, "the recogniser of captions cannot be started");
                false
            }
        };
        if shared.is_stopping() {
            return;
        }
        deaths = if heard { 1 } else { deaths.saturating_add(1) };
        if deaths >= DEATHS_MAX {
            tracing::error!(deaths, "the recogniser of captions does not come up");
            shared.fail_rooms();
        }
        wait(shared, inbox, deaths);
    }
}

/// Waits before the next try, and longer each time.
fn wait(shared: &Shared, inbox: &Receiver<Order>, deaths: u32) {
    let doubled = 2_u32.saturating_pow(deaths.saturating_sub(1).min(10));
    let until = Instant::now() + BACK_OFF_MIN.saturating_mul(doubled).min(BACK_OFF_MAX);
    while Instant::now() < until && !shared.is_stopping() {
        if matches!(
            inbox.recv_timeout(LOOK_EVERY),
            Err(RecvTimeoutError::Disconnected)
        ) {
            return;
        }
    }
}

/// How a process ended.
enum Ended {
    /// Nobody wanted it for long, or the server stops.
    Unwanted,
    /// By itself.
    Died {
        /// It had heard.
        heard: bool,
    },
}

/// Starts one and writes to it until it has ended.
fn run(shared: &Arc<Shared>, inbox: &Receiver<Order>) -> io::Result<Ended> {
    metrics::counter!("captions_recogniser_starts_total").increment(1);
    let setup = &shared.setup;
    let mut child = Command::new(&setup.program)
        .arg("--weights")
        .arg(&setup.weights)
        .arg("--threads")
        .arg(setup.threads.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let before = {
        let mut state = shared.state();
        state.child = Some(child);
        state.epochs
    };
    let (Some(input), Some(output)) = (input, output) else {
        shared.end_child();
        return Err(io::Error::other("the recogniser has no pipes"));
    };
    let reader = Arc::clone(shared);
    let reading = thread::Builder::new().name("captions-read".to_owned());
    let reading = match reading.spawn(move || read(&reader, output)) {
        Ok(reading) => reading,
        Err(error) => {
            shared.end_child();
            return Err(error);
        }
    };
    let written = write(shared, inbox, BufWriter::new(input));
    let heard = shared.state().epochs > before;
    shared.end_child();
    // It ends with the pipe; a panic there is a process that has ended as well.
    let _ = reading.join();
    match written {
        Ok(()) => Ok(Ended::Unwanted),
        Err(error) => {
            tracing::warn!(%error, "the recogniser of captions has ended");
            Ok(Ended::Died { heard })
        }
    }
}

/// Writes orders until nobody wants it or it takes no more.
fn write(
    shared: &Shared,
    inbox: &Receiver<Order>,
    mut input: BufWriter<std::process::ChildStdin>,
) -> io::Result<()> {
    let mut wanted = Instant::now();
    loop {
        match inbox.recv_timeout(LOOK_EVERY) {
            Ok(order) if shared.epoch.load(Ordering::Acquire) > 0 => {
                let frame = order.encode().map_err(io::Error::other)?;
                input.write_all(&frame)?;
                while let Ok(order) = inbox.try_recv() {
                    let frame = order.encode().map_err(io::Error::other)?;
                    input.write_all(&frame)?;
                }
                input.flush()?;
            }
            // It does not hear yet, or not any more.
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if shared.is_wanted() {
            wanted = Instant::now();
        }
        if shared.is_stopping() || wanted.elapsed() > IDLE_MAX {
            return Ok(());
        }
        let status = match shared.state().child.as_mut() {
            Some(child) => child.try_wait()?,
            None => return Ok(()),
        };
        if let Some(status) = status {
            return Err(io::Error::other(format!("it ended with {status}")));
        }
    }
}

/// The thread that reads what it says, until the pipe ends or makes no sense.
fn read(shared: &Shared, mut output: ChildStdout) {
    let mut header = [0; HEADER_BYTES];
    while output.read_exact(&mut header).is_ok() {
        let report = body_bytes(header)
            .map_err(io::Error::other)
            .and_then(|bytes| {
                let mut body = vec![0; bytes];
                output.read_exact(&mut body)?;
                Report::decode(&body).map_err(io::Error::other)
            });
        match report {
            Ok(report) => shared.report(report),
            Err(error) => {
                tracing::warn!(%error, "the recogniser of captions makes no sense");
                break;
            }
        }
    }
    shared.epoch.store(0, Ordering::Release);
    metrics::gauge!("captions_recogniser_up").set(0.0);
    // Whoever says nothing that makes sense is of no use; the thread that writes sees it end.
    if let Some(child) = shared.state().child.as_mut() {
        let _ = child.kill();
    }
}
