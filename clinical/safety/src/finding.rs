//! The answer of a check.

use serde::{Deserialize, Serialize};

use crate::chart::Unknown;
use crate::draft::{FactRef, LineRef, silent};
use crate::grade::{Evidence, Kind, Level, Text};
use crate::substance::SubstanceId;

/// What made a finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A line of the draft.
    Line(LineRef),
    /// An allergy of the chart.
    Allergy(FactRef),
    /// A condition of the chart.
    Condition(FactRef),
    /// A medicine of the chart.
    Medicine(FactRef),
    /// A glucose value of the chart.
    Glucose(FactRef),
    /// The age.
    Age,
    /// The weight.
    Weight,
    /// The pregnancy.
    Pregnancy,
    /// The breastfeeding.
    Breastfeeding,
    /// The kidney function.
    Kidneys,
    /// The dose of the line.
    Dose,
    /// A part of the chart nobody asked about.
    Unknown(Unknown),
}

/// A source as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Citation {
    /// Title.
    pub title: String,
    /// Year.
    pub year: u16,
}

/// A medicine that passed the same check in place of the line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SaferOption {
    /// Its slug.
    pub id: SubstanceId,
    /// Its name.
    pub name: Text,
}

/// One explained finding.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule, or the name of a built-in check.
    pub rule: String,
    /// What it is about.
    pub kind: Kind,
    /// What it demands.
    pub level: Level,
    /// The line it belongs to; none when it is about the whole draft.
    pub line: Option<LineRef>,
    /// What made it, in order.
    pub facts: Vec<Fact>,
    /// Effect and why.
    pub text: Text,
    /// What to do.
    pub advice: Option<Text>,
    /// How well it is known.
    pub evidence: Evidence,
    /// Where it is written.
    pub sources: Vec<Citation>,
    /// The data set that says so.
    pub data_version: String,
    /// What passed the same check instead.
    pub safer: Vec<SaferOption>,
}

impl Finding {
    /// What names a finding among those of one report.
    #[must_use]
    pub fn key(&self) -> (&str, Option<&LineRef>, &[Fact]) {
        (&self.rule, self.line.as_ref(), &self.facts)
    }
}

/// All findings of one check, the most serious first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The chart that was checked.
    pub chart_version: u64,
    /// The data set that was used.
    pub data_version: String,
    /// Findings in a fixed order.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The highest level found.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.findings.iter().map(|finding| finding.level).max()
    }
}

silent!(Fact, Finding, Report);
