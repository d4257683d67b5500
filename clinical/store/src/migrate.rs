//! The schema's history: forward only, one text for both engines unless the DDL must differ.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A step of the schema. Once released, its text never changes.
struct Step {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// `step!(1, "name")` has one text per engine, `step!(1, shared "name")` one for both.
macro_rules! step {
    ($version:literal, shared $name:literal) => {
        Step {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/", $name, ".sql")),
        }
    };
    ($version:literal, $name:literal) => {
        Step {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }
    };
}

const STEPS: &[Step] = &[
    step!(1, "0001_audit"),
    step!(2, shared "0002_tenants"),
    step!(3, shared "0003_patients"),
    step!(4, shared "0004_identity"),
    step!(5, shared "0005_access"),
    step!(10, shared "0010_booking"),
    step!(11, "0011_no_overlap"),
    step!(12, shared "0012_visits"),
    step!(13, shared "0013_notes"),
    step!(14, "0014_signed_notes"),
    step!(15, shared "0015_idempotency"),
    step!(20, shared "0020_chart"),
    step!(21, "0021_chart_history"),
    step!(22, shared "0022_records"),
    step!(40, shared "0040_factors"),
    step!(41, shared "0041_prescriptions"),
    step!(50, shared "0050_schedules"),
    step!(51, "0051_occupancies"),
    step!(60, shared "0060_outbox"),
    step!(65, shared "0065_offers"),
    step!(66, "0066_offered_holds"),
    step!(67, shared "0067_waiting_list"),
    step!(70, shared "0070_prescription_sent"),
    step!(71, shared "0071_prescription_documents"),
    step!(80, shared "0080_orders"),
    step!(81, "0081_report_history"),
    step!(85, shared "0085_requests"),
    step!(90, shared "0090_threads"),
    step!(91, "0091_thread_history"),
    step!(92, shared "0092_medication_reminders"),
    step!(96, shared "0096_unmatched_results"),
    step!(100, shared "0100_recordings"),
    step!(102, shared "0102_recording_rules"),
    step!(110, shared "0110_phone"),
    step!(120, shared "0120_triage"),
    step!(130, shared "0130_telephone"),
    step!(140, shared "0140_assistant"),
    step!(150, shared "0150_triage_phone"),
    step!(160, shared "0160_spent_passes"),
    step!(170, shared "0170_captions"),
    step!(175, shared "0175_sms_door"),
    step!(180, shared "0180_room_modes"),
];

/// Version and name of every step.
pub(crate) fn names() -> impl Iterator<Item = (i64, &'static str)> {
    STEPS.iter().map(|step| (step.version, step.name))
}

pub(crate) fn sqlite() -> Migrator {
    sqlite_until(i64::MAX)
}

pub(crate) fn postgres() -> Migrator {
    postgres_until(i64::MAX)
}

/// The schema as it was after this step: that of a backup.
pub(crate) fn sqlite_until(version: i64) -> Migrator {
    migrator(version, |step| step.sqlite)
}

/// The schema as it was after this step: that of a backup.
pub(crate) fn postgres_until(version: i64) -> Migrator {
    migrator(version, |step| step.postgres)
}

fn migrator(version: i64, text: impl Fn(&Step) -> &'static str) -> Migrator {
    let steps = STEPS.iter().filter(|step| step.version <= version);
    let steps = steps.map(|step| {
        Migration::new(
            step.version,
            Cow::Borrowed(step.name),
            MigrationType::Simple,
            text(step).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(steps.collect())
}
