//! Appointments of a patient as the timeline shows them.

use clinical_model::booking::AppointmentStage;
use clinical_model::{AppointmentId, Micros, PatientId, UserId};
use uuid::Uuid;

use crate::StoreError;
use crate::access::{Viewer, reach};
use crate::statement::fetch_all;
use crate::tx::Conn;

/// An appointment in a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// The appointment.
    pub id: AppointmentId,
    /// Its begin.
    pub start: Micros,
    /// Where it stands.
    pub stage: AppointmentStage,
    /// With whom.
    pub doctor: UserId,
}

#[derive(sqlx::FromRow)]
struct VisitRow {
    id: Uuid,
    start_us: i64,
    state: String,
    doctor: Uuid,
}

/// The appointments of a patient whom the viewer may see that begin in `[from, to)`, before the one with this
/// time and id, newest first, at most `max`.
///
/// # Errors
/// The store failed.
pub async fn visits(
    conn: &mut Conn,
    viewer: &Viewer,
    patient: PatientId,
    (from, to): (Micros, Micros),
    (after, max): ((Micros, Uuid), u32),
) -> Result<Vec<Visit>, StoreError> {
    let rows = fetch_all!(
        conn,
        VisitRow,
        concat!(
            "SELECT a.id, a.start_us, a.state, a.doctor FROM appointments a
             WHERE a.patient = $5 AND a.start_us >= $6 AND a.start_us < $7
               AND (a.start_us < $8 OR (a.start_us = $8 AND a.id < $9)) AND ",
            reach!("a.tenant", "a.patient"),
            " ORDER BY a.start_us DESC, a.id DESC LIMIT $10"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        patient.as_uuid(),
        from.0,
        to.0,
        after.0.0,
        after.1,
        i64::from(max)
    )?;
    rows.into_iter()
        .map(|row| {
            Ok(Visit {
                id: AppointmentId::from_uuid(row.id),
                start: Micros(row.start_us),
                stage: AppointmentStage::from_word(&row.state)
                    .ok_or_else(|| StoreError::corrupt("appointments.state", "no such state"))?,
                doctor: UserId::from_uuid(row.doctor),
            })
        })
        .collect()
}
