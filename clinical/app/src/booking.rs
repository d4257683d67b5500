//! Doctors, free slots, appointments, links.

mod access;
mod agenda;
mod book;
mod calendar;
mod change;
mod claim;
mod entry;
mod hold;
mod links;
mod offer;
mod overbook;
mod timetable;

pub use access::{AccessError, LIST_DAYS_MAX, ListError, appointment, appointments};
pub use agenda::{AGENDA_DAYS_MAX, Agenda, AgendaBy, AgendaColumn, AgendaError, agenda};
pub use book::{BookCommand, BookError, Booked, book, book_for};
pub use calendar::{
    FreeSlots, HoursCommand, HoursWriteError, Opening, SLOTS_DAYS_MAX, SlotsError, doctors, hours,
    openings, put_hours, slots,
};
pub use change::{CancelError, RescheduleError, cancel, reschedule};
pub use entry::{FeedError, calendar_entry, feed, feed_since, make_feed, revoke_feed};
pub use hold::{HOLD_US, HoldCommand, book_held, held, hold, release};
pub use links::{LinkError, NewLink, new_link, revoke_link};
pub use offer::{
    Holidays, OfferError, holidays, plan, put_plan, put_resource, put_service, resources, services,
};
pub use overbook::{OverbookCommand, OverbookReason, overbook};

pub use clinical_store::booking::{
    AppointmentRecord, BookedService, EngagedAppointment, Engagement, Hold, Plan, PlanException,
    PlanRule, ResourceRecord, Schedule, ServiceRecord,
};

pub(crate) use access::{is_doctor_of, own};
pub(crate) use links::{hash as link_hash, issue, takes_place};
