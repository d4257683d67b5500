//! Measuring the engine on vignettes.

use std::fmt::Write as _;

use clinical_redflags::flags::{Age, Patient, Pregnancy, Sex};
use clinical_redflags::words::Speaker;
use serde::{Deserialize, Serialize};

use crate::assess::{Disposition, Engine};
use crate::names::same_name;
use crate::reading::Case;

/// Lines of one file that are read; further ones are refused, so that a wrong file ends early.
pub const VIGNETTES_MAX: usize = 20_000;

/// One line of a file of vignettes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Vignette {
    /// The diagnosis that is right.
    pub correct_diagnosis: String,
    /// "34 year old Female", "6 months Male".
    pub demographics: String,
    /// The complaint in a few words.
    pub chief_complaints: String,
    /// The story.
    pub presentation: String,
    /// What was denied.
    pub absent_findings: String,
    /// Earlier illness.
    pub physical_history: String,
    /// Illness in the family.
    pub family_history: String,
    /// Work and habits.
    pub social_history: String,
    /// Where the patient belongs, when known.
    pub triage: Option<String>,
}

/// Why vignettes cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// A line is not JSON of the right form.
    #[error("line {line} is not a vignette")]
    Line {
        /// Line number from 1.
        line: usize,
        /// What is wrong.
        #[source]
        cause: serde_json::Error,
    },
    /// A label is none of the known words.
    #[error("line {line}: the triage label {label:?} is not known")]
    Label {
        /// Line number from 1.
        line: usize,
        /// The label.
        label: String,
    },
    /// More than [`VIGNETTES_MAX`].
    #[error("more than {VIGNETTES_MAX} vignettes")]
    TooMany,
    /// No vignette at all.
    #[error("no vignette")]
    Empty,
}

/// A share with its 95 % interval after Wilson (1927).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// Cases that count.
    pub hits: u32,
    /// Cases in all.
    pub of: u32,
    /// `hits / of`, 0 when there are none.
    pub share: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Share {
    /// Of so many cases, so many.
    #[must_use]
    pub fn of(hits: u32, of: u32) -> Self {
        if of == 0 {
            return Self::default();
        }
        let (n, p, z) = (f64::from(of), f64::from(hits) / f64::from(of), 1.96_f64);
        let centre = p + z * z / (2.0 * n);
        let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        let under = 1.0 + z * z / n;
        Self {
            hits,
            of,
            share: p,
            low: ((centre - half) / under).max(0.0),
            high: ((centre + half) / under).min(1.0),
        }
    }
}

/// A case that was not answered rightly.
#[derive(Clone, Debug, Serialize)]
pub struct Miss {
    /// Line number from 1.
    pub line: usize,
    /// The right diagnosis.
    pub expected: String,
    /// Its rank, when it was among the answers.
    pub rank: Option<usize>,
    /// Whether the knowledge base has it.
    pub covered: bool,
    /// The first three answers.
    pub first: Vec<String>,
    /// The label, when there was one.
    pub triage: Option<String>,
    /// Where the engine sent the patient.
    pub answered: Disposition,
}

/// What was measured.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Vignettes.
    pub cases: u32,
    /// Right diagnosis first.
    pub top1: Share,
    /// Right diagnosis among three.
    pub top3: Share,
    /// Right diagnosis among five.
    pub top5: Share,
    /// The knowledge base has the diagnosis.
    pub coverage: Share,
    /// Sent exactly where the label says.
    pub exact: Share,
    /// Sent there or higher.
    pub safe: Share,
    /// Sent lower.
    pub under: Share,
    /// Sent higher.
    pub over: Share,
    /// Emergencies that were seen as such.
    pub emergencies: Share,
    /// Of belief 0-20 %, 20-40 % and so on in the first answer: how often it was right.
    pub calibration: Vec<Share>,
    /// Every case with a wrong first answer or another triage than its label.
    pub misses: Vec<Miss>,
}

/// Levels a label can tell apart: emergency, a visit (urgent, routine or both) and self-care.
fn label(word: &str) -> Option<&'static [Disposition]> {
    let folded: String = word
        .to_lowercase()
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    Some(
        match folded
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .as_str()
        {
            "emergency" | "emergent" | "em" | "emergency care" | "immediate" => {
                &[Disposition::Emergency]
            }
            "non emergency" | "nonemergency" | "non emergent" | "ne" | "non emergency care" => {
                &[Disposition::Routine, Disposition::Urgent]
            }
            "urgent" | "urgent care" | "same day" => &[Disposition::Urgent],
            "routine" | "routine visit" | "primary care" | "gp" | "routine care" => {
                &[Disposition::Routine]
            }
            "self care" | "selfcare" | "sc" | "home" | "home care" => &[Disposition::SelfCare],
            _ => return None,
        },
    )
}

/// The case that a vignette tells. Everything in its list of absent findings is denied.
#[must_use]
pub fn case(engine: &Engine, vignette: &Vignette) -> Case {
    let (age, sex) = demographics(&vignette.demographics);
    let child = age.is_some_and(|age| age < Age::years(12));
    let mut text = format!("{}. {}.", vignette.chief_complaints, vignette.presentation);
    for (name, part) in [
        ("", &vignette.physical_history),
        ("Family history: ", &vignette.family_history),
        ("", &vignette.social_history),
    ] {
        if part.trim().len() > 1 {
            let _infallible = write!(text, "\n\n{name}{part}.");
        }
    }
    let patient = Patient {
        age,
        sex,
        pregnancy: Pregnancy::Unknown,
        speaker: if child {
            Speaker::Proxy
        } else {
            Speaker::Patient
        },
        ..Patient::default()
    };
    let denied = engine.read(&patient, &vignette.absent_findings);
    let told = engine.read(&patient, &text);
    let absent = denied.absent.difference(&told.present).copied().collect();
    Case {
        patient,
        text,
        known: crate::Reading {
            present: std::collections::BTreeSet::new(),
            absent,
        },
    }
}

