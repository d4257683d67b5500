use crate::components::part;
use clinical_api::JoinLink;
use clinical_model::{AppointmentId, Role};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::words::moment;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, CopyField, Dialog, Failure, Glyph, Icon, Look, Tone};
use crate::i18n::{Key, say};
use crate::{join_link, tr};

/// What is known of the patient's link at this moment.
#[derive(Clone, PartialEq, Eq)]
enum Known {
    /// It exists, but only its hash is kept.
    Hidden,
    /// It can be shown.
    Shown {
        token: String,
        expires_us: Option<i64>,
    },
    /// It was switched off just now.
    Off,
}

/// The patient's link: see it, make a new one, switch it off.
#[component]
pub(crate) fn PatientLink(id: AppointmentId, role: Role) -> impl IntoView {
    let own = role == Role::Patient;
    let first = match join_link::kept(id) {
        Some(token) if own => Known::Shown {
            token,
            expires_us: None,
        },
        _ => Known::Hidden,
    };
    let known = RwSignal::new(first);
    let busy = RwSignal::new(false);
    let asking = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let renew = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::new_link(id).await {
                Ok(JoinLink { token, expires_us }) => {
                    if own {
                        join_link::keep(id, &token);
                    }
                    known.try_set(Known::Shown {
                        token,
                        expires_us: Some(expires_us),
                    });
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let title = if own {
        Key::LinkTitle
    } else {
        Key::LinkTitleDoctor
    };
    view! {
        <section class="card">
            <h2><Icon glyph=Glyph::Link/>{say(title)}</h2>
            {part(move || view! { <Now known=known.get() title/> })}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <p class="hint">{say(Key::LinkRenewText)}</p>
            <div class="actions">
                <Button look=Look::Secondary icon=Glyph::Link busy testid="link-renew" on_press=renew>
                    {say(Key::LinkRenew)}
                </Button>
                <Button look=Look::Quiet testid="link-revoke" on_press=move || asking.set(true)>
                    {say(Key::LinkRevoke)}
                </Button>
            </div>
            <Dialog open=asking title=say(Key::LinkRevokeTitle) testid="link-revoke-dialog">
                <Revoke id known asking/>
            </Dialog>
        </section>
    }
}

#[component]
fn Now(known: Known, title: Key) -> impl IntoView {
    match known {
        Known::Hidden => view! { <p>{say(Key::LinkHidden)}</p> }.into_any(),
        Known::Off => {
            view! { <Alert tone=Tone::Info testid="link-revoked">{say(Key::LinkRevoked)}</Alert> }
                .into_any()
        }
        Known::Shown { token, expires_us } => {
            let expires = expires_us
                .map(|us| view! { <p class="hint">{part(move || tr!(Key::LinkExpires, date = moment(us)))}</p> });
            view! {
                <CopyField id="join-link" label=say(title) text=join_link::href(&token) testid="join-link"/>
                {expires}
            }
            .into_any()
        }
    }
}

#[component]
fn Revoke(id: AppointmentId, known: RwSignal<Known>, asking: RwSignal<bool>) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let revoke = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::revoke_link(id).await {
                Ok(()) => {
                    join_link::forget(id);
                    known.try_set(Known::Off);
                    asking.try_set(false);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <p>{say(Key::LinkRevokeText)}</p>
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions">
            <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
            <Button look=Look::Danger busy testid="link-revoke-confirm" on_press=revoke>{say(Key::LinkRevoke)}</Button>
        </div>
    }
}
