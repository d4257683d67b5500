use clinical_api::{DoctorView, ResourceView, ServiceRequest, ServiceView};
use clinical_model::booking::Modality;
use clinical_model::{ResourceId, UserId};
use leptos::prelude::*;

use super::super::words::{modality, service_name};
use super::choice::{Select, Tick};
use super::edited::{EditForm, Editing, Kind, Saving, list, row};
use super::resources::Resources;
use crate::api;
use crate::components::{Field, Glyph, Page, part};
use crate::i18n::{Key, Plural, say, t, tn};
use crate::remote::Remote;

/// What the clinic offers, as the page needs it.
#[derive(Clone, PartialEq)]
struct Offer {
    services: Vec<ServiceView>,
    resources: Vec<ResourceView>,
    doctors: Vec<DoctorView>,
}

/// The services, rooms and devices of the clinic.
pub(crate) fn page() -> AnyView {
    let offer = Remote::new(|| async {
        Ok(Offer {
            services: api::services().await?,
            resources: api::resources().await?,
            doctors: api::doctors().await?,
        })
    });
    let reload = UnsyncCallback::new(move |()| offer.reload());
    view! {
        <Page title=say(Key::ServicesTitle)>
            <p class="lead">{say(Key::ServicesText)}</p>
            {offer.show(move |offer| {
                let known = offer.resources.clone();
                view! { <Services offer reload/><Resources known reload/> }
            })}
        </Page>
    }
    .into_any()
}

const KIND: Kind = Kind {
    testid: "service",
    title: Key::ServicesList,
    none: Key::ServicesNone,
    add: Key::ServiceAdd,
    glyph: Glyph::Calendar,
};

#[component]
fn Services(offer: Offer, reload: UnsyncCallback<()>) -> impl IntoView {
    let editing: Editing<ServiceView> = RwSignal::new(None);
    let close = UnsyncCallback::new(move |()| editing.set(None));
    let rows = offer.services.clone().into_iter().map(|it| {
        let (code, meets) = (it.code.clone(), it.modality);
        let (active, minutes) = (it.active, u64::from(it.length_min));
        let name = part(move || service_name(&code));
        let about = view! {
            {part(move || modality(meets))}" · "{part(move || tn(Plural::Minutes, minutes))}
            {part(move || (!active).then(|| format!(" · {}", t(Key::ServiceOff))))}
        };
        let words = (name.into_any(), about.into_any());
        row(KIND, (Glyph::Calendar, it), editing, words)
    });
    let rows = rows.collect();
    let offer = StoredValue::new(offer);
    let form =
        move |service| view! { <Form service offer=offer.get_value() reload close/> }.into_any();
    list(KIND, rows, editing, form)
}

/// The fields of a service as they are typed.
#[derive(Clone, Copy)]
struct Draft {
    code: RwSignal<String>,
    length: RwSignal<String>,
    before: RwSignal<String>,
    after: RwSignal<String>,
    step: RwSignal<String>,
    modality: RwSignal<String>,
    active: RwSignal<bool>,
    doctors: RwSignal<Vec<UserId>>,
    rooms: RwSignal<Vec<ResourceId>>,
    devices: RwSignal<Vec<ResourceId>>,
}

impl Draft {
    fn of(service: Option<&ServiceView>, resources: &[ResourceView]) -> Self {
        let number = |read: fn(&ServiceView) -> u16, new: u16| {
            RwSignal::new(service.map_or(new, read).to_string())
        };
        let needed = |is_room: bool| {
            let all = service.map(|it| it.needs.concat()).unwrap_or_default();
            let kind = |id: &ResourceId| {
                resources
                    .iter()
                    .any(|it| it.id == *id && it.is_room == is_room)
            };
            RwSignal::new(all.into_iter().filter(kind).collect())
        };
        let meets = service.map_or(Modality::Video, |it| it.modality);
        Self {
            code: RwSignal::new(service.map(|it| it.code.clone()).unwrap_or_default()),
            length: number(|it| it.length_min, 30),
            before: number(|it| it.before_min, 0),
            after: number(|it| it.after_min, 0),
            step: number(|it| it.step_min, 30),
            modality: RwSignal::new(meets.as_str().to_owned()),
            active: RwSignal::new(service.is_none_or(|it| it.active)),
            doctors: RwSignal::new(service.map(|it| it.doctors.clone()).unwrap_or_default()),
            rooms: needed(true),
            devices: needed(false),
        }
    }

