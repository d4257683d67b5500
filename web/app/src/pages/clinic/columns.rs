//! The calendar as lists, for small screens: a card for each doctor, room or device.

use clinical_api::{CalendarColumnView, CalendarEntryView, CalendarView};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::calendar::about;
use crate::components::part;
use crate::i18n::{Key, say};
use crate::when;

#[component]
pub(super) fn Columns(
    view: CalendarView,
    opened: RwSignal<Option<CalendarEntryView>>,
) -> impl IntoView {
    let entries = view.entries;
    let columns = view.columns.into_iter().map(|column| {
        let own = entries.iter().filter(|it| it.who == column.id).cloned();
        let own: Vec<_> = own.collect();
        view! { <Column column own opened/> }
    });
    view! { <div class="calendar" on:keydown=walk>{columns.collect_view()}</div> }
}

#[component]
fn Column(
    column: CalendarColumnView,
    own: Vec<CalendarEntryView>,
    opened: RwSignal<Option<CalendarEntryView>>,
) -> impl IntoView {
    let is_free = own.is_empty();
    let open = column.open.into_iter().map(|it| {
        view! {
            <li>{part(move || {
                let from = if when::day_key(it.from_us) == when::day_key(it.to_us) { when::time(it.to_us) } else { when::date_time(it.to_us) };
                format!("{} – {from}", when::date_time(it.from_us))
            })}</li>
        }
    });
    let open = open.collect_view();
    let is_closed = open.is_empty();
    let rows = own
        .into_iter()
        .map(|entry| view! { <li><Row entry opened/></li> });
    let rows = rows.collect_view();
    let name = column.name.clone();
    view! {
        <section class="card" aria-label=name data-testid="calendar-column">
            <h2>{column.name}</h2>
            <details>
                <summary>{say(if is_closed { Key::CalendarClosed } else { Key::CalendarOpen })}</summary>
                <ul>{open}</ul>
            </details>
            {is_free.then(|| view! { <p class="hint">{say(Key::CalendarFree)}</p> })}
            <ul class="choices">{rows}</ul>
        </section>
    }
}

#[component]
fn Row(entry: CalendarEntryView, opened: RwSignal<Option<CalendarEntryView>>) -> impl IntoView {
    let shown = entry.clone();
    let (from_us, to_us) = shown
        .appointment
        .as_ref()
        .map_or((shown.from_us, shown.to_us), |it| (it.start_us, it.end_us));
    view! {
        <button type="button" class="choice" data-testid="calendar-entry" on:click=move |_| opened.set(Some(entry.clone()))>
            <span>
                <strong>{part(move || format!("{} – {}", when::date_time(from_us), when::time(to_us)))}</strong>
                <small>{part(move || about(&shown))}</small>
            </span>
        </button>
    }
}

/// Arrow keys move the focus among the entries.
fn walk(event: leptos::ev::KeyboardEvent) {
    let forward = match event.key().as_str() {
        "ArrowDown" | "ArrowRight" => true,
        "ArrowUp" | "ArrowLeft" => false,
        _ => return,
    };
    let Some(document) = web_sys::window().and_then(|it| it.document()) else {
        return;
    };
    let Ok(list) = document.query_selector_all(".calendar .choice") else {
        return;
    };
    let now = document.active_element();
    let count = list.length();
    let at = (0..count).find(|index| {
        let node = list
            .item(*index)
            .and_then(|it| it.dyn_into::<web_sys::Element>().ok());
        node.is_some() && node == now
    });
    let next = match (at, forward) {
        (None, _) => 0,
        (Some(at), true) => (at + 1).min(count.saturating_sub(1)),
        (Some(at), false) => at.saturating_sub(1),
    };
    let target = list
        .item(next)
        .and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(element) = target {
        event.prevent_default();
        element.focus().ok();
    }
}
