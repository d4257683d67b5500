//! What doctors, rooms and devices are kept for, as staff see it.

use clinical_model::booking::{AppointmentStage, Slot};
use clinical_model::{AppointmentId, Micros, PatientId, UserId};
use uuid::Uuid;

use crate::access::{Viewer, reach};
use crate::statement::fetch_all;
use crate::tx::Conn;
use crate::{StoreError, keys, patients};

/// Most engagements in one answer: six weeks of a large clinic. The later ones are left out.
const ENGAGEMENTS_MAX: i64 = 5_000;

/// A time that a doctor, a room or a device is kept for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engagement {
    /// The doctor, room or device.
    pub who: Uuid,
    /// What is kept, buffers included.
    pub span: Slot,
    /// For what; none while somebody decides.
    pub appointment: Option<EngagedAppointment>,
}

/// An appointment in a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngagedAppointment {
    /// The appointment.
    pub id: AppointmentId,
    /// Its doctor.
    pub doctor: UserId,
    /// The visit, without buffers.
    pub visit: Slot,
    /// Where it stands.
    pub stage: AppointmentStage,
    /// The word of the service that was booked.
    pub service: Option<String>,
    /// Staff gave it although the doctor was busy then.
    pub overbooked: bool,
    /// Whose it is and their name, for those who may know of the patient.
    pub patient: Option<(PatientId, String)>,
}

#[derive(sqlx::FromRow)]
struct EngagementRow {
    who: Uuid,
    from_us: i64,
    until_us: i64,
    appointment: Option<Uuid>,
    doctor: Option<Uuid>,
    start_us: Option<i64>,
    end_us: Option<i64>,
    state: Option<String>,
    overbooked: Option<bool>,
    service: Option<String>,
    patient: Option<Uuid>,
    demographics_sealed: Option<Vec<u8>>,
    wrapped: Option<Vec<u8>>,
}

/// What the doctors, rooms and devices of the viewer's facility are kept for in `[from, to)`, in
/// order of time.
///
/// # Errors
/// The store failed.
pub async fn engagements(
    conn: &mut Conn,
    viewer: &Viewer,
    (from, to): (Micros, Micros),
) -> Result<Vec<Engagement>, StoreError> {
    let rows = fetch_all!(
        conn,
        EngagementRow,
        concat!(
            "SELECT o.who, o.from_us, o.until_us, o.appointment, a.doctor, a.start_us, a.end_us,
                 a.state, a.overbooked, sv.code AS service, p.id AS patient,
                 p.demographics_sealed, k.wrapped
             FROM occupancies o
             LEFT JOIN appointments a ON a.id = o.appointment
             LEFT JOIN services sv ON sv.id = a.service
             LEFT JOIN patients p ON p.id = a.patient AND ",
            reach!("p.tenant", "p.id"),
            " LEFT JOIN patient_keys k ON k.patient = p.id
             WHERE o.tenant = $1 AND o.from_us < $6 AND o.until_us > $5
               AND (o.expires_us IS NULL OR o.expires_us > $4)
             ORDER BY o.from_us, o.who, o.id LIMIT $7"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        from.0,
        to.0,
        ENGAGEMENTS_MAX
    )?;
    let mut engagements = Vec::with_capacity(rows.len());
    for row in rows {
        engagements.push(opened(conn, viewer, row).await?);
    }
    Ok(engagements)
}

async fn opened(
    conn: &mut Conn,
    viewer: &Viewer,
    row: EngagementRow,
) -> Result<Engagement, StoreError> {
    let patient = match (row.patient, row.demographics_sealed) {
        (Some(id), Some(sealed)) => {
            let id = PatientId::from_uuid(id);
            keys::open_patient_key(conn, viewer.tenant, id, row.wrapped)
                .await?
                .map(|key| {
                    Ok::<_, StoreError>((id, patients::read(&key, id, &sealed)?.full_name()))
                })
                .transpose()?
        }
        _ => None,
    };
    let appointment = match (row.appointment, row.doctor, row.start_us, row.end_us) {
        (Some(id), Some(doctor), Some(start), Some(end)) => Some(EngagedAppointment {
            id: AppointmentId::from_uuid(id),
            doctor: UserId::from_uuid(doctor),
            visit: Slot {
                start: Micros(start),
                end: Micros(end),
            },
            stage: row
                .state
                .as_deref()
                .and_then(AppointmentStage::from_word)
                .ok_or_else(|| StoreError::corrupt("appointments.state", "no such state"))?,
            service: row.service,
            overbooked: row.overbooked.unwrap_or(false),
            patient,
        }),
        _ => None,
    };
    Ok(Engagement {
        who: row.who,
        span: Slot {
            start: Micros(row.from_us),
            end: Micros(row.until_us),
        },
        appointment,
    })
}
