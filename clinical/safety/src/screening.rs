//! What a report allows. The proof of a passed check has no other maker than this module.

use std::collections::BTreeMap;

use crate::draft::silent;
use crate::finding::{Finding, Report};
use crate::grade::Level;

/// What a report allows.
pub enum Screening {
    /// Nothing stands against signing.
    Clear(Clearance),
    /// The prescriber must say why for each finding of level justify.
    NeedsJustification(NeedsJustification),
    /// It cannot be signed. The draft must change.
    Contraindicated(Contraindicated),
}

impl Screening {
    /// Judges a report.
    #[must_use]
    pub fn of(report: Report) -> Self {
        match report.level() {
            Some(Level::Contraindicated) => Self::Contraindicated(Contraindicated { report }),
            Some(Level::Justify) => Self::NeedsJustification(NeedsJustification { report }),
            Some(Level::Inform) | None => Self::Clear(Clearance {
                report,
                justifications: Vec::new(),
                author: None,
            }),
        }
    }

    /// The report that was judged.
    #[must_use]
    pub fn report(&self) -> &Report {
        match self {
            Self::Clear(clearance) => &clearance.report,
            Self::NeedsJustification(needs) => &needs.report,
            Self::Contraindicated(contraindicated) => &contraindicated.report,
        }
    }
}

/// The proof that a draft was checked and may be signed, for one chart and one data set.
pub struct Clearance {
    report: Report,
    justifications: Vec<Justification>,
    author: Option<(String, i64)>,
}

impl Clearance {
    /// The report it stands on.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The reasons given, one for each finding that needed one.
    #[must_use]
    pub fn justifications(&self) -> &[Justification] {
        &self.justifications
    }

    /// Who gave the reasons and when (UTC microseconds); none when no reason was needed.
    #[must_use]
    pub fn author(&self) -> Option<(&str, i64)> {
        self.author
            .as_ref()
            .map(|(author, at_us)| (author.as_str(), *at_us))
    }

    /// The chart it holds for.
    #[must_use]
    pub fn chart_version(&self) -> u64 {
        self.report.chart_version
    }

    /// The data set it holds for.
    #[must_use]
    pub fn data_version(&self) -> &str {
        &self.report.data_version
    }
}

/// Findings that need a reason.
pub struct NeedsJustification {
    report: Report,
}

/// A reason for one finding.
#[derive(Clone, PartialEq, Eq)]
pub struct Justification {
    /// The rule of the finding. One reason covers all findings of a rule in this draft.
    pub rule: String,
    /// The coded reason.
    pub code: String,
    /// In the prescriber's words; may be empty when the code says enough.
    pub text: String,
}

/// Why reasons do not make a clearance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JustifyError {
    /// A finding has no reason.
    #[error("a finding has no reason")]
    Missing {
        /// The rules without.
        rules: Vec<String>,
    },
    /// A reason has no code.
    #[error("a reason has no code")]
    Empty,
    /// A reason is for something that was not found.
    #[error("a reason is for something that was not found")]
    Superfluous,
}

impl NeedsJustification {
    /// What needs a reason.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.report
            .findings
            .iter()
            .filter(|finding| finding.level == Level::Justify)
    }

    /// The report.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Makes a clearance of reasons by `author` at `at_us` (UTC microseconds).
    ///
    /// # Errors
    /// When a finding has no reason, or a reason has no finding or no code.
    pub fn justify(
        self,
        author: &str,
        at_us: i64,
        justifications: Vec<Justification>,
    ) -> Result<Clearance, JustifyError> {
        if justifications
            .iter()
            .any(|justification| justification.code.trim().is_empty())
        {
            return Err(JustifyError::Empty);
        }
        let mut open: BTreeMap<&str, bool> = self
            .findings()
            .map(|finding| (finding.rule.as_str(), false))
            .collect();
        for justification in &justifications {
            match open.get_mut(justification.rule.as_str()) {
                Some(given) => *given = true,
                None => return Err(JustifyError::Superfluous),
            }
        }
        let rules: Vec<String> = open
            .iter()
            .filter(|(_, given)| !**given)
            .map(|(rule, _)| (*rule).to_owned())
            .collect();
        if !rules.is_empty() {
            return Err(JustifyError::Missing { rules });
        }
        Ok(Clearance {
            report: self.report,
            justifications,
            author: Some((author.to_owned(), at_us)),
        })
    }
}

/// A report that forbids. It can be read and nothing else.
pub struct Contraindicated {
    report: Report,
}

impl Contraindicated {
    /// What forbids.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.report
            .findings
            .iter()
            .filter(|finding| finding.level == Level::Contraindicated)
    }

    /// The report.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }
}

silent!(
    Screening,
    Clearance,
    NeedsJustification,
    Justification,
    Contraindicated
);
