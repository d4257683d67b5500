//! Doctors, their hours, appointments.

mod appointments;
mod schedules;

pub use appointments::{
    APPOINTMENTS_MAX, AppointmentRecord, AppointmentWriteError, Party, busy, find, find_by_room,
    insert, list, lock_calendars, rooms_near, update, waiting,
};
pub use schedules::{Schedule, doctor, doctors, put_schedule, schedule};
