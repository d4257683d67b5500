use clinical_api::{EmergencyView, ReviewRequest};
use clinical_model::access::ReviewVerdict;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::emergency::reason_key;
use crate::api::{self, ApiError};
use crate::components::{Button, EmptyState, Failure, Glyph, Icon, Look, Page, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::{tr, when};

type List = Remote<Vec<EmergencyView>>;

/// Emergency accesses of the facility, for who reviews them.
pub(crate) fn page() -> AnyView {
    let list: List = Remote::new(api::emergencies);
    view! {
        <Page title=say(Key::EmergenciesTitle)>
            <p class="lead">{say(Key::EmergenciesText)}</p>
            {list.show(move |found| {
                if found.is_empty() {
                    return view! { <EmptyState glyph=Glyph::Shield><p>{say(Key::EmergenciesNone)}</p></EmptyState> }.into_any();
                }
                found.into_iter().map(|it| view! { <Card it list/> }.into_any()).collect_view().into_any()
            })}
        </Page>
    }
    .into_any()
}

const fn verdict_key(verdict: ReviewVerdict) -> Key {
    match verdict {
        ReviewVerdict::Justified => Key::EmergenciesJustified,
        ReviewVerdict::NotJustified => Key::EmergenciesNotJustified,
    }
}

#[component]
fn Card(it: EmergencyView, list: List) -> impl IntoView {
    let (from_us, until_us, reason) = (it.from_us, it.until_us, reason_key(it.reason));
    let review = it.review;
    let (person, named) = (it.person, it.patient_name);
    let name = move || {
        let name = named.clone();
        name.unwrap_or_else(|| t(Key::EmergencyErased).to_owned())
    };
    let shown = name.clone();
    let act = review.is_none().then(|| {
        let id = it.id;
        view! { <Verdict id name=Signal::derive(name) list/> }.into_any()
    });
    view! {
        <section class="card" data-testid="emergency" data-state=review.map_or("open", ReviewVerdict::as_str)>
            <h2><Icon glyph=Glyph::Warning/>{part(move || tr!(Key::EmergenciesWho, person = person, name = shown()))}</h2>
            <p>{say(reason)} ": " <span class="said">{it.words}</span></p>
            <p class="hint">{part(move || tr!(Key::EmergenciesWhen, from = when::date_time(from_us), until = when::time(until_us)))}</p>
            <p><strong>{say(review.map_or(Key::EmergenciesOpen, verdict_key))}</strong></p>
            {act}
        </section>
    }
}

#[component]
fn Verdict(id: clinical_model::GrantId, name: Signal<String>, list: List) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let close = move |verdict: ReviewVerdict| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::review_emergency(id, &ReviewRequest { verdict }).await {
                Ok(()) => {
                    toast(t_now(Key::EmergenciesReviewed));
                    list.reload();
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions" role="group" aria-label=move || tr!(Key::EmergenciesActOn, name = name.get())>
            <Button look=Look::Secondary icon=Glyph::Check busy testid="review-justified" on_press=move || close(ReviewVerdict::Justified)>
                {say(Key::EmergenciesJustified)}
            </Button>
            <Button look=Look::Secondary icon=Glyph::Warning busy testid="review-not-justified" on_press=move || close(ReviewVerdict::NotJustified)>
                {say(Key::EmergenciesNotJustified)}
            </Button>
        </div>
    }
}
