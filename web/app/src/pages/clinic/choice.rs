//! A labelled choice.

use leptos::prelude::*;

use crate::components::part;
use crate::i18n::{Key, t};

/// A labelled choice among words that were made when it was built.
#[component]
pub(super) fn Select(
    /// The id of the control; unique on the page, and what tests call it.
    id: &'static str,
    /// What is asked for.
    label: Key,
    /// The stored word, both ways.
    value: RwSignal<String>,
    /// Stored words with what people read.
    options: Vec<(String, String)>,
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
            <label for=id>{part(move || t(label))}</label>
            <select id=id data-testid=id on:change=move |event| value.set(event_target_value(&event))>{options}</select>
        </div>
    }
}

/// A labelled box to tick.
#[component]
pub(super) fn Tick(
    /// The id of the control; unique on the page, and what tests call it.
    id: &'static str,
    /// What is asked for.
    label: Key,
    /// Whether it is ticked, both ways.
    value: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <p class="row">
            <input type="checkbox" id=id data-testid=id prop:checked=value on:change=move |event| value.set(event_target_checked(&event))/>
            <label for=id>{part(move || t(label))}</label>
        </p>
    }
}

/// The instant of a day and a time of the reader's clock, as `date` and `time` inputs hold them.
pub(super) fn instant(day: &str, time: &str) -> Option<i64> {
    let millis = js_sys::Date::parse(&format!("{day}T{time}"));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds of Date fit into 54 bits"
    )]
    let whole = millis.is_finite().then_some(millis as i64)?;
    Some(whole.saturating_mul(1_000))
}
