//! Runs a [`Call`] against the real browser.

mod connection;
mod measuring;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use gloo_timers::callback::{Interval, Timeout};
use signaling_protocol::{ChatText, ParticipantId, SlotView, Source, Sources};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlMediaElement;

use super::clock::{chat_id, now_ms, seed};
use super::devices::{LocalMedia, MediaError};
use super::host::{Listener, on_network, on_window, socket_url};
use super::peer::{Networks, Peer};
use super::secrecy::{Ability, Secrecy, SecrecyView};
use super::socket::{Socket, SocketEvent};
use super::sound::Speaker;
use super::stats::StatsReport;
use crate::chosen::Choosing;
use crate::grade::Grader;
use crate::machine::{Act, Call, CallView, Config, Entrance, Input, Notice, Output, SlotCount};
use crate::pulse::Pulse;
use connection::{Wanted, send};

/// How often it is looked whether anything arrives.
const PULSE_MS: u32 = 200;
/// How often a connection is measured. Two seconds: words that change slower than people blink.
const STATS_MS: u32 = 2_000;

/// What a page got for its link or its login.
#[derive(Clone)]
pub struct JoinGrant {
    /// One-use ticket.
    pub ticket: String,
    /// Path of the WebSocket on this server.
    pub signal_path: String,
}

impl core::fmt::Debug for JoinGrant {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("JoinGrant(..)")
    }
}

/// What a page answers when it is asked for a ticket.
#[derive(Debug, Clone)]
pub enum TicketAnswer {
    /// Here it is.
    Granted(JoinGrant),
    /// Not now; ask again.
    Later,
    /// Never; the page shows why.
    Refused,
}

/// An answer that comes later.
pub type TicketFuture = Pin<Box<dyn Future<Output = TicketAnswer>>>;

/// What a page gives to a session.
pub struct Hooks {
    /// Gets a fresh ticket.
    pub ticket: Box<dyn Fn() -> TicketFuture>,
    /// Something changed.
    pub view: Box<dyn Fn(CallView)>,
    /// Something is worth saying.
    pub notice: Box<dyn Fn(Notice)>,
    /// A new reading of the connection, every two seconds.
    pub stats: Box<dyn Fn(StatsReport)>,
    /// The browser wants a click before it plays sound.
    pub sound_blocked: Box<dyn Fn()>,
    /// What is shown of encryption between people has changed.
    pub secrecy: Box<dyn Fn(SecrecyView)>,
    /// An own track came or went: show the own picture again.
    pub devices: Box<dyn Fn()>,
    /// A device stopped by itself: unplugged, or sharing ended in the browser's own bar.
    pub ended: Box<dyn Fn(Source)>,
}

impl core::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Hooks(..)")
    }
}

struct Inner {
    me: Weak<Self>,
    call: RefCell<Call>,
    shown: RefCell<Option<CallView>>,
    socket: RefCell<Option<Socket>>,
    /// Of a second session, while the room goes to another server.
    beside: Beside,
    path: RefCell<String>,
    peer: RefCell<Option<Peer>>,
    /// Encrypts for people; none where the browser cannot, and in a test of the connection.
    secrecy: Option<Secrecy>,
    /// A connection that waits for the keys of this page.
    waiting: RefCell<Option<Wanted>>,
    /// What the next connection is to know.
    networks: Cell<Networks>,
    speaker: Speaker,
    local: LocalMedia,
    timer: RefCell<Option<Timeout>>,
    measured: RefCell<StatsReport>,
    grader: RefCell<Grader>,
    pulse: RefCell<Pulse>,
    speech_twice: Cell<bool>,
    closed: Cell<bool>,
    following: Cell<u32>,
    loudness: Loudness,
    hooks: Hooks,
}

/// Socket and connection of a second session.
#[derive(Default)]
struct Beside {
    socket: RefCell<Option<Socket>>,
    peer: RefCell<Option<Peer>>,
}

/// Whether received sound is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loudness {
    Played,
    Silent,
}

/// A running call. Clones share it; [`CallSession::close`] ends it without leaving.
#[derive(Clone)]
pub struct CallSession {
    inner: Rc<Inner>,
    _held: Rc<Held>,
}

/// Timers and listeners that end with the last clone.
struct Held {
    _stats: Interval,
    _pulse: Interval,
    _online: Option<Listener>,
    _network: Option<Listener>,
}

impl core::fmt::Debug for CallSession {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CallSession(..)")
    }
}

