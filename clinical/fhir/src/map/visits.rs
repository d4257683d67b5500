//! Appointments, visits and free times.

use clinical_model::UserId;
use clinical_model::booking::{Appointment, AppointmentStage, Modality, Slot};
use serde_json::{Value, json};

use crate::catalog::ResourceKind;
use crate::moment::instant;
use crate::shapes::{Resource, coding, concept_text, reference};

const ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// An appointment as a resource.
#[must_use]
pub fn appointment_resource(it: &Appointment) -> Value {
    let status = match it.state.stage() {
        AppointmentStage::Booked => "booked",
        AppointmentStage::Arrived => "arrived",
        AppointmentStage::InProgress => "checked-in",
        AppointmentStage::Finished => "fulfilled",
        AppointmentStage::Cancelled => "cancelled",
    };
    let participants = json!([
        { "actor": reference(ResourceKind::Patient, it.patient, None), "status": "accepted" },
        { "actor": reference(ResourceKind::Practitioner, it.doctor, None), "status": "accepted" },
    ]);
    let reason = it.reason.as_str();
    let reason = (!reason.is_empty()).then(|| vec![concept_text(reason)]);
    Resource::new(ResourceKind::Appointment, it.id)
        .meta(it.version, None)
        .with("status", status)
        .with("reasonCode", reason.unwrap_or_default())
        .with("start", instant(it.slot.start))
        .with("end", instant(it.slot.end))
        .with("participant", participants)
        .build()
}

/// Says of an appointment how the people meet.
#[must_use]
pub fn with_modality(mut appointment: Value, modality: Modality) -> Value {
    let (code, text) = match modality {
        Modality::Video => ("VR", "virtual"),
        Modality::InPerson => ("AMB", "ambulatory"),
    };
    let kind = json!({ "coding": [coding(ACT, code, Some(text))], "text": modality.as_str() });
    if let Value::Object(object) = &mut appointment {
        object.insert("appointmentType".to_owned(), kind);
    }
    appointment
}

/// The visit of an appointment as a resource; it has the appointment's id.
#[must_use]
pub fn encounter_resource(it: &Appointment) -> Value {
    let status = match it.state.stage() {
        AppointmentStage::Booked => "planned",
        AppointmentStage::Arrived => "arrived",
        AppointmentStage::InProgress => "in-progress",
        AppointmentStage::Finished => "finished",
        AppointmentStage::Cancelled => "cancelled",
    };
    let period = json!({ "start": instant(it.slot.start), "end": instant(it.slot.end) });
    Resource::new(ResourceKind::Encounter, it.id)
        .meta(it.version, None)
        .with("status", status)
        .with("class", coding(ACT, "VR", Some("virtual")))
        .with(
            "subject",
            reference(ResourceKind::Patient, it.patient, None),
        )
        .with(
            "participant",
            json!([{ "individual": reference(ResourceKind::Practitioner, it.doctor, None) }]),
        )
        .with(
            "appointment",
            json!([reference(ResourceKind::Appointment, it.id, None)]),
        )
        .with("period", period)
        .build()
}

/// A free time of a doctor. Its id is the doctor's and the start: there is no row behind it.
#[must_use]
pub fn slot_resource(doctor: UserId, slot: Slot) -> Value {
    let id = format!("{}-{}", doctor.as_uuid().simple(), slot.start.0);
    Resource::new(ResourceKind::Slot, id)
        .with("schedule", reference(ResourceKind::Schedule, doctor, None))
        .with("status", "free")
        .with("start", instant(slot.start))
        .with("end", instant(slot.end))
        .build()
}
