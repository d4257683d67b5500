//! A place in the waiting list for who finds no time.

use clinical_api::{DayPart, ProblemCode, WaitRequest};
use clinical_model::{ServiceId, UserId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::choice::{Tick, instant};
use crate::api::{self, ApiError};
use crate::browser::now_us;
use crate::components::{Alert, Button, Failure, Field, Glyph, Icon, Tone, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::when;

/// How many days ahead somebody waits unless they say so.
const DAYS: i32 = 30;

#[component]
pub(super) fn Wait(service: ServiceId, doctor: Option<UserId>) -> impl IntoView {
    let navigate = use_navigate();
    let until = RwSignal::new(when::day_key(when::day_start(now_us(), DAYS)));
    let parts = [true, true, true].map(RwSignal::new);
    let [morning, afternoon, evening] = parts;
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let wrong = Signal::derive(move || {
        let is_past = end(&until.get()).is_none_or(|at| at <= now_us());
        (tried.get() && is_past).then(|| t(Key::WaitUntilFault).to_owned())
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let Some(until_us) = end(&until.get_untracked()) else {
            return;
        };
        if busy.get_untracked() || until_us <= now_us() {
            return;
        }
        let words = [DayPart::Morning, DayPart::Afternoon, DayPart::Evening];
        let chosen = words.into_iter().zip(parts);
        let request = WaitRequest {
            service,
            doctor,
            from_us: now_us(),
            until_us,
            parts: chosen
                .filter_map(|(word, ticked)| ticked.get_untracked().then_some(word))
                .collect(),
            patient: None,
        };
        busy.set(true);
        fault.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            match api::wait(&request).await {
                Ok(_) => {
                    toast(t_now(Key::WaitDone));
                    navigate("/appointments", NavigateOptions::default());
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <section class="card" data-testid="wait-form">
            <h2><Icon glyph=Glyph::Clock/>{say(Key::WaitTitle)}</h2>
            <p>{say(Key::WaitText)}</p>
            <form on:submit=send novalidate>
                <Field id="wait-until" label=say(Key::WaitUntil) error=wrong value=until kind="date" testid="wait-until"/>
                <fieldset>
                    <legend>{say(Key::WaitParts)}</legend>
                    <Tick id="wait-morning" label=Key::PartMorning value=morning/>
                    <Tick id="wait-afternoon" label=Key::PartAfternoon value=afternoon/>
                    <Tick id="wait-evening" label=Key::PartEvening value=evening/>
                </fieldset>
                {part(move || fault.get().map(|fault| if fault.is(ProblemCode::WrongState) {
                    view! { <Alert tone=Tone::Info testid="wait-already">{say(Key::WaitAlready)}</Alert> }.into_any()
                } else {
                    view! { <Failure fault/> }.into_any()
                }))}
                <Button submit=true busy icon=Glyph::Check testid="wait-send">{say(Key::WaitSend)}</Button>
            </form>
        </section>
    }
}

/// The last minute of a day.
fn end(day: &str) -> Option<i64> {
    instant(day, "23:59")
}
