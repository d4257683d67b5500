//! Putting a message for a person into the outbox.

use clinical_model::notify::{
    Channel, DedupKey, Language, MessageKind, SuppressedFor, local_time_words,
};
use clinical_model::{Email, Micros, PatientId, Position, Role, TenantId, UserId};
use clinical_store::outbox::{self, Letter, NewMessage};
use clinical_store::{Conn, StoreError, Tx, identity, patients, tenants};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::Clinic;

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressee {
    /// Somebody with an account.
    Account(UserId),
    /// A patient: their account, or what the record says where they have none.
    Patient(PatientId),
}

/// Something to tell somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// What it is about, as a kind.
    pub kind: MessageKind,
    /// The facility it comes from.
    pub tenant: TenantId,
    /// Who is told.
    pub to: Addressee,
    /// What it is about, as a thing.
    pub subject: Uuid,
    /// The version of the thing.
    pub version: i64,
    /// Tells several messages of one kind about one version apart.
    pub window: i64,
    /// A moment that the message names.
    pub moment: Option<Micros>,
    /// When to send it.
    pub due: Micros,
    /// After this it is not sent any more.
    pub expires: Option<Micros>,
    /// Page to read more on, below the address of the service.
    pub path: &'static str,
    /// It says how to take part by telephone; `subject` is the appointment.
    pub by_phone: bool,
}

impl Notice {
    /// A notice of version 1 without a moment, to be sent at once.
    #[must_use]
    pub const fn now(
        (kind, tenant): (MessageKind, TenantId),
        to: Addressee,
        subject: Uuid,
        now: Micros,
        path: &'static str,
    ) -> Self {
        Self {
            kind,
            tenant,
            to,
            subject,
            version: 1,
            window: 0,
            moment: None,
            due: now,
            expires: None,
            path,
            by_phone: false,
        }
    }
}

/// How a person is reached.
struct Contact {
    recipient: Uuid,
    email: Option<String>,
    phone: Option<String>,
    language: Language,
    zone: TimeZone,
    wants_email: bool,
    wants_sms: bool,
    clinic: String,
}

impl Contact {
    fn address(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Email => self.email.as_deref(),
            Channel::Sms => self.phone.as_deref(),
        }
    }

    const fn wants(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.wants_email,
            Channel::Sms => self.wants_sms,
        }
    }
}

/// Queues a message on every channel on which the person can be reached. What they declined is
/// written down as suppressed, so that staff see why nothing came. Answers how many are to be sent.
///
/// # Errors
/// The store failed.
pub async fn tell(
    tx: &mut Tx,
    clinic: &Clinic,
    notice: &Notice,
    now: Micros,
) -> Result<usize, StoreError> {
    tell_on(tx, clinic, notice, &Channel::ALL, now).await
}

/// As [`tell`], on some channels.
pub(super) async fn tell_on(
    tx: &mut Tx,
    clinic: &Clinic,
    notice: &Notice,
    channels: &[Channel],
    now: Micros,
) -> Result<usize, StoreError> {
    let Some(contact) = contact(tx, notice.tenant, notice.to).await? else {
        return Ok(0);
    };
    let mut queued = 0;
    for &channel in channels {
        let Some(address) = contact.address(channel) else {
            continue;
        };
        let declined = notice.kind.may_be_declined()
            && (!contact.wants(channel)
                || channel == Channel::Sms
                    && clinical_store::sms::is_stopped(tx, notice.tenant, address).await?);
        let is_late = notice.expires.is_some_and(|at| at <= now);
        let suppressed = if declined {
            Some(SuppressedFor::OptedOut)
        } else {
            is_late.then_some(SuppressedFor::TooLate)
        };
        let message = NewMessage {
            id: clinic.entropy.uuid(now),
            tenant: notice.tenant,
            key: DedupKey::new(
                notice.kind,
                contact.recipient,
                notice.subject,
                notice.window,
                (channel, notice.version),
            ),
            kind: notice.kind,
            channel,
            recipient: contact.recipient,
            subject: notice.subject,
            letter: Letter {
                to: address.to_owned(),
                language: contact.language.as_str().to_owned(),
                clinic: contact.clinic.clone(),
                when: notice.moment.map_or_else(String::new, |at| {
                    local_time_words(at, &contact.zone, contact.language)
                }),
                path: notice.path.to_owned(),
                by_phone: notice.by_phone,
                text: String::new(),
            },
            due: notice.due,
            expires: notice.expires,
            suppressed,
        };
        let is_new = outbox::enqueue(tx, &message, now).await?;
        queued += usize::from(is_new && suppressed.is_none());
    }
    Ok(queued)
}

