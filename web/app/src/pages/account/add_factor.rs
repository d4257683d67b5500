use clinical_api::{ConfirmAppRequest, FactorsView, NewAppRequest, NewAppView, NewPasskeyRequest};
use leptos::prelude::*;

use super::prove::Prover;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, CopyField, Failure, Field, Glyph, Look, Tone, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::passkeys;
use crate::remote::Remote;

/// Sets up one more second factor.
#[component]
pub(super) fn AddFactor(own: Remote<FactorsView>, prover: Prover) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let no_passkey = RwSignal::new(false);
    let offer = RwSignal::new(None::<Offered>);
    let missing = Signal::derive(move || {
        (tried.get() && name.with(|name| name.trim().is_empty()))
            .then(|| t(Key::FactorsNameMissing).to_owned())
    });
    let begin_app = move || {
        tried.set(true);
        if missing.get_untracked().is_some() {
            return;
        }
        prover.run(busy, fault, move || async move {
            let label = name.get_untracked();
            let view = api::new_app(&NewAppRequest { label }).await?;
            offer.set(Some(Offered(view)));
            Ok(())
        });
    };
    let add_passkey = move || {
        tried.set(true);
        no_passkey.set(false);
        if missing.get_untracked().is_some() {
            return;
        }
        prover.run(busy, fault, move || async move {
            let begun = api::new_passkey().await?;
            let Some(credential) = passkeys::create(&begun.options).await else {
                no_passkey.try_set(true);
                return Ok(());
            };
            let request = NewPasskeyRequest {
                ceremony: begun.ceremony,
                label: name.get_untracked(),
                credential,
            };
            api::finish_passkey(&request).await?;
            toast(t_now(Key::FactorsAdded));
            tried.try_set(false);
            name.try_set(String::new());
            own.reload();
            Ok(())
        });
    };
    let passkeys_work =
        move || passkeys::are_known() && own.value().is_some_and(|own| own.passkeys_work);
    view! {
        <section class="card">
            <h2>{say(Key::FactorsAdd)}</h2>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            {part(move || no_passkey.get().then(|| view! { <Alert tone=Tone::Error testid="error">{say(Key::PasskeyFailed)}</Alert> }))}
            <Field id="factor-name" label=say(Key::FactorsName) hint=say(Key::FactorsNameHint) error=missing value=name testid="factor-name"/>
            <div class="actions">
                <Button look=Look::Secondary icon=Glyph::Plus busy testid="factor-add-app" on_press=begin_app>
                    {say(Key::FactorsAddApp)}
                </Button>
                {part(move || passkeys_work().then(|| view! {
                    <Button look=Look::Secondary icon=Glyph::Key busy testid="factor-add-passkey" on_press=add_passkey>
                        {say(Key::FactorsAddPasskey)}
                    </Button>
                }))}
            </div>
            {part(move || offer.get().map(|offered| view! { <App app=offered.0 offer own name/> }))}
        </section>
    }
}

/// An app that is being set up. Two are the same when they are the same factor.
#[derive(Clone)]
struct Offered(NewAppView);

#[component]
fn App(
    app: NewAppView,
    offer: RwSignal<Option<Offered>>,
    own: Remote<FactorsView>,
    name: RwSignal<String>,
) -> impl IntoView {
    let code = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let id = app.id;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        leptos::task::spawn_local(async move {
            let code = code.get_untracked();
            match api::confirm_app(id, &ConfirmAppRequest { code }).await {
                Ok(()) => {
                    toast(t_now(Key::FactorsAdded));
                    own.reload();
                    name.try_set(String::new());
                    offer.try_set(None);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let side = app.qr_side;
    view! {
        <form on:submit=submit novalidate data-testid="app-setup">
            <p>{say(Key::AppStepScan)}</p>
            <svg class="qr" role="img" aria-label=say(Key::AppQr) viewBox=format!("0 0 {side} {side}") data-testid="app-qr">
                <rect width=side.to_string() height=side.to_string() fill="#fff"></rect>
                <path d=app.qr_path fill="#000"></path>
            </svg>
            <CopyField id="app-secret" label=say(Key::AppSecret) text=app.secret testid="app-secret"/>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <Field id="app-code" label=say(Key::AppCode) value=code autocomplete="one-time-code" testid="app-code"/>
            <Button submit=true busy testid="app-confirm">{say(Key::AppConfirm)}</Button>
        </form>
    }
}
