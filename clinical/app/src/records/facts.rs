//! Facts: written, amended, taken back. Every version stays.

use clinical_model::access::{Grant, Label};
use clinical_model::chart::check::check;
use clinical_model::chart::tags::{TAGS_MAX, Tag};
use clinical_model::chart::{Amendment, Entry, EntryStatus, Fact, Kind, MedicationSource};
use clinical_model::{AppointmentId, EntryId, Micros, PatientId};
use clinical_store::{Conn, Tx, chart, tags};

use super::shown::{Shown, shown};
use super::{RecordError, writer};
use crate::{Access, Actor, Clinic};

/// Clocks of devices differ: a fact may be this far ahead, in microseconds.
const AHEAD_US_MAX: i64 = Micros::HOUR;

/// A new fact.
#[derive(Debug, Clone)]
pub struct FactCommand {
    /// What is known.
    pub fact: Fact,
    /// Who may see it.
    pub label: Label,
    /// Since when it is true; now when it is not said.
    pub effective: Option<Micros>,
    /// At which appointment.
    pub appointment: Option<AppointmentId>,
    /// Words to filter by.
    pub tags: Vec<Tag>,
}

/// What is known now; what is not said stays.
#[derive(Debug, Clone)]
pub struct AmendCommand {
    /// What is known.
    pub fact: Fact,
    /// Who may see it.
    pub label: Option<Label>,
    /// Since when it is true.
    pub effective: Option<Micros>,
}

/// Writes a fact into a chart. Documents come by [`super::upload`].
///
/// # Errors
/// [`RecordError`], but for [`RecordError::Duplicate`] and [`RecordError::Changed`]
pub async fn add_fact(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    command: FactCommand,
) -> Result<Shown, RecordError> {
    let mut tx = clinic.db.begin().await?;
    let (entry, access) = add_in(clinic, &mut tx, actor, (patient, command)).await?;
    finish(tx, actor, (&access, "chart.add"), entry).await
}

/// The same in a transaction that goes on.
pub(crate) async fn add_in(
    clinic: &Clinic,
    tx: &mut Tx,
    actor: &Actor,
    (patient, command): (PatientId, FactCommand),
) -> Result<(Entry, Access), RecordError> {
    let now = clinic.clock.now();
    let kind = command.fact.kind();
    let (access, _) = writer(tx, actor, (patient, kind), now).await?;
    if kind == Kind::Document {
        return Err(RecordError::Invalid("fact.kind"));
    }
    check(&command.fact)?;
    check_source(&command.fact)?;
    check_label(&access, command.label)?;
    if command.tags.len() > TAGS_MAX {
        return Err(RecordError::Invalid("tags"));
    }
    if let Some(appointment) = command.appointment {
        let found = clinical_store::booking::find(tx, appointment).await?;
        found
            .filter(|it| it.appointment.patient == patient)
            .ok_or(RecordError::Invalid("appointment"))?;
    }
    let entry = Entry {
        id: EntryId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        patient,
        fact: command.fact,
        label: command.label,
        status: EntryStatus::Active,
        effective: effective(command.effective, now)?.unwrap_or(now),
        recorded: now,
        author: actor.user,
        appointment: command.appointment,
        version: 1,
    };
    chart::insert(tx, &entry).await?;
    if !command.tags.is_empty() {
        let place = (patient, entry.id);
        tags::put(tx, place, &command.tags, (actor.user, now)).await?;
    }
    Ok((entry, access))
}

/// Writes the next version of a fact on top of version `read`.
///
/// # Errors
/// [`RecordError`], but for [`RecordError::Duplicate`]
pub async fn amend_fact(
    clinic: &Clinic,
    actor: &Actor,
    (id, read): (EntryId, u32),
    command: AmendCommand,
) -> Result<Shown, RecordError> {
    let acting = (actor, clinic.clock.now());
    let mut tx = clinic.db.begin().await?;
    let (next, access) = amend_in(&mut tx, acting, (id, read), command).await?;
    finish(tx, actor, (&access, "chart.amend"), next).await
}

