//! AI triage: interviews, their results, what clinicians say of them, and figures.
//!
//! Everybody, before an interview:
//! - `GET /triage/info` -> [`TriageInfoView`]: emergency numbers, limits (public)
//!
//! Signed-in people (patient: own record and those whom they are proxy of; doctor, nurse: for a patient
//! whom they see). A stranger's interview is not found.
//! - `POST /triage/interviews` [`InterviewRequest`] -> 201 [`InterviewView`]
//! - `GET /triage/interviews?patient=` -> list of [`InterviewBriefView`], newest first, at most 50 (a
//!   patient without `patient` means themselves)
//! - `GET /triage/interviews/{id}` -> [`InterviewView`]: resume, in the language that was set last
//! - `POST /triage/interviews/{id}/complaint` [`ComplaintRequest`] -> [`InterviewView`]
//! - `POST /triage/interviews/{id}/answers` [`TriageAnswerRequest`] -> [`InterviewView`]: the question that
//!   stands, or an earlier one, which changes its answer
//! - `POST /triage/interviews/{id}/back` -> [`InterviewView`]: takes the last answer back
//! - `POST /triage/interviews/{id}/language` [`LanguageRequest`] -> [`InterviewView`]
//! - `POST /triage/interviews/{id}/finish` -> [`InterviewView`] with its result
//! - `POST /triage/interviews/{id}/on-call` -> 201 `AppointmentView` with its link: a visit now with a
//!   doctor on duty; only of an emergency or urgent result; `wrong_state` when nobody is there any more (patient)
//! - `POST /triage/interviews/{id}/appointment` [`AttachRequest`] -> [`InterviewView`]: the appointment
//!   carries it from then on (patient, doctor, nurse). Booking pages call it after they have booked
//!
//! Visitors without an account. The interview is known by the `HttpOnly` cookie `triage` that the first
//! operation sets, and kept for 24 hours; without it 404 `not_found`. Limited by address: 429.
//! - `POST /triage/visitor` [`VisitorRequest`] -> 201 [`InterviewView`] (public)
//! - `GET /triage/visitor` -> [`InterviewView`], `DELETE /triage/visitor` -> 204: forgets it (public)
//! - `POST /triage/visitor/complaint` [`ComplaintRequest`], `/answers` [`TriageAnswerRequest`], `/back`,
//!   `/language` [`LanguageRequest`], `/finish` -> [`InterviewView`] (public)
//! - `POST /triage/claim` [`ClaimRequest`] -> [`InterviewView`]: the cookie's interview moves to the record
//!   of the patient who is signed in, or of somebody whom they are proxy of (patient)
//!
//! Clinicians:
//! - `GET /appointments/{id}/triage` -> list of [`ClinicalTriageView`]: what the appointment carries, newest
//!   first; empty without (doctor, nurse)
//! - `GET /triage/interviews/{id}/clinical` -> [`ClinicalTriageView`] (doctor, nurse)
//! - `POST /triage/interviews/{id}/feedback` [`FeedbackRequest`] -> 201 [`ClinicalTriageView`] (doctor)
//! - `POST /triage/interviews/{id}/note` [`TakeOverRequest`] -> [`NoteTakenView`]: writes the summary behind
//!   what stands in the draft note of its appointment (doctor)
//!
//! Administrators (no names in any answer):
//! - `GET /triage/figures` -> [`TriageFiguresView`]: the last 12 months
//! - `GET /triage/evaluation` -> [`EvaluatedView`]: the last report of `telehealth triage evaluate --save`;
//!   404 when there is none
//! - `GET /triage/settings` -> [`TriageSettingsView`], `PUT` [`TriageSettingsRequest`] -> [`TriageSettingsView`]
//!
//! Problems beside the usual ones: `invalid` with field `text` for a complaint beyond 2,000 characters,
//! `wrong_state` for an act that the state of the interview does not take, `changed` when somebody else
//! answered meanwhile.

mod figures;

use clinical_model::triage::{
    Answer, BirthSex, Disposition, InterviewLanguage, InterviewState, UnclearBecause, Verdict,
};
use clinical_model::{AppointmentId, InterviewId, PatientId, ServiceId};
use serde::{Deserialize, Serialize};

