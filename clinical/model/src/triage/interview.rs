//! Interviews as they are kept.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Answer, Disposition, InterviewLanguage, InterviewState, REASON_CHARS_MAX, UnclearBecause,
    Verdict,
};
use crate::text::Phone;
use crate::{
    AppointmentId, InterviewId, Micros, PatientId, ServiceId, TenantId, TokenHash, UserId,
};

/// Whose interview it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of somebody with a record.
    Patient(PatientId),
    /// That of whoever shows a secret, for a while.
    Visitor {
        /// What is kept of the secret.
        token: TokenHash,
        /// Until when it is kept.
        until: Micros,
    },
}

/// An answer to a question.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Told {
    /// The question, as the engine names it.
    pub finding: String,
    /// The answer.
    pub answer: Answer,
    /// What was measured, when a number was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
}

/// A value of the record that went into it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Measured {
    /// LOINC code.
    pub code: String,
    /// Its name, as the record has it.
    pub name: String,
    /// The number.
    pub value: f64,
    /// UCUM unit.
    pub unit: String,
    /// When it was measured.
    pub at: Micros,
    /// Whether it is a result of the laboratory.
    pub laboratory: bool,
}

/// A possible cause, with the names of findings as the engine has them.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Guess {
    /// The condition, as the engine names it.
    pub condition: String,
    /// Share of the belief, 0 to 1.
    pub probability: f64,
    /// What speaks for it.
    pub supports: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
    /// What is not known and would change it.
    pub would_change: Vec<String>,
}

/// What was understood, by the names of findings.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Said to be so.
    pub present: Vec<String>,
    /// Said not to be so.
    pub absent: Vec<String>,
}

/// The result as it was given: later knowledge does not change it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Judged {
    /// Where to go.
    pub disposition: Disposition,
    /// Belief that nothing more urgent is behind it, 0 to 1.
    pub confidence: f64,
    /// Whether a person must look at it.
    pub person: bool,
    /// Ranked.
    pub guesses: Vec<Guess>,
    /// What was understood.
    pub explained: Explained,
    /// When.
    pub at: Micros,
}

/// What was told, answered, measured and found: the content of an interview.
#[derive(Clone, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Story {
    /// The language of questions.
    pub language: InterviewLanguage,
    /// Age in days, when known.
    pub age_days: Option<u32>,
    /// Whether a woman, when known.
    pub female: Option<bool>,
    /// Whether pregnant, when known.
    pub pregnant: Option<bool>,
    /// Whether somebody answers for the ill person.
    pub proxy: bool,
    /// What was told last.
    pub complaint: String,
    /// What was answered, in order.
    pub told: Vec<Told>,
    /// Values of the record.
    pub measured: Vec<Measured>,
    /// What the record says of before, by the names of findings.
    pub history: Vec<String>,
    /// What of the record makes ordinary things dangerous, by the names of red flags' features.
    pub background: Vec<String>,
    /// Red flags that fired at any moment, the first one first. None is ever taken back.
    pub flags: Vec<String>,
    /// The least that the result may be, whatever is told later.
    pub floor: Option<Disposition>,
    /// Why it is unclear, now.
    pub unclear: Vec<UnclearBecause>,
    /// Where it stands.
    pub state: Option<InterviewState>,
    /// Findings that a model of others read, to be asked first. They count only when the person agrees.
    pub hinted: Vec<String>,
    /// The question that stands.
    pub asked: Option<String>,
    /// The result, once there is one.
    pub judged: Option<Judged>,
}

impl fmt::Debug for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Story(..)")
    }
}

impl Story {
    /// Where it stands; before anything was told it waits for the complaint.
    #[must_use]
    pub fn state(&self) -> InterviewState {
        self.state.unwrap_or(InterviewState::Complaint)
    }

    /// The result is at least this urgent from now on.
    pub fn raise(&mut self, least: Disposition) {
        self.floor = self.floor.max(Some(least));
    }
}

/// An interview.
#[derive(Clone, Debug, PartialEq)]
pub struct Interview {
    /// Its id.
    pub id: InterviewId,
    /// The facility.
    pub tenant: TenantId,
    /// Whose it is.
    pub whose: Whose,
    /// What was told.
    pub story: Story,
    /// The appointment that carries it.
    pub appointment: Option<AppointmentId>,
    /// Whether its summary was taken over into a note.
    pub noted: bool,
    /// When it began.
    pub started: Micros,
    /// Who began it; nobody known for a visitor.
    pub started_by: Option<UserId>,
    /// When its result was given.
    pub finished: Option<Micros>,
    /// Counts the changes, from 1.
    pub version: u32,
}

