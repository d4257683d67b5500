use core::future::Future;
use std::rc::Rc;

use clinical_api::{FactorsView, ProblemCode, ProofRequest};
use clinical_model::FactorKind;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Button, Dialog, Field, Glyph, Look, part};
use crate::i18n::{Key, say};
use crate::pages::second_step::{ProofFault, code_proof, fault_view};
use crate::passkeys;

/// Does what needs a fresh proof: when there is none, asks for it and does it again.
#[derive(Clone, Copy)]
pub(crate) struct Prover {
    open: RwSignal<bool>,
    again: StoredValue<Option<Rc<dyn Fn()>>, LocalStorage>,
}

impl Prover {
    pub(crate) fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            again: StoredValue::new_local(None),
        }
    }

    /// Does something; what goes wrong stands in `fault`.
    pub(crate) fn run<F, Fut>(self, busy: RwSignal<bool>, fault: RwSignal<Option<ApiError>>, act: F)
    where
        F: Fn() -> Fut + Clone + 'static,
        Fut: Future<Output = Result<(), ApiError>> + 'static,
    {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let done = act().await;
            busy.try_set(false);
            match done {
                Ok(()) => {}
                Err(refused) if refused.is(ProblemCode::StepUpNeeded) => {
                    let again: Rc<dyn Fn()> = Rc::new(move || self.run(busy, fault, act.clone()));
                    self.again.try_set_value(Some(again));
                    self.open.try_set(true);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
        });
    }

    fn proved(self) {
        self.open.try_set(false);
        if let Some(Some(again)) = self.again.try_get_value() {
            again();
        }
    }
}

/// What is asked: the password where there is no factor.
async fn prove(own: FactorsView, typed: Option<String>) -> Result<(), ProofFault> {
    let proof = match typed {
        Some(password) if own.factors.is_empty() => ProofRequest::Password { password },
        Some(code) => code_proof(&code),
        None => {
            let offer = api::step_up_passkey().await.map_err(ProofFault::Refused)?;
            let credential = passkeys::get(&offer.options)
                .await
                .ok_or(ProofFault::NoPasskey)?;
            ProofRequest::Passkey {
                ceremony: offer.ceremony,
                credential,
            }
        }
    };
    api::step_up(&proof).await.map_err(ProofFault::Refused)
}

/// The dialog of a prover; stands once on a page that has one.
#[component]
pub(crate) fn ProveDialog(prover: Prover) -> impl IntoView {
    let own = RwSignal::new(None::<FactorsView>);
    Effect::new(move || {
        if prover.open.get() {
            spawn_local(async move {
                own.try_set(api::own_factors().await.ok());
            });
        }
    });
    view! {
        <Dialog open=prover.open title=say(Key::ProveTitle) testid="prove-dialog">
            {part(move || own.get().map(|own| view! { <Asking prover own/> }))}
        </Dialog>
    }
}

#[component]
fn Asking(prover: Prover, own: FactorsView) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ProofFault>);
    let by_password = own.factors.is_empty();
    let has_passkey = own.factors.iter().any(|it| it.kind == FactorKind::Passkey);
    let own = StoredValue::new(own);
    let go = move |typed: Option<String>| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match prove(own.get_value(), typed).await {
                Ok(()) => prover.proved(),
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        go(Some(typed.get_untracked()));
    };
    let field = if by_password {
        view! { <Field id="prove-password" label=say(Key::ProvePassword) value=typed kind="password" autocomplete="current-password" testid="prove-password"/> }
            .into_any()
    } else {
        view! { <Field id="prove-code" label=say(Key::SecondCode) hint=say(Key::SecondCodeHint) value=typed autocomplete="one-time-code" testid="prove-code"/> }
            .into_any()
    };
    view! {
        {part(move || fault.get().map(fault_view))}
        {has_passkey.then(|| view! {
            <Button look=Look::Secondary icon=Glyph::Key busy testid="prove-passkey" on_press=move || go(None)>
                {say(Key::SecondPasskey)}
            </Button>
        })}
        <form on:submit=submit novalidate>
            {field}
            <div class="actions">
                <Button look=Look::Secondary on_press=move || prover.open.set(false)>{say(Key::Back)}</Button>
                <Button submit=true busy testid="prove-submit">{say(Key::SecondGo)}</Button>
            </div>
        </form>
    }
}
