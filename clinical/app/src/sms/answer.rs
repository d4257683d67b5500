//! Answering one message: what is read around it, what the door says, and the transaction that ends it.

use std::sync::Arc;

use clinical_assistant::{Doctor, Facts};
use clinical_model::notify::{Channel, DedupKey, Language, MessageKind, split_sms};
use clinical_model::text::{PartialDate, Phone};
use clinical_model::triage::InterviewLanguage;
use clinical_model::{
    AuditActor, AuditEntry, Micros, PatientId, Role, SessionId, TenantId, UserId, booking,
};
use clinical_redflags::flags::Patient;
use clinical_store::outbox::{self, Letter, NewMessage};
use clinical_store::sms::{self as store, Counts, HeldSms, KeptSmsTalk, SmsWriteError, Spent};
use clinical_store::{Conn, StoreError, identity, patients, tenants};
use clinical_triage::Engine;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::door::{Door, Then, World};
use super::words::{self, Around};
use super::{DoorLimits, LIFE_US};
use crate::assistant::{self, AssistantError};
use crate::notify::{Mailroom, SMS_PARTS_MAX};
use crate::triage::{self, Numbers, TriageError};
use crate::{Actor, Desk};

/// How long a worker may hold a message, in microseconds.
const LEASE_US: i64 = Micros::MINUTE;
/// Tries before it is said that it cannot be answered.
const ATTEMPTS_MAX: u32 = 3;
/// Things that one message may have done or looked up.
const STEPS_MAX: usize = 6;
/// Wrong birth dates of one number on one day; the next ones are answered alike and not looked at.
const TRIES_MAX: u32 = 3;
/// Answers about an emergency beyond what a number may have on a day.
const EMERGENCY_ANSWERS: u32 = 10;

/// Why a message was not answered; it stays and is tried again.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The store failed.
    #[error("a short message could not be read or answered")]
    Store(#[from] StoreError),
    /// The facility is gone.
    #[error("the facility of a short message is gone")]
    NoFacility,
}

impl From<AssistantError> for DoorError {
    fn from(error: AssistantError) -> Self {
        match error {
            AssistantError::Store(error) => Self::Store(error),
            other => Self::Store(StoreError::corrupt("sms_talks.talk_sealed", other)),
        }
    }
}

/// Answers the oldest message that waits; false when none does.
///
/// # Errors
/// [`DoorError`]
pub async fn answer_next(desk: &Desk, mailroom: &Mailroom) -> Result<bool, DoorError> {
    let Some(limits) = mailroom.door() else {
        return Ok(false);
    };
    let now = desk.now();
    if !store::is_waiting(&mut *desk.db().read().await?, now).await? {
        return Ok(false);
    }
    let mut tx = desk.db().begin().await?;
    let Some(held) = store::hold(&mut tx, now, now.plus(LEASE_US)).await? else {
        return Ok(false);
    };
    let entry = AuditEntry::done(AuditActor::System, "sms.hold", now)
        .within(held.tenant)
        .about("sms", held.id);
    tx.commit(entry).await?;
    let mut turn = Turn::open(desk, mailroom, held, now).await?;
    let then = turn.worked().await?;
    match turn.finish(then, limits).await {
        Ok(()) => Ok(true),
        Err(SmsWriteError::Store(error)) => Err(error.into()),
        // Another worker was faster, or held it after us: theirs counts.
        Err(SmsWriteError::Changed) => {
            tracing::info!("a short message was answered elsewhere");
            Ok(true)
        }
    }
}

/// What is read around a message, so that the machine can work away from other tasks.
#[derive(Clone)]
struct Surroundings {
    clinic: String,
    numbers: Numbers,
    url: Arc<str>,
    now: Micros,
    local: DateTime,
    doctors: Vec<Doctor>,
    patient: Patient,
    engine: Option<Arc<Engine>>,
    stopped: bool,
}

