//! The engine: hypotheses from findings, urgency from hypotheses, and red flags last.

mod belief;

use std::collections::BTreeSet;

use clinical_redflags::flags::{Age, Flags, Patient, Pregnancy, Story, Unclear, Urgency};
use clinical_redflags::words::{Matcher, PatternError, Reader};
use serde::{Deserialize, Serialize};

use crate::knowledge::{Condition, Kind, Knowledge, KnowledgeError};
use crate::reading::{self, Case, Mention, Reading};
use crate::tuning::Tuning;

/// Where somebody should go. The order is the order of weight.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
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

/// Why an engine cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The knowledge base.
    #[error("the knowledge base cannot be used")]
    Knowledge(#[from] KnowledgeError),
    /// A phrase of a finding.
    #[error("a phrase of a finding cannot be used")]
    Phrase(#[from] PatternError),
}

/// A condition with its share of the belief.
#[derive(Clone, Debug)]
pub struct Hypothesis {
    /// Index of the condition.
    pub condition: usize,
    /// Share of the belief, 0 to 1.
    pub probability: f64,
    /// Findings that are there and speak for it, the strongest first.
    pub supports: Vec<usize>,
    /// Findings that speak against it: there but unusual, or denied though usual.
    pub against: Vec<usize>,
    /// Findings not yet known that would change most.
    pub would_change: Vec<usize>,
}

/// The answer of the engine.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// Where to go.
    pub disposition: Disposition,
    /// Belief that nothing more urgent is behind it, 0 to 1.
    pub confidence: f64,
    /// Whether a person must look because it is unclear.
    pub person: bool,
    /// Why the words cannot be judged; then a person is asked and self-care is never the answer.
    pub unclear: Vec<Unclear>,
    /// Ranked hypotheses, at most [`HYPOTHESES_MAX`].
    pub hypotheses: Vec<Hypothesis>,
    /// Whether something was answered with no that was said, or answered otherwise: it counts as being there.
    pub contradicted: bool,
    /// Ids of red flags that were raised.
    pub flags: Vec<String>,
    /// What was understood.
    pub reading: Reading,
}

/// Hypotheses that are answered; further ones carry next to no belief.
pub(crate) const HYPOTHESES_MAX: usize = 10;
/// Belief in pneumonia from which on it is graded.
const PNEUMONIA_BELIEVED: f64 = 0.3;
/// How often a finding is there in a condition that it speaks for.
const EXPLAINS: f64 = 0.15;
/// Belief in conditions that explain something, below which nothing is taken as explained.
const EXPLAINED_MIN: f64 = 0.2;
/// Findings that are dangerous whatever causes them.
const DANGER: [(&str, Disposition); 22] = [
    ("coma", Disposition::Emergency),
    ("vitals_danger", Disposition::Emergency),
    ("vomit_blood", Disposition::Emergency),
    ("ha_thunderclap", Disposition::Emergency),
    ("numb_saddle", Disposition::Emergency),
    ("testis_sudden", Disposition::Emergency),
    ("vision_loss_sudden", Disposition::Emergency),
    ("weak_ascending", Disposition::Emergency),
    ("tripod", Disposition::Emergency),
    ("low_oxygen", Disposition::Emergency),
    ("cyanosis", Disposition::Emergency),
    ("dyspnea_rest", Disposition::Emergency),
    ("hypotension", Disposition::Emergency),
    ("suicidal", Disposition::Emergency),
    ("stridor", Disposition::Emergency),
    ("guarding", Disposition::Emergency),
    ("confusion", Disposition::Urgent),
    ("drowsy", Disposition::Urgent),
    ("syncope", Disposition::Urgent),
    ("chest_indrawing", Disposition::Emergency),
    ("melena", Disposition::Urgent),
    ("hemoptysis", Disposition::Urgent),
];

const LEVELS: [Disposition; 4] = [
    Disposition::SelfCare,
    Disposition::Routine,
    Disposition::Urgent,
    Disposition::Emergency,
];

/// Knowledge, phrases and red flags, ready to use.
#[derive(Debug)]
pub struct Engine {
    knowledge: Knowledge,
    matcher: Matcher,
    flags: &'static Flags,
    /// Per finding: how often it is there in conditions that do not list it.
    leak: Vec<f64>,
    tuning: Tuning,
}

