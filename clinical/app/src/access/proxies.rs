//! Parents and carers who act for a patient.

use clinical_model::access::{Grant, PROXY_LIFE_US_MAX, Proxy, ProxyRelation, ProxyScope};
use clinical_model::{AuditEntry, Email, GrantId, Micros, PatientId, Role};
use clinical_store::access::Charge;
use clinical_store::{Conn, StoreError};

use super::{Access, AccessDenied};
use crate::{Actor, Clinic};

/// Why proxies were not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// There is no such patient or proxy, or they may not know of them.
    #[error("no such patient or proxy")]
    NotFound,
    /// This right does not change proxies.
    #[error("this right does not change proxies")]
    Forbidden,
    /// No account of the facility has that address.
    #[error("no account has that address")]
    NoHolder,
    /// The end is past or too far ahead.
    #[error("the end is past or too far ahead")]
    Until,
    /// The store failed.
    #[error("the proxies could not be read or written")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for ProxyError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

/// Let somebody act for a patient.
#[derive(Debug, Clone)]
pub struct ProxyCommand {
    /// The account of who will act.
    pub holder: Email,
    /// What they are to the patient.
    pub relation: ProxyRelation,
    /// How much they may do.
    pub scope: ProxyScope,
    /// Until when.
    pub until: Micros,
}

/// Who acts for a patient.
///
/// # Errors
/// [`ProxyError::NotFound`] and [`ProxyError::Store`]
pub async fn proxies(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
) -> Result<Vec<(Proxy, String)>, ProxyError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    let proxies = clinical_store::access::proxies(&mut tx, actor.tenant, patient, now).await?;
    tx.commit(access.entry(actor, "access.proxies")).await?;
    Ok(proxies)
}

/// Lets somebody act for a patient: the patient decides, or who treats a patient that cannot.
///
/// # Errors
/// [`ProxyError`]
pub async fn give_proxy(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    command: ProxyCommand,
) -> Result<Proxy, ProxyError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let entry = may_change(&mut tx, actor, patient, ("access.give_proxy", now)).await?;
    if command.until <= now || command.until.since(now) > PROXY_LIFE_US_MAX {
        return Err(ProxyError::Until);
    }
    let holder = clinical_store::identity::credential_by_email(&mut tx, &command.holder)
        .await?
        .map(|found| found.account)
        .filter(|it| it.tenant == actor.tenant && !it.disabled)
        // Nobody acts for themselves.
        .filter(|it| it.patient != Some(patient))
        .ok_or(ProxyError::NoHolder)?;
    let proxy = Proxy {
        id: GrantId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        patient,
        holder: holder.id,
        relation: command.relation,
        scope: command.scope,
        from: now,
        until: command.until,
        created_by: actor.user,
    };
    clinical_store::access::insert_proxy(&mut tx, &proxy).await?;
    tx.commit(entry.about("proxy", proxy.id.as_uuid())).await?;
    Ok(proxy)
}

/// Ends a proxy: the patient, who treats them, or the holder.
///
/// # Errors
/// [`ProxyError`]
pub async fn end_proxy(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    id: GrantId,
) -> Result<(), ProxyError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    let known = clinical_store::access::proxies(&mut tx, actor.tenant, patient, now).await?;
    let is_mine = known
        .iter()
        .any(|(proxy, _)| proxy.id == id && proxy.holder == actor.user);
    let entry = if is_mine {
        access.entry(actor, "access.end_proxy")
    } else {
        may_change(&mut tx, actor, patient, ("access.end_proxy", now)).await?
    };
    let place = (actor.tenant, patient);
    if !clinical_store::access::end_proxy(&mut tx, place, id, now).await? {
        return Err(ProxyError::NotFound);
    }
    tx.commit(entry.about("proxy", id.as_uuid())).await?;
    Ok(())
}

async fn may_change(
    conn: &mut Conn,
    actor: &Actor,
    patient: PatientId,
    (action, now): (&'static str, Micros),
) -> Result<AuditEntry, ProxyError> {
    let access = Access::to(conn, actor, patient, now).await?;
    let treats = matches!(actor.role, Role::Doctor | Role::Nurse);
    match access.grant() {
        Grant::OwnRecord => Ok(access.entry(actor, action)),
        Grant::CareRelation | Grant::AppointmentWindow | Grant::Duty if treats => {
            Ok(access.entry(actor, action))
        }
        Grant::CareRelation
        | Grant::AppointmentWindow
        | Grant::Duty
        | Grant::Proxy
        | Grant::Consent
        | Grant::BreakGlass => Err(ProxyError::Forbidden),
    }
}

/// Whom the actor acts for.
///
/// # Errors
/// The store failed.
pub async fn charges(clinic: &Clinic, actor: &Actor) -> Result<Vec<Charge>, StoreError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let charges = clinical_store::access::charges(&mut tx, &actor.viewer(now)).await?;
    tx.commit(actor.did("access.charges", now)).await?;
    Ok(charges)
}
