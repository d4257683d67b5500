//! Short messages of people: taken once, answered once, forgotten soon.

use clinical_model::{Micros, TenantId};
use clinical_vault::Place;
use uuid::Uuid;

use crate::statement::{execute, fetch_one, fetch_optional};
use crate::{Conn, StoreError, Tx, keys};

/// How long it is remembered that a message was taken, in microseconds: providers repeat for hours.
const REMEMBERED_US: i64 = 3 * Micros::DAY;
/// Days of counts that are kept, this one included.
const COUNTED_DAYS: i64 = 2;

/// A number as it is kept: its blind index under the key of the facility.
#[derive(Clone, PartialEq, Eq)]
pub struct Sender(Vec<u8>);

impl core::fmt::Debug for Sender {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Sender(..)")
    }
}

/// A message to be taken.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSms {
    /// Its id.
    pub id: Uuid,
    /// The facility it comes to.
    pub tenant: TenantId,
    /// How the provider names it.
    pub reference: String,
    /// The number it comes from, E.164.
    pub from: String,
    /// What it says.
    pub text: String,
}

impl core::fmt::Debug for NewSms {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "NewSms({}, ..)", self.id)
    }
}

/// A message that a worker holds.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldSms {
    /// Its id.
    pub id: Uuid,
    /// The facility it came to.
    pub tenant: TenantId,
    /// Whose it is.
    pub sender: Sender,
    /// The number it came from.
    pub from: String,
    /// What it says.
    pub text: String,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// Until when it is held.
    pub lease: Micros,
}

impl core::fmt::Debug for HeldSms {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "HeldSms({}, ..)", self.id)
    }
}

/// A talk as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptSmsTalk {
    /// Its id, the same as long as the talk lasts.
    pub id: Uuid,
    /// Where it stands, as the use case writes it.
    pub text: String,
    /// Until when it is kept.
    pub expires: Micros,
    /// Counts the changes, from 1.
    pub version: u32,
}

impl core::fmt::Debug for KeptSmsTalk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "KeptSmsTalk({}, ..)", self.id)
    }
}

/// What was counted on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answers to this number.
    pub answers: u32,
    /// Wrong birth dates of this number.
    pub tries: u32,
    /// Parts of messages to all numbers of the facility.
    pub parts_of_all: u32,
}

/// Something to add to the counts of a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Answers.
    pub answers: u32,
    /// Parts of them.
    pub parts: u32,
    /// Wrong birth dates.
    pub tries: u32,
}

/// Why something was not written: somebody else was faster.
#[derive(Debug, thiserror::Error)]
pub enum SmsWriteError {
    /// It has changed since it was read, or is not held any more.
    #[error("the message or its talk has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn is_one(touched: u64) -> Result<(), SmsWriteError> {
    if touched == 1 {
        Ok(())
    } else {
        Err(SmsWriteError::Changed)
    }
}

const fn letter(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("sms_inbox", "message_sealed", id)
}

/// The day of a moment, counted from 1970 in UTC.
const fn day(at: Micros) -> i64 {
    at.0.div_euclid(Micros::DAY)
}

async fn sender(conn: &mut Conn, tenant: TenantId, number: &str) -> Result<Sender, StoreError> {
    let key = keys::tenant_key(conn, tenant).await?;
    Ok(Sender(key.blind_index("sms_sender", number).to_vec()))
}

/// What became of a message that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is new and waits.
    New,
    /// It was taken before.
    Before,
    /// Its number writes faster than it is answered: it was dropped.
    Flooded,
    /// Too many wait: it was not taken.
    Full,
}

/// Messages that wait for their answer. What is beyond is not taken, and the provider sends it again: an
/// hour of answers at one a second.
const WAITING_MAX: i64 = 3_600;
/// Messages of one number that wait. More are dropped: nobody reads five answers at once.
const WAITING_OF_ONE_MAX: i64 = 5;

/// Takes a message.
///
/// # Errors
/// The store failed.
pub async fn receive(tx: &mut Tx, it: &NewSms, now: Micros) -> Result<Taken, StoreError> {
    let key = keys::tenant_key(tx, it.tenant).await?;
    let sender = sender(tx, it.tenant, &it.from).await?;
    let (all, own) = fetch_one!(
        tx,
        (i64, i64),
        "SELECT count(*),
                CAST(COALESCE(SUM(CASE WHEN sender_index = $1 THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM sms_inbox WHERE state = 'waiting'",
        sender.0.clone()
    )?;
    if all >= WAITING_MAX {
        return Ok(Taken::Full);
    }
    if own >= WAITING_OF_ONE_MAX {
        return Ok(Taken::Flooded);
    }
    let words = format!("{}\n{}", it.from, it.text);
    let touched = execute!(
        tx,
        "INSERT INTO sms_inbox
             (id, tenant, reference_index, sender_index, message_sealed, state, lease_us, attempts,
              received_us)
         VALUES ($1, $2, $3, $4, $5, 'waiting', 0, 0, $6)
         ON CONFLICT (tenant, reference_index) DO NOTHING",
        it.id,
        it.tenant.as_uuid(),
        key.blind_index("sms_reference", &it.reference).to_vec(),
        sender.0,
        keys::seal(&key, letter(it.id), &words)?,
        now.0
    )?;
    Ok(if touched == 1 {
        Taken::New
    } else {
        Taken::Before
    })
}

/// Whether a message waits that nobody holds.
///
/// # Errors
/// The store failed.
pub async fn is_waiting(conn: &mut Conn, now: Micros) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid,),
        "SELECT id FROM sms_inbox WHERE state = 'waiting' AND lease_us <= $1 LIMIT 1",
        now.0
    )?;
    Ok(row.is_some())
}

