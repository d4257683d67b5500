//! Runs a [`Call`] against the real browser.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use gloo_timers::callback::{Interval, Timeout};
use signaling_protocol::{
    ChatText, ClientMessage, ConnectionId, IceServer, ParticipantId, Sdp, SlotView, Source, Sources,
};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlMediaElement;

use super::clock::{chat_id, now_ms, seed};
use super::devices::{LocalMedia, MediaError};
use super::host::{Listener, on_network, on_window, socket_url};
use super::peer::Peer;
use super::socket::{Socket, SocketEvent};
use super::sound::Speaker;
use super::stats::{self, StatsReport};
use crate::grade::Grader;
use crate::machine::{
    Act, Call, CallView, Config, Entrance, Input, Notice, Output, PeerChange, SlotCount,
};
use crate::pulse::Pulse;

/// How often it is looked whether anything arrives.
const PULSE_MS: u32 = 400;
/// Share of lost packets from which on speech is sent twice.
const SPEECH_LOSS: f64 = 0.03;
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
    path: RefCell<String>,
    peer: RefCell<Option<Peer>>,
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
            let blocked = me.clone();
            Inner {
                me: me.clone(),
                call: RefCell::new(Call::new(config)),
                shown: RefCell::default(),
                socket: RefCell::default(),
                path: RefCell::default(),
                peer: RefCell::default(),
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
        let measured = Rc::downgrade(&inner);
        let stats = Interval::new(STATS_MS, move || {
            if let Some(inner) = measured.upgrade() {
                inner.measure();
            }
        });
        let online = Rc::downgrade(&inner);
        let online = on_window("online", move || {
            if let Some(inner) = online.upgrade() {
                inner.feed(Input::NetworkChanged);
            }
        });
        let changed = Rc::downgrade(&inner);
        let network = on_network(move || {
            if let Some(inner) = changed.upgrade() {
                inner.feed(Input::NetworkChanged);
            }
        });
        let felt = Rc::downgrade(&inner);
        let pulse = Interval::new(PULSE_MS, move || {
            if let Some(inner) = felt.upgrade() {
                inner.feel_pulse();
            }
        });
        inner.feed(Input::Start);
        Self {
            inner,
            _held: Rc::new(Held {
                _stats: stats,
                _pulse: pulse,
                _online: online,
                _network: network,
            }),
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
        if !on {
            local.stop(Source::Camera);
        }
        Ok(())
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
        if !on {
            self.inner.local.stop(Source::Screen);
        }
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
        *self.shown.borrow_mut() = Some(view.clone());
        (self.hooks.view)(view);
    }

    fn play_sound(&self, view: &CallView) {
        let Some(connection) = view
            .connection
            .filter(|_| self.loudness == Loudness::Played)
        else {
            return self.speaker.play(&[], |_| None);
        };
        let keys: Vec<String> = view
            .slots
            .iter()
            .filter(|slot| slot.source == Source::Microphone)
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
            Output::OpenSocket(number) => self.open_socket(number),
            Output::Send(message) => self.send(&message),
            Output::CloseSocket => {
                let _closed = self.socket.borrow_mut().take();
            }
            Output::OpenPeer {
                connection,
                slots,
                relays,
                encrypted: _,
            } => self.open_peer(connection, slots, &relays),
            Output::RestartPeer { connection } => {
                self.with_peer(connection, Peer::restart);
                self.make_offer(connection);
            }
            Output::SendOnly {
                connection,
                sources,
            } => self.with_peer(connection, |peer| peer.send_only(&sources)),
            Output::OpenKey { .. } => {}
            Output::GrowPeer { connection, slots } => {
                self.with_peer(connection, |peer| peer.grow(slots));
                self.make_offer(connection);
            }
            Output::ApplyAnswer { connection, sdp } => self.apply_answer(connection, sdp),
            Output::ClosePeer => {
                let _closed = self.peer.borrow_mut().take();
            }
            Output::SetSources(sources) => self.local.pass_sound(sources.microphone),
            Output::Notice(notice) => (self.hooks.notice)(notice),
        }
    }

    fn send(&self, message: &ClientMessage) {
        if let Some(socket) = self.socket.borrow().as_ref() {
            socket.send(message);
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

    fn open_socket(&self, number: u32) {
        let me = self.me.clone();
        let report = Rc::new(move |event: SocketEvent| {
            let Some(inner) = me.upgrade() else { return };
            inner.feed(match event {
                SocketEvent::Opened => Input::SocketOpened(number),
                SocketEvent::Frame(frame) => Input::Frame(number, *frame),
                SocketEvent::Closed => Input::SocketClosed(number),
            });
        });
        let url = socket_url(&self.path.borrow());
        // A browser that refuses the address gives no socket; the machine's deadline tries again.
        *self.socket.borrow_mut() = Socket::open(&url, report);
    }

    fn with_peer(&self, connection: ConnectionId, work: impl FnOnce(&Peer)) {
        if let Some(peer) = self.peer.borrow().as_ref()
            && peer.connection == connection
        {
            work(peer);
        }
    }

    fn open_peer(&self, connection: ConnectionId, slots: SlotCount, relays: &[IceServer]) {
        let me = self.me.clone();
        let report = Rc::new(move |change: PeerChange| {
            if let Some(inner) = me.upgrade() {
                inner.feed(Input::Peer(connection, change));
                // The others learn at once that it works or no longer does.
                inner.measure();
            }
        });
        let made = Peer::new(connection, (slots, relays), &self.local, report).ok();
        self.pulse.replace(Pulse::default());
        self.speech_twice.set(false);
        *self.measured.borrow_mut() = StatsReport::default();
        let before = self.peer.replace(made);
        drop(before);
        self.make_offer(connection);
        self.measure();
    }

    fn make_offer(&self, connection: ConnectionId) {
        let parts = self
            .peer
            .borrow()
            .as_ref()
            .filter(|peer| peer.connection == connection)
            .map(Peer::parts);
        let me = self.me.clone();
        spawn_local(async move {
            let made = match parts {
                Some((pc, own)) => Peer::offer(pc, own).await.ok(),
                None => None,
            };
            let Some(inner) = me.upgrade() else { return };
            inner.feed(match made {
                Some((sdp, sources)) => Input::OfferMade {
                    connection,
                    sdp,
                    sources,
                },
                None => Input::Peer(connection, PeerChange::Failed),
            });
        });
    }

    fn apply_answer(&self, connection: ConnectionId, sdp: Sdp) {
        let pc = self
            .peer
            .borrow()
            .as_ref()
            .filter(|peer| peer.connection == connection)
            .map(|peer| peer.pc.clone());
        let Some(pc) = pc else { return };
        let me = self.me.clone();
        spawn_local(async move {
            if Peer::answer(pc, sdp).await.is_err()
                && let Some(inner) = me.upgrade()
            {
                inner.feed(Input::Peer(connection, PeerChange::Failed));
            }
        });
    }

    fn send_track(&self, source: Source) {
        if let Some(peer) = self.peer.borrow().as_ref() {
            peer.send_track(source, self.local.track(source).as_ref());
        }
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

    fn measure(&self) {
        let measured = self
            .peer
            .borrow()
            .as_ref()
            .map(|peer| (peer.connection, peer.pc.clone()));
        let Some((connection, pc)) = measured else {
            return;
        };
        let me = self.me.clone();
        spawn_local(async move {
            let Some(report) = stats::read(pc).await else {
                return;
            };
            let Some(inner) = me.upgrade() else { return };
            if !inner.uses(connection) {
                return;
            }
            let sample = report.sample_since(&inner.measured.borrow());
            inner.protect_speech(report.loss_sent);
            let quality = inner.grader.borrow_mut().feed(&sample);
            *inner.measured.borrow_mut() = report.clone();
            inner.feed(Input::Act(Act::Quality(quality)));
            (inner.hooks.stats)(report);
        });
    }

    /// Looks whether anything arrives. A browser calls a connection disconnected after seconds; the
    /// server has something to say several times a second to whoever sends.
    fn feel_pulse(&self) {
        let connected = self
            .peer
            .borrow()
            .as_ref()
            .filter(|peer| peer.is_connected())
            .map(|peer| (peer.connection, peer.pc.clone()));
        let Some((connection, pc)) = connected else {
            return;
        };
        let me = self.me.clone();
        spawn_local(async move {
            let Some(beat) = stats::beat(pc).await else {
                return;
            };
            let Some(inner) = me.upgrade() else { return };
            if inner.uses(connection) && inner.pulse.borrow_mut().feed(beat) {
                inner.feed(Input::Peer(connection, PeerChange::Stalled));
            }
        });
    }

    /// Speech is sent twice while the server misses some of it. Between people who encrypt for each
    /// other it is not: the server could not take it apart for browsers that do not know RED.
    fn protect_speech(&self, loss_sent: Option<f64>) {
        let lossy = loss_sent.is_some_and(|loss| loss > SPEECH_LOSS);
        let calm = loss_sent.is_none_or(|loss| loss < SPEECH_LOSS / 4.0);
        let twice = self.speech_twice.get();
        let wanted = (lossy || (twice && !calm)) && !self.call.borrow().view().encrypted;
        if wanted != twice {
            self.speech_twice.set(wanted);
            if let Some(peer) = self.peer.borrow().as_ref() {
                peer.protect_speech(wanted);
            }
        }
    }

    /// Whether this is still the connection in use; a reading of an earlier one says nothing.
    fn uses(&self, connection: ConnectionId) -> bool {
        let peer = self.peer.borrow();
        !self.closed.get()
            && peer
                .as_ref()
                .is_some_and(|peer| peer.connection == connection)
    }

    fn close(&self) {
        self.closed.set(true);
        let _timer = self.timer.borrow_mut().take();
        let _socket = self.socket.borrow_mut().take();
        let _peer = self.peer.borrow_mut().take();
        self.speaker.play(&[], |_| None);
        self.local.unfollow(self.following.get());
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.local.unfollow(self.following.get());
    }
}
