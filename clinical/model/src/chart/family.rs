//! Diseases in the family: a questionnaire that asks only what the answers before it leave open, and what the
//! answers mean for the patient.

mod risk;

use serde::{Deserialize, Serialize};

use super::Relative;

pub use risk::{Reason, Risk, TopicRisk};

/// Most relatives that are named for one topic; a longer answer is refused.
pub const RELATIVES_MAX: usize = 8;
/// Oldest age in years that is taken.
pub const AGE_MAX: u8 = 120;

/// What is asked about, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Infarction or sudden death of the heart.
    Heart,
    /// Diabetes.
    Diabetes,
    /// Cancer of the breast or the ovary.
    Breast,
    /// Cancer of the bowel.
    Bowel,
    /// Sickle-cell disease.
    SickleCell,
}

impl Topic {
    /// Every topic in the order of asking.
    pub const ALL: [Self; 5] = [
        Self::Heart,
        Self::Diabetes,
        Self::Breast,
        Self::Bowel,
        Self::SickleCell,
    ];
}

/// Where a cancer of [`Topic::Breast`] was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// One breast, or it is not known.
    OneBreast,
    /// Both breasts.
    BothBreasts,
    /// The ovary.
    Ovary,
    /// Breast and ovary.
    BreastAndOvary,
}

/// A disease of a relative, as it enters the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disease {
    /// I25.
    Heart,
    /// E11.
    Diabetes,
    /// C50.
    Breast,
    /// C56.
    Ovary,
    /// C18.
    Bowel,
    /// D57.
    SickleCell,
}

impl Disease {
    /// Its category in ICD-10.
    #[must_use]
    pub const fn icd10(self) -> &'static str {
        match self {
            Self::Heart => "I25",
            Self::Diabetes => "E11",
            Self::Breast => "C50",
            Self::Ovary => "C56",
            Self::Bowel => "C18",
            Self::SickleCell => "D57",
        }
    }
}