use crate::shape::shape;

pub use figures::{
    EvaluatedView, EvaluationMissView, EvaluationShareView, FiguresMonthView, TriageFiguresView,
    TriageSettingsRequest, TriageSettingsView,
};

shape!(
    /// The numbers to call in the facility's country.
    EmergencyNumbersView {
        /// Works for everything.
        pub general: String,
        /// The ambulance or medical service; the general one where it is the same.
        pub ambulance: String,
        /// The clinic's own number, E.164, where it has told one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub clinic: Option<String>,
    }
);

shape!(
    /// What pages must know before an interview begins.
    TriageInfoView {
        /// Whom to call.
        pub emergency: EmergencyNumbersView,
        /// Most characters of a complaint: 2,000.
        pub complaint_chars_max: u32,
        /// Most questions: 15.
        pub questions_max: u32,
        /// What is written and not understood may be sent to a language model of others.
        #[serde(default)]
        pub outside_reader: bool,
    }
);

shape!(
    /// An interview to begin for somebody with a record: age, sex and pregnancy come from there.
    #[serde(deny_unknown_fields)]
    InterviewRequest {
        /// About whom; patients mean themselves without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub patient: Option<PatientId>,
        /// The language of questions: `en` or `fr`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub language: InterviewLanguage,
        /// Known by the person and not by the record; none leaves what the record says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub pregnant: Option<bool>,
    }
);

shape!(
    /// An interview to begin for somebody without a record.
    #[serde(deny_unknown_fields)]
    VisitorRequest {
        /// The language of questions: `en` or `fr`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub language: InterviewLanguage,
        /// Age in months, 0 ..= 1,440 (a baby of 3 weeks: 0; 34 years: 408).
        pub age_months: u32,
        /// `female` or `male`; none when not said, which hides no danger.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub sex: Option<BirthSex>,
        /// Whether pregnant; none when not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub pregnant: Option<bool>,
        /// Whether somebody answers for the ill person: a child, or somebody else.
        #[serde(default)]
        pub proxy: bool,
    }
);

shape!(
    /// What is wrong, in free words, French or English.
    #[serde(deny_unknown_fields)]
    ComplaintRequest {
        /// 1 to 2,000 characters. It is read for red flags first.
        pub text: String,
    }
);

shape!(
    /// An answer to the question that stands, or another answer to an earlier one.
    #[serde(deny_unknown_fields)]
    TriageAnswerRequest {
        /// [`QuestionView::finding`].
        pub finding: String,
        /// `yes`, `no` or `unknown`; ignored when there is a number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub answer: Option<Answer>,
        /// What was measured, where the question takes a number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub number: Option<f64>,
    }
);

shape!(
    /// The language of questions from now on.
    #[serde(deny_unknown_fields)]
    LanguageRequest {
        /// `en` or `fr`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub language: InterviewLanguage,
    }
);

shape!(
    /// To whose record a visitor's interview belongs.
    #[serde(deny_unknown_fields)]
    ClaimRequest {
        /// Somebody whom the caller is proxy of; themselves without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub patient: Option<PatientId>,
    }
);

shape!(
    /// Which appointment carries an interview.
    #[serde(deny_unknown_fields)]
    AttachRequest {
        /// An appointment of the same patient that is not over.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub appointment: AppointmentId,
    }
);

shape!(
    /// A number that may be given instead of yes or no.
    NumberRangeView {
        /// UCUM unit: `Cel` for degrees Celsius, `{score}` for a scale.
        pub unit: String,
        /// Least value that is taken.
        pub min: f64,
        /// Greatest value that is taken.
        pub max: f64,
        /// Step of an input field.
        pub step: f64,
    }
);

shape!(
    /// The question that stands. Its choices are yes, no and "I don't know", always.
    QuestionView {
        /// What is asked, as the engine names it; goes back with the answer.
        pub finding: String,
        /// From 1 to `of`.
        pub number: u32,
        /// Most questions: 15. It may end earlier.
        pub of: u32,
        /// The question, in the language of the interview.
        pub text: String,
        /// Why it is asked, in the language of the interview.
        pub why: String,
        /// Whether a number may be given instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub range: Option<NumberRangeView>,
    }
);