    /// What is sent; nothing while a number is no number.
    fn request(self, version: i64) -> Option<ServiceRequest> {
        let number = |text: RwSignal<String>| text.get_untracked().trim().parse::<u16>().ok();
        let needs = [self.rooms.get_untracked(), self.devices.get_untracked()];
        Some(ServiceRequest {
            code: self.code.get_untracked().trim().to_owned(),
            length_min: number(self.length)?,
            before_min: number(self.before)?,
            after_min: number(self.after)?,
            step_min: number(self.step)?,
            modality: Modality::from_word(&self.modality.get_untracked())?,
            active: self.active.get_untracked(),
            doctors: self.doctors.get_untracked(),
            needs: needs.into_iter().filter(|it| !it.is_empty()).collect(),
            version,
        })
    }
}

#[component]
fn Form(
    service: Option<ServiceView>,
    offer: Offer,
    reload: UnsyncCallback<()>,
    close: UnsyncCallback<()>,
) -> impl IntoView {
    let draft = Draft::of(service.as_ref(), &offer.resources);
    let place = service.map(|it| (it.id, it.version));
    let saving = Saving::new(close, reload);
    let send = UnsyncCallback::new(move |()| {
        let version = place.map_or(0, |(_, version)| version);
        let may_send = saving.begin();
        let Some(request) = draft.request(version) else {
            return;
        };
        if may_send && !request.code.is_empty() {
            saving.send(async move {
                match place {
                    Some((id, _)) => api::change_service(id, &request).await,
                    None => api::add_service(&request).await,
                }
            });
        }
    });
    let wrong = move |text: RwSignal<String>| {
        saving.wrong(Key::NumberFault, move || {
            text.with(|it| it.trim().parse::<u16>().is_err())
        })
    };
    let unnamed = saving.wrong(Key::NameFault, move || {
        draft.code.with(|it| it.trim().is_empty())
    });
    let meets = Modality::ALL
        .map(|it| (it.as_str().to_owned(), modality(it).to_owned()))
        .to_vec();
    let named = |is_room: bool| {
        let kind = offer
            .resources
            .iter()
            .filter(move |it| it.is_room == is_room && it.active);
        kind.map(|it| (it.id, it.name.clone())).collect::<Vec<_>>()
    };
    let (rooms, devices) = (named(true), named(false));
    let doctors: Vec<_> = offer
        .doctors
        .into_iter()
        .map(|it| (it.id, it.name))
        .collect();
    view! {
        <EditForm kind=KIND saving send>
            <Field id="service-code" label=say(Key::ServiceCode) error=unnamed value=draft.code testid="service-code"/>
            <Field id="service-length" label=say(Key::ServiceLength) error=wrong(draft.length) value=draft.length kind="number" testid="service-length"/>
            <Field id="service-before" label=say(Key::ServiceBefore) error=wrong(draft.before) value=draft.before kind="number"/>
            <Field id="service-after" label=say(Key::ServiceAfter) error=wrong(draft.after) value=draft.after kind="number"/>
            <Field id="service-step" label=say(Key::ServiceStep) error=wrong(draft.step) value=draft.step kind="number" testid="service-step"/>
            <Select id="service-modality" label=Key::ServiceModality value=draft.modality options=meets/>
            {many("service-doctors", Key::ServiceDoctors, doctors, draft.doctors)}
            {many("service-rooms", Key::ServiceRooms, rooms, draft.rooms)}
            {many("service-devices", Key::ServiceDevices, devices, draft.devices)}
            <Tick id="service-active" label=Key::ServiceActive value=draft.active/>
        </EditForm>
    }
}

/// Boxes to tick among things with names; nothing when there is none.
fn many<T: Copy + PartialEq + Send + Sync + 'static>(
    id: &'static str,
    label: Key,
    options: Vec<(T, String)>,
    chosen: RwSignal<Vec<T>>,
) -> AnyView {
    if options.is_empty() {
        return ().into_any();
    }
    let rows = options.into_iter().enumerate().map(|(index, (it, name))| {
        let own = format!("{id}-{index}");
        let named = own.clone();
        let toggle = move |event: leptos::ev::Event| {
            let ticked = event_target_checked(&event);
            chosen.update(|list| {
                list.retain(|one| *one != it);
                if ticked {
                    list.push(it);
                }
            });
        };
        view! {
            <p class="row">
                <input type="checkbox" id=own data-testid=id prop:checked=move || chosen.with(|list| list.contains(&it)) on:change=toggle/>
                <label for=named>{name}</label>
            </p>
        }
    });
    let rows = rows.collect_view();
    view! { <fieldset><legend>{part(move || t(label))}</legend>{rows}</fieldset> }.into_any()
}
