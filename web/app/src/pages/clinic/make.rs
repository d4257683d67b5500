//! A new appointment that staff give, if need be over another one.

use clinical_api::{
    BookRequest, DoctorView, OverbookBecause, OverbookRequest, PatientRowView, ProblemCode,
    ServiceView,
};
use clinical_model::{PatientId, Role};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::super::words::service_name;
use super::choice::{Select, instant};
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Field, Glyph, Look, Tone, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::session::me;

/// What is chosen so far.
#[derive(Clone, Copy)]
struct Wanted {
    patient: RwSignal<Option<(PatientId, String)>>,
    doctor: RwSignal<String>,
    service: RwSignal<String>,
    day: RwSignal<String>,
    time: RwSignal<String>,
}

impl Wanted {
    /// What is sent; nothing while something is missing.
    fn request(self) -> Option<BookRequest> {
        let (patient, _) = self.patient.get_untracked()?;
        Some(BookRequest {
            doctor: self.doctor.get_untracked().parse().ok()?,
            service: self.service.get_untracked().parse().ok(),
            patient: Some(patient),
            start_us: instant(&self.day.get_untracked(), &self.time.get_untracked())?,
            reason: String::new(),
        })
    }
}

/// What is known before somebody asks: whose time, as far as it is a doctor's, and which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) doctor: String,
    pub(super) day: String,
    pub(super) time: String,
}

#[component]
pub(super) fn Make(
    wish: Wish,
    making: RwSignal<bool>,
    reload: UnsyncCallback<()>,
) -> impl IntoView {
    let known = Remote::new(|| async { Ok((api::doctors().await?, api::services().await?)) });
    known.show(move |(doctors, services)| {
        view! { <Form doctors services wish=wish.clone() making reload/> }
    })
}

