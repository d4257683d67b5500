//! The rooms and devices of the clinic.

use clinical_api::{ResourceRequest, ResourceView};
use leptos::prelude::*;

use super::choice::{Select, Tick};
use super::edited::{EditForm, Editing, Kind, Saving, list, row};
use crate::api;
use crate::components::{Field, Glyph, part};
use crate::i18n::{Key, say, t, t_now};
use crate::when;

const KIND: Kind = Kind {
    testid: "resource",
    title: Key::ResourcesList,
    none: Key::ResourcesNone,
    add: Key::ResourceAdd,
    glyph: Glyph::Home,
};

#[component]
pub(super) fn Resources(known: Vec<ResourceView>, reload: UnsyncCallback<()>) -> impl IntoView {
    let editing: Editing<ResourceView> = RwSignal::new(None);
    let close = UnsyncCallback::new(move |()| editing.set(None));
    let rows = known.into_iter().map(|it| {
        let (name, is_room, active) = (it.name.clone(), it.is_room, it.active);
        let glyph = if is_room { Glyph::Home } else { Glyph::Screen };
        let about = view! {
            {part(move || t(if is_room { Key::ResourceRoom } else { Key::ResourceDevice }))}
            {part(move || (!active).then(|| format!(" · {}", t(Key::ServiceOff))))}
        };
        row(
            KIND,
            (glyph, it),
            editing,
            (name.into_any(), about.into_any()),
        )
    });
    let form = move |resource| view! { <Form resource reload close/> }.into_any();
    list(KIND, rows.collect(), editing, form)
}

#[component]
fn Form(
    resource: Option<ResourceView>,
    reload: UnsyncCallback<()>,
    close: UnsyncCallback<()>,
) -> impl IntoView {
    let saving = Saving::new(close, reload);
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
    let unnamed = saving.wrong(Key::NameFault, move || name.with(|it| it.trim().is_empty()));
    let send = UnsyncCallback::new(move |()| {
        let request = ResourceRequest {
            is_room: kind.with_untracked(|it| it == "room"),
            name: name.get_untracked().trim().to_owned(),
            zone: zone.get_value(),
            active: active.get_untracked(),
            version: place.map_or(0, |(_, version)| version),
        };
        if saving.begin() && !request.name.is_empty() {
            saving.send(async move {
                match place {
                    Some((id, _)) => api::change_resource(id, &request).await,
                    None => api::add_resource(&request).await,
                }
            });
        }
    });
    let kinds = vec![
        ("room".to_owned(), t_now(Key::ResourceRoom).to_owned()),
        ("device".to_owned(), t_now(Key::ResourceDevice).to_owned()),
    ];
    view! {
        <EditForm kind=KIND saving send>
            <Field id="resource-name" label=say(Key::ResourceName) error=unnamed value=name testid="resource-name"/>
            <Select id="resource-kind" label=Key::ResourceKind value=kind options=kinds/>
            <Tick id="resource-active" label=Key::ResourceActive value=active/>
        </EditForm>
    }
}
