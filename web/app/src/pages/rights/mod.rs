//! The rights of patients over their record, and the pages of those who answer for them.

pub(crate) mod emergencies;
pub(crate) mod emergency;
pub(crate) mod privacy;
pub(crate) mod register;
pub(crate) mod requests;

mod choice;
mod consents;
mod export;
mod looks;
mod proxies;
mod request;
mod team;
mod wishes;
