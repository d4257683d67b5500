//! The waiting list: when a time becomes free, the first whom it suits is offered it.

use core::time::Duration;

use clinical_model::booking::{OFFER_LEAD_US, Reason, Slot, Wish, offer_expiry};
use clinical_model::notify::MessageKind;
use clinical_model::{
    AuditActor, AuditEntry, HoldId, Micros, PatientId, Role, ServiceId, UserId, WaitingId,
};
use clinical_store::booking::{
    AppointmentWriteError, FreedTime, Hold, OfferEnd, ServiceRecord, WaitingEntry, WaitingOffer,
};
use clinical_store::{Conn, StoreError, Tx};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::watch;

use super::access::Right;
use super::book::{Agreed, BookError, Booked, write};
use super::claim::{Missing, Wanted, find};
use super::timetable::{Timetable, lengths, offered};
use crate::access::{Access, AccessDenied};
use crate::notify::{Addressee, Notice, tell};
use crate::{Actor, Desk};

/// Longest wait, in days of 24 hours.
pub const WAIT_DAYS_MAX: i64 = 180;

/// Wait for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitCommand {
    /// For whom, when a nurse asks.
    pub patient: Option<PatientId>,
    /// For what.
    pub service: ServiceId,
    /// Which times suit.
    pub wish: Wish,
}

/// Why the waiting list was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// There is no such entry or patient, or they may not know of it.
    #[error("no such entry")]
    NotFound,
    /// This role has no waiting list.
    #[error("this role has no waiting list")]
    Forbidden,
    /// A field is not acceptable.
    #[error("{0} is not acceptable")]
    Field(&'static str),
    /// They wait for that service already.
    #[error("they wait for that already")]
    Already,
    /// There is no open offer, or not any more.
    #[error("no open offer")]
    NoOffer,
    /// The offered time could not be booked.
    #[error("the offered time could not be booked")]
    Book(#[source] BookError),
    /// The store failed.
    #[error("the waiting list could not be read or written")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for WaitError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

/// Whose place in the list is meant, and by which right.
async fn whose(
    conn: &mut Conn,
    actor: &Actor,
    patient: Option<PatientId>,
    now: Micros,
) -> Result<(PatientId, Right), WaitError> {
    match (actor.role, patient) {
        (Role::Patient, wanted) => {
            let own = actor.patient.ok_or(WaitError::Forbidden)?;
            if wanted.is_none_or(|it| it == own) {
                Ok((own, Right::Own))
            } else {
                Err(WaitError::NotFound)
            }
        }
        (Role::Nurse, Some(patient)) => {
            let access = Access::to(conn, actor, patient, now).await?;
            Ok((patient, Right::Granted(access)))
        }
        (Role::Nurse, None) => Err(WaitError::Field("patient")),
        _ => Err(WaitError::Forbidden),
    }
}

/// A patient, or a nurse for one, begins to wait for a service.
///
/// # Errors
/// [`WaitError`]
pub async fn wait(
    desk: &Desk,
    actor: &Actor,
    command: WaitCommand,
) -> Result<WaitingEntry, WaitError> {
    let now = desk.now();
    let wish = command.wish;
    if wish.until <= wish.from || wish.until <= now {
        return Err(WaitError::Field("until_us"));
    }
    if wish.until.since(now) > WAIT_DAYS_MAX * Micros::DAY {
        return Err(WaitError::Field("until_us"));
    }
    let mut tx = desk.db().begin().await?;
    let (patient, right) = whose(&mut tx, actor, command.patient, now).await?;
    let service = clinical_store::booking::service(&mut tx, actor.tenant, command.service)
        .await?
        .filter(|it| it.active)
        .ok_or(WaitError::Field("service"))?;
    let gives = |it: &UserId| service.doctors.is_empty() || service.doctors.contains(it);
    if let Some(doctor) = wish.doctor {
        clinical_store::booking::doctor(&mut tx, actor.tenant, doctor)
            .await?
            .filter(|it| gives(&it.id))
            .ok_or(WaitError::Field("doctor"))?;
    }
    let entry = WaitingEntry {
        id: WaitingId::from_uuid(desk.id(now)),
        tenant: actor.tenant,
        patient,
        service: command.service,
        wish,
        joined: now,
        offer: None,
    };
    clinical_store::booking::insert_waiting(&mut tx, &entry)
        .await
        .map_err(|error| {
            let columns = "waiting_entries.patient, waiting_entries.service";
            if error.violates("waiting_entries_once", columns) {
                WaitError::Already
            } else {
                WaitError::Store(error)
            }
        })?;
    let audit = right.entry(actor, "booking.wait", now).of_patient(patient);
    tx.commit(audit.about("waiting", entry.id.as_uuid()))
        .await?;
    Ok(entry)
}

/// The patient's own places in the list; to nurses, those of the patients whom they may see.
///
/// # Errors
/// [`WaitError::Forbidden`] and [`WaitError::Store`]
pub async fn waiting(desk: &Desk, actor: &Actor) -> Result<Vec<WaitingEntry>, WaitError> {
    if !matches!(actor.role, Role::Patient | Role::Nurse) {
        return Err(WaitError::Forbidden);
    }
    let now = desk.now();
    let mut tx = desk.db().read().await?;
    let mut list = clinical_store::booking::waiting_seen(&mut tx, &actor.viewer(now)).await?;
    if actor.role == Role::Patient {
        list.retain(|it| Some(it.patient) == actor.patient);
    }
    for entry in &mut list {
        entry.offer = entry.offer.filter(|it| it.expires > now);
    }
    Ok(list)
}

async fn entry(
    conn: &mut Conn,
    actor: &Actor,
    id: WaitingId,
    now: Micros,
) -> Result<(WaitingEntry, Right), WaitError> {
    let found = clinical_store::booking::waiting_entry(conn, id)
        .await?
        .ok_or(WaitError::NotFound)?;
    let (_, right) = whose(conn, actor, Some(found.patient), now).await?;
    Ok((found, right))
}

/// Waits no more; what was offered goes to the next.
///
/// # Errors
/// [`WaitError`]
pub async fn leave(desk: &Desk, actor: &Actor, id: WaitingId) -> Result<(), WaitError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let (found, right) = entry(&mut tx, actor, id, now).await?;
    let has_left = match &found.offer {
        Some(offer) => {
            note_freed(desk, &mut tx, given_back(&found, offer, now), now).await?;
            clinical_store::booking::end_offer(&mut tx, id, offer, OfferEnd::Left).await?
        }
        None => clinical_store::booking::leave_waiting(&mut tx, id).await?,
    };
    if !has_left {
        return Err(WaitError::NotFound);
    }
    let audit = right.entry(actor, "booking.leave_waiting", now);
    let audit = audit.of_patient(found.patient);
    tx.commit(audit.about("waiting", id.as_uuid())).await?;
    Ok(())
}

/// Does not want the offered time and goes on waiting; it goes to the next.
///
/// # Errors
/// [`WaitError`]
pub async fn decline(desk: &Desk, actor: &Actor, id: WaitingId) -> Result<(), WaitError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let (found, right) = entry(&mut tx, actor, id, now).await?;
    let offer = found.offer.ok_or(WaitError::NoOffer)?;
    if !clinical_store::booking::end_offer(&mut tx, id, &offer, OfferEnd::Declined).await? {
        return Err(WaitError::NoOffer);
    }
    note_freed(desk, &mut tx, given_back(&found, &offer, now), now).await?;
    let audit = right.entry(actor, "booking.decline_offer", now);
    let audit = audit.of_patient(found.patient);
    tx.commit(audit.about("waiting", id.as_uuid())).await?;
    Ok(())
}

