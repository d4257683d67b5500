//! The form for values. What they mean is said while they are typed, by the code that judges them
//! on the server.

use clinical_api::{NewValueView, OrderView, PersonBrief, ReportRequest};
use clinical_model::results::{
    Flag, LabTest, Measured, PersonAt, Sex, ValueError, judge_measure, read_measure,
};
use leptos::prelude::*;

use super::values::{flag_class, flag_words, range_words};
use super::worklist::{Work, act};
use super::{Tests, language, test_of, unit_words};
use crate::api::{self, ApiError};
use crate::components::{Button, Field, TextArea, part};
use crate::i18n::{Key, say, t};

/// What is typed for one test.
#[derive(Clone, Copy)]
struct Typed {
    test: StoredValue<LabTest>,
    value: RwSignal<String>,
    unit: RwSignal<String>,
    flag: RwSignal<String>,
}

impl Typed {
    fn view(self) -> Option<NewValueView> {
        let value = self.value.get_untracked();
        let (code, is_words) = self.test.with_value(|it| {
            let is_words = matches!(it.measured, Measured::Words);
            (it.loinc.as_str().to_owned(), is_words)
        });
        let flag = self.flag.get_untracked();
        (!value.trim().is_empty()).then(|| NewValueView {
            code,
            value,
            unit: self.unit.get_untracked(),
            flag: is_words.then(|| Flag::from_word(&flag)).flatten(),
        })
    }
}

fn person_at(person: &PersonBrief) -> PersonAt {
    PersonAt {
        sex: match person.sex.as_str() {
            "female" => Some(Sex::Female),
            "male" => Some(Sex::Male),
            _ => None,
        },
        age_years: person.age_years,
    }
}

/// What was entered before, as a form is filled again.
fn typed(order: &OrderView, test: LabTest) -> Typed {
    let values = order.report.iter().flat_map(|it| &it.values);
    let before = values
        .into_iter()
        .find(|it| it.code == test.loinc.as_str())
        .cloned();
    let flag = before.as_ref().and_then(|it| it.flag);
    Typed {
        value: RwSignal::new(before.map_or_else(String::new, |it| it.value)),
        unit: RwSignal::new(test.unit().to_owned()),
        flag: RwSignal::new(flag.map_or_else(|| "N".to_owned(), |it| it.as_str().to_owned())),
        test: StoredValue::new(test),
    }
}

/// The form.
pub(super) fn entering(
    order: &OrderView,
    tests: Tests,
    shared: (RwSignal<bool>, RwSignal<Option<ApiError>>, Work),
) -> AnyView {
    let person = person_at(&order.person);
    let is_correction = matches!(order.stage.as_str(), "final" | "amended");
    let comment = order.report.as_ref().and_then(|it| it.comment.clone());
    let comment = RwSignal::new(comment.unwrap_or_default());
    let why = RwSignal::new(String::new());
    let all: Vec<Typed> = order
        .tests
        .iter()
        .filter_map(|code| test_of(tests, code))
        .map(|test| typed(order, test))
        .collect();
    let rows: Vec<AnyView> = all.iter().map(|it| row(*it, person)).collect();
    let all = StoredValue::new(all);
    let (id, version) = (order.id, order.version);
    let send = move || {
        let values = all.with_value(|all| all.iter().filter_map(|it| it.view()).collect());
        let request = ReportRequest {
            version,
            values,
            comment: comment.get_untracked(),
            why: why.get_untracked(),
        };
        act(shared, Key::WorklistEntered, async move {
            api::write_results(id, &request).await
        });
    };
    view! {
        <div class="entering">
            {rows}
            <TextArea id="result-comment" label=say(Key::EnterComment) value=comment rows=2 max=2000 testid="result-comment"/>
            {is_correction.then(|| view! { <Field id="result-why" label=say(Key::EnterWhy) value=why testid="result-why"/> })}
            <div class="actions">
                <Button busy=shared.0 testid="work-save" on_press=send>{say(Key::EnterSave)}</Button>
            </div>
        </div>
    }
    .into_any()
}

