//! A labelled choice among words.

use leptos::prelude::*;

use crate::components::part;
use crate::i18n::{Key, say, t};

/// A labelled choice; `options` are the stored words and what people read.
#[component]
pub(super) fn Choice(
    /// The id of the control; unique on the page.
    id: &'static str,
    /// What is asked for.
    label: Key,
    /// The stored word, both ways.
    value: RwSignal<String>,
    /// Stored words with what people read.
    options: Vec<(&'static str, Key)>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(word, key)| {
            view! { <option value=word selected=move || value.with(|it| it == word)>{say(key)}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{say(label)}</label>
            <select id=id data-testid=id on:change=move |event| value.set(event_target_value(&event))>
                {options}
            </select>
        </div>
    }
}

/// A labelled choice among names that come from the server; the empty word stands for none.
#[component]
pub(super) fn NameChoice(
    /// The id of the control; unique on the page.
    id: &'static str,
    /// What is asked for.
    label: Key,
    /// The stored word, both ways.
    value: RwSignal<String>,
    /// Stored words with names.
    options: Vec<(String, String)>,
    /// What stands for none; without it there is always one.
    #[prop(optional)]
    none: Option<Key>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(word, name)| {
            let own = word.clone();
            view! { <option value=word selected=move || value.with(|it| *it == own)>{name}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{say(label)}</label>
            <select id=id data-testid=id on:change=move |event| value.set(event_target_value(&event))>
                {none.map(|key| view! { <option value="">{part(move || t(key))}</option> })}
                {options}
            </select>
        </div>
    }
}

/// The last moment of a day that a `date` input holds, in the reader's zone.
pub(super) fn end_of_day(day: &str) -> Option<i64> {
    let millis = js_sys::Date::parse(&format!("{day}T23:59:59"));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds of Date fit into 54 bits"
    )]
    let whole = millis.is_finite().then_some(millis as i64)?;
    Some(whole.saturating_mul(1_000))
}
