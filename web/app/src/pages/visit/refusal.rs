//! Why one cannot enter, each with what to do next.

use crate::components::part;
use clinical_api::{Problem, ProblemCode};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;

use super::words::Kept;
use crate::api::ApiError;
use crate::browser::now_us;
use crate::components::{Alert, Button, Glyph, Look, Page, Tone};
use crate::i18n::{Key, say, t};
use crate::{tr, when};

/// A refusal that a person can understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The waiting room opens later, Unix microseconds.
    TooEarly(Option<i64>),
    /// The visit is over.
    Ended,
    /// The appointment was cancelled.
    Cancelled,
    /// The link was replaced or revoked, or has expired.
    Revoked,
    /// There is no such link or appointment.
    NotFound,
    /// The server cannot be reached or cannot answer now.
    Unreachable,
}

/// Whether it makes sense to ask again by itself.
pub(super) fn is_passing(fault: &ApiError) -> bool {
    match fault {
        ApiError::Offline => true,
        ApiError::Unreadable(status) => *status >= 500 || *status == 0,
        ApiError::Problem(problem) => matches!(
            problem.code,
            ProblemCode::Unavailable | ProblemCode::RateLimited | ProblemCode::Internal
        ),
    }
}

impl From<&ApiError> for Refusal {
    fn from(fault: &ApiError) -> Self {
        match fault {
            ApiError::Problem(problem) => of_problem(problem),
            ApiError::Offline | ApiError::Unreadable(_) => Self::Unreachable,
        }
    }
}

fn of_problem(problem: &Problem) -> Refusal {
    match problem.code {
        ProblemCode::TooEarly => Refusal::TooEarly(problem.opens_at_us),
        ProblemCode::Ended => Refusal::Ended,
        ProblemCode::Cancelled => Refusal::Cancelled,
        ProblemCode::LinkRevoked => Refusal::Revoked,
        ProblemCode::NotFound
        | ProblemCode::Malformed
        | ProblemCode::Invalid
        | ProblemCode::Forbidden
        | ProblemCode::Unauthenticated
        | ProblemCode::LoginFailed
        | ProblemCode::SignInOver
        | ProblemCode::ProofRefused
        | ProblemCode::StepUpNeeded
        | ProblemCode::Erased
        | ProblemCode::Retained
        | ProblemCode::EnrolmentNeeded
        | ProblemCode::MethodNotAllowed
        | ProblemCode::SlotTaken
        | ProblemCode::WrongState
        | ProblemCode::Duplicate
        | ProblemCode::Contraindicated
        | ProblemCode::NeedsReason
        | ProblemCode::Changed
        | ProblemCode::VersionNeeded
        | ProblemCode::Repeated
        | ProblemCode::KeyReused
        | ProblemCode::TooLarge
        | ProblemCode::UnsupportedMediaType => Refusal::NotFound,
        ProblemCode::RateLimited
        | ProblemCode::Unavailable
        | ProblemCode::CheckFailed
        | ProblemCode::Internal => Refusal::Unreachable,
    }
}

impl Refusal {
    const fn words(self) -> (Key, Key, &'static str) {
        match self {
            Self::TooEarly(_) => (Key::VisitEarlyTitle, Key::VisitEarlyText, "too_early"),
            Self::Ended => (Key::VisitOverTitle, Key::VisitOverText, "ended"),
            Self::Cancelled => (
                Key::VisitCancelledTitle,
                Key::VisitCancelledText,
                "cancelled",
            ),
            Self::Revoked => (
                Key::VisitRevokedTitle,
                Key::VisitRevokedText,
                "link_revoked",
            ),
            Self::NotFound => (Key::VisitUnknownTitle, Key::VisitUnknownText, "not_found"),
            Self::Unreachable => (
                Key::VisitUnreachableTitle,
                Key::VisitUnreachableText,
                "unreachable",
            ),
        }
    }
}

/// The page of a refusal. `again` asks once more; a page that is too early does so by itself.
#[component]
pub(super) fn Refused(refusal: Refusal, again: UnsyncCallback<()>) -> impl IntoView {
    let (title, text, code) = refusal.words();
    let timer: Kept<Option<Timeout>> = StoredValue::new_local(None);
    let opens_us = match refusal {
        Refusal::TooEarly(opens_us) => opens_us,
        _ => None,
    };
    if matches!(refusal, Refusal::TooEarly(_) | Refusal::Unreachable) {
        let wait_ms = opens_us.map_or(10_000, |opens| {
            // A little after the hour, and at least every ten minutes: clocks differ.
            opens.saturating_sub(now_us()).clamp(0, 600_000_000) / 1_000 + 1_000
        });
        let wait_ms = u32::try_from(wait_ms).unwrap_or(10_000);
        timer.set_value(Some(Timeout::new(wait_ms, move || again.run(()))));
    }
    on_cleanup(move || timer.set_value(None));
    view! {
        <Page title=say(title) class="narrow">
            <div data-testid="refusal" data-code=code>
                <Alert tone=Tone::Info>
                    {opens_us
                        .map(|opens| {
                            view! {
                                <p class="visit-big" data-testid="opens-at">
                                    {part(move || tr!(Key::AtTime, date = when::date(opens), time = when::time(opens)))}
                                </p>
                            }
                        })}
                    <p>{part(move || t(text))}</p>
                </Alert>
                <p class="visit-next">
                    {match refusal {
                        Refusal::TooEarly(_) | Refusal::Unreachable => {
                            view! {
                                <Button look=Look::Secondary icon=Glyph::Clock testid="retry" on_press=move || again.run(())>
                                    {say(Key::VisitTryNow)}
                                </Button>
                            }
                                .into_any()
                        }
                        Refusal::Ended | Refusal::Cancelled | Refusal::Revoked | Refusal::NotFound => {
                            view! {
                                <a class="button primary" href="/appointments" data-testid="to-appointments">
                                    {say(Key::VisitToAppointments)}
                                </a>
                            }
                                .into_any()
                        }
                    }}
                </p>
            </div>
        </Page>
    }
}
