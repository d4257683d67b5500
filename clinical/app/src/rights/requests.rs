//! Asking, and reading what was asked.

use clinical_model::access::Grant;
use clinical_model::notify::MessageKind;
use clinical_model::rights::{Lived, Request, RequestKind, RequestState, Retention, retention};
use clinical_model::text::Prose;
use clinical_model::{EntryId, Micros, PatientId, RequestId, Role};
use clinical_store::rights::{self as store, RequestWriteError};
use clinical_store::{Conn, StoreError, chart, patients, tenants};

use crate::access::{Access, AccessDenied};
use crate::notify::{Notice, tell_admins};
use crate::{Actor, Clinic};

/// Where administrators and clinicians answer.
pub(super) const REQUESTS_PAGE: &str = "/requests";

/// Why requests were not shown or written.
#[derive(Debug, thiserror::Error)]
pub enum RequestsError {
    /// There is no such patient, or they may not know of them.
    #[error("no such patient")]
    NotFound,
    /// The record has no such fact or access.
    #[error("the record has no such {0}")]
    Unknown(&'static str),
    /// Only the patient, or who acts for them, asks.
    #[error("only the patient, or who acts for them, asks")]
    Forbidden,
    /// An erasure was asked for before and waits.
    #[error("an erasure waits already")]
    Waiting,
    /// The store failed.
    #[error("the requests could not be read or written")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for RequestsError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<RequestWriteError> for RequestsError {
    fn from(error: RequestWriteError) -> Self {
        match error {
            RequestWriteError::Waiting | RequestWriteError::Changed => Self::Waiting,
            RequestWriteError::Store(error) => Self::Store(error),
        }
    }
}

/// What a patient wants.
#[derive(Debug, Clone)]
pub enum Wish {
    /// That something is put right.
    Correction {
        /// The fact it is about, where one was chosen.
        entry: Option<EntryId>,
        /// What is wrong, and what would be right.
        text: Prose,
    },
    /// That somebody looks into an access.
    Access {
        /// Its number in the audit chain.
        look: i64,
        /// What seems wrong.
        text: Prose,
    },
    /// That the record is erased.
    Erasure,
}

/// A request as it is shown: with the patient's name, and for an open erasure with what the law
/// says now.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request.
    pub request: Request,
    /// The patient's name; none when the record was erased, or for the patient's own list.
    pub patient_name: Option<String>,
    /// Until when the record must be kept, for an erasure that waits.
    pub retention: Option<Retention>,
}

/// Writes down what a patient asks for: the patient, or who acts for them.
///
/// # Errors
/// [`RequestsError`]
pub async fn ask(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    wish: Wish,
) -> Result<Asked, RequestsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    if !clinical_store::access::may_act(&mut tx, access.viewer(), patient).await? {
        return Err(RequestsError::Forbidden);
    }
    let (kind, entry, look, text) = match wish {
        Wish::Correction { entry, text } => (RequestKind::Correction, entry, None, Some(text)),
        Wish::Access { look, text } => (RequestKind::Access, None, Some(look), Some(text)),
        Wish::Erasure => (RequestKind::Erasure, None, None, None),
    };
    let request = Request {
        id: RequestId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        patient,
        kind,
        entry,
        look,
        text,
        asked_by: actor.user,
        asked: now,
        state: RequestState::Open,
        answer: None,
        version: 1,
    };
    exists(&mut tx, &access, &request).await?;
    store::insert(&mut tx, &request).await?;
    if kind != RequestKind::Correction {
        let about = (MessageKind::NewMessage, actor.tenant);
        let subject = request.id.as_uuid();
        tell_admins(&mut tx, clinic, (actor.tenant, now), |admin| {
            Notice::now(about, admin, subject, now, REQUESTS_PAGE)
        })
        .await?;
    }
    let shown = shown(&mut tx, request, false).await?;
    let entry = access.entry(actor, action(kind));
    tx.commit(entry.about("request", shown.request.id.as_uuid()))
        .await?;
    Ok(shown)
}

const fn action(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Correction => "rights.ask_correction",
        RequestKind::Access => "rights.ask_about_access",
        RequestKind::Erasure => "rights.ask_erasure",
    }
}

