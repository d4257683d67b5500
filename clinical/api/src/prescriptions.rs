//! Prescriptions and the formulary.
//!
//! - `POST /prescriptions` [`PrescriptionRequest`] -> 201 [`PrescriptionView`] with findings
//! - `GET /prescriptions?patient=&stage=`, `?code=`, `GET`, `PUT /prescriptions/{id}`
//! - `POST /prescriptions/{id}/sign` [`SignPrescriptionRequest`], `/transmit`, `/cancel`, `/seen`
//! - `POST /prescriptions/{id}/dispense` [`DispenseRequest`], `/refuse` [`RefuseRequest`],
//!   `/override` [`OverrideRequest`]
//! - `GET /prescriptions/{id}/verify` -> [`PrescriptionCheckView`], `GET /verify/{code}` -> [`PaperView`]
//! - `GET /prescriptions/unseen-refusals` -> [`UnseenRefusalsView`]
//! - `GET /prescriptions/{id}/document?language=` -> PDF, `POST /verify/document` PDF ->
//!   [`DocumentVerdictView`]
//! - `GET /prescriptions/refusal-times` -> [`RefusalTimesView`]
//! - `GET /medicines?q=`, `GET /medicines/{slug}` -> [`MedicineView`]

use clinical_model::prescribing::{RefusalReason, Stage};
use clinical_model::{PatientId, PrescriptionId, UserId};
use serde::{Deserialize, Serialize};

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        #[derive(Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        $(#[$doc])*
        pub struct $name { $($fields)* }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}
pub(crate) use shape;

shape!(
    /// A text in both languages.
    #[serde(deny_unknown_fields)]
    BothText {
        /// French.
        pub fr: String,
        /// English.
        pub en: String,
    }
);

shape!(
    /// One medicine to prescribe, or prescribed.
    #[serde(deny_unknown_fields)]
    PrescribedLineView {
        /// Its slug in the formulary.
        pub medicine: String,
        /// How much at once, above zero.
        pub dose: f64,
        /// Unit of the dose: `mg`, `g`, `ug`, `ml`, `iu` ... as the formulary has it.
        pub unit: String,
        /// How often a day; below one for less than daily.
        pub per_day: f64,
        /// `oral`, `intravenous`, `subcutaneous` ...
        pub route: String,
        /// For how many days.
        pub duration_days: u16,
        /// Units handed out at once.
        pub quantity: u32,
        /// How often that may be repeated.
        pub repeats: u8,
        /// ICD-10 code of the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub indication: Option<String>,
        /// More words for the patient.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub directions: Option<String>,
    }
);

shape!(
    /// What to prescribe.
    #[serde(deny_unknown_fields)]
    PrescriptionRequest {
        /// For whom.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub patient: PatientId,
        /// The medicines, 1 to 20.
        pub lines: Vec<PrescribedLineView>,
        /// Hidden from nurses and proxies.
        #[serde(default)]
        pub confidential: bool,
        /// For how many days after signing it may be dispensed.
        pub valid_days: u16,
        /// The refused prescription that it replaces.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub prior: Option<PrescriptionId>,
        /// The version that was read, for a change; 0 for a new one.
        #[serde(default)]
        pub version: u32,
    }
);

shape!(
    /// A reason of the prescriber for a finding.
    #[serde(deny_unknown_fields)]
    ReasonView {
        /// The rule of the finding.
        pub rule: String,
        /// `benefit_outweighs`, `monitored`, `tolerated_before` or `no_alternative`.
        pub code: String,
        /// In words; may be empty.
        #[serde(default)]
        pub text: String,
    }
);

shape!(
    /// Sign a draft.
    #[serde(deny_unknown_fields)]
    SignPrescriptionRequest {
        /// The version that was read.
        pub version: u32,
        /// One for each rule of level `justify`.
        #[serde(default)]
        pub reasons: Vec<ReasonView>,
    }
);

shape!(
    /// A step that needs no more words.
    #[serde(deny_unknown_fields)]
    StepRequest {
        /// The version that was read.
        pub version: u32,
    }
);

shape!(
    /// Units of one line.
    #[serde(deny_unknown_fields)]
    FillView {
        /// Which line, from 0.
        pub line: u32,
        /// How many units.
        pub quantity: u32,
    }
);

shape!(
    /// Hand out units.
    #[serde(deny_unknown_fields)]
    DispenseRequest {
        /// The version that was read.
        pub version: u32,
        /// What is handed out.
        pub items: Vec<FillView>,
    }
);

shape!(
    /// Send a prescription back.
    #[serde(deny_unknown_fields)]
    RefuseRequest {
        /// The version that was read.
        pub version: u32,
        /// `safety`, `dosage`, `unavailable`, `unclear`, `suspicious` or `other`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub reason: RefusalReason,
        /// In the pharmacist's words.
        pub text: String,
    }
);

shape!(
    /// Sign against a refusal; two different doctors must.
    #[serde(deny_unknown_fields)]
    OverrideRequest {
        /// The version that was read.
        pub version: u32,
        /// The coded reason, as at signing.
        pub code: String,
        /// In words.
        pub text: String,
    }
);

shape!(
    /// A fact of the chart that made a finding.
    FactView {
        /// In the words of whoever wrote it down.
        pub text: String,
        /// Of when, Unix microseconds.
        pub at_us: i64,
    }
);

shape!(
    /// A medicine that passed the same check.
    SaferView {
        /// Its slug.
        pub id: String,
        /// Its international name.
        pub name: BothText,
    }
);

