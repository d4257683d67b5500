//! Orders to the laboratory, results, and what follows from a value.

mod amount;
mod catalogue;
mod critical;
mod flag;
mod incoming;
mod matching;
mod order;
mod record;
mod release;
mod trend;
mod value;

pub use amount::{Amount, AmountError};
pub use catalogue::{
    CatalogueError, DeltaLimit, Department, LabCatalogue, LabTest, Limits, LoincCode, Measured,
    NotLoinc, OtherUnit, Sex,
};
pub use critical::{AcknowledgeError, Audience, CriticalPage, ESCALATE_AFTER_US, Escalation};
pub use flag::{Flag, Judgement, PersonAt, judge};
pub use incoming::{
    Incoming, SentForm, SentIdentifier, SentLine, SentPerson, SentStatus, Unmatched,
};
pub use matching::{MatchRefused, Presented, Registered, match_patient};
pub use order::{OrderStage, OrderStep, OrderStepRefused, TESTS_PER_ORDER_MAX};
pub use record::{Order, OrderContent, Priority, Report, ReportVersion};
pub use release::{Release, ReleaseRule, release};
pub use trend::{Anomaly, Earlier, TREND_PERCENT, TREND_WINDOW_US, anomalies};
pub use value::{Entered, Measure, Value, ValueError, judge_measure, person_at, read_measure};
