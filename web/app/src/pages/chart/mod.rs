//! Patients and their charts: for staff who look after them, and for patients themselves.

pub(crate) mod patient;
pub(crate) mod patients;
pub(crate) mod record;

mod amend;
mod asking;
mod documents;
mod family;
mod form;
mod register;
mod state;
mod summary;
mod timeline;
mod trends;
mod words;
