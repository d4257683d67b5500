use clinical_api::PasswordRequest;
use clinical_model::Standing;
use leptos::prelude::*;

use super::add_factor::AddFactor;
use super::factors::Factors;
use super::prove::{ProveDialog, Prover};
use super::recovery::Recovery;
use super::sessions::Sessions;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Field, Page, Tone, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::session::{look_again, me};

/// Fewest characters of a password, as the server counts.
pub(super) const PASSWORD_CHARS_MIN: usize = 12;

/// The second factors, sign-ins and password of the person, and where staff without a second factor
/// are led first.
pub(crate) fn page() -> AnyView {
    let is_confined = me().is_some_and(|me| me.standing == Standing::EnrolmentOnly);
    let title = if is_confined {
        Key::EnrolTitle
    } else {
        Key::SecurityTitle
    };
    let intro = if is_confined {
        Key::EnrolText
    } else {
        Key::SecurityText
    };
    let prover = Prover::new();
    let own = Remote::new(api::own_factors);
    view! {
        <Page title=say(title) class="narrow">
            <p class="lead" data-testid=if is_confined { "enrol" } else { "security" }>{say(intro)}</p>
            <section class="card">
                <h2>{say(Key::FactorsTitle)}</h2>
                {own.show(move |view| view! { <Factors view own prover/> })}
            </section>
            <AddFactor own prover/>
            {part(move || {
                own.value()
                    .filter(|own| !own.factors.is_empty())
                    .map(|view| view! { <Recovery left=view.recovery_codes_left own prover/> })
            })}
            {is_confined.then(|| view! { <Onward own/> })}
            {(!is_confined).then(|| view! {
                <Sessions/>
                <Password prover/>
            })}
            <ProveDialog prover/>
        </Page>
    }
    .into_any()
}

/// Out of the confinement, once there is a factor.
#[component]
fn Onward(own: Remote<clinical_api::FactorsView>) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let go = move || {
        busy.set(true);
        fault.set(None);
        leptos::task::spawn_local(async move {
            if let Err(refused) = look_again().await {
                fault.try_set(Some(refused));
            }
            busy.try_set(false);
        });
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        {part(move || {
            own.value()
                .filter(|own| !own.factors.is_empty())
                .map(|_| view! { <Button busy testid="enrol-done" on_press=go>{say(Key::EnrolDone)}</Button> })
        })}
    }
}

#[component]
fn Password(prover: Prover) -> impl IntoView {
    let current = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let done = RwSignal::new(false);
    let missing = Signal::derive(move || {
        (tried.get() && current.with(String::is_empty))
            .then(|| t(Key::LoginPasswordMissing).to_owned())
    });
    let short = Signal::derive(move || too_short(tried.get(), &new.get()));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        done.set(false);
        if missing.get_untracked().is_some() || short.get_untracked().is_some() {
            return;
        }
        prover.run(busy, fault, move || async move {
            let request = PasswordRequest {
                current: current.get_untracked(),
                new: new.get_untracked(),
            };
            api::change_password(&request).await?;
            tried.set(false);
            current.set(String::new());
            new.set(String::new());
            done.set(true);
            toast(t_now(Key::PasswordChanged));
            Ok(())
        });
    };
    view! {
        <section class="card">
            <h2>{say(Key::PasswordTitle)}</h2>
            <form on:submit=submit novalidate>
                {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
                {part(move || done.get().then(|| view! { <Alert tone=Tone::Success testid="password-changed">{say(Key::PasswordChanged)}</Alert> }))}
                <Field id="password-current" label=say(Key::PasswordCurrent) error=missing value=current kind="password"
                    autocomplete="current-password" testid="password-current"/>
                <Field id="password-new" label=say(Key::PasswordNew) hint=say(Key::PasswordNewHint) error=short value=new kind="password"
                    autocomplete="new-password" testid="password-new"/>
                <Button submit=true busy testid="password-submit">{say(Key::PasswordChange)}</Button>
            </form>
        </section>
    }
}

/// What is wrong with a new password, in words; tracked.
pub(super) fn too_short(tried: bool, password: &str) -> Option<String> {
    (tried && password.chars().count() < PASSWORD_CHARS_MIN)
        .then(|| t(Key::PasswordShort).to_owned())
}
