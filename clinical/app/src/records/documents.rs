//! Files in a chart.

use clinical_model::access::Label;
use clinical_model::chart::files::{DocumentClass, FileType};
use clinical_model::chart::{Code, CodeSystem, DocumentFact, Entry, EntryStatus, Fact, Kind};
use clinical_model::text::{CodeText, Line};
use clinical_model::{EntryId, Micros, PatientId};
use clinical_store::chart::{self, PAGE_MAX};
use clinical_store::files::{self, FileOf};
use sha2::{Digest as _, Sha256};

use super::facts::{check_label, effective, located};
use super::overview::everything;
use super::shown::{Shown, listed, shown};
use super::{RecordError, records_of, writer};
use crate::{Access, Actor, Clinic};

/// A file to be kept.
#[derive(Clone)]
pub struct UploadCommand {
    /// Its title.
    pub title: Line,
    /// What kind of document it is.
    pub class: DocumentClass,
    /// Who may see it.
    pub label: Label,
    /// Of when it is; now when it is not said.
    pub effective: Option<Micros>,
    /// The media type that came with it.
    pub said: Option<String>,
    /// The file.
    pub bytes: Vec<u8>,
}

impl core::fmt::Debug for UploadCommand {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "UploadCommand({} bytes)", self.bytes.len())
    }
}

/// Whether the actor may keep files in this chart at all. Nothing is shown.
///
/// # Errors
/// [`RecordError::NotFound`], [`RecordError::Forbidden`], [`RecordError::WrongState`] and
/// [`RecordError::Store`]
pub async fn may_upload(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
) -> Result<(), RecordError> {
    let mut conn = clinic.db.read().await?;
    let place = (patient, Kind::Document);
    writer(&mut conn, actor, place, clinic.clock.now()).await?;
    Ok(())
}

/// Keeps a file. What it is, its bytes say.
///
/// # Errors
/// [`RecordError`], but for [`RecordError::Duplicate`] and [`RecordError::Changed`]
pub async fn upload(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    command: UploadCommand,
) -> Result<Shown, RecordError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let (access, _) = writer(&mut tx, actor, (patient, Kind::Document), now).await?;
    check_label(&access, command.label)?;
    let kind = FileType::sniff(&command.bytes, command.said.as_deref())?;
    let hash = Sha256::digest(&command.bytes);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let line = |text: &str| Line::try_from(text).or(Err(RecordError::Invalid("class")));
    let (code, words) = command.class.loinc();
    let blob = uuid::Builder::from_random_bytes(clinic.entropy.bytes()).into_uuid();
    let fact = Fact::Document(DocumentFact {
        class: Code {
            system: CodeSystem::Loinc,
            code: CodeText::try_from(code).or(Err(RecordError::Invalid("class")))?,
            display: line(words)?,
        },
        title: command.title,
        media_type: line(kind.media_type())?,
        size_bytes: u32::try_from(command.bytes.len()).unwrap_or(u32::MAX),
        sha256: line(&hash)?,
        blob,
    });
    let entry = Entry {
        id: EntryId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        patient,
        fact,
        label: command.label,
        status: EntryStatus::Active,
        effective: effective(command.effective, now)?.unwrap_or(now),
        recorded: now,
        author: actor.user,
        appointment: None,
        version: 1,
    };
    let of = FileOf {
        tenant: actor.tenant,
        patient,
        author: actor.user,
        at: now,
    };
    files::insert(&mut tx, blob, of, &command.bytes).await?;
    chart::insert(&mut tx, &entry).await?;
    let audit = access.entry(actor, "chart.upload");
    let audit = audit.about("chart_entry", entry.id.as_uuid());
    let made = shown(&mut tx, actor, &access, vec![entry]).await?;
    tx.commit(audit.at_version(1)).await?;
    made.into_iter().next().ok_or(RecordError::NotFound)
}

/// The documents of a patient, newest first.
///
/// # Errors
/// [`RecordError::NotFound`] and [`RecordError::Store`]
pub async fn documents(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
) -> Result<Vec<Shown>, RecordError> {
    let mut tx = clinic.db.look().await?;
    let access = Access::to(&mut tx, actor, patient, clinic.clock.now()).await?;
    let records = records_of(&mut tx, patient).await?;
    let mut filter = everything(access.label_max()?);
    filter.kinds = vec![Kind::Document];
    let found = listed(&mut tx, &access, &records, &filter, (None, PAGE_MAX)).await?;
    let found = shown(&mut tx, actor, &access, found).await?;
    tx.commit(access.entry(actor, "chart.documents")).await?;
    Ok(found)
}

/// A document with its bytes.
///
/// # Errors
/// [`RecordError::NotFound`] and [`RecordError::Store`]
pub async fn download(
    clinic: &Clinic,
    actor: &Actor,
    id: EntryId,
) -> Result<(DocumentFact, Vec<u8>), RecordError> {
    let mut tx = clinic.db.look().await?;
    let (entry, access) = located(&mut tx, actor, id, clinic.clock.now()).await?;
    let Fact::Document(document) = entry.fact else {
        return Err(RecordError::NotFound);
    };
    let bytes = files::bytes(&mut tx, entry.patient, document.blob).await?;
    let bytes = bytes.ok_or(RecordError::NotFound)?;
    let audit = access.entry(actor, "chart.download");
    tx.commit(audit.about("chart_entry", id.as_uuid())).await?;
    Ok((document, bytes))
}
