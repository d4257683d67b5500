//! Finding threads and what was written in them.

use clinical_model::text::{Line, MessageText};
use clinical_model::threads::{Closed, Member, Message, Thread};
use clinical_model::{Micros, PatientId, PrescriptionId, Role, TenantId, ThreadId, UserId};
use clinical_vault::DataKey;
use uuid::Uuid;

use super::{body_place, subject_place};
use crate::access::Viewer;
use crate::statement::{fetch_all, fetch_one, fetch_optional};
use crate::{Conn, StoreError, identity, keys};

/// Most threads of one page.
pub const THREADS_MAX: u32 = 50;
/// Most messages of one page.
pub const MESSAGES_MAX: u32 = 50;

/// A thread as one of its members finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The thread.
    pub thread: Thread,
    /// The number of the newest message that the member has read.
    pub read: u32,
    /// How many messages of others they have not read.
    pub unread: u32,
}

/// Where a page of threads goes on: behind this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// When its newest message was written.
    pub last: Micros,
    /// Its id.
    pub id: ThreadId,
}

/// Which messages of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// The last ones before this number.
    Before(u32),
    /// The first ones after this number.
    After(u32),
}

/// Somebody who is or was a member, with the name and role of their account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The membership.
    pub member: Member,
    /// Their name.
    pub name: String,
    /// What they are to the clinic.
    pub role: Role,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    subject_sealed: Vec<u8>,
    prescription: Option<Uuid>,
    created_us: i64,
    created_by: Uuid,
    last_seq: i64,
    last_us: i64,
    closed_us: Option<i64>,
    closed_by: Option<Uuid>,
    read_seq: i64,
    unread: i64,
}

/// The membership that lets `$2` of the facility `$1` read a thread `t`. The threads of an erased
/// record say nothing to anybody, so they are nowhere.
macro_rules! mine {
    () => {
        "FROM threads t
         JOIN thread_members me ON me.thread = t.id AND me.person = $2 AND me.left_us IS NULL
         JOIN patient_keys pk ON pk.patient = t.patient AND pk.wrapped IS NOT NULL
         WHERE t.tenant = $1"
    };
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT t.id, t.tenant, t.patient, t.subject_sealed, t.prescription, t.created_us,
                 t.created_by, t.last_seq, t.last_us, t.closed_us, t.closed_by, me.read_seq,
                 (SELECT count(*) FROM thread_messages um
                  WHERE um.thread = t.id AND um.seq > me.read_seq AND um.author <> $2) AS unread ",
            mine!(),
            $tail
        )
    };
}

fn number(column: &'static str, stored: i64) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|source| StoreError::corrupt(column, source))
}

fn parsed(key: &DataKey, row: &Row) -> Result<Listed, StoreError> {
    let subject = keys::open(key, subject_place(row.id), &row.subject_sealed)?;
    Ok(Listed {
        thread: Thread {
            id: ThreadId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant),
            patient: PatientId::from_uuid(row.patient),
            subject: Line::try_from(subject)
                .map_err(|source| StoreError::corrupt("threads.subject_sealed", source))?,
            prescription: row.prescription.map(PrescriptionId::from_uuid),
            created: Micros(row.created_us),
            created_by: UserId::from_uuid(row.created_by),
            last_seq: number("threads.last_seq", row.last_seq)?,
            last: Micros(row.last_us),
            closed: row.closed_us.zip(row.closed_by).map(|(at, by)| Closed {
                at: Micros(at),
                by: UserId::from_uuid(by),
            }),
        },
        read: number("thread_members.read_seq", row.read_seq)?,
        unread: number("thread_messages", row.unread)?,
    })
}

async fn opened(conn: &mut Conn, row: Row) -> Result<Option<Listed>, StoreError> {
    let key = keys::patient_key(conn, PatientId::from_uuid(row.patient)).await?;
    key.map(|key| parsed(&key, &row)).transpose()
}

/// A thread of which the viewer is a member.
///
/// # Errors
/// The store failed.
pub async fn find(
    conn: &mut Conn,
    viewer: &Viewer,
    id: ThreadId,
) -> Result<Option<Listed>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!(" AND t.id = $3"),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        id.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// The threads of which the viewer is a member, those with the newest messages first, at most `max`
/// (up to [`THREADS_MAX`]).
///
/// # Errors
/// The store failed.
pub async fn list(
    conn: &mut Conn,
    viewer: &Viewer,
    (after, max): (Option<After>, u32),
) -> Result<Vec<Listed>, StoreError> {
    let after = after.unwrap_or(After {
        last: Micros(i64::MAX),
        id: ThreadId::from_uuid(Uuid::max()),
    });
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            " AND (t.last_us < $3 OR (t.last_us = $3 AND t.id < $4))
             ORDER BY t.last_us DESC, t.id DESC LIMIT $5"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        after.last.0,
        after.id.as_uuid(),
        i64::from(max.min(THREADS_MAX))
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.extend(opened(conn, row).await?);
    }
    Ok(found)
}

