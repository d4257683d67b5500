//! For how many days a facility keeps its recordings.

use clinical_model::recordings::KeepRules;
use clinical_model::{ServiceId, TenantId};
use clinical_store::booking::services;
use clinical_store::recordings as store;
use clinical_store::{Conn, StoreError};

use super::{Archive, RecordingsError};
use crate::{Actor, Clinic};

/// The rules, and what kinds of visit there are, with their words.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// The rules.
    pub rules: KeepRules,
    /// Every kind of visit.
    pub services: Vec<(ServiceId, String)>,
}

/// The rules of a facility, or those of the installation.
pub(super) async fn rules_of(
    conn: &mut Conn,
    tenant: TenantId,
    keep_days: u32,
) -> Result<KeepRules, StoreError> {
    let own = store::rules(conn, tenant).await?;
    Ok(own.unwrap_or_else(|| KeepRules::without(keep_days)))
}

async fn services_of(
    conn: &mut Conn,
    tenant: TenantId,
) -> Result<Vec<(ServiceId, String)>, StoreError> {
    let all = services(conn, tenant).await?;
    Ok(all.into_iter().map(|it| (it.id, it.code)).collect())
}

/// The rules of the actor's facility.
///
/// # Errors
/// [`RecordingsError::Store`]
pub async fn rules(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
) -> Result<Keeping, RecordingsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let rules = rules_of(&mut tx, actor.tenant, archive.keep_days()).await?;
    let services = services_of(&mut tx, actor.tenant).await?;
    tx.commit(actor.did("recordings.rules", now)).await?;
    Ok(Keeping { rules, services })
}

/// Changes the rules for recordings that begin from now on; those that are there keep their time.
///
/// # Errors
/// [`RecordingsError::Rules`] for days that are not allowed or a kind of visit that there is not,
/// [`RecordingsError::Changed`] and [`RecordingsError::Store`].
pub async fn change_rules(
    clinic: &Clinic,
    actor: &Actor,
    read: KeepRules,
) -> Result<Keeping, RecordingsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let services = services_of(&mut tx, actor.tenant).await?;
    let is_known = |id: &ServiceId| services.iter().any(|(known, _)| known == id);
    if !read.are_allowed() || !read.of_services.keys().all(is_known) {
        return Err(RecordingsError::Rules);
    }
    let rules = KeepRules {
        version: read.version.saturating_add(1),
        ..read
    };
    store::write_rules(&mut tx, actor.tenant, &rules).await?;
    let audit = actor.did("recordings.change_rules", now);
    tx.commit(audit.at_version(rules.version)).await?;
    Ok(Keeping { rules, services })
}