/// Takes hold of the oldest message that nobody holds and that is its number's first. Commit before
/// anything is done with it.
///
/// # Errors
/// The store failed.
pub async fn hold(tx: &mut Tx, now: Micros, lease: Micros) -> Result<Option<HeldSms>, StoreError> {
    let row = fetch_optional!(
        tx,
        (Uuid, Uuid, Vec<u8>, Vec<u8>, i64),
        "UPDATE sms_inbox SET lease_us = $1, attempts = attempts + 1
         WHERE state = 'waiting' AND lease_us <= $2 AND id IN (
             SELECT i.id FROM sms_inbox i
             WHERE i.state = 'waiting' AND i.lease_us <= $2 AND NOT EXISTS (
                 SELECT 1 FROM sms_inbox b
                 WHERE b.state = 'waiting' AND b.tenant = i.tenant
                   AND b.sender_index = i.sender_index
                   AND (b.received_us < i.received_us
                        OR (b.received_us = i.received_us AND b.id < i.id)))
             ORDER BY i.received_us, i.id LIMIT 1)
         RETURNING id, tenant, sender_index, message_sealed, attempts",
        lease.0,
        now.0
    )?;
    let Some((id, tenant, sender, sealed, attempts)) = row else {
        return Ok(None);
    };
    let tenant = TenantId::from_uuid(tenant);
    let key = keys::tenant_key(tx, tenant).await?;
    let words = keys::open(&key, letter(id), &sealed)?;
    let (from, text) = words
        .split_once('\n')
        .ok_or_else(|| StoreError::corrupt("sms_inbox.message_sealed", "no number"))?;
    Ok(Some(HeldSms {
        id,
        tenant,
        sender: Sender(sender),
        from: from.to_owned(),
        text: text.to_owned(),
        attempts: u32::try_from(attempts)
            .map_err(|source| StoreError::corrupt("sms_inbox.attempts", source))?,
        lease,
    }))
}

/// Ends a message that is still held; what it said is gone.
///
/// # Errors
/// [`SmsWriteError`]
pub async fn finish(tx: &mut Tx, it: &HeldSms) -> Result<(), SmsWriteError> {
    let touched = execute!(
        tx,
        "UPDATE sms_inbox SET state = 'done', message_sealed = NULL
         WHERE id = $1 AND state = 'waiting' AND lease_us = $2",
        it.id,
        it.lease.0
    )?;
    is_one(touched)
}

const fn place(id: Uuid, version: u64) -> Place<'static> {
    Place::value("sms_talks", "talk_sealed", id).at_version(version)
}

/// The talk with a number that is still kept.
///
/// # Errors
/// The store failed.
pub async fn talk_of(
    conn: &mut Conn,
    (tenant, sender): (TenantId, &Sender),
    now: Micros,
) -> Result<Option<KeptSmsTalk>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid, Vec<u8>, i64, i64),
        "SELECT id, talk_sealed, expires_us, version FROM sms_talks
         WHERE tenant = $1 AND sender_index = $2 AND expires_us > $3",
        tenant.as_uuid(),
        sender.0.clone(),
        now.0
    )?;
    let Some((id, sealed, expires, version)) = row else {
        return Ok(None);
    };
    let version = u32::try_from(version)
        .map_err(|source| StoreError::corrupt("sms_talks.version", source))?;
    let key = keys::tenant_key(conn, tenant).await?;
    let text = key
        .open_text(place(id, u64::from(version)), &sealed)
        .map_err(|source| StoreError::Sealed {
            table: "sms_talks",
            column: "talk_sealed",
            source,
        })?;
    Ok(Some(KeptSmsTalk {
        id,
        text,
        expires: Micros(expires),
        version,
    }))
}

