//! A copy of everything that is known of a patient, for the patient.

use clinical_model::access::{CareRelation, Consent, Grant, Label, Proxy};
use clinical_model::chart::{Entry, Fact};
use clinical_model::notes::NoteState;
use clinical_model::notify::{Language, local_time_words};
use clinical_model::patients::Patient;
use clinical_model::prescribing::Prescription;
use clinical_model::rights::Request;
use clinical_model::{Micros, PatientId, Phi, TenantId, UserId};
use clinical_store::access::{LOOKS_MAX, Look, Viewer};
use clinical_store::booking::{APPOINTMENTS_MAX, AppointmentRecord, Party};
use clinical_store::chart::{self, After, Filter, PAGE_MAX};
use clinical_store::tenants::{self, Tenant};
use clinical_store::{Conn, StoreError, booking, chat, files, identity, notes, outbox};
use clinical_store::{patients, prescriptions, rights as store};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::access::{Access, AccessDenied};
use crate::exchange::{Written, with_writers};
use crate::threads::{ThreadPart, parts_of};
use crate::{Actor, Clinic, Limited};

/// How often a copy of one record is made within an hour: each reads everything.
pub const EXPORTS_PER_HOUR: u32 = 5;
/// Most bytes of files in one copy; they are held in memory once while it is packed.
pub const FILES_BYTES_MAX: usize = 200 * 1024 * 1024;
/// Most messages of one visit.
const CHAT_MAX: u32 = 10_000;
/// The act as the audit chain names it; the limit counts it there, so it holds across restarts.
const ACTION: &str = "rights.export";

/// Why no copy was made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no such patient, or they may not know of them.
    #[error("no such patient")]
    NotFound,
    /// Only the patient, or who acts for them, gets a copy.
    #[error("only the patient, or who acts for them, gets a copy")]
    Forbidden,
    /// Too many copies within an hour.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// The files are more than one copy holds.
    #[error("the files are more than one copy holds")]
    TooLarge,
    /// The store failed.
    #[error("the record could not be read")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for ExportError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

/// A visit with what was written at it.
#[derive(Debug)]
pub struct VisitPart {
    /// The appointment.
    pub record: AppointmentRecord,
    /// The signed note.
    pub note: Option<Phi<String>>,
    /// The chat: when, who, what.
    pub chat: Vec<(Micros, Phi<String>, Phi<String>)>,
}

/// A prescription and who wrote it.
#[derive(Debug)]
pub struct Prescribed {
    /// The prescription.
    pub prescription: Prescription,
    /// The name of the prescriber.
    pub prescriber: String,
}

/// A file that was kept with the record.
pub struct File {
    /// Its id in the document of the chart.
    pub blob: Uuid,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl core::fmt::Debug for File {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "File({})", self.blob)
    }
}

/// Everything that is known of a patient, as far as the reader may see it.
#[derive(Debug)]
pub struct Dossier {
    /// When it was gathered.
    pub made: Micros,
    /// The zone that its times are shown in.
    pub zone: String,
    /// The facility.
    pub facility: Tenant,
    /// Who it is about.
    pub patient: Patient,
    /// Every fact of the chart, newest first, those entered in error too.
    pub entries: Vec<Written>,
    /// Visits, oldest first.
    pub visits: Vec<VisitPart>,
    /// What was prescribed, newest first.
    pub prescriptions: Vec<Prescribed>,
    /// Threads of messages of which the patient is a member, the newest first.
    pub threads: Vec<ThreadPart>,
    /// Consents, newest first.
    pub consents: Vec<Consent>,
    /// Who acts for the patient, with names.
    pub proxies: Vec<(Proxy, String)>,
    /// The care team, with names.
    pub team: Vec<(CareRelation, String)>,
    /// What was asked about the record.
    pub requests: Vec<Request>,
    /// Who looked, newest first.
    pub looks: Vec<Look>,
    /// The files of the documents.
    pub files: Vec<File>,
}

