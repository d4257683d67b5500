//! Messages that leave the house: queued with what they are about, claimed once, settled once.

use clinical_model::notify::{Channel, DedupKey, DeliveryStage, MessageKind, SuppressedFor};
use clinical_model::{Micros, PatientId, TenantId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::statement::{execute, fetch_all, fetch_optional};
use crate::tx::{Conn, Engine};
use crate::{StoreError, Tx, keys, patience};

mod settings;

pub use settings::{NotifySettings, SettingsWriteError, put_settings, settings};

/// Most messages in one claim and in one page: a worker holds no more than it can send within its
/// lease, and a page that is longer is not read.
pub const BATCH_MAX: u32 = 50;

/// What a message says and where it goes, before it is put into words. It is sealed at rest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// E-mail address or phone number.
    pub to: String,
    /// ISO 639-1 code of the language.
    pub language: String,
    /// Name of the facility.
    pub clinic: String,
    /// A moment in the recipient's local time; empty where the kind has none.
    pub when: String,
    /// Path of the page to read more on, below the address of the service.
    pub path: String,
    /// It says how to take part by telephone, as that is when it leaves.
    #[serde(default)]
    pub by_phone: bool,
    /// The answer to what somebody wrote; empty in every other kind.
    #[serde(default)]
    pub text: String,
}

impl core::fmt::Debug for Letter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Letter(..)")
    }
}

/// A message to be queued.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Its id.
    pub id: Uuid,
    /// The facility it comes from.
    pub tenant: TenantId,
    /// What makes it the same as another.
    pub key: DedupKey,
    /// What it is about, as a kind.
    pub kind: MessageKind,
    /// Which way it takes.
    pub channel: Channel,
    /// An account, or the record of a patient who has none.
    pub recipient: Uuid,
    /// What it is about, as a thing.
    pub subject: Uuid,
    /// Its words.
    pub letter: Letter,
    /// When to send it.
    pub due: Micros,
    /// After this it is not sent any more.
    pub expires: Option<Micros>,
    /// Set when it is written down and not sent.
    pub suppressed: Option<SuppressedFor>,
}

/// A message that a worker holds.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub id: Uuid,
    /// The facility it comes from.
    pub tenant: TenantId,
    /// What it is about.
    pub kind: MessageKind,
    /// Which way it takes.
    pub channel: Channel,
    /// How often it has been tried, this time included.
    pub attempts: u32,
    /// What it is about, as a thing.
    pub subject: Uuid,
    /// Its words.
    pub letter: Letter,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The gateway took it; with the provider's name for it.
    Sent(Option<String>),
    /// It did not leave; try again then.
    Failed(Micros),
    /// It did not leave and will not.
    Dead,
    /// Nobody knows.
    Unknown,
}

/// A message as staff see it: no address, no words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// What it is about, as a kind.
    pub kind: MessageKind,
    /// Which way it takes.
    pub channel: Channel,
    /// An account, or the record of a patient who has none.
    pub recipient: Uuid,
    /// What it is about, as a thing.
    pub subject: Uuid,
    /// Where it stands.
    pub stage: DeliveryStage,
    /// Since when.
    pub since: Micros,
    /// When it is or was due.
    pub due: Micros,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was suppressed.
    pub reason: Option<SuppressedFor>,
    /// When it was queued.
    pub created: Micros,
}

const fn place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("outbox", "letter_sealed", id)
}

/// Queues a message; answers false when the same message was queued before.
///
/// # Errors
/// The store failed.
pub async fn enqueue(tx: &mut Tx, message: &NewMessage, now: Micros) -> Result<bool, StoreError> {
    let key = keys::tenant_key(tx, message.tenant).await?;
    let json = serde_json::to_string(&message.letter)
        .map_err(|source| StoreError::corrupt("outbox.letter_sealed", source))?;
    let state = match message.suppressed {
        None => DeliveryStage::Queued,
        Some(_) => DeliveryStage::Suppressed,
    };
    let touched = execute!(
        tx,
        "INSERT INTO outbox
             (id, tenant, dedup_key, kind, channel, recipient, subject, letter_sealed, state,
              state_us, due_us, expires_us, attempts, reason, created_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $10)
         ON CONFLICT (dedup_key) DO NOTHING",
        message.id,
        message.tenant.as_uuid(),
        message.key.as_str(),
        message.kind.as_str(),
        message.channel.as_str(),
        message.recipient,
        message.subject,
        keys::seal(&key, place(message.id), &json)?,
        state.as_str(),
        now.0,
        message.due.0,
        message.expires.map(|at| at.0),
        message.suppressed.map(SuppressedFor::as_str),
    )?;
    Ok(touched == 1)
}

