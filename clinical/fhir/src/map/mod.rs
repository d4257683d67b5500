//! Models to resources and back.
//!
//! What this server does not keep is refused by name, not dropped in silence: a client that reads
//! back what it wrote must find it.

mod acts;
mod entry;
mod observation;
mod patient;
mod people;
mod prescriptions;
mod problems;
mod read;
mod reports;
mod triage;
mod visits;
mod words;

pub use entry::{Incoming, Writer, entry_kind, entry_resource, incoming};
pub use patient::{demographics, patient_resource};
pub use people::{organization, practitioner, schedule};
pub use prescriptions::{Medicine, line_id, line_of, medication_request};
pub use reports::{TestName, diagnostic_report, service_request};
pub use triage::{Asked, Prediction, questionnaire_response, risk_assessment};
pub use visits::{appointment_resource, encounter_resource, slot_resource, with_modality};
