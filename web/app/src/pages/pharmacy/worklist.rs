use clinical_api::{PrescriptionView, RefusalTimesView};
use clinical_model::prescribing::Stage;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::parts::stage_tag;
use super::words::{medicines, span};
use crate::api::{self, ApiError};
use crate::browser::now_us;
use crate::components::{Alert, Button, EmptyState, Failure, Field, Glyph, Icon, Page, Tone, part};
use crate::i18n::{Key, say};
use crate::remote::Remote;
use crate::tr;

/// How often the list is asked for again.
const RELOAD_MS: u32 = 15_000;

/// What waits at the pharmacy, those who wait longest first; then the rest.
pub(crate) fn page() -> AnyView {
    let list = Remote::new(|| api::prescriptions(None));
    let again = StoredValue::new_local(Some(Interval::new(RELOAD_MS, move || list.reload())));
    on_cleanup(move || drop(again.try_update_value(Option::take)));
    let times = Remote::new(api::refusal_times);
    view! {
        <Page title=say(Key::NavPharmacy)>
            {look_up()}
            {list.show(groups)}
            {times.show(|times| plot(&times))}
        </Page>
    }
    .into_any()
}

/// Finds a prescription by the code on its paper.
fn look_up() -> AnyView {
    let code = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let unknown = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let navigate = StoredValue::new_local(use_navigate());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = code.get_untracked();
        if typed.trim().is_empty() {
            return;
        }
        busy.set(true);
        unknown.set(false);
        fault.set(None);
        spawn_local(async move {
            match api::prescription_of_code(typed.trim()).await {
                Ok(Some(it)) => {
                    let path = format!("/pharmacy/{}", it.id);
                    navigate.try_with_value(|go| go(&path, NavigateOptions::default()));
                }
                Ok(None) => {
                    unknown.try_set(true);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <form on:submit=submit class="card" novalidate>
            <Field id="code" label=say(Key::RxLookUp) hint=say(Key::RxLookUpHint) value=code testid="code"/>
            {part(move || unknown.get().then(|| view! { <Alert tone=Tone::Warning testid="code-unknown">{say(Key::RxCodeUnknown)}</Alert> }))}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <Button submit=true busy icon=Glyph::Search testid="code-submit">{say(Key::RxFind)}</Button>
        </form>
    }
    .into_any()
}

fn groups(found: Vec<PrescriptionView>) -> AnyView {
    let mut incoming = Vec::new();
    let (mut back, mut done) = (Vec::new(), Vec::new());
    for it in found {
        match it.stage {
            Stage::Transmitted | Stage::DispensedPart => incoming.push(it),
            Stage::Refused => back.push(it),
            Stage::Completed | Stage::Replaced => done.push(it),
            Stage::Draft | Stage::Signed | Stage::Cancelled => {}
        }
    }
    incoming.sort_by_key(|it| it.sent_us);
    let empty = incoming.is_empty();
    view! {
        <section data-testid="incoming">
            <h2><Icon glyph=Glyph::Pill/>{say(Key::RxIncoming)}</h2>
            {if empty {
                view! { <EmptyState glyph=Glyph::Check><p>{say(Key::RxIncomingNone)}</p></EmptyState> }.into_any()
            } else {
                rows(incoming)
            }}
        </section>
        {section(Key::RxWithDoctor, back)}
        {section(Key::RxDone, done)}
    }
    .into_any()
}

fn section(title: Key, list: Vec<PrescriptionView>) -> AnyView {
    if list.is_empty() {
        return ().into_any();
    }
    view! { <section><h2>{say(title)}</h2>{rows(list)}</section> }.into_any()
}

fn rows(list: Vec<PrescriptionView>) -> AnyView {
    let rows = list.into_iter().map(|it| {
        let id = it.id;
        let stage = it.stage;
        let name = it.patient_name.clone();
        let waits = matches!(stage, Stage::Transmitted | Stage::DispensedPart);
        let since = it.sent_us.filter(|_| waits);
        view! {
            <li data-testid="rx-row" data-id=id.to_string() data-stage=stage.as_str()>
                <a class="choice" href=format!("/pharmacy/{id}")>
                    <Icon glyph=Glyph::Pill/>
                    <span>
                        <strong>{name}</strong>
                        <small>{part(move || medicines(&it))}</small>
                        {since.map(|us| view! { <small data-testid="waits"><Icon glyph=Glyph::Clock/>" "{part(move || tr!(Key::RxWaits, time = span(now_us() - us)))}</small> })}
                        {stage_tag(stage)}
                    </span>
                    <Icon glyph=Glyph::Next/>
                </a>
            </li>
        }
    });
    view! { <ul class="choices">{rows.collect_view()}</ul> }.into_any()
}

/// How long doctors took to answer refusals, as bars.
pub(super) fn plot(times: &RefusalTimesView) -> AnyView {
    if times.refused == 0 {
        return ().into_any();
    }
    let longest = times.replaced_us_max.max(times.seen_us_max).max(1);
    let bars = [
        (Key::RxTimeSeenMean, times.seen_us_mean),
        (Key::RxTimeSeenMax, times.seen_us_max),
        (Key::RxTimeReplacedMean, times.replaced_us_mean),
        (Key::RxTimeReplacedMax, times.replaced_us_max),
    ];
    let bars = bars.into_iter().map(|(label, us)| {
        let share = us.saturating_mul(100) / longest;
        view! {
            <dt>{say(label)}</dt>
            <dd>
                <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                    <rect width=share.to_string() height="6"></rect>
                </svg>
                {part(move || span(us))}
            </dd>
        }
    });
    let (refused, seen, replaced) = (times.refused, times.seen, times.replaced);
    view! {
        <section class="card" data-testid="refusal-times">
            <h2><Icon glyph=Glyph::Chart/>{say(Key::RxTimesTitle)}</h2>
            <p>{part(move || tr!(Key::RxTimesText, refused = refused, seen = seen, replaced = replaced))}</p>
            <dl class="facts">{bars.collect_view()}</dl>
        </section>
    }
    .into_any()
}