/// Takes the offered time.
///
/// # Errors
/// [`WaitError`]
pub async fn accept(
    desk: &Desk,
    actor: &Actor,
    id: WaitingId,
    reason: Reason,
) -> Result<Booked, WaitError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let (found, right) = entry(&mut tx, actor, id, now).await?;
    let offer = found
        .offer
        .filter(|it| it.expires > now)
        .ok_or(WaitError::NoOffer)?;
    let mut people = [offer.doctor.as_uuid(), found.patient.as_uuid()];
    clinical_store::booking::lock_all(&mut tx, &mut people).await?;
    if !clinical_store::booking::end_offer(&mut tx, id, &offer, OfferEnd::Accepted).await? {
        return Err(WaitError::NoOffer);
    }
    let hold = clinical_store::booking::hold(&mut tx, found.patient, offer.hold, now)
        .await?
        .ok_or(WaitError::NoOffer)?;
    let agreed = Agreed {
        tenant: found.tenant,
        doctor: offer.doctor,
        patient: found.patient,
        slot: offer.slot,
        reason,
    };
    let booked = match write(desk, &mut tx, agreed, (&hold.claim(), now)).await {
        Err(BookError::Written(AppointmentWriteError::Changed)) => return Err(WaitError::NoOffer),
        other => other.map_err(WaitError::Book)?,
    };
    let audit = right.entry(actor, "booking.accept_offer", now);
    tx.commit(audit.of_visit(&booked.record.appointment))
        .await?;
    Ok(booked)
}

/// The time of an offer that was not taken, for those who joined since.
const fn given_back(entry: &WaitingEntry, offer: &WaitingOffer, now: Micros) -> FreedTime {
    FreedTime {
        tenant: entry.tenant,
        doctor: offer.doctor,
        span: offer.slot,
        at: now,
    }
}