impl Surroundings {
    fn around(&self, language: InterviewLanguage) -> Around<'_> {
        Around {
            language,
            clinic: &self.clinic,
            numbers: &self.numbers,
            url: &self.url,
        }
    }

    fn world(&self) -> World<'_> {
        World {
            around: self.around(InterviewLanguage::French),
            now: self.now,
            local: self.local,
            doctors: &self.doctors,
            patient: &self.patient,
            engine: self.engine.as_deref(),
            stopped: self.stopped,
        }
    }
}

struct Turn<'a> {
    desk: &'a Desk,
    held: HeldSms,
    door: Door,
    /// Id and version of the talk as it was read.
    kept: Option<(Uuid, u32)>,
    counts: Counts,
    wrong: u32,
    surroundings: Surroundings,
    zone: TimeZone,
    booked_with: Vec<booking::Doctor>,
}

impl<'a> Turn<'a> {
    async fn open(
        desk: &'a Desk,
        mailroom: &Mailroom,
        held: HeldSms,
        now: Micros,
    ) -> Result<Self, DoorError> {
        let mut conn = desk.db().read().await?;
        let facility = tenants::find(&mut conn, held.tenant).await?;
        let facility = facility.ok_or(DoorError::NoFacility)?;
        let of = (held.tenant, &held.sender);
        let kept = store::talk_of(&mut conn, of, now).await?;
        // One that an older program wrote begins anew.
        let door = kept
            .as_ref()
            .and_then(|it| serde_json::from_str::<Door>(&it.text).ok());
        let door = door.unwrap_or_default();
        let booked_with = clinical_store::booking::doctors(&mut conn, held.tenant).await?;
        let zone = TimeZone::get(&facility.zone).unwrap_or(TimeZone::UTC);
        let local = Timestamp::from_microsecond(now.0)
            .map_or(DateTime::MIN, |stamp| zone.to_datetime(stamp));
        let surroundings = Surroundings {
            clinic: facility.name,
            numbers: triage::numbers_of(&mut conn, held.tenant).await?,
            url: mailroom.url(),
            now,
            local,
            doctors: assistant::known_doctors(&booked_with),
            patient: Patient::default(),
            engine: triage::shipped_engine(),
            stopped: store::is_stopped(&mut conn, held.tenant, &held.from).await?,
        };
        let counts = store::counts(&mut conn, of, now).await?;
        drop(conn);
        let mut turn = Self {
            desk,
            kept: kept.map(|it| (it.id, it.version)),
            held,
            door,
            counts,
            wrong: 0,
            surroundings,
            zone,
            booked_with,
        };
        if let Some(known) = turn.door.known(now) {
            turn.meet(known.user, known.patient).await?;
        }
        Ok(turn)
    }

    /// What the record says of who is known. An account that is gone meanwhile is nobody's.
    async fn meet(&mut self, user: UserId, patient: PatientId) -> Result<(), DoorError> {
        let mut conn = self.desk.db().read().await?;
        if account(&mut conn, self.held.tenant, patient).await? != Some(user) {
            self.door.forget_known();
            return Ok(());
        }
        let actor = self.actor((user, patient));
        match triage::person(&mut conn, (&actor, self.surroundings.now), patient).await {
            Ok(person) => self.surroundings.patient = person,
            Err(TriageError::Store(error)) => return Err(error.into()),
            Err(_) => self.door.forget_known(),
        }
        Ok(())
    }

    /// The person, as who they are to the clinic. There is no sign-in, so there is no session to prove
    /// anything with.
    fn actor(&self, (user, patient): (UserId, PatientId)) -> Actor {
        Actor {
            user,
            tenant: self.held.tenant,
            patient: Some(patient),
            role: Role::Patient,
            session: SessionId::from_uuid(Uuid::nil()),
            once: None,
        }
    }

