//! The facts of a chart, in the words of FHIR R4.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Code;
use crate::PrescriptionId;
use crate::text::{Decimal, Line, PartialDate, Prose};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in JSON and FHIR.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The value of a word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == word)
            }
        }
    };
}

words!(
    /// Whether a condition or allergy is there (FHIR `condition-clinical`).
    ClinicalStatus {
        /// There.
        Active = "active",
        /// There again after it was gone.
        Recurrence = "recurrence",
        /// Worse again.
        Relapse = "relapse",
        /// Not there at the moment.
        Inactive = "inactive",
        /// Without signs, perhaps not gone.
        Remission = "remission",
        /// Gone.
        Resolved = "resolved",
    }
);
words!(
    /// How sure it is (FHIR `condition-ver-status`).
    Verification {
        /// Said, not looked into.
        Unconfirmed = "unconfirmed",
        /// Likely.
        Provisional = "provisional",
        /// One of several.
        Differential = "differential",
        /// Sure.
        Confirmed = "confirmed",
        /// Looked into and not so.
        Refuted = "refuted",
    }
);
words!(
    /// How bad it is.
    Severity {
        /// Mild.
        Mild = "mild",
        /// Moderate.
        Moderate = "moderate",
        /// Severe.
        Severe = "severe",
    }
);
words!(
    /// What an allergy is to.
    AllergyCategory {
        /// Food.
        Food = "food",
        /// A medicine.
        Medication = "medication",
        /// Pollen, dust, animals.
        Environment = "environment",
        /// Blood products, antibodies, vaccines.
        Biologic = "biologic",
    }
);
words!(
    /// How dangerous the next contact may be.
    Criticality {
        /// Not life-threatening.
        Low = "low",
        /// May be life-threatening.
        High = "high",
        /// Not known.
        UnableToAssess = "unable-to-assess",
    }
);
words!(
    /// Whether a medicine is taken.
    MedicationStatus {
        /// Taken.
        Active = "active",
        /// Taken to the end.
        Completed = "completed",
        /// Ended early.
        Stopped = "stopped",
        /// Interrupted.
        OnHold = "on-hold",
    }
);
words!(
    /// Who says that a medicine is taken.
    MedicationSource {
        /// The patient.
        Patient = "patient",
        /// A clinician.
        Clinician = "clinician",
        /// A prescription of this system that was dispensed.
        Prescription = "prescription",
    }
);
words!(
    /// What an observation belongs to (FHIR `observation-category`).
    ObservationCategory {
        /// Blood pressure, weight, temperature ...
        VitalSigns = "vital-signs",
        /// From the laboratory.
        Laboratory = "laboratory",
        /// Smoking, work, pregnancy ...
        SocialHistory = "social-history",
        /// From an examination.
        Exam = "exam",
        /// From a questionnaire.
        Survey = "survey",
        /// From an image.
        Imaging = "imaging",
    }
);
words!(
    /// What a value means (HL7 v3 ObservationInterpretation).
    Interpretation {
        /// Normal.
        Normal = "N",
        /// Abnormal.
        Abnormal = "A",
        /// Low.
        Low = "L",
        /// High.
        High = "H",
        /// Critically low.
        CriticalLow = "LL",
        /// Critically high.
        CriticalHigh = "HH",
        /// Positive.
        Positive = "POS",
        /// Negative.
        Negative = "NEG",
    }
);
words!(
    /// A relative (HL7 v3 RoleCode).
    Relative {
        /// Mother.
        Mother = "MTH",
        /// Father.
        Father = "FTH",
        /// Sister.
        Sister = "SIS",
        /// Brother.
        Brother = "BRO",
        /// Daughter.
        Daughter = "DAU",
        /// Son.
        Son = "SON",
        /// Mother's mother.
        MaternalGrandmother = "MGRMTH",
        /// Mother's father.
        MaternalGrandfather = "MGRFTH",
        /// Father's mother.
        PaternalGrandmother = "PGRMTH",
        /// Father's father.
        PaternalGrandfather = "PGRFTH",
        /// Mother's sister.
        MaternalAunt = "MAUNT",
        /// Father's sister.
        PaternalAunt = "PAUNT",
        /// Mother's brother.
        MaternalUncle = "MUNCLE",
        /// Father's brother.
        PaternalUncle = "PUNCLE",
        /// Child of an aunt or uncle.
        Cousin = "COUSN",
    }
);

