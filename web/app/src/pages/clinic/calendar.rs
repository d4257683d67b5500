use clinical_api::{CalendarBy, CalendarColumnView, CalendarEntryView, CalendarView};
use clinical_model::Role;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::super::words::{service_name, state};
use super::entry::Entry;
use super::make::Make;
use crate::browser::now_us;
use crate::components::{Button, Dialog, EmptyState, Glyph, Look, Page, part};
use crate::i18n::{Key, say, t};
use crate::remote::Remote;
use crate::session::me;
use crate::{api, tr, when};

/// Days of one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Day,
    Week,
}

impl Span {
    const fn days(self) -> i32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }
}

/// The calendar of the clinic: doctors, or rooms and devices, by day or week. Arrow keys go from
/// entry to entry, Enter opens one.
pub(crate) fn page() -> AnyView {
    let by = RwSignal::new(CalendarBy::Clinician);
    let span = RwSignal::new(Span::Day);
    let first = RwSignal::new(when::day_start(now_us(), 0));
    let opened = RwSignal::new(None::<CalendarEntryView>);
    let making = RwSignal::new(false);
    let books = me().is_some_and(|me| matches!(me.role, Role::Doctor | Role::Nurse));
    let day = RwSignal::new(when::day_key(first.get_untracked()));
    let go = move |days: i32| first.update(|it| *it = when::day_start(*it, days));
    Effect::new(move || day.set(when::day_key(first.get())));
    let pick = move |event: leptos::ev::Event| {
        if let Some(us) = super::choice::instant(&event_target_value(&event), "00:00") {
            first.set(us);
        }
    };
    let pressed = |is: bool| if is { "true" } else { "false" };
    view! {
        <Page title=say(Key::CalendarTitle)>
            <div class="row calendar-bar">
                <Button look=Look::Quiet icon=Glyph::Back testid="calendar-back" on_press=move || go(-span.get_untracked().days())>{say(Key::CalendarBack)}</Button>
                <label class="unseen" for="calendar-day">{say(Key::CalendarDay)}</label>
                <input type="date" id="calendar-day" data-testid="calendar-day" prop:value=day on:change=pick/>
                <Button look=Look::Quiet icon=Glyph::Next testid="calendar-next" on_press=move || go(span.get_untracked().days())>{say(Key::CalendarNext)}</Button>
                <button type="button" class="button quiet" data-testid="calendar-week" aria-pressed=move || pressed(span.get() == Span::Week)
                    on:click=move |_| span.update(|it| *it = if *it == Span::Week { Span::Day } else { Span::Week })>{say(Key::CalendarWeek)}</button>
                <button type="button" class="button quiet" data-testid="calendar-resources" aria-pressed=move || pressed(by.get() == CalendarBy::Resource)
                    on:click=move |_| by.update(|it| *it = if *it == CalendarBy::Resource { CalendarBy::Clinician } else { CalendarBy::Resource })>{say(Key::CalendarResources)}</button>
                {books.then(|| view! {
                    <Button icon=Glyph::Plus testid="calendar-new" on_press=move || making.set(true)>{say(Key::CalendarNew)}</Button>
                })}
            </div>
            {part(move || {
                let (by, from_us, days) = (by.get(), first.get(), span.get().days());
                let range = (from_us, when::day_start(from_us, days));
                let found = Remote::new(move || api::calendar(by, range));
                let reload = UnsyncCallback::new(move |()| found.reload());
                view! {
                    {found.show(move |view| view! { <Columns view opened/> })}
                    <Dialog open=making title=say(Key::MakeTitle) testid="make-dialog"><Make from_us making reload/></Dialog>
                    <Opened opened reload/>
                }
                .into_any()
            })}
        </Page>
    }
    .into_any()
}

/// What stands in the dialog of an entry.
#[component]
fn Opened(
    opened: RwSignal<Option<CalendarEntryView>>,
    reload: UnsyncCallback<()>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move || open.set(opened.with(Option::is_some)));
    Effect::new(move || {
        if !open.get() && opened.with_untracked(Option::is_some) {
            opened.set(None);
        }
    });
    view! {
        <Dialog open title=say(Key::CalendarEntryTitle) testid="entry-dialog">
            {part(move || opened.get().map(|entry| view! { <Entry entry open reload/> }))}
        </Dialog>
    }
}

#[component]
fn Columns(view: CalendarView, opened: RwSignal<Option<CalendarEntryView>>) -> impl IntoView {
    if view.columns.is_empty() {
        return view! { <EmptyState glyph=Glyph::Calendar><p>{say(Key::CalendarEmpty)}</p></EmptyState> }
            .into_any();
    }
    let entries = view.entries;
    let columns = view.columns.into_iter().map(|column| {
        let own = entries.iter().filter(|it| it.who == column.id).cloned();
        let own: Vec<_> = own.collect();
        view! { <Column column own opened/> }
    });
    view! { <div class="calendar" data-testid="calendar" on:keydown=walk>{columns.collect_view()}</div> }
        .into_any()
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

/// Whom and what an entry is for, as far as the reader may know; tracked.
pub(super) fn about(entry: &CalendarEntryView) -> String {
    let Some(it) = &entry.appointment else {
        return t(Key::CalendarTaken).to_owned();
    };
    let name = it.patient_name.clone();
    let mut words = vec![name.unwrap_or_else(|| t(Key::CalendarHidden).to_owned())];
    words.extend(it.service.as_deref().map(service_name));
    words.push(state(it.state).to_owned());
    if it.overbooked {
        words.push(t(Key::CalendarOverbooked).to_owned());
    }
    let words = words.join(" · ");
    tr!(Key::CalendarAbout, words = words)
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