/// How many messages of others the viewer has not read, in all their threads.
///
/// # Errors
/// The store failed.
pub async fn unread(conn: &mut Conn, viewer: &Viewer) -> Result<u32, StoreError> {
    let (count,) = fetch_one!(
        conn,
        (i64,),
        concat!(
            "SELECT count(*) FROM thread_messages m
             JOIN (SELECT t.id, me.read_seq ",
            mine!(),
            ") it ON it.id = m.thread AND m.seq > it.read_seq
             WHERE m.author <> $2"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid()
    )?;
    number("thread_messages", count)
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    patient: Uuid,
    seq: i64,
    author: Uuid,
    at_us: i64,
    body_sealed: Vec<u8>,
}

fn written(key: &DataKey, thread: ThreadId, row: &MessageRow) -> Result<Message, StoreError> {
    let seq = number("thread_messages.seq", row.seq)?;
    let place = body_place(thread.as_uuid(), u64::from(seq));
    let text = key
        .open_text(place, &row.body_sealed)
        .map_err(|source| StoreError::Sealed {
            table: "thread_messages",
            column: "body_sealed",
            source,
        })?;
    Ok(Message {
        seq,
        author: UserId::from_uuid(row.author),
        at: Micros(row.at_us),
        text: MessageText::try_from(text)
            .map_err(|source| StoreError::corrupt("thread_messages.body_sealed", source))?,
    })
}

macro_rules! select_messages {
    ($tail:literal) => {
        concat!(
            "SELECT it.patient, m.seq, m.author, m.at_us, m.body_sealed
             FROM thread_messages m JOIN (SELECT t.id, t.patient ",
            mine!(),
            " AND t.id = $3) it ON it.id = m.thread WHERE ",
            $tail
        )
    };
}

/// Messages of a thread of which the viewer is a member, oldest first, at most [`MESSAGES_MAX`].
///
/// # Errors
/// The store failed.
pub async fn messages(
    conn: &mut Conn,
    viewer: &Viewer,
    thread: ThreadId,
    range: Range,
) -> Result<Vec<Message>, StoreError> {
    let mut rows = match range {
        Range::Before(seq) => fetch_all!(
            conn,
            MessageRow,
            select_messages!("m.seq < $4 ORDER BY m.seq DESC LIMIT $5"),
            viewer.tenant.as_uuid(),
            viewer.person.as_uuid(),
            thread.as_uuid(),
            i64::from(seq),
            i64::from(MESSAGES_MAX)
        )?,
        Range::After(seq) => fetch_all!(
            conn,
            MessageRow,
            select_messages!("m.seq > $4 ORDER BY m.seq LIMIT $5"),
            viewer.tenant.as_uuid(),
            viewer.person.as_uuid(),
            thread.as_uuid(),
            i64::from(seq),
            i64::from(MESSAGES_MAX)
        )?,
    };
    rows.sort_by_key(|row| row.seq);
    let Some(patient) = rows.first().map(|row| PatientId::from_uuid(row.patient)) else {
        return Ok(Vec::new());
    };
    let Some(key) = keys::patient_key(conn, patient).await? else {
        return Ok(Vec::new());
    };
    rows.iter().map(|row| written(&key, thread, row)).collect()
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    tenant: Uuid,
    person: Uuid,
    stays: bool,
    joined_us: i64,
    left_us: Option<i64>,
    read_seq: i64,
    name_sealed: Vec<u8>,
    role: String,
}

/// Who is and was in a thread, in the order in which they came. That the viewer may know it was found
/// out before.
///
/// # Errors
/// The store failed.
pub async fn people(conn: &mut Conn, thread: ThreadId) -> Result<Vec<Person>, StoreError> {
    let rows = fetch_all!(
        conn,
        PersonRow,
        "SELECT tm.tenant, tm.person, tm.stays, tm.joined_us, tm.left_us, tm.read_seq,
             u.name_sealed, u.role
         FROM thread_members tm JOIN users u ON u.id = tm.person
         WHERE tm.thread = $1 ORDER BY tm.joined_us, tm.person",
        thread.as_uuid()
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let person = UserId::from_uuid(row.person);
        let tenant = TenantId::from_uuid(row.tenant);
        found.push(Person {
            name: identity::open_name(conn, tenant, person, &row.name_sealed).await?,
            role: row
                .role
                .parse()
                .map_err(|source| StoreError::corrupt("users.role", source))?,
            member: Member {
                person,
                stays: row.stays,
                joined: Micros(row.joined_us),
                left: row.left_us.map(Micros),
                read: number("thread_members.read_seq", row.read_seq)?,
            },
        });
    }
    Ok(found)
}

/// The thread about a refused prescription, for the program's own work: no membership is asked for.
///
/// # Errors
/// The store failed.
pub async fn of_prescription(
    conn: &mut Conn,
    (tenant, prescription): (TenantId, PrescriptionId),
) -> Result<Option<Thread>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT t.id, t.tenant, t.patient, t.subject_sealed, t.prescription, t.created_us,
             t.created_by, t.last_seq, t.last_us, t.closed_us, t.closed_by,
             t.last_seq AS read_seq, t.last_seq - t.last_seq AS unread
         FROM threads t WHERE t.tenant = $1 AND t.prescription = $2",
        tenant.as_uuid(),
        prescription.as_uuid()
    )?;
    match row {
        Some(row) => Ok(opened(conn, row).await?.map(|it| it.thread)),
        None => Ok(None),
    }
}

/// Every thread about a patient of which the viewer is a member, with all of its messages, the newest
/// first.
///
/// # Errors
/// The store failed.
pub async fn everything_of(
    conn: &mut Conn,
    viewer: &Viewer,
    patient: PatientId,
) -> Result<Vec<(Thread, Vec<Message>)>, StoreError> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = list(conn, viewer, (after, THREADS_MAX)).await?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        after = Some(After {
            last: last.thread.last,
            id: last.thread.id,
        });
        for it in page {
            if it.thread.patient != patient {
                continue;
            }
            let mut said: Vec<Message> = Vec::new();
            loop {
                let range = Range::After(said.last().map_or(0, |last| last.seq));
                let more = messages(conn, viewer, it.thread.id, range).await?;
                if more.is_empty() {
                    break;
                }
                said.extend(more);
            }
            found.push((it.thread, said));
        }
    }
}
