use crate::components::part;
use clinical_api::{PasskeySignInRequest, SecondStepView};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::second_step::{ProofFault, SecondStep, fault_view};
use crate::api::{self, ApiError};
use crate::chunks::expect_desk;
use crate::components::{Alert, Button, Field, Glyph, Look, Page, Tone, reason};
use crate::guard::next_path;
use crate::i18n::{Key, say, t};
use crate::passkeys;
use crate::session::{Session, home_of, session, sign_in, sign_in_with_passkey};

/// Sign in with e-mail and password, then back to where one came from.
pub(crate) fn page() -> AnyView {
    expect_desk();
    let navigate = use_navigate();
    let next = next_path();
    Effect::new(move || {
        if let Session::SignedIn(me) = session() {
            let target = next
                .get_untracked()
                .unwrap_or_else(|| home_of(me.role).to_owned());
            let replace = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&target, replace);
        }
    });
    let step = RwSignal::new(None::<SecondStepView>);
    let query = use_query_map();
    let expired = move || query.with(|query| query.get("expired").is_some());
    view! {
        <Page title=say(Key::LoginTitle) class="narrow">
            {part(move || {
                if expired() {
                    Some(view! { <Alert tone=Tone::Info testid="expired">{say(Key::LoginExpired)}</Alert> })
                } else {
                    next.get().map(|_| view! { <Alert tone=Tone::Info testid="login-next">{say(Key::LoginNext)}</Alert> })
                }
            })}
            {part(move || match step.get() {
                None => view! {
                    <Form step/>
                    <PasskeyAlone/>
                    <p class="hint">{say(Key::LoginForgotten)}</p>
                }
                .into_any(),
                Some(second) => view! { <SecondStep step=second on_restart=move || step.set(None)/> }.into_any(),
            })}
        </Page>
    }
    .into_any()
}

#[component]
fn Form(step: RwSignal<Option<SecondStepView>>) -> impl IntoView {
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let shown = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let tried = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let alert = NodeRef::<html::Div>::new();
    let email_fault = Signal::derive(move || {
        tried
            .get()
            .then(|| {
                email
                    .with(|email| email_fault(email))
                    .map(|key| t(key).to_owned())
            })
            .flatten()
    });
    let password_fault = Signal::derive(move || {
        (tried.get() && password.with(String::is_empty))
            .then(|| t(Key::LoginPasswordMissing).to_owned())
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        fault.set(None);
        if email_fault.get_untracked().is_some() || password_fault.get_untracked().is_some() {
            focus(alert);
            return;
        }
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = sign_in(
                email.get_untracked().trim().to_owned(),
                password.get_untracked(),
            )
            .await;
            match answer {
                Ok(None) => {}
                Ok(Some(second)) => {
                    step.try_set(Some(second));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    focus(alert);
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <form on:submit=submit novalidate>
            <div node_ref=alert tabindex="-1" class="summary">
                <Faults email_fault password_fault fault/>
            </div>
            <Field id="email" label=say(Key::LoginEmail) error=email_fault value=email kind="email" autocomplete="username" testid="login-email"/>
            {part(move || {
                let kind = if shown.get() { "text" } else { "password" };
                view! { <Field id="password" label=say(Key::LoginPassword) error=password_fault value=password kind autocomplete="current-password" testid="login-password"/> }
            })}
            <label class="check">
                <input type="checkbox" data-testid="login-show" prop:checked=shown on:change=move |event| shown.set(event_target_checked(&event))/>
                <span>{say(Key::LoginShow)}</span>
            </label>
            <Button submit=true busy testid="login-submit">{say(Key::SignIn)}</Button>
        </form>
    }
}

/// The device knows whose the passkey is, so nothing has to be typed.
async fn by_passkey() -> Result<(), ProofFault> {
    let offer = api::passkey_begin().await.map_err(ProofFault::Refused)?;
    let credential = passkeys::get(&offer.options)
        .await
        .ok_or(ProofFault::NoPasskey)?;
    let ceremony = offer.ceremony;
    sign_in_with_passkey(&PasskeySignInRequest {
        ceremony,
        credential,
    })
    .await
    .map_err(ProofFault::Refused)
}

#[component]
fn PasskeyAlone() -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ProofFault>);
    let go = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            if let Err(refused) = by_passkey().await {
                fault.try_set(Some(refused));
            }
            busy.try_set(false);
        });
    };
    passkeys::are_known().then(|| {
        view! {
            {part(move || fault.get().map(fault_view))}
            <Button look=Look::Secondary icon=Glyph::Key busy testid="login-passkey" on_press=go>
                {say(Key::LoginPasskey)}
            </Button>
        }
    })
}

fn focus(node: NodeRef<html::Div>) {
    if let Some(element) = node.try_get_untracked().flatten() {
        element.focus().ok();
    }
}

#[component]
fn Faults(
    email_fault: Signal<Option<String>>,
    password_fault: Signal<Option<String>>,
    fault: RwSignal<Option<ApiError>>,
) -> impl IntoView {
    move || {
        let points: Vec<(&str, String)> = [
            ("#email", email_fault.get()),
            ("#password", password_fault.get()),
        ]
        .into_iter()
        .filter_map(|(target, words)| words.map(|words| (target, words)))
        .collect();
        if !points.is_empty() {
            let list = points.into_iter().map(
                |(target, words)| view! { <li><a href=target rel="external">{words}</a></li> },
            );
            return view! {
                <Alert tone=Tone::Error testid="error">
                    <p>{say(Key::ErrorsTitle)}</p>
                    <ul>{list.collect_view()}</ul>
                </Alert>
            }
            .into_any();
        }
        fault.get().map(|fault| view! { <Alert tone=Tone::Error testid="error">{part(move || reason(&fault))}</Alert> }).into_any()
    }
}

fn email_fault(email: &str) -> Option<Key> {
    match email.trim() {
        "" => Some(Key::LoginEmailMissing),
        email => match email.split_once('@') {
            Some((name, host)) if !name.is_empty() && !host.is_empty() => None,
            Some(_) | None => Some(Key::LoginEmailWrong),
        },
    }
}
