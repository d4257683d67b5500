//! Entering a visit and being in it.
//!
//! [`join`] is the way of patients and guests, [`doctor`] that of the doctor; both end in the
//! [`room`]. [`live_call`] holds the running call for all parts of a page.

mod captions;
mod chat;
mod controls;
mod details;
mod device_check;
mod device_choice;
mod doctor;
mod ended;
mod guest_dialog;
mod join;
mod live_call;
mod memory;
mod note_draft;
mod note_panel;
mod panel;
mod people;
mod recording;
mod refusal;
mod ring;
mod room;
mod secrecy;
mod stage;
mod trial;
mod waiting;
mod words;

pub(crate) use doctor::doctor_page;
pub(crate) use join::join_page;

/// The note of an appointment, for a doctor who writes or signs it after the visit.
pub(crate) fn note(appointment: clinical_model::AppointmentId) -> leptos::prelude::AnyView {
    use leptos::prelude::*;
    view! { <note_panel::NotePanel appointment/> }.into_any()
}
