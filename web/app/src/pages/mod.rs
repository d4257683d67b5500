//! One file per page. A page is `page() -> AnyView`; its small parts stand below it.

pub(crate) mod account;
pub(crate) mod appointment;
pub(crate) mod appointments;
pub(crate) mod book;
pub(crate) mod booked;
pub(crate) mod calls;
pub(crate) mod chart;
pub(crate) mod clinic;
pub(crate) mod day;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod hours;
pub(crate) mod login;
pub(crate) mod messages;
pub(crate) mod missing;
pub(crate) mod note;
pub(crate) mod pharmacy;
mod phone;
pub(crate) mod recordings;
pub(crate) mod reschedule;
pub(crate) mod results;
pub(crate) mod rights;
pub(crate) mod summary;
pub(crate) mod visit;
pub(crate) mod visits;
pub(crate) mod welcome;

mod address;
mod enter;
mod feed;
mod guests;
mod leave;
mod links;
mod second_step;
mod slots;
mod waiting;
mod words;