fn demographics(text: &str) -> (Option<Age>, Option<Sex>) {
    let folded = text.to_lowercase();
    let number: Option<u32> = folded
        .split(|c: char| !c.is_ascii_digit())
        .find(|digits| !digits.is_empty())
        .and_then(|digits| digits.parse().ok());
    let age = number.map(|number| {
        if folded.contains("month") || folded.contains("mois") {
            Age::months(number)
        } else if folded.contains("week") || folded.contains("semaine") {
            Age::weeks(number)
        } else if folded.contains("day") || folded.contains("jour") {
            Age::days(number)
        } else {
            Age::years(number)
        }
    });
    let has = |words: &[&str]| {
        folded
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| words.contains(&word))
    };
    let sex = if has(&["female", "woman", "girl", "f", "femme", "fille"]) {
        Some(Sex::Female)
    } else if has(&["male", "man", "boy", "m", "homme", "garçon"]) {
        Some(Sex::Male)
    } else {
        None
    };
    (age, sex)
}

/// Measures the engine on lines of JSON; empty lines are passed over.
///
/// # Errors
///
/// When a line is no vignette, a label is unknown, or there are none or too many.
pub fn evaluate<'a>(
    engine: &Engine,
    lines: impl IntoIterator<Item = &'a str>,
) -> Result<Report, EvaluateError> {
    let mut counts = Counts::default();
    let mut report = Report::default();
    for (number, line) in lines.into_iter().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        if number >= VIGNETTES_MAX {
            return Err(EvaluateError::TooMany);
        }
        let line_number = number + 1;
        let vignette: Vignette =
            serde_json::from_str(line).map_err(|cause| EvaluateError::Line {
                line: line_number,
                cause,
            })?;
        one(engine, &vignette, line_number, &mut counts, &mut report)?;
    }
    if counts.cases == 0 {
        return Err(EvaluateError::Empty);
    }
    counts.fill(&mut report);
    Ok(report)
}

#[derive(Default)]
struct Counts {
    cases: u32,
    top: [u32; 3],
    covered: u32,
    labelled: u32,
    exact: u32,
    under: u32,
    over: u32,
    emergencies: (u32, u32),
    believed: [(u32, u32); 5],
}

impl Counts {
    fn fill(&self, report: &mut Report) {
        let [top1, top3, top5] = self.top.map(|hits| Share::of(hits, self.cases));
        report.cases = self.cases;
        (report.top1, report.top3, report.top5) = (top1, top3, top5);
        report.coverage = Share::of(self.covered, self.cases);
        report.exact = Share::of(self.exact, self.labelled);
        report.safe = Share::of(self.labelled - self.under, self.labelled);
        report.under = Share::of(self.under, self.labelled);
        report.over = Share::of(self.over, self.labelled);
        report.emergencies = Share::of(self.emergencies.0, self.emergencies.1);
        report.calibration = self
            .believed
            .iter()
            .map(|&(hits, of)| Share::of(hits, of))
            .collect();
    }
}

fn one(
    engine: &Engine,
    vignette: &Vignette,
    line: usize,
    counts: &mut Counts,
    report: &mut Report,
) -> Result<(), EvaluateError> {
    let assessment = engine.assess(&case(engine, vignette));
    let conditions = &engine.knowledge().conditions;
    let right = |at: usize| {
        conditions.get(at).is_some_and(|condition| {
            condition
                .names_en
                .iter()
                .any(|name| same_name(name, &vignette.correct_diagnosis))
                || same_name(&condition.name_fr, &vignette.correct_diagnosis)
        })
    };
    let rank = assessment
        .hypotheses
        .iter()
        .position(|h| right(h.condition));
    counts.cases += 1;
    for (hits, within) in counts.top.iter_mut().zip([1, 3, 5]) {
        *hits += u32::from(rank.is_some_and(|rank| rank < within));
    }
    let covered = (0..conditions.len()).any(right);
    counts.covered += u32::from(covered);
    let bins = [0.2, 0.4, 0.6, 0.8, f64::INFINITY];
    if let Some(first) = assessment.hypotheses.first()
        && let Some((bin, _)) = counts
            .believed
            .iter_mut()
            .zip(bins)
            .find(|(_, top)| first.probability < *top)
    {
        bin.0 += u32::from(rank == Some(0));
        bin.1 += 1;
    }
    let mut other = false;
    if let Some(word) = vignette
        .triage
        .as_deref()
        .filter(|word| !word.trim().is_empty())
    {
        let levels = label(word).ok_or_else(|| EvaluateError::Label {
            line,
            label: word.to_owned(),
        })?;
        counts.labelled += 1;
        let answered = assessment.disposition;
        let exact = levels.contains(&answered);
        other = !exact;
        counts.exact += u32::from(exact);
        counts.under += u32::from(levels.iter().all(|level| answered < *level));
        counts.over += u32::from(levels.iter().all(|level| answered > *level));
        if levels == [Disposition::Emergency] {
            counts.emergencies.0 += u32::from(exact);
            counts.emergencies.1 += 1;
        }
    }
    if rank != Some(0) || other {
        let first = assessment.hypotheses.iter().take(3);
        report.misses.push(Miss {
            line,
            expected: vignette.correct_diagnosis.clone(),
            rank: rank.map(|rank| rank + 1),
            covered,
            first: first
                .filter_map(|h| conditions.get(h.condition)?.names_en.first().cloned())
                .collect(),
            triage: vignette.triage.clone(),
            answered: assessment.disposition,
        });
    }
    Ok(())
}
