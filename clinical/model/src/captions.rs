//! What was said in a visit, as captions understood it, and the outline of a note that is made of it by
//! rules. Nothing of it is part of the record: a doctor edits the text and signs it, or it is deleted.

mod outline;
mod words;

use core::fmt;

use crate::{AppointmentId, Micros, PatientId, Phi, SaidLineId, TenantId};

pub use outline::{Outline, Section, Sentence, outline};

/// How long a line is kept at most, in microseconds: a note that is not written on the second day is not
/// written from memory of the visit any more. Signing the note deletes the lines before.
pub const KEPT_US: i64 = 48 * Micros::HOUR;
/// Lines of one visit that are kept; those after it are shown and not kept. Ten words each, more than two
/// hours of talking.
pub const LINES_MAX: u32 = 2_000;

/// Who spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The doctor or another clinician.
    Clinician,
    /// The patient.
    Patient,
    /// A relative, an interpreter, a colleague.
    Guest,
}

impl Speaker {
    /// Its name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clinician => "clinician",
            Self::Patient => "patient",
            Self::Guest => "guest",
        }
    }

    /// The speaker of a name in the store.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Clinician, Self::Patient, Self::Guest]
            .into_iter()
            .find(|it| it.as_str() == name)
    }
}

/// Something that was said.
#[derive(Clone, PartialEq, Eq)]
pub struct SaidLine {
    /// Its name.
    pub id: SaidLineId,
    /// The facility.
    pub tenant: TenantId,
    /// Whose visit.
    pub patient: PatientId,
    /// Which visit.
    pub appointment: AppointmentId,
    /// When it was understood.
    pub at: Micros,
    /// Who said it.
    pub speaker: Speaker,
    /// Their name in the visit.
    pub name: Phi<String>,
    /// The words.
    pub text: Phi<String>,
}

impl SaidLine {
    /// When it is deleted by itself.
    #[must_use]
    pub const fn expires(&self) -> Micros {
        Micros(self.at.0.saturating_add(KEPT_US))
    }
}

impl fmt::Debug for SaidLine {
    /// Health data never reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SaidLine({})", self.id)
    }
}
