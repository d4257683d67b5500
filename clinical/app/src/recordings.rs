//! Recordings of visits: what the recorder asks of the clinic, and what people do with recordings.
//!
//! Sound and picture lie on a [`Shelf`], sealed. What opens them is in the store, sealed with the
//! patient's key, and destroyed with the recording.

mod begin;
mod copy;
mod keep;
mod play;
mod rules;
mod shelf;
mod ticket;
mod view;

use std::sync::Arc;

use clinical_model::recordings::{Recording, RecordingRefusal};
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::{AuditActor, AuditEntry, Micros, RecordingId};
use clinical_store::recordings::RecordingWriteError;
use clinical_store::{Conn, StoreError};

use crate::{AccessKey, Actor};

pub use begin::{Begun, Unfinished, begin, ended, prepared, unfinished};
pub use clinical_model::recordings::Made;
pub use clinical_store::recordings::{After, Figures, Filter, RECORDINGS_MAX};
pub use copy::{Copied, CopyTicket, copy, open_copy};
pub(crate) use keep::keeps;
pub use keep::{delete, delete_due, hold, release};
pub use play::{Opened, Play, open_media, play};
pub use rules::{Keeping, change_rules, rules};
pub use shelf::{Contents, Gap, MediaFile, Progress, Secret, Shelf, ShelfError, Track};
pub use ticket::PLAY_LIFE_US;
pub(crate) use ticket::TicketKey;
pub use view::{Consent, Full, Listed, Page, figures, list, read};

/// What recordings need besides the clinic. Clones are the same.
#[derive(Debug, Clone)]
pub struct Archive {
    shelf: Arc<dyn Shelf>,
    tickets: TicketKey,
    keep_days: u32,
}

impl Archive {
    /// Recordings that lie on a shelf and are kept for some days. The key that signs access tokens signs
    /// tickets for playing too, each for its purpose.
    #[must_use]
    pub fn new(shelf: Arc<dyn Shelf>, key: &AccessKey, keep_days: u32) -> Self {
        Self {
            shelf,
            tickets: key.ticket_key(),
            keep_days,
        }
    }

    /// Where sound and picture lie.
    #[must_use]
    pub fn shelf(&self) -> &Arc<dyn Shelf> {
        &self.shelf
    }

    /// For how many days new recordings are kept.
    #[must_use]
    pub const fn keep_days(&self) -> u32 {
        self.keep_days
    }
}

/// Why nothing was done with a recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingsError {
    /// There is no such recording, visit or file, or they may not know of it.
    #[error("no such recording")]
    NotFound,
    /// It is not ready, was deleted, is held or is not.
    #[error("the recording is in another state")]
    WrongState,
    /// Somebody else changed it meanwhile.
    #[error("the recording has changed since it was read")]
    Changed,
    /// Days that are not allowed, or a kind of visit that there is not.
    #[error("rules that cannot be")]
    Rules,
    /// The ticket is not ours, of another recording, or too old.
    #[error("no valid ticket")]
    Ticket,
    /// Sound and picture cannot be read.
    #[error("the files of the recording")]
    Shelf(#[from] ShelfError),
    /// The store failed.
    #[error("the recording could not be read or written")]
    Store(#[from] StoreError),
}

impl From<RecordingRefusal> for RecordingsError {
    fn from(refusal: RecordingRefusal) -> Self {
        match refusal {
            RecordingRefusal::State | RecordingRefusal::Held => Self::WrongState,
        }
    }
}

impl From<RecordingWriteError> for RecordingsError {
    fn from(error: RecordingWriteError) -> Self {
        match error {
            RecordingWriteError::Changed => Self::Changed,
            RecordingWriteError::Store(error) => Self::Store(error),
        }
    }
}

/// A recording of which the actor may know.
async fn known(
    conn: &mut Conn,
    actor: &Actor,
    id: RecordingId,
    now: Micros,
) -> Result<Recording, RecordingsError> {
    let found = clinical_store::recordings::find(conn, &actor.viewer(now), id).await?;
    found.ok_or(RecordingsError::NotFound)
}

/// The audit entry of a person's act on a recording.
fn entry(actor: &Actor, action: &'static str, it: &Recording, now: Micros) -> AuditEntry {
    actor
        .did(action, now)
        .of_patient(it.patient)
        .about("recording", it.id.as_uuid())
        .at_version(it.version)
}

/// The audit entry of what the recorder or a job did with a recording.
fn system_entry(action: &'static str, it: &Recording, now: Micros) -> AuditEntry {
    AuditEntry::done(AuditActor::System, action, now)
        .within(it.tenant)
        .of_patient(it.patient)
        .about("recording", it.id.as_uuid())
        .at_version(it.version)
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "recordings",
    purpose: Both {
        fr: "Garder une consultation comme preuve et pour les soins, quand toutes les personnes présentes l’ont accepté.",
        en: "Keep a visit as evidence and for care, when everybody present has agreed.",
    },
    basis: LegalBasis::Consent,
    categories: Both {
        fr: "Toutes les personnes de la consultation : voix, image, écran partagé, messages, accord ou refus.",
        en: "Everybody in the visit: voice, picture, shared screen, chat, agreement or refusal.",
    },
    retention: Both {
        fr: "Le temps réglé par l’établissement, puis la clé est détruite ; plus longtemps si l’enregistrement est bloqué.",
        en: "As long as the facility has set, then the key is destroyed; longer while a recording is held.",
    },
    recipients: Both {
        fr: "Le patient et les soignants qui ont accès à son dossier. L’administration voit la liste, sans nom, ni image, ni son.",
        en: "The patient and clinicians with a right to the record. Administrators see the list without names, pictures or sound.",
    },
};
