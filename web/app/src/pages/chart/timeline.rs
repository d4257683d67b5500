use clinical_api::{TimelineItem, TimelineVisit};
use leptos::prelude::*;

use super::state::Record;
use super::summary::Entry;
use super::words::KINDS;
use crate::components::{Button, EmptyState, Failure, Glyph, Icon, Look, Spinner, part};
use crate::i18n::{Key, say, t};
use crate::{tr, when};

/// Everything in one list, newest first.
#[component]
pub(super) fn Timeline(record: Record) -> impl IntoView {
    let line = record.line;
    let options = KINDS.into_iter().map(|(word, key)| {
        view! { <option value=word selected=move || line.kind.get() == word>{say(key)}</option> }
    });
    let options = options.collect_view();
    let choose = move |event: leptos::ev::Event| {
        line.kind.set(event_target_value(&event));
        record.load_line(None);
    };
    let retry = UnsyncCallback::new(move |()| record.load_line(None));
    view! {
        <section data-testid="timeline">
            <h2><Icon glyph=Glyph::Clock/><span>{say(Key::TimelineTitle)}</span></h2>
            <div class="field">
                <label for="timeline-kind">{say(Key::TimelineFilter)}</label>
                <select id="timeline-kind" data-testid="timeline-kind" on:change=choose>
                    <option value="">{say(Key::TimelineAll)}</option>
                    {options}
                </select>
            </div>
            {part(move || {
                let tag = line.tag.get();
                (!tag.is_empty()).then(|| view! { <Tagged record tag/> })
            })}
            {part(move || line.fault.get().map(|fault| view! { <Failure fault on_retry=retry/> }))}
            {part(move || {
                let items = line.items.get();
                if items.is_empty() && !line.loading.get() && line.fault.get().is_none() {
                    return view! { <EmptyState glyph=Glyph::Clock><p>{say(Key::TimelineEmpty)}</p></EmptyState> }.into_any();
                }
                let rows = items.into_iter().map(|item| view! { <li class="card"><Item record item/></li> });
                view! { <ol class="plain">{rows.collect_view()}</ol> }.into_any()
            })}
            {part(move || line.loading.get().then(|| view! { <Spinner/> }))}
            {part(move || line.next.get().map(|next| view! {
                <Button look=Look::Secondary testid="timeline-more" on_press=move || record.load_line(Some(next.clone()))>{say(Key::TimelineMore)}</Button>
            }))}
        </section>
    }
}

#[component]
fn Tagged(record: Record, tag: String) -> impl IntoView {
    let clear = move || {
        record.line.tag.set(String::new());
        record.load_line(None);
    };
    view! {
        <p class="row" role="status">
            <span>{part(move || tr!(Key::TimelineTagged, tag = tag))}</span>
            <Button look=Look::Quiet icon=Glyph::Cross testid="timeline-untag" on_press=clear>{say(Key::TimelineUntag)}</Button>
        </p>
    }
}

#[component]
fn Item(record: Record, item: TimelineItem) -> impl IntoView {
    match item {
        TimelineItem::Entry(entry) => view! { <Entry record entry=*entry/> }.into_any(),
        TimelineItem::Visit(visit) => view! { <Visit visit/> }.into_any(),
    }
}

#[component]
fn Visit(visit: TimelineVisit) -> impl IntoView {
    let us = visit.start_us;
    let doctor = visit.doctor_name;
    let is_cancelled = visit.stage == "cancelled";
    view! {
        <div class="entry" class:struck=is_cancelled data-testid="timeline-visit">
            <p><Icon glyph=Glyph::Video/>" "<strong>{move || t(Key::KindVisit)}</strong>
                {is_cancelled.then(|| view! { " " <span class="badge">{say(Key::StateCancelled)}</span> })}
            </p>
            <p>{doctor}</p>
            <p class="hint"><small>{part(move || when::date_time(us))}</small></p>
        </div>
    }
}
