//! Recurring rules of schedules, and iCalendar texts.
//!
//! This crate exists to forbid imports: it computes times and texts, without SQL or HTTP. Time and
//! zones are arguments.
//!
//! Schedules are kept on the wall clock and appointments on the time line. A schedule is open at
//! the instants whose wall time lies in its hours: a wall time that the clocks skip is no instant,
//! one that comes twice is two.

mod holidays;
mod invitation;
mod observances;
mod rule;
mod schedule;
mod service;
mod timeline;

pub use holidays::{Country, Holiday, HolidayBook, HolidayError};
pub use invitation::{Invitation, InvitationError, Method, Party, feed};
pub use rule::{COUNT_MAX, INTERVAL_MAX, Rule, RuleError, TEXT_BYTES_MAX};
pub use schedule::{
    Availability, AvailabilityError, Closure, Exception, Hours, HoursError, RANGE_DAYS_MAX,
    Schedule, WallSpan, availability,
};
pub use service::{Offer, Resource, SERVICE_MIN_MAX, Service, ServiceError, offer_at, offers};
pub use timeline::{intersect, merge, subtract};
