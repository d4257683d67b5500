//! Calling people into a visit: its clinician rings the patient, or somebody else by number.

use clinical_model::booking::{PersonName, Relation};
use clinical_model::notify::Language;
use clinical_model::text::Phone;
use clinical_model::visits::{Guest, JoinRefusal, masked_number};
use clinical_model::{
    AppointmentId, AuditActor, AuditEntry, CallId, ContactId, GuestId, Micros, ParticipantUuid,
    RoomUuid,
};
use clinical_store::booking::AppointmentRecord;
use clinical_store::{Conn, StoreError, Tx, tenants, visits};
use signaling_protocol::{ParticipantId, RoomId};
use signaling_ticket::MintError;

use super::guests::GUESTS_MAX;
use super::join::{Visitor, mint_for};
use super::line::{AlreadyCalled, CallOrder, PlacedCall};
use super::record::{VisitEvent, record_visit_event};
use crate::booking::is_doctor_of;
use crate::notify::telephone_of;
use crate::records::read_phone;
use crate::{Actor, Desk};

/// Life of the pass in seconds: it rings, and is asked three times for a key.
const PASS_LIFE_S: u32 = 300;

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// The patient, by the number on record.
    Patient,
    /// Somebody of the facility's list.
    Contact(ContactId),
    /// Somebody else.
    Number {
        /// Their name in the visit.
        name: PersonName,
        /// As it is written in the facility's country.
        number: NumberText,
    },
}

/// A number as somebody typed it. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberText(String);

impl NumberText {
    /// This text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text. Not for logs.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for NumberText {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("NumberText(..)")
    }
}

/// A contact as doctors see it: without the whole number.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownContact {
    /// The contact.
    pub id: ContactId,
    /// Name.
    pub name: String,
    /// What may be shown of the number.
    pub masked: String,
}