/// What the value means, while it is typed; tracked.
fn verdict(it: Typed, person: PersonAt) -> Option<AnyView> {
    let (value, unit) = (it.value.get(), it.unit.get());
    if value.trim().is_empty() {
        return None;
    }
    let told = Flag::from_word(&it.flag.get());
    let judged = it.test.with_value(|test| {
        let measure = read_measure(test, &value, &unit)?;
        Ok(judge_measure(test, &measure, person, told))
    });
    Some(match judged {
        Err(error) => {
            let key = match error {
                ValueError::Unit => Key::EnterBadUnit,
                ValueError::Number(_) | ValueError::Finding | ValueError::Words => {
                    Key::EnterBadValue
                }
            };
            view! { <span class="fault" data-testid="verdict">{t(key)}</span> }.into_any()
        }
        Ok(judged) => {
            let flag = judged.map(|it| it.flag);
            let limit = |it: Option<clinical_model::results::Amount>| it.map(|it| it.to_string());
            let low = judged.and_then(|it| limit(it.low));
            let high = judged.and_then(|it| limit(it.high));
            view! {
                <span class=flag_class(flag) data-testid="verdict">{flag_words(flag)}</span>
                <span class="hint">{range_words(low.as_deref(), high.as_deref())}</span>
            }
            .into_any()
        }
    })
}

fn options(choices: Vec<(String, String)>, into: RwSignal<String>) -> Vec<AnyView> {
    choices
        .into_iter()
        .map(|(word, words)| {
            let of = word.clone();
            view! { <option value=word selected=move || into.with(|it| *it == of)>{words}</option> }
                .into_any()
        })
        .collect()
}

/// A choice; tracked by its words.
fn select(
    (id, testid): (String, &'static str),
    label: Key,
    choices: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static,
    into: RwSignal<String>,
) -> AnyView {
    view! {
        <div class="field">
            <label for=id.clone()>{say(label)}</label>
            <select id=id data-testid=testid on:change=move |event| into.set(event_target_value(&event))>
                {part(move || options(choices(), into))}
            </select>
        </div>
    }
    .into_any()
}

fn words(pairs: &[(&str, Key)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(word, key)| ((*word).to_owned(), t(*key).to_owned()))
        .collect()
}

fn number_fields(it: Typed, code: &str) -> AnyView {
    let id = format!("value-{code}");
    let units: Vec<(String, String)> = it.test.with_value(|test| {
        test.units()
            .map(|unit| (unit.to_owned(), unit_words(unit)))
            .collect()
    });
    view! {
        <div class="field">
            <label for=id.clone()>{say(Key::EnterValue)}</label>
            <input id=id inputmode="decimal" autocomplete="off" data-testid="value-number"
                prop:value=it.value on:input=move |event| it.value.set(event_target_value(&event))/>
        </div>
        {select((format!("unit-{code}"), "value-unit"), Key::EnterUnit, move || units.clone(), it.unit)}
    }
    .into_any()
}

fn fields(it: Typed, code: &str) -> AnyView {
    let measured = it.test.with_value(|test| test.measured.clone());
    match measured {
        Measured::Quantity { .. } => number_fields(it, code),
        Measured::Finding { .. } => {
            let choices = || {
                words(&[
                    ("", Key::OrderChoose),
                    ("not_found", Key::ValueNotFound),
                    ("found", Key::ValueFound),
                ])
            };
            select(
                (format!("value-{code}"), "value-found"),
                Key::EnterValue,
                choices,
                it.value,
            )
        }
        Measured::Words => {
            let id = format!("value-{code}");
            let choices = || {
                words(&[
                    ("N", Key::FlagNormal),
                    ("A", Key::FlagAbnormal),
                    ("AA", Key::FlagCritical),
                ])
            };
            view! {
                <div class="field">
                    <label for=id.clone()>{say(Key::EnterWords)}</label>
                    <textarea id=id rows="5" data-testid="value-words" prop:value=it.value
                        on:input=move |event| it.value.set(event_target_value(&event))></textarea>
                </div>
                {select((format!("flag-{code}"), "value-flag"), Key::TrendMeaning, choices, it.flag)}
            }
            .into_any()
        }
    }
}

fn row(it: Typed, person: PersonAt) -> AnyView {
    let code = it.test.with_value(|test| test.loinc.as_str().to_owned());
    let name = move || it.test.with_value(|test| test.name(language()).to_owned());
    view! {
        <fieldset class="value">
            <legend>{part(name)}</legend>
            <div class="row">{fields(it, &code)}</div>
            <p role="status">{part(move || verdict(it, person))}</p>
        </fieldset>
    }
    .into_any()
}
