use clinical_api::{
    DispenseRequest, FillView, PrescriptionCheckView, PrescriptionView, RefuseRequest,
};
use clinical_model::prescribing::{RefusalReason, Stage};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::finding::findings;
use super::parts::{lines, pdf_button, people, refusal_box, stage_tag, with_prescription};
use super::words::{REASONS, REFUSALS, both};
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Button, Dialog, Failure, Glyph, Icon, Look, Page, TextArea, Tone, part, toast,
};
use crate::i18n::{Key, Plural, say, t, t_now, tn};
use crate::remote::Remote;
use crate::tr;

type Check = Remote<PrescriptionCheckView>;

/// One prescription at the pharmacy: what it says, what the check finds today, and handing out.
pub(crate) fn page() -> AnyView {
    with_prescription(|id| {
        let check = Remote::new(move || api::check_prescription(id));
        view! {
            <Page title=say(Key::RxTitle)>
                {check.show(move |it| counter(it, check))}
                <p><a href="/pharmacy" data-testid="rx-list"><Icon glyph=Glyph::Back/>{say(Key::NavPharmacy)}</a></p>
            </Page>
        }
        .into_any()
    })
}

fn counter(it: PrescriptionCheckView, check: Check) -> AnyView {
    let rx = it.prescription;
    let refusal = rx.refusal.as_ref().filter(|_| rx.stage == Stage::Refused);
    let refusal = refusal.map(refusal_box);
    let open = matches!(rx.stage, Stage::Transmitted | Stage::DispensedPart);
    let blocked = it.findings.iter().any(|it| it.level == "contraindicated");
    let reasons = reasons_given(&rx);
    view! {
        <p>{stage_tag(rx.stage)}</p>
        {refusal}
        {people(&rx)}
        {lines(&rx)}
        {pdf_button(rx.id)}
        <section>
            <h2><Icon glyph=Glyph::Shield/>{say(Key::RxTodayTitle)}</h2>
            {findings(it.findings, None)}
            {reasons}
        </section>
        {(open && blocked).then(|| view! {
            <Alert tone=Tone::Error testid="rx-blocked"><p>{say(Key::RxCounterBlocked)}</p></Alert>
        })}
        {open.then(|| acts(rx, blocked, check))}
    }
    .into_any()
}

/// What the doctor said about findings when signing.
fn reasons_given(rx: &PrescriptionView) -> AnyView {
    if rx.reasons.is_empty() {
        return ().into_any();
    }
    let rows = rx.reasons.iter().cloned().map(|it| {
        let known = REASONS.iter().find(|(word, _)| *word == it.code);
        let key = known.map(|(_, key)| *key);
        view! { <li>{part(move || key.map(t))}" "<span class="written">{it.text}</span>" "<small>{it.rule}</small></li> }
    });
    view! {
        <h3>{say(Key::RxReasonsGiven)}</h3>
        <ul data-testid="rx-reasons">{rows.collect_view()}</ul>
    }
    .into_any()
}

fn acts(rx: PrescriptionView, blocked: bool, check: Check) -> AnyView {
    let refusing = RwSignal::new(false);
    let rx = StoredValue::new(rx);
    view! {
        {(!blocked).then(|| rx.with_value(|rx| dispensing(rx, check)))}
        <div class="actions">
            <Button look=Look::Danger icon=Glyph::Warning testid="rx-refuse" on_press=move || refusing.set(true)>{say(Key::RxRefuse)}</Button>
        </div>
        <Dialog open=refusing title=say(Key::RxRefuse) testid="rx-refuse-dialog">
            {rx.with_value(|rx| refusing_form(rx, refusing, check))}
        </Dialog>
    }
    .into_any()
}

