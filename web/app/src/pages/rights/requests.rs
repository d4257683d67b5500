use clinical_api::{AnswerRequest, RightsRequestView};
use leptos::prelude::*;

use super::request::{Request, kind_key};
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Button, Dialog, EmptyState, Failure, Glyph, Icon, Look, Page, Tone, part, toast,
};
use crate::i18n::{Key, say, t, t_now};
use crate::pages::account::prove::{ProveDialog, Prover};
use crate::remote::Remote;
use crate::tr;

/// What the parts share.
#[derive(Clone, Copy)]
struct Desk {
    list: Remote<Vec<RightsRequestView>>,
    prover: Prover,
}

/// What patients ask for, for those who answer.
pub(crate) fn page() -> AnyView {
    let desk = Desk {
        list: Remote::new(api::requests),
        prover: Prover::new(),
    };
    view! {
        <Page title=say(Key::RequestsTitle)>
            <p class="lead">{say(Key::RequestsText)}</p>
            {desk.list.show(move |list| {
                if list.is_empty() {
                    return view! { <EmptyState glyph=Glyph::Note><p>{say(Key::RequestsNone)}</p></EmptyState> }.into_any();
                }
                list.into_iter().map(|it| view! { <Card it desk/> }.into_any()).collect_view().into_any()
            })}
            <ProveDialog prover=desk.prover/>
        </Page>
    }
    .into_any()
}

#[component]
fn Card(it: RightsRequestView, desk: Desk) -> impl IntoView {
    let name = it.patient_name.clone();
    let kind = it.kind.clone();
    let state = it.state.clone();
    let act = (state == "open").then(|| view! { <Answer it=it.clone() desk/> }.into_any());
    view! {
        <section class="card" data-testid="request" data-kind=kind data-state=state>
            <h2><Icon glyph=Glyph::Person/>{part(move || name.clone().unwrap_or_else(|| t(Key::EmergencyErased).to_owned()))}</h2>
            <Request it/>
            {act}
        </section>
    }
}

#[component]
fn Answer(it: RightsRequestView, desk: Desk) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let fault = RwSignal::new(None::<ApiError>);
    let busy = RwSignal::new(false);
    let erasing = RwSignal::new(false);
    let missing = RwSignal::new(false);
    let text_fault =
        Signal::derive(move || missing.get().then(|| t(Key::RightsTextMissing).to_owned()));
    let (id, version) = (it.id, it.version);
    let is_erasure = it.kind == "erasure";
    let is_access = it.kind == "access";
    let is_kept = it.law.is_some();
    let decide = move |accept: bool| {
        let said = text.get_untracked();
        // A law is reason enough, and an accepted correction or erasure speaks for itself.
        let needs_words = if accept {
            is_access
        } else {
            !(is_erasure && is_kept)
        };
        missing.set(needs_words && said.trim().is_empty());
        if missing.get_untracked() {
            return;
        }
        desk.prover.run(busy, fault, move || async move {
            let said = text.get_untracked();
            let request = AnswerRequest {
                version,
                accept,
                text: (!said.trim().is_empty()).then_some(said),
                entry_version: None,
                fact: None,
            };
            api::answer_request(id, &request).await?;
            erasing.try_set(false);
            toast(t_now(if accept && is_erasure {
                Key::RequestsErased
            } else {
                Key::RequestsAnswered
            }));
            desk.list.reload();
            Ok(())
        });
    };
    let name = StoredValue::new(it.patient_name.unwrap_or_default());
    let field = format!("answer-{id}");
    let accept = match (is_erasure, is_access) {
        (true, _) => None,
        (false, true) => Some(Key::RequestsAcceptAccess),
        (false, false) => Some(Key::RequestsAcceptCorrection),
    };
    let decline = if is_erasure && is_kept {
        Key::RequestsKeep
    } else {
        Key::RequestsDecline
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        {(is_erasure && !is_kept).then(|| view! { <Alert tone=Tone::Info testid="request-no-law">{say(Key::RequestsNoLaw)}</Alert> })}
        <AnswerField field text text_fault/>
        <div class="actions" role="group" aria-label=move || format!("{}, {}", t(kind_key(&it.kind)), name.get_value())>
            {accept.map(|key| view! {
                <Button icon=Glyph::Check busy testid="request-accept" on_press=move || decide(true)>{say(key)}</Button>
            })}
            {(is_erasure && !is_kept).then(|| view! {
                <Button look=Look::Danger busy testid="request-erase" on_press=move || erasing.set(true)>{say(Key::RequestsErase)}</Button>
            })}
            {(!is_access).then(|| view! {
                <Button look=Look::Secondary busy testid="request-decline" on_press=move || decide(false)>{say(decline)}</Button>
            })}
        </div>
        <Dialog open=erasing title=move || tr!(Key::RequestsEraseTitle, name = name.get_value()) testid="erase-dialog">
            <p>{say(Key::RequestsEraseText)}</p>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button look=Look::Secondary on_press=move || erasing.set(false)>{say(Key::Back)}</Button>
                <Button look=Look::Danger busy testid="erase-confirm" on_press=move || decide(true)>{say(Key::RequestsErase)}</Button>
            </div>
        </Dialog>
    }
}

/// The answer; its id is that of the request, because several stand on a page.
#[component]
fn AnswerField(
    field: String,
    text: RwSignal<String>,
    text_fault: Signal<Option<String>>,
) -> impl IntoView {
    let fault_id = format!("{field}-error");
    let described = fault_id.clone();
    let is_faulty = move || text_fault.with(Option::is_some);
    view! {
        <div class="field" class:faulty=is_faulty>
            <label for=field.clone()>{say(Key::RequestsTextField)}</label>
            <textarea
                id=field
                rows="3"
                maxlength="2000"
                data-testid="request-answer-text"
                aria-invalid=move || is_faulty().then_some("true")
                aria-describedby=move || is_faulty().then(|| described.clone())
                prop:value=text
                on:input=move |event| text.set(event_target_value(&event))
            ></textarea>
            {part(move || {
                let id = fault_id.clone();
                text_fault.get().map(|words| view! { <p class="fault" id=id>{words}</p> })
            })}
        </div>
    }
}