impl Dossier {
    /// A moment in the words and the zone of the reader.
    #[must_use]
    pub fn when(&self, at: Micros, language: Language) -> String {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        local_time_words(at, &zone, language)
    }
}

/// Gathers everything about a patient, for the patient or somebody who acts for them. Who acts for
/// them gets what they see: nothing confidential, no notes of visits, no messages.
///
/// # Errors
/// [`ExportError`]
pub async fn export(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
) -> Result<Dossier, ExportError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    if !clinical_store::access::may_act(&mut tx, access.viewer(), patient).await? {
        return Err(ExportError::Forbidden);
    }
    limit(&mut tx, actor, patient, now).await?;
    // The audit entry is written first and the store let go: reading everything takes a second, and
    // the embedded database has one writer.
    tx.commit(access.entry(actor, ACTION)).await?;
    let mut conn = clinic.db.read().await?;
    gather(&mut conn, actor, &access).await
}

/// Counts the copies in the audit chain.
async fn limit(
    conn: &mut Conn,
    actor: &Actor,
    patient: PatientId,
    now: Micros,
) -> Result<(), ExportError> {
    let place = (actor.tenant, patient);
    let range = (now.plus(-Micros::HOUR), EXPORTS_PER_HOUR);
    let made = store::acts_since(conn, place, ACTION, range).await?;
    let is_full = made.len() >= usize::try_from(EXPORTS_PER_HOUR).unwrap_or(usize::MAX);
    let Some(oldest) = made.first().filter(|_| is_full) else {
        return Ok(());
    };
    let wait = oldest.plus(Micros::HOUR).since(now) / Micros::SECOND + 1;
    Err(ExportError::Limited(Limited {
        retry_after_s: u32::try_from(wait).unwrap_or(u32::MAX),
    }))
}

async fn gather(conn: &mut Conn, actor: &Actor, access: &Access) -> Result<Dossier, ExportError> {
    let (patient, now) = (access.patient(), access.viewer().now);
    let label_max = access.label_max()?;
    let place = (actor.tenant, patient);
    let found = patients::find(conn, access.viewer(), patient).await?;
    let facility = tenants::find(conn, actor.tenant)
        .await?
        .ok_or(ExportError::NotFound)?;
    let chosen = outbox::settings(conn, actor.user).await?;
    let entries = facts(conn, access.viewer(), patient, label_max).await?;
    let is_own = access.grant() == Grant::OwnRecord;
    let files = bytes_of(conn, patient, &entries).await?;
    Ok(Dossier {
        made: now,
        zone: chosen
            .and_then(|it| it.zone)
            .unwrap_or_else(|| facility.zone.clone()),
        facility,
        patient: found.ok_or(ExportError::NotFound)?,
        visits: visits(conn, patient, is_own).await?,
        prescriptions: prescribed(conn, patient, label_max).await?,
        threads: if is_own {
            parts_of(conn, access.viewer(), patient).await?
        } else {
            Vec::new()
        },
        consents: clinical_store::access::consents(conn, place.0, place.1).await?,
        proxies: clinical_store::access::proxies(conn, place.0, patient, now).await?,
        team: clinical_store::access::care_team(conn, place.0, patient, now).await?,
        requests: store::of_patient(conn, place.0, patient).await?,
        looks: looks(conn, place).await?,
        entries: with_writers(conn, entries).await?,
        files,
    })
}

async fn facts(
    conn: &mut Conn,
    viewer: &Viewer,
    patient: PatientId,
    label_max: Label,
) -> Result<Vec<Entry>, StoreError> {
    let filter = Filter {
        kinds: Vec::new(),
        code: None,
        from: Micros(i64::MIN),
        to: Micros(i64::MAX),
        with_errors: true,
        label_max,
    };
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let after = entries.last().map(|last| After {
            effective: last.effective,
            id: last.id,
        });
        let page = chart::list(conn, viewer, patient, &filter, (after, PAGE_MAX)).await?;
        let is_last = page.len() < usize::try_from(PAGE_MAX).unwrap_or(usize::MAX);
        entries.extend(page);
        if is_last {
            return Ok(entries);
        }
    }
}

