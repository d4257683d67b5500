//! One request of FHIR carried out in an open transaction, whether it came alone or in a bundle.

use axum::http::StatusCode;
use clinical_api::ProblemCode;
use clinical_app::exchange::{Work, Written};
use clinical_app::records::{AmendCommand, FactCommand, RecordError, Registration};
use clinical_fhir::catalog::{Interaction, ResourceKind};
use clinical_fhir::map::{demographics, incoming, patient_resource};
use clinical_fhir::{Checked, Handling, Issue, IssueType, Request, Search, Verb, apply, pairs};
use clinical_model::patients::Patient;
use clinical_model::{EntryId, PatientId};
use serde_json::Value;

use super::answer::{FhirError, id_of, served, shown};
use super::search::{found, searched};
use super::{INTERACTIONS, Source, views};
use crate::error::ApiError;

/// What a request came to.
pub(super) struct Done {
    pub(super) status: StatusCode,
    pub(super) resource: Value,
}

impl Done {
    const fn new(status: StatusCode, resource: Value) -> Self {
        Self { status, resource }
    }

    /// The address of the version that was written or found, below the base.
    pub(super) fn location(&self) -> Option<String> {
        let text = |path| self.resource.pointer(path).and_then(Value::as_str);
        let kind = text("/resourceType")?;
        let (id, version) = (text("/id")?, text("/meta/versionId")?);
        Some(format!("{kind}/{id}/_history/{version}"))
    }
}

/// What is there now.
enum Current {
    Patient(Box<Patient>),
    Entry(Box<Written>),
    /// What is written elsewhere.
    View(Value),
}

impl Current {
    fn version(&self) -> u32 {
        match self {
            Self::Patient(it) => it.version,
            Self::Entry(it) => it.entry.version,
            Self::View(it) => {
                let version = it.pointer("/meta/versionId").and_then(Value::as_str);
                version.and_then(|it| it.parse().ok()).unwrap_or(1)
            }
        }
    }

    fn resource(&self) -> Value {
        match self {
            Self::Patient(it) => patient_resource(it, None),
            Self::Entry(it) => shown(it),
            Self::View(it) => it.clone(),
        }
    }
}

/// Carries a request out. Nothing holds before the work is committed.
pub(super) async fn carry(
    work: &mut Work<'_>,
    base: &str,
    request: Request,
) -> Result<Done, FhirError> {
    let kind = request.kind;
    served(kind.as_str())?;
    match (request.verb, request.id.clone(), request.body.clone()) {
        (Verb::Post, _, Some(body)) => create(work, &request, body).await,
        (Verb::Put, Some(id), Some(body)) => {
            let old = current(work, kind, &id).await?;
            update(work, (old, &request), body).await
        }
        (Verb::Put, None, Some(body)) => update_found(work, &request, body).await,
        (Verb::Patch, Some(id), Some(patch)) => {
            let old = current(work, kind, &id).await?;
            let changed = apply(&old.resource(), &patch).map_err(|error| {
                FhirError::unprocessable(IssueType::Invalid, &error.to_string())
            })?;
            update(work, (old, &request), changed).await
        }
        (Verb::Delete, Some(id), _) => delete(work, &request, &id).await,
        (Verb::Get, Some(id), _) => {
            let old = current(work, kind, &id).await?;
            Ok(Done::new(StatusCode::OK, old.resource()))
        }
        (Verb::Get, None, _) => {
            let query = pairs(request.query.as_deref().unwrap_or_default());
            let bundle = searched(work, (base, kind), (query, Handling::Strict)).await?;
            Ok(Done::new(StatusCode::OK, bundle))
        }
        _ => Err(ApiError::new(ProblemCode::Malformed).into()),
    }
}

/// Whether this is done with resources of this type at all.
fn allowed(kind: ResourceKind, interaction: Interaction) -> Result<(), FhirError> {
    let row = kind.endpoint().is_some_and(|row| row.allows(interaction));
    if row && INTERACTIONS.contains(&interaction) {
        Ok(())
    } else {
        Err(ApiError::new(ProblemCode::MethodNotAllowed).into())
    }
}

async fn current(work: &mut Work<'_>, kind: ResourceKind, id: &str) -> Result<Current, FhirError> {
    let (_, source) = served(kind.as_str())?;
    let entries = match source {
        Source::Chart(entries) => entries,
        Source::Patients => {
            let patient = work.patient(PatientId::from_uuid(id_of(id)?)).await?;
            return Ok(Current::Patient(Box::new(patient)));
        }
        Source::Views => return Ok(Current::View(views::read(work, kind, id).await?)),
    };
    let newest = work.versions(EntryId::from_uuid(id_of(id)?)).await?.pop();
    let newest = newest.filter(|it| it.entry.fact.kind() == entries);
    let newest = newest.ok_or_else(ApiError::not_found)?;
    Ok(Current::Entry(Box::new(newest)))
}

/// A body that is a resource of the type in the path.
fn checked(kind: ResourceKind, body: Value) -> Result<Checked, FhirError> {
    let checked = Checked::parse(body).map_err(FhirError::Issues)?;
    if checked.kind() == kind.as_str() {
        Ok(checked)
    } else {
        let text = "the resource is of another type than the path";
        Err(FhirError::issue(IssueType::Invalid, text))
    }
}

