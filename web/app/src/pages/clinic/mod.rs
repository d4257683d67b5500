//! What the clinic offers and when: a patient's way to a service, the services themselves, and the
//! calendar of the staff.

pub(crate) mod calendar;
pub(crate) mod nodes;
pub(crate) mod services;
pub(crate) mod take;
pub(crate) mod telephone;

mod board;
mod choice;
mod columns;
mod edited;
mod entry;
mod grid;
mod kept;
mod make;
mod resources;
mod wait;
