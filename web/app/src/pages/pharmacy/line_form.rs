use clinical_api::MedicineView;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::draft::{Chosen, Draft, LineFields, amount};
use super::words::{ROUTES, UNITS, both, times, unit};
use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Glyph, Icon, Look, part};
use crate::i18n::{Key, Plural, say, t, tn};
use crate::tr;

/// How long the search field must be left alone before it is asked.
const QUIET_MS: u32 = 250;
/// How often a day, as it can be chosen.
const FREQUENCIES: [&str; 8] = [
    "1",
    "2",
    "3",
    "4",
    "6",
    "0.5",
    "0.14285714285714285",
    "0.03333333333333333",
];

/// The fields of one medicine.
pub(super) fn line_form(draft: Draft, fields: LineFields, number: usize) -> AnyView {
    let key = fields.key;
    let many = move || draft.lines.with(|lines| lines.len() > 1);
    let chosen = fields.medicine;
    view! {
        <fieldset class="card" data-testid="line" data-line=number.to_string()>
            <legend>{part(move || tr!(Key::RxLine, n = number + 1))}</legend>
            {part(move || match chosen.get() {
                None => search(fields),
                Some(medicine) => name_of(medicine, chosen),
            })}
            {part(move || chosen.get().is_some().then(|| details(fields)))}
            {part(move || many().then(|| view! {
                <Button look=Look::Quiet icon=Glyph::Bin testid="line-remove" on_press=move || draft.remove(key)>{say(Key::RxLineRemove)}</Button>
            }))}
        </fieldset>
    }
    .into_any()
}

fn name_of(medicine: Chosen, chosen: RwSignal<Option<Chosen>>) -> AnyView {
    let (name, controlled) = (medicine.name, medicine.controlled);
    view! {
        <div class="row between">
            <p data-testid="line-medicine" data-id=medicine.id><Icon glyph=Glyph::Pill/>" "<strong>{part(move || both(&name))}</strong></p>
            <Button look=Look::Quiet icon=Glyph::Edit testid="line-other" on_press=move || chosen.set(None)>{say(Key::RxOtherMedicine)}</Button>
        </div>
        {controlled.then(|| view! { <p class="hint"><Icon glyph=Glyph::Key/>" "{say(Key::RxControlled)}</p> })}
    }
    .into_any()
}

fn search(fields: LineFields) -> AnyView {
    let typed = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Result<Vec<MedicineView>, ApiError>>);
    let timer = StoredValue::new_local(None::<Timeout>);
    let ask = move |event: leptos::ev::Event| {
        typed.set(event_target_value(&event));
        let wait = Timeout::new(QUIET_MS, move || {
            spawn_local(async move {
                let text = typed.try_get_untracked().unwrap_or_default();
                if text.trim().is_empty() {
                    found.try_set(None);
                    return;
                }
                let answer = api::medicines(text.trim()).await;
                // An answer to what was typed before is no answer any more.
                if typed.try_get_untracked().as_ref() == Some(&text) {
                    found.try_set(Some(answer));
                }
            });
        });
        timer.set_value(Some(wait));
    };
    on_cleanup(move || drop(timer.try_update_value(Option::take)));
    let id = format!("medicine-{}", fields.key);
    view! {
        <div class="field">
            <label for=id.clone()>{say(Key::RxMedicine)}</label>
            <p class="hint" id=format!("{id}-hint")>{say(Key::RxMedicineHint)}</p>
            <input id=id.clone() type="search" autocomplete="off" data-testid="medicine-search"
                aria-describedby=format!("{id}-hint") prop:value=typed on:input=ask/>
        </div>
        {part(move || found.get().map(|found| match found {
            Ok(list) => hits(list, fields),
            Err(fault) => view! { <Failure fault/> }.into_any(),
        }))}
    }
    .into_any()
}

fn hits(list: Vec<MedicineView>, fields: LineFields) -> AnyView {
    let count = list.len() as u64;
    let rows = list.into_iter().map(|it| {
        let (name, id) = (it.name.clone(), it.id.clone());
        let forms: Vec<String> = it
            .forms
            .iter()
            .map(|form| form.strength.clone())
            .filter(|strength| !strength.is_empty())
            .take(4)
            .collect();
        let more = it.brands.iter().take(3).chain(&forms).cloned();
        let more: Vec<String> = more.collect();
        let choose = move |_| fields.choose(it.clone());
        view! {
            <li>
                <button type="button" class="choice" data-testid="medicine" data-id=id on:click=choose>
                    <Icon glyph=Glyph::Pill/>
                    <span><strong>{part(move || both(&name))}</strong><small>{more.join(" · ")}</small></span>
                </button>
            </li>
        }
    });
    view! {
        <p role="status" class="hint">{part(move || tn(Plural::RxFound, count))}</p>
        <ul class="choices">{rows.collect_view()}</ul>
    }
    .into_any()
}