/// The same in a transaction that goes on.
pub(crate) async fn amend_in(
    tx: &mut Tx,
    (actor, now): (&Actor, Micros),
    (id, read): (EntryId, u32),
    command: AmendCommand,
) -> Result<(Entry, Access), RecordError> {
    let (old, access) = for_change(tx, actor, id, now).await?;
    check(&command.fact)?;
    if let (Fact::Document(before), Fact::Document(after)) = (&old.fact, &command.fact) {
        // Words about a file may change, the file may not.
        let bytes = |it: &clinical_model::chart::DocumentFact| {
            (
                it.blob,
                it.sha256.clone(),
                it.media_type.clone(),
                it.size_bytes,
            )
        };
        if bytes(before) != bytes(after) {
            return Err(RecordError::Invalid("fact.blob"));
        }
    }
    if source(&old.fact) != source(&command.fact) {
        check_source(&command.fact)?;
    }
    let label = command.label.unwrap_or(old.label);
    check_label(&access, label)?;
    let amendment = Amendment {
        fact: command.fact,
        label,
        effective: effective(command.effective, now)?.unwrap_or(old.effective),
    };
    let next = old.amend(read, amendment, (actor.user, now))?;
    chart::update(tx, &next, read).await?;
    Ok((next, access))
}

/// Takes a fact out of a chart: it stays there, struck through, and counts nowhere.
///
/// # Errors
/// [`RecordError`], but for [`RecordError::Duplicate`]
pub async fn enter_fact_in_error(
    clinic: &Clinic,
    actor: &Actor,
    (id, read): (EntryId, u32),
) -> Result<Shown, RecordError> {
    let acting = (actor, clinic.clock.now());
    let mut tx = clinic.db.begin().await?;
    let (next, access) = in_error_in(&mut tx, acting, (id, read)).await?;
    finish(tx, actor, (&access, "chart.in_error"), next).await
}

/// The same in a transaction that goes on.
pub(crate) async fn in_error_in(
    tx: &mut Tx,
    (actor, now): (&Actor, Micros),
    (id, read): (EntryId, u32),
) -> Result<(Entry, Access), RecordError> {
    let (old, access) = for_change(tx, actor, id, now).await?;
    let next = old.enter_in_error(read, (actor.user, now))?;
    chart::update(tx, &next, read).await?;
    Ok((next, access))
}

/// Commits what was written, and shows it.
async fn finish(
    mut tx: Tx,
    actor: &Actor,
    (access, action): (&Access, &'static str),
    entry: Entry,
) -> Result<Shown, RecordError> {
    let made = one(&mut tx, actor, access, entry).await?;
    let audit = access.entry(actor, action);
    let audit = audit.about("chart_entry", made.entry.id.as_uuid());
    tx.commit(audit.at_version(made.entry.version)).await?;
    Ok(made)
}

/// Gives an entry these tags. Those that the actor may not see stay.
///
/// # Errors
/// [`RecordError`], but for [`RecordError::Duplicate`] and [`RecordError::Changed`]
pub async fn set_tags(
    clinic: &Clinic,
    actor: &Actor,
    id: EntryId,
    mut wanted: Vec<Tag>,
) -> Result<Shown, RecordError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let (entry, access) = for_change(&mut tx, actor, id, now).await?;
    let label_max = access.label_max()?;
    if wanted.iter().any(|it| it.label() > label_max) {
        return Err(RecordError::Invalid("tags"));
    }
    let all = tags::of_patient(&mut tx, entry.patient, Label::VeryRestricted).await?;
    let hidden = all.into_iter().filter(|(of, _)| *of == id);
    wanted.extend(
        hidden
            .map(|(_, tag)| tag)
            .filter(|it| it.label() > label_max),
    );
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.len() > TAGS_MAX {
        return Err(RecordError::Invalid("tags"));
    }
    let place = (entry.patient, id);
    tags::put(&mut tx, place, &wanted, (actor.user, now)).await?;
    let made = one(&mut tx, actor, &access, entry).await?;
    let audit = access.entry(actor, "chart.tag");
    tx.commit(audit.about("chart_entry", id.as_uuid())).await?;
    Ok(made)
}

/// One entry.
///
/// # Errors
/// [`RecordError::NotFound`] and [`RecordError::Store`]
pub async fn fact(clinic: &Clinic, actor: &Actor, id: EntryId) -> Result<Shown, RecordError> {
    let mut tx = clinic.db.look().await?;
    let (entry, access) = located(&mut tx, actor, id, clinic.clock.now()).await?;
    let found = one(&mut tx, actor, &access, entry).await?;
    let audit = access.entry(actor, "chart.read");
    tx.commit(audit.about("chart_entry", id.as_uuid())).await?;
    Ok(found)
}

