//! What can be done to an interview: one machine for patients, staff and visitors.

use clinical_model::Micros;
use clinical_model::triage::{
    Answer, COMPLAINT_CHARS_MAX, Disposition, InterviewLanguage, InterviewState, Story, Told,
};
use clinical_triage::Engine;

use super::TriageError;
use super::engine::{Judgement, judge};

/// A finding that may be answered with a temperature.
pub(super) const FEVER: &str = "fever";
/// A finding that may be answered with a temperature.
pub(super) const FEVER_HIGH: &str = "fever_high";

/// A number that may be given instead of yes or no.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberRange {
    /// UCUM unit.
    pub unit: &'static str,
    /// Least value that is taken.
    pub min: f64,
    /// Greatest value that is taken.
    pub max: f64,
    /// Step of an input field.
    pub step: f64,
    /// From this value on the answer is yes.
    yes_from: f64,
}

/// The numbers that a question takes; none for most.
#[must_use]
pub(super) fn range(finding: &str) -> Option<NumberRange> {
    // A fever is 38.0 degrees and more (NICE NG143); above 39 it is high.
    let temperature = |yes_from| NumberRange {
        unit: "Cel",
        min: 30.0,
        max: 45.0,
        step: 0.1,
        yes_from,
    };
    match finding {
        FEVER => Some(temperature(38.0)),
        FEVER_HIGH => Some(temperature(39.0)),
        _ => None,
    }
}

/// An act of whoever is interviewed.
#[derive(Clone, PartialEq)]
pub enum Act {
    /// Tells what is wrong, in free words.
    Complain(String),
    /// Answers the question that stands, or an earlier one anew.
    Answer {
        /// The question.
        finding: String,
        /// The answer; not needed when there is a number.
        answer: Option<Answer>,
        /// What was measured.
        number: Option<f64>,
    },
    /// Takes the last answer back.
    Back,
    /// Changes the language.
    Speak(InterviewLanguage),
    /// Wants the result.
    Finish,
}

impl core::fmt::Debug for Act {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.action())
    }
}

impl Act {
    /// The act in the audit.
    pub(super) const fn action(&self) -> &'static str {
        match self {
            Self::Complain(_) => "triage.complain",
            Self::Answer { .. } => "triage.answer",
            Self::Back => "triage.back",
            Self::Speak(_) => "triage.speak",
            Self::Finish => "triage.finish",
        }
    }
}

/// Carries an act out and judges what the story has become.
pub(super) fn apply(
    engine: Option<&Engine>,
    story: &mut Story,
    act: Act,
    now: Micros,
) -> Result<(), TriageError> {
    if let Act::Speak(language) = act {
        story.language = language;
        return Ok(());
    }
    if story.judged.is_some() {
        return Err(TriageError::WrongState);
    }
    match act {
        Act::Complain(text) => complain(story, text)?,
        Act::Answer {
            finding,
            answer,
            number,
        } => answered(story, finding, (answer, number))?,
        Act::Back => {
            story.told.pop().ok_or(TriageError::WrongState)?;
        }
        Act::Finish => return finish(engine, story, now),
        Act::Speak(_) => {}
    }
    settle(story, judge(engine, story, now));
    Ok(())
}

fn complain(story: &mut Story, text: String) -> Result<(), TriageError> {
    let chars = text.chars().count();
    if chars == 0 || chars > COMPLAINT_CHARS_MAX {
        return Err(TriageError::Invalid("text"));
    }
    story.complaint = text;
    Ok(())
}

