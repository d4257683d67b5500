//! The doctor's note beside the pictures: saved while writing, signed once.

use core::cell::RefCell;

use crate::components::part;
use clinical_api::{NoteRequest, NoteState, NoteView, ProblemCode, SignNoteRequest};
use clinical_model::AppointmentId;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_logic::three_way::merged;

use super::note_draft::FromCaptions;
use super::words::Kept;
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Button, Choice, Conflict, Dialog, Glyph, Look, Tone, Versions, reason,
};
use crate::i18n::{Key, say, t};
use crate::remote::Remote;
use crate::when;

/// Saved this long after the last key.
const QUIET_MS: u32 = 1_200;
/// Longest note, in characters.
pub(super) const CHARS_MAX: u32 = 20_000;

/// Where the draft stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Saving {
    /// As on the server.
    Saved,
    /// Written since.
    Dirty,
    /// On its way.
    Sending,
    /// Somebody else was quicker: what they saved is shown beside what is written.
    Compared,
    /// Refused.
    Failed(ApiError),
}

/// The note of an appointment.
#[component]
pub(super) fn NotePanel(appointment: AppointmentId) -> impl IntoView {
    let note = Remote::new(move || api::note(appointment));
    note.show(move |loaded| match loaded.state {
        NoteState::Signed => view! { <Signed note=loaded/> }.into_any(),
        NoteState::Draft => view! { <Draft appointment loaded note/> }.into_any(),
    })
}

#[component]
fn Signed(note: NoteView) -> impl IntoView {
    view! {
        <div class="visit-note" data-testid="note-signed">
            <Alert tone=Tone::Success>
                {say(Key::VisitNoteSigned)}
                " "
                {note.signed_us.map(|at| move || when::date_time(at))}
            </Alert>
            <p class="visit-note-text" data-testid="note-text">{note.text}</p>
        </div>
    }
}

/// A draft that could not be saved when its panel closed; it opens with it again.
struct Left {
    appointment: AppointmentId,
    text: String,
    began: String,
    version: u32,
}

thread_local! {
    static LEFT: RefCell<Option<Left>> = const { RefCell::new(None) };
}

/// A draft that is being written. Copies share it.
#[derive(Clone, Copy)]
struct Desk {
    appointment: AppointmentId,
    text: RwSignal<String>,
    /// What the text was at that version.
    began: RwSignal<String>,
    version: RwSignal<u32>,
    saving: RwSignal<Saving>,
    /// What somebody saved meanwhile. While it is there nothing is saved by itself.
    stored: RwSignal<Option<NoteView>>,
    timer: Kept<Option<Timeout>>,
}

impl Desk {
    fn write(self, text: String) {
        self.text.set(text);
        if self.stored.with_untracked(Option::is_some) {
            return;
        }
        self.saving.set(Saving::Dirty);
        let timer = Timeout::new(QUIET_MS, move || {
            spawn_local(async move { drop(self.save().await) });
        });
        self.timer.set_value(Some(timer));
    }

    /// Saves what is there. Words written meanwhile are saved by the next round.
    async fn save(self) -> Option<NoteView> {
        if self.saving.try_get_untracked()? == Saving::Sending {
            return None;
        }
        self.saving.try_set(Saving::Sending);
        let text = self.text.try_get_untracked()?;
        let request = NoteRequest {
            text: text.clone(),
            version: self.version.try_get_untracked()?,
        };
        match api::save_note(self.appointment, &request).await {
            Ok(saved) => {
                self.version.try_set(saved.version);
                self.began.try_set(text.clone());
                if self.text.try_get_untracked().as_ref() == Some(&text) {
                    self.saving.try_set(Saving::Saved);
                } else if let Some(newest) = self.text.try_get_untracked() {
                    self.write(newest);
                }
                Some(saved)
            }
            Err(fault) => {
                if fault.is(ProblemCode::Changed) {
                    self.compare().await;
                } else {
                    self.saving.try_set(Saving::Failed(fault));
                }
                None
            }
        }
    }

    /// Fetches what is stored, to be shown beside what is written.
    async fn compare(self) {
        match api::note(self.appointment).await {
            Ok(stored) => {
                self.stored.try_set(Some(stored));
                self.saving.try_set(Saving::Compared);
            }
            Err(fault) => {
                self.saving.try_set(Saving::Failed(fault));
            }
        }
    }

    fn leave(self) {
        let left = Left {
            appointment: self.appointment,
            text: self.text.get_untracked(),
            began: self.began.get_untracked(),
            version: self.version.get_untracked(),
        };
        LEFT.with(|it| it.replace(Some(left)));
    }

    fn come_back(self) {
        let left = LEFT.with(RefCell::take);
        if let Some(left) = left.filter(|it| it.appointment == self.appointment) {
            self.began.set(left.began);
            self.version.set(left.version);
            self.write(left.text);
        }
    }

    /// Goes on as the person chose.
    fn choose(self, choice: Choice, note: Remote<NoteView>) {
        let Some(stored) = self.stored.get_untracked() else {
            return;
        };
        self.stored.set(None);
        let written = self.text.get_untracked();
        let next = match choice {
            Choice::Theirs => {
                self.saving.set(Saving::Saved);
                note.put(stored);
                return;
            }
            Choice::Mine => written,
            Choice::Both => merged(&self.began.get_untracked(), &stored.text, &written),
        };
        self.version.set(stored.version);
        self.began.set(stored.text);
        self.write(next);
    }
}

