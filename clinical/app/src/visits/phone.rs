//! Through the door of a visit by telephone.

use std::sync::Arc;

use clinical_model::notify::Language;
use clinical_model::visits::{JoinRefusal, PIN_ENTRIES_MAX, PIN_TOO_EARLY_US, PhonePin};
use clinical_model::{AppointmentId, AuditActor, AuditEntry, Micros, RoomUuid, TenantId};
use clinical_store::booking::AppointmentRecord;
use clinical_store::{Conn, StoreError, Tx, visits};
use signaling_protocol::{ParticipantId, RoomId};
use signaling_ticket::MintError;

use super::join::{Visitor, mint_for};
use crate::booking::{AccessError, reached, takes_place};
use crate::notify::telephone_of;
use crate::{Actor, Desk};

/// Life of a caller's pass in seconds: they may be asked, three times, whether they agree to a
/// recording before they enter the waiting room.
const PASS_LIFE_S: u32 = 300;
/// How long after its booked end a visit is still known by its PIN, to say that it is over or because
/// it takes that long.
const KNOWN_AFTER_US: i64 = clinical_model::booking::LINK_LIFE_US;

/// Which number a facility is called at. Clones are the same list.
#[derive(Clone, Default)]
pub struct PhoneNumbers(Arc<[(String, TenantId)]>);

impl core::fmt::Debug for PhoneNumbers {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PhoneNumbers({})", self.0.len())
    }
}

impl PhoneNumbers {
    /// Numbers in international form with their plus, each with its facility.
    #[must_use]
    pub fn new(numbers: Vec<(String, TenantId)>) -> Self {
        Self(numbers.into())
    }

    /// The first number of a facility; none if it cannot be called.
    #[must_use]
    pub fn number_of(&self, tenant: TenantId) -> Option<&str> {
        let mut numbers = self.0.iter();
        numbers
            .find(|(_, of)| *of == tenant)
            .map(|(number, _)| number.as_str())
    }

    /// Whose number was called; spaces and dashes in it do not matter.
    #[must_use]
    pub fn facility_of(&self, called: &str) -> Option<TenantId> {
        let called = digits(called);
        let mut numbers = self.0.iter();
        numbers
            .find(|(number, _)| digits(number) == called)
            .map(|(_, of)| *of)
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// How to come into a visit by telephone.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneWay {
    /// What to call, in international form.
    pub number: String,
    /// What to type then.
    pub pin: PhonePin,
}

impl core::fmt::Debug for PhoneWay {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PhoneWay(..)")
    }
}

/// Everything needed to enter a visit by telephone.
#[derive(Clone)]
pub struct PhoneEntry {
    /// One-use pass for signaling.
    pub ticket: String,
    /// Which visit.
    pub appointment: AppointmentId,
}

impl core::fmt::Debug for PhoneEntry {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PhoneEntry(..)")
    }
}