/// Takes back what has not left yet about a thing; answers how many messages.
///
/// # Errors
/// The store failed.
pub async fn supersede(
    tx: &mut Tx,
    subject: Uuid,
    kind: MessageKind,
    now: Micros,
) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE outbox SET state = 'suppressed', state_us = $1, reason = 'superseded'
         WHERE subject = $2 AND kind = $3 AND state IN ('queued', 'failed')",
        now.0,
        subject,
        kind.as_str(),
    )
}

#[derive(sqlx::FromRow)]
struct ClaimedRow {
    id: Uuid,
    tenant: Uuid,
    kind: String,
    channel: String,
    attempts: i64,
    subject: Uuid,
    letter_sealed: Vec<u8>,
}

/// One statement claims; in PostgreSQL it passes over rows that another worker is claiming, in
/// SQLite the transaction is the only writer.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE outbox SET state = 'sending', state_us = $1, due_us = $2, claim = $3,
                 attempts = attempts + 1
             WHERE id IN (SELECT id FROM outbox
                 WHERE state IN ('queued', 'failed') AND due_us <= $1
                 ORDER BY due_us, id LIMIT $4 ",
            $lock,
            ") RETURNING id, tenant, kind, channel, attempts, subject, letter_sealed"
        )
    };
}

/// Claims what is due until `lease_until`, after settling what can not be sent any more: a claim
/// whose lease ran out becomes unknown, and what is too late is suppressed. Commit before sending.
///
/// # Errors
/// The store failed.
pub async fn claim(
    tx: &mut Tx,
    claim: Uuid,
    now: Micros,
    lease_until: Micros,
) -> Result<Vec<Claimed>, StoreError> {
    execute!(
        tx,
        "UPDATE outbox SET state = 'unknown', state_us = $1
         WHERE state = 'sending' AND due_us <= $1",
        now.0,
    )?;
    execute!(
        tx,
        "UPDATE outbox SET state = 'suppressed', state_us = $1, reason = 'too_late'
         WHERE state IN ('queued', 'failed') AND expires_us <= $1",
        now.0,
    )?;
    let rows: Vec<ClaimedRow> = match tx.engine() {
        Engine::Sqlite(connection) => {
            sqlx::query_as::<sqlx::Sqlite, ClaimedRow>(claim!(""))
                .bind(now.0)
                .bind(lease_until.0)
                .bind(claim)
                .bind(i64::from(BATCH_MAX))
                .fetch_all(connection)
                .await?
        }
        Engine::Postgres(connection) => {
            let claim =
                sqlx::query_as::<sqlx::Postgres, ClaimedRow>(claim!("FOR UPDATE SKIP LOCKED"))
                    .bind(now.0)
                    .bind(lease_until.0)
                    .bind(claim)
                    .bind(i64::from(BATCH_MAX));
            patience::wait(claim.fetch_all(connection)).await?
        }
    };
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        claimed.push(opened(tx, row).await?);
    }
    Ok(claimed)
}

async fn opened(conn: &mut Conn, row: ClaimedRow) -> Result<Claimed, StoreError> {
    let tenant = TenantId::from_uuid(row.tenant);
    let key = keys::tenant_key(conn, tenant).await?;
    let json = keys::open(&key, place(row.id), &row.letter_sealed)?;
    Ok(Claimed {
        id: row.id,
        tenant,
        kind: kind(&row.kind)?,
        channel: channel(&row.channel)?,
        attempts: attempts(row.attempts)?,
        subject: row.subject,
        letter: serde_json::from_str(&json)
            .map_err(|source| StoreError::corrupt("outbox.letter_sealed", source))?,
    })
}

fn kind(word: &str) -> Result<MessageKind, StoreError> {
    MessageKind::from_word(word).ok_or_else(|| StoreError::corrupt("outbox.kind", "no such kind"))
}

fn channel(word: &str) -> Result<Channel, StoreError> {
    Channel::from_word(word).ok_or_else(|| StoreError::corrupt("outbox.channel", "no such channel"))
}

fn attempts(stored: i64) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|source| StoreError::corrupt("outbox.attempts", source))
}