fn details(fields: LineFields) -> AnyView {
    let key = fields.key;
    view! {
        <div class="grid">
            {entry((key, "dose"), Key::RxDose, fields.dose, true)}
            {choice((key, "unit"), Key::RxUnit, fields.unit, unit_options())}
            {choice((key, "route"), Key::RxRoute, fields.route, route_options())}
            {choice((key, "per_day"), Key::RxOften, fields.per_day, frequency_options(&fields.per_day.get_untracked()))}
            {entry((key, "days"), Key::RxLasts, fields.days, true)}
            {entry((key, "quantity"), Key::RxQuantity, fields.quantity, true)}
            {entry((key, "repeats"), Key::RxRepeat, fields.repeats, false)}
            {entry((key, "indication"), Key::RxIndication, fields.indication, false)}
        </div>
        {entry((key, "directions"), Key::RxDirections, fields.directions, false)}
    }
    .into_any()
}

/// A labelled line of text. A needed one says when what stands in it is no number above zero.
fn entry(
    (line, name): (u32, &'static str),
    label: Key,
    value: RwSignal<String>,
    needed: bool,
) -> AnyView {
    let id = format!("{name}-{line}");
    let fault_id = format!("{id}-error");
    let faulty =
        move || needed && value.with(|text| !text.trim().is_empty() && amount(text).is_none());
    let mode = match name {
        "dose" => Some("decimal"),
        "days" | "quantity" | "repeats" => Some("numeric"),
        _ => None,
    };
    let described = fault_id.clone();
    view! {
        <div class="field" class:faulty=faulty>
            <label for=id.clone()>{say(label)}</label>
            <input id=id type="text" autocomplete="off" inputmode=mode data-testid=format!("line-{name}")
                maxlength="200" aria-required=needed.then_some("true") aria-invalid=move || faulty().then_some("true")
                aria-describedby=move || faulty().then(|| described.clone())
                prop:value=value on:input=move |event| value.set(event_target_value(&event))/>
            {part(move || faulty().then(|| view! { <p class="fault" id=fault_id.clone()>{say(Key::RxNumberFault)}</p> }))}
        </div>
    }
    .into_any()
}

type Options = Vec<(String, Box<dyn Fn() -> String + Send + Sync>)>;

fn unit_options() -> Options {
    UNITS
        .into_iter()
        .map(|word| {
            let words: Box<dyn Fn() -> String + Send + Sync> = Box::new(move || unit(word));
            (word.to_owned(), words)
        })
        .collect()
}

fn route_options() -> Options {
    ROUTES
        .into_iter()
        .map(|(word, key)| {
            let words: Box<dyn Fn() -> String + Send + Sync> = Box::new(move || t(key).to_owned());
            (word.to_owned(), words)
        })
        .collect()
}

/// The usual frequencies, and one that stands there already.
fn frequency_options(now: &str) -> Options {
    let own = Some(now).filter(|it| !FREQUENCIES.contains(it));
    FREQUENCIES
        .into_iter()
        .chain(own)
        .map(|word| {
            let per_day = amount(word).unwrap_or(1.0);
            let words: Box<dyn Fn() -> String + Send + Sync> = Box::new(move || times(per_day));
            (word.to_owned(), words)
        })
        .collect()
}

fn choice(
    (line, name): (u32, &'static str),
    label: Key,
    value: RwSignal<String>,
    options: Options,
) -> AnyView {
    let id = format!("{name}-{line}");
    let options = options.into_iter().map(|(word, words)| {
        let is_chosen = word.clone();
        view! { <option value=word selected=move || value.with(|it| *it == is_chosen)>{part(words)}</option> }
    });
    view! {
        <div class="field">
            <label for=id.clone()>{say(label)}</label>
            <select id=id data-testid=format!("line-{name}") on:change=move |event| value.set(event_target_value(&event))>
                {options.collect_view()}
            </select>
        </div>
    }
    .into_any()
}
