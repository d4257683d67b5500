//! Prescriptions: as doctors write them, pharmacists hand them out, patients read them, and anybody
//! who holds a paper verifies it.

pub(crate) mod counter;
pub(crate) mod list;
pub(crate) mod medicines;
pub(crate) mod own;
pub(crate) mod plan;
pub(crate) mod sheet;
pub(crate) mod verify;
pub(crate) mod worklist;
pub(crate) mod write;

mod choose;
mod draft;
mod finding;
mod line_form;
mod parts;
mod remind;
mod sign;
mod words;
