//! What a patient takes now, and being reminded of it.
//!
//! - `GET /me/medication-plan`, `GET /patients/{id}/medication-plan` -> [`MedicationPlanView`]
//! - `GET /me/medication-reminders` -> list of [`MedicationReminderView`]
//! - `PUT /me/medication-reminders/{prescription}/{line}` [`MedicationReminderRequest`] ->
//!   [`MedicationReminderView`]

use clinical_model::{EntryId, PrescriptionId};
use serde::{Deserialize, Serialize};

use crate::prescriptions::{BothText, PrescribedLineView};
use crate::shape::shape;

shape!(
    /// A dose of this day.
    DueDoseView {
        /// Time of the patient's clock, such as `08:00`.
        pub time: String,
        /// The instant, Unix microseconds.
        pub at_us: i64,
    }
);

shape!(
    /// A line of a prescription as it is taken.
    PlannedMedicineView {
        /// Of which prescription.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub prescription: PrescriptionId,
        /// Which line, from 0.
        pub line: u32,
        /// Its names.
        pub name: BothText,
        /// How much, how often, how.
        pub taken: PrescribedLineView,
        /// Who prescribed it.
        pub prescriber_name: String,
        /// Hidden from nurses and proxies.
        pub confidential: bool,
        /// Its first day, `2026-11-23`.
        pub from: String,
        /// Its last day; none without an end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub until: Option<String>,
        /// Whether it is to be taken on this day, as far as the days say.
        pub current: bool,
        /// `not_collected`, `partly`, `all`, or `ran_out`: taken as prescribed, what was handed out is
        /// used up.
        pub supply: String,
        /// Units prescribed, all repeats together.
        pub units: u32,
        /// Units handed out.
        pub units_handed_out: u32,
        /// Until when the rest can be collected, Unix microseconds; none when that is over or nothing is
        /// left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub collect_until_us: Option<i64>,
        /// The doses of this day, in order; empty for frequencies without clock times.
        pub today: Vec<DueDoseView>,
    }
);

shape!(
    /// A medicine that the chart says is taken besides.
    RecordedMedicineView {
        /// The fact of the chart.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub entry: EntryId,
        /// Its name, as it was written down.
        pub name: String,
        /// How it is taken, in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub dosage: Option<String>,
        /// Since when, as far as it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub from: Option<String>,
        /// Until when, as far as it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub until: Option<String>,
        /// Who wrote it down.
        pub author_name: String,
    }
);

shape!(
    /// What a patient takes now.
    MedicationPlanView {
        /// This day on the patient's calendar.
        pub today: String,
        /// The place whose clock and calendar it follows, as an IANA zone.
        pub zone: String,
        /// From prescriptions, the newest first.
        pub prescribed: Vec<PlannedMedicineView>,
        /// Besides, as the chart says.
        pub recorded: Vec<RecordedMedicineView>,
    }
);

shape!(
    /// Reminding of a line.
    MedicationReminderView {
        /// Of which prescription.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub prescription: PrescriptionId,
        /// Which line, from 0.
        pub line: u32,
        /// False for a frequency without clock times: no reminder comes.
        pub possible: bool,
        /// Whether reminders come.
        pub on: bool,
        /// The chosen times of the clock, or the usual ones.
        pub times: Vec<String>,
        /// When the next reminder comes, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next_us: Option<i64>,
        /// Counts the changes; 0 before the first.
        pub version: u32,
    }
);

shape!(
    /// Switch reminding of a line on or off.
    #[serde(deny_unknown_fields)]
    MedicationReminderRequest {
        /// Whether reminders come.
        pub on: bool,
        /// One time of the clock for each dose of a day; none for the usual ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub times: Option<Vec<String>>,
        /// The version that was read.
        pub version: u32,
    }
);
