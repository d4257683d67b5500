use clinical_api::{PrescriptionView, SaferView};
use clinical_model::prescribing::Stage;
use clinical_model::{PatientId, PrescriptionId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::choose::choose_patient;
use super::draft::{Draft, Kept, Origin};
use super::finding::findings;
use super::line_form::line_form;
use super::parts::{refusal_box, with_prescription};
use super::sign::signing;
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Button, Dialog, Failure, Glyph, Icon, Look, Page, Tone, part, toast,
};
use crate::i18n::{Key, say, t_now};
use crate::pages::account::prove::ProveDialog;
use crate::pages::account::prove::Prover;
use crate::pages::address::query;
use crate::remote::Remote;
use crate::tr;

/// A new prescription: for whom, then what.
pub(crate) fn new_page() -> AnyView {
    let patient = query::<PatientId>("patient");
    let replaces = query::<PrescriptionId>("replaces");
    view! {
        <Page title=say(Key::RxNewTitle)>
            {part(move || match (patient.get(), replaces.get()) {
                (None, _) => choose_patient(),
                (Some(patient), None) => editor(Origin::New(patient, None)),
                (Some(patient), Some(prior)) => replacing(patient, prior),
            })}
        </Page>
    }
    .into_any()
}

/// A draft that was begun before.
pub(crate) fn edit_page() -> AnyView {
    with_prescription(|id| {
        let draft = Remote::new(move || api::prescription(id));
        view! {
            <Page title=say(Key::RxEditTitle)>
                {draft.show(|it| match it.stage {
                    Stage::Draft => editor(Origin::Before(it)),
                    _ => view! {
                        <Alert tone=Tone::Info testid="rx-not-draft">{say(Key::RxNotDraft)}</Alert>
                        <p><a class="button primary" href=format!("/prescriptions/{}", it.id)>{say(Key::RxOpen)}</a></p>
                    }
                    .into_any(),
                })}
            </Page>
        }
        .into_any()
    })
}

/// In place of a refused one, whose medicines it begins with.
fn replacing(patient: PatientId, prior: PrescriptionId) -> AnyView {
    let old = Remote::new(move || api::prescription(prior));
    view! {
        {old.show(move |old| {
            let refusal = old.refusal.as_ref().map(refusal_box);
            let safer: Vec<_> = old.findings.clone();
            view! {
                <p class="lead">{say(Key::RxReplaceText)}</p>
                {refusal}
                {(!safer.is_empty()).then(|| view! {
                    <details><summary>{say(Key::RxOldFindings)}</summary>{findings(safer, None)}</details>
                })}
                {editor(Origin::New(patient, Some(old)))}
            }
            .into_any()
        })}
    }
    .into_any()
}

fn editor(origin: Origin) -> AnyView {
    let name = match &origin {
        Origin::New(_, old) => old.as_ref().map(|it| it.patient_name.clone()),
        Origin::Before(it) => Some(it.patient_name.clone()),
    };
    let draft = Draft::begin(origin);
    let prover = Prover::new();
    let shown = Memo::new(move |_| {
        let saved = draft
            .saved
            .with(|it| it.as_ref().map(|it| it.patient_name.clone()));
        saved.or_else(|| name.clone())
    });
    view! {
        {part(move || shown.get().map(|name| view! { <p class="lead" data-testid="rx-patient"><Icon glyph=Glyph::Person/>" "{name}</p> }))}
        <For each=move || draft.lines.get().into_iter().enumerate() key=|(at, line)| (*at, line.key) let:item>
            {line_form(draft, item.1, item.0)}
        </For>
        <div class="actions">
            <Button look=Look::Secondary icon=Glyph::Plus testid="line-add" on_press=move || draft.add()>{say(Key::RxLineAdd)}</Button>
        </div>
        {options(draft)}
        <section aria-live="polite">
            <h2><Icon glyph=Glyph::Shield/>{say(Key::RxCheckTitle)}</h2>
            {part(move || progress(draft))}
            {found(draft)}
        </section>
        {part(move || ready(draft).map(|it| signing(it, prover)))}
        {part(move || draft.saved.get().map(|it| discard(it.id, draft)))}
        <ProveDialog prover/>
    }
    .into_any()
}

