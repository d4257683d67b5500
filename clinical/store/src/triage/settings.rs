//! What a facility decided about triage.

use clinical_model::text::Phone;
use clinical_model::triage::Settings;
use clinical_model::{ServiceId, TenantId};
use uuid::Uuid;

use super::InterviewWriteError;
use crate::statement::{execute, fetch_optional};
use crate::{Conn, StoreError, Tx};

/// What a facility decided; nothing is decided at version 0.
///
/// # Errors
/// The store failed.
pub async fn settings(conn: &mut Conn, tenant: TenantId) -> Result<Settings, StoreError> {
    let row = fetch_optional!(
        conn,
        (bool, Option<Uuid>, Option<String>, i64),
        "SELECT show_hypotheses, service, clinic_phone, version FROM triage_settings WHERE tenant = $1",
        tenant.as_uuid()
    )?;
    let Some((show_hypotheses, service, phone, version)) = row else {
        return Ok(Settings::default());
    };
    Ok(Settings {
        show_hypotheses,
        service: service.map(ServiceId::from_uuid),
        phone: phone
            .map(|it| it.parse())
            .transpose()
            .map_err(|source| StoreError::corrupt("triage_settings.clinic_phone", source))?,
        version: u32::try_from(version)
            .map_err(|source| StoreError::corrupt("triage_settings.version", source))?,
    })
}

/// Writes the next version of what a facility decided.
///
/// # Errors
/// [`InterviewWriteError`]
pub async fn put_settings(
    tx: &mut Tx,
    tenant: TenantId,
    it: &Settings,
) -> Result<(), InterviewWriteError> {
    let touched = execute!(
        tx,
        "INSERT INTO triage_settings (tenant, show_hypotheses, service, clinic_phone, version)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant) DO UPDATE
         SET show_hypotheses = excluded.show_hypotheses, service = excluded.service,
             clinic_phone = excluded.clinic_phone, version = excluded.version
         WHERE triage_settings.version = excluded.version - 1",
        tenant.as_uuid(),
        it.show_hypotheses,
        it.service.map(ServiceId::as_uuid),
        it.phone.as_ref().map(Phone::as_str),
        i64::from(it.version)
    )?;
    if touched == 1 {
        Ok(())
    } else {
        Err(InterviewWriteError::Changed)
    }
}
