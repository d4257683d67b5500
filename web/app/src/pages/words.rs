use crate::components::part;
use clinical_api::{AppointmentState, AppointmentView, DoctorView};
use clinical_model::booking::Modality;
use leptos::prelude::*;
use signaling_protocol::{Participant, Quality, Role, Stage};

use crate::i18n::{Key, t};
use crate::session::me;
use crate::{tr, when};

/// A specialty in words; tracked.
pub(crate) fn specialty(code: &str) -> &'static str {
    t(match code {
        "general_practice" => Key::SpecialtyGeneralPractice,
        "paediatrics" => Key::SpecialtyPaediatrics,
        "cardiology" => Key::SpecialtyCardiology,
        "dermatology" => Key::SpecialtyDermatology,
        "gynaecology" => Key::SpecialtyGynaecology,
        "internal_medicine" => Key::SpecialtyInternalMedicine,
        "psychiatry" => Key::SpecialtyPsychiatry,
        _ => Key::SpecialtyAny,
    })
}

/// The languages of a doctor in words; tracked. Tags without words are shown as they are.
pub(crate) fn languages(doctor: &DoctorView) -> String {
    let names: Vec<&str> = doctor
        .languages
        .iter()
        .map(|tag| match tag.split('-').next() {
            Some("fr") => t(Key::LanguageFr),
            Some("en") => t(Key::LanguageEn),
            _ => tag.as_str(),
        })
        .collect();
    tr!(Key::Speaks, languages = names.join(", "))
}

/// The name of a service; those that every clinic has are in words, others as the clinic wrote
/// them; tracked.
pub(crate) fn service_name(code: &str) -> String {
    match code {
        "consultation" => t(Key::ServiceConsultation).to_owned(),
        "follow_up" => t(Key::ServiceFollowUp).to_owned(),
        other => other.to_owned(),
    }
}

/// How the people of a visit meet, in words; tracked.
pub(crate) fn modality(modality: Modality) -> &'static str {
    t(match modality {
        Modality::Video => Key::ModalityVideo,
        Modality::InPerson => Key::ModalityInPerson,
    })
}

/// Where an appointment stands, in words; tracked.
pub(crate) fn state(state: AppointmentState) -> &'static str {
    t(match state {
        AppointmentState::Booked => Key::StateBooked,
        AppointmentState::Arrived => Key::StateArrived,
        AppointmentState::InProgress => Key::StateInProgress,
        AppointmentState::Finished => Key::StateFinished,
        AppointmentState::Cancelled => Key::StateCancelled,
    })
}

/// Whether an appointment can still be entered, moved or cancelled.
pub(crate) const fn is_open(state: AppointmentState) -> bool {
    matches!(
        state,
        AppointmentState::Booked | AppointmentState::Arrived | AppointmentState::InProgress
    )
}

/// `Monday, 23 November at 10:00`; tracked.
pub(crate) fn moment(us: i64) -> String {
    tr!(Key::AtTime, date = when::date(us), time = when::time(us))
}

/// The same time at the clinic, when its clocks differ from the reader's; tracked.
pub(crate) fn clinic_time(us: i64, zone: &str) -> Option<String> {
    when::differs(us, zone).then(|| tr!(Key::AlsoInZone, time = when::time_in(us, zone)))
}

/// Day and time of an appointment, large, with the clinic's time when it differs.
#[component]
pub(crate) fn Moment(start_us: i64, zone: String) -> impl IntoView {
    view! {
        <p class="moment">
            <strong>{part(move || moment(start_us))}</strong>
            {part(move || clinic_time(start_us, &zone).map(|words| view! { <small>{words}</small> }))}
        </p>
    }
}

/// The name that a list shows for an appointment's doctor.
#[component]
pub(crate) fn WithDoctor(appointment: AppointmentView) -> impl IntoView {
    let doctor = appointment.doctor;
    let mine = me().is_none_or(|me| me.patient.is_none_or(|own| own == appointment.patient));
    let whose = (!mine).then(
        || view! { <p data-testid="visit-of"><strong>{appointment.patient_name}</strong></p> },
    );
    view! {
        {whose}
        <p>
            {doctor.name}
            " · "
            {part(move || specialty(&doctor.specialty))}
        </p>
    }
}

/// A person's role in a visit, in words; tracked.
pub(crate) fn role(person: &Participant) -> String {
    match (person.role, &person.relation) {
        (Role::Clinician, _) => t(Key::RoleClinician).to_owned(),
        (Role::Patient, _) => t(Key::RolePatient).to_owned(),
        (Role::Guest, Some(relation)) => tr!(Key::RoleGuestAs, relation = relation),
        (Role::Guest, None) => t(Key::RoleGuest).to_owned(),
    }
}

/// What a person does in a visit, in words; tracked.
pub(crate) fn stage(person: &Participant) -> &'static str {
    t(match (person.connected, person.stage) {
        (false, _) => Key::StageAway,
        (true, Stage::Lobby) => Key::StageLobby,
        (true, Stage::Admitted) => Key::StageAdmitted,
    })
}

/// How well a person is connected, in words; tracked.
pub(crate) fn quality(quality: Quality) -> &'static str {
    t(match quality {
        Quality::Lost => Key::QualityLost,
        Quality::Poor => Key::QualityPoor,
        Quality::Fair => Key::QualityFair,
        Quality::Good => Key::QualityGood,
        Quality::Unknown => Key::QualityUnknown,
    })
}
