//! What people do with messages: look where they stand, choose how to be told, send one.

use clinical_model::notify::{Channel, DeliveryStage, MessageKind};
use clinical_model::{AppointmentId, AuditActor, AuditEntry, Micros, PatientId, Role};
use clinical_store::outbox::{self, Delivery, NotifySettings, SettingsWriteError};
use clinical_store::{StoreError, booking, prescriptions};
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::mailroom::Mailroom;
use super::tell::{Addressee, Notice, tell_on};
use crate::ports::ReportedOutcome;
use crate::{Access, AccessDenied, Actor, Clinic};

/// A person who is sent the same text twice within this time was meant once, in microseconds.
const SAME_SMS_US: i64 = 10 * Micros::MINUTE;

/// Most messages in one answer of [`deliveries`]: a page that is longer is not read.
pub const DELIVERIES_MAX: usize = 50;
const _: () = assert!(DELIVERIES_MAX == outbox::BATCH_MAX as usize);

/// Why deliveries are not shown.
#[derive(Debug, thiserror::Error)]
pub enum DeliveriesError {
    /// Not for this role.
    #[error("this role does not see deliveries")]
    Forbidden,
    /// The store failed.
    #[error("the deliveries could not be read")]
    Store(#[from] StoreError),
}

/// Where the messages of the facility stand, newest first.
///
/// # Errors
/// [`DeliveriesError`]
pub async fn deliveries(
    clinic: &Clinic,
    actor: &Actor,
    stage: Option<DeliveryStage>,
    before: Option<(Micros, Uuid)>,
) -> Result<Vec<Delivery>, DeliveriesError> {
    if !matches!(actor.role, Role::Admin | Role::Nurse) {
        return Err(DeliveriesError::Forbidden);
    }
    let mut conn = clinic.db.read().await?;
    Ok(outbox::list(&mut conn, actor.tenant, stage, before).await?)
}

/// Why settings were not read or written.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No such time zone.
    #[error("no such time zone")]
    Zone,
    /// They have changed since they were read.
    #[error("the settings have changed since they were read")]
    Changed,
    /// The store failed.
    #[error("the settings could not be read or written")]
    Store(#[from] StoreError),
}

/// How the person wants to be told; none when they never said.
///
/// # Errors
/// The store failed.
pub async fn settings(
    clinic: &Clinic,
    actor: &Actor,
) -> Result<Option<NotifySettings>, StoreError> {
    outbox::settings(&mut *clinic.db.read().await?, actor.user).await
}

/// Writes how the person wants to be told; answers the new version.
///
/// # Errors
/// [`SettingsError`]
pub async fn put_settings(
    clinic: &Clinic,
    actor: &Actor,
    settings: &NotifySettings,
) -> Result<u32, SettingsError> {
    let is_known = |zone: &String| TimeZone::get(zone).is_ok();
    if !settings.zone.as_ref().is_none_or(is_known) {
        return Err(SettingsError::Zone);
    }
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let version = outbox::put_settings(&mut tx, (actor.tenant, actor.user), settings)
        .await
        .map_err(|error| match error {
            SettingsWriteError::Changed => SettingsError::Changed,
            SettingsWriteError::Store(error) => SettingsError::Store(error),
        })?;
    // In another zone the next dose is due at another instant.
    prescriptions::look_again_for(&mut tx, actor.user, now).await?;
    let entry = actor
        .did("notify.settings", now)
        .about("user", actor.user.as_uuid())
        .at_version(version);
    tx.commit(entry).await?;
    Ok(version)
}

/// The texts that somebody may send by hand. There is no free text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsTemplate {
    /// An appointment is coming.
    AppointmentReminder(AppointmentId),
    /// A message waits in the service.
    MessageWaiting,
    /// A document waits in the service.
    DocumentWaiting,
}

/// Send one of the texts to a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmsCommand {
    /// To whom.
    pub patient: PatientId,
    /// Which text.
    pub template: SmsTemplate,
}

/// Why nothing was queued.
#[derive(Debug, thiserror::Error)]
pub enum SmsError {
    /// There is no such patient or appointment, or they may not know of it.
    #[error("no such patient or appointment")]
    NotFound,
    /// The appointment is over or was cancelled.
    #[error("the appointment is over")]
    Over,
    /// The patient has no number, does not want to be told this way, or was just told.
    #[error("nothing was queued")]
    Unreachable,
    /// The store failed.
    #[error("the message could not be queued")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for SmsError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

/// Queues a short message to a patient whom the actor may see.
///
/// # Errors
/// [`SmsError`]
pub async fn send_sms(clinic: &Clinic, actor: &Actor, command: SmsCommand) -> Result<(), SmsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, command.patient, now).await?;
    let to = Addressee::Patient(command.patient);
    let own = command.patient.as_uuid();
    let window = now.0.div_euclid(SAME_SMS_US);
    let at_once = |kind, subject| Notice {
        window,
        ..Notice::now((kind, actor.tenant), to, subject, now, "/")
    };
    let notice = match command.template {
        SmsTemplate::MessageWaiting => at_once(MessageKind::NewMessage, own),
        SmsTemplate::DocumentWaiting => at_once(MessageKind::ResultAvailable, own),
        SmsTemplate::AppointmentReminder(id) => {
            let found = booking::find(&mut tx, id).await?.map(|it| it.appointment);
            let appointment = found
                .filter(|it| it.tenant == actor.tenant && it.patient == command.patient)
                .ok_or(SmsError::NotFound)?;
            if appointment.slot.start <= now || appointment.state.stage() != BOOKED {
                return Err(SmsError::Over);
            }
            Notice {
                moment: Some(appointment.slot.start),
                version: i64::from(appointment.version),
                expires: Some(appointment.slot.start),
                ..at_once(MessageKind::AppointmentInADay, id.as_uuid())
            }
        }
    };
    if tell_on(&mut tx, clinic, &notice, &[Channel::Sms], now).await? == 0 {
        return Err(SmsError::Unreachable);
    }
    tx.commit(access.entry(actor, "notify.sms")).await?;
    Ok(())
}

const BOOKED: clinical_model::booking::AppointmentStage =
    clinical_model::booking::AppointmentStage::Booked;

/// Why a delivery report was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Not from the provider.
    #[error("not from the provider")]
    Unknown,
    /// Not a delivery report.
    #[error("not a delivery report")]
    Malformed(#[from] crate::ports::NotAReport),
    /// The store failed.
    #[error("the report could not be stored")]
    Store(#[from] StoreError),
}

/// Takes what the provider of short messages reports. A report about a message that nobody knows is
/// taken and changes nothing, because the provider would send it again and again.
///
/// # Errors
/// [`ReportError`]
pub async fn take_report(
    clinic: &Clinic,
    mailroom: &Mailroom,
    secret: &str,
    body: &str,
) -> Result<(), ReportError> {
    if !mailroom.is_provider(secret) {
        return Err(ReportError::Unknown);
    }
    let report = mailroom.sms.read_report(body)?;
    let delivered = match report.outcome {
        ReportedOutcome::Underway => return Ok(()),
        ReportedOutcome::Delivered => true,
        ReportedOutcome::Undeliverable => false,
    };
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let found = outbox::report(&mut tx, &report.reference, delivered, now).await?;
    if let Some((tenant, id)) = found {
        let entry = AuditEntry::done(AuditActor::System, "notify.report", now)
            .within(tenant)
            .about("message", id);
        tx.commit(entry).await?;
    }
    Ok(())
}
