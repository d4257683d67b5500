use clinical_api::{FindingView, PrescriptionView, ReasonView, SignPrescriptionRequest};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::parts::lines;
use super::words::{REASONS, both};
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Dialog, Failure, Glyph, Icon, Look, Tone, part, toast};
use crate::i18n::{Key, say, t_now};
use crate::pages::account::prove::Prover;
use crate::tr;

/// A reason that is being given.
#[derive(Clone)]
struct Given {
    rule: String,
    code: RwSignal<String>,
    text: RwSignal<String>,
}

/// The findings that need a reason, each rule once.
fn to_justify(list: &[FindingView]) -> Vec<FindingView> {
    let mut rules: Vec<FindingView> = Vec::new();
    for it in list.iter().filter(|it| it.level == "justify") {
        if rules.iter().all(|known| known.rule != it.rule) {
            rules.push(it.clone());
        }
    }
    rules
}

/// Signing a checked draft: impossible with a contraindication, with reasons where they are needed.
pub(super) fn signing(it: PrescriptionView, prover: Prover) -> AnyView {
    if it.findings.iter().any(|it| it.level == "contraindicated") {
        return view! {
            <Alert tone=Tone::Error testid="rx-blocked">
                <p><strong>{say(Key::RxBlockedTitle)}</strong></p>
                <p>{say(Key::RxBlockedText)}</p>
            </Alert>
        }
        .into_any();
    }
    let given: Vec<(FindingView, Given)> = to_justify(&it.findings)
        .into_iter()
        .map(|finding| {
            let given = Given {
                rule: finding.rule.clone(),
                code: RwSignal::new(String::new()),
                text: RwSignal::new(String::new()),
            };
            (finding, given)
        })
        .collect();
    let reasons: StoredValue<Vec<Given>> =
        StoredValue::new(given.iter().map(|(_, given)| given.clone()).collect());
    let missing =
        move || reasons.with_value(|all| all.iter().any(|it| it.code.with(String::is_empty)));
    let fields = (0_usize..)
        .zip(given)
        .map(|(at, (finding, given))| reason_fields(at, &finding, &given))
        .collect_view();
    let asking = RwSignal::new(false);
    let controlled = it.controlled;
    view! {
        <section>
            <h2><Icon glyph=Glyph::Edit/>{say(Key::RxSignTitle)}</h2>
            {fields}
            {controlled.then(no_factor)}
            {part(move || missing().then(|| view! { <p class="hint">{say(Key::RxReasonNeeded)}</p> }))}
            <div class="actions">
                <Button icon=Glyph::Edit testid="rx-sign" disabled=Signal::derive(missing) on_press=move || asking.set(true)>{say(Key::RxSign)}</Button>
            </div>
        </section>
        {confirm(it, reasons, (asking, prover))}
    }
    .into_any()
}

/// Says so when a controlled medicine cannot be signed because no second factor is set up.
fn no_factor() -> AnyView {
    let own = RwSignal::new(None::<bool>);
    spawn_local(async move {
        if let Ok(factors) = api::own_factors().await {
            own.try_set(Some(factors.factors.is_empty()));
        }
    });
    view! {
        <p class="hint"><Icon glyph=Glyph::Key/>" "{say(Key::RxControlled)}</p>
        {part(move || (own.get() == Some(true)).then(|| view! {
            <Alert tone=Tone::Warning testid="rx-no-factor">
                <p>{say(Key::RxNoFactor)}</p>
                <p><a href="/security">{say(Key::NavSecurity)}</a></p>
            </Alert>
        }))}
    }
    .into_any()
}

fn reason_fields(at: usize, finding: &FindingView, given: &Given) -> AnyView {
    let (code, text) = (given.code, given.text);
    let why = finding.text.clone();
    let options = REASONS
        .into_iter()
        .map(|(word, key)| view! { <option value=word>{say(key)}</option> })
        .collect_view();
    view! {
        <fieldset class="card" data-testid="reason" data-rule=given.rule.clone()>
            <legend>{say(Key::RxReasonTitle)}</legend>
            <p>{part(move || both(&why))}</p>
            <div class="field">
                <label for=format!("reason-{at}")>{say(Key::RxReason)}</label>
                <select id=format!("reason-{at}") data-testid="reason-code" on:change=move |event| code.set(event_target_value(&event))>
                    <option value="">{say(Key::RxReasonChoose)}</option>
                    {options}
                </select>
            </div>
            <div class="field">
                <label for=format!("reason-text-{at}")>{say(Key::RxReasonText)}</label>
                <textarea id=format!("reason-text-{at}") rows="2" maxlength="1000" data-testid="reason-text"
                    prop:value=text on:input=move |event| text.set(event_target_value(&event))></textarea>
            </div>
        </fieldset>
    }
    .into_any()
}

/// What is signed, once more, before it is.
fn confirm(
    it: PrescriptionView,
    reasons: StoredValue<Vec<Given>>,
    (asking, prover): (RwSignal<bool>, Prover),
) -> AnyView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let navigate = StoredValue::new_local(use_navigate());
    let (id, version, name) = (it.id, it.version, it.patient_name.clone());
    let sign = move || {
        let reasons: Vec<ReasonView> = reasons.with_value(|all| {
            all.iter()
                .map(|it| ReasonView {
                    rule: it.rule.clone(),
                    code: it.code.get_untracked(),
                    text: it.text.get_untracked(),
                })
                .collect()
        });
        prover.run(busy, fault, move || {
            let reasons = reasons.clone();
            async move {
                let request = SignPrescriptionRequest { version, reasons };
                api::sign_prescription(id, &request).await?;
                asking.try_set(false);
                toast(t_now(Key::RxSignedToast));
                let path = format!("/prescriptions/{id}");
                navigate.try_with_value(|go| go(&path, NavigateOptions::default()));
                Ok(())
            }
        });
    };
    let it = StoredValue::new(it);
    let name = StoredValue::new(name);
    view! {
        <Dialog open=asking title=say(Key::RxSignConfirmTitle) testid="rx-sign-dialog">
            <p>{part(move || tr!(Key::RxSignConfirmText, name = name.get_value()))}</p>
            {it.with_value(lines)}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
                <Button icon=Glyph::Edit busy testid="rx-sign-confirm" on_press=sign>{say(Key::RxSign)}</Button>
            </div>
        </Dialog>
    }
    .into_any()
}
