//! The values of a report as a table.

use clinical_api::{OrderView, ValueView};
use clinical_model::results::Flag;
use leptos::prelude::*;

use super::unmatched::sent_line;
use super::{Tests, name_of, unit_words};
use crate::components::part;
use crate::i18n::{Key, Lang, lang, say, t};
use crate::tr;

/// What a flag says in a word; tracked.
pub(super) fn flag_words(flag: Option<Flag>) -> &'static str {
    t(match flag {
        None => Key::FlagNone,
        Some(Flag::Normal) => Key::FlagNormal,
        Some(Flag::Low) => Key::FlagLow,
        Some(Flag::High) => Key::FlagHigh,
        Some(Flag::Abnormal) => Key::FlagAbnormal,
        Some(Flag::CriticalLow) => Key::FlagCriticalLow,
        Some(Flag::CriticalHigh) => Key::FlagCriticalHigh,
        Some(Flag::CriticalAbnormal) => Key::FlagCritical,
    })
}

pub(super) fn flag_class(flag: Option<Flag>) -> &'static str {
    match flag {
        None | Some(Flag::Normal) => "flag",
        Some(Flag::Low | Flag::High | Flag::Abnormal) => "flag odd",
        Some(Flag::CriticalLow | Flag::CriticalHigh | Flag::CriticalAbnormal) => "flag critical",
    }
}

/// A number as the language writes it; tracked.
pub(super) fn number_words(text: &str) -> String {
    match lang() {
        Lang::En => text.to_owned(),
        Lang::Fr => text.replace('.', ","),
    }
}

/// The value with its unit; tracked.
pub(super) fn value_words(value: &ValueView) -> String {
    match value.value.as_str() {
        "found" => t(Key::ValueFound).to_owned(),
        "not_found" => t(Key::ValueNotFound).to_owned(),
        text if value.unit.is_empty() => text.to_owned(),
        text => format!("{} {}", number_words(text), unit_words(&value.unit)),
    }
}

/// The usual values; tracked.
pub(super) fn range_words(low: Option<&str>, high: Option<&str>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => {
            tr!(
                Key::RangeBetween,
                low = number_words(low),
                high = number_words(high)
            )
        }
        (Some(low), None) => tr!(Key::RangeFrom, low = number_words(low)),
        (None, Some(high)) => tr!(Key::RangeTo, high = number_words(high)),
        (None, None) => String::new(),
    }
}

fn oddities(value: &ValueView) -> Vec<String> {
    value
        .oddities
        .iter()
        .map(|it| match it.kind.as_str() {
            "delta" => tr!(Key::OddDelta, percent = it.percent),
            _ => tr!(Key::OddTrend, percent = it.percent),
        })
        .collect()
}

fn row(value: ValueView, tests: Tests) -> AnyView {
    let code = value.code.clone();
    let (flag, entered) = (value.flag, value.entered.clone());
    let (low, high) = (value.low.clone(), value.high.clone());
    let (odd, testcode) = (value.clone(), value.code.clone());
    view! {
        <li data-testid="value" data-code=testcode>
            <strong>{part(move || name_of(tests, &code))}</strong>
            <span class="number">{part(move || value_words(&value))}</span>
            <span class=flag_class(flag)>{part(move || flag_words(flag))}</span>
            <span class="hint">
                {part(move || range_words(low.as_deref(), high.as_deref()))}
                {entered.map(|text| format!(" ({text})"))}
            </span>
            {part(move || oddities(&odd).into_iter().map(|text| view! { <span class="hint">{text}</span> }).collect_view())}
        </li>
    }
    .into_any()
}

/// The newest report of an order.
pub(super) fn report(order: &OrderView, tests: Tests) -> Option<AnyView> {
    let report = order.report.clone()?;
    let rows: Vec<AnyView> = report
        .values
        .into_iter()
        .map(|value| row(value, tests))
        .collect();
    let others: Vec<AnyView> = report.others.into_iter().map(sent_line).collect();
    let others = (!others.is_empty()).then(|| {
        view! {
            <p class="hint">{say(Key::ResultsOthers)}</p>
            <ul class="plain values">{others}</ul>
        }
        .into_any()
    });
    let why = report.why.map(|why| {
        view! { <p class="hint" data-testid="why">{part(move || tr!(Key::ResultsCorrected, why = why))}</p> }.into_any()
    });
    Some(
        view! {
            <ul class="plain values">{rows}</ul>
            {others}
            {super::words(report.comment)}
            {why}
        }
        .into_any(),
    )
}
