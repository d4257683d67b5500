use clinical_api::{OverrideRequest, PrescriptionView, RefusalView};
use clinical_model::prescribing::Stage;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::finding::findings;
use super::parts::{lines, pdf_button, people, refusal_box, stage_tag, with_prescription};
use super::words::{REASONS, grouped};
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Button, Dialog, Failure, Glyph, Icon, Look, Page, Tone, part, toast,
};
use crate::i18n::{Key, say, t_now};
use crate::remote::Remote;
use crate::session::me;
use crate::{news, tr};

type One = Remote<PrescriptionView>;

/// One prescription, for doctors, with the steps that are possible now.
pub(crate) fn page() -> AnyView {
    with_prescription(|id| {
        let one = Remote::new(move || api::prescription(id));
        Effect::new(move |before: Option<i64>| {
            let now = news::refusals();
            if before.is_some_and(|before| before != now) {
                one.reload();
            }
            now
        });
        view! {
            <Page title=say(Key::RxTitle)>
                {one.show(move |it| sheet(it, one))}
                <p><a href="/prescriptions" data-testid="rx-list"><Icon glyph=Glyph::Back/>{say(Key::NavPrescriptions)}</a></p>
            </Page>
        }
        .into_any()
    })
}

fn sheet(it: PrescriptionView, one: One) -> AnyView {
    let is_own = me().is_some_and(|me| me.id == it.prescriber);
    let refusal = it
        .refusal
        .as_ref()
        .filter(|_| it.stage == Stage::Refused || it.stage == Stage::Replaced)
        .map(refusal_box);
    let id = it.id;
    let code = it.code.as_deref().map(grouped);
    let (names, medicines, found) = (people(&it), lines(&it), it.findings.clone());
    view! {
        <p>{stage_tag(it.stage)}</p>
        {refusal}
        {names}
        {medicines}
        {code.map(|code| view! { <p>{say(Key::RxCode)}" "<strong data-testid="rx-code">{code}</strong></p> {pdf_button(id)} })}
        <details><summary>{say(Key::RxCheckTitle)}</summary>{findings(found, None)}</details>
        {steps(it, is_own, one)}
    }
    .into_any()
}

/// What can be done in the stage.
fn steps(it: PrescriptionView, is_own: bool, one: One) -> AnyView {
    match it.stage {
        Stage::Draft if is_own => view! {
            <div class="actions">
                <a class="button primary" href=format!("/prescriptions/{}/edit", it.id)>{say(Key::RxEditTitle)}</a>
            </div>
        }
        .into_any(),
        Stage::Signed if is_own => signed(it, one),
        Stage::Refused => refused(it, is_own, one),
        Stage::Draft
        | Stage::Signed
        | Stage::Transmitted
        | Stage::DispensedPart
        | Stage::Completed
        | Stage::Replaced
        | Stage::Cancelled => ().into_any(),
    }
}

/// A button that takes a step and says so.
fn step(it: &PrescriptionView, (name, testid): (&'static str, &'static str), one: One) -> AnyView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let (id, version) = (it.id, it.version);
    let (label, done, look) = match name {
        "transmit" => (Key::RxTransmit, Key::RxTransmitted, Look::Primary),
        "cancel" => (Key::RxWithdraw, Key::RxWithdrawn, Look::Danger),
        _ => (Key::RxSeen, Key::RxSeenToast, Look::Secondary),
    };
    let press = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::step_prescription(id, version, name).await {
                Ok(next) => {
                    toast(t_now(done));
                    news::look();
                    one.put(next);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <Button look busy testid=testid on_press=press>{say(label)}</Button>
    }
    .into_any()
}