async fn bytes_of(
    conn: &mut Conn,
    patient: PatientId,
    entries: &[Entry],
) -> Result<Vec<File>, ExportError> {
    let mut found = Vec::new();
    let mut total: usize = 0;
    for entry in entries {
        let Fact::Document(document) = &entry.fact else {
            continue;
        };
        if let Some(bytes) = files::bytes(conn, patient, document.blob).await? {
            total = total.saturating_add(bytes.len());
            if total > FILES_BYTES_MAX {
                return Err(ExportError::TooLarge);
            }
            found.push(File {
                blob: document.blob,
                media_type: document.media_type.as_str().to_owned(),
                bytes,
            });
        }
    }
    Ok(found)
}

async fn visits(
    conn: &mut Conn,
    patient: PatientId,
    with_notes: bool,
) -> Result<Vec<VisitPart>, StoreError> {
    let mut parts = Vec::new();
    let mut from = Micros(i64::MIN);
    loop {
        let range = (from, Micros(i64::MAX));
        let page = booking::list(conn, Party::Patient(patient), range).await?;
        let is_last = page.len() < usize::try_from(APPOINTMENTS_MAX).unwrap_or(usize::MAX);
        // Nobody has two appointments at one time, so nothing is skipped.
        from = page
            .last()
            .map_or(from, |last| last.appointment.slot.start.plus(1));
        for record in page {
            parts.push(visit(conn, record, with_notes).await?);
        }
        if is_last {
            return Ok(parts);
        }
    }
}

async fn visit(
    conn: &mut Conn,
    record: AppointmentRecord,
    with_notes: bool,
) -> Result<VisitPart, StoreError> {
    if !with_notes {
        return Ok(VisitPart {
            record,
            note: None,
            chat: Vec::new(),
        });
    }
    let note = notes::note_of(conn, record.appointment.id)
        .await?
        .filter(|note| matches!(note.state, NoteState::Signed { .. }))
        .map(|note| Phi::new(note.text.as_str().to_owned()));
    let chat = chat::latest(conn, record.appointment.room, CHAT_MAX)
        .await?
        .into_iter()
        .map(|it| (it.at, it.message.from_name, it.message.text))
        .collect();
    Ok(VisitPart { record, note, chat })
}

async fn prescribed(
    conn: &mut Conn,
    patient: PatientId,
    label_max: Label,
) -> Result<Vec<Prescribed>, StoreError> {
    let mut names: Vec<(UserId, String)> = Vec::new();
    let mut list = Vec::new();
    for prescription in prescriptions::signed_for(conn, patient, label_max).await? {
        let who = prescription.prescriber;
        let known = names.iter().find(|(id, _)| *id == who);
        let prescriber = if let Some((_, name)) = known {
            name.clone()
        } else {
            let account = identity::account(conn, who).await?;
            let name = account.map_or_else(String::new, |it| it.name);
            names.push((who, name.clone()));
            name
        };
        list.push(Prescribed {
            prescription,
            prescriber,
        });
    }
    Ok(list)
}

async fn looks(
    conn: &mut Conn,
    (tenant, patient): (TenantId, PatientId),
) -> Result<Vec<Look>, StoreError> {
    let mut all: Vec<Look> = Vec::new();
    loop {
        let before = all.last().map_or(i64::MAX, |last| last.seq);
        let range = (before, LOOKS_MAX);
        let page = clinical_store::access::looks(conn, tenant, patient, range).await?;
        let is_last = page.len() < usize::try_from(LOOKS_MAX).unwrap_or(usize::MAX);
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}
