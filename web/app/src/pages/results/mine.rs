//! What a patient reads of their own results.

use clinical_api::{OrderView, ValueView};
use clinical_model::results::{LabTest, Measured};
use leptos::prelude::*;

use super::values::{flag_class, flag_words, range_words, value_words};
use super::{Tests, language, name_of, test_of, trend};
use crate::components::{EmptyState, Glyph, Page, part};
use crate::i18n::{Key, say};
use crate::remote::Remote;
use crate::{api, tr, when};

/// The results that are released to the patient.
pub(crate) fn page() -> AnyView {
    let mine = Remote::new(|| async {
        let tests = api::tests().await?.tests;
        Ok((tests, api::results(false).await?))
    });
    view! {
        <Page title=say(Key::MineTitle)>
            <p class="lead">{say(Key::MineText)}</p>
            {mine.show(|(tests, list)| lists(tests, list))}
        </Page>
    }
    .into_any()
}

fn lists(tests: Vec<LabTest>, list: Vec<OrderView>) -> AnyView {
    if list.is_empty() {
        return view! { <EmptyState glyph=Glyph::Tube><p>{say(Key::MineNone)}</p></EmptyState> }
            .into_any();
    }
    let tests = StoredValue::new(tests);
    let mut list = list;
    list.sort_by_key(|it| core::cmp::Reverse(it.released_us));
    let cards: Vec<AnyView> = list.into_iter().map(|it| card(it, tests)).collect();
    view! { <div data-testid="my-results">{cards}</div> }.into_any()
}

fn card(order: OrderView, tests: Tests) -> AnyView {
    let at = order.collected_us.unwrap_or(order.ordered_us);
    let by = order.ordered_by_name.clone();
    let is_corrected = order.stage == "amended";
    let patient = order.patient;
    let report = order.report;
    let comment = report.as_ref().and_then(|it| it.comment.clone());
    let values: Vec<AnyView> = report
        .into_iter()
        .flat_map(|it| it.values)
        .map(|it| value(it, patient, tests))
        .collect();
    view! {
        <section class="card" data-testid="my-result">
            <h2>{part(move || when::full_date(at))}</h2>
            <p class="hint">{part(move || tr!(Key::MineBy, name = by))}</p>
            {is_corrected.then(|| view! { <p>{say(Key::MineCorrected)}</p> })}
            {values}
            {super::words(comment)}
        </section>
    }
    .into_any()
}

fn value(value: ValueView, patient: clinical_model::PatientId, tests: Tests) -> AnyView {
    let code = value.code.clone();
    let test = test_of(tests, &code);
    let is_number = test
        .as_ref()
        .is_some_and(|it| matches!(it.measured, Measured::Quantity { .. }));
    let about = StoredValue::new(test);
    let flag = value.flag;
    let (low, high) = (value.low.clone(), value.high.clone());
    let (heading, plot) = (code.clone(), code);
    let meaning = move || flag.map(|flag| flag.plain_words(language()));
    let explained =
        move || about.with_value(|it| it.as_ref().map(|it| it.about(language()).to_owned()));
    view! {
        <h3>{part(move || name_of(tests, &heading))}</h3>
        <p>
            <span class="number" data-testid="my-value">{part(move || value_words(&value))}</span>
            " "<span class=flag_class(flag)>{part(move || flag_words(flag))}</span>
        </p>
        <p>{part(meaning)}</p>
        <details>
            <summary>{say(Key::MineMeaning)}</summary>
            <p>{part(explained)}</p>
            <p>{part(move || range_words(low.as_deref(), high.as_deref()))}</p>
            <p class="hint">{say(Key::MineAsk)}</p>
        </details>
        {part(move || is_number.then(|| trend::button(patient, plot.clone(), name_of(tests, &plot))))}
    }
    .into_any()
}
