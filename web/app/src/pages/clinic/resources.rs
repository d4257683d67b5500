//! The rooms and devices of the clinic.

use clinical_api::{ResourceRequest, ResourceView};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::choice::{Select, Tick};
use crate::api::{self, ApiError};
use crate::components::{Button, EmptyState, Failure, Field, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::when;

#[component]
pub(super) fn Resources(list: Vec<ResourceView>, reload: UnsyncCallback<()>) -> impl IntoView {
    let editing = RwSignal::new(None::<Option<ResourceView>>);
    let close = UnsyncCallback::new(move |()| editing.set(None));
    let is_empty = list.is_empty();
    let rows = list.into_iter().map(|it| {
        let (name, is_room, active) = (it.name.clone(), it.is_room, it.active);
        let open = move |_| editing.set(Some(Some(it.clone())));
        view! {
            <li>
                <button type="button" class="choice" data-testid="resource" on:click=open>
                    <Icon glyph=if is_room { Glyph::Home } else { Glyph::Screen }/>
                    <span>
                        <strong>{name}</strong>
                        <small>
                            {part(move || t(if is_room { Key::ResourceRoom } else { Key::ResourceDevice }))}
                            {part(move || (!active).then(|| format!(" · {}", t(Key::ServiceOff))))}
                        </small>
                    </span>
                    <Icon glyph=Glyph::Edit/>
                </button>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section data-testid="resources">
            <h2>{say(Key::ResourcesList)}</h2>
            {is_empty.then(|| view! { <EmptyState glyph=Glyph::Home><p>{say(Key::ResourcesNone)}</p></EmptyState> })}
            <ul class="choices">{rows}</ul>
            {part(move || match editing.get() {
                Some(resource) => view! { <Form resource reload close/> }.into_any(),
                None => view! {
                    <p><Button look=Look::Secondary icon=Glyph::Plus testid="resource-add" on_press=move || editing.set(Some(None))>{say(Key::ResourceAdd)}</Button></p>
                }
                .into_any(),
            })}
        </section>
    }
}

#[component]
fn Form(
    resource: Option<ResourceView>,
    reload: UnsyncCallback<()>,
    close: UnsyncCallback<()>,
) -> impl IntoView {
    let name = RwSignal::new(
        resource
            .as_ref()
            .map(|it| it.name.clone())
            .unwrap_or_default(),
    );
    let kind = RwSignal::new(
        match &resource {
            Some(it) if !it.is_room => "device",
            _ => "room",
        }
        .to_owned(),
    );
    let active = RwSignal::new(resource.as_ref().is_none_or(|it| it.active));
    let zone = resource
        .as_ref()
        .map_or_else(when::own_zone, |it| it.zone.clone());
    let zone = StoredValue::new(zone);
    let place = resource.map(|it| (it.id, it.version));
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let unnamed = Signal::derive(move || {
        let is_empty = name.with(|it| it.trim().is_empty());
        (tried.get() && is_empty).then(|| t(Key::NameFault).to_owned())
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let request = ResourceRequest {
            is_room: kind.with_untracked(|it| it == "room"),
            name: name.get_untracked().trim().to_owned(),
            zone: zone.get_value(),
            active: active.get_untracked(),
            version: place.map_or(0, |(_, version)| version),
        };
        if busy.get_untracked() || request.name.is_empty() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let saved = match place {
                Some((id, _)) => api::change_resource(id, &request).await,
                None => api::add_resource(&request).await,
            };
            match saved {
                Ok(_) => {
                    toast(t_now(Key::ServiceSaved));
                    close.run(());
                    reload.run(());
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    let kinds = vec![
        ("room".to_owned(), t_now(Key::ResourceRoom).to_owned()),
        ("device".to_owned(), t_now(Key::ResourceDevice).to_owned()),
    ];
    view! {
        <form class="card" on:submit=send novalidate data-testid="resource-form">
            <Field id="resource-name" label=say(Key::ResourceName) error=unnamed value=name testid="resource-name"/>
            <Select id="resource-kind" label=Key::ResourceKind value=kind options=kinds/>
            <Tick id="resource-active" label=Key::ResourceActive value=active/>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button submit=true busy icon=Glyph::Check testid="resource-save">{say(Key::Save)}</Button>
                <Button look=Look::Quiet testid="resource-close" on_press=close>{say(Key::FormClose)}</Button>
            </div>
        </form>
    }
}