/// Writes the next version of a talk over the one before. One that is over makes room for a first version.
///
/// # Errors
/// [`SmsWriteError`]
pub async fn put_talk(
    tx: &mut Tx,
    (tenant, sender): (TenantId, &Sender),
    it: &KeptSmsTalk,
    now: Micros,
) -> Result<(), SmsWriteError> {
    let key = keys::tenant_key(tx, tenant).await?;
    let sealed = key
        .seal(place(it.id, u64::from(it.version)), it.text.as_bytes())
        .map_err(StoreError::from)?;
    if it.version == 1 {
        execute!(
            tx,
            "DELETE FROM sms_talks WHERE tenant = $1 AND sender_index = $2 AND expires_us <= $3",
            tenant.as_uuid(),
            sender.0.clone(),
            now.0
        )?;
    }
    let touched = execute!(
        tx,
        "INSERT INTO sms_talks (tenant, sender_index, id, talk_sealed, expires_us, version)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant, sender_index) DO UPDATE
         SET talk_sealed = excluded.talk_sealed, expires_us = excluded.expires_us,
             version = excluded.version
         WHERE sms_talks.version = excluded.version - 1 AND sms_talks.id = excluded.id",
        tenant.as_uuid(),
        sender.0.clone(),
        it.id,
        sealed,
        it.expires.0,
        i64::from(it.version)
    )?;
    is_one(touched)
}

/// What was counted on the day of a moment.
///
/// # Errors
/// The store failed.
pub async fn counts(
    conn: &mut Conn,
    (tenant, sender): (TenantId, &Sender),
    now: Micros,
) -> Result<Counts, StoreError> {
    let row = fetch_one!(
        conn,
        (i64, i64, i64),
        "SELECT CAST(COALESCE(SUM(CASE WHEN sender_index = $3 THEN answers ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN sender_index = $3 THEN tries ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(parts), 0) AS BIGINT)
         FROM sms_counts WHERE tenant = $1 AND day = $2",
        tenant.as_uuid(),
        day(now),
        sender.0.clone()
    )?;
    let number = |stored: i64| {
        u32::try_from(stored).map_err(|source| StoreError::corrupt("sms_counts", source))
    };
    Ok(Counts {
        answers: number(row.0)?,
        tries: number(row.1)?,
        parts_of_all: number(row.2)?,
    })
}

/// Adds to what is counted on the day of a moment.
///
/// # Errors
/// The store failed.
pub async fn count(
    tx: &mut Tx,
    (tenant, sender): (TenantId, &Sender),
    it: Spent,
    now: Micros,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO sms_counts (tenant, day, sender_index, answers, parts, tries)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant, day, sender_index) DO UPDATE
         SET answers = sms_counts.answers + excluded.answers,
             parts = sms_counts.parts + excluded.parts,
             tries = sms_counts.tries + excluded.tries",
        tenant.as_uuid(),
        day(now),
        sender.0.clone(),
        i64::from(it.answers),
        i64::from(it.parts),
        i64::from(it.tries)
    )
    .map(|_| ())
}

/// Writes down that a number wants no messages.
///
/// # Errors
/// The store failed.
pub async fn stop(
    tx: &mut Tx,
    (tenant, sender): (TenantId, &Sender),
    now: Micros,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO sms_stops (tenant, sender_index, since_us) VALUES ($1, $2, $3)
         ON CONFLICT (tenant, sender_index) DO NOTHING",
        tenant.as_uuid(),
        sender.0.clone(),
        now.0
    )
    .map(|_| ())
}

/// A number wants messages again.
///
/// # Errors
/// The store failed.
pub async fn start(tx: &mut Tx, (tenant, sender): (TenantId, &Sender)) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM sms_stops WHERE tenant = $1 AND sender_index = $2",
        tenant.as_uuid(),
        sender.0.clone()
    )
    .map(|_| ())
}

/// Whether a number wrote that it wants no messages.
///
/// # Errors
/// The store failed.
pub async fn is_stopped(
    conn: &mut Conn,
    tenant: TenantId,
    number: &str,
) -> Result<bool, StoreError> {
    let sender = sender(conn, tenant, number).await?;
    let row = fetch_optional!(
        conn,
        (i64,),
        "SELECT since_us FROM sms_stops WHERE tenant = $1 AND sender_index = $2",
        tenant.as_uuid(),
        sender.0
    )?;
    Ok(row.is_some())
}

/// Forgets talks that are over, old counts, and messages that nobody repeats any more.
///
/// # Errors
/// The store failed.
pub async fn delete_expired(tx: &mut Tx, now: Micros) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM sms_talks WHERE expires_us <= $1", now.0)?;
    execute!(
        tx,
        "DELETE FROM sms_counts WHERE day <= $1",
        day(now) - COUNTED_DAYS
    )?;
    execute!(
        tx,
        "DELETE FROM sms_inbox WHERE state = 'done' AND received_us <= $1",
        now.plus(-REMEMBERED_US).0
    )
    .map(|_| ())
}
