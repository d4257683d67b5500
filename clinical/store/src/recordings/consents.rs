//! What people answered when they were asked to be recorded.

use clinical_model::{AppointmentId, Micros, ParticipantUuid};
use uuid::Uuid;

use crate::statement::{execute, fetch_all};
use crate::{Conn, StoreError, Tx};

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Whose.
    pub participant: ParticipantUuid,
    /// When.
    pub at: Micros,
    /// The version of the words that they agreed to; none for who did not agree, or no longer.
    pub agreed_to: Option<u16>,
}

/// Adds an answer. The same answer of the same moment is there once.
///
/// # Errors
/// The store failed.
pub async fn insert_consent(
    tx: &mut Tx,
    appointment: AppointmentId,
    it: Answer,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO recording_consents (appointment, participant, at_us, agreed, wording)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (appointment, participant, at_us) DO NOTHING",
        appointment.as_uuid(),
        it.participant.as_uuid(),
        it.at.0,
        it.agreed_to.is_some(),
        it.agreed_to.map(i64::from)
    )
    .map(|_| ())
}

/// The answers of a visit, in order of time.
///
/// # Errors
/// The store failed.
pub async fn consents(
    conn: &mut Conn,
    appointment: AppointmentId,
) -> Result<Vec<Answer>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid, i64, bool, Option<i64>),
        "SELECT participant, at_us, agreed, wording FROM recording_consents
         WHERE appointment = $1 ORDER BY at_us, participant",
        appointment.as_uuid()
    )?;
    let answer = |(participant, at_us, agreed, wording): (Uuid, i64, bool, Option<i64>)| {
        let wording = wording.filter(|_| agreed).map(u16::try_from).transpose();
        Ok(Answer {
            participant: ParticipantUuid::from_uuid(participant),
            at: Micros(at_us),
            agreed_to: wording
                .map_err(|source| StoreError::corrupt("recording_consents.wording", source))?,
        })
    };
    rows.into_iter().map(answer).collect()
}
