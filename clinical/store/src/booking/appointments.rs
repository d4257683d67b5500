//! Appointments. Two of one person at the same time are refused by the schema.

use clinical_model::booking::{
    Appointment, AppointmentStage, AppointmentState, Doctor, Modality, Reason, Slot,
};
use clinical_model::visits::Guest;
use clinical_model::{
    AppointmentId, Micros, ParticipantUuid, PatientId, RoomUuid, ServiceId, TenantId, UserId,
};
use uuid::Uuid;

use super::occupancies::{Claim, follow, occupy};
use super::schedules::languages;
use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::visits::guests_of;
use crate::{StoreError, Tx, identity, keys, patients};

/// Most appointments in one list.
pub const APPOINTMENTS_MAX: i64 = 500;

/// An appointment with everything that its patient and its doctor see of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentRecord {
    /// The appointment.
    pub appointment: Appointment,
    /// Its doctor.
    pub doctor: Doctor,
    /// The patient's display name.
    pub patient_name: String,
    /// The doctor's note is signed.
    pub has_summary: bool,
    /// Invited people.
    pub guests: Vec<Guest>,
    /// What was booked; none for a plain visit over this service.
    pub service: Option<BookedService>,
    /// Staff gave the time although the doctor was busy then.
    pub overbooked: bool,
}

/// What an appointment is for, as an offer of the clinic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedService {
    /// The service.
    pub id: ServiceId,
    /// Its word, unique in the clinic.
    pub code: String,
    /// How the people meet.
    pub modality: Modality,
}

/// Whose appointments are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// Those of this doctor.
    Doctor(UserId),
    /// Those of this patient.
    Patient(PatientId),
}