#[component]
fn Form(
    doctors: Vec<DoctorView>,
    services: Vec<ServiceView>,
    wish: Wish,
    making: RwSignal<bool>,
    reload: UnsyncCallback<()>,
) -> impl IntoView {
    let own = me().filter(|me| me.role == Role::Doctor).map(|me| me.id);
    let doctors: Vec<_> = doctors
        .into_iter()
        .filter(|it| own.is_none_or(|own| own == it.id))
        .map(|it| (it.id.to_string(), it.name))
        .collect();
    let first = doctors
        .iter()
        .find(|(id, _)| *id == wish.doctor)
        .or_else(|| doctors.first())
        .map(|(id, _)| id.clone())
        .unwrap_or_default();
    let plain = (String::new(), t_now(Key::MakePlain).to_owned());
    let offered = services.into_iter().filter(|it| it.active);
    let offered = offered.map(|it| (it.id.to_string(), service_name(&it.code)));
    let services: Vec<_> = core::iter::once(plain).chain(offered).collect();
    let wanted = Wanted {
        patient: RwSignal::new(None),
        doctor: RwSignal::new(first),
        service: RwSignal::new(String::new()),
        day: RwSignal::new(wish.day),
        time: RwSignal::new(wish.time),
    };
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let done = move || {
        toast(t_now(Key::MakeDone));
        making.try_set(false);
        reload.run(());
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let Some(request) = wanted.request() else {
            return;
        };
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::book(&request).await {
                Ok(_) => done(),
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    let done = UnsyncCallback::new(move |()| done());
    let wrong = Signal::derive(move || {
        let none = instant(&wanted.day.get(), &wanted.time.get()).is_none();
        (tried.get() && none).then(|| t(Key::TimeFault).to_owned())
    });
    view! {
        <form on:submit=send novalidate data-testid="make-form">
            <Whom chosen=wanted.patient tried/>
            <Select id="make-doctor" label=Key::DetailsDoctor value=wanted.doctor options=doctors/>
            <Select id="make-service" label=Key::DetailsService value=wanted.service options=services/>
            <Field id="make-day" label=say(Key::CalendarDay) value=wanted.day kind="date" testid="make-day"/>
            <Field id="make-time" label=say(Key::MakeTime) error=wrong value=wanted.time kind="time" testid="make-time"/>
            {part(move || fault.get().map(|fault| {
                // A time that is taken, or outside the hours, staff may give all the same.
                let may_give = fault.is(ProblemCode::SlotTaken) || fault.is(ProblemCode::Invalid);
                view! {
                    <Failure fault/>
                    {may_give.then(|| view! { <Overbook wanted done/> })}
                }
            }))}
            <div class="actions">
                <Button look=Look::Secondary testid="make-close" on_press=move || making.set(false)>{say(Key::FormClose)}</Button>
                <Button submit=true busy icon=Glyph::Check testid="make-send">{say(Key::MakeSend)}</Button>
            </div>
        </form>
    }
}

/// Looks for the patient by name or phone.
#[component]
fn Whom(chosen: RwSignal<Option<(PatientId, String)>>, tried: RwSignal<bool>) -> impl IntoView {
    let query = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Vec<PatientRowView>>);
    let fault = RwSignal::new(None::<ApiError>);
    let look = move || {
        let asked = query.get_untracked();
        fault.set(None);
        spawn_local(async move {
            match api::search_patients(asked.trim()).await {
                Ok(answer) => {
                    found.try_set(Some(answer.patients));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
        });
    };
    let missing = Signal::derive(move || {
        let none = chosen.with(Option::is_none);
        (tried.get() && none).then(|| t(Key::MakeWhomFault).to_owned())
    });
    view! {
        <Field id="make-patient" label=say(Key::MakeWhom) error=missing value=query kind="search" testid="make-patient"/>
        <Button look=Look::Secondary icon=Glyph::Search testid="make-look" on_press=look>{say(Key::MakeLook)}</Button>
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        {part(move || chosen.get().map(|(_, name)| view! { <p role="status" data-testid="make-chosen"><strong>{name}</strong></p> }))}
        {part(move || found.get().map(|list| {
            let is_empty = list.is_empty();
            let rows = list.into_iter().take(8).map(|it| {
                let name = format!("{} {}", it.given, it.family);
                let shown = name.clone();
                let id = it.id;
                let take = move |_| {
                    chosen.set(Some((id, name.clone())));
                    found.set(None);
                };
                view! { <li><button type="button" class="choice" data-testid="make-found" on:click=take><span><strong>{shown}</strong><small>{it.birth}</small></span></button></li> }
            });
            let rows = rows.collect_view();
            view! {
                {is_empty.then(|| view! { <p class="hint">{say(Key::PatientsNone)}</p> })}
                <ul class="choices">{rows}</ul>
            }
        }))}
    }
}

/// Gives the time all the same, with a reason that stands in the audit.
#[component]
fn Overbook(wanted: Wanted, done: UnsyncCallback<()>) -> impl IntoView {
    let because = RwSignal::new("urgent".to_owned());
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let reasons = [
        ("urgent", Key::OverbookUrgent),
        ("doctor_asked", Key::OverbookAsked),
        ("clinic_error", Key::OverbookMistake),
    ];
    let reasons = reasons
        .map(|(word, key)| (word.to_owned(), t_now(key).to_owned()))
        .to_vec();
    let give = move || {
        let Some(request) = wanted.request() else {
            return;
        };
        let Some(patient) = request.patient else {
            return;
        };
        let request = OverbookRequest {
            patient,
            doctor: request.doctor,
            service: request.service,
            start_us: request.start_us,
            reason: request.reason,
            because: match because.get_untracked().as_str() {
                "doctor_asked" => OverbookBecause::DoctorAsked,
                "clinic_error" => OverbookBecause::ClinicError,
                _ => OverbookBecause::Urgent,
            },
        };
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::overbook(&request).await {
                Ok(_) => done.run(()),
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <Alert tone=Tone::Warning testid="overbook">
            <p>{say(Key::OverbookText)}</p>
            <Select id="overbook-because" label=Key::OverbookBecause value=because options=reasons/>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <Button look=Look::Danger busy testid="overbook-give" on_press=give>{say(Key::OverbookGive)}</Button>
        </Alert>
    }
}