fn signed(it: PrescriptionView, one: One) -> AnyView {
    let asking = RwSignal::new(false);
    let it = StoredValue::new(it);
    view! {
        <Alert tone=Tone::Success testid="rx-signed"><p>{say(Key::RxSignedText)}</p></Alert>
        <div class="actions">
            {it.with_value(|it| step(it, ("transmit", "rx-transmit"), one))}
            <Button look=Look::Danger testid="rx-cancel" on_press=move || asking.set(true)>{say(Key::RxWithdraw)}</Button>
        </div>
        <Dialog open=asking title=say(Key::RxWithdraw) testid="rx-cancel-dialog">
            <p>{say(Key::RxWithdrawText)}</p>
            <div class="actions">
                <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
                {it.with_value(|it| step(it, ("cancel", "rx-cancel-confirm"), one))}
            </div>
        </Dialog>
    }
    .into_any()
}

fn refused(it: PrescriptionView, is_own: bool, one: One) -> AnyView {
    let replace = format!(
        "/prescriptions/new?patient={}&replaces={}",
        it.patient, it.id
    );
    let unseen = it.refusal.as_ref().is_some_and(|it| it.seen_us.is_none());
    view! {
        <div class="actions">
            {is_own.then(|| view! {
                <a class="button primary" href=replace data-testid="rx-replace"><Icon glyph=Glyph::Edit/><span>{say(Key::RxReplace)}</span></a>
            })}
            {(is_own && unseen).then(|| step(&it, ("seen", "rx-seen"), one))}
        </div>
        {against(it, one)}
    }
    .into_any()
}

/// Signing against the refusal, which takes two doctors and never passes a contraindication.
fn against(it: PrescriptionView, one: One) -> AnyView {
    let id = it.id;
    let today = Remote::new(move || api::check_prescription(id));
    let signatures = it
        .refusal
        .as_ref()
        .map_or(0, |it: &RefusalView| it.overrides);
    let it = StoredValue::new(it);
    view! {
        <section class="card" data-testid="rx-override">
            <h2><Icon glyph=Glyph::People/>{say(Key::RxOverrideTitle)}</h2>
            <p>{say(Key::RxOverrideText)}</p>
            <p data-testid="rx-override-count" data-count=signatures.to_string()>{part(move || tr!(Key::RxOverrideCount, n = signatures))}</p>
            {today.show(move |today| {
                let blocked = today.findings.iter().any(|it| it.level == "contraindicated");
                let form = if blocked {
                    view! { <Alert tone=Tone::Error testid="rx-override-blocked"><p>{say(Key::RxOverrideBlocked)}</p></Alert> }
                        .into_any()
                } else {
                    it.with_value(|it| override_form(it, one))
                };
                view! { {findings(today.findings, None)} {form} }.into_any()
            })}
        </section>
    }
    .into_any()
}

fn override_form(it: &PrescriptionView, one: One) -> AnyView {
    let (id, version) = (it.id, it.version);
    let code = RwSignal::new(String::new());
    let text = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let missing = Signal::derive(move || {
        code.with(String::is_empty) || text.with(|text| text.trim().is_empty())
    });
    let send = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let request = OverrideRequest {
                version,
                code: code.get_untracked(),
                text: text.get_untracked(),
            };
            match api::override_refusal(id, &request).await {
                Ok(next) => {
                    toast(t_now(Key::RxOverrideSigned));
                    one.put(next);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    let options = REASONS
        .into_iter()
        .map(|(word, key)| view! { <option value=word>{say(key)}</option> })
        .collect_view();
    view! {
        <div class="field">
            <label for="override-code">{say(Key::RxReason)}</label>
            <select id="override-code" data-testid="override-code" on:change=move |event| code.set(event_target_value(&event))>
                <option value="">{say(Key::RxReasonChoose)}</option>
                {options}
            </select>
        </div>
        <div class="field">
            <label for="override-text">{say(Key::RxOverrideWhy)}</label>
            <textarea id="override-text" rows="3" maxlength="1000" data-testid="override-text"
                prop:value=text on:input=move |event| text.set(event_target_value(&event))></textarea>
        </div>
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <Button look=Look::Danger disabled=missing busy testid="override-sign" on_press=send>{say(Key::RxOverrideSign)}</Button>
    }
    .into_any()
}