/// Tells every administrator of a facility; `notice` addresses one of them.
pub(crate) async fn tell_admins(
    tx: &mut Tx,
    clinic: &Clinic,
    (tenant, now): (TenantId, Micros),
    notice: impl Fn(Addressee) -> Notice,
) -> Result<(), StoreError> {
    for person in clinical_store::people::staff(tx, tenant).await? {
        let account = &person.account;
        if account.position.role() == Role::Admin && !account.disabled {
            tell(tx, clinic, &notice(Addressee::Account(account.id)), now).await?;
        }
    }
    Ok(())
}

/// The place whose clock a patient lives by: the one they chose, or that of the facility.
///
/// # Errors
/// The store failed.
pub(crate) async fn zone_of(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
) -> Result<TimeZone, StoreError> {
    let chosen = match outbox::account_of(conn, tenant, patient).await? {
        Some(user) => outbox::settings(conn, user).await?,
        None => None,
    };
    let zone = match chosen.and_then(|it| it.zone) {
        Some(zone) => Some(zone),
        None => tenants::find(conn, tenant).await?.map(|it| it.zone),
    };
    let known = zone.and_then(|zone| TimeZone::get(&zone).ok());
    Ok(known.unwrap_or(TimeZone::UTC))
}

/// The telephone of a patient and the language they are spoken to in, if there is one.
pub(crate) async fn telephone_of(
    tx: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
) -> Result<Option<(String, Language)>, StoreError> {
    let found = contact(tx, tenant, Addressee::Patient(patient)).await?;
    Ok(found.and_then(|it| Some((it.phone?, it.language))))
}

async fn contact(
    tx: &mut Conn,
    tenant: TenantId,
    to: Addressee,
) -> Result<Option<Contact>, StoreError> {
    let Some(facility) = tenants::find(tx, tenant).await? else {
        return Ok(None);
    };
    let (account, patient) = match to {
        Addressee::Account(id) => (identity::account(tx, id).await?, None),
        Addressee::Patient(id) => {
            let account = match outbox::account_of(tx, tenant, id).await? {
                Some(user) => identity::account(tx, user).await?,
                None => None,
            };
            (account, Some(id))
        }
    };
    let account = account.filter(|it| it.tenant == tenant && !it.disabled);
    let patient = patient.or(account.as_ref().and_then(|it| it.patient));
    let record = match patient {
        Some(id) => patients::record(tx, tenant, id).await?,
        None => None,
    };
    let recipient = match (&account, &record) {
        (Some(account), _) => account.id.as_uuid(),
        (None, Some(record)) => record.id.as_uuid(),
        (None, None) => return Ok(None),
    };
    let chosen = match &account {
        Some(account) => outbox::settings(tx, account.id).await?,
        None => None,
    };
    let who = record.map(|it| it.demographics);
    let spoken = who
        .as_ref()
        .and_then(|it| it.language.as_ref())
        .and_then(|tag| Language::from_word(tag.as_str().split('-').next()?));
    let email = account
        .as_ref()
        .map(|it| Email::as_str(&it.email).to_owned())
        .or_else(|| Some(who.as_ref()?.email.as_ref()?.as_str().to_owned()));
    let phone = chosen
        .as_ref()
        .and_then(|it| it.phone.as_ref())
        .or_else(|| who.as_ref()?.phones.first())
        .map(|it| it.as_str().to_owned());
    let kept = account.as_ref().and_then(|it| match &it.position {
        Position::Doctor(profile) => Some(profile.zone.clone()),
        Position::Other(_) => None,
    });
    let zone = chosen
        .as_ref()
        .and_then(|it| it.zone.clone())
        .or(kept)
        .unwrap_or(facility.zone);
    Ok(Some(Contact {
        recipient,
        email,
        phone,
        // French is the first language of the house.
        language: chosen
            .as_ref()
            .map(|it| it.language)
            .or(spoken)
            .unwrap_or(Language::French),
        zone: TimeZone::get(&zone).unwrap_or(TimeZone::UTC),
        wants_email: chosen.as_ref().is_none_or(|it| it.email),
        wants_sms: chosen.as_ref().is_none_or(|it| it.sms),
        clinic: facility.name,
    }))
}
