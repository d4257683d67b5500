//! The chart: facts about a patient, each with its history. Nothing is overwritten.

pub mod check;
pub mod duty;
mod facts;
pub mod family;
pub mod files;
pub mod kidney;
pub mod tags;
pub mod units;

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::access::Label;
use crate::text::{CodeText, Line};
use crate::{AppointmentId, EntryId, Micros, PatientId, TenantId, UserId};

pub use facts::{
    Allergy, AllergyCategory, ClinicalStatus, Component, Condition, Criticality, DocumentFact,
    FamilyCondition, FamilyHistory, Immunization, Interpretation, MedicationSource,
    MedicationStatement, MedicationStatus, NoteFact, Observation, ObservationCategory, Procedure,
    Quantity, ReferenceRange, Relative, Severity, Value, Verification,
};

/// Where a code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeSystem {
    /// Diseases: ICD-10 (WHO).
    #[serde(rename = "icd10")]
    Icd10,
    /// Observations and documents: LOINC.
    Loinc,
    /// Medicines: ATC (WHO).
    Atc,
    /// Medicines: the slug of a substance in our own formulary.
    Formulary,
    /// Anything clinical: SNOMED CT, where the facility has a licence.
    Snomed,
    /// Vaccines: CVX (CDC).
    Cvx,
    /// A code of the facility's own.
    Local,
    /// Words without a code; `code` is `text`.
    Text,
}

impl CodeSystem {
    /// The URI of FHIR.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Icd10 => "http://hl7.org/fhir/sid/icd-10",
            Self::Loinc => "http://loinc.org",
            Self::Atc => "http://www.whocc.no/atc",
            Self::Formulary => "urn:telehealth:formulary",
            Self::Snomed => "http://snomed.info/sct",
            Self::Cvx => "http://hl7.org/fhir/sid/cvx",
            Self::Local => "urn:telehealth:local",
            Self::Text => "urn:telehealth:text",
        }
    }
}

/// A code with the words for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Where it comes from.
    pub system: CodeSystem,
    /// The code.
    pub code: CodeText,
    /// The words, as they were chosen.
    pub display: Line,
}

impl Code {
    /// The text whose blind index finds facts with this code: `system|code`.
    #[must_use]
    pub fn index_text(&self) -> String {
        format!("{}|{}", self.system.uri(), self.code.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({:?})", self.system)
    }
}

/// What kind of fact an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A disease or problem.
    Condition,
    /// An allergy or intolerance.
    Allergy,
    /// A medicine that is taken.
    Medication,
    /// A measurement or finding.
    Observation,
    /// A vaccination.
    Immunization,
    /// A relative's diseases.
    FamilyHistory,
    /// Something that was done.
    Procedure,
    /// A file.
    Document,
    /// A note.
    Note,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Condition,
        Self::Allergy,
        Self::Medication,
        Self::Observation,
        Self::Immunization,
        Self::FamilyHistory,
        Self::Procedure,
        Self::Document,
        Self::Note,
    ];

    /// The word in SQL, JSON and URLs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Allergy => "allergy",
            Self::Medication => "medication",
            Self::Observation => "observation",
            Self::Immunization => "immunization",
            Self::FamilyHistory => "family_history",
            Self::Procedure => "procedure",
            Self::Document => "document",
            Self::Note => "note",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// True when a change of such a fact can change the judgement of a prescription: it counts in
    /// the patient's `chart_version`.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        match self {
            Self::Condition | Self::Allergy | Self::Medication | Self::Observation => true,
            Self::Immunization
            | Self::FamilyHistory
            | Self::Procedure
            | Self::Document
            | Self::Note => false,
        }
    }
}

/// What is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// A disease or problem.
    Condition(Condition),
    /// An allergy or intolerance.
    Allergy(Allergy),
    /// A medicine that is taken.
    Medication(MedicationStatement),
    /// A measurement or finding.
    Observation(Observation),
    /// A vaccination.
    Immunization(Immunization),
    /// A relative's diseases.
    FamilyHistory(FamilyHistory),
    /// Something that was done.
    Procedure(Procedure),
    /// A file.
    Document(DocumentFact),
    /// A note.
    Note(NoteFact),
}