    /// Lets the machine work where it holds nobody up. One that panics has not understood.
    async fn step(
        &mut self,
        work: impl FnOnce(&mut Door, &World<'_>) -> Then + Send + 'static,
    ) -> Option<Then> {
        let mut door = self.door.clone();
        let surroundings = self.surroundings.clone();
        let worked = spawn_blocking(move || {
            let then = work(&mut door, &surroundings.world());
            (door, then)
        });
        let Ok((door, then)) = worked.await else {
            tracing::error!("a short message could not be understood: a person must answer");
            return None;
        };
        self.door = door;
        Some(then)
    }

    /// What the door comes to; none when it failed.
    async fn worked(&mut self) -> Result<Option<Then>, DoorError> {
        if self.held.attempts > ATTEMPTS_MAX {
            return Ok(None);
        }
        let text = self.held.text.clone();
        let mut then = self.step(move |door, world| door.hear(&text, world)).await;
        for _ in 0..STEPS_MAX {
            then = match then {
                Some(Then::Prove(birth)) => {
                    let found = self.prove(&birth).await?;
                    match found {
                        Some((user, patient)) => self.meet(user, patient).await?,
                        None => self.wrong = 1,
                    }
                    self.step(move |door, world| door.proved(found, world))
                        .await
                }
                Some(Then::Carry(effect)) => {
                    let Some(known) = self.door.known(self.surroundings.now) else {
                        return Ok(None);
                    };
                    let actor = self.actor((known.user, known.patient));
                    let around = assistant::Elsewhere {
                        zone: self.zone.clone(),
                        now: self.surroundings.now,
                        facts: self.facts(),
                        doctors: &self.booked_with,
                    };
                    let talk = self.door.talk();
                    let carried =
                        assistant::carry_out(self.desk, actor, around, effect, talk).await?;
                    self.step(move |door, world| door.carried(carried, world))
                        .await
                }
                other => return Ok(other),
            };
        }
        Ok(None)
    }

    fn facts(&self) -> Facts<'_> {
        let numbers = &self.surroundings.numbers;
        Facts {
            language: match self.door.language() {
                InterviewLanguage::English => clinical_assistant::Language::English,
                InterviewLanguage::French => clinical_assistant::Language::French,
            },
            ambulance: numbers.ambulance,
            clinic: numbers.clinic.as_ref().map(Phone::as_str),
        }
    }

    /// The one person with this number and this whole birth date who has an account and wants short
    /// messages. Two of them are nobody.
    async fn prove(&self, birth: &PartialDate) -> Result<Option<(UserId, PatientId)>, DoorError> {
        if self.counts.tries >= TRIES_MAX {
            return Ok(None);
        }
        let tenant = self.held.tenant;
        let mut conn = self.desk.db().read().await?;
        let mut born = Vec::new();
        for id in patients::look_up(&mut conn, tenant, ("phone", &self.held.from)).await? {
            let record = patients::record(&mut conn, tenant, id).await?;
            if record.is_some_and(|it| it.demographics.birth.as_ref() == Some(birth)) {
                born.push(id);
            }
        }
        let [only] = born.as_slice() else {
            return Ok(None);
        };
        let user = account(&mut conn, tenant, *only).await?;
        Ok(user.map(|user| (user, *only)))
    }

    /// What goes out of what is to be said, within what may be spent.
    fn allowed(&self, text: Option<String>, limits: DoorLimits) -> Option<(String, u32)> {
        let text = text?;
        let parts = |text: &str| {
            let cut = split_sms(text, SMS_PARTS_MAX).map(|it| it.parts.len());
            cut.map_or(u32::MAX, |it| u32::try_from(it).unwrap_or(u32::MAX))
        };
        let spent = self.counts.parts_of_all;
        let cap = limits.parts_per_day;
        let answers = self.counts.answers;
        let per_number = limits.answers_per_number;
        let cost = parts(&text);
        if self.door.is_emergency() {
            let reserve = cap.saturating_add(cap / 5);
            let may = answers < per_number.saturating_add(EMERGENCY_ANSWERS)
                && spent.saturating_add(cost) <= reserve;
            return may.then_some((text, cost));
        }
        if spent.saturating_add(cost) > cap {
            tracing::warn!(parts = spent, "short messages cost what they may today");
            return None;
        }
        match answers.cmp(&per_number) {
            core::cmp::Ordering::Less => Some((text, cost)),
            core::cmp::Ordering::Equal => {
                let text = words::enough(&self.surroundings.around(self.door.language()));
                let cost = parts(&text);
                Some((text, cost))
            }
            core::cmp::Ordering::Greater => None,
        }
    }

