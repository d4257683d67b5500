//! Models to resources and back.
//!
//! What this server does not keep is refused by name, not dropped in silence: a client that reads
//! back what it wrote must find it.

mod acts;
mod entry;
mod observation;
mod patient;
mod people;
mod problems;
mod read;
mod visits;
mod words;

pub use entry::{Incoming, Writer, entry_kind, entry_resource, incoming};
pub use patient::{demographics, patient_resource};
pub use people::{organization, practitioner, schedule};
pub use visits::{appointment_resource, encounter_resource, slot_resource};