/// Every version of an entry, oldest first.
///
/// # Errors
/// [`RecordError::NotFound`] and [`RecordError::Store`]
pub async fn versions(
    clinic: &Clinic,
    actor: &Actor,
    id: EntryId,
) -> Result<Vec<Shown>, RecordError> {
    let mut tx = clinic.db.look().await?;
    let (_, access) = located(&mut tx, actor, id, clinic.clock.now()).await?;
    let found = chart::versions(&mut tx, access.viewer(), access.label_max()?, id).await?;
    let found = shown(&mut tx, actor, &access, found).await?;
    let audit = access.entry(actor, "chart.versions");
    tx.commit(audit.about("chart_entry", id.as_uuid())).await?;
    Ok(found)
}

/// An entry and the right under which the actor sees it.
pub(super) async fn located(
    conn: &mut Conn,
    actor: &Actor,
    id: EntryId,
    now: Micros,
) -> Result<(Entry, Access), RecordError> {
    // Which patient it is about says under which right it is read, and that how much is seen.
    let found = chart::find(conn, &actor.viewer(now), Label::VeryRestricted, id).await?;
    let entry = found.ok_or(RecordError::NotFound)?;
    let access = Access::to(conn, actor, entry.patient, now).await?;
    if entry.label > access.label_max()? {
        return Err(RecordError::NotFound);
    }
    Ok((entry, access))
}

/// An entry that the actor may change. Patients, and who acts for them, change what they wrote
/// themselves.
async fn for_change(
    conn: &mut Conn,
    actor: &Actor,
    id: EntryId,
    now: Micros,
) -> Result<(Entry, Access), RecordError> {
    let (entry, _) = located(conn, actor, id, now).await?;
    let place = (entry.patient, entry.fact.kind());
    let access = match writer(conn, actor, place, now).await {
        Ok((access, _)) => access,
        // An entry of a record that was merged is changed in the record that is used.
        Err(RecordError::WrongState(_)) => {
            let merge = clinical_store::merges::of_loser(conn, entry.patient).await?;
            let winner = merge.ok_or(RecordError::NotFound)?.winner;
            let place = (winner, entry.fact.kind());
            writer(conn, actor, place, now).await?.0
        }
        Err(error) => return Err(error),
    };
    let is_own = matches!(access.grant(), Grant::OwnRecord | Grant::Proxy);
    if is_own && entry.author != actor.user {
        return Err(RecordError::Forbidden);
    }
    Ok((entry, access))
}

async fn one(
    conn: &mut Conn,
    actor: &Actor,
    access: &Access,
    entry: Entry,
) -> Result<Shown, RecordError> {
    let mut found = shown(conn, actor, access, vec![entry]).await?;
    found.pop().ok_or(RecordError::NotFound)
}

/// Nobody writes what they could not read.
pub(super) fn check_label(access: &Access, label: Label) -> Result<(), RecordError> {
    if label > access.label_max()? {
        Err(RecordError::Invalid("label"))
    } else {
        Ok(())
    }
}

const fn source(fact: &Fact) -> Option<MedicationSource> {
    match fact {
        Fact::Medication(it) => Some(it.source),
        Fact::Condition(_)
        | Fact::Allergy(_)
        | Fact::Observation(_)
        | Fact::Immunization(_)
        | Fact::FamilyHistory(_)
        | Fact::Procedure(_)
        | Fact::Document(_)
        | Fact::Note(_) => None,
    }
}

/// That a medicine comes from a prescription is said by handing it out, not by hand.
fn check_source(fact: &Fact) -> Result<(), RecordError> {
    match source(fact) {
        Some(MedicationSource::Prescription) => Err(RecordError::Invalid("fact.source")),
        Some(MedicationSource::Patient | MedicationSource::Clinician) | None => Ok(()),
    }
}

pub(super) fn effective(at: Option<Micros>, now: Micros) -> Result<Option<Micros>, RecordError> {
    match at {
        Some(at) if at > now.plus(AHEAD_US_MAX) => Err(RecordError::Invalid("effective_us")),
        at => Ok(at),
    }
}
