//! The frame of one page.

use core::cell::Cell;

use super::part::part;
use leptos::html;
use leptos::prelude::*;
use leptos::text_prop::TextProp;

use crate::browser;
use crate::i18n::{Key, t};

thread_local! {
    /// The first page keeps the focus where the browser put it.
    static ARRIVED: Cell<bool> = const { Cell::new(false) };
}

/// A page: its heading, which gets the focus when one comes here from another page, and the title
/// of the window.
#[component]
pub fn Page(
    /// The heading.
    #[prop(into)]
    title: TextProp,
    /// CSS class of the article: `narrow` for forms, `wide` for calls.
    #[prop(optional)]
    class: &'static str,
    /// What stands below the heading.
    children: Children,
) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    let window_title = title.clone();
    Effect::new(move || {
        browser::set_title(&format!("{} - {}", window_title.get(), t(Key::ClinicName)));
    });
    Effect::new(move || {
        if let Some(heading) = heading.get()
            && ARRIVED.replace(true)
        {
            heading.focus().ok();
        }
    });
    view! {
        <article class=format!("page {class}")>
            <h1 node_ref=heading tabindex="-1">{part(move || title.get())}</h1>
            {children()}
        </article>
    }
}
