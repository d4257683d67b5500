//! Counts for the health authority.
//!
//! - `GET /health-authority/statistics` -> [`StatisticsView`]

use serde::{Deserialize, Serialize};

/// Counts by month of one facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StatisticsView {
    /// The smallest count above zero that is shown. Others are suppressed, and some larger ones too,
    /// so that no small one follows by subtraction.
    pub threshold: u64,
    /// The months, oldest first, as `YYYY-MM` in the facility's zone.
    pub months: Vec<String>,
    /// Visits that took place.
    pub visits_held: CountsView,
    /// Appointments that were cancelled.
    pub appointments_cancelled: CountsView,
}

/// One count a month; none where it is suppressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CountsView {
    /// The counts, in the order of the months.
    pub counts: Vec<Option<u64>>,
    /// Their sum; none where it is suppressed.
    pub total: Option<u64>,
}
