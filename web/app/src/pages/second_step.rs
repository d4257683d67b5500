use clinical_api::{ProofRequest, SecondFactorRequest, SecondStepView, TicketRequest};
use clinical_model::Proof;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Field, Glyph, Look, Tone, part};
use crate::i18n::{Key, say, t};
use crate::passkeys;
use crate::session::finish_sign_in;

/// Why a proof brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProofFault {
    /// The server refused.
    Refused(ApiError),
    /// The browser gave no passkey.
    NoPasskey,
}

/// What a typed code is: six digits are of an app, everything else is a recovery code.
pub(crate) fn code_proof(typed: &str) -> ProofRequest {
    let code: String = typed.chars().filter(|it| !it.is_whitespace()).collect();
    if code.len() == 6 && code.bytes().all(|it| it.is_ascii_digit()) {
        ProofRequest::App { code }
    } else {
        ProofRequest::RecoveryCode { code }
    }
}

/// A fault below a form that takes a proof.
pub(crate) fn fault_view(fault: ProofFault) -> AnyView {
    match fault {
        ProofFault::Refused(fault) => view! { <Failure fault/> }.into_any(),
        ProofFault::NoPasskey => {
            view! { <Alert tone=Tone::Error testid="error">{say(Key::PasskeyFailed)}</Alert> }
                .into_any()
        }
    }
}

async fn show_passkey(step: &SecondStepView) -> Result<ProofRequest, ProofFault> {
    let ticket = step.ticket.clone();
    let offer = api::second_passkey(&TicketRequest { ticket })
        .await
        .map_err(ProofFault::Refused)?;
    let credential = passkeys::get(&offer.options)
        .await
        .ok_or(ProofFault::NoPasskey)?;
    Ok(ProofRequest::Passkey {
        ceremony: offer.ceremony,
        credential,
    })
}

async fn finish(step: &SecondStepView, typed: Option<String>) -> Result<(), ProofFault> {
    let proof = match typed {
        Some(code) => code_proof(&code),
        None => show_passkey(step).await?,
    };
    let ticket = step.ticket.clone();
    finish_sign_in(&SecondFactorRequest { ticket, proof })
        .await
        .map_err(ProofFault::Refused)
}

/// The second step of a sign-in. Signing in leads away from here by itself.
#[component]
pub(crate) fn SecondStep(
    /// How it may be done.
    step: SecondStepView,
    /// Begins with the password again.
    #[prop(into)]
    on_restart: UnsyncCallback<()>,
) -> impl IntoView {
    let code = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let tried = RwSignal::new(false);
    let fault = RwSignal::new(None::<ProofFault>);
    let missing = Signal::derive(move || {
        (tried.get() && code.with(|code| code.trim().is_empty()))
            .then(|| t(Key::SecondCodeMissing).to_owned())
    });
    let takes_passkey = step.methods.contains(&Proof::Passkey) && passkeys::are_known();
    let takes_code = step
        .methods
        .iter()
        .any(|method| matches!(method, Proof::App | Proof::RecoveryCode));
    let step = StoredValue::new(step);
    let go = move |typed: Option<String>| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            if let Err(refused) = finish(&step.get_value(), typed).await {
                fault.try_set(Some(refused));
            }
            busy.try_set(false);
        });
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if missing.get_untracked().is_none() {
            go(Some(code.get_untracked()));
        }
    };
    view! {
        <section data-testid="second-step">
            <h2>{say(Key::SecondTitle)}</h2>
            <p>{say(Key::SecondText)}</p>
            {part(move || fault.get().map(fault_view))}
            {takes_passkey.then(|| view! {
                <div class="actions">
                    <Button look=Look::Secondary icon=Glyph::Key busy testid="second-passkey" on_press=move || go(None)>
                        {say(Key::SecondPasskey)}
                    </Button>
                </div>
            })}
            {takes_code.then(|| view! {
                <form on:submit=submit novalidate>
                    <Field id="second-code" label=say(Key::SecondCode) hint=say(Key::SecondCodeHint) error=missing value=code
                        autocomplete="one-time-code" testid="second-code"/>
                    <Button submit=true busy testid="second-submit">{say(Key::SecondGo)}</Button>
                </form>
            })}
            <Button look=Look::Quiet testid="second-back" on_press=on_restart>{say(Key::SecondRestart)}</Button>
        </section>
    }
}
