//! Recurring rules of schedules, and iCalendar texts.
//!
//! This crate exists to forbid imports: it computes times and texts, without SQL or HTTP.
