//! The running call of a page: signals that its parts read, and acts that they do.

use core::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use signaling_protocol::{Source, Sources};
use web_call::browser::{
    CallSession, Hooks, LocalMedia, MediaError, SecrecyView, StatsReport, TicketFuture, WakeLock,
    chime, is_visible, set_page_title, slot_views,
};
use web_call::{Act, CallHistory, CallView, Choosing, Entrance, Notice, SlotCount};

use super::words::{self, Kept, Loudness};
use crate::browser::now_us;
use crate::components::toast;
use crate::i18n::{Key, t_now};

/// Slots of a usual visit: up to three others, one of them sharing a screen.
const SLOTS: SlotCount = SlotCount { audio: 3, video: 4 };

/// A page that has just been built sets its title within a few milliseconds.
const TITLE_AFTER: Duration = Duration::from_millis(500);

/// The call of one page. Copies share it.
#[derive(Clone, Copy)]
pub(super) struct LiveCall {
    /// What the machine shows.
    pub(super) view: RwSignal<CallView>,
    /// The newest reading of the connection.
    pub(super) stats: RwSignal<StatsReport>,
    /// Encryption between people.
    pub(super) secrecy: RwSignal<SecrecyView>,
    /// The browser wants a click before it plays sound.
    pub(super) sound_blocked: RwSignal<bool>,
    /// What screen readers say.
    pub(super) said: RwSignal<String>,
    /// Counts changes of own tracks, so that the own picture follows.
    pub(super) devices: RwSignal<u32>,
    history: Kept<CallHistory>,
    session: Kept<Option<CallSession>>,
    local: Kept<LocalMedia>,
    awake: Kept<Option<WakeLock>>,
}

impl LiveCall {
    /// A call that has not begun. Everything stops with the page.
    pub(super) fn new() -> Self {
        let call = Self {
            view: RwSignal::new(CallView::idle()),
            stats: RwSignal::new(StatsReport::default()),
            secrecy: RwSignal::new(SecrecyView::default()),
            sound_blocked: RwSignal::new(false),
            said: RwSignal::new(String::new()),
            devices: RwSignal::new(0),
            history: StoredValue::new_local(CallHistory::default()),
            session: StoredValue::new_local(None),
            local: StoredValue::new_local(LocalMedia::default()),
            awake: StoredValue::new_local(None),
        };
        let over = Memo::new(move |_| call.view.with(|view| view.ending().is_some()));
        Effect::new(move || {
            if over.get() {
                call.local().stop_all();
                call.awake.set_value(None);
            }
        });
        on_cleanup(move || call.stop());
        call
    }

    /// The own devices.
    pub(super) fn local(self) -> LocalMedia {
        self.local.try_with_value(Clone::clone).unwrap_or_default()
    }

    /// Uses these devices from here on.
    pub(super) fn use_devices(self, local: LocalMedia) {
        self.local.set_value(local);
    }

    /// Begins. `sources` is what is sent at first.
    pub(super) fn start(
        self,
        (sources, entrance): (Sources, Entrance),
        ticket: impl Fn() -> TicketFuture + 'static,
    ) {
        let hooks = Hooks {
            ticket: Box::new(ticket),
            view: Box::new(move |view| {
                self.view.try_set(view);
            }),
            notice: Box::new(move |notice| self.tell(&notice)),
            stats: Box::new(move |stats| {
                self.remember(&stats);
                self.stats.try_set(stats);
            }),
            secrecy: Box::new(move |secrecy| self.follow_secrecy(secrecy)),
            sound_blocked: Box::new(move || {
                self.sound_blocked.try_set(true);
            }),
            devices: Box::new(move || {
                self.devices
                    .try_update(|count| *count = count.wrapping_add(1));
            }),
            ended: Box::new(|_| {}),
        };
        let session = CallSession::start(self.local(), (sources, SLOTS, entrance), hooks);
        self.session.set_value(Some(session));
        spawn_local(async move {
            let lock = WakeLock::request().await;
            let over = self.view.try_with_untracked(|view| view.ending().is_some());
            if over == Some(false) {
                self.awake.try_set_value(lock);
            }
        });
    }

    /// Other digits than before have to be compared again.
    fn follow_secrecy(self, secrecy: SecrecyView) {
        let before = self
            .secrecy
            .try_with_untracked(|before| before.code.clone())
            .flatten();
        if before.is_some() && secrecy.code.is_some() && before != secrecy.code {
            toast(t_now(Key::SecrecyChanged));
        }
        self.secrecy.try_set(secrecy);
    }