/// Why an appointment was not written.
#[derive(Debug, thiserror::Error)]
pub enum AppointmentWriteError {
    /// The doctor, a room or a device is kept for somebody else at that time.
    #[error("the doctor, a room or a device is kept for somebody else at that time")]
    DoctorTaken(#[source] StoreError),
    /// The patient has another appointment at that time.
    #[error("the patient has another appointment at that time")]
    PatientTaken(#[source] StoreError),
    /// It has changed since it was read, or the hold that it is made of has expired.
    #[error("the appointment has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AppointmentWriteError {
    fn from(error: StoreError) -> Self {
        if error.violates("appointments_doctor_overlap", "")
            || error.violates("occupancies_overlap", "")
            || error.violates(
                "appointments_doctor_start",
                "appointments.doctor, appointments.start_us",
            )
        {
            Self::DoctorTaken(error)
        } else if error.violates("appointments_patient_overlap", "")
            || error.violates(
                "appointments_patient_start",
                "appointments.patient, appointments.start_us",
            )
        {
            Self::PatientTaken(error)
        } else {
            Self::Store(error)
        }
    }
}

#[derive(sqlx::FromRow)]
struct AppointmentRow {
    id: Uuid,
    tenant: Uuid,
    doctor: Uuid,
    patient: Uuid,
    start_us: i64,
    end_us: i64,
    state: String,
    state_us: Option<i64>,
    reason_sealed: Vec<u8>,
    demographics_sealed: Option<Vec<u8>>,
    wrapped: Option<Vec<u8>>,
    room: Uuid,
    doctor_participant: Uuid,
    patient_participant: Uuid,
    version: i64,
    doctor_name_sealed: Vec<u8>,
    doctor_specialty: String,
    doctor_zone: String,
    doctor_languages: String,
    has_summary: bool,
    service: Option<Uuid>,
    service_code: Option<String>,
    service_modality: Option<String>,
    overbooked: bool,
}

// Who is a doctor no more has neither specialty nor zone.
macro_rules! select_appointments {
    ($tail:literal) => {
        concat!(
            "SELECT a.id, a.tenant, a.doctor, a.patient, a.start_us, a.end_us, a.state, a.state_us,
                 a.reason_sealed, p.demographics_sealed, k.wrapped, a.room, a.doctor_participant, a.patient_participant, a.version,
                 d.name_sealed AS doctor_name_sealed,
                 COALESCE(d.specialty, '') AS doctor_specialty,
                 COALESCE(s.zone, d.zone, 'UTC') AS doctor_zone, d.languages AS doctor_languages,
                 EXISTS (SELECT 1 FROM notes n WHERE n.appointment = a.id AND n.state = 'signed')
                     AS has_summary,
                 a.service, a.overbooked, sv.code AS service_code, sv.modality AS service_modality
             FROM appointments a
             JOIN users d ON d.id = a.doctor
             JOIN patients p ON p.id = a.patient
             JOIN patient_keys k ON k.patient = a.patient
             LEFT JOIN doctor_schedules s ON s.doctor = a.doctor
             LEFT JOIN services sv ON sv.id = a.service ",
            $tail
        )
    };
}

/// The place of the reason of an appointment.
const fn reason_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("appointments", "reason_sealed", id)
}

/// What is left of a patient whose record was erased.
const ERASED_NAME: &str = "-";

async fn opened(conn: &mut Conn, row: AppointmentRow) -> Result<AppointmentRecord, StoreError> {
    let tenant = TenantId::from_uuid(row.tenant);
    let patient = PatientId::from_uuid(row.patient);
    let doctor = UserId::from_uuid(row.doctor);
    let doctor_name = identity::open_name(conn, tenant, doctor, &row.doctor_name_sealed).await?;
    let key = keys::open_patient_key(conn, tenant, patient, row.wrapped).await?;
    let (patient_name, reason) = match (key, row.demographics_sealed) {
        (Some(key), Some(sealed)) => (
            patients::read(&key, patient, &sealed)?.full_name(),
            keys::open(&key, reason_place(row.id), &row.reason_sealed)?,
        ),
        _ => (ERASED_NAME.to_owned(), String::new()),
    };
    let state = AppointmentStage::from_word(&row.state)
        .and_then(|stage| AppointmentState::from_parts(stage, row.state_us.map(Micros)))
        .ok_or_else(|| StoreError::corrupt("appointments.state", "no such state"))?;
    let service = match (row.service, row.service_code, row.service_modality) {
        (Some(id), Some(code), Some(word)) => Some(BookedService {
            id: ServiceId::from_uuid(id),
            code,
            modality: Modality::from_word(&word)
                .ok_or_else(|| StoreError::corrupt("services.modality", "no such word"))?,
        }),
        _ => None,
    };
    let appointment = Appointment {
        id: AppointmentId::from_uuid(row.id),
        tenant,
        doctor,
        patient,
        slot: Slot {
            start: Micros(row.start_us),
            end: Micros(row.end_us),
        },
        reason: Reason::try_from(reason.as_str())
            .map_err(|source| StoreError::corrupt("appointments.reason_sealed", source))?,
        room: RoomUuid::from_uuid(row.room),
        doctor_participant: ParticipantUuid::from_uuid(row.doctor_participant),
        patient_participant: ParticipantUuid::from_uuid(row.patient_participant),
        state,
        version: u32::try_from(row.version)
            .map_err(|source| StoreError::corrupt("appointments.version", source))?,
    };
    Ok(AppointmentRecord {
        doctor: Doctor {
            id: doctor,
            name: doctor_name,
            specialty: row.doctor_specialty,
            zone: row.doctor_zone,
            languages: languages(&row.doctor_languages),
        },
        appointment,
        patient_name,
        has_summary: row.has_summary,
        guests: Vec::new(),
        service,
        overbooked: row.overbooked,
    })
}

/// Makes two changes of the same person's appointments wait for each other. To be called before
/// them: without it PostgreSQL finds two that wait in a circle only after a second, and ends one.
///
/// # Errors
/// The store failed.
pub async fn lock_calendars(
    tx: &mut Tx,
    doctor: UserId,
    patient: PatientId,
) -> Result<(), StoreError> {
    lock_all(tx, &mut [doctor.as_uuid(), patient.as_uuid()]).await
}

/// As [`lock_calendars`], for people, rooms and devices.
///
/// # Errors
/// The store failed.
pub async fn lock_all(tx: &mut Tx, whose: &mut [Uuid]) -> Result<(), StoreError> {
    // Always in the same order, or the locks would make the circle themselves.
    whose.sort_unstable();
    for person in whose.iter().copied() {
        execute!(
            tx,
            "INSERT INTO calendars (person, changes) VALUES ($1, 1)
             ON CONFLICT (person) DO UPDATE SET changes = calendars.changes + 1",
            person
        )?;
    }
    Ok(())
}

/// Writes a new appointment that needs nothing but its doctor.
///
/// # Errors
/// One of the two people has another one at that time, or the store failed.
pub async fn insert(
    tx: &mut Tx,
    appointment: &Appointment,
    now: Micros,
) -> Result<(), AppointmentWriteError> {
    insert_claiming(tx, appointment, &Claim::plain(appointment.slot), now).await
}

/// Writes a new appointment with all that it needs, or nothing.
///
/// # Errors
/// Somebody or something is kept for another at that time, or the store failed.
pub async fn insert_claiming(
    tx: &mut Tx,
    appointment: &Appointment,
    claim: &Claim,
    now: Micros,
) -> Result<(), AppointmentWriteError> {
    let key = keys::living_patient_key(tx, appointment.patient).await?;
    let reason = appointment.reason.as_str();
    execute_one!(
        tx,
        "INSERT INTO appointments
             (id, tenant, doctor, patient, start_us, end_us, state, state_us, reason_sealed, room,
              doctor_participant, patient_participant, version, created_us, service, overbooked)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        appointment.id.as_uuid(),
        appointment.tenant.as_uuid(),
        appointment.doctor.as_uuid(),
        appointment.patient.as_uuid(),
        appointment.slot.start.0,
        appointment.slot.end.0,
        appointment.state.stage().as_str(),
        appointment.state.at().map(|at| at.0),
        keys::seal(&key, reason_place(appointment.id.as_uuid()), reason)?,
        appointment.room.as_uuid(),
        appointment.doctor_participant.as_uuid(),
        appointment.patient_participant.as_uuid(),
        i64::from(appointment.version),
        now.0,
        claim.service().map(|it| it.as_uuid()),
        claim.is_overbooked()
    )?;
    occupy(tx, appointment, claim, now).await
}

/// Writes an appointment that was read at version `read`: its time and its state.
///
/// # Errors
/// It has changed since then, the new time is taken, or the store failed.
pub async fn update(
    tx: &mut Tx,
    appointment: &Appointment,
    read: u32,
) -> Result<(), AppointmentWriteError> {
    follow(tx, appointment).await?;
    let touched = execute!(
        tx,
        "UPDATE appointments
         SET start_us = $1, end_us = $2, state = $3, state_us = $4, version = $5
         WHERE id = $6 AND version = $7",
        appointment.slot.start.0,
        appointment.slot.end.0,
        appointment.state.stage().as_str(),
        appointment.state.at().map(|at| at.0),
        i64::from(appointment.version),
        appointment.id.as_uuid(),
        i64::from(read)
    )?;
    if touched == 1 {
        Ok(())
    } else {
        Err(AppointmentWriteError::Changed)
    }
}

/// What was booked, and the rooms and devices that are kept for it.
///
/// # Errors
/// The store failed.
pub async fn service_of(
    conn: &mut Conn,
    id: AppointmentId,
) -> Result<(Option<ServiceId>, Vec<Uuid>), StoreError> {
    let service = fetch_optional!(
        conn,
        (Option<Uuid>,),
        "SELECT service FROM appointments WHERE id = $1",
        id.as_uuid()
    )?;
    let kept = fetch_all!(
        conn,
        (Uuid,),
        "SELECT who FROM occupancies WHERE appointment = $1 ORDER BY who",
        id.as_uuid()
    )?;
    let service = service.and_then(|(it,)| it).map(ServiceId::from_uuid);
    Ok((service, kept.into_iter().map(|(who,)| who).collect()))
}

/// One appointment with its guests.
///
/// # Errors
/// The store failed.
pub async fn find(
    conn: &mut Conn,
    id: AppointmentId,
) -> Result<Option<AppointmentRecord>, StoreError> {
    let row = fetch_optional!(
        conn,
        AppointmentRow,
        select_appointments!("WHERE a.id = $1"),
        id.as_uuid()
    )?;
    with_guests(conn, row).await
}

/// The appointment of a room, with its guests.
///
/// # Errors
/// The store failed.
pub async fn find_by_room(
    conn: &mut Conn,
    room: RoomUuid,
) -> Result<Option<AppointmentRecord>, StoreError> {
    let row = fetch_optional!(
        conn,
        AppointmentRow,
        select_appointments!("WHERE a.room = $1"),
        room.as_uuid()
    )?;
    with_guests(conn, row).await
}

async fn with_guests(
    conn: &mut Conn,
    row: Option<AppointmentRow>,
) -> Result<Option<AppointmentRecord>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let mut record = opened(conn, row).await?;
    record.guests = guests_of(conn, record.appointment.id).await?;
    Ok(Some(record))
}