impl Interview {
    /// Whose record it belongs to.
    #[must_use]
    pub const fn patient(&self) -> Option<PatientId> {
        match self.whose {
            Whose::Patient(patient) => Some(patient),
            Whose::Visitor { .. } => None,
        }
    }
}

/// What a clinician said of a result.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Feedback {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Micros,
    /// What.
    pub verdict: Verdict,
    /// Where the patient belonged.
    #[serde(default)]
    pub disposition: Option<Disposition>,
    /// The condition that it is about; none for the result as a whole.
    #[serde(default)]
    pub condition: Option<String>,
    /// Why.
    pub reason: String,
}

impl fmt::Debug for Feedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Feedback(..)")
    }
}

/// Why feedback was refused; the field that is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedbackRefusal {
    /// Who corrects or rejects says why, in at most [`REASON_CHARS_MAX`] characters.
    #[error("the reason is missing or too long")]
    Reason,
    /// Only who corrects names another place, and one is named or a condition.
    #[error("the disposition is missing or out of place")]
    Disposition,
}

impl Feedback {
    /// Whether it says something about the whole result: where the patient belonged.
    #[must_use]
    pub const fn is_about_the_whole(&self) -> bool {
        self.condition.is_none() || self.disposition.is_some()
    }

    /// Checks it.
    ///
    /// # Errors
    /// [`FeedbackRefusal`]
    pub fn checked(mut self) -> Result<Self, FeedbackRefusal> {
        self.reason = self.reason.trim().to_owned();
        let is_long = self.reason.chars().count() > REASON_CHARS_MAX;
        if is_long || (self.verdict != Verdict::Accept && self.reason.is_empty()) {
            return Err(FeedbackRefusal::Reason);
        }
        let names = self.disposition.is_some();
        let right = match self.verdict {
            Verdict::Correct => names || self.condition.is_some(),
            Verdict::Accept | Verdict::Reject => !names,
        };
        if right {
            Ok(self)
        } else {
            Err(FeedbackRefusal::Disposition)
        }
    }
}

/// What a facility decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether patients see possible causes. Off until an administrator turns it on: a ranking that is
    /// right first in half of the cases frightens or calms wrongly who cannot weigh it.
    pub show_hypotheses: bool,
    /// What an urgent or routine result proposes to book.
    pub service: Option<ServiceId>,
    /// The number at which the clinic wants to be called.
    pub phone: Option<Phone>,
    /// Counts the changes, from 0 for none.
    pub version: u32,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn feedback(verdict: Verdict) -> Feedback {
        Feedback {
            by: UserId::from_uuid(Uuid::from_u128(1)),
            at: Micros(1),
            verdict,
            disposition: None,
            condition: None,
            reason: "  because ".to_owned(),
        }
    }

    #[test]
    fn who_rejects_says_why_and_only_who_corrects_names_another_place() {
        let reject = feedback(Verdict::Reject).checked().unwrap();
        assert_eq!(reject.reason, "because");
        let silent = Feedback {
            reason: " ".to_owned(),
            ..feedback(Verdict::Reject)
        };
        assert_eq!(silent.clone().checked(), Err(FeedbackRefusal::Reason));
        let accept = Feedback {
            verdict: Verdict::Accept,
            ..silent
        };
        assert!(accept.clone().checked().is_ok());
        let odd = Feedback {
            disposition: Some(Disposition::Urgent),
            ..accept
        };
        assert_eq!(odd.checked(), Err(FeedbackRefusal::Disposition));
        let empty = feedback(Verdict::Correct);
        assert_eq!(empty.checked(), Err(FeedbackRefusal::Disposition));
        let long = Feedback {
            reason: "é".repeat(REASON_CHARS_MAX + 1),
            ..feedback(Verdict::Reject)
        };
        assert_eq!(long.checked(), Err(FeedbackRefusal::Reason));
    }

    #[test]
    fn a_floor_only_rises() {
        let mut story = Story::default();
        story.raise(Disposition::Urgent);
        story.raise(Disposition::SelfCare);
        assert_eq!(story.floor, Some(Disposition::Urgent));
        story.raise(Disposition::Emergency);
        assert_eq!(story.floor, Some(Disposition::Emergency));
    }
}