/// What is asked next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// Whether any relative by blood has or had it.
    Any {
        /// What.
        topic: Topic,
    },
    /// Which relatives.
    Who {
        /// What.
        topic: Topic,
    },
    /// How old the relative was when it began.
    Age {
        /// What.
        topic: Topic,
        /// Who.
        relative: Relative,
        /// Counts the relatives of this topic, from 0: two sisters are two.
        place: u8,
    },
    /// Where it was.
    Where {
        /// Who.
        relative: Relative,
        /// Counts the relatives of this topic, from 0.
        place: u8,
    },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Question::Any`].
    Yes,
    /// To [`Question::Any`].
    No,
    /// To [`Question::Any`], [`Question::Age`].
    Unknown,
    /// To [`Question::Who`]: one for each, so two sisters stand twice.
    Relatives(Vec<Relative>),
    /// To [`Question::Age`], in years.
    Years(u8),
    /// To [`Question::Where`].
    Site(Site),
}

/// Why an answer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerRefusal {
    /// It answers another question.
    #[error("this answers another question")]
    Misplaced,
    /// Nobody is named, or more than [`RELATIVES_MAX`], or two mothers.
    #[error("these relatives are not possible")]
    Relatives,
    /// Nobody gets that old.
    #[error("this age is not possible")]
    Age,
    /// Everything is answered.
    #[error("nothing was asked")]
    Finished,
}

/// One relative who has or had something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// What.
    pub topic: Topic,
    /// Who.
    pub relative: Relative,
    /// Age when it began, in years.
    pub years: Option<u8>,
    /// Where, for [`Topic::Breast`].
    pub site: Option<Site>,
}

impl Case {
    /// The diseases that enter the chart.
    #[must_use]
    pub fn diseases(&self) -> Vec<Disease> {
        match (self.topic, self.site) {
            (Topic::Heart, _) => vec![Disease::Heart],
            (Topic::Diabetes, _) => vec![Disease::Diabetes],
            (Topic::Bowel, _) => vec![Disease::Bowel],
            (Topic::SickleCell, _) => vec![Disease::SickleCell],
            (Topic::Breast, Some(Site::Ovary)) => vec![Disease::Ovary],
            (Topic::Breast, Some(Site::BreastAndOvary)) => vec![Disease::Breast, Disease::Ovary],
            (Topic::Breast, Some(Site::OneBreast | Site::BothBreasts) | None) => {
                vec![Disease::Breast]
            }
        }
    }
}

/// The answers so far. The next question follows from them alone, so a page may forget everything else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interview {
    answers: Vec<Answer>,
    cases: Vec<Case>,
    said: Vec<(Topic, Said)>,
}

/// What is known of a topic as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Yes,
    No,
    Unknown,
}

impl Interview {
    /// Nothing is answered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers that were given elsewhere, looked at again one by one.
    ///
    /// # Errors
    /// [`AnswerRefusal`] of the first answer that does not fit.
    pub fn replay(answers: Vec<Answer>) -> Result<Self, AnswerRefusal> {
        answers
            .into_iter()
            .try_fold(Self::new(), |interview, answer| interview.answer(answer))
    }

    /// What was answered, in the order of asking.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// The relatives who have or had something.
    #[must_use]
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// What to ask next; none when everything is answered.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        let Some((topic, said)) = self.said.last().copied() else {
            return Some(Question::Any {
                topic: Topic::Heart,
            });
        };
        if said == Said::Yes {
            let of_topic = self.cases.iter().filter(|case| case.topic == topic);
            let mut nobody = true;
            let mut answered = self.answered_of_last_topic();
            for (place, case) in (0_u8..).zip(of_topic) {
                nobody = false;
                let relative = case.relative;
                if answered == 0 {
                    return Some(Question::Age {
                        topic,
                        relative,
                        place,
                    });
                }
                answered -= 1;
                if topic == Topic::Breast && risk::may_have_ovary(relative) {
                    if answered == 0 {
                        return Some(Question::Where { relative, place });
                    }
                    answered -= 1;
                }
            }
            if nobody {
                return Some(Question::Who { topic });
            }
        }
        let next = Topic::ALL
            .iter()
            .position(|it| *it == topic)
            .map_or(0, |at| at + 1);
        Topic::ALL
            .get(next)
            .map(|topic| Question::Any { topic: *topic })
    }

    /// How many answers stand behind the list of relatives of the topic that is asked about.
    fn answered_of_last_topic(&self) -> usize {
        self.answers
            .iter()
            .rev()
            .take_while(|answer| !matches!(answer, Answer::Relatives(_)))
            .count()
    }

    /// The interview with one more answer.
    ///
    /// # Errors
    /// [`AnswerRefusal`]; the interview before it is not lost when it was cloned.
    pub fn answer(mut self, answer: Answer) -> Result<Self, AnswerRefusal> {
        let question = self.question().ok_or(AnswerRefusal::Finished)?;
        match (question, &answer) {
            (Question::Any { topic }, Answer::Yes) => self.said.push((topic, Said::Yes)),
            (Question::Any { topic }, Answer::No) => self.said.push((topic, Said::No)),
            (Question::Any { topic }, Answer::Unknown) => self.said.push((topic, Said::Unknown)),
            (Question::Who { topic }, Answer::Relatives(relatives)) => {
                if !are_possible(relatives) {
                    return Err(AnswerRefusal::Relatives);
                }
                self.cases.extend(relatives.iter().map(|relative| Case {
                    topic,
                    relative: *relative,
                    years: None,
                    site: None,
                }));
            }
            (Question::Age { topic, place, .. }, Answer::Years(years)) => {
                if *years > AGE_MAX {
                    return Err(AnswerRefusal::Age);
                }
                let years = *years;
                self.change(topic, place, |case| case.years = Some(years));
            }
            (Question::Age { .. }, Answer::Unknown) => {}
            (Question::Where { place, .. }, Answer::Site(site)) => {
                let site = *site;
                self.change(Topic::Breast, place, |case| case.site = Some(site));
            }
            (
                Question::Any { .. }
                | Question::Who { .. }
                | Question::Age { .. }
                | Question::Where { .. },
                Answer::Yes
                | Answer::No
                | Answer::Unknown
                | Answer::Relatives(_)
                | Answer::Years(_)
                | Answer::Site(_),
            ) => return Err(AnswerRefusal::Misplaced),
        }
        self.answers.push(answer);
        Ok(self)
    }

    /// One question back: the interview without its last answer.
    #[must_use]
    pub fn back(&self) -> Self {
        let mut answers = self.answers.clone();
        answers.pop();
        // The shorter row of answers was taken once, so it is taken again.
        Self::replay(answers).unwrap_or_default()
    }

    /// What it means, for each topic that was answered; none before everything is answered.
    #[must_use]
    pub fn risks(&self) -> Option<Vec<TopicRisk>> {
        if self.question().is_some() {
            return None;
        }
        Some(
            self.said
                .iter()
                .map(|(topic, said)| risk::judge(*topic, *said == Said::Unknown, &self.cases))
                .collect(),
        )
    }

    fn change(&mut self, topic: Topic, place: u8, change: impl FnOnce(&mut Case)) {
        let mut of_topic = self.cases.iter_mut().filter(|case| case.topic == topic);
        if let Some(case) = of_topic.nth(usize::from(place)) {
            change(case);
        }
    }
}

/// Parents and grandparents are there once.
fn are_possible(relatives: &[Relative]) -> bool {
    let once = [
        Relative::Mother,
        Relative::Father,
        Relative::MaternalGrandmother,
        Relative::MaternalGrandfather,
        Relative::PaternalGrandmother,
        Relative::PaternalGrandfather,
    ];
    (1..=RELATIVES_MAX).contains(&relatives.len())
        && once
            .iter()
            .all(|one| relatives.iter().filter(|it| *it == one).count() <= 1)
}
