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
    story.hinted.clear();
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
pub(super) fn settle(story: &mut Story, judgement: Judgement) {
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
    use core::iter::repeat;

    use clinical_model::triage::UnclearBecause;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use proptest::test_runner::RngSeed;

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

    const ORDINARY: [&str; 8] = [
        "I have a runny nose since two days.",
        "J'ai mal au dos depuis lundi.",
        "My skin itches a little.",
        "Je n'ai pas de fièvre.",
        "I slept badly.",
        "qsdf lkj mlkj",
        "My mother had a stroke ten years ago.",
        "J'ai un peu mal à la gorge.",
    ];
    const FLAGS: [&str; 4] = [
        "I have crushing chest pain spreading to my left arm and I am sweating.",
        "My face droops on one side and I cannot speak properly since an hour ago.",
        "J'ai une douleur qui serre la poitrine et qui descend dans le bras gauche.",
        "Je veux me suicider ce soir.",
    ];

    /// Plays a whole interview: the complaint, random acts, the result.
    fn whole(engine: &Engine, complaint: &str, acts: &[u8]) -> Story {
        let mut story = Story {
            age_days: Some(40 * 365),
            ..Story::default()
        };
        let act = Act::Complain(complaint.to_owned());
        apply(Some(engine), &mut story, act, Micros(1)).unwrap();
        let mut acts = acts.iter().copied().enumerate().chain(repeat((60, 2)));
        while let Some(finding) = story.asked.clone() {
            let (number, act) = acts.next().unwrap();
            let act = match act {
                0 => Act::Answer {
                    finding,
                    answer: Some(Answer::Unknown),
                    number: None,
                },
                1 if number < 20 && !story.told.is_empty() => Act::Back,
                _ => Act::Answer {
                    finding,
                    answer: Some(Answer::No),
                    number: None,
                },
            };
            apply(Some(engine), &mut story, act, Micros(2)).unwrap();
            assert!(story.told.len() <= 15);
        }
        if story.judged.is_none() {
            apply(Some(engine), &mut story, Act::Finish, Micros(3)).unwrap();
        }
        story
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

        #[test]
        fn a_red_flag_among_whatever_else_is_told_never_lowers_a_result(
            parts in vec(select(&ORDINARY[..]), 1..4),
            flag in select(&FLAGS[..]),
            place in 0_usize..5,
            acts in vec(0_u8..6, 0..40),
        ) {
            let engine = crate::triage::engine::shipped().unwrap();
            let alone = whole(&engine, &parts.join(" "), &acts);
            let mut said = parts;
            said.insert(place.min(said.len()), flag);
            let with = whole(&engine, &said.join(" "), &acts);
            let disposition = |story: &Story| story.judged.as_ref().unwrap().disposition;
            prop_assert_eq!(disposition(&with), Disposition::Emergency, "{:?}", said);
            prop_assert!(disposition(&with) >= disposition(&alone), "{said:?}");
            prop_assert!(!with.flags.is_empty(), "{said:?}");
        }
    }

    #[test]
    fn answers_that_exclude_each_other_lead_to_a_person() {
        let engine = crate::triage::engine::shipped().unwrap();
        let mut story = Story {
            age_days: Some(30 * 365),
            told: vec![Told {
                finding: "runny_nose".to_owned(),
                answer: Answer::No,
                number: None,
            }],
            ..Story::default()
        };
        let act = Act::Complain("I have a runny nose and I sneeze".to_owned());
        apply(Some(&engine), &mut story, act, Micros(1)).unwrap();
        assert_eq!(story.unclear, [UnclearBecause::Contradiction]);
        apply(Some(&engine), &mut story, Act::Finish, Micros(2)).unwrap();
        let judged = story.judged.unwrap();
        assert!(judged.person && judged.disposition >= Disposition::Routine);
    }

    #[test]
    fn an_answer_that_raises_a_flag_ends_the_interview_and_cannot_be_taken_back() {
        let engine = crate::triage::engine::shipped().unwrap();
        let mut story = Story {
            age_days: Some(60 * 365),
            complaint: "I have chest pain".to_owned(),
            state: Some(InterviewState::Asking),
            asked: Some("cp_pressure".to_owned()),
            floor: Some(Disposition::Emergency),
            ..Story::default()
        };
        let act = Act::Answer {
            finding: "cp_pressure".to_owned(),
            answer: Some(Answer::No),
            number: None,
        };
        apply(Some(&engine), &mut story, act, Micros(1)).unwrap();
        assert_eq!(story.state(), InterviewState::Emergency);
        let back = apply(Some(&engine), &mut story, Act::Back, Micros(2));
        assert!(matches!(back, Err(TriageError::WrongState)));
    }
}