impl Engine {
    /// The engine over the shipped knowledge and flags.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used, which a test excludes.
    pub fn shipped() -> Result<Self, EngineError> {
        Self::new(Knowledge::shipped()?, Flags::shipped())
    }

    /// An engine over other knowledge and flags.
    ///
    /// # Errors
    ///
    /// When a phrase cannot be used.
    pub fn new(knowledge: Knowledge, flags: &'static Flags) -> Result<Self, EngineError> {
        let matcher = reading::compile(&knowledge)?;
        let tuning = Tuning::default();
        let leak = belief::leaks(&knowledge, &tuning);
        Ok(Self {
            knowledge,
            matcher,
            flags,
            leak,
            tuning,
        })
    }

    /// The same engine with other weights, to try them on vignettes.
    #[must_use]
    pub fn tuned(mut self, tuning: Tuning) -> Self {
        self.leak = belief::leaks(&self.knowledge, &tuning);
        self.tuning = tuning;
        self
    }

    /// Its weights.
    #[must_use]
    pub const fn tuning(&self) -> &Tuning {
        &self.tuning
    }

    /// What it knows.
    #[must_use]
    pub const fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// Findings in a text.
    #[must_use]
    pub fn read(&self, patient: &Patient, text: &str) -> Reading {
        self.read_bounded(patient, text).0
    }

    /// Where a text speaks of findings, in the order of the text.
    #[must_use]
    pub fn mentions(&self, patient: &Patient, text: &str) -> Vec<Mention> {
        reading::mentions(&self.matcher, text, reader(patient))
    }

    fn read_bounded(&self, patient: &Patient, text: &str) -> (Reading, bool) {
        let matcher = &self.matcher;
        reading::read(&self.knowledge, matcher, text, reader(patient), patient.age)
    }

    /// Everything known of a case: what is known outweighs what was told.
    fn combined(&self, case: &Case) -> (Reading, bool) {
        let (mut all, truncated) = self.read_bounded(&case.patient, &case.text);
        all.absent.retain(|at| !case.known.present.contains(at));
        all.present.extend(&case.known.present);
        all.absent.extend(&case.known.absent);
        if case.patient.pregnancy == Pregnancy::Pregnant {
            all.present.extend(self.knowledge.finding("pregnant"));
        }
        (reading::close(&self.knowledge, all), truncated)
    }

    /// Judges a case.
    #[must_use]
    pub fn assess(&self, case: &Case) -> Assessment {
        let (reading, truncated) = self.combined(case);
        let beliefs = self.beliefs(&case.patient, &reading, !case.text.trim().is_empty());
        let understood = reading.present.iter().any(|&at| {
            self.knowledge
                .findings
                .get(at)
                .is_some_and(|f| f.kind != Kind::History)
        });
        let sound = beliefs.iter().all(|p| p.is_finite()) && beliefs.iter().sum::<f64>() > 0.5;
        let masses = self.masses(&self.explaining(&beliefs, &reading));
        let mut disposition = self.least_cost(&masses);
        disposition = disposition.max(self.least(&reading, &beliefs));
        disposition = disposition.max(self.lungs(&case.patient, &reading, &beliefs));
        if !self.home_explains(&beliefs, &reading) {
            disposition = disposition.max(Disposition::Routine);
        }
        let mut person = false;
        if !understood || !sound || truncated {
            person = true;
            disposition = disposition.max(Disposition::Routine);
        }
        let story = self.story(case);
        let screening = self.flags.screen(
            &case.patient,
            &Story {
                text: &story,
                findings: &[],
            },
        );
        match screening.urgency {
            Urgency::Emergency => disposition = Disposition::Emergency,
            Urgency::Urgent => disposition = disposition.max(Disposition::Urgent),
            Urgency::Person if !understood => person = true,
            Urgency::Person | Urgency::NoFlag => {}
        }
        let unclear: Vec<Unclear> = screening.unclear.iter().copied().collect();
        if unclear
            .iter()
            .any(|why| matches!(why, Unclear::TooLong | Unclear::Abuse))
        {
            person = true;
            disposition = disposition.max(Disposition::Routine);
        }
        let beyond: f64 = LEVELS
            .iter()
            .zip(masses)
            .filter(|(level, _)| **level > disposition)
            .map(|(_, mass)| mass)
            .sum();
        Assessment {
            disposition,
            confidence: (1.0 - beyond).clamp(0.0, 1.0),
            person,
            unclear,
            hypotheses: self.ranked(&beliefs, &reading, understood && sound),
            contradicted: false,
            flags: screening
                .hits
                .iter()
                .map(|hit| hit.flag.id.clone())
                .collect(),
            reading,
        }
    }

