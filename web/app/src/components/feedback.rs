//! Messages, waiting, emptiness, failure.

use super::part::part;
use clinical_api::ProblemCode;
use leptos::prelude::*;
use leptos::text_prop::TextProp;

use super::button::{Button, Look};
use super::icon::{Glyph, Icon};
use crate::api::ApiError;
use crate::i18n::{Key, say, t};

/// How serious an [`Alert`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Info,
    /// Something went well.
    Success,
    /// Something needs attention.
    Warning,
    /// Something failed; read out at once.
    Error,
}

/// A framed message with a picture.
#[component]
pub fn Alert(
    /// How serious it is.
    tone: Tone,
    /// For tests.
    #[prop(optional)]
    testid: Option<&'static str>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let (class, glyph, role) = match tone {
        Tone::Info => ("alert info", Glyph::Info, None),
        Tone::Success => ("alert success", Glyph::Check, Some("status")),
        Tone::Warning => ("alert warning", Glyph::Warning, None),
        Tone::Error => ("alert error", Glyph::Warning, Some("alert")),
    };
    view! {
        <div class=class role=role data-testid=testid>
            <Icon glyph/>
            <div>{children()}</div>
        </div>
    }
}

/// Something is on its way; said to screen readers.
#[component]
pub fn Spinner(
    /// What is on its way; "Loading" by itself.
    #[prop(optional, into)]
    label: Option<TextProp>,
) -> impl IntoView {
    view! {
        <div class="loading" role="status" data-testid="loading">
            <span class="spin" aria-hidden="true"></span>
            <span>{part(move || label.as_ref().map_or_else(|| t(Key::Loading).into(), TextProp::get))}</span>
        </div>
    }
}

/// A list without entries: what will stand here, and the way to the first one.
#[component]
pub fn EmptyState(
    /// A picture.
    glyph: Glyph,
    /// The words and the next step.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty" data-testid="empty">
            <Icon glyph/>
            {children()}
        </div>
    }
}

/// Why a request failed, in the reader's words; tracked.
#[must_use]
pub fn reason(fault: &ApiError) -> &'static str {
    t(match fault {
        ApiError::Offline => Key::FaultOffline,
        ApiError::Unreadable(_) => Key::FaultInternal,
        ApiError::Problem(problem) => key_of(problem.code),
    })
}

const fn key_of(code: ProblemCode) -> Key {
    match code {
        ProblemCode::Unauthenticated => Key::FaultUnauthenticated,
        ProblemCode::LoginFailed => Key::FaultLoginFailed,
        ProblemCode::SignInOver => Key::FaultSignInOver,
        ProblemCode::ProofRefused => Key::FaultProofRefused,
        ProblemCode::StepUpNeeded => Key::FaultStepUpNeeded,
        ProblemCode::EnrolmentNeeded => Key::FaultEnrolmentNeeded,
        ProblemCode::Forbidden => Key::FaultForbidden,
        ProblemCode::NotFound => Key::FaultNotFound,
        ProblemCode::SlotTaken => Key::FaultSlotTaken,
        ProblemCode::WrongState => Key::FaultWrongState,
        ProblemCode::Contraindicated => Key::FaultContraindicated,
        ProblemCode::NeedsReason => Key::FaultNeedsReason,
        ProblemCode::CheckFailed => Key::FaultCheckFailed,
        ProblemCode::Duplicate => Key::FaultDuplicate,
        ProblemCode::Changed => Key::FaultChanged,
        ProblemCode::Repeated => Key::FaultRepeated,
        ProblemCode::TooEarly => Key::FaultTooEarly,
        ProblemCode::Erased => Key::FaultErased,
        ProblemCode::Retained => Key::FaultRetained,
        ProblemCode::Ended => Key::FaultEnded,
        ProblemCode::Cancelled => Key::FaultCancelled,
        ProblemCode::LinkRevoked => Key::FaultLinkRevoked,
        ProblemCode::RateLimited => Key::FaultRateLimited,
        ProblemCode::Unavailable => Key::FaultUnavailable,
        ProblemCode::Invalid | ProblemCode::TooLarge => Key::FaultInvalid,
        ProblemCode::Malformed
        | ProblemCode::MethodNotAllowed
        | ProblemCode::UnsupportedMediaType
        | ProblemCode::KeyReused
        | ProblemCode::VersionNeeded
        | ProblemCode::Internal => Key::FaultInternal,
    }
}

/// A failed request: why, and a button to try again.
#[component]
pub fn Failure(
    /// What went wrong.
    fault: ApiError,
    /// Tries again; without it there is no button.
    #[prop(optional, into)]
    on_retry: Option<UnsyncCallback<()>>,
) -> impl IntoView {
    // Whether it is us or them is known to a page that comes without this application.
    let may_be_ours = fault
        .code()
        .is_some_and(|code| matches!(code, ProblemCode::Internal | ProblemCode::Unavailable));
    view! {
        <Alert tone=Tone::Error testid="error">
            <p>{part(move || reason(&fault))}</p>
            {may_be_ours.then(|| view! {
                <p><a href="/status" rel="external">{say(Key::FooterStatus)}</a></p>
            })}
            {on_retry
                .map(|retry| {
                    view! {
                        <Button look=Look::Secondary testid="retry" on_press=retry>
                            {say(Key::TryAgain)}
                        </Button>
                    }
                })}
        </Alert>
    }
}