/// A person's appointments that begin in `[from, to)`, in order of time, at most
/// [`APPOINTMENTS_MAX`].
///
/// # Errors
/// The store failed.
pub async fn list(
    conn: &mut Conn,
    party: Party,
    (from, to): (Micros, Micros),
) -> Result<Vec<AppointmentRecord>, StoreError> {
    let rows = match party {
        Party::Doctor(doctor) => fetch_all!(
            conn,
            AppointmentRow,
            select_appointments!(
                "WHERE a.doctor = $1 AND a.start_us >= $2 AND a.start_us < $3
                 ORDER BY a.start_us, a.id LIMIT $4"
            ),
            doctor.as_uuid(),
            from.0,
            to.0,
            APPOINTMENTS_MAX
        ),
        Party::Patient(patient) => fetch_all!(
            conn,
            AppointmentRow,
            select_appointments!(
                "WHERE a.patient = $1 AND a.start_us >= $2 AND a.start_us < $3
                 ORDER BY a.start_us, a.id LIMIT $4"
            ),
            patient.as_uuid(),
            from.0,
            to.0,
            APPOINTMENTS_MAX
        ),
    }?;
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        records.push(opened(conn, row).await?);
    }
    for guest in crate::visits::guests_between(conn, party, (from, to)).await? {
        let of = guest.appointment;
        if let Some(record) = records.iter_mut().find(|r| r.appointment.id == of) {
            record.guests.push(guest);
        }
    }
    Ok(records)
}

