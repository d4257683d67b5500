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
mod waiting;

pub use access::{AccessError, LIST_DAYS_MAX, ListError, appointment, appointments};
pub use agenda::{AGENDA_DAYS_MAX, Agenda, AgendaBy, AgendaColumn, AgendaError, agenda};
pub use book::{BookCommand, BookError, Booked, book, book_as_proxy, book_for};
pub use calendar::{
    FreeSlots, HoursCommand, HoursWriteError, Opening, SLOTS_DAYS_MAX, SlotsError, doctors, hours,
    openings, put_hours, slots,
};
pub use change::{CancelError, RescheduleError, cancel, reschedule};
use clinical_model::rights::{Both, LegalBasis, Processing};
pub use entry::{FeedError, calendar_entry, feed, feed_since, make_feed, revoke_feed};
pub use hold::{HOLD_US, HoldCommand, book_held, held, hold, release};
pub use links::{LinkError, NewLink, new_link, revoke_link};
pub use offer::{
    Holidays, OfferError, holidays, plan, put_plan, put_resource, put_service, resources, services,
};
pub use overbook::{OverbookCommand, OverbookReason, overbook};
pub use waiting::{
    WAIT_DAYS_MAX, WaitCommand, WaitError, accept, decline, leave, offer_freed,
    offer_until_stopped, wait, waiting,
};

pub use clinical_calendar::Closure;
pub use clinical_store::booking::{
    AppointmentRecord, BookedService, EngagedAppointment, Engagement, Hold, Plan, PlanException,
    PlanRule, ResourceRecord, Schedule, ServiceRecord, WaitingEntry, WaitingOffer,
};

pub(crate) use access::{is_doctor_of, own, reached};
pub(crate) use links::{hash as link_hash, issue, takes_place};
pub(crate) use overbook::see_now;

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "booking",
    purpose: Both {
        fr: "Prendre, déplacer et annuler des rendez-vous.",
        en: "Book, move and cancel appointments.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients, médecins : heure, motif en quelques mots.",
        en: "Patients, doctors: time, reason in a few words.",
    },
    retention: Both {
        fr: "Comme le dossier : 20 ans après le dernier contact, jusqu’aux 28 ans de l’enfant au moins (Code de la santé publique, R1112-7).",
        en: "As the record: 20 years after the last contact, until a child’s 28th birthday at least (French public health code, R1112-7).",
    },
    recipients: Both {
        fr: "Le patient et le médecin du rendez-vous.",
        en: "The patient and the doctor of the appointment.",
    },
};
