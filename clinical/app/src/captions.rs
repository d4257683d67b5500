//! Captions of visits: what was said is kept for the note alone, and the doctor gets an outline of it.

use clinical_model::captions::{self as model, LINES_MAX, Outline, SaidLine, Speaker};
use clinical_model::notes::NoteState;
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::{AppointmentId, AuditActor, AuditEntry, Micros, Phi, RoomUuid, SaidLineId};
use clinical_store::{StoreError, captions as store};
use signaling_protocol::{Caption, Role, RoomId};

use crate::booking::is_doctor_of;
use crate::{Actor, Desk};

/// Why a line was not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// There is no such room.
    #[error("no such room")]
    NoRoom,
    /// The store failed.
    #[error("what was said could not be kept")]
    Store(#[from] StoreError),
}

/// Why there is no draft.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// There is no such appointment, or another doctor has it.
    #[error("no such appointment")]
    NotFound,
    /// The store failed.
    #[error("what was said could not be read")]
    Store(#[from] StoreError),
}

/// What a note can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The sections; empty when nothing was said, or nothing is kept any more.
    pub outline: Outline,
    /// When the first of it is deleted by itself.
    pub until: Option<Micros>,
}

/// Keeps what somebody said, if the note of the visit is not signed yet. Beyond [`LINES_MAX`] nothing more
/// is kept.
///
/// # Errors
/// [`KeepError`]
pub async fn keep(
    desk: &Desk,
    room: RoomId,
    caption: &Caption,
    (name, role): (&str, Role),
) -> Result<(), KeepError> {
    let Some(text) = caption.text.as_ref().filter(|_| caption.is_final) else {
        return Ok(());
    };
    let now = desk.now();
    let room = RoomUuid::from_uuid(room.as_uuid());
    let mut tx = desk.db().begin().await?;
    let visit = clinical_store::booking::find_by_room(&mut tx, room)
        .await?
        .ok_or(KeepError::NoRoom)?
        .appointment;
    let note = clinical_store::notes::note_of(&mut tx, visit.id).await?;
    let is_signed = note.is_some_and(|it| matches!(it.state, NoteState::Signed { .. }));
    if is_signed || store::count(&mut tx, visit.id).await? >= LINES_MAX {
        return Ok(());
    }
    let line = SaidLine {
        id: SaidLineId::from_uuid(desk.id(now)),
        tenant: visit.tenant,
        patient: visit.patient,
        appointment: visit.id,
        at: now,
        speaker: match role {
            Role::Clinician => Speaker::Clinician,
            Role::Patient => Speaker::Patient,
            Role::Guest => Speaker::Guest,
        },
        name: Phi::new(name.to_owned()),
        text: Phi::new(text.as_str().to_owned()),
    };
    store::insert_line(&mut tx, &line).await?;
    let who = AuditActor::Participant(caption.participant.as_uuid());
    let entry = AuditEntry::done(who, "captions.keep", now).of_visit(&visit);
    tx.commit(entry.under("agreed")).await?;
    Ok(())
}

/// The outline of a note of an own visit, made of what was said. It changes nothing.
///
/// # Errors
/// [`DraftError`]
pub async fn draft(desk: &Desk, actor: &Actor, id: AppointmentId) -> Result<Draft, DraftError> {
    let now = desk.now();
    let mut tx = desk.db().look().await?;
    let visit = clinical_store::booking::find(&mut tx, id)
        .await?
        .filter(|record| is_doctor_of(actor, record))
        .ok_or(DraftError::NotFound)?
        .appointment;
    let lines = store::lines(&mut tx, id, now).await?;
    let entry = actor.did("captions.draft", now).of_visit(&visit);
    tx.commit(entry.under("own_appointment")).await?;
    Ok(Draft {
        until: lines.first().map(SaidLine::expires),
        outline: model::outline(&lines),
    })
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "captions",
    purpose: Both {
        fr: "Écrire sous l’image ce qui est dit, si tous ont accepté, et préparer le compte rendu que le médecin relit et signe.",
        en: "Write below the picture what is said, if everybody has agreed, and prepare the note that the doctor edits and signs.",
    },
    basis: LegalBasis::Consent,
    categories: Both {
        fr: "Tous ceux qui parlent : leurs mots, tels qu’un programme du serveur les comprend ; pas le son.",
        en: "Everybody who speaks: their words, as a program of the server understands them; not the sound.",
    },
    retention: Both {
        fr: "Jusqu’à la signature du compte rendu ou au retrait d’un accord, 48 heures au plus.",
        en: "Until the note is signed or somebody takes their agreement back, 48 hours at most.",
    },
    recipients: Both {
        fr: "Les personnes présentes, pendant la consultation ; ensuite le médecin seul.",
        en: "Those who are present, during the visit; afterwards the doctor alone.",
    },
};