impl Fact {
    /// What kind of fact it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Condition(_) => Kind::Condition,
            Self::Allergy(_) => Kind::Allergy,
            Self::Medication(_) => Kind::Medication,
            Self::Observation(_) => Kind::Observation,
            Self::Immunization(_) => Kind::Immunization,
            Self::FamilyHistory(_) => Kind::FamilyHistory,
            Self::Procedure(_) => Kind::Procedure,
            Self::Document(_) => Kind::Document,
            Self::Note(_) => Kind::Note,
        }
    }

    /// The code by which it is found; notes and family histories have none.
    #[must_use]
    pub const fn code(&self) -> Option<&Code> {
        match self {
            Self::Condition(it) => Some(&it.code),
            Self::Allergy(it) => Some(&it.substance),
            Self::Medication(it) => Some(&it.substance),
            Self::Observation(it) => Some(&it.code),
            Self::Immunization(it) => Some(&it.vaccine),
            Self::Procedure(it) => Some(&it.code),
            Self::Document(it) => Some(&it.class),
            Self::FamilyHistory(_) | Self::Note(_) => None,
        }
    }
}

/// Whether an entry counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryStatus {
    /// It counts.
    Active,
    /// It should never have been written: kept, shown struck through, counted nowhere.
    EnteredInError,
}

impl EntryStatus {
    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::EnteredInError => "entered_in_error",
        }
    }

    /// The status of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Active, Self::EnteredInError]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// One fact of a patient's chart, in one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The same through all versions.
    pub id: EntryId,
    /// In which facility.
    pub tenant: TenantId,
    /// About whom.
    pub patient: PatientId,
    /// What is known.
    pub fact: Fact,
    /// Who may see it.
    pub label: Label,
    /// Whether it counts.
    pub status: EntryStatus,
    /// Since when it is true or when it was measured.
    pub effective: Micros,
    /// When this version was written.
    pub recorded: Micros,
    /// Who wrote this version.
    pub author: UserId,
    /// At which appointment.
    pub appointment: Option<AppointmentId>,
    /// Counts the versions, from 1.
    pub version: u32,
}

/// Why an entry was not amended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmendRefusal {
    /// Another version than the one that was read.
    #[error("the entry is at version {current}")]
    Changed {
        /// The version it has.
        current: u32,
    },
    /// The new fact is of another kind.
    #[error("an entry stays of its kind")]
    Kind,
    /// It was entered in error: nothing can be added to it.
    #[error("the entry was entered in error")]
    InError,
}

/// A new version of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// What is known now.
    pub fact: Fact,
    /// Who may see it.
    pub label: Label,
    /// Since when it is true.
    pub effective: Micros,
}

impl Entry {
    /// The next version, on top of the version that was read.
    ///
    /// # Errors
    /// [`AmendRefusal`]
    pub fn amend(
        self,
        read: u32,
        amendment: Amendment,
        (author, now): (UserId, Micros),
    ) -> Result<Self, AmendRefusal> {
        if amendment.fact.kind() != self.fact.kind() {
            return Err(AmendRefusal::Kind);
        }
        let next = self.next(read, author, now)?;
        Ok(Self {
            fact: amendment.fact,
            label: amendment.label,
            effective: amendment.effective,
            ..next
        })
    }

    /// Takes it out of the chart, on top of the version that was read.
    ///
    /// # Errors
    /// [`AmendRefusal::Changed`] and [`AmendRefusal::InError`]
    pub fn enter_in_error(
        self,
        read: u32,
        (author, now): (UserId, Micros),
    ) -> Result<Self, AmendRefusal> {
        let next = self.next(read, author, now)?;
        Ok(Self {
            status: EntryStatus::EnteredInError,
            ..next
        })
    }

    fn next(self, read: u32, author: UserId, now: Micros) -> Result<Self, AmendRefusal> {
        if self.version != read {
            return Err(AmendRefusal::Changed {
                current: self.version,
            });
        }
        match self.status {
            EntryStatus::EnteredInError => Err(AmendRefusal::InError),
            EntryStatus::Active => Ok(Self {
                version: self.version.saturating_add(1),
                author,
                recorded: now,
                ..self
            }),
        }
    }
}
