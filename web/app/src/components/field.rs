//! Form controls with label, hint and fault.

use super::part::part;
use leptos::prelude::*;
use leptos::text_prop::TextProp;

/// The ids that a control names as its description: hint first, then the fault.
fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    match (hint, error) {
        (true, true) => Some(format!("{id}-hint {id}-error")),
        (true, false) => Some(format!("{id}-hint")),
        (false, true) => Some(format!("{id}-error")),
        (false, false) => None,
    }
}

#[component]
fn Frame(
    id: &'static str,
    label: TextProp,
    hint: Option<TextProp>,
    error: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field" class:faulty=move || error.with(Option::is_some)>
            <label for=id>{part(move || label.get())}</label>
            {hint.map(|hint| view! { <p class="hint" id=format!("{id}-hint")>{part(move || hint.get())}</p> })}
            {children()}
            {part(move || {
                error
                    .get()
                    .map(|words| view! { <p class="fault" id=format!("{id}-error")>{words}</p> })
            })}
        </div>
    }
}

/// A labelled line of text with its fault below.
#[component]
pub fn Field(
    /// The id of the control; unique on the page.
    id: &'static str,
    /// What is asked for.
    #[prop(into)]
    label: TextProp,
    /// What helps to answer.
    #[prop(optional, into)]
    hint: Option<TextProp>,
    /// What is wrong with it, in words.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The text, both ways.
    value: RwSignal<String>,
    /// The HTML type: `text`, `email`, `password`, `time`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// For tests.
    #[prop(optional)]
    testid: Option<&'static str>,
) -> impl IntoView {
    let has_hint = hint.is_some();
    view! {
        <Frame id label hint error>
            <input
                id=id
                name=id
                type=kind
                autocomplete=autocomplete
                data-testid=testid
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=move || described_by(id, has_hint, error.with(Option::is_some))
                prop:value=value
                on:input=move |event| value.set(event_target_value(&event))
            />
        </Frame>
    }
}

/// A labelled text of several lines.
#[component]
pub fn TextArea(
    /// The id of the control; unique on the page.
    id: &'static str,
    /// What is asked for.
    #[prop(into)]
    label: TextProp,
    /// What helps to answer.
    #[prop(optional, into)]
    hint: Option<TextProp>,
    /// What is wrong with it, in words.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The text, both ways.
    value: RwSignal<String>,
    /// Lines shown.
    #[prop(default = 4)]
    rows: u8,
    /// Most characters.
    #[prop(default = 500)]
    max: u32,
    /// For tests.
    #[prop(optional)]
    testid: Option<&'static str>,
) -> impl IntoView {
    let has_hint = hint.is_some();
    view! {
        <Frame id label hint error>
            <textarea
                id=id
                name=id
                rows=rows.to_string()
                maxlength=max.to_string()
                data-testid=testid
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=move || described_by(id, has_hint, error.with(Option::is_some))
                prop:value=value
                on:input=move |event| value.set(event_target_value(&event))
            ></textarea>
        </Frame>
    }
}
