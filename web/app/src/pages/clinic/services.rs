use clinical_api::{DoctorView, ResourceView, ServiceRequest, ServiceView};
use clinical_model::booking::Modality;
use clinical_model::{ResourceId, UserId};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::super::words::{modality, service_name};
use super::choice::{Select, Tick};
use super::resources::Resources;
use crate::api::{self, ApiError};
use crate::components::{Button, EmptyState, Failure, Field, Glyph, Icon, Look, Page, part, toast};
use crate::i18n::{Key, Plural, say, t, t_now, tn};
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
                let list = offer.resources.clone();
                view! { <Services offer reload/><Resources list reload/> }
            })}
        </Page>
    }
    .into_any()
}

#[component]
fn Services(offer: Offer, reload: UnsyncCallback<()>) -> impl IntoView {
    let editing = RwSignal::new(None::<Option<ServiceView>>);
    let close = UnsyncCallback::new(move |()| editing.set(None));
    let is_empty = offer.services.is_empty();
    let rows = offer.services.clone().into_iter().map(|it| {
        let (shown, active, minutes) = (it.clone(), it.active, u64::from(it.length_min));
        let open = move |_| editing.set(Some(Some(it.clone())));
        view! {
            <li>
                <button type="button" class="choice" data-testid="service" on:click=open>
                    <Icon glyph=Glyph::Calendar/>
                    <span>
                        <strong>{part(move || service_name(&shown.code))}</strong>
                        <small>
                            {part(move || modality(shown.modality))}" · "{part(move || tn(Plural::Minutes, minutes))}
                            {part(move || (!active).then(|| format!(" · {}", t(Key::ServiceOff))))}
                        </small>
                    </span>
                    <Icon glyph=Glyph::Edit/>
                </button>
            </li>
        }
    });
    let rows = rows.collect_view();
    let offer = StoredValue::new(offer);
    view! {
        <section data-testid="services">
            <h2>{say(Key::ServicesList)}</h2>
            {is_empty.then(|| view! { <EmptyState glyph=Glyph::Calendar><p>{say(Key::ServicesNone)}</p></EmptyState> })}
            <ul class="choices">{rows}</ul>
            {part(move || match editing.get() {
                Some(service) => view! { <Form service offer=offer.get_value() reload close/> }.into_any(),
                None => view! {
                    <p><Button look=Look::Secondary icon=Glyph::Plus testid="service-add" on_press=move || editing.set(Some(None))>{say(Key::ServiceAdd)}</Button></p>
                }
                .into_any(),
            })}
        </section>
    }
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
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let version = place.map_or(0, |(_, version)| version);
        let Some(request) = draft.request(version) else {
            return;
        };
        if busy.get_untracked() || request.code.is_empty() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let saved = match place {
                Some((id, _)) => api::change_service(id, &request).await,
                None => api::add_service(&request).await,
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
    let wrong = move |text: RwSignal<String>| {
        Signal::derive(move || {
            let is_wrong = text.with(|it| it.trim().parse::<u16>().is_err());
            (tried.get() && is_wrong).then(|| t(Key::NumberFault).to_owned())
        })
    };
    let unnamed = Signal::derive(move || {
        let is_empty = draft.code.with(|it| it.trim().is_empty());
        (tried.get() && is_empty).then(|| t(Key::NameFault).to_owned())
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
        <form class="card" on:submit=send novalidate data-testid="service-form">
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
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button submit=true busy icon=Glyph::Check testid="service-save">{say(Key::Save)}</Button>
                <Button look=Look::Quiet testid="service-close" on_press=close>{say(Key::FormClose)}</Button>
            </div>
        </form>
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