    fn tell(self, notice: &Notice) {
        if matches!(notice, Notice::Admitted | Notice::Waiting(_)) {
            chime();
        }
        if *notice == Notice::Admitted && !is_visible() {
            // After the page of the visit has set its own title.
            set_timeout(
                || set_page_title(t_now(Key::VisitAdmittedWindow)),
                TITLE_AFTER,
            );
        }
        let (words, loudness) = words::notice(notice);
        match loudness {
            // Its place is a live region too; saying it twice would only delay the next words.
            Loudness::Shown => toast(words),
            Loudness::Said => {
                self.said.try_set(words);
            }
        }
    }

    /// Keeps a reading for a report.
    fn remember(self, stats: &StatsReport) {
        let at_us = now_us().unsigned_abs();
        self.view.try_with_untracked(|view| {
            self.history
                .try_update_value(|history| history.push(at_us, view, stats))
        });
    }

    /// How the call was in its last minutes, without anything of who took part.
    pub(super) fn report(self) -> String {
        let me = self
            .view
            .with_untracked(|view| view.me.as_ref().map(|me| me.id));
        let user_agent = window().navigator().user_agent().unwrap_or_default();
        let now_us = now_us().unsigned_abs();
        self.history
            .with_value(|history| history.report(now_us, me, &user_agent))
    }

    fn session(self) -> Option<CallSession> {
        self.session.try_with_value(Clone::clone).flatten()
    }

    /// A person's act.
    pub(super) fn act(self, act: Act) {
        if let Some(session) = self.session() {
            session.act(act);
        }
    }

    /// Writes a message; false when there is nothing to send.
    pub(super) fn chat(self, text: String) -> bool {
        self.session().is_some_and(|session| session.chat(text))
    }

    /// Everything that stands in the chat has been read.
    pub(super) fn read_all(self) {
        let last = self
            .view
            .with_untracked(|view| view.chat.last().map(|line| line.seq));
        if let Some(seq) = last {
            self.act(Act::ChatRead { seq });
        }
    }

    /// Switches an own source; faults are shown.
    pub(super) fn switch(self, source: Source, on: bool) {
        let Some(session) = self.session() else {
            return;
        };
        spawn_local(async move {
            let done = match source {
                Source::Microphone => session.set_microphone(on).await,
                Source::Camera => session.set_camera(on).await,
                Source::Screen => session.set_screen(on).await,
            };
            self.answer(source, done);
        });
    }

    /// Uses another camera or microphone. What is off stays off. Before a visit a microphone has no
    /// switch, and is tried whenever one is chosen.
    pub(super) fn choose(self, source: Source, id: String) {
        let (session, local) = (self.session(), self.local());
        spawn_local(async move {
            let done = if let Some(session) = session {
                session.choose(source, id).await
            } else {
                let open = local.open_sources();
                let on = Sources {
                    microphone: true,
                    ..open
                };
                let choosing = Choosing::of(source, on, open);
                local.choose(source, id, choosing).await
            };
            self.answer(source, done);
        });
    }

    fn answer(self, source: Source, done: Result<(), MediaError>) {
        match done {
            // Closing the question for a screen is a choice, not a fault.
            Ok(()) | Err(MediaError::Unwanted) => {}
            Err(MediaError::Denied) if source == Source::Screen => {}
            Err(fault) => toast(t_now(words::media_fault(fault))),
        }
        self.devices
            .try_update(|count| *count = count.wrapping_add(1));
    }

    /// Shows a picture of another person in an element.
    pub(super) fn show(
        self,
        participant: signaling_protocol::ParticipantId,
        source: Source,
        element: &web_sys::HtmlVideoElement,
    ) {
        if let Some(session) = self.session() {
            session.show(participant, source, element);
        }
    }

    /// Tells the server how high each picture is shown.
    pub(super) fn send_views(self) {
        if let Some(session) = self.session() {
            session.set_views(slot_views());
        }
    }

    /// Plays sound, inside a click.
    pub(super) fn resume_sound(self) {
        if let Some(session) = self.session() {
            session.resume_sound();
        }
        self.sound_blocked.set(false);
    }

    /// Leaves; the visit goes on.
    pub(super) fn leave(self) {
        self.act(Act::Leave);
        self.local().stop_all();
    }

    fn stop(self) {
        if let Some(session) = self.session() {
            session.close();
        }
        self.local().stop_all();
        self.awake.set_value(None);
    }
}