shape!(
    /// A question that was answered. It may be answered anew.
    TriageAnswerView {
        /// As the engine names it.
        pub finding: String,
        /// The question, in the language of the interview.
        pub text: String,
        /// `yes`, `no` or `unknown`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub answer: Answer,
        /// What was measured, when a number was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub value: Option<f64>,
        /// Whether and how a number may be given instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub range: Option<NumberRangeView>,
    }
);

shape!(
    /// A red flag that fired.
    FlagView {
        /// Its name, stable.
        pub id: String,
        /// `emergency` or `urgent`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub level: Disposition,
        /// Why it is dangerous, in the language of the interview.
        pub reason: String,
        /// What to do until help is there, in the language of the interview.
        pub advice: String,
        /// Public guidance that says so, by name.
        pub source: String,
    }
);

shape!(
    /// A sentence with the source that says so.
    CitedView {
        /// In the language of the interview.
        pub text: String,
        /// The source, by name; empty where it is a rule of this program.
        pub source: String,
    }
);

shape!(
    /// A possible cause.
    HypothesisView {
        /// As the engine names it.
        pub condition: String,
        /// Its name, in the language of the interview (of the reader in the clinical view).
        pub name: String,
        /// ICD-10 code.
        pub icd10: String,
        /// Share of the belief, 0 to 1.
        pub probability: f64,
        /// Where it belongs if it is this: `emergency`, `urgent`, `routine`, `self_care`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub urgency: Disposition,
        /// Whether it must not be missed.
        pub must_not_miss: bool,
        /// What was found that speaks for it, the strongest first.
        pub supports: Vec<String>,
        /// What speaks against it.
        pub against: Vec<String>,
        /// What is not known and would change it most.
        pub would_change: Vec<String>,
        /// Sources, by name.
        pub sources: Vec<String>,
    }
);

shape!(
    /// A doctor whom one can see at once.
    OnCallView {
        /// How many doctors are on duty now.
        pub doctors: u32,
    }
);

shape!(
    /// Where to go and why.
    TriageResultView {
        /// `emergency`, `urgent`, `routine` or `self_care`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub disposition: Disposition,
        /// Belief that nothing more urgent is behind it, 0 to 1; 0 when it could not be judged.
        pub confidence: f64,
        /// Whether a person should look because it was unclear.
        pub person: bool,
        /// Why, in plain words, in the language of the interview: the flags' reasons first, then what was
        /// found that weighs most.
        pub reasons: Vec<String>,
        /// What to do now, with its source.
        pub advice: Vec<CitedView>,
        /// "Come back or call if ...", in the language of the interview.
        pub come_back: Vec<String>,
        /// What would change it: names of findings that are not known.
        pub would_change: Vec<String>,
        /// Possible causes; for patients and visitors only where the facility shows them, otherwise empty.
        pub hypotheses: Vec<HypothesisView>,
        /// Whether the facility shows possible causes to patients.
        pub shows_hypotheses: bool,
        /// What to book: none for emergency and self-care, and where the facility has no such service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub service: Option<ServiceId>,
        /// A visit at once, for emergency and urgent when a doctor is on duty and there is a record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub on_call: Option<OnCallView>,
    }
);

shape!(
    /// A measurement or laboratory value of the record that the engine used.
    MeasuredView {
        /// What it is: LOINC code.
        pub code: String,
        /// Its name.
        pub name: String,
        /// The value.
        pub value: String,
        /// UCUM unit.
        pub unit: String,
        /// When it was measured.
        pub at_us: i64,
        /// `record` or `laboratory`.
        pub origin: String,
    }
);

