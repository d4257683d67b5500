//! How a person wants to be told.

use clinical_model::notify::Language;
use clinical_model::text::Phone;
use clinical_model::{TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

/// How a person wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifySettings {
    /// Language of the messages.
    pub language: Language,
    /// IANA zone; none for that of the facility.
    pub zone: Option<String>,
    /// E-mail that may be declined is sent.
    pub email: bool,
    /// SMS that may be declined is sent.
    pub sms: bool,
    /// Their own number; none for that of the record.
    pub phone: Option<Phone>,
    /// Counts the changes; 0 before the first.
    pub version: u32,
}

/// Why settings were not written.
#[derive(Debug, thiserror::Error)]
pub enum SettingsWriteError {
    /// They have changed since they were read.
    #[error("the settings have changed since they were read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(sqlx::FromRow)]
struct SettingsRow {
    tenant: Uuid,
    language: String,
    zone: Option<String>,
    email: bool,
    sms: bool,
    phone_sealed: Option<Vec<u8>>,
    version: i64,
}

const fn place(person: UserId) -> (&'static str, &'static str, Uuid) {
    ("notify_settings", "phone_sealed", person.as_uuid())
}

/// How a person wants to be told; none when they never said.
///
/// # Errors
/// The store failed.
pub async fn settings(
    conn: &mut Conn,
    person: UserId,
) -> Result<Option<NotifySettings>, StoreError> {
    let row = fetch_optional!(
        conn,
        SettingsRow,
        "SELECT tenant, language, zone, email, sms, phone_sealed, version
         FROM notify_settings WHERE person = $1",
        person.as_uuid(),
    )?;
    let Some(row) = row else { return Ok(None) };
    let phone = match row.phone_sealed {
        None => None,
        Some(sealed) => {
            let key = keys::tenant_key(conn, TenantId::from_uuid(row.tenant)).await?;
            let text = keys::open(&key, place(person), &sealed)?;
            let phone: Phone =
                text.parse()
                    .map_err(|source: clinical_model::text::ShapeError| {
                        StoreError::corrupt("notify_settings.phone_sealed", source)
                    })?;
            Some(phone)
        }
    };
    Ok(Some(NotifySettings {
        language: Language::from_word(&row.language)
            .ok_or_else(|| StoreError::corrupt("notify_settings.language", "no such language"))?,
        zone: row.zone,
        email: row.email,
        sms: row.sms,
        phone,
        version: u32::try_from(row.version)
            .map_err(|source| StoreError::corrupt("notify_settings.version", source))?,
    }))
}

/// Writes settings that were read at version `settings.version`; answers the new version.
///
/// # Errors
/// They have changed since then, or the store failed.
pub async fn put_settings(
    tx: &mut Tx,
    (tenant, person): (TenantId, UserId),
    settings: &NotifySettings,
) -> Result<u32, SettingsWriteError> {
    let phone = match &settings.phone {
        None => None,
        Some(phone) => {
            let key = keys::tenant_key(tx, tenant).await?;
            Some(keys::seal(&key, place(person), phone.as_str())?)
        }
    };
    let next = settings.version.saturating_add(1);
    let touched = if settings.version == 0 {
        execute!(
            tx,
            "INSERT INTO notify_settings
                 (person, tenant, language, zone, email, sms, phone_sealed, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
             ON CONFLICT (person) DO NOTHING",
            person.as_uuid(),
            tenant.as_uuid(),
            settings.language.as_str(),
            settings.zone.as_deref(),
            settings.email,
            settings.sms,
            phone,
        )?
    } else {
        execute!(
            tx,
            "UPDATE notify_settings
             SET language = $2, zone = $3, email = $4, sms = $5, phone_sealed = $6, version = $7
             WHERE person = $1 AND version = $8",
            person.as_uuid(),
            settings.language.as_str(),
            settings.zone.as_deref(),
            settings.email,
            settings.sms,
            phone,
            i64::from(next),
            i64::from(settings.version),
        )?
    };
    if touched == 1 {
        Ok(next)
    } else {
        Err(SettingsWriteError::Changed)
    }
}