    /// Writes down where the talk stands, queues the answer and ends the message.
    async fn finish(self, then: Option<Then>, limits: DoorLimits) -> Result<(), SmsWriteError> {
        let now = self.surroundings.now;
        let around = self.surroundings.around(self.door.language());
        let (said, action) = match &then {
            None | Some(Then::Prove(_) | Then::Carry(_)) => {
                (Some(words::failed(&around)), "sms.fail")
            }
            Some(Then::Say(text)) => (Some(text.clone()), "sms.answer"),
            Some(Then::Stop(text)) => (Some(text.clone()), "sms.stop"),
            Some(Then::Start(text)) => (Some(text.clone()), "sms.start"),
            Some(Then::Silent) => (None, "sms.silent"),
        };
        let answer = self.allowed(said, limits);
        let (id, version) = match self.kept {
            Some((id, version)) => (id, version.saturating_add(1)),
            None => (self.desk.clinic().entropy.uuid(now), 1),
        };
        let of = (self.held.tenant, &self.held.sender);
        let mut tx = self.desk.db().begin().await?;
        let text = serde_json::to_string(&self.door)
            .map_err(|error| StoreError::corrupt("sms_talks.talk_sealed", error))?;
        let kept = KeptSmsTalk {
            id,
            text,
            expires: now.plus(LIFE_US),
            version,
        };
        store::put_talk(&mut tx, of, &kept, now).await?;
        match then {
            Some(Then::Stop(_)) => store::stop(&mut tx, of, now).await?,
            Some(Then::Start(_)) => store::start(&mut tx, of).await?,
            _ => {}
        }
        let mut spent = Spent {
            tries: self.wrong,
            ..Spent::default()
        };
        let action = match (&answer, action) {
            (None, _) => "sms.silent",
            (Some(_), action) => action,
        };
        if let Some((text, parts)) = answer {
            spent.answers = 1;
            spent.parts = parts;
            let letter = self.letter(text, (id, now));
            outbox::enqueue(&mut tx, &letter, now).await?;
        }
        store::count(&mut tx, of, spent, now).await?;
        store::finish(&mut tx, &self.held).await?;
        let (actor, grant) = match self.door.known(now) {
            Some(known) => (AuditActor::User(known.user), "number_and_birth_date"),
            None => (AuditActor::Nobody, "number"),
        };
        let entry = AuditEntry::done(actor, action, now)
            .within(self.held.tenant)
            .about("sms", self.held.id)
            .under(grant);
        tx.commit(entry).await?;
        Ok(())
    }

    fn letter(&self, text: String, (talk, now): (Uuid, Micros)) -> NewMessage {
        let language = match self.door.language() {
            InterviewLanguage::English => Language::English,
            InterviewLanguage::French => Language::French,
        };
        NewMessage {
            id: self.desk.clinic().entropy.uuid(now),
            tenant: self.held.tenant,
            key: DedupKey::new(
                MessageKind::Answer,
                talk,
                self.held.id,
                0,
                (Channel::Sms, 1),
            ),
            kind: MessageKind::Answer,
            channel: Channel::Sms,
            recipient: talk,
            subject: self.held.id,
            letter: Letter {
                to: self.held.from.clone(),
                language: language.as_str().to_owned(),
                clinic: self.surroundings.clinic.clone(),
                when: String::new(),
                path: String::new(),
                by_phone: false,
                text,
            },
            due: now,
            // An answer to a question of yesterday confuses.
            expires: Some(now.plus(LIFE_US)),
            suppressed: None,
        }
    }
}

/// The account of a patient that is theirs, works, and takes short messages.
async fn account(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
) -> Result<Option<UserId>, StoreError> {
    let Some(user) = outbox::account_of(conn, tenant, patient).await? else {
        return Ok(None);
    };
    let account = identity::account(conn, user).await?;
    let is_theirs = account.is_some_and(|it| {
        it.tenant == tenant
            && !it.disabled
            && it.patient == Some(patient)
            && it.position.role() == Role::Patient
    });
    let chosen = outbox::settings(conn, user).await?;
    let wants = chosen.is_none_or(|it| it.sms);
    Ok((is_theirs && wants).then_some(user))
}
