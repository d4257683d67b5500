//! How a request is shown, to the patient and to who answers.

use clinical_api::RightsRequestView;
use leptos::prelude::*;

use crate::components::part;
use crate::i18n::{Key, say, t};
use crate::{tr, when};

pub(super) fn kind_key(kind: &str) -> Key {
    match kind {
        "correction" => Key::AskKindCorrection,
        "access" => Key::AskKindAccess,
        _ => Key::AskKindErasure,
    }
}

fn state_key(state: &str) -> Key {
    match state {
        "open" => Key::AskOpen,
        "accepted" => Key::AskAccepted,
        "retained" => Key::AskRetained,
        _ => Key::AskDeclined,
    }
}

/// The law in the words of people.
fn law_key(law: &str) -> Key {
    match law {
        "fr_csp_r1112_7" => Key::LawFrCspR11127,
        "be_quality_35" => Key::LawBeQuality35,
        "de_bgb_630f" => Key::LawDeBgb630f,
        _ => Key::LawHouse,
    }
}

/// What was asked, where it stands and what was answered.
#[component]
pub(super) fn Request(it: RightsRequestView) -> impl IntoView {
    let (kind, state) = (kind_key(&it.kind), state_key(&it.state));
    let is_open = it.state == "open";
    let asked_us = it.asked_us;
    let law = it.law.zip(it.kept_until_us);
    let seq = it.seq;
    view! {
        <p><strong>{say(kind)}</strong> ". " <span data-testid="request-state" data-state=it.state>{say(state)}</span></p>
        <p class="hint">{part(move || when::date_time(asked_us))}
            {seq.map(|seq| view! { ". " {part(move || tr!(Key::RequestsAccessNo, seq = seq.to_string()))} })}
        </p>
        {it.text.map(|text| view! { <p class="said" data-testid="request-text">{text}</p> })}
        {law.map(|(law, until_us)| {
            let key = if is_open { Key::AskLawNow } else { Key::AskLawUntil };
            view! { <p data-testid="request-law">{part(move || tr!(key, law = t(law_key(&law)), date = when::date(until_us)))}</p> }
        })}
        {it.answer.map(|answer| view! { <p class="said"><strong>{say(Key::AskAnswer)}</strong> " " <span data-testid="request-answer">{answer}</span></p> })}
    }
}
