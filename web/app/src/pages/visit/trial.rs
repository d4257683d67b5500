//! The connection test: through the server and back, with a sentence as its result.

use crate::components::part;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_call::Verdict;
use web_call::browser::{JoinGrant, LocalMedia, TicketAnswer, TicketFuture, run_trial};

use super::refusal::is_passing;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Glyph, Look, Spinner, Tone};
use crate::i18n::{Key, say, t};

use clinical_api::{JoinRequest, TestTicket};

/// Who asks for the test.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Asker {
    /// Somebody with a join link.
    Link(String),
    /// Somebody who is signed in.
    Account,
}

impl Asker {
    async fn ticket(self) -> Result<TestTicket, ApiError> {
        match self {
            Self::Link(token) => api::join_test(&JoinRequest { token }).await,
            Self::Account => api::connection_test().await,
        }
    }

    fn answer(self) -> TicketFuture {
        Box::pin(async move {
            match self.ticket().await {
                Ok(ticket) => TicketAnswer::Granted(JoinGrant {
                    ticket: ticket.ticket,
                    signal_path: ticket.signal_path,
                }),
                Err(fault) if is_passing(&fault) => TicketAnswer::Later,
                Err(_) => TicketAnswer::Refused,
            }
        })
    }
}

/// How far a test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TrialState {
    /// Not begun.
    Idle,
    /// Under way.
    Running,
    /// Done.
    Done(Verdict),
}

/// Begins a test with the open devices. It ends by itself when `state` is left or disposed.
pub(super) fn begin_trial(state: RwSignal<TrialState>, local: LocalMedia, asker: Asker) {
    if state.get_untracked() == TrialState::Running {
        return;
    }
    state.set(TrialState::Running);
    spawn_local(async move {
        let wanted = move || state.try_get_untracked() == Some(TrialState::Running);
        let verdict = run_trial(local, move || asker.clone().answer(), wanted).await;
        if let Some(verdict) = verdict {
            state.try_set(TrialState::Done(verdict));
        }
    });
}

const fn words(verdict: Verdict) -> (Tone, Key, Key, &'static str) {
    match verdict {
        Verdict::Works => (
            Tone::Success,
            Key::VisitTestWorks,
            Key::VisitTestWorksText,
            "works",
        ),
        Verdict::Weak => (
            Tone::Warning,
            Key::VisitTestWeak,
            Key::VisitTestWeakText,
            "weak",
        ),
        Verdict::NoServer => (
            Tone::Warning,
            Key::VisitTestNoServer,
            Key::VisitTestNoServerText,
            "no_server",
        ),
        Verdict::Blocked => (
            Tone::Warning,
            Key::VisitTestBlocked,
            Key::VisitTestBlockedText,
            "blocked",
        ),
        Verdict::NoSound => (
            Tone::Warning,
            Key::VisitTestNoSound,
            Key::VisitTestNoSoundText,
            "no_sound",
        ),
        Verdict::NoPicture => (
            Tone::Warning,
            Key::VisitTestNoPicture,
            Key::VisitTestNoPictureText,
            "no_picture",
        ),
    }
}

/// Shows a test and its result, with a button to repeat it.
#[component]
pub(super) fn TrialResult(state: RwSignal<TrialState>, again: UnsyncCallback<()>) -> impl IntoView {
    view! {
        <div class="visit-test" aria-live="polite">
            {part(move || match state.get() {
                TrialState::Idle => ().into_any(),
                TrialState::Running => view! { <Spinner label=say(Key::VisitTestRunning)/> }.into_any(),
                TrialState::Done(verdict) => {
                    let (tone, title, text, code) = words(verdict);
                    view! {
                        <div data-testid="test-result" data-verdict=code>
                            <Alert tone=tone>
                                <p><strong>{part(move || t(title))}</strong></p>
                                <p>{part(move || t(text))}</p>
                            </Alert>
                            {(verdict != Verdict::Works)
                                .then(|| {
                                    view! {
                                        <Button
                                            look=Look::Secondary
                                            icon=Glyph::Signal
                                            testid="test-again"
                                            on_press=move || again.run(())
                                        >
                                            {say(Key::VisitTestAgain)}
                                        </Button>
                                    }
                                })}
                        </div>
                    }
                        .into_any()
                }
            })}
        </div>
    }
}