/// Remembers that a time became free, if it is still to come.
pub(super) async fn note_freed(
    desk: &Desk,
    tx: &mut Tx,
    freed: FreedTime,
    now: Micros,
) -> Result<(), StoreError> {
    if freed.span.end > now.plus(OFFER_LEAD_US) {
        clinical_store::booking::insert_freed(tx, desk.id(now), &freed).await?;
    }
    Ok(())
}

/// Ends offers that nobody answered, and offers what is free to the first whom it suits; answers
/// how many offers were made. Several processes may do it at once: the store lets one win.
///
/// # Errors
/// The store failed.
pub async fn offer_freed(desk: &Desk) -> Result<usize, StoreError> {
    let now = desk.now();
    expire(desk, now).await?;
    let mut tx = desk.db().read().await?;
    let freed = clinical_store::booking::freed(&mut tx, now.plus(OFFER_LEAD_US)).await?;
    drop(tx);
    let mut made = 0;
    for time in freed {
        let mut tx = desk.db().read().await?;
        let waiting = clinical_store::booking::waiting_in_order(&mut tx, time.tenant, now).await?;
        drop(tx);
        for entry in waiting.into_iter().filter(|it| it.joined <= time.at) {
            made += usize::from(offer_one(desk, &time, &entry, now).await?);
        }
    }
    Ok(made)
}

async fn expire(desk: &Desk, now: Micros) -> Result<(), StoreError> {
    let mut tx = desk.db().read().await?;
    let chosen = clinical_store::booking::expired_holds(&mut tx, now).await?;
    drop(tx);
    for hold in chosen {
        let mut tx = desk.db().begin().await?;
        if clinical_store::booking::delete_hold(&mut tx, hold.patient, hold.id).await? {
            let freed = FreedTime {
                tenant: hold.tenant,
                doctor: hold.doctor,
                span: hold.slot,
                at: now,
            };
            note_freed(desk, &mut tx, freed, now).await?;
            let entry = AuditEntry::done(AuditActor::System, "booking.expire_hold", now)
                .within(hold.tenant)
                .of_patient(hold.patient)
                .about("hold", hold.id.as_uuid());
            tx.commit(entry).await?;
        }
    }
    let mut tx = desk.db().read().await?;
    let over = clinical_store::booking::offers_over(&mut tx, now).await?;
    drop(tx);
    for entry in over {
        let Some(offer) = &entry.offer else { continue };
        let mut tx = desk.db().begin().await?;
        let end = OfferEnd::Expired;
        if clinical_store::booking::end_offer(&mut tx, entry.id, offer, end).await? {
            note_freed(desk, &mut tx, given_back(&entry, offer, now), now).await?;
            tx.commit(by_itself("booking.expire_offer", &entry, now))
                .await?;
        }
    }
    Ok(())
}

const fn by_itself(action: &'static str, entry: &WaitingEntry, now: Micros) -> AuditEntry {
    AuditEntry::done(AuditActor::System, action, now)
        .within(entry.tenant)
        .of_patient(entry.patient)
        .about("waiting", entry.id.as_uuid())
}

/// Offers somebody a part of a freed time, if one suits them that they were not offered before.
async fn offer_one(
    desk: &Desk,
    time: &FreedTime,
    entry: &WaitingEntry,
    now: Micros,
) -> Result<bool, StoreError> {
    let mut tx = desk.db().read().await?;
    let visits = suiting(&mut tx, time, entry, now).await?;
    drop(tx);
    for visit in visits {
        let Some(expires) = offer_expiry(visit.start, now) else {
            continue;
        };
        let mut tx = desk.db().begin().await?;
        let wanted = Wanted {
            tenant: entry.tenant,
            patient: entry.patient,
            doctor: time.doctor,
            service: Some(entry.service),
            start: visit.start,
            outside_hours: false,
        };
        let found = match find(desk, &mut tx, wanted, now).await {
            Ok(found) => found,
            Err(Missing::Store(error)) => return Err(error),
            Err(Missing::NoSlot | Missing::Taken) => continue,
        };
        let hold = Hold {
            id: HoldId::from_uuid(desk.id(now)),
            tenant: entry.tenant,
            patient: entry.patient,
            service: Some(entry.service),
            doctor: time.doctor,
            slot: found.offer.visit,
            expires,
            offered: true,
        };
        let takes = (found.offer.occupied, found.seats.as_slice());
        match clinical_store::booking::insert_hold(&mut tx, &hold, takes, now).await {
            Ok(()) => {}
            Err(AppointmentWriteError::Store(error)) => return Err(error),
            // Somebody was quicker.
            Err(_) => continue,
        }
        let offer = WaitingOffer {
            id: desk.id(now),
            hold: hold.id,
            doctor: time.doctor,
            slot: hold.slot,
            expires,
        };
        let once = "waiting_offers.entry, waiting_offers.doctor, waiting_offers.start_us";
        match clinical_store::booking::insert_offer(&mut tx, entry.id, &offer, now).await {
            Ok(true) => {}
            // They wait no more, or another process offers them something at this moment.
            Ok(false) => return Ok(false),
            Err(error) if error.violates("waiting_offers_once", once) => continue,
            Err(error) => return Err(error),
        }
        let notice = Notice {
            moment: Some(hold.slot.start),
            expires: Some(expires),
            ..Notice::now(
                (MessageKind::TimeOffered, entry.tenant),
                Addressee::Patient(entry.patient),
                offer.id,
                now,
                "/appointments",
            )
        };
        tell(&mut tx, desk.clinic(), &notice, now).await?;
        tx.commit(by_itself("booking.offer", entry, now)).await?;
        return Ok(true);
    }
    Ok(false)
}

