//! Measuring the engine on vignettes.

mod demographics;
mod label;
mod report;
mod vignette;

pub use label::label;
pub use report::{Miss, Report, Row, Share};
pub use vignette::{Vignette, case};

use crate::assess::{Assessment, Disposition, Engine};
use crate::names::same_name;

/// Lines of one file that are read; further ones are refused, so that a wrong file ends early.
pub const VIGNETTES_MAX: usize = 20_000;

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
    /// A line tells nothing.
    #[error("line {line} has neither a complaint nor a story")]
    NoStory {
        /// Line number from 1.
        line: usize,
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
        let text = line.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            continue;
        }
        if number >= VIGNETTES_MAX {
            return Err(EvaluateError::TooMany);
        }
        let line = number + 1;
        let refused = |cause| EvaluateError::Line { line, cause };
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(refused)?;
        let vignette: Vignette = serde_json::from_value(object.into()).map_err(refused)?;
        if format!("{}{}", vignette.chief_complaints, vignette.presentation)
            .trim()
            .is_empty()
        {
            return Err(EvaluateError::NoStory { line });
        }
        one(engine, &vignette, line, &mut counts, &mut report)?;
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
    exact_of_three: u32,
    under: u32,
    over: u32,
    emergencies: (u32, u32),
    false_emergencies: (u32, u32),
    believed: [(u32, u32); 5],
}

impl Counts {
    fn fill(&self, report: &mut Report) {
        let [top1, top3, top5] = self.top.map(|hits| Share::of(hits, self.cases));
        report.cases = self.cases;
        (report.top1, report.top3, report.top5) = (top1, top3, top5);
        report.coverage = Share::of(self.covered, self.cases);
        report.exact = Share::of(self.exact, self.labelled);
        report.exact_of_three = Share::of(self.exact_of_three, self.labelled);
        report.safe = Share::of(self.labelled - self.under, self.labelled);
        report.under = Share::of(self.under, self.labelled);
        report.over = Share::of(self.over, self.labelled);
        report.emergencies = Share::of(self.emergencies.0, self.emergencies.1);
        report.false_emergencies = Share::of(self.false_emergencies.0, self.false_emergencies.1);
        report
            .matrix
            .sort_by(|a, b| b.right.cmp(&a.right).then(a.label.cmp(&b.label)));
        report.calibration = self
            .believed
            .iter()
            .map(|&(hits, of)| Share::of(hits, of))
            .collect();
    }

    fn believe(&mut self, assessment: &Assessment, right: bool) {
        let bins = [0.2, 0.4, 0.6, 0.8, f64::INFINITY];
        if let Some(first) = assessment.hypotheses.first()
            && let Some((bin, _)) = self
                .believed
                .iter_mut()
                .zip(bins)
                .find(|(_, top)| first.probability < *top)
        {
            bin.0 += u32::from(right);
            bin.1 += 1;
        }
    }

    /// Counts an answer to a label; whether it is another one.
    fn triage(&mut self, levels: &[Disposition], answered: Disposition) -> bool {
        let visit = |level: Disposition| level.clamp(Disposition::SelfCare, Disposition::Urgent);
        let of_three = |level| match level {
            Disposition::Urgent => Disposition::Routine,
            other => other,
        };
        let exact = levels.contains(&answered);
        let emergency = levels == [Disposition::Emergency];
        self.labelled += 1;
        self.exact += u32::from(exact);
        self.exact_of_three += u32::from(
            levels
                .iter()
                .any(|level| of_three(*level) == of_three(answered)),
        );
        self.under += u32::from(levels.iter().all(|level| answered < *level));
        self.over += u32::from(levels.iter().all(|level| answered > *level));
        let (called, of) = if emergency {
            &mut self.emergencies
        } else {
            &mut self.false_emergencies
        };
        *called += u32::from(answered > visit(answered));
        *of += 1;
        !exact
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
                .chain([&condition.name_fr])
                .any(|name| same_name(name, &vignette.correct_diagnosis))
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
    report.unclear += u32::from(assessment.person);
    counts.believe(&assessment, rank == Some(0));
    let mut other = false;
    if let Some(word) = &vignette.triage {
        let levels = label(word).ok_or_else(|| EvaluateError::Label {
            line,
            label: word.clone(),
        })?;
        other = counts.triage(levels, assessment.disposition);
        row(report, word, levels).count(assessment.disposition);
    }
    if rank != Some(0) || other {
        let first = assessment.hypotheses.iter().take(3);
        report.misses.push(Miss {
            line,
            id: vignette.id.clone(),
            expected: vignette.correct_diagnosis.clone(),
            rank: rank.map(|rank| rank + 1),
            covered,
            first: first
                .filter_map(|h| conditions.get(h.condition)?.names_en.first().cloned())
                .collect(),
            triage: vignette.triage.clone(),
            answered: assessment.disposition,
            flags: assessment.flags,
        });
    }
    Ok(())
}

fn row<'a>(report: &'a mut Report, word: &str, levels: &[Disposition]) -> &'a mut Row {
    let at = report
        .matrix
        .iter()
        .position(|row| row.right == levels)
        .unwrap_or_else(|| {
            report.matrix.push(Row {
                label: word.to_owned(),
                right: levels.to_vec(),
                self_care: 0,
                routine: 0,
                urgent: 0,
                emergency: 0,
            });
            report.matrix.len() - 1
        });
    &mut report.matrix[at]
}
