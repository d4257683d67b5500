//! What people see of doctors and appointments.

use clinical_api::{
    AppointmentState, AppointmentView, DoctorView, GuestBrief, JoinLink, ProblemCode, ServiceBrief,
};
use clinical_app::booking::{AccessError, AppointmentRecord, BookError, NewLink, OfferError};
use clinical_model::booking::{AppointmentStage, Doctor};

use crate::error::ApiError;

pub(crate) fn doctor_view(doctor: Doctor) -> DoctorView {
    DoctorView {
        id: doctor.id,
        name: doctor.name,
        specialty: doctor.specialty,
        zone: doctor.zone,
        languages: doctor.languages,
    }
}

pub(crate) fn link_view(link: &NewLink) -> JoinLink {
    JoinLink {
        token: link.token.to_text(),
        expires_us: link.expires.0,
    }
}

pub(super) const fn state_view(stage: AppointmentStage) -> AppointmentState {
    match stage {
        AppointmentStage::Booked => AppointmentState::Booked,
        AppointmentStage::Arrived => AppointmentState::Arrived,
        AppointmentStage::InProgress => AppointmentState::InProgress,
        AppointmentStage::Finished => AppointmentState::Finished,
        AppointmentStage::Cancelled => AppointmentState::Cancelled,
    }
}

/// An appointment without a link: links are shown once, when they are made.
pub(crate) fn appointment_view(record: AppointmentRecord) -> AppointmentView {
    let appointment = record.appointment;
    AppointmentView {
        id: appointment.id,
        start_us: appointment.slot.start.0,
        end_us: appointment.slot.end.0,
        opens_us: appointment.opens_at().0,
        state: state_view(appointment.state.stage()),
        doctor: doctor_view(record.doctor),
        patient: appointment.patient,
        patient_name: record.patient_name,
        reason: appointment.reason.as_str().to_owned(),
        room: appointment.room.to_string(),
        has_summary: record.has_summary,
        guests: record
            .guests
            .into_iter()
            .map(|guest| GuestBrief {
                id: guest.id,
                name: guest.name.as_str().to_owned(),
                relation: guest.relation.as_str().to_owned(),
            })
            .collect(),
        service: record.service.map(|it| ServiceBrief {
            id: it.id,
            code: it.code,
            modality: it.modality,
        }),
        link: None,
    }
}

impl From<BookError> for ApiError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::Forbidden => ProblemCode::Forbidden.into(),
            BookError::NoDoctor => Self::invalid("doctor"),
            BookError::NoSlot => Self::invalid("start_us"),
            BookError::SlotTaken => ProblemCode::SlotTaken.into(),
            // The patient's own other appointment has that time.
            BookError::OwnOverlap => Self::new(ProblemCode::SlotTaken).field("start_us"),
            BookError::NoHold | BookError::NoPatient => Self::not_found(),
            BookError::Written(_) => ProblemCode::Changed.into(),
            BookError::Store(error) => error.into(),
        }
    }
}

impl From<OfferError> for ApiError {
    fn from(error: OfferError) -> Self {
        match error {
            OfferError::NotFound => Self::not_found(),
            OfferError::Forbidden => ProblemCode::Forbidden.into(),
            OfferError::Field(field) => Self::invalid(field),
            OfferError::Changed => ProblemCode::Changed.into(),
            OfferError::Store(error) => error.into(),
        }
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotFound => Self::not_found(),
            AccessError::Store(error) => error.into(),
        }
    }
}