/// The visits within a freed time that suit somebody and that they were not offered before.
async fn suiting(
    conn: &mut Conn,
    time: &FreedTime,
    entry: &WaitingEntry,
    now: Micros,
) -> Result<Vec<Slot>, StoreError> {
    let service = clinical_store::booking::service(conn, entry.tenant, entry.service)
        .await?
        .filter(|it| it.active)
        .filter(|it| it.doctors.is_empty() || it.doctors.contains(&time.doctor));
    let Some(service) = service else {
        return Ok(Vec::new());
    };
    let range = reach(&service, time, now);
    if range.end <= range.start {
        return Ok(Vec::new());
    }
    let place = (entry.tenant, time.doctor);
    let Some(table) = Timetable::of_doctor(conn, place, range).await? else {
        return Ok(Vec::new());
    };
    let doctor = clinical_store::booking::doctor(conn, entry.tenant, time.doctor).await?;
    let zone = doctor.and_then(|it| TimeZone::get(&it.zone).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let busy = table.busy(conn, range, now).await?;
    let mut visits = Vec::new();
    for offer in offered(lengths(&service)?, table.with(&busy), &[], range)? {
        let visit = offer.visit;
        let place = (time.doctor, visit.start);
        let is_touched = time.span.overlaps(offer.occupied);
        if is_touched
            && entry
                .wish
                .suits(time.doctor, visit, hour(visit.start, &zone))
            && !clinical_store::booking::was_offered(conn, entry.id, place).await?
        {
            visits.push(visit);
        }
    }
    Ok(visits)
}

/// When a visit may begin that needs some of a freed time.
fn reach(service: &ServiceRecord, time: &FreedTime, now: Micros) -> Slot {
    let minutes = i64::from(service.length_min) + i64::from(service.after_min);
    let before = i64::from(service.before_min) * Micros::MINUTE;
    let earliest = time.span.start.plus(-minutes * Micros::MINUTE);
    Slot {
        start: earliest.max(now.plus(OFFER_LEAD_US)),
        end: time.span.end.plus(before),
    }
}

fn hour(at: Micros, zone: &TimeZone) -> i8 {
    Timestamp::from_microsecond(at.0).map_or(0, |at| zone.to_datetime(at).hour())
}

/// How often freed times are looked for.
const TICK: Duration = Duration::from_secs(5);
/// How often freed times that are over are forgotten, in rounds.
const FORGET_ROUNDS: u32 = 720;

/// Offers what becomes free, again and again, until told to stop.
pub async fn offer_until_stopped(desk: Desk, mut stop: watch::Receiver<bool>) {
    let mut round = 0_u32;
    loop {
        let mut done = offer_freed(&desk).await.map(drop);
        if done.is_ok() && round.is_multiple_of(FORGET_ROUNDS) {
            done = forget(&desk).await;
        }
        if let Err(error) = done {
            let cause: &dyn core::error::Error = &error;
            tracing::warn!(
                error = cause,
                "the waiting list waits: the store does not answer"
            );
        }
        round = round.wrapping_add(1);
        tokio::select! {
            _ = stop.wait_for(|&stopped| stopped) => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

async fn forget(desk: &Desk) -> Result<(), StoreError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    clinical_store::booking::drop_freed(&mut tx, now).await?;
    // What else is kept for a while: interviews of visitors, talks with the assistant and by short message.
    clinical_store::triage::delete_expired(&mut tx, now).await?;
    clinical_store::assistant::delete_expired(&mut tx, now).await?;
    clinical_store::captions::delete_expired(&mut tx, now).await?;
    clinical_store::sms::delete_expired(&mut tx, now).await?;
    tx.commit(AuditEntry::done(
        AuditActor::System,
        "booking.forget_freed",
        now,
    ))
    .await
}
