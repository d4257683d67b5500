//! Orders to laboratory, radiology and pathology, and their results.
//!
//! - `GET /tests` -> [`CatalogueView`]
//! - `POST /orders` [`OrderRequest`] -> 201 [`OrderView`], `GET /orders?patient=&done=`,
//!   `GET /orders/{id}`
//! - `POST /orders/{id}/collect`, `/verify` [`StepRequest`](crate::StepRequest), `/results`
//!   [`ReportRequest`], `/cancel`, `/turn-down` [`CancelOrderRequest`], `/seen` [`SeenRequest`]
//! - `GET /results?patient=&code=&mine=`, `GET /results/{id}` -> [`OrderView`],
//!   `GET /results/series?patient=&code=` -> [`ResultSeriesView`]

use clinical_model::results::{Flag, LabTest, Priority};
use clinical_model::{OrderId, PatientId, UserId};
use serde::{Deserialize, Serialize};

use crate::SentLineView;
use crate::shape::shape;

shape!(
    /// The tests that can be ordered.
    CatalogueView {
        /// Each with names, units, usual and critical limits, as pages judge values by them.
        #[cfg_attr(feature = "schema", schema(value_type = Vec<Object>))]
        pub tests: Vec<LabTest>,
    }
);

shape!(
    /// What to order.
    #[serde(deny_unknown_fields)]
    OrderRequest {
        /// For whom.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub patient: PatientId,
        /// LOINC codes of the catalogue, 1 to 30, of one department.
        pub tests: Vec<String>,
        /// `stat`, `urgent` or `routine`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub priority: Priority,
        /// Why, for who does them.
        pub reason: String,
        /// Hidden from nurses and proxies.
        #[serde(default)]
        pub confidential: bool,
        /// When the patient may read the result: `immediate`, `after_review` or `after_hours`.
        pub release: String,
        /// How many hours after it was verified, for `after_hours`.
        #[serde(default)]
        pub release_hours: u16,
    }
);

shape!(
    /// Take an order back, or turn it down.
    #[serde(deny_unknown_fields)]
    CancelOrderRequest {
        /// The version that was read.
        pub version: u32,
        /// Why.
        pub reason: String,
    }
);

shape!(
    /// A value as it is typed.
    #[serde(deny_unknown_fields)]
    NewValueView {
        /// LOINC code of a test that was ordered.
        pub code: String,
        /// A number with a point or comma, `found` or `not_found`, or words.
        pub value: String,
        /// UCUM code of a unit of the test; empty for what has none.
        #[serde(default)]
        pub unit: String,
        /// What words mean: `N`, `A` or `AA`; numbers and findings are judged by the service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub flag: Option<Flag>,
    }
);

shape!(
    /// Values of an order.
    #[serde(deny_unknown_fields)]
    ReportRequest {
        /// The version that was read.
        pub version: u32,
        /// One for each test that is done.
        pub values: Vec<NewValueView>,
        /// Words about all of them.
        #[serde(default)]
        pub comment: String,
        /// Why verified values are corrected; needed then.
        #[serde(default)]
        pub why: String,
    }
);

shape!(
    /// A critical value, said back.
    #[serde(deny_unknown_fields)]
    ReadBackView {
        /// Of which test.
        pub code: String,
        /// The number as it is shown, `found`, or `read` for words.
        pub value: String,
    }
);

shape!(
    /// Say that a result was read.
    #[serde(deny_unknown_fields)]
    SeenRequest {
        /// The version that was read.
        pub version: u32,
        /// Each critical value, said back.
        #[serde(default)]
        pub read_back: Vec<ReadBackView>,
    }
);

shape!(
    /// Whose order it is.
    PersonBrief {
        /// Given and family name.
        pub name: String,
        /// `male`, `female`, `other` or `unknown`.
        pub sex: String,
        /// As far as it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub birth: Option<String>,
        /// Age in years when the specimen was taken, as limits count it.
        pub age_years: u16,
    }
);

shape!(
    /// Something odd about a value beside earlier ones.
    OddityView {
        /// `delta` or `trend`.
        pub kind: String,
        /// Change in percent.
        pub percent: i64,
    }
);

shape!(
    /// A value.
    ValueView {
        /// Of which test.
        pub code: String,
        /// A number with a point, `found`, `not_found`, or words.
        pub value: String,
        /// UCUM code; empty for what has none.
        pub unit: String,
        /// As it was entered, when that was in another unit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub entered: Option<String>,
        /// `N`, `L`, `H`, `A`, `LL`, `HH`, `AA`; none where no range is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub flag: Option<Flag>,
        /// The lowest usual value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub low: Option<String>,
        /// The highest usual value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub high: Option<String>,
        /// What is odd about it; for staff.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub oddities: Vec<OddityView>,
    }
);

shape!(
    /// A version of a report.
    ReportView {
        /// Counts from 1.
        pub version: u32,
        /// `preliminary`, `final` or `amended`.
        pub stage: String,
        /// When, Unix microseconds.
        pub at_us: i64,
        /// The values.
        pub values: Vec<ValueView>,
        /// What the laboratory's machine sent besides, as it is.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub others: Vec<SentLineView>,
        /// Words about all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub comment: Option<String>,
        /// Why verified values were corrected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub why: Option<String>,
    }
);

shape!(
    /// An order with its newest report.
    OrderView {
        /// Its id.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: OrderId,
        /// For whom.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub patient: PatientId,
        /// Who that is.
        pub person: PersonBrief,
        /// `laboratory`, `imaging` or `pathology`.
        pub department: String,
        /// `stat`, `urgent` or `routine`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub priority: Priority,
        /// `active`, `collected`, `preliminary`, `final`, `amended` or `cancelled`.
        pub stage: String,
        /// Hidden from nurses and proxies.
        pub confidential: bool,
        /// LOINC codes.
        pub tests: Vec<String>,
        /// Why they are wanted; for staff.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// Why it will not be done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cancelled: Option<String>,
        /// Who ordered it.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub ordered_by: UserId,
        /// Their name.
        pub ordered_by_name: String,
        /// When the patient may read it: `immediate`, `after_review` or `after_hours`.
        pub release: String,
        /// When it was ordered, Unix microseconds.
        pub ordered_us: i64,
        /// When the specimen was taken, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub collected_us: Option<i64>,
        /// When a clinician read the newest report, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub seen_us: Option<i64>,
        /// From when the patient may read it, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub released_us: Option<i64>,
        /// The newest report holds a critical value.
        pub critical: bool,
        /// A page waits for an answer.
        pub paging: bool,
        /// The newest report.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub report: Option<ReportView>,
        /// Who wrote it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        pub reported_by: String,
        /// The reports before it, oldest first, when one order is read by staff.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub earlier: Vec<ReportView>,
        /// Counts the changes.
        pub version: u32,
    }
);

shape!(
    /// One value of a series.
    ResultPointView {
        /// Of which order.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub order: OrderId,
        /// When it was true, Unix microseconds.
        pub at_us: i64,
        /// The value, with a point.
        pub value: String,
        /// What it means.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub flag: Option<Flag>,
        /// The lowest usual value then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub low: Option<String>,
        /// The highest usual value then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub high: Option<String>,
    }
);

shape!(
    /// The values of one test over time, oldest first.
    ResultSeriesView {
        /// Which test.
        pub code: String,
        /// UCUM code of all values.
        pub unit: String,
        /// The values.
        pub points: Vec<ResultPointView>,
    }
);