fn options(draft: Draft) -> AnyView {
    let (days, confidential) = (draft.valid_days, draft.confidential);
    view! {
        <div class="field">
            <label for="valid-days">{say(Key::RxValidDays)}</label>
            <input id="valid-days" type="text" inputmode="numeric" autocomplete="off" data-testid="valid-days"
                prop:value=days on:input=move |event| days.set(event_target_value(&event))/>
        </div>
        <label class="check">
            <input type="checkbox" data-testid="confidential" prop:checked=confidential
                on:change=move |event| confidential.set(event_target_checked(&event))/>
            <span>{say(Key::RxConfidential)}</span>
        </label>
    }
    .into_any()
}

/// How far the server is; tracked.
fn progress(draft: Draft) -> AnyView {
    match draft.kept.get() {
        Kept::Incomplete => view! { <p class="hint" data-testid="rx-kept" data-kept="incomplete">{say(Key::RxIncomplete)}</p> }
            .into_any(),
        Kept::Checking => view! {
            <p class="hint" data-testid="rx-kept" data-kept="checking"><span class="spin small" aria-hidden="true"></span>" "{say(Key::RxChecking)}</p>
        }
        .into_any(),
        Kept::Checked => view! { <p class="hint" data-testid="rx-kept" data-kept="checked">{say(Key::RxChecked)}</p> }
            .into_any(),
        Kept::Failed(fault) => view! { <Failure fault on_retry=move || draft.keep()/> }.into_any(),
    }
}

/// What the last check found. A safer option goes into its line with one press.
fn found(draft: Draft) -> AnyView {
    let fault = RwSignal::new(None::<ApiError>);
    let take = UnsyncCallback::new(move |(line, safer): (usize, SaferView)| {
        let fields = draft.lines.with_untracked(|lines| lines.get(line).copied());
        let Some(fields) = fields else { return };
        fault.set(None);
        spawn_local(async move {
            match api::medicine(&safer.id).await {
                Ok(medicine) => {
                    fields.choose(medicine);
                    toast(t_now(Key::RxSaferTaken));
                    focus(format!("dose-{}", fields.key));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
        });
    });
    let list = Memo::new(move |_| {
        draft
            .saved
            .with(|it| it.as_ref().map(|it| it.findings.clone()))
    });
    // What was found for other words than those in the fields is not said.
    let shown = Memo::new(move |_| {
        let is_current = matches!(draft.kept.get(), Kept::Checked | Kept::Checking);
        list.get().filter(|_| is_current)
    });
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        {part(move || shown.get().map(|list| findings(list, Some(take))))}
    }
    .into_any()
}

/// Puts the focus into a field, once the page has built it anew.
fn focus(id: String) {
    use wasm_bindgen::JsCast;
    request_animation_frame(move || {
        let field = document().get_element_by_id(&id);
        if let Some(field) = field.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
            field.focus().ok();
        }
    });
}

/// The draft, once it is checked as it stands; tracked.
fn ready(draft: Draft) -> Option<PrescriptionView> {
    match draft.kept.get() {
        Kept::Checked => draft.saved.get(),
        Kept::Incomplete | Kept::Checking | Kept::Failed(_) => None,
    }
}

fn discard(id: PrescriptionId, draft: Draft) -> AnyView {
    let asking = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let navigate = use_navigate();
    let navigate = StoredValue::new_local(navigate);
    let discard = move || {
        let Some(saved) = draft.saved.get_untracked() else {
            return;
        };
        busy.set(true);
        spawn_local(async move {
            match api::step_prescription(id, saved.version, "cancel").await {
                Ok(_) => {
                    toast(t_now(Key::RxDiscarded));
                    navigate.with_value(|go| go("/prescriptions", NavigateOptions::default()));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    let name = move || {
        draft
            .saved
            .with(|it| it.as_ref().map(|it| it.patient_name.clone()))
    };
    view! {
        <div class="actions">
            <Button look=Look::Quiet icon=Glyph::Bin testid="rx-discard" on_press=move || asking.set(true)>{say(Key::RxDiscard)}</Button>
        </div>
        <Dialog open=asking title=say(Key::RxDiscard) testid="rx-discard-dialog">
            <p>{part(move || tr!(Key::RxDiscardText, name = name().unwrap_or_default()))}</p>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
                <Button look=Look::Danger busy testid="rx-discard-confirm" on_press=discard>{say(Key::RxDiscard)}</Button>
            </div>
        </Dialog>
    }
    .into_any()
}