/// A disease or problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Which.
    pub code: Code,
    /// Whether it is there.
    pub clinical: ClinicalStatus,
    /// How sure it is.
    pub verification: Verification,
    /// How bad it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset: Option<PartialDate>,
    /// More words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Prose>,
}

/// An allergy or intolerance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allergy {
    /// To what: a substance or class of the formulary, or words.
    pub substance: Code,
    /// What it is to.
    pub category: AllergyCategory,
    /// How dangerous the next contact may be.
    pub criticality: Criticality,
    /// Whether it is there.
    pub clinical: ClinicalStatus,
    /// How sure it is.
    pub verification: Verification,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Line>,
    /// How bad that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset: Option<PartialDate>,
    /// More words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Prose>,
}

/// A medicine that is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MedicationStatement {
    /// Which: a substance of the formulary, an ATC code, or words.
    pub substance: Code,
    /// Whether it is taken.
    pub status: MedicationStatus,
    /// Who says so.
    pub source: MedicationSource,
    /// How it is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dosage: Option<Line>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PartialDate>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<PartialDate>,
    /// The prescription it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription: Option<PrescriptionId>,
    /// More words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Prose>,
}

/// A number with its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// The number.
    pub value: Decimal,
    /// UCUM code of the unit; `1` for none.
    pub unit: Line,
}

/// What was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A number with its unit.
    Quantity(Quantity),
    /// A code.
    Coded(Code),
    /// Words.
    Text(Line),
    /// Nothing of its own: the components say it.
    Components,
}

/// One part of an observation: systolic pressure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Which part.
    pub code: Code,
    /// The number.
    pub value: Quantity,
}

/// What is usual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceRange {
    /// Lower end, in the unit of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Decimal>,
    /// Upper end, in the unit of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Decimal>,
}

/// A measurement or finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Of what.
    pub code: Code,
    /// What it belongs to.
    pub category: ObservationCategory,
    /// What was observed.
    pub value: Value,
    /// Its parts, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpretation: Option<Interpretation>,
    /// What is usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<ReferenceRange>,
    /// More words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Prose>,
}

/// A vaccination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Immunization {
    /// With what.
    pub vaccine: Code,
    /// False when it was not given.
    pub given: bool,
    /// Which dose of a series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose_number: Option<u8>,
    /// Batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<Line>,
    /// More words; why it was not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Prose>,
}

/// A disease of a relative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyCondition {
    /// Which.
    pub code: Code,
    /// At what age, in years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset_years: Option<u8>,
}

/// A relative's diseases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyHistory {
    /// Whose.
    pub relative: Relative,
    /// Their diseases, at most 20.
    pub conditions: Vec<FamilyCondition>,
    /// Age at death in years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died_at_years: Option<u8>,
    /// More words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Prose>,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// What.
    pub code: Code,
    /// True when it was done, false when it is planned.
    pub done: bool,
    /// More words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Prose>,
}

/// A file. Its bytes are sealed apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentFact {
    /// What kind of document (LOINC).
    pub class: Code,
    /// Its title.
    pub title: Line,
    /// IANA media type.
    pub media_type: Line,
    /// Length in bytes.
    pub size_bytes: u32,
    /// SHA-256 of the bytes, hex.
    pub sha256: Line,
    /// Where the bytes are.
    pub blob: Uuid,
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteFact {
    /// Its title.
    pub title: Line,
    /// What it says.
    pub text: Prose,
}
