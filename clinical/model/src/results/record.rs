//! An order with its report, as it is kept.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::catalogue::{Department, LoincCode};
use super::incoming::SentLine;
use super::order::OrderStage;
use super::release::ReleaseRule;
use super::value::Value;
use crate::access::Label;
use crate::text::{Line, Prose};
use crate::{EntryId, Micros, OrderId, PatientId, TenantId, UserId};

/// How soon an order is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Now: before everything else.
    Stat,
    /// Today.
    Urgent,
    /// In its turn.
    Routine,
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Stat, Self::Urgent, Self::Routine];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stat => "stat",
            Self::Urgent => "urgent",
            Self::Routine => "routine",
        }
    }

    /// The number in SQL: what is done first is smallest.
    #[must_use]
    pub const fn level(self) -> i64 {
        match self {
            Self::Stat => 0,
            Self::Urgent => 1,
            Self::Routine => 2,
        }
    }

    /// The priority of a number in SQL.
    #[must_use]
    pub fn from_level(level: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.level() == level)
    }
}

/// What an order says; it is sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderContent {
    /// Which tests.
    pub tests: Vec<LoincCode>,
    /// Under which names their values stand in the chart once they are verified, one a test.
    pub entries: Vec<EntryId>,
    /// Why they are wanted, for who does them.
    pub reason: Prose,
    /// Why it will not be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Line>,
}

impl OrderContent {
    /// The name of a test's value in the chart; none for a test that was not ordered.
    #[must_use]
    pub fn entry_of(&self, code: &LoincCode) -> Option<EntryId> {
        let at = self.tests.iter().position(|it| it == code)?;
        self.entries.get(at).copied()
    }
}

impl fmt::Debug for OrderContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrderContent(..)")
    }
}

/// An order to one department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its name.
    pub id: OrderId,
    /// In which facility.
    pub tenant: TenantId,
    /// For whom.
    pub patient: PatientId,
    /// Who wants it.
    pub ordered_by: UserId,
    /// Who does it.
    pub department: Department,
    /// How soon.
    pub priority: Priority,
    /// Where it stands.
    pub stage: OrderStage,
    /// How confidential it is; the department that does it sees it in any case.
    pub label: Label,
    /// When the patient may read the result.
    pub rule: ReleaseRule,
    /// When it was placed.
    pub ordered: Micros,
    /// When the specimen was taken, or the first value was written.
    pub collected: Option<Micros>,
    /// When the newest report was written.
    pub reported: Option<Micros>,
    /// When the newest verified report was verified.
    pub verified: Option<Micros>,
    /// When a clinician read the newest report.
    pub seen: Option<Micros>,
    /// Who.
    pub seen_by: Option<UserId>,
    /// From when the patient may read it; none while nobody knows.
    pub release: Option<Micros>,
    /// The newest report holds a critical value.
    pub is_critical: bool,
    /// What it says.
    pub content: OrderContent,
    /// The number of the newest report; 0 without one.
    pub report_version: u32,
    /// Counts the changes.
    pub version: u32,
}

impl Order {
    /// When the values were true.
    #[must_use]
    pub fn effective(&self) -> Micros {
        self.collected.unwrap_or(self.ordered)
    }
}

/// What came out; it is sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// One for each test that is done.
    pub values: Vec<Value>,
    /// What a laboratory's machine sent besides, as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<SentLine>,
    /// Words about all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Prose>,
    /// Why verified values were corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Line>,
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Report(..)")
    }
}

impl Report {
    /// The values that a clinician must know now.
    pub fn critical(&self) -> impl Iterator<Item = &Value> {
        self.values
            .iter()
            .filter(|it| it.flag.is_some_and(super::Flag::is_critical))
    }

    /// Whether there is something in it that a clinician must know now.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        self.critical().next().is_some() || self.others.iter().any(SentLine::is_critical)
    }
}

/// One version of a report. A later one never takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportVersion {
    /// Counts from 1.
    pub version: u32,
    /// `preliminary`, `final` or `amended`.
    pub stage: OrderStage,
    /// Who wrote it.
    pub author: UserId,
    /// When.
    pub at: Micros,
    /// What it says.
    pub report: Report,
}