/// Why a caller may not enter.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// No visit has this PIN now, too many lie behind the caller, or nobody can be reached at this
    /// number. It is one answer, so that it tells nothing.
    #[error("the PIN is not accepted")]
    NotAccepted,
    /// The PIN is right, and the waiting room opens later.
    #[error("the waiting room opens later")]
    TooEarly {
        /// When.
        opens_at: Micros,
    },
    /// The PIN was right, and the visit is over or was cancelled.
    #[error("the visit is over")]
    Over,
    /// The pass could not be signed.
    #[error("the pass could not be made")]
    Pass(#[from] MintError),
    /// The store failed.
    #[error("the visit could not be read")]
    Store(#[from] StoreError),
}

/// Somebody called `called` and typed `typed`. The right PIN gives the patient's pass, as a join link
/// does. `caller` is their whole number in one form, none when they withhold it; only a keyed hash of
/// it is kept, and only while wrong PINs are counted.
///
/// # Errors
/// [`PhoneError`]; every try is written down, without number and digits.
pub async fn admit_by_phone(
    desk: &Desk,
    called: &str,
    typed: &str,
    caller: Option<&str>,
) -> Result<PhoneEntry, PhoneError> {
    let now = desk.now();
    // A number that is nobody's has no facility to write it down in.
    let tenant = desk.phones().facility_of(called);
    let tenant = tenant.ok_or(PhoneError::NotAccepted)?;
    let mut tx = desk.db().begin().await?;
    let may = visits::count_phone_try(&mut tx, tenant, caller, now).await?;
    let judged = match PhonePin::parse(typed) {
        // Locked or not, the same questions are asked, so that it takes the same time.
        Ok(pin) => judge(&mut tx, tenant, &pin, now).await?,
        Err(_) => Judged::Wrong,
    };
    let judged = if may { judged } else { Judged::Wrong };
    let nobody = |record: Option<&AppointmentRecord>| {
        let entry = AuditEntry::refused(AuditActor::Nobody, "visits.call_in", now).within(tenant);
        match record {
            Some(record) => entry.of_visit(&record.appointment),
            None => entry,
        }
        .under("phone_pin")
    };
    match judged {
        Judged::Right(record) => {
            let ticket = pass(desk, &mut tx, &record, now).await?;
            visits::count_phone_entry(&mut tx, record.appointment.id).await?;
            visits::phone_try_was_right(&mut tx, tenant, caller).await?;
            let entry = AuditEntry::done(AuditActor::Nobody, "visits.call_in", now)
                .of_visit(&record.appointment)
                .under("phone_pin");
            tx.commit(entry).await?;
            Ok(PhoneEntry {
                ticket,
                appointment: record.appointment.id,
            })
        }
        Judged::TooEarly(record, opens_at) => {
            tx.commit(nobody(Some(&record))).await?;
            Err(PhoneError::TooEarly { opens_at })
        }
        Judged::Over(record) => {
            tx.commit(nobody(Some(&record))).await?;
            Err(PhoneError::Over)
        }
        Judged::Wrong => {
            tx.commit(nobody(None)).await?;
            Err(PhoneError::NotAccepted)
        }
    }
}

/// What a PIN is worth now.
enum Judged {
    Right(Box<AppointmentRecord>),
    TooEarly(Box<AppointmentRecord>, Micros),
    Over(Box<AppointmentRecord>),
    Wrong,
}

async fn judge(
    conn: &mut Conn,
    tenant: TenantId,
    pin: &PhonePin,
    now: Micros,
) -> Result<Judged, StoreError> {
    let since = now.plus(-KNOWN_AFTER_US);
    let mut right = None;
    let mut other = Judged::Wrong;
    for (id, entries) in visits::find_by_phone_pin(conn, tenant, pin, since).await? {
        let Some(record) = clinical_store::booking::find(conn, id).await? else {
            continue;
        };
        match record.appointment.admit_caller(now) {
            Ok(_) if entries >= PIN_ENTRIES_MAX => {}
            // Two have it: nobody can say whose visit it is.
            Ok(_) if right.is_some() => return Ok(Judged::Wrong),
            Ok(_) => right = Some(record),
            Err(JoinRefusal::TooEarly { opens_at }) if opens_at < now.plus(PIN_TOO_EARLY_US) => {
                other = Judged::TooEarly(Box::new(record), opens_at);
            }
            Err(JoinRefusal::Ended | JoinRefusal::Cancelled)
                if matches!(other, Judged::Wrong) && record.appointment.opens_at() <= now =>
            {
                other = Judged::Over(Box::new(record));
            }
            Err(_) => {}
        }
    }
    Ok(right.map_or(other, |record| Judged::Right(Box::new(record))))
}

async fn pass(
    desk: &Desk,
    tx: &mut Tx,
    record: &AppointmentRecord,
    now: Micros,
) -> Result<String, PhoneError> {
    // It was let in a moment ago; the machine says so again, with the room.
    let admission = record.appointment.admit_caller(now);
    let admission = admission.or(Err(PhoneError::NotAccepted))?;
    let visitor = Visitor::patient(record);
    let room = admission.room();
    let admitted = visits::is_admitted(tx, room, visitor.participant).await?;
    Ok(mint_for(
        desk,
        &admission,
        &visitor,
        admitted,
        (now, PASS_LIFE_S),
    )?)
}

/// Whom to call, and their way in.
#[derive(Clone)]
pub struct CallBack {
    /// The number on record, in international form.
    pub number: String,
    /// One-use pass for signaling, for whoever takes the call.
    pub ticket: String,
    /// The language they are spoken to in.
    pub language: Language,
    /// Who pays.
    pub facility: TenantId,
}

impl core::fmt::Debug for CallBack {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CallBack(..)")
    }
}

