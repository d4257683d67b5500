use clinical_api::{CorrectionRequest, RightsRequestView};
use clinical_model::PatientId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::request::Request;
use crate::api::{self, ApiError};
use crate::components::{
    Button, Dialog, EmptyState, Failure, Glyph, Icon, Look, TextArea, part, toast,
};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;

type Asked = Remote<Vec<RightsRequestView>>;

/// What the patient asks for, and where it stands.
#[component]
pub(super) fn Wishes(id: PatientId, may_act: bool, asked: Asked) -> impl IntoView {
    view! {
        <section class="card" data-testid="wishes">
            <h2><Icon glyph=Glyph::Note/>{say(Key::AskTitle)}</h2>
            {asked.show(|list| {
                if list.is_empty() {
                    return view! { <EmptyState glyph=Glyph::Note><p>{say(Key::AskNone)}</p></EmptyState> }.into_any();
                }
                let rows = list.into_iter().map(|it| {
                    let kind = it.kind.clone();
                    view! { <li data-testid="request" data-kind=kind><Request it/></li> }.into_any()
                });
                view! { <ul class="plain">{rows.collect_view()}</ul> }.into_any()
            })}
            {may_act.then(|| view! {
                <Correction id asked/>
                <Erasure id asked/>
            }.into_any())}
        </section>
    }
}

#[component]
fn Correction(id: PatientId, asked: Asked) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let missing = Signal::derive(move || {
        (tried.get() && text.with(|text| text.trim().is_empty()))
            .then(|| t(Key::RightsTextMissing).to_owned())
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if missing.get_untracked().is_some() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let request = CorrectionRequest {
                entry: None,
                text: text.get_untracked(),
            };
            match api::ask_correction(id, &request).await {
                Ok(_) => {
                    tried.try_set(false);
                    text.try_set(String::new());
                    toast(t_now(Key::RightsSent));
                    asked.reload();
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <h3>{say(Key::AskCorrection)}</h3>
        <form on:submit=submit novalidate>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <TextArea id="correction" label=say(Key::AskCorrectionField) hint=say(Key::AskCorrectionHint) error=missing
                value=text max=2_000 testid="correction"/>
            <Button submit=true look=Look::Secondary busy testid="correction-send">{say(Key::RightsSend)}</Button>
        </form>
    }
}

#[component]
fn Erasure(id: PatientId, asked: Asked) -> impl IntoView {
    let asking = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let go = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::ask_erasure(id).await {
                Ok(_) => {
                    toast(t_now(Key::RightsSent));
                    asked.reload();
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            asking.try_set(false);
            busy.try_set(false);
        });
    };
    view! {
        <h3>{say(Key::AskErasure)}</h3>
        <p>{say(Key::AskErasureText)}</p>
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <Button look=Look::Quiet icon=Glyph::Bin testid="erasure" on_press=move || asking.set(true)>{say(Key::AskErasureGo)}</Button>
        <Dialog open=asking title=say(Key::AskErasureTitle) testid="erasure-dialog">
            <p>{say(Key::AskErasureText)}</p>
            <div class="actions">
                <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
                <Button look=Look::Danger busy testid="erasure-confirm" on_press=go>{say(Key::AskErasureGo)}</Button>
            </div>
        </Dialog>
    }
}
