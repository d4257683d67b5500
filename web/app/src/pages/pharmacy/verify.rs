use clinical_api::{DocumentVerdictView, PaperView, ProblemCode};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_params_map;

use super::words::moment;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Field, Glyph, Page, Tone, part};
use crate::i18n::{Key, say};
use crate::tr;

/// What is known of a paper.
#[derive(Debug, Clone, PartialEq)]
enum Verdict {
    Paper(PaperView),
    Unknown,
    Altered,
    Foreign,
    Failed(ApiError),
}

fn judged(answer: Result<PaperView, ApiError>) -> Verdict {
    match answer {
        Ok(paper) => Verdict::Paper(paper),
        Err(fault) if fault.is(ProblemCode::NotFound) => Verdict::Unknown,
        Err(fault) => Verdict::Failed(fault),
    }
}

fn judged_file(answer: Result<DocumentVerdictView, ApiError>) -> Verdict {
    match answer {
        Ok(DocumentVerdictView {
            paper: Some(paper), ..
        }) => Verdict::Paper(paper),
        Ok(it) if it.verdict == "altered" => Verdict::Altered,
        Ok(_) => Verdict::Foreign,
        Err(fault) => Verdict::Failed(fault),
    }
}

/// Whether a prescription on paper is genuine, for whoever holds it.
pub(crate) fn page() -> AnyView {
    let params = use_params_map();
    let given = params.with_untracked(|params| params.get("code"));
    let code = RwSignal::new(given.clone().unwrap_or_default());
    let busy = RwSignal::new(false);
    let verdict = RwSignal::new(None::<Verdict>);
    let ask = move || {
        let typed = code.get_untracked();
        if typed.trim().is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        verdict.set(None);
        spawn_local(async move {
            let found = judged(api::verify_code(typed.trim()).await);
            verdict.try_set(Some(found));
            busy.try_set(false);
        });
    };
    if given.is_some() {
        ask();
    }
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        ask();
    };
    view! {
        <Page title=say(Key::VerifyTitle) class="narrow">
            <p class="lead">{say(Key::VerifyText)}</p>
            <form on:submit=submit novalidate>
                <Field id="verify-code" label=say(Key::RxCode) hint=say(Key::RxLookUpHint) value=code testid="verify-code"/>
                <Button submit=true busy icon=Glyph::Search testid="verify-submit">{say(Key::VerifyGo)}</Button>
            </form>
            {file_form((busy, verdict))}
            <div aria-live="polite">{part(move || verdict.get().map(shown))}</div>
        </Page>
    }
    .into_any()
}

/// A PDF that is shown instead of a code. It is judged at once.
fn file_form((busy, verdict): (RwSignal<bool>, RwSignal<Option<Verdict>>)) -> AnyView {
    let chosen = move |event: leptos::ev::Event| {
        let input = event_target::<web_sys::HtmlInputElement>(&event);
        let Some(file) = input.files().and_then(|files| files.get(0)) else {
            return;
        };
        busy.set(true);
        verdict.set(None);
        spawn_local(async move {
            let found = judged_file(api::verify_document(&file).await);
            verdict.try_set(Some(found));
            busy.try_set(false);
            // The same file can be chosen again.
            input.set_value("");
        });
    };
    view! {
        <div class="field">
            <label for="verify-file">{say(Key::VerifyFile)}</label>
            <p class="hint" id="verify-file-hint">{say(Key::VerifyFileHint)}</p>
            <input id="verify-file" type="file" accept="application/pdf" aria-describedby="verify-file-hint"
                data-testid="verify-file" on:change=chosen/>
        </div>
    }
    .into_any()
}

fn shown(verdict: Verdict) -> AnyView {
    match verdict {
        Verdict::Paper(paper) => state(&paper),
        Verdict::Unknown => view! {
            <Alert tone=Tone::Error testid="verify-unknown"><p>{say(Key::VerifyUnknown)}</p></Alert>
        }
        .into_any(),
        Verdict::Altered => view! {
            <Alert tone=Tone::Error testid="verify-altered"><p>{say(Key::VerifyAltered)}</p></Alert>
        }
        .into_any(),
        Verdict::Foreign => view! {
            <Alert tone=Tone::Error testid="verify-foreign"><p>{say(Key::VerifyForeign)}</p></Alert>
        }
        .into_any(),
        Verdict::Failed(fault) => view! { <Failure fault/> }.into_any(),
    }
}

fn state(paper: &PaperView) -> AnyView {
    let (tone, words) = match paper.state.as_str() {
        "valid" => (Tone::Success, Key::VerifyValid),
        "dispensed" => (Tone::Warning, Key::VerifyDispensed),
        "expired" => (Tone::Warning, Key::VerifyExpired),
        "replaced" => (Tone::Warning, Key::VerifyReplaced),
        _ => (Tone::Warning, Key::VerifyStopped),
    };
    let (signed, expires) = (paper.signed_us, paper.expires_us);
    view! {
        <div data-testid="verify-state" data-state=paper.state.clone()>
            <Alert tone>
                <p><strong>{say(words)}</strong></p>
                {signed.map(|us| view! { <p>{part(move || tr!(Key::VerifySigned, date = moment(us)))}</p> })}
                {expires.map(|us| view! { <p>{part(move || tr!(Key::VerifyUntil, date = moment(us)))}</p> })}
            </Alert>
        </div>
    }
    .into_any()
}
