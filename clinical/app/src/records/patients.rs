//! Registering patients and changing who they are.

use clinical_finder::Why;
use clinical_model::access::{CareRelation, Grant, Label};
use clinical_model::chart::Kind;
use clinical_model::patients::{CONTACTS_MAX, Demographics, Patient, PatientState};
use clinical_model::text::Phone;
use clinical_model::{AuditEntry, GrantId, Micros, PatientId, Role};
use clinical_store::{StoreError, Tx, patients, tenants};

use super::index::person;
use super::{RecordError, writable};
use crate::{Access, Actor, Clinic, Desk};

/// How long who registers a patient belongs to the care team: long enough for a course of treatment.
pub const PATIENT_RELATION_US: i64 = 90 * Micros::DAY;

/// Somebody who may be the person who is being registered, and why.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub patient: Patient,
    /// The reasons.
    pub why: Vec<Why>,
}

/// Who is to be registered.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Who they are.
    pub who: Demographics,
    /// Whether somebody has looked at the candidates and says that it is none of them.
    pub is_confirmed: bool,
}

/// A patient as the actor sees them.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The patient.
    pub patient: Patient,
    /// Under which right.
    pub grant: Grant,
    /// The kinds of entries that the actor may write.
    pub writable: Vec<Kind>,
    /// The most confidential thing that the actor sees; none when they see no clinical content.
    pub label_max: Option<Label>,
}