shape!(
    /// A finding of the safety check.
    FindingView {
        /// The rule.
        pub rule: String,
        /// `drug_condition`, `drug_allergy`, `drug_drug`, `duplicate`, `dose` ...
        pub kind: String,
        /// `inform`, `justify` or `contraindicated`.
        pub level: String,
        /// Which line, from 0; none when it is about the whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub line: Option<u32>,
        /// What made it, each with the id of the chart's entry where there is one:
        /// `condition:<id>`, `allergy:<id>`, `age` ...
        pub facts: Vec<String>,
        /// Those of them in the chart, as far as the reader may see them.
        #[serde(default)]
        pub because: Vec<FactView>,
        /// Effect and why.
        pub text: BothText,
        /// What to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub advice: Option<BothText>,
        /// `A`, `B`, `C` or `expert`.
        pub evidence: String,
        /// Title and year of each source.
        pub sources: Vec<String>,
        /// The data set that says so.
        pub data_version: String,
        /// Medicines that passed the same check instead.
        pub safer: Vec<SaferView>,
    }
);

shape!(
    /// A refusal.
    RefusalView {
        /// The coded reason.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub reason: RefusalReason,
        /// In the pharmacist's words.
        pub text: String,
        /// When, Unix microseconds.
        pub at_us: i64,
        /// When the prescriber saw it, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub seen_us: Option<i64>,
        /// When it was replaced, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub replaced_us: Option<i64>,
        /// How many doctors have signed against it.
        pub overrides: u32,
    }
);

shape!(
    /// A prescription.
    PrescriptionView {
        /// Its id.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: PrescriptionId,
        /// For whom.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub patient: PatientId,
        /// Their name.
        pub patient_name: String,
        /// When they were born, as far as it is known: `1951`, `1951-11` or `1951-11-02`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub patient_birth: Option<String>,
        /// By whom.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub prescriber: UserId,
        /// Their name.
        pub prescriber_name: String,
        /// `draft`, `signed`, `transmitted`, `dispensed_part`, `completed`, `refused`, `replaced`
        /// or `cancelled`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub stage: Stage,
        /// Hidden from nurses and proxies.
        pub confidential: bool,
        /// What it replaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub prior: Option<PrescriptionId>,
        /// The medicines.
        pub lines: Vec<PrescribedLineView>,
        /// Their names, one a line.
        pub names: Vec<BothText>,
        /// Whether signing needs a second factor.
        pub controlled: bool,
        /// For how many days after signing it may be dispensed.
        pub valid_days: u16,
        /// Units that are left, one number a line.
        pub left: Vec<u32>,
        /// Hours of the day at which a dose is due, one list a line.
        pub due_hours: Vec<Vec<u8>>,
        /// What the check found when it was last saved or signed.
        pub findings: Vec<FindingView>,
        /// Reasons given at signing.
        pub reasons: Vec<ReasonView>,
        /// The code on the paper, once signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub code: Option<String>,
        /// The last refusal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub refusal: Option<RefusalView>,
        /// When it was begun, Unix microseconds.
        pub created_us: i64,
        /// When it was signed, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub signed_us: Option<i64>,
        /// Until when it may be dispensed, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expires_us: Option<i64>,
        /// When it came to the pharmacy, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub sent_us: Option<i64>,
        /// Counts the changes.
        pub version: u32,
    }
);

shape!(
    /// A prescription with what the check finds at this moment.
    PrescriptionCheckView {
        /// The prescription.
        pub prescription: PrescriptionView,
        /// True once a doctor has signed it.
        pub is_signed: bool,
        /// What the check finds now.
        pub findings: Vec<FindingView>,
        /// The data set that was used.
        pub data_version: String,
    }
);

shape!(
    /// What a stranger who holds the paper is told.
    PaperView {
        /// `valid`, `dispensed`, `expired`, `replaced` or `stopped`.
        pub state: String,
        /// When it was signed, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub signed_us: Option<i64>,
        /// Until when it may be dispensed, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expires_us: Option<i64>,
    }
);

shape!(
    /// Refusals that the prescriber has not seen yet.
    UnseenRefusalsView {
        /// How many.
        pub count: i64,
        /// When the last one was sent back, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub last_us: Option<i64>,
    }
);

shape!(
    /// What is said of a file that somebody shows.
    DocumentVerdictView {
        /// `genuine`: given out by this service, byte for byte; `altered`: it carries a seal and is not
        /// what was sealed here; `foreign`: it carries no seal; `unknown`: sealed here and not
        /// remembered.
        pub verdict: String,
        /// How the prescription stands, for a genuine one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub paper: Option<PaperView>,
    }
);

shape!(
    /// How long the loop from refusal to replacement took, over 90 days.
    RefusalTimesView {
        /// Prescriptions that were refused.
        pub refused: i64,
        /// Of these, seen by the doctor.
        pub seen: i64,
        /// Of these, replaced.
        pub replaced: i64,
        /// Longest time until one was seen, in microseconds.
        pub seen_us_max: i64,
        /// Mean time until they were seen, in microseconds.
        pub seen_us_mean: i64,
        /// Longest time until one was replaced, in microseconds.
        pub replaced_us_max: i64,
        /// Mean time until they were replaced, in microseconds.
        pub replaced_us_mean: i64,
    }
);

shape!(
    /// A shape in which a medicine is sold.
    MedicineFormView {
        /// `tablet`, `syrup` and so on.
        pub form: String,
        /// How it is given.
        pub route: String,
        /// As printed on the box.
        pub strength: String,
    }
);

shape!(
    /// A medicine of the formulary.
    MedicineView {
        /// Its slug.
        pub id: String,
        /// Its international name.
        pub name: BothText,
        /// ATC codes.
        pub atc: Vec<String>,
        /// Some trade names.
        pub brands: Vec<String>,
        /// Whether signing needs a second factor.
        pub controlled: bool,
        /// The unit in which its doses are judged.
        pub unit: String,
        /// How it is sold.
        pub forms: Vec<MedicineFormView>,
    }
);
