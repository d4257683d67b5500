//! Orders and results: the worklist of a department, the order and the inbox of a doctor, and what a
//! patient reads.

mod entering;
pub(crate) mod inbox;
pub(crate) mod mine;
pub(crate) mod order;
mod trend;
pub(crate) mod unmatched;
mod values;
pub(crate) mod worklist;

use clinical_api::{OrderView, PersonBrief};
use clinical_model::notify::Language;
use clinical_model::results::{LabTest, Priority};
use leptos::prelude::*;

use crate::components::part;
use crate::i18n::{Key, Lang, lang, say, t};
use crate::{tr, when};

/// The tests of the catalogue, shared by the parts of a page.
pub(super) type Tests = StoredValue<Vec<LabTest>>;

/// The language of the pages as the model names it; tracked.
pub(super) fn language() -> Language {
    match lang() {
        Lang::En => Language::English,
        Lang::Fr => Language::French,
    }
}

/// The test of a code.
pub(super) fn test_of(tests: Tests, code: &str) -> Option<LabTest> {
    tests.with_value(|all| all.iter().find(|it| it.loinc.as_str() == code).cloned())
}

/// The name of a test; its code where the catalogue does not know it. Tracked.
pub(super) fn name_of(tests: Tests, code: &str) -> String {
    test_of(tests, code).map_or_else(|| code.to_owned(), |it| it.name(language()).to_owned())
}

/// A unit as people write it; tracked.
pub(super) fn unit_words(ucum: &str) -> String {
    web_logic::units::unit_words(ucum, lang())
}

pub(super) fn priority_key(priority: Priority) -> Key {
    match priority {
        Priority::Stat => Key::PriorityStat,
        Priority::Urgent => Key::PriorityUrgent,
        Priority::Routine => Key::PriorityRoutine,
    }
}

fn person_words(person: &PersonBrief) -> String {
    let sex = t(match person.sex.as_str() {
        "female" => Key::ResultSexFemale,
        "male" => Key::ResultSexMale,
        _ => Key::ResultSexUnknown,
    });
    let born = person
        .birth
        .as_deref()
        .map(when::partial)
        .unwrap_or_default();
    tr!(
        Key::ResultsPerson,
        sex = sex,
        age = person.age_years,
        birth = born
    )
}

/// Whose order it is, what was ordered, by whom and why.
pub(super) fn facts(order: &OrderView, tests: Tests) -> AnyView {
    let person = order.person.clone();
    let name = person.name.clone();
    let codes = order.tests.clone();
    let (by, at) = (order.ordered_by_name.clone(), order.ordered_us);
    let reason = order.reason.clone();
    let priority = order.priority;
    let names = move || {
        let names: Vec<String> = codes.iter().map(|code| name_of(tests, code)).collect();
        names.join(", ")
    };
    view! {
        <h3>{name}</h3>
        <p class="hint">{part(move || person_words(&person))}</p>
        <p>
            <strong class:urgent=priority != Priority::Routine data-testid="order-priority">{say(priority_key(priority))}</strong>
            {part(move || format!(" – {}", names()))}
        </p>
        <p class="hint">{part(move || tr!(Key::ResultsOrderedBy, name = by, date = when::date_time(at)))}</p>
        {reason.map(|words| view! { <p>{words}</p> })}
    }
    .into_any()
}

/// A text that is there only when it has words.
pub(super) fn words(text: Option<String>) -> Option<AnyView> {
    text.map(|text| view! { <p class="prose">{text}</p> }.into_any())
}