#[component]
fn Draft(appointment: AppointmentId, loaded: NoteView, note: Remote<NoteView>) -> impl IntoView {
    let desk = Desk {
        appointment,
        text: RwSignal::new(loaded.text.clone()),
        began: RwSignal::new(loaded.text),
        version: RwSignal::new(loaded.version),
        saving: RwSignal::new(Saving::Saved),
        stored: RwSignal::new(None),
        timer: StoredValue::new_local(None),
    };
    on_cleanup(move || {
        desk.timer.set_value(None);
        // The panel closes before the quiet second is over: save now.
        if desk.saving.get_untracked() == Saving::Dirty {
            let request = NoteRequest {
                text: desk.text.get_untracked(),
                version: desk.version.get_untracked(),
            };
            spawn_local(async move { drop(api::save_note(appointment, &request).await) });
        }
        if matches!(
            desk.saving.get_untracked(),
            Saving::Compared | Saving::Failed(_)
        ) {
            desk.leave();
        }
    });
    desk.come_back();
    view! {
        <div class="visit-note">
            <label for="note-text">{say(Key::VisitNoteLabel)}</label>
            <textarea
                id="note-text"
                data-testid="note-text"
                rows="12"
                maxlength=CHARS_MAX.to_string()
                prop:value=desk.text
                on:input=move |event| desk.write(event_target_value(&event))
            ></textarea>
            <SaveState desk/>
            {part(move || desk.stored.get().map(|stored| view! { <Compared desk stored note/> }))}
            <FromCaptions appointment text=desk.text write=UnsyncCallback::new(move |text| desk.write(text))/>
            <Sign desk note/>
        </div>
    }
}

#[component]
fn SaveState(desk: Desk) -> impl IntoView {
    let code = move || match desk.saving.get() {
        Saving::Saved if desk.version.get() == 0 => "new",
        Saving::Saved => "saved",
        Saving::Dirty | Saving::Sending => "saving",
        Saving::Compared => "compared",
        Saving::Failed(_) => "failed",
    };
    let retry = move || {
        desk.saving.set(Saving::Dirty);
        spawn_local(async move { drop(desk.save().await) });
    };
    view! {
        <div role="status" data-testid="note-save-state" data-state=code>
            {part(move || match desk.saving.get() {
                Saving::Saved if desk.version.get() == 0 => {
                    view! { <p class="hint">{say(Key::VisitNoteNew)}</p> }.into_any()
                }
                Saving::Saved => view! { <p class="hint">{say(Key::VisitNoteSaved)}</p> }.into_any(),
                Saving::Dirty | Saving::Sending => {
                    view! { <p class="hint">{say(Key::VisitNoteSaving)}</p> }.into_any()
                }
                // The comparison speaks for itself.
                Saving::Compared => ().into_any(),
                Saving::Failed(fault) => {
                    view! {
                        <Alert tone=Tone::Error testid="error">
                            <p>{part(move || reason(&fault))}</p>
                            <Button look=Look::Secondary testid="note-retry" on_press=retry>{say(Key::TryAgain)}</Button>
                        </Alert>
                    }
                        .into_any()
                }
            })}
        </div>
    }
}

/// The note that somebody else saved, beside this one.
#[component]
fn Compared(desk: Desk, stored: NoteView, note: Remote<NoteView>) -> impl IntoView {
    let closed = stored.state == NoteState::Signed;
    let texts = Versions {
        began: desk.began.into(),
        stored: Signal::stored(stored.text),
        mine: desk.text.into(),
    };
    view! { <Conflict texts closed on_choice=move |choice| desk.choose(choice, note)/> }
}

#[component]
fn Sign(desk: Desk, note: Remote<NoteView>) -> impl IntoView {
    let asking = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let blocked = Signal::derive(move || {
        desk.text.with(|text| text.trim().is_empty()) || desk.stored.with(Option::is_some)
    });
    let sign = move || {
        busy.set(true);
        fault.set(None);
        desk.timer.set_value(None);
        spawn_local(async move {
            if desk.saving.get_untracked() != Saving::Saved && desk.save().await.is_none() {
                busy.try_set(false);
                asking.try_set(false);
                return;
            }
            let request = SignNoteRequest {
                version: desk.version.get_untracked(),
            };
            match api::sign_note(desk.appointment, &request).await {
                Ok(signed) => note.put(signed),
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <Button look=Look::Secondary icon=Glyph::Edit testid="note-sign" disabled=blocked on_press=move || asking.set(true)>
            {say(Key::VisitNoteSign)}
        </Button>
        <Dialog open=asking title=say(Key::VisitNoteSignTitle) testid="note-sign-dialog">
            <p>{say(Key::VisitNoteSignText)}</p>
            {part(move || fault.get().map(|fault| view! { <Alert tone=Tone::Error testid="error">{part(move || reason(&fault))}</Alert> }))}
            <div class="visit-answers">
                <Button look=Look::Secondary testid="note-sign-cancel" on_press=move || asking.set(false)>
                    {part(move || t(Key::VisitStay))}
                </Button>
                <Button busy icon=Glyph::Check testid="note-sign-confirm" on_press=sign>
                    {say(Key::VisitNoteSign)}
                </Button>
            </div>
        </Dialog>
    }
}