/// The quantities, all that is left by itself.
fn dispensing(rx: &PrescriptionView, check: Check) -> AnyView {
    let fields: Vec<RwSignal<String>> = rx
        .left
        .iter()
        .map(|left| RwSignal::new(left.to_string()))
        .collect();
    let rows = fill_rows(rx, &fields);
    let (id, version) = (rx.id, rx.version);
    let lefts = rx.left.clone();
    let fields = StoredValue::new(fields);
    let items = move || -> Option<Vec<FillView>> {
        let numbers: Option<Vec<u32>> = fields.with_value(|fields| {
            fields
                .iter()
                .map(|it| it.get().trim().parse().ok())
                .collect()
        });
        let numbers = numbers?;
        let fits = numbers
            .iter()
            .zip(&lefts)
            .all(|(wanted, left)| wanted <= left);
        let items: Vec<FillView> = (0_u32..)
            .zip(numbers)
            .filter(|(_, quantity)| *quantity > 0)
            .map(|(line, quantity)| FillView { line, quantity })
            .collect();
        (fits && !items.is_empty()).then_some(items)
    };
    let items = Memo::new(move |_| items());
    let asking = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let dispense = move || {
        let Some(items) = items.get_untracked() else {
            return;
        };
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::dispense_prescription(id, &DispenseRequest { version, items }).await {
                Ok(_) => {
                    toast(t_now(Key::RxDispensed));
                    asking.try_set(false);
                    check.reload();
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let disabled = Signal::derive(move || items.get().is_none());
    let total = move || {
        items.get().map_or(0, |items| {
            items.iter().map(|it| u64::from(it.quantity)).sum()
        })
    };
    view! {
        <section class="card">
            <h2><Icon glyph=Glyph::Pill/>{say(Key::RxDispenseTitle)}</h2>
            {rows}
            <Button icon=Glyph::Check disabled testid="rx-dispense" on_press=move || asking.set(true)>{say(Key::RxDispense)}</Button>
        </section>
        <Dialog open=asking title=say(Key::RxDispenseTitle) testid="rx-dispense-dialog">
            <p>{part(move || tn(Plural::RxDispenseText, total()))}</p>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
                <Button icon=Glyph::Check busy testid="rx-dispense-confirm" on_press=dispense>{say(Key::RxDispense)}</Button>
            </div>
        </Dialog>
    }
    .into_any()
}

/// One number for each line.
fn fill_rows(rx: &PrescriptionView, fields: &[RwSignal<String>]) -> AnyView {
    let rows = (0_usize..).zip(rx.names.iter().cloned().zip(rx.left.iter().copied()));
    let rows = rows.zip(fields.iter().copied()).map(|((at, (name, left)), value)| {
        view! {
            <div class="field">
                <label for=format!("fill-{at}")>{part(move || tr!(Key::RxFill, name = both(&name)))}</label>
                <p class="hint" id=format!("fill-{at}-hint")>{part(move || tn(Plural::RxLeft, u64::from(left)))}</p>
                <input id=format!("fill-{at}") type="number" min="0" max=left.to_string() data-testid="rx-fill"
                    aria-describedby=format!("fill-{at}-hint")
                    prop:value=value on:input=move |event| value.set(event_target_value(&event))/>
            </div>
        }
    });
    rows.collect_view().into_any()
}

/// The reason and the words with which it goes back.
fn refusing_form(rx: &PrescriptionView, open: RwSignal<bool>, check: Check) -> AnyView {
    let (id, version) = (rx.id, rx.version);
    let reason = RwSignal::new(RefusalReason::Safety);
    let text = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let missing = Signal::derive(move || {
        (tried.get() && text.with(|text| text.trim().is_empty()))
            .then(|| t(Key::RxRefuseWordsMissing).to_owned())
    });
    let choose = move |event: leptos::ev::Event| {
        let word = event_target_value(&event);
        if let Some((chosen, _, _)) = REFUSALS.iter().find(|(_, of, _)| *of == word) {
            reason.set(*chosen);
        }
    };
    let refuse = move || {
        tried.set(true);
        if missing.get_untracked().is_some() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let request = RefuseRequest {
                version,
                reason: reason.get_untracked(),
                text: text.get_untracked(),
            };
            match api::refuse_prescription(id, &request).await {
                Ok(_) => {
                    toast(t_now(Key::RxRefusedToast));
                    open.try_set(false);
                    check.reload();
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let options = REFUSALS
        .into_iter()
        .map(|(_, word, key)| view! { <option value=word>{say(key)}</option> })
        .collect_view();
    view! {
        <p>{say(Key::RxRefuseText)}</p>
        <div class="field">
            <label for="refuse-reason">{say(Key::RxReason)}</label>
            <select id="refuse-reason" data-testid="refuse-reason" on:change=choose>{options}</select>
        </div>
        <TextArea id="refuse-text" label=say(Key::RxRefuseWords) error=missing value=text max=1000 testid="refuse-text"/>
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions">
            <Button look=Look::Secondary on_press=move || open.set(false)>{say(Key::Back)}</Button>
            <Button look=Look::Danger busy testid="rx-refuse-confirm" on_press=refuse>{say(Key::RxRefuse)}</Button>
        </div>
    }
    .into_any()
}