/// Why nobody is called back.
#[derive(Debug, thiserror::Error)]
pub enum CallBackError {
    /// There is no such visit, or this is not its patient.
    #[error("no such patient in a visit")]
    NotFound,
    /// The record has no telephone number.
    #[error("there is no number on record")]
    NoNumber,
    /// The visit is over.
    #[error("the visit is not open")]
    Closed,
    /// The pass could not be signed.
    #[error("the pass could not be made")]
    Pass(#[from] MintError),
    /// The store failed.
    #[error("the visit could not be read")]
    Store(#[from] StoreError),
}

/// The telephone of a visit's patient whose page was lost. It is written down that they are called, without
/// the number.
///
/// # Errors
/// [`CallBackError`]
pub async fn call_back(
    desk: &Desk,
    room: RoomId,
    participant: ParticipantId,
) -> Result<CallBack, CallBackError> {
    let now = desk.now();
    let room = RoomUuid::from_uuid(room.as_uuid());
    let mut tx = desk.db().begin().await?;
    let record = clinical_store::booking::find_by_room(&mut tx, room).await?;
    let record = record.ok_or(CallBackError::NotFound)?;
    let appointment = &record.appointment;
    if appointment.patient_participant.as_uuid() != participant.as_uuid() {
        return Err(CallBackError::NotFound);
    }
    let known = telephone_of(&mut tx, appointment.tenant, appointment.patient).await?;
    let (number, language) = known.ok_or(CallBackError::NoNumber)?;
    let ticket = pass(desk, &mut tx, &record, now).await;
    let ticket = ticket.map_err(|error| match error {
        PhoneError::Pass(error) => CallBackError::Pass(error),
        PhoneError::Store(error) => CallBackError::Store(error),
        _ => CallBackError::Closed,
    })?;
    let entry = AuditEntry::done(AuditActor::System, "visits.call_back", now);
    tx.commit(entry.of_visit(appointment)).await?;
    Ok(CallBack {
        number,
        ticket,
        language,
        facility: record.appointment.tenant,
    })
}

/// Why a way by telephone was not shown or made.
#[derive(Debug, thiserror::Error)]
pub enum PhoneWayError {
    /// There is no such appointment, or it is not theirs.
    #[error("no such appointment")]
    NotFound,
    /// The visit is over or will not take place, or the facility has no number.
    #[error("the visit cannot be reached by telephone")]
    Unreachable,
    /// The store failed.
    #[error("the PIN could not be read or made")]
    Store(#[from] StoreError),
}

impl From<AccessError> for PhoneWayError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotFound => Self::NotFound,
            AccessError::Store(error) => Self::Store(error),
        }
    }
}

/// How to come into an appointment by telephone, for its patient; none when one cannot.
///
/// # Errors
/// [`PhoneWayError::NotFound`] and [`PhoneWayError::Store`]
pub async fn phone_way(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
) -> Result<Option<PhoneWay>, PhoneWayError> {
    let now = desk.now();
    let mut conn = desk.db().read().await?;
    let (record, _) = reached(&mut conn, actor, id, now).await?;
    Ok(way_into(desk, &mut conn, &record, now).await?)
}

/// As [`phone_way`], for whoever came in as the patient.
pub(crate) async fn way_into(
    desk: &Desk,
    conn: &mut Conn,
    record: &AppointmentRecord,
    now: Micros,
) -> Result<Option<PhoneWay>, StoreError> {
    let appointment = &record.appointment;
    let Some(number) = desk.phones().number_of(appointment.tenant) else {
        return Ok(None);
    };
    if !takes_place(appointment, now) {
        return Ok(None);
    }
    let pin = visits::phone_pin(conn, appointment.tenant, appointment.id).await?;
    Ok(pin.map(|pin| PhoneWay {
        number: number.to_owned(),
        pin,
    }))
}

/// Makes a new PIN, for staff to tell the patient; the old one stops working. Who came in by it stays.
///
/// # Errors
/// [`PhoneWayError`]
pub async fn new_phone_pin(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
) -> Result<PhoneWay, PhoneWayError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let (record, right) = reached(&mut tx, actor, id, now).await?;
    let appointment = &record.appointment;
    let number = desk.phones().number_of(appointment.tenant);
    let number = number.filter(|_| takes_place(appointment, now));
    let number = number.ok_or(PhoneWayError::Unreachable)?.to_owned();
    clinical_store::booking::lock_calendars(&mut tx, appointment.doctor, appointment.patient)
        .await?;
    let pin = visits::make_phone_pin(&mut tx, appointment, now).await?;
    let entry = right
        .entry(actor, "visits.new_phone_pin", now)
        .of_visit(appointment);
    tx.commit(entry).await?;
    Ok(PhoneWay { number, pin })
}
