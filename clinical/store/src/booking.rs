//! Doctors, their hours, services, rooms and devices, holds, appointments.

mod appointments;
mod engagements;
mod feeds;
mod holds;
mod occupancies;
mod plans;
mod schedules;
mod services;
mod waiting;

pub use appointments::{
    APPOINTMENTS_MAX, AppointmentRecord, AppointmentWriteError, BookedService, Party, find,
    find_by_room, insert, insert_claiming, list, lock_all, lock_calendars, rooms_near, service_of,
    update, waiting,
};
pub use engagements::{EngagedAppointment, Engagement, engagements};
pub use feeds::{delete_feed, feed_owner, feed_since, put_feed};
pub use holds::{Hold, delete_hold, drop_chosen, expired_holds, hold, insert_hold};
pub use occupancies::{Claim, Seat, busy, drop_expired, occupied, overlaps, span_of};
pub use plans::{Plan, PlanException, PlanRule, plan, put_plan};
pub use schedules::{Schedule, doctor, doctors, put_schedule, schedule};
pub use services::{
    ResourceRecord, ServiceRecord, put_resource, put_service, resource, resources, service,
    services,
};
pub use waiting::{
    FreedTime, OfferEnd, WaitingEntry, WaitingOffer, drop_freed, end_offer, freed, insert_freed,
    insert_offer, insert_waiting, leave_waiting, offers_over, waiting_entry, waiting_in_order,
    waiting_seen, was_offered,
};
