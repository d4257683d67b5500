//! Doctors, free slots, appointments, links.

mod access;
mod book;
mod calendar;
mod change;
mod links;

pub use access::{AccessError, LIST_DAYS_MAX, ListError, appointment, appointments};
pub use book::{BookCommand, BookError, Booked, book};
pub use calendar::{
    FreeSlots, HoursCommand, HoursWriteError, SLOTS_DAYS_MAX, SlotsError, doctors, hours,
    put_hours, slots,
};
pub use change::{CancelError, RescheduleError, cancel, reschedule};
pub use links::{LinkError, NewLink, new_link, revoke_link};

pub use clinical_store::booking::{AppointmentRecord, Schedule};

pub(crate) use access::{is_doctor_of, own};
pub(crate) use links::{hash as link_hash, issue, takes_place};
