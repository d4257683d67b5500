//! Lists of recordings, and one with everything that plays.

use std::sync::Arc;

use clinical_model::recordings::{Recording, RecordingState};
use clinical_model::{Micros, ParticipantUuid, RecordingId, Role};
use clinical_store::booking::{self, AppointmentRecord};
use clinical_store::recordings::{self as store, After, Figures, Filter, RECORDINGS_MAX};
use clinical_store::{Conn, StoreError};

use super::rules::rules_of;
use super::shelf::{Contents, Progress};
use super::{Archive, RecordingsError, entry, known};
use crate::{Actor, Clinic};

/// A recording in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The recording.
    pub recording: Recording,
    /// The patient's name; not for administrators.
    pub patient_name: Option<String>,
    /// The doctor of the visit.
    pub doctor_name: String,
    /// How far its preparation is, while it is being prepared on this machine.
    pub progress: Option<Progress>,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The items.
    pub items: Vec<Listed>,
    /// Whether there are more.
    pub has_more: bool,
}

/// An answer to the question whether to record.
#[derive(Debug, Clone)]
pub struct Consent {
    /// Who.
    pub person: ParticipantUuid,
    /// Their name, if they are still known to the visit.
    pub name: Option<String>,
    /// When.
    pub at: Micros,
    /// The version of the words that they agreed to; none for a refusal.
    pub agreed_to: Option<u16>,
}

/// A recording with everything that plays.
#[derive(Debug, Clone)]
pub struct Full {
    /// As in a list.
    pub listed: Listed,
    /// Its files; none before it is ready, and none for administrators.
    pub contents: Contents,
    /// The name of whoever owns a track.
    pub names: Vec<(ParticipantUuid, String)>,
    /// Who agreed and who did not.
    pub consents: Vec<Consent>,
}

/// As the actor sees a recording in a list.
pub(super) async fn listed(
    conn: &mut Conn,
    archive: &Archive,
    actor: &Actor,
    recording: Recording,
) -> Result<Listed, StoreError> {
    let visit = booking::find(conn, recording.appointment).await?;
    Ok(as_seen(archive, actor, recording, visit.as_ref()))
}

fn as_seen(
    archive: &Archive,
    actor: &Actor,
    recording: Recording,
    visit: Option<&AppointmentRecord>,
) -> Listed {
    let is_preparing = recording.state == RecordingState::Preparing;
    let progress = is_preparing.then(|| archive.shelf().progress(recording.id));
    let patient_name = visit.map(|it| it.patient_name.clone());
    Listed {
        patient_name: patient_name.filter(|_| actor.role != Role::Admin),
        doctor_name: visit.map_or_else(String::new, |it| it.doctor.name.clone()),
        progress: progress.flatten(),
        recording,
    }
}

/// Everybody whom the visit knows by name.
pub(super) fn people(visit: &AppointmentRecord) -> Vec<(ParticipantUuid, String)> {
    let it = &visit.appointment;
    let doctor = visit.doctor.name.clone();
    let mut people = vec![
        (it.doctor_participant, doctor),
        (it.patient_participant, visit.patient_name.clone()),
    ];
    let guests = visit.guests.iter();
    people.extend(guests.map(|it| (it.participant, it.name.as_str().to_owned())));
    people
}

/// Recordings of which the actor may know, the newest first.
///
/// # Errors
/// [`RecordingsError::Store`]
pub async fn list(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
    (filter, after): (Filter, Option<After>),
) -> Result<Page, RecordingsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let found = store::list(&mut tx, &actor.viewer(now), &filter, after).await?;
    let has_more = found.len() >= usize::try_from(RECORDINGS_MAX).unwrap_or(usize::MAX);
    let mut items = Vec::with_capacity(found.len());
    for recording in found {
        items.push(listed(&mut tx, archive, actor, recording).await?);
    }
    tx.commit(actor.did("recordings.list", now)).await?;
    Ok(Page { items, has_more })
}

/// A recording with everything that plays, and with who agreed.
///
/// # Errors
/// [`RecordingsError`]
pub async fn read(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
    id: RecordingId,
) -> Result<Full, RecordingsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let recording = known(&mut tx, actor, id, now).await?;
    let visit = booking::find(&mut tx, recording.appointment).await?;
    let names = visit.as_ref().map(people).unwrap_or_default();
    let answers = store::consents(&mut tx, recording.appointment).await?;
    let is_shown = recording.state == RecordingState::Ready && actor.role != Role::Admin;
    let secret = match is_shown {
        true => store::secret(&mut tx, &recording).await?,
        false => None,
    };
    tx.commit(entry(actor, "recordings.read", &recording, now))
        .await?;
    let contents = match secret {
        Some(secret) => {
            let shelf = Arc::clone(archive.shelf());
            let contents = move || shelf.contents(id, &secret);
            tokio::task::spawn_blocking(contents)
                .await
                .map_err(|source| super::ShelfError::Unreadable(Box::new(source)))??
        }
        None => Contents::default(),
    };
    let name_of = |person: ParticipantUuid| {
        let found = names.iter().find(|(known, _)| *known == person);
        found.map(|(_, name)| name.clone())
    };
    let consents = answers.into_iter().map(|it| Consent {
        person: it.participant,
        name: name_of(it.participant).filter(|_| actor.role != Role::Admin),
        at: it.at,
        agreed_to: it.agreed_to,
    });
    Ok(Full {
        consents: consents.collect(),
        listed: as_seen(archive, actor, recording, visit.as_ref()),
        contents,
        names,
    })
}

/// What recordings the facility of the actor has, and for how many days it keeps those of most visits.
///
/// # Errors
/// [`RecordingsError::Store`]
pub async fn figures(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
) -> Result<(Figures, u32), RecordingsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let figures = store::figures(&mut tx, actor.tenant).await?;
    let rules = rules_of(&mut tx, actor.tenant, archive.keep_days()).await?;
    tx.commit(actor.did("recordings.figures", now)).await?;
    Ok((figures, rules.days))
}