/// Measures the connection and listens to the network until the session ends.
fn watch(inner: &Rc<Inner>) -> Held {
    let measured = Rc::downgrade(inner);
    let stats = Interval::new(STATS_MS, move || {
        if let Some(inner) = measured.upgrade() {
            inner.measure();
        }
    });
    let online = Rc::downgrade(inner);
    let online = on_window("online", move || {
        if let Some(inner) = online.upgrade() {
            inner.feed(Input::NetworkChanged);
        }
    });
    let changed = Rc::downgrade(inner);
    let network = on_network(move || {
        if let Some(inner) = changed.upgrade() {
            inner.feed(Input::NetworkChanged);
        }
    });
    let felt = Rc::downgrade(inner);
    let pulse = Interval::new(PULSE_MS, move || {
        if let Some(inner) = felt.upgrade() {
            inner.feel_pulse();
        }
    });
    Held {
        _stats: stats,
        _pulse: pulse,
        _online: online,
        _network: network,
    }
}

impl CallSession {
    /// Begins a call with these devices. `sources` is what is sent at first.
    #[must_use]
    pub fn start(
        local: LocalMedia,
        (sources, slots, entrance): (Sources, SlotCount, Entrance),
        hooks: Hooks,
    ) -> Self {
        Self::begin(local, (sources, slots, entrance), hooks, Loudness::Played)
    }

    /// Like [`CallSession::start`], for a test in which one would hear oneself.
    pub(super) fn start_silent(
        local: LocalMedia,
        sources: Sources,
        slots: SlotCount,
        hooks: Hooks,
    ) -> Self {
        let manner = (sources, slots, Entrance::AtOnce);
        Self::begin(local, manner, hooks, Loudness::Silent)
    }

    fn begin(
        local: LocalMedia,
        (sources, slots, entrance): (Sources, SlotCount, Entrance),
        hooks: Hooks,
        loudness: Loudness,
    ) -> Self {
        let config = Config {
            slots_min: slots,
            seed: seed(),
            sources,
            entrance,
        };
        let inner = Rc::new_cyclic(|me: &Weak<Inner>| {
            let (blocked, told) = (me.clone(), me.clone());
            let hear = Rc::new(move |said| {
                if let Some(inner) = told.upgrade() {
                    inner.hear_secrecy(said);
                }
            });
            Inner {
                me: me.clone(),
                call: RefCell::new(Call::new(config)),
                shown: RefCell::default(),
                socket: RefCell::default(),
                beside: Beside::default(),
                path: RefCell::default(),
                peer: RefCell::default(),
                secrecy: (loudness == Loudness::Played)
                    .then(|| Secrecy::start(hear))
                    .flatten(),
                waiting: RefCell::default(),
                networks: Cell::new(Networks::Known),
                speaker: Speaker::new(Rc::new(move || {
                    if let Some(inner) = blocked.upgrade() {
                        (inner.hooks.sound_blocked)();
                    }
                })),
                local,
                timer: RefCell::default(),
                measured: RefCell::default(),
                grader: RefCell::default(),
                pulse: RefCell::default(),
                speech_twice: Cell::new(false),
                closed: Cell::new(false),
                following: Cell::new(0),
                loudness,
                hooks,
            }
        });
        inner.follow_devices(sources);
        let held = watch(&inner);
        if inner.secrecy.is_none() {
            let ability = Ability::Unable;
            (inner.hooks.secrecy)(SecrecyView {
                ability,
                ..SecrecyView::default()
            });
        }
        inner.feed(Input::Start);
        Self {
            inner,
            _held: Rc::new(held),
        }
    }

    /// A person's act.
    pub fn act(&self, act: Act) {
        self.inner.feed(Input::Act(act));
    }

    /// Writes a message. False when there is nothing to send or it is too long.
    #[must_use]
    pub fn chat(&self, text: String) -> bool {
        let Ok(text) = ChatText::try_from(text) else {
            return false;
        };
        self.act(Act::Chat {
            id: chat_id(),
            text,
        });
        true
    }

    /// Switches the own microphone.
    ///
    /// # Errors
    /// When there is none that can be used.
    pub async fn set_microphone(&self, on: bool) -> Result<(), MediaError> {
        let local = &self.inner.local;
        if on && !local.has(Source::Microphone) {
            local.open_microphone(local.choice().microphone).await?;
        }
        self.change(|sources| sources.microphone = on);
        Ok(())
    }

