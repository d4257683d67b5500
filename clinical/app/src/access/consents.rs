//! What a patient agrees to, purpose by purpose.

use clinical_model::access::{Consent, ConsentPurpose, RELATION_LIFE_US_MAX};
use clinical_model::rights::Both;
use clinical_model::{GrantId, Micros, PatientId, UserId};
use clinical_store::StoreError;

use super::{Access, AccessDenied};
use crate::{Actor, Clinic};

/// The version of the words that pages show for consents. Other words need another version.
pub const WORDING: &str = "2026-11";

/// The words of one version for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wording {
    /// The version that a consent names.
    pub version: &'static str,
    /// What is agreed to.
    pub purpose: ConsentPurpose,
    /// The words, in both languages.
    pub words: Both,
}

/// Every wording that was ever agreed to, the current ones first. A version is never changed and
/// never removed: it says what people agreed to.
pub const WORDINGS: &[Wording] = &[
    Wording {
        version: WORDING,
        purpose: ConsentPurpose::CareSharing,
        words: Both {
            fr: "J’accepte qu’une personne de plus qui me soigne dans cet établissement lise mon dossier, jusqu’à la date choisie.",
            en: "I agree that one more person who treats me in this facility reads my record, until the date I choose.",
        },
    },
    Wording {
        version: WORDING,
        purpose: ConsentPurpose::Research,
        words: Both {
            fr: "J’accepte que mes données, sans mon nom, servent à la recherche médicale.",
            en: "I agree that my data, without my name, are used for medical research.",
        },
    },
    Wording {
        version: WORDING,
        purpose: ConsentPurpose::Teaching,
        words: Both {
            fr: "J’accepte que mes données, sans mon nom, servent à former des soignants.",
            en: "I agree that my data, without my name, are used to teach people who will treat patients.",
        },
    },
    Wording {
        version: WORDING,
        purpose: ConsentPurpose::Recording,
        words: Both {
            fr: "J’accepte que mes consultations vidéo soient enregistrées. Avant chaque enregistrement, on me le demande encore.",
            en: "I agree that my video visits are recorded. Before each recording I am asked again.",
        },
    },
    Wording {
        version: WORDING,
        purpose: ConsentPurpose::Messages,
        words: Both {
            fr: "J’accepte de recevoir des messages par e-mail et par SMS. Ils ne disent rien de ma santé.",
            en: "I agree to get messages by e-mail and SMS. They say nothing about my health.",
        },
    },
];

/// Why consents were not shown, given or taken back.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// There is no such patient or consent, or they may not know of them.
    #[error("no such patient or consent")]
    NotFound,
    /// Only the patient, or who acts for them, agrees.
    #[error("only the patient, or who acts for them, agrees")]
    Forbidden,
    /// Care sharing names a clinician of the facility, other purposes nobody.
    #[error("the consent names the wrong person")]
    Grantee,
    /// The end is past or too far ahead.
    #[error("the end is past or too far ahead")]
    Until,
    /// Other words than those that are shown now.
    #[error("the words have changed")]
    Wording,
    /// The store failed.
    #[error("the consents could not be read or written")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for ConsentError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

/// Agree to a purpose.
#[derive(Debug, Clone)]
pub struct ConsentCommand {
    /// To what.
    pub purpose: ConsentPurpose,
    /// Who may see the record, for care sharing.
    pub grantee: Option<UserId>,
    /// The version of the words that were shown.
    pub wording: String,
    /// Until when.
    pub until: Micros,
}

/// What a patient agreed to, newest first.
///
/// # Errors
/// [`ConsentError::NotFound`] and [`ConsentError::Store`]
pub async fn consents(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
) -> Result<Vec<Consent>, ConsentError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    let consents = clinical_store::access::consents(&mut tx, actor.tenant, patient).await?;
    tx.commit(access.entry(actor, "access.consents")).await?;
    Ok(consents)
}

/// Agrees to a purpose, as the patient or for them.
///
/// # Errors
/// [`ConsentError`]
pub async fn give_consent(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    command: ConsentCommand,
) -> Result<Consent, ConsentError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    if !clinical_store::access::may_act(&mut tx, access.viewer(), patient).await? {
        return Err(ConsentError::Forbidden);
    }
    if command.wording != WORDING {
        return Err(ConsentError::Wording);
    }
    if command.until <= now || command.until.since(now) > RELATION_LIFE_US_MAX {
        return Err(ConsentError::Until);
    }
    match (command.purpose, command.grantee) {
        (ConsentPurpose::CareSharing, Some(grantee)) => {
            clinical_store::identity::account(&mut tx, grantee)
                .await?
                .filter(|it| it.tenant == actor.tenant && !it.disabled && it.patient.is_none())
                .ok_or(ConsentError::Grantee)?;
        }
        (ConsentPurpose::CareSharing, None) | (_, Some(_)) => return Err(ConsentError::Grantee),
        (_, None) => {}
    }
    let consent = Consent {
        id: GrantId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        patient,
        purpose: command.purpose,
        grantee: command.grantee,
        wording: command.wording,
        given: now,
        until: command.until,
        withdrawn: None,
        given_by: actor.user,
    };
    clinical_store::access::insert_consent(&mut tx, &consent).await?;
    let entry = access.entry(actor, "access.give_consent");
    tx.commit(entry.about("consent", consent.id.as_uuid()))
        .await?;
    Ok(consent)
}

/// Takes a consent back; it counts no more from now on.
///
/// # Errors
/// [`ConsentError`]
pub async fn withdraw_consent(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    id: GrantId,
) -> Result<(), ConsentError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    if !clinical_store::access::may_act(&mut tx, access.viewer(), patient).await? {
        return Err(ConsentError::Forbidden);
    }
    let place = (actor.tenant, patient);
    if !clinical_store::access::withdraw_consent(&mut tx, place, id, now).await? {
        return Err(ConsentError::NotFound);
    }
    let entry = access.entry(actor, "access.withdraw_consent");
    tx.commit(entry.about("consent", id.as_uuid())).await?;
    Ok(())
}
