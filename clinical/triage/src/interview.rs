//! The interview as a machine without clock and IO: the same state gives the same question.
//!
//! The state is the complaint and the answers; everything else is computed from them, so that going
//! back is forgetting the last answer, and resuming is reading the state again.

use std::collections::BTreeSet;

use clinical_redflags::flags::{Age, Background, Patient, Pregnancy, Sex};
use clinical_redflags::words::Speaker;
use serde::{Deserialize, Serialize};

use crate::assess::{Assessment, Disposition, Engine};
use crate::knowledge::{Kind, Words};
use crate::reading::{Case, Reading};

/// Questions after the complaint.
pub const QUESTIONS_MAX: usize = 15;
/// Characters of a complaint that are kept; longer ones are refused and a person is offered.
pub(crate) const COMPLAINT_MAX: usize = 5_000;
/// Conditions that questions are chosen for; the rest carries next to no belief.
const FOCUS: usize = 30;
/// Belief in the first hypothesis with which asking ends.
const SURE: f64 = 0.92;
/// Questions that are asked even when it seems sure.
const QUESTIONS_MIN: usize = 4;
/// Weight of a must-not-miss condition in choosing a question.
const MUST_NOT_MISS: f64 = 0.8;

/// The language of the interview.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// French.
    French,
}

impl Language {
    /// The text in this language.
    #[must_use]
    pub fn of(self, words: &Words) -> &str {
        match self {
            Self::English => &words.en,
            Self::French => &words.fr,
        }
    }
}

/// An answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// "I don't know": changes no belief and is not asked again.
    Unknown,
}

/// A question with its answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answered {
    /// Id of the finding.
    pub finding: String,
    /// What was answered.
    pub answer: Answer,
}

/// A question to ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// Id of the finding.
    pub finding: String,
    /// From 1 to [`QUESTIONS_MAX`].
    pub number: usize,
    /// The question.
    pub text: String,
    /// Why it is asked.
    pub why: String,
}

/// What an interview refuses.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InterviewError {
    /// More than [`COMPLAINT_MAX`] characters.
    #[error("the complaint is longer than {COMPLAINT_MAX} characters")]
    TooLong,
    /// No finding of this name.
    #[error("there is no question {0:?}")]
    NoSuchQuestion(String),
    /// All questions were asked.
    #[error("all {QUESTIONS_MAX} questions were asked")]
    Full,
    /// It has no answer yet that could be changed.
    #[error("the question {0:?} was not answered")]
    NotAnswered(String),
    /// It has an answer already: that one can be changed.
    #[error("the question {0:?} was answered")]
    Answered(String),
}

/// The state of an interview.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Interview {
    /// Age in days.
    pub age_days: Option<u32>,
    /// Whether the patient is a woman.
    pub female: Option<bool>,
    /// Whether she is known to be pregnant.
    pub pregnant: Option<bool>,
    /// Whether somebody answers for the patient.
    pub proxy: bool,
    /// The language of questions; may change at any time.
    pub language: Language,
    /// What the record says, by ids of findings: known like answers, and not counted as asked.
    #[serde(default)]
    pub recorded: Vec<Answered>,
    /// What of the record makes ordinary things dangerous. It is not written: whoever reads an
    /// interview again reads the record again.
    #[serde(skip)]
    pub background: BTreeSet<Background>,
    complaint: String,
    answers: Vec<Answered>,
}

impl Interview {
    /// Sets the complaint in free words.
    ///
    /// # Errors
    ///
    /// When it is too long.
    pub fn complain(&mut self, text: &str) -> Result<(), InterviewError> {
        if text.chars().count() > COMPLAINT_MAX {
            return Err(InterviewError::TooLong);
        }
        text.clone_into(&mut self.complaint);
        Ok(())
    }

    /// The answers, in order.
    #[must_use]
    pub fn answers(&self) -> &[Answered] {
        &self.answers
    }

    /// Answers a question.
    ///
    /// # Errors
    ///
    /// When the finding does not exist, was answered, or all questions were asked.
    pub fn answer(
        &mut self,
        engine: &Engine,
        finding: &str,
        answer: Answer,
    ) -> Result<(), InterviewError> {
        if engine.knowledge().finding(finding).is_none() {
            return Err(InterviewError::NoSuchQuestion(finding.to_owned()));
        }
        if self.answers.iter().any(|one| one.finding == finding) {
            return Err(InterviewError::Answered(finding.to_owned()));
        }
        if self.answers.len() >= QUESTIONS_MAX {
            return Err(InterviewError::Full);
        }
        self.answers.push(Answered {
            finding: finding.to_owned(),
            answer,
        });
        Ok(())
    }

    /// Takes the last answer back and returns it.
    pub fn back(&mut self) -> Option<Answered> {
        self.answers.pop()
    }

    /// Changes an earlier answer; the later ones stay.
    ///
    /// # Errors
    ///
    /// When it was not answered.
    pub fn change(&mut self, finding: &str, answer: Answer) -> Result<(), InterviewError> {
        let one = self
            .answers
            .iter_mut()
            .find(|one| one.finding == finding)
            .ok_or_else(|| InterviewError::NotAnswered(finding.to_owned()))?;
        one.answer = answer;
        Ok(())
    }

