//! Two records that are one person: merged, and taken apart again.

use clinical_model::patients::{Patient, PatientState};
use clinical_model::{AuditEntry, Micros, PatientId, Role};
use clinical_store::merges::{self, Merge};
use clinical_store::{Conn, patients};

use super::RecordError;
use crate::{Access, Actor, Clinic};

/// Goes on with `into` for both; `loser` is read at version `read` and not used any more. Its facts
/// stay where they are and are shown with those of the other.
///
/// # Errors
/// [`RecordError`], but for [`RecordError::Duplicate`]
pub async fn merge(
    clinic: &Clinic,
    actor: &Actor,
    (loser, read): (PatientId, u32),
    into: PatientId,
) -> Result<Patient, RecordError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let entry = may_merge(&mut tx, actor, loser, ("patient.merge", now)).await?;
    may_merge(&mut tx, actor, into, ("patient.merge", now)).await?;
    if loser == into {
        return Err(RecordError::Invalid("into"));
    }
    let mut gone = active(&mut tx, actor, (loser, "patient")).await?;
    let mut kept = active(&mut tx, actor, (into, "into")).await?;
    if gone.version != read {
        return Err(RecordError::Changed);
    }
    // Who signs in to see the loser would find an empty record tomorrow: merge the other way round.
    if merges::has_account(&mut tx, loser).await? {
        return Err(RecordError::WrongState("account"));
    }
    // Undoing gives back exactly what one merge has done, so they do not stand on each other.
    if !merges::losers_of(&mut tx, loser).await?.is_empty() {
        return Err(RecordError::WrongState("merged"));
    }
    let merge = Merge {
        id: clinic.entropy.uuid(now),
        tenant: actor.tenant,
        loser,
        winner: into,
        at: now,
        by: actor.user,
    };
    let mut new_id = || clinic.entropy.uuid(now);
    merges::insert(&mut tx, &merge, &mut new_id).await?;
    gone.state = PatientState::Merged { into };
    gone.version = read.saturating_add(1);
    patients::update(&mut tx, &gone, read, now).await?;
    // What a prescription is judged by is more now.
    patients::touch_chart(&mut tx, into).await?;
    kept.chart_version = kept.chart_version.saturating_add(1);
    tx.also(entry.of_patient(into)).await?;
    tx.commit(entry.about("patient_merge", merge.id)).await?;
    Ok(kept)
}

/// Takes a merge back: `loser`, read at version `read`, is a record of its own again, and the rights
/// that the merge copied are gone.
///
/// # Errors
/// [`RecordError`], but for [`RecordError::Duplicate`]
pub async fn unmerge(
    clinic: &Clinic,
    actor: &Actor,
    (loser, read): (PatientId, u32),
) -> Result<Patient, RecordError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let entry = may_merge(&mut tx, actor, loser, ("patient.unmerge", now)).await?;
    let found = patients::record(&mut tx, actor.tenant, loser).await?;
    let mut patient = found.ok_or(RecordError::NotFound)?;
    if patient.version != read {
        return Err(RecordError::Changed);
    }
    let merge = merges::of_loser(&mut tx, loser).await?;
    let merge = merge.ok_or(RecordError::WrongState("patient"))?;
    merges::undo(&mut tx, merge.id, actor.user, now).await?;
    patient.state = PatientState::Active;
    patient.version = read.saturating_add(1);
    patients::update(&mut tx, &patient, read, now).await?;
    patients::touch_chart(&mut tx, merge.winner).await?;
    tx.also(entry.of_patient(merge.winner)).await?;
    tx.commit(entry.about("patient_merge", merge.id)).await?;
    Ok(patient)
}

/// Nurses merge records that they see, admins those of their facility; an admin sees nothing in them.
async fn may_merge(
    conn: &mut Conn,
    actor: &Actor,
    patient: PatientId,
    (action, now): (&'static str, Micros),
) -> Result<AuditEntry, RecordError> {
    match actor.role {
        Role::Admin => {
            let found = patients::record(conn, actor.tenant, patient).await?;
            found.ok_or(RecordError::NotFound)?;
            Ok(actor.did(action, now).of_patient(patient))
        }
        Role::Nurse => {
            let access = Access::to(conn, actor, patient, now).await?;
            Ok(access.entry(actor, action))
        }
        Role::Patient
        | Role::Doctor
        | Role::Pharmacist
        | Role::LabTechnician
        | Role::Radiologist
        | Role::Pathologist
        | Role::HealthAuthority => Err(RecordError::Forbidden),
    }
}

async fn active(
    conn: &mut Conn,
    actor: &Actor,
    (id, field): (PatientId, &'static str),
) -> Result<Patient, RecordError> {
    let found = patients::record(conn, actor.tenant, id).await?;
    let found = found.ok_or(RecordError::NotFound)?;
    match found.state {
        PatientState::Active => Ok(found),
        PatientState::Merged { .. } | PatientState::Erased => Err(RecordError::WrongState(field)),
    }
}