    /// Switches the own camera; off means that its light goes off too.
    ///
    /// # Errors
    /// When there is none that can be used.
    pub async fn set_camera(&self, on: bool) -> Result<(), MediaError> {
        let local = &self.inner.local;
        if on && !local.has(Source::Camera) {
            local.open_camera(local.choice().camera).await?;
        }
        self.change(|sources| sources.camera = on);
        Ok(())
    }

    /// Uses another camera or microphone. What is off stays off.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn choose(&self, source: Source, id: String) -> Result<(), MediaError> {
        let sources = || self.inner.call.borrow().view().sources;
        let local = &self.inner.local;
        let choosing = Choosing::of(source, sources(), local.open_sources());
        let done = local.choose(source, id, choosing).await;
        // It may have been switched off while the device started.
        local.pass_only(sources());
        done
    }

    /// Begins or ends sharing a screen.
    ///
    /// # Errors
    /// When the person closed the question or the browser cannot.
    pub async fn set_screen(&self, on: bool) -> Result<(), MediaError> {
        if on {
            self.inner.local.open_screen().await?;
        }
        self.change(|sources| sources.screen = on);
        Ok(())
    }

    fn change(&self, edit: impl FnOnce(&mut Sources)) {
        let mut sources = self.inner.call.borrow().view().sources;
        edit(&mut sources);
        self.act(Act::Sources(sources));
    }

    /// The devices of this call.
    #[must_use]
    pub fn local(&self) -> LocalMedia {
        self.inner.local.clone()
    }

    /// Shows somebody's picture in an element, or nothing when there is none.
    pub fn show(&self, participant: ParticipantId, source: Source, element: &HtmlMediaElement) {
        let view = self.inner.call.borrow().view();
        let stream = view
            .slot_of(participant, source)
            .and_then(|slot| self.inner.peer.borrow().as_ref()?.stream(&slot.mid));
        super::sound::show_picture(element, stream.as_ref());
    }

    /// Says how high pictures are shown, so that nobody sends more than is seen.
    pub fn set_views(&self, slots: Vec<SlotView>) {
        self.act(Act::View(slots));
    }

    /// Plays sound, inside a click, after the browser had forbidden it.
    pub fn resume_sound(&self) {
        self.inner.speaker.resume();
    }

    /// Reads the statistics at once.
    pub(super) fn measure_now(&self) {
        self.inner.measure();
    }

    /// Leaves and closes; for a test that has its answer.
    pub(super) fn leave_quietly(&self) {
        self.act(Act::Leave);
        self.close();
    }

    /// Ends this session in the page: the seat is kept as after a lost connection.
    pub fn close(&self) {
        self.inner.close();
    }
}

impl Inner {
    /// Follows tracks that come, go or end by themselves.
    fn follow_devices(&self, sources: Sources) {
        let (changing, ending) = (self.me.clone(), self.me.clone());
        let changed = Rc::new(move |source| {
            if let Some(inner) = changing.upgrade() {
                inner.send_track(source);
                let sources = inner.call.borrow().view().sources;
                inner.local.pass_sound(sources.microphone);
                (inner.hooks.devices)();
            }
        });
        let ended = Rc::new(move |source| {
            if let Some(inner) = ending.upgrade() {
                inner.source_ended(source);
                (inner.hooks.devices)();
            }
        });
        self.following.set(self.local.follow(changed, ended));
        self.local.pass_sound(sources.microphone);
    }

    fn feed(&self, input: Input) {
        if self.closed.get() {
            return;
        }
        self.call.borrow_mut().handle(now_ms(), input);
        loop {
            let next = self.call.borrow_mut().poll_output();
            let Some(output) = next else { break };
            self.perform(output);
        }
        self.set_timer();
        self.show_view();
    }

    fn show_view(&self) {
        let view = self.call.borrow().view();
        if self.shown.borrow().as_ref() == Some(&view) {
            return;
        }
        self.play_sound(&view);
        self.tell_secrecy(&view);
        *self.shown.borrow_mut() = Some(view.clone());
        (self.hooks.view)(view);
    }

    fn play_sound(&self, view: &CallView) {
        let Some(connection) = view
            .connection
            .filter(|_| self.loudness == Loudness::Played)
            // One person has one ear: what is heard by telephone is not heard here as well.
            .filter(|_| !view.is_heard_by_phone())
        else {
            return self.speaker.play(&[], |_| None);
        };
        let me = view.me.as_ref().map(|me| me.id);
        let keys: Vec<String> = view
            .slots
            .iter()
            .filter(|slot| slot.source == Source::Microphone && Some(slot.participant) != me)
            .map(|slot| format!("{connection} {}", slot.mid))
            .collect();
        self.speaker.play(&keys, |key| {
            let mid = key.rsplit(' ').next()?;
            self.peer.borrow().as_ref()?.stream(mid)
        });
    }