    /// The case so far.
    #[must_use]
    pub fn case(&self, engine: &Engine) -> Case {
        let mut known = Reading::default();
        for one in self.recorded.iter().chain(&self.answers) {
            let Some(at) = engine.knowledge().finding(&one.finding) else {
                continue;
            };
            match one.answer {
                Answer::Yes => known.present.insert(at),
                Answer::No => known.absent.insert(at),
                Answer::Unknown => false,
            };
        }
        Case {
            patient: Patient {
                age: self.age_days.map(Age::days),
                sex: self
                    .female
                    .map(|female| if female { Sex::Female } else { Sex::Male }),
                pregnancy: match self.pregnant {
                    Some(true) => Pregnancy::Pregnant,
                    Some(false) => Pregnancy::No,
                    None => Pregnancy::Unknown,
                },
                speaker: if self.proxy {
                    Speaker::Proxy
                } else {
                    Speaker::Patient
                },
                background: self.background.clone(),
            },
            text: self.complaint.clone(),
            known,
        }
    }

    /// The assessment so far. Who answers no to what they told is taken at the graver word, and sent to a person.
    #[must_use]
    pub fn assess(&self, engine: &Engine) -> Assessment {
        let mut assessment = engine.assess(&self.case(engine));
        let mut denied = self.answers.iter().filter(|one| one.answer == Answer::No);
        let present = &assessment.reading.present;
        let contradicted = denied.any(|one| {
            let at = engine.knowledge().finding(&one.finding);
            at.is_some_and(|at| present.contains(&at))
        });
        if contradicted {
            assessment.contradicted = true;
            assessment.person = true;
            assessment.disposition = assessment.disposition.max(Disposition::Routine);
        }
        assessment
    }

    /// The next best question, or none when enough is known or nothing was understood.
    #[must_use]
    pub fn next(&self, engine: &Engine) -> Option<Question> {
        if self.answers.len() >= QUESTIONS_MAX {
            return None;
        }
        let case = self.case(engine);
        let assessment = engine.assess(&case);
        let first = assessment.hypotheses.first()?;
        let certain = first.probability > SURE && self.answers.len() >= QUESTIONS_MIN;
        // Without a red flag or a dangerous finding an emergency is only likely, and some answers tell more.
        let danger = !assessment.flags.is_empty()
            || engine.least(&assessment.reading, &[]) == Disposition::Emergency
            || self.answers.len() >= QUESTIONS_MIN;
        if assessment.disposition == Disposition::Emergency && danger || certain {
            return None;
        }
        let at = best(self, engine, &case, &assessment)?;
        let finding = engine.knowledge().findings.get(at)?;
        Some(Question {
            finding: finding.id.clone(),
            number: self.answers.len() + 1,
            text: self.language.of(&finding.question).to_owned(),
            why: self.language.of(&finding.why).to_owned(),
        })
    }
}

/// The finding whose answer is expected to tell most.
fn best(
    interview: &Interview,
    engine: &Engine,
    case: &Case,
    assessment: &Assessment,
) -> Option<usize> {
    let knowledge = engine.knowledge();
    let told = !case.text.trim().is_empty();
    let beliefs = engine.beliefs(&case.patient, &assessment.reading, told);
    let mut focus: Vec<(usize, f64)> = beliefs.into_iter().enumerate().collect();
    focus.sort_by(|a, b| b.1.total_cmp(&a.1));
    focus.truncate(FOCUS);
    let total: f64 = focus.iter().map(|(_, belief)| belief).sum();
    let asked = |at: usize| {
        knowledge.findings.get(at).is_none_or(|finding| {
            finding.kind == Kind::Sign
                || assessment.reading.present.contains(&at)
                || assessment.reading.absent.contains(&at)
                || interview
                    .answers
                    .iter()
                    .any(|one| one.finding == finding.id)
        })
    };
    let mut candidates: Vec<usize> = focus
        .iter()
        .filter_map(|&(at, _)| knowledge.conditions.get(at))
        .flat_map(|condition| condition.likely.keys().copied())
        .filter(|&at| !asked(at))
        .collect();
    candidates.sort_unstable();
    candidates.dedup();
    let gain = |finding: usize| {
        let (mut yes, mut no, mut feared) = (Vec::new(), Vec::new(), 0.0);
        for &(at, belief) in &focus {
            let Some(condition) = knowledge.conditions.get(at) else {
                continue;
            };
            let share = condition.likely.get(&finding).copied().unwrap_or(0.02);
            let belief = belief / total;
            yes.push(belief * share);
            no.push(belief * (1.0 - share));
            if condition.must_not_miss {
                feared += belief * (share - 0.02).max(0.0);
            }
        }
        let before = entropy(focus.iter().map(|(_, belief)| *belief));
        let share: f64 = yes.iter().sum();
        let after =
            share * entropy(yes.iter().copied()) + (1.0 - share) * entropy(no.iter().copied());
        before - after + MUST_NOT_MISS * feared
    };
    candidates
        .into_iter()
        .map(|finding| (finding, gain(finding)))
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .filter(|(_, gain)| *gain > 0.005)
        .map(|(finding, _)| finding)
}

fn entropy(weights: impl Iterator<Item = f64> + Clone) -> f64 {
    let total: f64 = weights.clone().sum();
    if total <= 0.0 {
        return 0.0;
    }
    weights
        .map(|weight| weight / total)
        .filter(|share| *share > 0.0)
        .map(|share| -share * share.ln())
        .sum()
}
