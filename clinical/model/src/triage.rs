//! Triage: where somebody belongs, what an interview is in, and what clinicians say of its result.
//!
//! The engine itself is `clinical-triage`; these are the words of it that are kept and shown.

mod interview;

use serde::{Deserialize, Serialize};

pub use interview::{
    Explained, Feedback, FeedbackRefusal, Guess, Interview, Judged, Measured, Settings, Story,
    Told, Whose,
};

/// Characters of a complaint that are taken.
pub const COMPLAINT_CHARS_MAX: usize = 2_000;
/// Questions after the complaint.
pub const QUESTIONS_MAX: u32 = 15;
/// Characters of a clinician's reason.
pub const REASON_CHARS_MAX: usize = 1_000;

/// Where somebody should go. The order is the order of weight.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Can be treated at home, with advice.
    SelfCare,
    /// A visit within days.
    Routine,
    /// A clinician the same day.
    Urgent,
    /// The emergency number or department now.
    Emergency,
}

/// Where an interview stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InterviewState {
    /// It waits for the complaint in free words.
    Complaint,
    /// It waits for an answer.
    Asking,
    /// Nothing more is asked; finishing gives the result.
    Ready,
    /// It cannot be judged: a person must be spoken to. Another complaint may be told, and finishing
    /// gives a result that is never self-care.
    Person,
    /// A red flag or the engine says emergency. The result is there at once; going back, changing an
    /// answer or telling more does not take it back.
    Emergency,
    /// Finished: the result stands and nothing changes any more.
    Finished,
}

/// An answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// "I don't know".
    Unknown,
}

/// Why something cannot be judged.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnclearBecause {
    /// Nothing was written.
    Empty,
    /// Another language, or no language.
    NotUnderstood,
    /// Longer than what is read.
    TooLong,
    /// Insults: somebody is not well served, or not well.
    Abuse,
    /// Somebody else seems to be in danger.
    AnotherPerson,
    /// Words of a language, but no complaint in them.
    NoComplaint,
    /// Answers that exclude each other.
    Contradiction,
    /// The program failed.
    Failure,
}

/// The language of questions.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum InterviewLanguage {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// French.
    #[serde(rename = "fr")]
    French,
}

/// The sex that medicine asks for, as a visitor says it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BirthSex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// What a clinician says of a result.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is right.
    Accept,
    /// Somewhere else, or another cause: both may be named.
    Correct,
    /// It is of no use, with a reason.
    Reject,
}
