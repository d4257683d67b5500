//! Holding a recording, letting it go, and deleting it: each after a question.

use clinical_api::RecordingRowView;
use clinical_model::Role;
use clinical_model::recordings::RecordingState;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Button, Dialog, Failure, Field, Glyph, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::session::me;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Hold,
    Release,
    Delete,
}

impl Deed {
    const fn title(self) -> Key {
        match self {
            Self::Hold => Key::RecordingsHold,
            Self::Release => Key::RecordingsRelease,
            Self::Delete => Key::RecordingsDelete,
        }
    }

    const fn text(self) -> Key {
        match self {
            Self::Hold => Key::RecordingsHoldText,
            Self::Release => Key::RecordingsReleaseText,
            Self::Delete => Key::RecordingsDeleteText,
        }
    }

    const fn testid(self) -> &'static str {
        match self {
            Self::Hold => "recording-hold",
            Self::Release => "recording-release",
            Self::Delete => "recording-delete",
        }
    }
}

/// What the reader may do with a recording.
fn deeds(role: Role, row: &RecordingRowView) -> Vec<Deed> {
    let is_over = matches!(row.state, RecordingState::Ready | RecordingState::Failed);
    let is_admin = role == Role::Admin;
    let mut deeds = Vec::new();
    if row.held && is_admin {
        deeds.push(Deed::Release);
    }
    if !row.held
        && row.state != RecordingState::Deleted
        && matches!(role, Role::Admin | Role::Doctor)
    {
        deeds.push(Deed::Hold);
    }
    if is_over && !row.held && is_admin {
        deeds.push(Deed::Delete);
    }
    deeds
}

/// The buttons.
#[component]
pub(super) fn Keeping(
    row: RecordingRowView,
    on_done: UnsyncCallback<RecordingRowView>,
) -> impl IntoView {
    let asks = RwSignal::new(None::<Deed>);
    let open = RwSignal::new(false);
    let id = row.id;
    let deeds = me().map(|me| deeds(me.role, &row)).unwrap_or_default();
    let buttons = deeds.into_iter().map(|deed| {
        let look = if deed == Deed::Delete {
            Look::Danger
        } else {
            Look::Quiet
        };
        let ask = move || {
            asks.set(Some(deed));
            open.set(true);
        };
        view! { <Button look testid=deed.testid() on_press=ask>{say(deed.title())}</Button> }
    });
    let buttons = buttons.collect_view();
    let reason = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let wrong = Signal::derive(move || {
        let is_empty = reason.with(|reason| reason.trim().is_empty());
        (tried.get() && is_empty).then(|| t(Key::RecordingsReasonFault).to_owned())
    });
    let go = move || {
        let Some(deed) = asks.get_untracked() else {
            return;
        };
        let why = reason.get_untracked();
        tried.set(true);
        if deed != Deed::Release && why.trim().is_empty() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let done = match deed {
                Deed::Hold => api::hold_recording(id, why).await,
                Deed::Release => api::release_recording(id).await,
                Deed::Delete => api::delete_recording(id, why).await,
            };
            busy.try_set(false);
            match done {
                Ok(row) => {
                    open.try_set(false);
                    toast(t_now(Key::RecordingsDone));
                    on_done.run(row);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
        });
    };
    let title = move || asks.get().map_or("", |deed| t(deed.title()));
    view! {
        <div class="actions">{buttons}</div>
        <Dialog open title testid="recording-deed">
            <p>{part(move || asks.get().map_or("", |deed| t(deed.text())))}</p>
            {part(move || (asks.get() != Some(Deed::Release)).then(|| view! {
                <Field id="recording-reason" label=say(Key::RecordingsReason) error=wrong value=reason testid="recording-reason"/>
            }))}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button look=Look::Secondary testid="recording-deed-no" on_press=move || open.set(false)>{say(Key::RecordingsKeep)}</Button>
                <Button look=Look::Danger icon=Glyph::Check busy testid="recording-deed-yes" on_press=go>{part(title)}</Button>
            </div>
        </Dialog>
    }
}
