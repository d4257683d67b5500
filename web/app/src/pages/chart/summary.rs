use clinical_api::{ChartView, EntryView};
use leptos::prelude::*;

use super::state::{Asking, Record};
use super::words;
use crate::components::{Button, Glyph, Icon, Look, part};
use crate::i18n::{Key, say, t};
use crate::{tr, when};

/// What there is to know first: allergies, then problems and medicines.
#[component]
pub(super) fn Summary(record: Record) -> impl IntoView {
    record
        .chart
        .show(move |chart| view! { <Lists chart record/> }.into_any())
}

#[component]
fn Lists(chart: ChartView, record: Record) -> impl IntoView {
    view! {
        <Group record title=Key::ChartAllergies none=Key::ChartNoAllergies glyph=Glyph::Warning entries=chart.allergies testid="chart-allergies"/>
        <Group record title=Key::ChartConditions none=Key::ChartNothing glyph=Glyph::Heart entries=chart.conditions testid="chart-conditions"/>
        <Group record title=Key::ChartMedications none=Key::ChartNothing glyph=Glyph::Pill entries=chart.medications testid="chart-medications"/>
        <Group record title=Key::ChartObservations none=Key::ChartNothing glyph=Glyph::Chart entries=chart.observations testid="chart-observations"/>
        <Group record title=Key::ChartImmunizations none=Key::ChartNothing glyph=Glyph::Shield entries=chart.immunizations testid="chart-immunizations"/>
        <Group record title=Key::ChartFamily none=Key::ChartNothing glyph=Glyph::People entries=chart.family_history testid="chart-family"/>
    }
}

#[component]
fn Group(
    record: Record,
    title: Key,
    none: Key,
    glyph: Glyph,
    entries: Vec<EntryView>,
    testid: &'static str,
) -> impl IntoView {
    let is_empty = entries.is_empty();
    let rows = entries
        .into_iter()
        .map(|entry| view! { <li><Entry record entry/></li> });
    view! {
        <section class="card" data-testid=testid>
            <h2><Icon glyph/><span>{say(title)}</span></h2>
            {if is_empty {
                view! { <p class="hint">{say(none)}</p> }.into_any()
            } else {
                view! { <ul class="plain entries">{rows.collect_view()}</ul> }.into_any()
            }}
        </section>
    }
}

/// One entry with what may be done about it.
#[component]
pub(super) fn Entry(record: Record, entry: EntryView) -> impl IntoView {
    let fact = StoredValue::new(entry.fact.clone());
    let kind = entry.fact.kind();
    let (us, by) = (entry.effective_us, entry.author_name.clone());
    let is_hidden = entry.label > clinical_model::access::Label::Normal;
    let is_struck = entry.status == clinical_model::chart::EntryStatus::EnteredInError;
    let tags = entry.tags.clone();
    view! {
        <div class="entry" class:struck=is_struck data-testid="entry" data-kind=kind.as_str()>
            <p><strong>{part(move || fact.with_value(words::title))}</strong>
                {is_hidden.then(|| view! { " " <span class="badge"><Icon glyph=Glyph::Eye/>{say(Key::EntryIsHidden)}</span> })}
                {is_struck.then(|| view! { " " <span class="badge">{say(Key::EntryIsStruck)}</span> })}
            </p>
            <p class="written">{part(move || fact.with_value(words::detail))}</p>
            <p class="hint"><small>{part(move || tr!(Key::EntryBy, name = by, date = when::date(us)))}</small></p>
            {(!tags.is_empty()).then(|| view! { <Tags record tags/> })}
            {part(move || (!is_struck && record.may_write(kind)).then(|| view! { <Acts record entry=entry.clone()/> }))}
        </div>
    }
}

#[component]
fn Tags(record: Record, tags: Vec<String>) -> impl IntoView {
    let buttons = tags.into_iter().map(|tag| {
        let word = tag.clone();
        let filter = move || {
            record.line.tag.set(word.clone());
            record.load_line(None);
        };
        view! { <Button look=Look::Quiet testid="entry-tag" on_press=filter>{format!("#{tag}")}</Button> }
    });
    view! { <div class="row">{buttons.collect_view()}</div> }
}

#[component]
fn Acts(record: Record, entry: EntryView) -> impl IntoView {
    let name = StoredValue::new(entry.fact.clone());
    let has_before = entry.version > 1;
    let (amend, strike) = (entry.clone(), entry.clone());
    view! {
        <div class="row" role="group" aria-label=move || name.with_value(words::title)>
            <Button look=Look::Quiet icon=Glyph::Edit testid="entry-amend" on_press=move || record.asking.set(Some(Asking::Amend(amend.clone())))>{move || t(Key::EntryAmend)}</Button>
            <Button look=Look::Quiet icon=Glyph::Cross testid="entry-strike" on_press=move || record.asking.set(Some(Asking::Strike(strike.clone())))>{move || t(Key::EntryStrike)}</Button>
            {has_before.then(|| view! {
                <Button look=Look::Quiet icon=Glyph::Clock testid="entry-versions" on_press=move || record.asking.set(Some(Asking::Versions(entry.clone())))>{move || t(Key::EntryVersions)}</Button>
            })}
        </div>
    }
}