fn answered(
    story: &mut Story,
    finding: String,
    (answer, number): (Option<Answer>, Option<f64>),
) -> Result<(), TriageError> {
    let answer = match (number, range(&finding)) {
        (Some(number), Some(range)) => {
            if !(range.min..=range.max).contains(&number) {
                return Err(TriageError::Invalid("number"));
            }
            if number >= range.yes_from {
                Answer::Yes
            } else {
                Answer::No
            }
        }
        (Some(_), None) => return Err(TriageError::Invalid("number")),
        (None, _) => answer.ok_or(TriageError::Invalid("answer"))?,
    };
    if let Some(told) = story.told.iter_mut().find(|it| it.finding == finding) {
        told.answer = answer;
        told.number = number;
        return Ok(());
    }
    if story.asked.as_deref() != Some(finding.as_str()) {
        return Err(TriageError::Invalid("finding"));
    }
    story.told.push(Told {
        finding,
        answer,
        number,
    });
    Ok(())
}

/// Takes over what a story was judged to be. What fired once stays.
fn settle(story: &mut Story, judgement: Judgement) {
    for flag in judgement.flags {
        if !story.flags.contains(&flag) {
            story.flags.push(flag);
        }
    }
    if let Some(least) = judgement.least {
        story.raise(least);
    }
    story.unclear = judgement.unclear;
    let mut judged = judgement.judged;
    judged.disposition = Some(judged.disposition)
        .max(story.floor)
        .unwrap_or(Disposition::Urgent);
    if judged.disposition == Disposition::Emergency {
        story.state = Some(InterviewState::Emergency);
        story.asked = None;
        story.judged = Some(judged);
    } else {
        story.state = Some(judgement.state);
        story.asked = judgement.asked;
    }
}

/// Gives the result. Who stops before the last question is not sent to self-care: what was not asked
/// may be what matters.
fn finish(engine: Option<&Engine>, story: &mut Story, now: Micros) -> Result<(), TriageError> {
    let early = match story.state() {
        InterviewState::Asking => true,
        InterviewState::Ready | InterviewState::Person => false,
        InterviewState::Complaint | InterviewState::Emergency | InterviewState::Finished => {
            return Err(TriageError::WrongState);
        }
    };
    let judgement = judge(engine, story, now);
    let mut judged = judgement.judged.clone();
    settle(story, judgement);
    if story.judged.is_some() {
        return Ok(());
    }
    let least = if early || judged.person {
        Disposition::Routine
    } else {
        Disposition::SelfCare
    };
    judged.disposition = judged
        .disposition
        .max(least)
        .max(story.floor.unwrap_or(least));
    story.state = Some(InterviewState::Finished);
    story.asked = None;
    story.judged = Some(judged);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(complaint: &str) -> Story {
        let mut story = Story {
            age_days: Some(34 * 365),
            ..Story::default()
        };
        let act = Act::Complain(complaint.to_owned());
        apply(None, &mut story, act, Micros(1)).unwrap();
        story
    }

    #[test]
    fn without_an_engine_it_ends_at_a_person_and_never_at_self_care() {
        let mut story = story("j'ai un rhume");
        assert_eq!(story.state(), InterviewState::Person);
        apply(None, &mut story, Act::Finish, Micros(2)).unwrap();
        let judged = story.judged.unwrap();
        assert_eq!(
            (judged.disposition, judged.person),
            (Disposition::Urgent, true)
        );
        assert!(judged.confidence.abs() < 1e-9);
    }

    #[test]
    fn without_an_engine_a_red_flag_is_an_emergency_all_the_same() {
        let story = story("crushing chest pain spreading to my left arm, I am sweating");
        assert_eq!(story.state(), InterviewState::Emergency);
        assert!(story.judged.is_some());
    }

    #[test]
    fn numbers_become_answers_and_impossible_ones_are_refused() {
        let mut it = Story {
            asked: Some(FEVER.to_owned()),
            ..Story::default()
        };
        let answer = |it: &mut Story, number| answered(it, FEVER.to_owned(), (None, Some(number)));
        assert!(answer(&mut it, f64::NAN).is_err());
        assert!(answer(&mut it, 101.3).is_err());
        answer(&mut it, 37.4).unwrap();
        assert_eq!(it.told[0].answer, Answer::No);
        answer(&mut it, 38.0).unwrap();
        assert_eq!((it.told.len(), it.told[0].answer), (1, Answer::Yes));
    }
}
