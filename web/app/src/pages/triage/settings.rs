//! What a facility decides about checks.

use clinical_api::{ServiceView, TriageSettingsRequest, TriageSettingsView};
use clinical_model::text::Phone;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Field, Glyph, Icon, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::pages::words::service_name;
use crate::remote::Remote;

/// Whether patients see possible causes, and what is booked.
#[component]
pub(super) fn Settings() -> impl IntoView {
    let known =
        Remote::new(|| async { Ok((api::triage_settings().await?, api::services().await?)) });
    view! {
        <section class="card" data-testid="triage-settings">
            <h2><Icon glyph=Glyph::Settings/>{say(Key::FiguresSettings)}</h2>
            {known.show(move |(view, services)| view! { <Form view services known/> })}
        </section>
    }
}

#[component]
fn Form(
    view: TriageSettingsView,
    services: Vec<ServiceView>,
    known: Remote<(TriageSettingsView, Vec<ServiceView>)>,
) -> impl IntoView {
    let shows = RwSignal::new(view.show_hypotheses);
    let service = RwSignal::new(view.service.map_or_else(String::new, |id| id.to_string()));
    let phone = RwSignal::new(view.phone.unwrap_or_default());
    let tried = RwSignal::new(false);
    let number = move || phone.with(|it| it.split_whitespace().collect::<String>());
    let is_wrong = move || {
        let number = number();
        !number.is_empty() && number.parse::<Phone>().is_err()
    };
    let wrong = Signal::derive(move || {
        (tried.get() && is_wrong()).then(|| t(Key::FiguresPhoneFault).to_owned())
    });
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let version = view.version;
    let kept = services.clone();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if busy.get_untracked() || untrack(is_wrong) {
            return;
        }
        busy.set(true);
        fault.set(None);
        let request = TriageSettingsRequest {
            show_hypotheses: shows.get_untracked(),
            service: service.with_untracked(|id| id.parse().ok()),
            phone: Some(untrack(number)).filter(|number| !number.is_empty()),
            version,
        };
        let kept = kept.clone();
        spawn_local(async move {
            match api::put_triage_settings(&request).await {
                Ok(saved) => {
                    toast(t_now(Key::FiguresSaved));
                    known.put((saved, kept));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let options: Vec<AnyView> = services
        .into_iter()
        .filter(|it| it.active)
        .map(|it| {
            let (id, code) = (it.id.to_string(), it.code);
            let mine = id.clone();
            view! {
                <option value=id selected=move || service.with(|id| *id == mine)>{part(move || service_name(&code))}</option>
            }
            .into_any()
        })
        .collect();
    view! {
        <form on:submit=send novalidate>
            <label class="check">
                <input type="checkbox" data-testid="settings-show" prop:checked=shows
                    on:change=move |event| shows.set(event_target_checked(&event))/>
                <span>{say(Key::FiguresShow)}</span>
            </label>
            <p class="hint">{say(Key::FiguresShowText)}</p>
            <div class="field">
                <label for="settings-service">{say(Key::FiguresService)}</label>
                <select id="settings-service" data-testid="settings-service"
                    on:change=move |event| service.set(event_target_value(&event))>
                    <option value="">{say(Key::FiguresServiceNone)}</option>
                    {options}
                </select>
            </div>
            <Field id="settings-phone" label=say(Key::FiguresPhone) hint=say(Key::FiguresPhoneHint) error=wrong value=phone kind="tel" testid="settings-phone"/>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions"><Button submit=true busy icon=Glyph::Check testid="settings-save">{say(Key::Save)}</Button></div>
        </form>
    }
}
