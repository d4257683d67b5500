use clinical_api::{FactView, FindingView, SaferView};
use leptos::prelude::*;

use super::words::both;
use crate::components::{Button, Glyph, Icon, Look, part};
use crate::i18n::{Key, say, t};
use crate::{tr, when};

/// What is done with a safer option: the line it is for, and the medicine.
pub(super) type OnSafer = UnsyncCallback<(usize, SaferView)>;

/// How a level looks: CSS class, picture, words.
fn level(word: &str) -> (&'static str, Glyph, Key) {
    match word {
        "contraindicated" => (
            "finding contraindicated",
            Glyph::Cross,
            Key::RxLevelContraindicated,
        ),
        "justify" => ("finding justify", Glyph::Warning, Key::RxLevelJustify),
        _ => ("finding inform", Glyph::Info, Key::RxLevelInform),
    }
}

/// A part of the chart that has no words of its own.
fn part_of_chart(word: &str) -> Option<Key> {
    match word.split(':').next().unwrap_or_default() {
        "age" => Some(Key::RxFactAge),
        "weight" => Some(Key::RxFactWeight),
        "pregnancy" => Some(Key::RxFactPregnancy),
        "breastfeeding" => Some(Key::RxFactBreastfeeding),
        "kidneys" => Some(Key::RxFactKidneys),
        "dose" => Some(Key::RxFactDose),
        "unknown" => Some(Key::RxFactUnknown),
        _ => None,
    }
}

/// What the safety check found, the most serious first; says so when it found nothing.
pub(super) fn findings(list: Vec<FindingView>, on_safer: Option<OnSafer>) -> AnyView {
    if list.is_empty() {
        return view! {
            <p class="finding clear" data-testid="findings-none"><Icon glyph=Glyph::Check/><span>{say(Key::RxFindingsNone)}</span></p>
        }
        .into_any();
    }
    let rows = list.into_iter().map(|it| finding(it, on_safer));
    view! { <ul class="plain" data-testid="findings">{rows.collect_view()}</ul> }.into_any()
}

fn finding(it: FindingView, on_safer: Option<OnSafer>) -> AnyView {
    let (class, glyph, words) = level(&it.level);
    let text = it.text.clone();
    let advice = it.advice.clone().map(|advice| {
        view! { <p>{part(move || tr!(Key::RxAdvice, text = both(&advice)))}</p> }
    });
    let (rule, found) = (it.rule.clone(), it.level.clone());
    let line = it.line.and_then(|line| usize::try_from(line).ok());
    let safer = safer_options(it.safer.clone(), line, on_safer);
    view! {
        <li class=class data-testid="finding" data-rule=rule data-level=found>
            <p class="level"><Icon glyph/><strong>{say(words)}</strong></p>
            <p>{part(move || both(&text))}</p>
            {because(it.because.clone(), &it.facts)}
            {advice}
            {safer}
            {origin(it)}
        </li>
    }
    .into_any()
}

/// The facts of the patient that made the finding.
fn because(facts: Vec<FactView>, words: &[String]) -> AnyView {
    let parts: Vec<Key> = words.iter().filter_map(|it| part_of_chart(it)).collect();
    if facts.is_empty() && parts.is_empty() {
        return ().into_any();
    }
    let facts = facts.into_iter().map(|it| {
        let (text, at_us) = (it.text, it.at_us);
        view! { <li>{text}" "<small>{part(move || tr!(Key::RxFactOf, date = when::date(at_us)))}</small></li> }
    });
    let parts = parts
        .into_iter()
        .map(|key| view! { <li>{say(key)}</li> })
        .collect_view();
    view! {
        <p>{say(Key::RxBecause)}</p>
        <ul data-testid="finding-facts">{facts.collect_view()}{parts}</ul>
    }
    .into_any()
}

fn safer_options(safer: Vec<SaferView>, line: Option<usize>, on_safer: Option<OnSafer>) -> AnyView {
    if safer.is_empty() {
        return ().into_any();
    }
    let options = safer.into_iter().map(|it| match (on_safer, line) {
        (Some(act), Some(line)) => {
            let (name, id) = (it.name.clone(), it.id.clone());
            let press = move || act.run((line, it.clone()));
            view! {
                <Button look=Look::Secondary icon=Glyph::Pill testid=format!("safer-{id}") on_press=press>
                    {part(move || tr!(Key::RxSaferTake, name = both(&name)))}
                </Button>
            }
            .into_any()
        }
        _ => {
            view! { <span class="tag">{part(move || both(&it.name))}</span> }.into_any()
        }
    });
    view! {
        <p>{say(Key::RxSafer)}</p>
        <div class="row">{options.collect_view()}</div>
    }
    .into_any()
}

/// Where it is written.
fn origin(it: FindingView) -> AnyView {
    let sources = it.sources.join(" ; ");
    let (rule, evidence, version) = (it.rule, it.evidence, it.data_version);
    let expert = evidence == "expert";
    view! {
        <details>
            <summary>{say(Key::RxOrigin)}</summary>
            <dl class="facts">
                <dt>{say(Key::RxOriginRule)}</dt><dd>{rule}</dd>
                <dt>{say(Key::RxOriginEvidence)}</dt>
                <dd>{part(move || if expert { t(Key::RxEvidenceExpert).to_owned() } else { evidence.clone() })}</dd>
                <dt>{say(Key::RxOriginSources)}</dt><dd>{sources}</dd>
                <dt>{say(Key::RxOriginVersion)}</dt><dd>{version}</dd>
            </dl>
        </details>
    }
    .into_any()
}