/// Writes down how a try ended. An answer that comes after the lease ran out still counts, because
/// it is the truth; one of another claim does not. Answers whether it was written.
///
/// # Errors
/// The store failed.
pub async fn settle(
    tx: &mut Tx,
    (id, claim): (Uuid, Uuid),
    settlement: &Settlement,
    now: Micros,
) -> Result<bool, StoreError> {
    let (stage, due, reference) = match settlement {
        Settlement::Sent(reference) => (DeliveryStage::Sent, None, reference.as_deref()),
        Settlement::Failed(retry) => (DeliveryStage::Failed, Some(retry.0), None),
        Settlement::Dead => (DeliveryStage::Dead, None, None),
        Settlement::Unknown => (DeliveryStage::Unknown, None, None),
    };
    let reference = match reference {
        Some(name) => Some(reference_index(tx, name).await?),
        None => None,
    };
    let touched = execute!(
        tx,
        "UPDATE outbox SET state = $1, state_us = $2, due_us = COALESCE($3, due_us),
             reference_index = $4
         WHERE id = $5 AND claim = $6 AND state IN ('sending', 'unknown')",
        stage.as_str(),
        now.0,
        due,
        reference,
        id,
        claim,
    )?;
    Ok(touched == 1)
}

async fn reference_index(conn: &mut Conn, name: &str) -> Result<Vec<u8>, StoreError> {
    let key = keys::tenant_key(conn, TenantId::INSTALLATION).await?;
    Ok(key.blind_index("delivery", name).to_vec())
}

/// Writes down what the provider reports about a message; answers which message it was. A report
/// that says what is known already, or comes after the opposite, changes nothing.
///
/// # Errors
/// The store failed.
pub async fn report(
    tx: &mut Tx,
    reference: &str,
    delivered: bool,
    now: Micros,
) -> Result<Option<(TenantId, Uuid)>, StoreError> {
    let stage = if delivered {
        DeliveryStage::Delivered
    } else {
        DeliveryStage::Dead
    };
    let index = reference_index(tx, reference).await?;
    let row = fetch_optional!(
        tx,
        (Uuid, Uuid),
        "UPDATE outbox SET state = $1, state_us = $2
         WHERE reference_index = $3 AND state IN ('sending', 'sent', 'unknown')
         RETURNING tenant, id",
        stage.as_str(),
        now.0,
        index,
    )?;
    Ok(row.map(|(tenant, id)| (TenantId::from_uuid(tenant), id)))
}

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    id: Uuid,
    kind: String,
    channel: String,
    recipient: Uuid,
    subject: Uuid,
    state: String,
    state_us: i64,
    due_us: i64,
    attempts: i64,
    reason: Option<String>,
    created_us: i64,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        let reason = row
            .reason
            .map(|word| {
                SuppressedFor::from_word(&word)
                    .ok_or_else(|| StoreError::corrupt("outbox.reason", "no such reason"))
            })
            .transpose()?;
        Ok(Self {
            id: row.id,
            kind: kind(&row.kind)?,
            channel: channel(&row.channel)?,
            recipient: row.recipient,
            subject: row.subject,
            stage: DeliveryStage::from_word(&row.state)
                .ok_or_else(|| StoreError::corrupt("outbox.state", "no such state"))?,
            since: Micros(row.state_us),
            due: Micros(row.due_us),
            attempts: attempts(row.attempts)?,
            reason,
            created: Micros(row.created_us),
        })
    }
}

/// Messages of a facility, newest first, before a cursor. Empty `stage` lists all.
///
/// # Errors
/// The store failed.
pub async fn list(
    conn: &mut Conn,
    tenant: TenantId,
    stage: Option<DeliveryStage>,
    before: Option<(Micros, Uuid)>,
) -> Result<Vec<Delivery>, StoreError> {
    let (at, id) = before.unwrap_or((Micros(i64::MAX), Uuid::max()));
    let rows = fetch_all!(
        conn,
        DeliveryRow,
        "SELECT id, kind, channel, recipient, subject, state, state_us, due_us, attempts, reason,
             created_us
         FROM outbox
         WHERE tenant = $1 AND ($2 = '' OR state = $2)
           AND (created_us < $3 OR (created_us = $3 AND id < $4))
         ORDER BY created_us DESC, id DESC LIMIT $5",
        tenant.as_uuid(),
        stage.map_or("", DeliveryStage::as_str),
        at.0,
        id,
        i64::from(BATCH_MAX),
    )?;
    rows.into_iter().map(Delivery::try_from).collect()
}

/// Something is due, or a lease ran out: only then is it worth taking the write lock.
///
/// # Errors
/// The store failed.
pub async fn is_due(conn: &mut Conn, now: Micros) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid,),
        "SELECT id FROM outbox
         WHERE state IN ('queued', 'failed', 'sending') AND due_us <= $1 LIMIT 1",
        now.0,
    )?;
    Ok(row.is_some())
}

/// The account of a patient.
///
/// # Errors
/// The store failed.
pub async fn account_of(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
) -> Result<Option<UserId>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid,),
        "SELECT id FROM users WHERE tenant = $1 AND patient = $2 AND disabled = FALSE",
        tenant.as_uuid(),
        patient.as_uuid(),
    )?;
    Ok(row.map(|(id,)| UserId::from_uuid(id)))
}
