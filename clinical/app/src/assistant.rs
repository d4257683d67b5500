//! The assistant: talks of signed-in patients. What it does, it does through the use cases of others, as
//! the person who talks: nothing that they may not do themselves.
//!
//! The dialogue is `clinical-assistant`, which does nothing itself. A talk is a sealed row that is deleted
//! a day after its last word.

mod carry;

use clinical_assistant::{
    Classifier, Effect, Facts, Input, Language, Level, Line, Outcome, Talk, World, answer, hear,
    label, said,
};
pub use clinical_assistant::{Kind, Said};
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::text::Phone;
use clinical_model::triage::InterviewLanguage;
use clinical_model::{Micros, PatientId, Role};
use clinical_store::StoreError;
use clinical_store::assistant::{self as store, KeptTalk, TalkWriteError};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::task::spawn_blocking;

use crate::access::{Access, AccessDenied};
use crate::triage::{self, TriageError};
use crate::{Actor, Desk};

/// How long a talk is kept after its last word.
const LIFE_US: i64 = Micros::DAY;
/// Longest text that is taken, in characters. What is longer than the machine reads is answered, not kept.
pub const TEXT_CHARS_MAX: usize = 20_000;
/// Things that one message may have done or looked up.
const STEPS_MAX: usize = 4;

/// How somebody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The language of texts.
    pub language: InterviewLanguage,
    /// IANA zone of the reader's clock.
    pub zone: String,
}

/// What somebody does.
#[derive(Clone, PartialEq, Eq)]
pub enum Act {
    /// Writes.
    Say(String),
    /// Takes a choice, counted from 0, of a talk of so many lines.
    Choose {
        /// Which.
        number: u32,
        /// How many lines they have seen.
        seen: u32,
    },
}

impl core::fmt::Debug for Act {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Act(..)")
    }
}

/// A line of a talk as it is shown.
#[derive(Clone, PartialEq, Eq)]
pub enum ShownLine {
    /// What they wrote or chose.
    Mine(String),
    /// What the assistant said.
    Said(Vec<Said>),
}

impl core::fmt::Debug for ShownLine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ShownLine(..)")
    }
}

/// A talk as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownTalk {
    /// Oldest first.
    pub lines: Vec<ShownLine>,
    /// What may be chosen now.
    pub choices: Vec<String>,
    /// How many lines there ever were.
    pub count: u32,
    /// A red flag: help now.
    pub emergency: bool,
}

