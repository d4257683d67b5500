//! Red flags: what must not wait, and the answer to it.
//!
//! [`Flags::shipped`] holds the flags of this crate, [`Flags::screen`] compares them with a patient and
//! what was written. A screening only ever raises: no flag takes another one back.

mod data;
mod flag;
mod measures;
mod numbers;
mod patient;
mod screening;
mod shipped;
mod unclear;

pub use data::DataError;
pub use flag::{Flag, Level, Said};
pub use numbers::{EmergencyNumbers, emergency_numbers};
pub use patient::{Age, Background, Patient, Pregnancy, Sex};
pub use screening::{Evidence, Finding, Flags, Hit, Screening, Story, Urgency};
pub use unclear::Unclear;
