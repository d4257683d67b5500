//! Modal dialogs.

use super::part::part;
use leptos::html;
use leptos::prelude::*;
use leptos::text_prop::TextProp;

/// A modal dialog on `<dialog>`: the browser keeps the focus inside and gives it back; Escape
/// closes it. Put the buttons into the children, the safe one first.
#[component]
pub fn Dialog(
    /// Whether it is open, both ways.
    open: RwSignal<bool>,
    /// Its heading.
    #[prop(into)]
    title: TextProp,
    /// For tests.
    #[prop(optional)]
    testid: Option<&'static str>,
    /// What stands in it; built when it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let children = StoredValue::new(children);
    let title = StoredValue::new(title);
    Effect::new(move || {
        let Some(dialog) = node.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            (true, true) | (false, false) => {}
        }
    });
    view! {
        <dialog
            node_ref=node
            class="dialog"
            data-testid=testid
            aria-label=move || title.with_value(TextProp::get)
            on:close=move |_| open.set(false)
        >
            <Show when=move || open.get()>
                <h2>{part(move || title.with_value(TextProp::get))}</h2>
                {children.with_value(|children| children())}
            </Show>
        </dialog>
    }
}