    /// The text, and each finding that was answered with yes as a sentence of its own.
    fn story(&self, case: &Case) -> String {
        let mut story = case.text.clone();
        for finding in case
            .known
            .present
            .iter()
            .filter_map(|&at| self.knowledge.findings.get(at))
        {
            if finding.kind == Kind::Symptom {
                story.push_str(". ");
                story.push_str(&finding.name.en);
            }
        }
        story
    }

    /// The level whose expected harm is least.
    fn least_cost(&self, masses: &[f64; 4]) -> Disposition {
        let cost = |row: &[f64; 4]| {
            row.iter()
                .zip(masses)
                .map(|(cost, mass)| cost * mass)
                .sum::<f64>()
        };
        LEVELS
            .iter()
            .zip(&self.tuning.cost)
            .min_by(|(_, a), (_, b)| cost(a).total_cmp(&cost(b)))
            .map_or(Disposition::Urgent, |(level, _)| *level)
    }

    /// Beliefs in the conditions that explain something of what was told, summing to 1. The rest is only there
    /// because it is common and says nothing about how soon; without any explanation all count.
    fn explaining(&self, beliefs: &[f64], reading: &Reading) -> Vec<f64> {
        let explains = |condition: &Condition| {
            reading.present.iter().any(|at| {
                let history = self
                    .knowledge
                    .findings
                    .get(*at)
                    .is_none_or(|finding| finding.kind == Kind::History);
                let leak = self.leak.get(*at).copied().unwrap_or(0.01);
                !history
                    && condition
                        .likely
                        .get(at)
                        .is_some_and(|share| *share >= EXPLAINS && *share > leak)
            })
        };
        let kept: Vec<f64> = self
            .knowledge
            .conditions
            .iter()
            .zip(beliefs)
            .map(|(condition, belief)| if explains(condition) { *belief } else { 0.0 })
            .collect();
        let total: f64 = kept.iter().sum();
        if total < EXPLAINED_MIN {
            return beliefs.to_vec();
        }
        kept.iter().map(|belief| belief / total).collect()
    }

    /// Whether the likeliest condition for home explains at least half of what was told. A story of which most is
    /// left over may be of something that nobody thought of.
    fn home_explains(&self, beliefs: &[f64], reading: &Reading) -> bool {
        let conditions = self.knowledge.conditions.iter().zip(beliefs);
        let home = conditions
            .filter(|(condition, _)| condition.urgency == Disposition::SelfCare)
            .max_by(|(_, a), (_, b)| a.total_cmp(b));
        let Some((home, _)) = home else {
            return false;
        };
        let told = self.told(reading);
        let explained = |at: &usize| {
            let mut line = self.knowledge.implied(*at);
            line.any(|at| home.likely.contains_key(&at))
        };
        let count = told.iter().filter(|at| explained(at)).count();
        count * 2 >= told.len()
    }

    /// What was told and is not already said by something more special; history does not count.
    fn told(&self, reading: &Reading) -> Vec<usize> {
        let implied: BTreeSet<usize> = reading
            .present
            .iter()
            .flat_map(|&at| self.knowledge.implied(at).skip(1))
            .collect();
        let is_told = |at: &usize| {
            let finding = self.knowledge.findings.get(*at);
            finding.is_some_and(|finding| finding.kind != Kind::History) && !implied.contains(at)
        };
        reading.present.iter().copied().filter(is_told).collect()
    }

    fn masses(&self, beliefs: &[f64]) -> [f64; 4] {
        let mut masses = [0.0; 4];
        for (condition, belief) in self.knowledge.conditions.iter().zip(beliefs) {
            if let Some(mass) = masses.get_mut(condition.urgency as usize) {
                *mass += belief;
            }
        }
        masses
    }