/// Why nothing was said.
#[derive(Debug, thiserror::Error)]
pub enum AssistantError {
    /// There is no such record.
    #[error("no such record")]
    NotFound,
    /// Only patients talk with the assistant.
    #[error("only patients talk with the assistant")]
    Forbidden,
    /// A value is not acceptable; which one.
    #[error("{0} is not acceptable")]
    Invalid(&'static str),
    /// The talk has gone on since it was read.
    #[error("the talk has changed since it was read")]
    Changed,
    /// The store failed.
    #[error("the talk could not be read or written")]
    Store(#[from] StoreError),
}

impl From<TalkWriteError> for AssistantError {
    fn from(error: TalkWriteError) -> Self {
        match error {
            TalkWriteError::Changed => Self::Changed,
            TalkWriteError::Store(error) => Self::Store(error),
        }
    }
}

impl From<AccessDenied> for AssistantError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<TriageError> for AssistantError {
    fn from(error: TriageError) -> Self {
        match error {
            TriageError::Store(error) => Self::Store(error),
            _ => Self::NotFound,
        }
    }
}

/// What stands around an effect of a talk that goes on elsewhere.
pub(crate) struct Elsewhere<'a> {
    /// The clock of whoever talks.
    pub(crate) zone: TimeZone,
    /// Now.
    pub(crate) now: Micros,
    /// The language, and whom to call.
    pub(crate) facts: Facts<'a>,
    /// Everybody who can be booked.
    pub(crate) doctors: &'a [clinical_model::booking::Doctor],
}

/// Carries out an effect of a talk that goes on elsewhere, with the rights of the actor.
///
/// # Errors
/// [`AssistantError`]
pub(crate) async fn carry_out(
    desk: &Desk,
    actor: Actor,
    around: Elsewhere<'_>,
    effect: Effect,
    talk: &Talk,
) -> Result<Outcome, AssistantError> {
    let around = carry::Around {
        desk,
        actor,
        zone: around.zone,
        now: around.now,
        facts: around.facts,
        doctors: around.doctors,
    };
    around.carry(effect, talk).await
}

/// Doctors as the dialogue knows them.
pub(crate) fn known_doctors(
    all: &[clinical_model::booking::Doctor],
) -> Vec<clinical_assistant::Doctor> {
    carry::doctors(all)
}

/// Learns the phrases, which otherwise happens with the first message.
pub fn warm() {
    let _ = Classifier::shipped();
}

/// The patient who talks.
fn own(actor: &Actor) -> Result<PatientId, AssistantError> {
    match (actor.role, actor.patient) {
        (Role::Patient, Some(patient)) => Ok(patient),
        _ => Err(AssistantError::Forbidden),
    }
}

const fn language(it: InterviewLanguage) -> Language {
    match it {
        InterviewLanguage::English => Language::English,
        InterviewLanguage::French => Language::French,
    }
}

fn shown(talk: &Talk, facts: &Facts<'_>) -> ShownTalk {
    let lines = talk.lines.iter().map(|line| match line {
        Line::Words(words) => ShownLine::Mine(words.clone()),
        Line::Chose(choice) => ShownLine::Mine(label(choice, facts.language)),
        Line::Said(says) => ShownLine::Said(says.iter().map(|it| said(it, facts)).collect()),
    });
    ShownTalk {
        lines: lines.collect(),
        choices: talk
            .choices
            .iter()
            .map(|it| label(it, facts.language))
            .collect(),
        count: talk.count,
        emergency: talk.level == Level::Emergency,
    }
}

/// The talk that is kept, with its version; a new one when none is.
fn opened(kept: Option<KeptTalk>) -> (Talk, u32) {
    let Some(kept) = kept else {
        return (Talk::begin(), 0);
    };
    // One that an older program wrote begins anew.
    serde_json::from_str(&kept.text).map_or_else(
        |_| (Talk::begin(), kept.version),
        |talk| (talk, kept.version),
    )
}

/// The actor's talk as it stands; the first words of the assistant when there is none.
///
/// # Errors
/// [`AssistantError`]
pub async fn read(
    desk: &Desk,
    actor: &Actor,
    reading: InterviewLanguage,
) -> Result<ShownTalk, AssistantError> {
    own(actor)?;
    let now = desk.now();
    let mut conn = desk.db().read().await?;
    let kept = store::talk_of(&mut conn, (actor.tenant, actor.user), now).await?;
    let numbers = triage::numbers_of(&mut conn, actor.tenant).await?;
    drop(conn);
    let facts = Facts {
        language: language(reading),
        ambulance: numbers.ambulance,
        clinic: numbers.clinic.as_ref().map(Phone::as_str),
    };
    Ok(shown(&opened(kept).0, &facts))
}

/// Hears what the actor does, does what follows, and answers with the whole talk.
///
/// # Errors
/// [`AssistantError`]
pub async fn act(
    desk: &Desk,
    actor: &Actor,
    reading: &Reading,
    act: Act,
) -> Result<ShownTalk, AssistantError> {
    let patient = own(actor)?;
    let zone = TimeZone::get(&reading.zone).or(Err(AssistantError::Invalid("zone")))?;
    let now = desk.now();
    let mut conn = desk.db().read().await?;
    let kept = store::talk_of(&mut conn, (actor.tenant, actor.user), now).await?;
    let person = triage::person(&mut conn, (actor, now), patient).await?;
    let numbers = triage::numbers_of(&mut conn, actor.tenant).await?;
    let doctors = clinical_store::booking::doctors(&mut conn, actor.tenant).await?;
    drop(conn);
    let (mut talk, version) = opened(kept);
    let input = match act {
        Act::Say(text) if text.chars().count() > TEXT_CHARS_MAX => {
            return Err(AssistantError::Invalid("text"));
        }
        Act::Say(text) => Input::Words(text),
        Act::Choose { number, seen } if seen == talk.count => {
            Input::Choice(usize::try_from(number).unwrap_or(usize::MAX))
        }
        Act::Choose { .. } => return Err(AssistantError::Changed),
    };
    let around = carry::Around {
        desk,
        // Only what is written last is carried out once for one key; the others before it are refused by
        // their own states when they come again.
        actor: Actor {
            once: None,
            ..*actor
        },
        zone: zone.clone(),
        now,
        facts: Facts {
            language: language(reading.language),
            ambulance: numbers.ambulance,
            clinic: numbers.clinic.as_ref().map(Phone::as_str),
        },
        doctors: &doctors,
    };
    let local = Timestamp::from_microsecond(now.0)
        .map_or_else(|_| jiff::civil::DateTime::MIN, |at| zone.to_datetime(at));
    let known = carry::doctors(&doctors);
    // Reading words and learning phrases takes milliseconds: away from the tasks of other requests.
    let heard = spawn_blocking(move || {
        let world = World {
            now: local,
            doctors: &known,
            patient: &person,
        };
        let effect = hear(&mut talk, input, &world);
        (talk, effect, known, person)
    });
    let (mut talk, mut effect, known, person) = heard
        .await
        .map_err(|error| StoreError::corrupt("assistant_talks.talk_sealed", error))?;
    let world = World {
        now: local,
        doctors: &known,
        patient: &person,
    };
    for _ in 0..STEPS_MAX {
        let Some(asked) = effect.take() else {
            break;
        };
        let outcome = around.carry(asked, &talk).await?;
        effect = answer(&mut talk, outcome, &world);
    }
    keep(desk, actor, &talk, (patient, version, now)).await?;
    Ok(shown(&talk, &around.facts))
}

async fn keep(
    desk: &Desk,
    actor: &Actor,
    talk: &Talk,
    (patient, version, now): (PatientId, u32, Micros),
) -> Result<(), AssistantError> {
    let text = serde_json::to_string(talk)
        .map_err(|error| StoreError::corrupt("assistant_talks.talk_sealed", error))?;
    let mut tx = desk.db().begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    let kept = KeptTalk {
        tenant: actor.tenant,
        person: actor.user,
        patient,
        text,
        expires: now.plus(LIFE_US),
        version: version.saturating_add(1),
    };
    store::put_talk(&mut tx, &kept, now).await?;
    tx.commit(access.entry(actor, "assistant.talk")).await?;
    Ok(())
}

/// Forgets the actor's talk.
///
/// # Errors
/// [`AssistantError`]
pub async fn forget(desk: &Desk, actor: &Actor) -> Result<(), AssistantError> {
    let patient = own(actor)?;
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    store::forget_talk(&mut tx, (actor.tenant, actor.user)).await?;
    tx.commit(access.entry(actor, "assistant.forget")).await?;
    Ok(())
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "assistant",
    purpose: Both {
        fr: "Répondre aux demandes écrites d’un patient : rendez-vous, résultats, ordonnances, conseils généraux, transmission à une personne. Règles fixes, sans modèle extérieur ; rien n’est changé sans confirmation.",
        en: "Answer what a patient writes: visits, results, prescriptions, general advice, handing over to a person. Fixed rules, no model of others; nothing is changed without a confirmation.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients : ce qui est écrit à l’assistant et ce qu’il répond.",
        en: "Patients: what is written to the assistant and what it answers.",
    },
    retention: Both {
        fr: "Un jour après le dernier message ; ce qui est transmis à une personne, comme un message.",
        en: "A day after the last message; what is handed to a person, as a message.",
    },
    recipients: Both {
        fr: "Le patient ; l’accueil, quand le patient transmet.",
        en: "The patient; reception, when the patient hands over.",
    },
};
