//! An emergency: whom to call, what to do until help comes, and the doctor on call.

use clinical_api::{InterviewView, ProblemCode, TriageResultView};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::result::cited;
use super::symptoms::Walk;
use super::{call_link, list};
use crate::api::{self, Check};
use crate::browser;
use crate::components::{Alert, Failure, Glyph, Icon, Page, Tone, part};
use crate::i18n::{Key, say};
use crate::join_link;

/// The whole screen says one thing.
#[component]
pub(super) fn Emergency(
    walk: Walk,
    view: InterviewView,
    result: TriageResultView,
) -> impl IntoView {
    let numbers = view.emergency;
    let is_other = numbers.general != numbers.ambulance;
    let general = is_other.then(|| call_link(numbers.general, "button second"));
    let on_call = result.on_call.is_some();
    view! {
        <Page title=say(Key::TriageEmergencyTitle) class="narrow">
            <div class="triage-emergency" data-testid="triage-result" data-disposition="emergency">
                <div role="alert">
                    <Icon glyph=Glyph::Warning/>
                    <p class="lead">{say(Key::TriageEmergencyText)}</p>
                </div>
                {call_link(numbers.ambulance, "button")}
                {general}
                {on_call.then(|| view! { <OnCall walk second=true/> })}
                {(!result.advice.is_empty()).then(|| view! {
                    <h2>{say(Key::TriageUntilHelp)}</h2>
                    {cited(result.advice)}
                })}
                <div data-testid="triage-reasons">
                    <h2>{say(Key::TriageReasons)}</h2>
                    {list(result.reasons)}
                </div>
                <p>{say(Key::TriageIsNot)}</p>
                <p><a href="/symptoms" data-testid="triage-restart">{say(Key::TriageNotSo)}</a></p>
            </div>
        </Page>
    }
}

/// A visit at once with the doctor on call.
#[component]
pub(super) fn OnCall(walk: Walk, second: bool) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<api::ApiError>);
    let Check::Own(id) = walk.check else {
        return ().into_any();
    };
    let join = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::see_on_call(id).await {
                Ok(appointment) => {
                    if let Some(link) = appointment.link {
                        join_link::keep(appointment.id, &link.token);
                        browser::assign(&join_link::href(&link.token));
                    }
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    let class = if second {
        "button second"
    } else {
        "button primary"
    };
    view! {
        <button type="button" class=class data-testid="triage-on-call"
            aria-disabled=move || busy.get().then_some("true") on:click=join>
            <Icon glyph=Glyph::Video/>
            <span>{say(Key::TriageOncall)}</span>
        </button>
        {part(move || fault.get().map(|fault| if fault.is(ProblemCode::WrongState) {
            view! { <Alert tone=Tone::Error testid="error"><p>{say(Key::TriageNoDoctor)}</p></Alert> }.into_any()
        } else {
            view! { <Failure fault/> }.into_any()
        }))}
    }
    .into_any()
}
