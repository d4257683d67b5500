//! What an evaluation says.

use serde::Serialize;

use crate::assess::Disposition;

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

/// Where patients of one label were sent.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The label, in one of its spellings.
    pub label: String,
    /// Answers that the label calls right.
    pub right: Vec<Disposition>,
    /// Sent to self-care.
    pub self_care: u32,
    /// Sent to a visit within days.
    pub routine: u32,
    /// Sent to a clinician the same day.
    pub urgent: u32,
    /// Sent to emergency care.
    pub emergency: u32,
}

impl Row {
    pub(super) fn count(&mut self, answered: Disposition) {
        let cell = match answered {
            Disposition::SelfCare => &mut self.self_care,
            Disposition::Routine => &mut self.routine,
            Disposition::Urgent => &mut self.urgent,
            Disposition::Emergency => &mut self.emergency,
        };
        *cell += 1;
    }
}

/// A case that was not answered rightly.
#[derive(Clone, Debug, Serialize)]
pub struct Miss {
    /// Line number from 1.
    pub line: usize,
    /// Its name in the file; empty when it has none.
    pub id: String,
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
    /// Red flags that were raised.
    pub flags: Vec<String>,
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
    /// Sent there when an urgent and a routine visit count as the same.
    pub exact_of_three: Share,
    /// Sent there or higher.
    pub safe: Share,
    /// Sent lower.
    pub under: Share,
    /// Sent higher.
    pub over: Share,
    /// Emergencies that were seen as such.
    pub emergencies: Share,
    /// Of those that are no emergency: sent to emergency care.
    pub false_emergencies: Share,
    /// Where patients of each label were sent, the highest label first.
    pub matrix: Vec<Row>,
    /// Of belief 0-20 %, 20-40 % and so on in the first answer: how often it was right.
    pub calibration: Vec<Share>,
    /// Answers where an internal check failed or nothing was understood, which a person must see.
    pub unclear: u32,
    /// Every case with a wrong first answer or another triage than its label.
    pub misses: Vec<Miss>,
}