impl core::fmt::Debug for ShownContact {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ShownContact")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Whom one may call into a visit, and who is called.
#[derive(Clone, PartialEq, Eq)]
pub struct VisitCalls {
    /// Somebody can be called at all.
    pub calls_out: bool,
    /// The patient's name in the visit.
    pub patient_name: String,
    /// What may be shown of the patient's number; none where there is none on record.
    pub patient: Option<String>,
    /// The facility's list.
    pub contacts: Vec<ShownContact>,
    /// Calls into this visit, the newest last.
    pub calls: Vec<PlacedCall>,
}

impl core::fmt::Debug for VisitCalls {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("VisitCalls")
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

/// Why nobody is called.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// There is no such appointment or contact, or it is not theirs.
    #[error("no such visit")]
    NotFound,
    /// The visit is not open.
    #[error("the visit is not open")]
    Closed,
    /// The visit has as many guests as it may.
    #[error("a visit has at most {GUESTS_MAX} guests")]
    Full,
    /// The record has no telephone number.
    #[error("there is no number on record")]
    NoNumber,
    /// What was typed is no number.
    #[error("not a telephone number")]
    Number,
    /// No line is configured.
    #[error("no telephone line is configured")]
    NoLine,
    /// They are being called already.
    #[error(transparent)]
    AlreadyCalled(#[from] AlreadyCalled),
    /// The pass could not be signed.
    #[error("the pass could not be made")]
    Pass(#[from] MintError),
    /// The store failed.
    #[error("the visit could not be read")]
    Store(#[from] StoreError),
}

impl From<JoinRefusal> for RingError {
    fn from(_: JoinRefusal) -> Self {
        Self::Closed
    }
}

async fn mine(
    tx: &mut Conn,
    actor: &Actor,
    id: AppointmentId,
) -> Result<AppointmentRecord, RingError> {
    let record = clinical_store::booking::find(tx, id).await?;
    record
        .filter(|record| is_doctor_of(actor, record))
        .ok_or(RingError::NotFound)
}

/// Whom the clinician of a visit may call into it, and how calls stand.
///
/// # Errors
/// [`RingError::NotFound`] and [`RingError::Store`]
pub async fn visit_calls(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
) -> Result<VisitCalls, RingError> {
    let mut tx = desk.db().read().await?;
    let record = mine(&mut tx, actor, id).await?;
    let appointment = &record.appointment;
    let line = desk.line();
    let calls_out = line.is_some_and(|line| line.calls_out(appointment.tenant));
    let (mut patient, mut contacts) = (None, Vec::new());
    if calls_out {
        let known = telephone_of(&mut tx, appointment.tenant, appointment.patient).await?;
        patient = known.map(|(number, _)| masked_number(&number));
        let all = visits::contacts(&mut tx, appointment.tenant).await?;
        contacts = all.into_iter().map(shown).collect();
    }
    Ok(VisitCalls {
        calls_out,
        patient_name: record.patient_name.clone(),
        patient,
        contacts,
        calls: line.map_or_else(Vec::new, |line| line.calls(appointment.room)),
    })
}

fn shown(contact: visits::Contact) -> ShownContact {
    ShownContact {
        id: contact.id,
        name: contact.name.as_str().to_owned(),
        masked: masked_number(contact.number.as_str()),
    }
}

/// The clinician of a visit has somebody called into it. Whoever presses 1 is let in: the patient as
/// themself, somebody else as a guest with a name. Written down without the number.
///
/// # Errors
/// [`RingError`]
pub async fn ring(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
    (whom, language): (Whom, Language),
) -> Result<PlacedCall, RingError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let record = mine(&mut tx, actor, id).await?;
    let appointment = &record.appointment;
    let admission = appointment.admit_doctor(now)?;
    let line = desk.line().ok_or(RingError::NoLine)?;
    let callee = match whom {
        Whom::Patient => {
            let known = telephone_of(&mut tx, appointment.tenant, appointment.patient).await?;
            let (number, language) = known.ok_or(RingError::NoNumber)?;
            Callee {
                visitor: Visitor::patient(&record),
                number,
                language,
            }
        }
        Whom::Contact(contact) => {
            let all = visits::contacts(&mut tx, appointment.tenant).await?;
            let mut all = all.into_iter();
            let contact = all.find(|it| it.id == contact).ok_or(RingError::NotFound)?;
            let visitor = guest(desk, &mut tx, &record, (contact.name, language), now).await?;
            Callee {
                visitor,
                number: contact.number.as_str().to_owned(),
                language,
            }
        }
        Whom::Number { name, number } => {
            let facility = tenants::find(&mut tx, appointment.tenant).await?;
            let country = facility.map(|it| it.country).unwrap_or_default();
            let number: Phone = read_phone(&country, number.expose()).ok_or(RingError::Number)?;
            let visitor = guest(desk, &mut tx, &record, (name, language), now).await?;
            Callee {
                visitor,
                number: number.as_str().to_owned(),
                language,
            }
        }
    };
    let ticket = mint_for(desk, &admission, &callee.visitor, true, (now, PASS_LIFE_S))?;
    let call = CallId::from_uuid(desk.id(now));
    let entry = actor
        .did("visits.ring", now)
        .of_visit(appointment)
        .under("own_appointment");
    tx.commit(entry).await?;
    Ok(line.place(CallOrder {
        id: call,
        room: appointment.room,
        participant: callee.visitor.participant,
        by: appointment.doctor_participant,
        facility: appointment.tenant,
        name: callee.visitor.name().to_owned(),
        number: callee.number,
        ticket,
        language: callee.language,
    })?)
}

struct Callee {
    visitor: Visitor,
    number: String,
    language: Language,
}

/// The guest of this name: whoever was called before, or a new one.
async fn guest(
    desk: &Desk,
    tx: &mut Tx,
    record: &AppointmentRecord,
    (name, language): (PersonName, Language),
    now: Micros,
) -> Result<Visitor, RingError> {
    let appointment = &record.appointment;
    // Two calls at once wait for each other here, so the count below is right.
    clinical_store::booking::lock_calendars(tx, appointment.doctor, appointment.patient).await?;
    let fresh = clinical_store::booking::find(tx, appointment.id).await?;
    let guests = fresh.ok_or(RingError::NotFound)?.guests;
    let word = match language {
        Language::French => "par téléphone",
        Language::English => "by telephone",
    };
    if let Some(known) = guests
        .iter()
        .find(|it| it.name == name && it.relation.as_str() == word)
    {
        return Ok(Visitor::guest(known));
    }
    if guests.len() >= GUESTS_MAX {
        return Err(RingError::Full);
    }
    let guest = Guest {
        id: GuestId::from_uuid(desk.id(now)),
        appointment: appointment.id,
        participant: ParticipantUuid::from_uuid(desk.opaque_id()),
        name,
        relation: Relation::try_from(word).or(Err(RingError::NotFound))?,
    };
    visits::insert_guest(tx, &guest, now).await?;
    Ok(Visitor::guest(&guest))
}

/// The clinician of a visit has a call ended, whether it rings or was answered.
///
/// # Errors
/// [`RingError::NotFound`], [`RingError::NoLine`] and [`RingError::Store`]
pub async fn stop_ringing(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
    call: CallId,
) -> Result<(), RingError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let record = mine(&mut tx, actor, id).await?;
    let line = desk.line().ok_or(RingError::NoLine)?;
    let known = line.calls(record.appointment.room);
    if !known.iter().any(|it| it.id == call) {
        return Err(RingError::NotFound);
    }
    let entry = actor
        .did("visits.stop_ringing", now)
        .of_visit(&record.appointment)
        .under("own_appointment");
    tx.commit(entry).await?;
    line.stop(record.appointment.room, call);
    Ok(())
}

/// Why a called person is not let in.
#[derive(Debug, thiserror::Error)]
#[error("the admission could not be written down")]
pub struct NotAdmitted(#[from] super::record::VisitEventError);

/// Somebody who was called has pressed 1: they are let in by the clinician who had them called.
///
/// # Errors
/// [`NotAdmitted`]; they must not be in the visit then.
pub async fn called_has_come(
    desk: &Desk,
    room: RoomUuid,
    (participant, by): (ParticipantUuid, ParticipantUuid),
) -> Result<(), NotAdmitted> {
    let room = RoomId::from_uuid(room.as_uuid());
    let event = VisitEvent::Admitted {
        participant: ParticipantId::from_uuid(participant.as_uuid()),
        by: ParticipantId::from_uuid(by.as_uuid()),
    };
    Ok(record_visit_event(desk, room, event).await?)
}

/// Writes down what a call came to: a refusal as one, with the reason, never with the number.
///
/// # Errors
/// The store failed.
pub async fn note_call_end(
    desk: &Desk,
    room: RoomUuid,
    stage: clinical_model::visits::CallStage,
) -> Result<(), StoreError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let Some(record) = clinical_store::booking::find_by_room(&mut tx, room).await? else {
        return Ok(());
    };
    let entry = if stage.is_refused() {
        AuditEntry::refused(AuditActor::System, "visits.ring", now)
    } else {
        AuditEntry::done(AuditActor::System, "visits.rang", now)
    };
    let entry = entry.of_visit(&record.appointment).under(stage.as_str());
    tx.commit(entry).await
}
