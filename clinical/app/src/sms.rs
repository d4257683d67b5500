//! Short messages of people: a check of symptoms for everybody, and the assistant for who proves who they are.
//!
//! A message is written down before the provider is told that it was taken, and answered by a worker through
//! the outbox: the talk, the answer and the end of the message are one transaction. Whoever writes is a number.
//! Nothing about a person is told to it until a birth date was named that one record with this number has.

mod answer;
mod door;
mod read;
mod words;

use core::time::Duration;

use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::text::Phone;
use clinical_model::{AuditActor, AuditEntry, Micros};
use clinical_store::StoreError;
use clinical_store::sms::{self as store, NewSms, Taken};
use tokio::sync::watch;

use crate::notify::Mailroom;
use crate::ports::NotAMessage;
use crate::triage::{TriageError, first_facility};
use crate::{Clinic, Desk};

pub use answer::{DoorError, answer_next};

/// Characters of a message that are kept: ten parts of the longest that providers carry.
const TEXT_CHARS_MAX: usize = 2_000;
/// How often the worker looks. Nobody waits longer than this for help, and for who wrote before them.
const TICK: Duration = Duration::from_millis(500);
/// Messages that are answered before it is looked whether to stop.
const ROUND_MAX: usize = 50;

/// What the door may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorLimits {
    /// Answers to one number on one day (UTC). The next one says that it was the last.
    pub answers_per_number: u32,
    /// Parts of messages to all numbers on one day (UTC). Emergencies are answered a fifth beyond it.
    pub parts_per_day: u32,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// Not from the provider, or the door is shut.
    #[error("not from the provider, or no messages are taken")]
    Unknown,
    /// Not a short message.
    #[error(transparent)]
    Malformed(#[from] NotAMessage),
    /// Too many wait to be answered: the provider sends it again.
    #[error("too many messages wait")]
    Full,
    /// The store failed.
    #[error("the message could not be stored")]
    Store(#[from] StoreError),
}

/// Takes a short message that the provider posted; a repeated one is taken and changes nothing. What comes
/// from a name instead of a number is taken and not answered.
///
/// # Errors
/// [`TakeError`]
pub async fn take_message(
    clinic: &Clinic,
    mailroom: &Mailroom,
    (secret, body): (&str, &str),
) -> Result<(), TakeError> {
    if mailroom.door().is_none() || !mailroom.is_provider(secret) {
        return Err(TakeError::Unknown);
    }
    let sms = mailroom.sms().read_incoming(body)?;
    let Some(from) = number(&sms.from) else {
        return Ok(());
    };
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let facility = first_facility(&mut tx).await.map_err(|error| match error {
        TriageError::Store(error) => TakeError::Store(error),
        _ => TakeError::Unknown,
    })?;
    let it = NewSms {
        id: clinic.entropy.uuid(now),
        tenant: facility.id,
        reference: sms.reference,
        from: from.as_str().to_owned(),
        text: sms.text.chars().take(TEXT_CHARS_MAX).collect(),
    };
    match store::receive(&mut tx, &it, now).await? {
        Taken::New => {}
        // Who writes faster than they are answered loses the rest; it is no use to repeat it.
        Taken::Before | Taken::Flooded => return Ok(()),
        Taken::Full => return Err(TakeError::Full),
    }
    let entry = AuditEntry::done(AuditActor::Nobody, "sms.receive", now)
        .within(it.tenant)
        .about("sms", it.id);
    tx.commit(entry).await?;
    Ok(())
}

/// A number as providers write it: with a plus, or what forms make of it.
fn number(from: &str) -> Option<Phone> {
    let from = from.trim();
    let with_plus = if from.starts_with('+') {
        from.to_owned()
    } else {
        format!("+{from}")
    };
    with_plus.parse().ok()
}

/// Answers messages again and again, until told to stop. A message that was begun is ended.
pub async fn answer_until_stopped(desk: Desk, mailroom: Mailroom, mut stop: watch::Receiver<bool>) {
    if mailroom.door().is_none() {
        return;
    }
    loop {
        for _ in 0..ROUND_MAX {
            match answer_next(&desk, &mailroom).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let cause: &dyn core::error::Error = &error;
                    tracing::warn!(error = cause, "short messages wait for their answer");
                    break;
                }
            }
        }
        tokio::select! {
            _ = stop.wait_for(|&stopped| stopped) => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// How long a talk is kept after its last word.
const LIFE_US: i64 = Micros::DAY;

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "sms",
    purpose: Both {
        fr: "Répondre aux SMS : orientation par un questionnaire à numéros, rendez-vous de qui a prouvé sa date de naissance. Règles fixes. N’existe que si l’établissement ouvre cette porte.",
        en: "Answer short messages: guidance by a questionnaire with numbers, visits of those who have proven their birth date. Fixed rules. Only where the facility opens this door.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Qui écrit : numéro, texte, réponses, âge et sexe. Les SMS ne sont pas chiffrés sur le réseau.",
        en: "Who writes: number, text, answers, age and sex. Short messages are not encrypted on the network.",
    },
    retention: Both {
        fr: "Le texte jusqu’à la réponse, la conversation un jour après le dernier message, le numéro sous forme d’empreinte chiffrée ; un STOP jusqu’à START.",
        en: "The text until it was answered, the talk a day after its last message, the number as a keyed hash; a STOP until START.",
    },
    recipients: Both {
        fr: "La personne ; l’accueil, quand elle transmet ; le fournisseur de SMS et le réseau.",
        en: "The person; reception, when they hand over; the SMS provider and the network.",
    },
};

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_is_read_however_a_form_left_it_and_a_name_is_none() {
        for from in ["+237699123456", "237699123456", " 237699123456"] {
            assert_eq!(number(from).unwrap().as_str(), "+237699123456");
        }
        for from in ["", "MTN", "12345", "+0", "06 99"] {
            assert_eq!(number(from), None, "{from}");
        }
    }
}
