//! Checking symptoms: the interview, its result, what doctors see of it, and figures.
//!
//! [`symptoms`] is the page of whoever answers, with a screen of its own for the start, the complaint, a
//! question and the result. [`panel`] is the doctor's side; [`figures`] is for administrators.

mod choice;
mod claim;
mod complaint;
mod emergency;
mod evaluation;
pub(crate) mod figures;
mod judge;
mod panel;
mod question;
mod record;
mod result;
mod review;
mod settings;
mod start;
pub(crate) mod symptoms;

pub(crate) use panel::Triage;
pub(crate) use record::Checks;

use clinical_api::{EmergencyNumbersView, HypothesisView, TriageInfoView};
use clinical_model::triage::Disposition;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_logic::triage::{Likelihood, likelihood};

use crate::api;
use crate::components::{Glyph, Icon, part};
use crate::i18n::{Key, Lang, lang, say, t};
use crate::tr;

/// Reaches help from mobile phones in most countries, until the server says the number of this one.
const NUMBER: &str = "112";
/// Most characters of a complaint until the server has said so.
const CHARS_MAX: u32 = 2_000;

thread_local! {
    static INFO: ArcRwSignal<Option<TriageInfoView>> = ArcRwSignal::new(None);
}

/// Asks for what pages must know before an interview, once.
fn ask_info() {
    let info = INFO.with(Clone::clone);
    if info.get_untracked().is_some() {
        return;
    }
    spawn_local(async move {
        if let Ok(known) = api::triage_info().await {
            info.set(Some(known));
        }
    });
}

/// Whom to call; tracked.
fn numbers() -> EmergencyNumbersView {
    INFO.with(Get::get).map_or_else(
        || EmergencyNumbersView {
            general: NUMBER.to_owned(),
            ambulance: NUMBER.to_owned(),
            clinic: None,
        },
        |info| info.emergency,
    )
}

/// Whether a model of others may read what is written; tracked.
fn is_read_outside() -> bool {
    INFO.with(Get::get).is_some_and(|info| info.outside_reader)
}

/// Most characters of a complaint; tracked.
fn chars_max() -> u32 {
    INFO.with(Get::get)
        .map_or(CHARS_MAX, |info| info.complaint_chars_max)
}

/// A way to call for help with one tap.
fn call_link(number: String, class: &'static str) -> impl IntoView {
    let words = number.clone();
    view! {
        <a class=class href=format!("tel:{number}") data-testid="triage-call">
            <Icon glyph=Glyph::Phone/>
            <span>{part(move || tr!(Key::TriageCall, number = words))}</span>
        </a>
    }
}

/// A way to speak to somebody of the clinic, where it has told its number.
fn clinic_link(number: Option<String>) -> Option<AnyView> {
    let number = number?;
    let href = format!("tel:{number}");
    Some(
        view! {
            <a class="button secondary" href=href data-testid="triage-clinic">
                <Icon glyph=Glyph::Phone/>
                <span>{part(move || tr!(Key::TriageCallClinic, number = number.clone()))}</span>
            </a>
        }
        .into_any(),
    )
}

/// The emergency number, in sight on every screen.
#[component]
fn CallBar() -> impl IntoView {
    view! {
        <div class="triage-call">
            <p><strong>{say(Key::TriageCallText)}</strong></p>
            {part(move || call_link(numbers().ambulance, "button call"))}
        </div>
    }
}

/// The short name of a way to get help.
const fn way(disposition: Disposition) -> Key {
    match disposition {
        Disposition::Emergency => Key::TriageEmergency,
        Disposition::Urgent => Key::TriageUrgent,
        Disposition::Routine => Key::TriageRoutine,
        Disposition::SelfCare => Key::TriageSelfCare,
    }
}

/// For CSS and tests.
const fn code(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Emergency => "emergency",
        Disposition::Urgent => "urgent",
        Disposition::Routine => "routine",
        Disposition::SelfCare => "self_care",
    }
}

const fn glyph(disposition: Disposition) -> Glyph {
    match disposition {
        Disposition::Emergency => Glyph::Warning,
        Disposition::Urgent => Glyph::Clock,
        Disposition::Routine => Glyph::Calendar,
        Disposition::SelfCare => Glyph::Home,
    }
}

/// The four ways, from the least to the most.
const WAYS: [Disposition; 4] = [
    Disposition::SelfCare,
    Disposition::Routine,
    Disposition::Urgent,
    Disposition::Emergency,
];

/// A way to get help as a mark beside other words.
fn level(disposition: Disposition) -> impl IntoView {
    view! {
        <span class=format!("triage-level {}", code(disposition)) data-testid="triage-level" data-disposition=code(disposition)>
            <Icon glyph=glyph(disposition)/>
            <span>{say(way(disposition))}</span>
        </span>
    }
}

/// How many hypotheses stand in sight; the others are one press away.
const IN_SIGHT: usize = 5;

/// Hypotheses, the likeliest first. `keeps` names those that stay in sight however unlikely they are.
fn folded(
    hypotheses: Vec<HypothesisView>,
    keeps: fn(&HypothesisView) -> bool,
    row: impl Fn(HypothesisView) -> AnyView,
) -> AnyView {
    let (near, far): (Vec<_>, Vec<_>) = hypotheses
        .into_iter()
        .enumerate()
        .partition(|(place, it)| *place < IN_SIGHT || keeps(it));
    let rows = |some: Vec<(usize, HypothesisView)>| -> Vec<AnyView> {
        some.into_iter().map(|(_, it)| row(it)).collect()
    };
    let n = far.len();
    view! {
        <ol class="plain">{rows(near)}</ol>
        {(n > 0).then(|| view! {
            <details data-testid="triage-further">
                <summary>{part(move || tr!(Key::TriageFurther, n = n))}</summary>
                <ol class="plain">{rows(far)}</ol>
            </details>
        })}
    }
    .into_any()
}

/// How likely something is, in words; tracked.
fn likely(hypothesis: &HypothesisView) -> &'static str {
    t(match likelihood(hypothesis.probability) {
        Likelihood::Likely => Key::TriageLikely,
        Likelihood::Possible => Key::TriagePossible,
        Likelihood::Less => Key::TriageLess,
        Likelihood::Hardly => Key::TriageHardly,
    })
}

/// A number in the reader's language, as short as it can be; tracked.
fn number(value: f64) -> String {
    let text = value.to_string();
    match lang() {
        Lang::Fr => text.replace('.', ","),
        Lang::En => text,
    }
}

/// Sentences as a list; nothing for none.
fn list(lines: Vec<String>) -> AnyView {
    if lines.is_empty() {
        return ().into_any();
    }
    let rows: Vec<AnyView> = lines
        .into_iter()
        .map(|line| view! { <li>{line}</li> }.into_any())
        .collect();
    view! { <ul>{rows}</ul> }.into_any()
}

/// A named list in a line of its own; nothing for none.
fn named(title: Key, lines: Vec<String>) -> AnyView {
    if lines.is_empty() {
        return ().into_any();
    }
    view! { <p><strong>{say(title)}": "</strong>{lines.join(", ")}</p> }.into_any()
}