/// A doctor's appointments that wait or go on, unless they ended before `since`.
///
/// # Errors
/// The store failed.
pub async fn waiting(
    conn: &mut Conn,
    doctor: UserId,
    since: Micros,
) -> Result<Vec<Appointment>, StoreError> {
    let rows = fetch_all!(
        conn,
        AppointmentRow,
        select_appointments!(
            "WHERE a.doctor = $1 AND a.state IN ('arrived', 'in_progress') AND a.end_us > $2
             ORDER BY a.start_us, a.id LIMIT $3"
        ),
        doctor.as_uuid(),
        since.0,
        APPOINTMENTS_MAX
    )?;
    let mut waiting = Vec::with_capacity(rows.len());
    for row in rows {
        waiting.push(opened(conn, row).await?.appointment);
    }
    Ok(waiting)
}

/// Rooms of a doctor's appointments in `[from, to)`, those nearest to `now` first, at most `max`.
///
/// # Errors
/// The store failed.
pub async fn rooms_near(
    conn: &mut Conn,
    doctor: UserId,
    (from, now, to): (Micros, Micros, Micros),
    max: u32,
) -> Result<Vec<RoomUuid>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid,),
        "SELECT room FROM appointments
         WHERE doctor = $1 AND state <> 'cancelled' AND end_us > $2 AND start_us < $3
         ORDER BY abs(start_us - $4), id LIMIT $5",
        doctor.as_uuid(),
        from.0,
        to.0,
        now.0,
        i64::from(max)
    )?;
    Ok(rows
        .into_iter()
        .map(|(id,)| RoomUuid::from_uuid(id))
        .collect())
}
