//! Pages about accounts: one's own and those of the staff.

pub(crate) mod people;
pub(crate) mod prove;
pub(crate) mod security;
pub(crate) mod set_password;

mod add_factor;
mod factors;
mod invite;
mod person;
mod recovery;
mod sessions;