    fn set_timer(&self) {
        let due = self.call.borrow().poll_timeout();
        *self.timer.borrow_mut() = due.map(|due| {
            let wait_ms = due.saturating_sub(now_ms()).min(60_000);
            let me = self.me.clone();
            // One more, because a browser may wake up a little early.
            let wait_ms = u32::try_from(wait_ms).unwrap_or(60_000).saturating_add(1);
            Timeout::new(wait_ms, move || {
                if let Some(inner) = me.upgrade() {
                    inner.feed(Input::Tick);
                }
            })
        });
    }

    fn perform(&self, output: Output) {
        match output {
            Output::NeedTicket => self.ask_ticket(),
            Output::OpenSocket(number) => self.open_socket(number, &self.socket),
            Output::Send(message) => send(&self.socket, &message),
            Output::CloseSocket => {
                let _closed = self.socket.borrow_mut().take();
            }
            Output::OpenPeer {
                connection,
                slots,
                relays,
                encrypted,
            } => self.open_peer(Wanted {
                connection,
                slots,
                relays,
                encrypted,
            }),
            Output::RestartPeer { connection } => {
                self.with_peer(connection, Peer::restart);
                self.make_offer(connection);
            }
            Output::SendOnly {
                connection,
                sources,
            } => self.with_peer(connection, |peer| peer.send_only(&sources)),
            Output::OpenKey { from, key } => {
                if let Some(secrecy) = &self.secrecy {
                    secrecy.open_key(from, key);
                }
            }
            Output::GrowPeer { connection, slots } => {
                self.with_peer(connection, |peer| peer.grow(slots));
                self.make_offer(connection);
            }
            Output::ApplyAnswer { connection, sdp } => self.apply_answer(connection, sdp),
            Output::ClosePeer => {
                let _waiting = self.waiting.borrow_mut().take();
                let _closed = self.peer.borrow_mut().take();
            }
            Output::Beside(output) => self.perform_beside(*output),
            Output::UseBeside => {
                let (socket, peer) = (self.beside.socket.take(), self.beside.peer.take());
                let _old = (self.socket.replace(socket), self.peer.replace(peer));
                self.renew_readings();
            }
            Output::SetSources(sources) => self.local.pass_only(sources),
            Output::Notice(notice) => (self.hooks.notice)(notice),
        }
    }

    fn ask_ticket(&self) {
        let answer = (self.hooks.ticket)();
        let me = self.me.clone();
        spawn_local(async move {
            let answer = answer.await;
            let Some(inner) = me.upgrade() else { return };
            inner.feed(match answer {
                TicketAnswer::Granted(grant) => {
                    *inner.path.borrow_mut() = grant.signal_path;
                    Input::Ticket(grant.ticket)
                }
                TicketAnswer::Later => Input::TicketLater,
                TicketAnswer::Refused => Input::TicketRefused,
            });
        });
    }

    fn open_socket(&self, number: u32, place: &RefCell<Option<Socket>>) {
        let me = self.me.clone();
        let report = Rc::new(move |event: SocketEvent| {
            let Some(inner) = me.upgrade() else { return };
            inner.feed(match event {
                SocketEvent::Opened => Input::SocketOpened(number),
                SocketEvent::Frame(frame) => Input::Frame(number, frame),
                SocketEvent::Closed => Input::SocketClosed(number),
            });
        });
        let url = socket_url(self.call.borrow().origin(), &self.path.borrow());
        // A browser that refuses the address gives no socket; the machine's deadline tries again.
        *place.borrow_mut() = Socket::open(&url, report);
    }

    fn source_ended(&self, source: Source) {
        self.send_track(source);
        let mut sources = self.call.borrow().view().sources;
        match source {
            Source::Microphone => sources.microphone = false,
            Source::Camera => sources.camera = false,
            Source::Screen => sources.screen = false,
        }
        self.feed(Input::Act(Act::Sources(sources)));
        (self.hooks.ended)(source);
    }

    fn close(&self) {
        self.closed.set(true);
        let _timer = self.timer.borrow_mut().take();
        let _sockets = (self.socket.take(), self.beside.socket.take());
        let _peers = (self.peer.take(), self.beside.peer.take());
        self.speaker.play(&[], |_| None);
        self.local.unfollow(self.following.get());
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.local.unfollow(self.following.get());
    }
}