/// A telephone number as people write it, in the way of the facility's country, or in E.164.
///
/// # Errors
/// [`RecordError::Invalid`] and [`RecordError::Store`]
pub async fn parse_phone(
    clinic: &Clinic,
    actor: &Actor,
    (text, field): (&str, &'static str),
) -> Result<Phone, RecordError> {
    if let Ok(phone) = text.parse() {
        return Ok(phone);
    }
    let mut conn = clinic.db.read().await?;
    let tenant = tenants::find(&mut conn, actor.tenant).await?;
    let country = tenant.map(|it| it.country).unwrap_or_default();
    read_phone(&country, text).ok_or(RecordError::Invalid(field))
}

/// A phone number as people of a country write it.
pub(crate) fn read_phone(country: &str, text: &str) -> Option<Phone> {
    if let Ok(phone) = text.parse() {
        return Some(phone);
    }
    let number = phonenumber::parse(country.parse().ok(), text).ok();
    number
        .filter(phonenumber::PhoneNumber::is_valid)
        .and_then(|it| {
            it.format()
                .mode(phonenumber::Mode::E164)
                .to_string()
                .parse()
                .ok()
        })
}

fn check(who: &Demographics) -> Result<(), RecordError> {
    if who.phones.len() > CONTACTS_MAX {
        return Err(RecordError::Invalid("details.phones"));
    }
    if who.identifiers.len() > CONTACTS_MAX {
        return Err(RecordError::Invalid("details.identifiers"));
    }
    Ok(())
}

/// Who treats patients and so registers them.
const fn registers(role: Role) -> bool {
    matches!(role, Role::Doctor | Role::Nurse)
}

/// Registers a patient. Who registers them belongs to their care team. Somebody who may be the same
/// person is proposed first.
///
/// # Errors
/// [`RecordError`]
pub async fn register(
    desk: &Desk,
    actor: &Actor,
    command: Registration,
) -> Result<Patient, RecordError> {
    let mut tx = desk.db().begin().await?;
    match register_in(desk, &mut tx, actor, command).await {
        Ok((patient, entry)) => {
            tx.commit(entry).await?;
            Ok(patient)
        }
        Err(RecordError::Duplicate(alike)) => {
            tx.commit(actor.was_refused("patient.register", desk.now()))
                .await?;
            Err(RecordError::Duplicate(alike))
        }
        Err(error) => Err(error),
    }
}

/// The same in a transaction that goes on, with the audit entry that belongs to it.
pub(crate) async fn register_in(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    command: Registration,
) -> Result<(Patient, AuditEntry), RecordError> {
    let now = desk.now();
    if !registers(actor.role) {
        return Err(RecordError::Forbidden);
    }
    check(&command.who)?;
    if !command.is_confirmed {
        let alike = candidates(desk, tx, actor, &command.who).await?;
        if !alike.is_empty() {
            return Err(RecordError::Duplicate(alike));
        }
    }
    let patient = Patient {
        id: PatientId::from_uuid(desk.id(now)),
        tenant: actor.tenant,
        demographics: command.who,
        state: PatientState::Active,
        version: 1,
        chart_version: 0,
    };
    patients::insert(tx, &patient, now).await?;
    let relation = CareRelation {
        id: GrantId::from_uuid(desk.id(now)),
        tenant: actor.tenant,
        patient: patient.id,
        clinician: actor.user,
        from: now,
        until: now.plus(PATIENT_RELATION_US),
        created_by: actor.user,
    };
    clinical_store::access::insert_care_relation(tx, &relation).await?;
    let entry = actor.did("patient.register", now).of_patient(patient.id);
    let entry = entry.at_version(patient.version);
    Ok((patient, entry))
}

/// Those whom the actor may see and who may be the same person.
async fn candidates(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    who: &Demographics,
) -> Result<Vec<Candidate>, StoreError> {
    let viewer = actor.viewer(desk.now());
    let sought = person(who);
    let ask = |finder: &clinical_finder::Finder| finder.similar(&sought);
    let proposals = desk.index().ask(tx, actor.tenant, ask).await?;
    let mut alike = Vec::new();
    for proposal in proposals {
        let id = PatientId::from_uuid(proposal.id);
        let found = patients::find(tx, &viewer, id).await?;
        alike.extend(found.map(|patient| Candidate {
            patient,
            why: proposal.why,
        }));
    }
    Ok(alike)
}

/// One patient.
///
/// # Errors
/// [`RecordError::NotFound`] and [`RecordError::Store`]
pub async fn patient(clinic: &Clinic, actor: &Actor, id: PatientId) -> Result<Seen, RecordError> {
    let mut tx = clinic.db.look().await?;
    let access = Access::to(&mut tx, actor, id, clinic.clock.now()).await?;
    let found = patients::find(&mut tx, access.viewer(), id).await?;
    let patient = found.ok_or(RecordError::NotFound)?;
    let seen = Seen {
        grant: access.grant(),
        writable: match patient.state {
            PatientState::Active => writable(&mut tx, actor, &access).await?,
            PatientState::Merged { .. } | PatientState::Erased => Vec::new(),
        },
        label_max: access.label_max().ok(),
        patient,
    };
    tx.commit(access.entry(actor, "patient.read")).await?;
    Ok(seen)
}

/// Changes who a patient is, on top of version `read`.
///
/// # Errors
/// [`RecordError`], but for [`RecordError::Duplicate`]
pub async fn change_patient(
    clinic: &Clinic,
    actor: &Actor,
    (id, read): (PatientId, u32),
    who: Demographics,
) -> Result<Patient, RecordError> {
    let acting = (actor, clinic.clock.now());
    let mut tx = clinic.db.begin().await?;
    let (patient, entry) = change_in(&mut tx, acting, (id, read), who).await?;
    tx.commit(entry).await?;
    Ok(patient)
}

/// The same in a transaction that goes on, with the audit entry that belongs to it.
pub(crate) async fn change_in(
    tx: &mut Tx,
    (actor, now): (&Actor, Micros),
    (id, read): (PatientId, u32),
    who: Demographics,
) -> Result<(Patient, AuditEntry), RecordError> {
    let access = Access::to(tx, actor, id, now).await?;
    if !registers(super::writes_as(&access, actor.role)) {
        return Err(RecordError::Forbidden);
    }
    check(&who)?;
    let found = patients::find(tx, access.viewer(), id).await?;
    let mut patient = found.ok_or(RecordError::NotFound)?;
    if patient.version != read {
        return Err(RecordError::Changed);
    }
    if patient.state != PatientState::Active {
        return Err(RecordError::WrongState("patient"));
    }
    patient.demographics = who;
    patient.version = read.saturating_add(1);
    patients::update(tx, &patient, read, now).await?;
    let entry = access.entry(actor, "patient.change");
    let entry = entry.at_version(patient.version);
    Ok((patient, entry))
}