/// The fact or the access that a request names must be one of this record.
async fn exists(conn: &mut Conn, access: &Access, request: &Request) -> Result<(), RequestsError> {
    if let Some(id) = request.entry {
        chart::find(conn, access.viewer(), access.label_max()?, id)
            .await?
            .filter(|it| it.patient == request.patient)
            .ok_or(RequestsError::Unknown("entry"))?;
    }
    if let Some(look) = request.look {
        let range = (look.saturating_add(1), 1);
        let found =
            clinical_store::access::looks(conn, request.tenant, request.patient, range).await?;
        if found.first().is_none_or(|it| it.seq != look) {
            return Err(RequestsError::Unknown("seq"));
        }
    }
    Ok(())
}

/// What was asked about one record, newest first: everything for the patient and who acts for them,
/// the corrections for who treats them.
///
/// # Errors
/// [`RequestsError::NotFound`] and [`RequestsError::Store`]
pub async fn asked(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
) -> Result<Vec<Asked>, RequestsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    let is_theirs = matches!(access.grant(), Grant::OwnRecord | Grant::Proxy);
    let mut list = Vec::new();
    for request in store::of_patient(&mut tx, actor.tenant, patient).await? {
        if is_theirs || request.kind == RequestKind::Correction {
            list.push(shown(&mut tx, request, false).await?);
        }
    }
    tx.commit(access.entry(actor, "rights.asked")).await?;
    Ok(list)
}

/// What the actor answers, open ones first: administrators erasures and questions about accesses,
/// clinicians the corrections of patients whom they may see.
///
/// # Errors
/// [`RequestsError::Forbidden`] and [`RequestsError::Store`]
pub async fn waiting(clinic: &Clinic, actor: &Actor) -> Result<Vec<Asked>, RequestsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let requests = match actor.role {
        Role::Admin => store::of_facility(&mut tx, actor.tenant).await?,
        Role::Doctor | Role::Nurse => store::corrections(&mut tx, &actor.viewer(now)).await?,
        Role::Patient
        | Role::Pharmacist
        | Role::LabTechnician
        | Role::Radiologist
        | Role::Pathologist
        | Role::HealthAuthority => return Err(RequestsError::Forbidden),
    };
    let mut list = Vec::with_capacity(requests.len());
    for request in requests {
        list.push(shown(&mut tx, request, true).await?);
    }
    tx.commit(actor.did("rights.waiting", now)).await?;
    Ok(list)
}

/// A request with what a reader needs besides.
pub(super) async fn shown(
    conn: &mut Conn,
    request: Request,
    named: bool,
) -> Result<Asked, StoreError> {
    let patient_name = if named {
        patients::record(conn, request.tenant, request.patient)
            .await?
            .map(|it| it.demographics.full_name())
    } else {
        None
    };
    let waits = request.kind == RequestKind::Erasure && request.state == RequestState::Open;
    let retention = if waits {
        retention_of(conn, &request).await?
    } else {
        None
    };
    Ok(Asked {
        request,
        patient_name,
        retention,
    })
}

/// Until when the law keeps the records of a person; none when the facility never had to do with
/// them.
pub(super) async fn retention_of(
    conn: &mut Conn,
    request: &Request,
) -> Result<Option<Retention>, StoreError> {
    let tenant = tenants::find(conn, request.tenant)
        .await?
        .ok_or_else(|| StoreError::corrupt("rights_requests.tenant", "no such facility"))?;
    let mut latest: Option<Retention> = None;
    for record in store::records_of_person(conn, request.patient).await? {
        let Some(last_contact) = store::last_contact(conn, record).await? else {
            continue;
        };
        let who = patients::record(conn, request.tenant, record).await?;
        let who = who.map(|it| it.demographics);
        let lived = Lived {
            birth: who.as_ref().and_then(|it| it.birth.clone()),
            died: who.as_ref().and_then(|it| it.deceased.clone()),
            last_contact,
        };
        let found = retention(&tenant.country, &lived);
        if latest.is_none_or(|it| it.until < found.until) {
            latest = Some(found);
        }
    }
    Ok(latest)
}

/// Whether the law keeps a record at `now`.
pub(super) fn kept(retention: Option<Retention>, now: Micros) -> Option<Retention> {
    retention.filter(|it| it.holds(now))
}
