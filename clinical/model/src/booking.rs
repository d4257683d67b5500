//! Weekly hours, free slots, appointments and their states.

mod appointment;
mod doctor;
mod hours;
mod modality;
mod slots;
mod waiting;
mod wording;

pub use appointment::{
    Appointment, AppointmentStage, AppointmentState, LINK_LIFE_US, OPENS_BEFORE_US, TransitionError,
};
pub use doctor::Doctor;
pub use hours::{HOURS_MAX, HoursError, SLOT_MIN_MAX, SLOT_MIN_MIN, Stretch, WeeklyHours};
pub use modality::Modality;
pub use slots::{Slot, free_slots, slot_at};
pub use waiting::{DayParts, OFFER_LEAD_US, OFFER_US, Wish, offer_expiry};
pub use wording::{
    NAME_CHARS_MAX, PersonName, REASON_CHARS_MAX, Reason, Relation, WordingError, parse_wording,
};
