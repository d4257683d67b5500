use clinical_api::SetPasswordRequest;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::security::too_short;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Field, Page, Tone, part};
use crate::i18n::{Key, say};

/// Chooses a password with a link; its secret stands in the fragment, which browsers do not send.
pub(crate) fn page() -> AnyView {
    let token = window()
        .location()
        .hash()
        .unwrap_or_default()
        .trim_start_matches('#')
        .to_owned();
    let done = RwSignal::new(false);
    view! {
        <Page title=say(Key::SetPasswordTitle) class="narrow">
            {part(move || {
                if done.get() {
                    view! {
                        <Alert tone=Tone::Success testid="set-password-done">{say(Key::SetPasswordDone)}</Alert>
                        <p><a class="button primary" href="/login">{say(Key::SignIn)}</a></p>
                    }
                    .into_any()
                } else if token.is_empty() {
                    view! { <Alert tone=Tone::Error testid="set-password-no-link">{say(Key::SetPasswordNoLink)}</Alert> }.into_any()
                } else {
                    view! { <Form token=token.clone() done/> }.into_any()
                }
            })}
        </Page>
    }
    .into_any()
}

#[component]
fn Form(token: String, done: RwSignal<bool>) -> impl IntoView {
    let password = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let short = Signal::derive(move || too_short(tried.get(), &password.get()));
    let token = StoredValue::new(token);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if short.get_untracked().is_some() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let request = SetPasswordRequest {
                token: token.get_value(),
                password: password.get_untracked(),
            };
            match api::set_password(&request).await {
                Ok(()) => {
                    done.try_set(true);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <p class="lead">{say(Key::SetPasswordText)}</p>
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <form on:submit=submit novalidate>
            <Field id="set-password" label=say(Key::PasswordNew) hint=say(Key::PasswordNewHint) error=short value=password kind="password"
                autocomplete="new-password" testid="set-password"/>
            <Button submit=true busy testid="set-password-submit">{say(Key::Save)}</Button>
        </form>
    }
}
