//! Choices of a form.

use leptos::prelude::*;

use crate::i18n::{Key, say};

/// A labelled list to choose from; words of the value, with their names.
pub(super) fn select(
    id: &'static str,
    label: Key,
    options: &'static [(&'static str, Key)],
    value: RwSignal<String>,
) -> AnyView {
    let options: Vec<AnyView> = options
        .iter()
        .map(|(word, key)| {
            view! { <option value=*word selected=move || value.get() == *word>{say(*key)}</option> }
                .into_any()
        })
        .collect();
    view! {
        <div class="field">
            <label for=id>{say(label)}</label>
            <select id=id data-testid=id on:change=move |event| value.set(event_target_value(&event))>
                {options}
            </select>
        </div>
    }
    .into_any()
}

/// One of several that exclude each other.
pub(super) fn radio<V: Copy + PartialEq + Send + Sync + 'static>(
    (name, testid): (&'static str, &'static str),
    mine: V,
    chosen: RwSignal<V>,
    words: AnyView,
) -> AnyView {
    view! {
        <label class="check">
            <input type="radio" name=name data-testid=testid
                prop:checked=move || chosen.get() == mine
                on:change=move |_| chosen.set(mine)/>
            <span>{words}</span>
        </label>
    }
    .into_any()
}