    /// CRB-65 (Lim et al., Thorax 2003;58:377; NICE NG250): of confusion, fast breathing, low pressure and 65 years
    /// two need a hospital when pneumonia is believed, and so does one with short breath.
    fn lungs(&self, patient: &Patient, reading: &Reading, beliefs: &[f64]) -> Disposition {
        let believed: f64 = self
            .knowledge
            .conditions
            .iter()
            .zip(beliefs)
            .filter(|(condition, _)| condition.id == "pneumonia")
            .map(|(_, belief)| belief)
            .sum();
        let has = |id: &str| {
            self.knowledge
                .finding(id)
                .is_some_and(|at| reading.present.contains(&at))
        };
        let old = patient.age.is_some_and(|age| age >= Age::years(65));
        let points = u32::from(has("confusion"))
            + u32::from(has("vitals_danger"))
            + u32::from(has("hypotension"))
            + u32::from(old);
        let short = has("dyspnea") || has("fast_breathing") || has("low_oxygen");
        if believed > PNEUMONIA_BELIEVED && (points >= 2 || points == 1 && short) {
            Disposition::Emergency
        } else {
            Disposition::SelfCare
        }
    }

    /// The least urgency that dangerous findings and must-not-miss conditions allow.
    pub(crate) fn least(&self, reading: &Reading, beliefs: &[f64]) -> Disposition {
        let danger = DANGER
            .iter()
            .filter(|(id, _)| {
                self.knowledge
                    .finding(id)
                    .is_some_and(|at| reading.present.contains(&at))
            })
            .map(|&(_, level)| level);
        let feared = self
            .knowledge
            .conditions
            .iter()
            .zip(beliefs)
            .filter(|(condition, belief)| {
                condition.must_not_miss && **belief > self.tuning.not_missed
            })
            .map(|(condition, _)| condition.urgency.min(Disposition::Urgent));
        danger.chain(feared).max().unwrap_or(Disposition::SelfCare)
    }

    fn ranked(&self, beliefs: &[f64], reading: &Reading, usable: bool) -> Vec<Hypothesis> {
        if !usable {
            return Vec::new();
        }
        let mut order: Vec<usize> = (0..beliefs.len()).collect();
        let belief = |at: usize| beliefs.get(at).copied().unwrap_or(0.0);
        order.sort_by(|&a, &b| belief(b).total_cmp(&belief(a)));
        order
            .into_iter()
            .take(HYPOTHESES_MAX)
            .filter_map(|at| {
                Some(self.explained(at, belief(at), self.knowledge.conditions.get(at)?, reading))
            })
            .collect()
    }

    fn explained(
        &self,
        at: usize,
        probability: f64,
        condition: &Condition,
        reading: &Reading,
    ) -> Hypothesis {
        let share = |finding: &usize| condition.likely.get(finding).copied().unwrap_or(0.0);
        let leak = |finding: &usize| self.leak.get(*finding).copied().unwrap_or(0.01);
        let mut supports: Vec<usize> = reading
            .present
            .iter()
            .copied()
            .filter(|f| share(f) > leak(f))
            .collect();
        supports.sort_by(|a, b| (share(b) / leak(b)).total_cmp(&(share(a) / leak(a))));
        let denied = reading.absent.iter().filter(|f| share(f) > 0.4);
        let unusual = reading
            .present
            .iter()
            .filter(|f| condition.likely.get(f).is_some_and(|s| *s < 0.02));
        let mut unknown: Vec<usize> = condition
            .likely
            .keys()
            .copied()
            .filter(|f| !reading.present.contains(f) && !reading.absent.contains(f))
            .collect();
        unknown.sort_by(|a, b| (share(b) / leak(b)).total_cmp(&(share(a) / leak(a))));
        unknown.truncate(5);
        Hypothesis {
            condition: at,
            probability,
            supports,
            against: denied.chain(unusual).copied().collect(),
            would_change: unknown,
        }
    }
}

fn reader(patient: &Patient) -> Reader {
    Reader {
        speaker: patient.speaker,
        pregnant: patient.pregnancy == Pregnancy::Pregnant,
    }
}