shape!(
    /// An interview.
    InterviewView {
        /// Its id.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: InterviewId,
        /// `complaint`, `asking`, `ready`, `person`, `emergency` or `finished`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub state: InterviewState,
        /// `en` or `fr`: the language of all texts in here.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub language: InterviewLanguage,
        /// Whose record it belongs to; none for a visitor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub patient: Option<PatientId>,
        /// Whether somebody answers for the ill person.
        pub proxy: bool,
        /// What was told; empty before.
        pub complaint: String,
        /// Why it is unclear, when it is: `empty`, `not_understood`, `too_long`, `abuse`,
        /// `another_person`, `no_complaint`, `failure`.
        #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
        pub unclear: Vec<UnclearBecause>,
        /// The question that stands, in state `asking`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub question: Option<QuestionView>,
        /// What was answered, in order.
        pub answers: Vec<TriageAnswerView>,
        /// Red flags that fired so far, also before the end.
        pub flags: Vec<FlagView>,
        /// Values of the record that were used, with their dates.
        pub measured: Vec<MeasuredView>,
        /// Whom to call.
        pub emergency: EmergencyNumbersView,
        /// In the states `emergency` and `finished`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub result: Option<TriageResultView>,
        /// The appointment that carries it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub appointment: Option<AppointmentId>,
        /// When it began.
        pub started_us: i64,
        /// When its result was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub finished_us: Option<i64>,
        /// When a visitor's interview is deleted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expires_us: Option<i64>,
    }
);

shape!(
    /// An interview in a list.
    InterviewBriefView {
        /// Its id.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: InterviewId,
        /// As in [`InterviewView`].
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub state: InterviewState,
        /// What was told, its first 120 characters.
        pub complaint: String,
        /// Where it leads, when it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub disposition: Option<Disposition>,
        /// The appointment that carries it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub appointment: Option<AppointmentId>,
        /// When it began.
        pub started_us: i64,
    }
);

shape!(
    /// An early warning score from values of the record.
    ScoreView {
        /// `news2` or `qsofa`.
        pub code: String,
        /// Points.
        pub points: u32,
        /// What the table says to it: `low`, `low_medium`, `medium`, `high`.
        pub response: String,
        /// When the oldest value in it was measured.
        pub at_us: i64,
        /// The published table.
        pub source: String,
    }
);

shape!(
    /// What a clinician said of a result.
    FeedbackView {
        /// Who.
        pub by: String,
        /// When.
        pub at_us: i64,
        /// `accept`, `correct` or `reject`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub verdict: Verdict,
        /// Where the patient belonged, when corrected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub disposition: Option<Disposition>,
        /// The condition that it is about, or that it was instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub condition: Option<String>,
        /// Why.
        pub reason: String,
    }
);

shape!(
    /// An interview as clinicians read it; texts are in the language of `?language=`, English without.
    ClinicalTriageView {
        /// The interview. Its result has all hypotheses.
        pub interview: InterviewView,
        /// A summary in sentences.
        pub summary: String,
        /// What was told or answered to be so.
        pub present: Vec<String>,
        /// What was denied.
        pub absent: Vec<String>,
        /// Asked, and not known.
        pub unknown: Vec<String>,
        /// What was not asked and would tell most.
        pub gaps: Vec<String>,
        /// Tests and next steps to consider, those of the first hypotheses.
        pub steps: Vec<String>,
        /// Early warning scores, where the record has what they ask for.
        pub scores: Vec<ScoreView>,
        /// What clinicians said of it, newest first.
        pub feedback: Vec<FeedbackView>,
        /// Whether the summary was taken over into a note.
        pub noted: bool,
    }
);

shape!(
    /// What a clinician says of a result.
    #[serde(deny_unknown_fields)]
    FeedbackRequest {
        /// `accept`, `correct` or `reject`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub verdict: Verdict,
        /// Where the patient belonged; only with `correct`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub disposition: Option<Disposition>,
        /// [`HypothesisView::condition`]: the one that is accepted or rejected, or that it was instead. None
        /// means the result as a whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub condition: Option<String>,
        /// Why, at most 1,000 characters; not empty with `correct` and `reject`.
        #[serde(default)]
        pub reason: String,
    }
);

shape!(
    /// Take the summary over into the draft note of the appointment that carries the interview.
    #[serde(deny_unknown_fields)]
    TakeOverRequest {
        /// `en` or `fr`: the language in which it is written.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub language: InterviewLanguage,
    }
);

shape!(
    /// Where the summary stands now.
    NoteTakenView {
        /// The appointment whose draft note has it.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub appointment: AppointmentId,
        /// The version of the note from now on.
        pub version: i64,
    }
);