/// The resources that a condition means; a condition that names nothing means none in particular.
async fn meant(
    work: &mut Work<'_>,
    kind: ResourceKind,
    query: &str,
) -> Result<Option<Value>, FhirError> {
    let endpoint = kind.endpoint().ok_or_else(ApiError::not_found)?;
    let query = pairs(query);
    let given = query
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    let search = Search::parse(endpoint, given, Handling::Strict).map_err(FhirError::Issues)?;
    let mut matches = Vec::new();
    if !search.filters.is_empty() {
        matches = found(work, &search, kind).await?;
    }
    if search.filters.is_empty() || matches.len() > 1 {
        let text = "the condition must mean one resource or none";
        let issue = Issue::error(IssueType::MultipleMatches, text);
        return Err(FhirError::Refused(
            StatusCode::PRECONDITION_FAILED,
            vec![issue],
        ));
    }
    Ok(matches.pop())
}

async fn create(work: &mut Work<'_>, request: &Request, body: Value) -> Result<Done, FhirError> {
    allowed(request.kind, Interaction::Create)?;
    let checked = checked(request.kind, body)?;
    if let Some(condition) = &request.if_none_exist
        && let Some(there) = meant(work, request.kind, condition).await?
    {
        return Ok(Done::new(StatusCode::OK, there));
    }
    let made = if request.kind == ResourceKind::Patient {
        let who = demographics(&checked).map_err(refused)?;
        // Who names a condition has looked whether they are registered.
        let is_confirmed = request.if_none_exist.is_some() || request.verb == Verb::Put;
        let command = Registration { who, is_confirmed };
        patient_resource(&work.register(command).await?, None)
    } else {
        let new = incoming(&checked).map_err(refused)?;
        if new.in_error {
            let text = "what is new is not entered in error";
            return Err(FhirError::unprocessable(IssueType::BusinessRule, text));
        }
        let command = FactCommand {
            fact: new.fact,
            label: new.label.unwrap_or_default(),
            effective: new.effective,
            appointment: new.appointment,
            tags: Vec::new(),
        };
        shown(&work.add(new.patient, command).await?)
    };
    Ok(Done::new(StatusCode::CREATED, made))
}

async fn update_found(
    work: &mut Work<'_>,
    request: &Request,
    body: Value,
) -> Result<Done, FhirError> {
    allowed(request.kind, Interaction::Update)?;
    let condition = request.query.as_deref().unwrap_or_default();
    let Some(there) = meant(work, request.kind, condition).await? else {
        return create(work, request, body).await;
    };
    let id = there.get("id").and_then(Value::as_str).unwrap_or_default();
    let old = current(work, request.kind, id).await?;
    let mut body = body;
    if let Some(object) = body.as_object_mut() {
        object.entry("id").or_insert_with(|| id.into());
    }
    update(work, (old, request), body).await
}

async fn update(
    work: &mut Work<'_>,
    (old, request): (Current, &Request),
    body: Value,
) -> Result<Done, FhirError> {
    let interaction = match request.verb {
        Verb::Patch => Interaction::Patch,
        _ => Interaction::Update,
    };
    allowed(request.kind, interaction)?;
    let read = at_version(&old, request.if_match)?;
    let checked = checked(request.kind, body)?;
    if checked.value().get("id") != old.resource().get("id") {
        let text = "the resource must have the id of the path";
        return Err(FhirError::issue(IssueType::Invalid, text));
    }
    let next = match old {
        Current::Patient(old) => {
            let mut who = demographics(&checked).map_err(refused)?;
            // FHIR's Patient has no place for it, so nothing is said about it.
            who.blood_group = old.demographics.blood_group;
            patient_resource(&work.change((old.id, read), who).await?, None)
        }
        Current::Entry(old) => {
            let new = incoming(&checked).map_err(refused)?;
            let stays =
                new.patient == old.entry.patient && new.appointment == old.entry.appointment;
            if !stays {
                let text = "an entry stays with its patient and its encounter";
                return Err(FhirError::unprocessable(IssueType::BusinessRule, text));
            }
            let place = (old.entry.id, read);
            let next = if new.in_error {
                work.take_back(place).await?
            } else {
                let command = AmendCommand {
                    fact: new.fact,
                    label: new.label,
                    effective: new.effective,
                };
                work.amend(place, command).await?
            };
            shown(&next)
        }
        Current::View(_) => return Err(ApiError::new(ProblemCode::MethodNotAllowed).into()),
    };
    Ok(Done::new(StatusCode::OK, next))
}

/// Takes an entry back. One that was taken back is left as it is.
async fn delete(work: &mut Work<'_>, request: &Request, id: &str) -> Result<Done, FhirError> {
    let old = current(work, request.kind, id).await?;
    allowed(request.kind, Interaction::Delete)?;
    let read = at_version(&old, request.if_match)?;
    let Current::Entry(old) = old else {
        return Err(ApiError::new(ProblemCode::MethodNotAllowed).into());
    };
    let gone = match work.take_back((old.entry.id, read)).await {
        Ok(gone) => gone,
        Err(RecordError::WrongState(_)) => *old,
        Err(error) => return Err(error.into()),
    };
    Ok(Done::new(StatusCode::OK, shown(&gone)))
}

/// The version on top of which is written: the one that the client read, or else the present one.
fn at_version(old: &Current, if_match: Option<u32>) -> Result<u32, FhirError> {
    match if_match {
        Some(read) if read != old.version() => Err(ApiError::new(ProblemCode::Changed).into()),
        _ => Ok(old.version()),
    }
}

/// What is a resource of R4 and cannot be kept here.
fn refused(issue: Issue) -> FhirError {
    FhirError::Refused(StatusCode::UNPROCESSABLE_ENTITY, vec![issue])
}
