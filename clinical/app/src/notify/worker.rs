//! The worker that sends what is due.
//!
//! A claim is committed before a gateway is asked. Whatever stops the process in between, what was
//! claimed is never claimed again: it becomes unknown when its lease runs out, and staff see it.

use core::time::Duration;

use clinical_model::notify::{Channel, Jitter, Language, Words, retry_delay_us, split_sms};
use clinical_model::{AppointmentId, AuditActor, AuditEntry, Micros};
use clinical_store::outbox::{self, Claimed, Settlement};
use clinical_store::{StoreError, visits};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::mailroom::Mailroom;
use super::medicines::remind_due;
use super::templates::{SMS_PARTS_MAX, by_phone};
use crate::Clinic;
use crate::ports::{Accepted, GatewayCause, OutgoingMail, OutgoingSms, SendError};
use crate::results::escalate_due;

/// How long a worker may hold a claim, in microseconds: a gateway's minute, and time to write.
pub const LEASE_US: i64 = 3 * Micros::MINUTE;

/// A gateway that takes longer has lost its answer.
const GATEWAY_PATIENCE: Duration = Duration::from_secs(60);

/// How often the worker looks. A critical value waits at most this long.
const TICK: Duration = Duration::from_secs(1);

/// Why a round of the worker ended early. What was claimed in it becomes unknown.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The store failed.
    #[error("the outbox could not be read or written")]
    Store(#[from] StoreError),
    /// Sending panicked.
    #[error("sending a message panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

/// Sends what is due; answers how many messages were tried.
///
/// # Errors
/// [`WorkerError`]
pub async fn send_due(clinic: &Clinic, mailroom: &Mailroom) -> Result<usize, WorkerError> {
    let now = clinic.clock.now();
    if !outbox::is_due(&mut *clinic.db.read().await?, now).await? {
        return Ok(0);
    }
    let claim = clinic.entropy.uuid(now);
    let mut tx = clinic.db.begin().await?;
    let claimed = outbox::claim(&mut tx, claim, now, now.plus(LEASE_US)).await?;
    let entry = AuditEntry::done(AuditActor::System, "notify.claim", now).about("claim", claim);
    tx.commit(entry).await?;
    let tried = claimed.len();
    let mut sending = JoinSet::new();
    // At most `outbox::BATCH_MAX` at once, which is what a claim holds.
    for message in claimed {
        let room = mailroom.clone();
        let phone = phone_words(clinic, mailroom, &message).await;
        sending.spawn(async move {
            let answer = send(&room, &message, phone).await;
            (message, answer)
        });
    }
    while let Some(done) = sending.join_next().await {
        let (message, answer) = done.map_err(WorkerError::Panicked)?;
        settle(clinic, claim, &message, answer).await?;
    }
    Ok(tried)
}

/// The way in by telephone as it is now, for messages that say it. A message leaves without it when
/// the store does not say: that somebody hears of their appointment counts more.
async fn phone_words(clinic: &Clinic, room: &Mailroom, message: &Claimed) -> String {
    let Some(number) = room.phones.number_of(message.tenant) else {
        return String::new();
    };
    if !message.letter.by_phone {
        return String::new();
    }
    let appointment = AppointmentId::from_uuid(message.subject);
    let found = match clinic.db.read().await {
        Ok(mut conn) => visits::phone_pin(&mut conn, message.tenant, appointment).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(Some(pin)) => {
            let language = Language::from_word(&message.letter.language);
            let way = (language.unwrap_or(Language::French), message.channel);
            by_phone(way, number, &pin.grouped())
        }
        Ok(None) => String::new(),
        Err(error) => {
            let cause: &dyn core::error::Error = &error;
            tracing::warn!(error = cause, "a message leaves without its PIN");
            String::new()
        }
    }
}

async fn send(room: &Mailroom, message: &Claimed, phone: String) -> Result<Accepted, SendError> {
    let language = Language::from_word(&message.letter.language).unwrap_or(Language::French);
    let words = Words {
        clinic: message.letter.clinic.clone(),
        when: message.letter.when.clone(),
        link: format!("{}{}", room.service_url, message.letter.path),
        phone,
        text: message.letter.text.clone(),
    };
    let wording = room
        .templates
        .write((message.kind, message.channel), language, &words)
        .ok_or_else(|| SendError::Permanent(GatewayCause::from("a kind without a text")))?;
    let answer = match message.channel {
        Channel::Email => {
            let mail = OutgoingMail {
                id: message.id,
                to: message.letter.to.clone(),
                subject: wording.subject,
                body: wording.body,
            };
            tokio::time::timeout(GATEWAY_PATIENCE, room.mail.send(&mail)).await
        }
        Channel::Sms => {
            split_sms(&wording.body, SMS_PARTS_MAX)
                .map_err(|error| SendError::Permanent(GatewayCause::from(error)))?;
            let sms = OutgoingSms {
                id: message.id,
                to: message.letter.to.clone(),
                text: wording.body,
            };
            tokio::time::timeout(GATEWAY_PATIENCE, room.sms.send(&sms)).await
        }
    };
    answer.unwrap_or_else(|error| Err(SendError::AnswerLost(GatewayCause::from(error))))
}

async fn settle(
    clinic: &Clinic,
    claim: Uuid,
    message: &Claimed,
    answer: Result<Accepted, SendError>,
) -> Result<(), StoreError> {
    let now = clinic.clock.now();
    let (settlement, action) = match answer {
        Ok(accepted) => (Settlement::Sent(accepted.reference), "notify.send"),
        Err(error) => {
            let id = message.id;
            let cause: &dyn core::error::Error = &error;
            tracing::info!(message.id = %id, error = cause, "a message was not sent");
            let jitter = Jitter::from_byte(clinic.entropy.bytes::<1>()[0]);
            let settlement = match error {
                SendError::Temporary(_) => retry_delay_us(message.attempts, jitter)
                    .map_or(Settlement::Dead, |wait| Settlement::Failed(now.plus(wait))),
                SendError::Permanent(_) => Settlement::Dead,
                SendError::AnswerLost(_) => Settlement::Unknown,
            };
            (settlement, "notify.fail")
        }
    };
    let mut tx = clinic.db.begin().await?;
    outbox::settle(&mut tx, (message.id, claim), &settlement, now).await?;
    let entry = AuditEntry::done(AuditActor::System, action, now)
        .within(message.tenant)
        .about("message", message.id);
    tx.commit(entry).await
}

/// Reminds of doses, sends what is due and tells the next people of critical values that nobody
/// answered, again and again, until told to stop. A round that was begun is ended.
pub async fn run_until_stopped(
    clinic: Clinic,
    mailroom: Mailroom,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        if let Err(error) = escalate_due(&clinic).await {
            let cause: &dyn core::error::Error = &error;
            tracing::warn!(
                error = cause,
                "pages of critical values wait: the store does not answer"
            );
        }
        if let Err(error) = remind_due(&clinic).await {
            let cause: &dyn core::error::Error = &error;
            tracing::warn!(error = cause, "reminders wait: the store does not answer");
        }
        let tried = match send_due(&clinic, &mailroom).await {
            Ok(tried) => tried,
            Err(error) => {
                let cause: &dyn core::error::Error = &error;
                tracing::warn!(error = cause, "messages wait: the outbox does not answer");
                0
            }
        };
        // A full batch says that more is waiting.
        let is_full = tried == usize::try_from(outbox::BATCH_MAX).unwrap_or(usize::MAX);
        let pause = if is_full { Duration::ZERO } else { TICK };
        tokio::select! {
            _ = stop.wait_for(|&stopped| stopped) => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
