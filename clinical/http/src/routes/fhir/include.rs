//! `_include` and `_revinclude`: what the matches refer to, and what refers to them.
//!
//! Whatever is added is read like a search of its own: under the same rights, with an entry in the
//! audit. What the caller may not see is left out without a word.

use clinical_app::exchange::Work;
use clinical_fhir::catalog::ResourceKind;
use clinical_fhir::map::patient_resource;
use clinical_fhir::{Handling, Include, Issue, IssueType, Search, Severity, Summary};
use clinical_model::PatientId;
use clinical_model::chart::Kind;
use serde_json::Value;
use uuid::Uuid;

use super::answer::{FhirError, served, shown};
use super::{Source, views};

/// More resources are not added to one page: who wants everything of a patient asks for that.
const INCLUDED_MAX: usize = 2_000;

/// Drops includes of what this server does not hold as resources, or refuses them.
pub(super) fn only_served(
    (search, resource): (&mut Search, ResourceKind),
    handling: Handling,
) -> Result<(), FhirError> {
    let is_served = |it: &Include| served(it.source.as_str()).is_ok() && target(it).is_some();
    let controls = &mut search.controls;
    let before = controls.include.len() + controls.revinclude.len();
    controls.include.retain(is_served);
    // What refers to a patient is looked up by the patient, and nothing else is.
    let is_patient = resource == ResourceKind::Patient;
    controls.revinclude.retain(|it| is_patient && is_served(it));
    if controls.include.len() + controls.revinclude.len() == before {
        return Ok(());
    }
    let text = "one of _include or _revinclude leads to what is not served here";
    let issue = Issue::error(IssueType::NotSupported, text);
    match handling {
        Handling::Strict => Err(FhirError::Issues(vec![issue])),
        Handling::Lenient => {
            search.ignored.push(Issue {
                severity: Severity::Warning,
                ..issue
            });
            Ok(())
        }
    }
}

/// To which type of ours an include leads.
fn target(include: &Include) -> Option<ResourceKind> {
    let endpoint = include.source.endpoint()?;
    let param = endpoint.param(include.param)?;
    let mut targets = param.targets.iter().copied();
    targets
        .find(|it| include.target.is_none_or(|wanted| wanted == *it) && served(it.as_str()).is_ok())
}

/// What is added to the matches of a page, each once.
pub(super) async fn included(
    work: &mut Work<'_>,
    search: &Search,
    page: &[Value],
) -> Result<Vec<Value>, FhirError> {
    let mut found: Vec<Value> = Vec::new();
    for patient in referred(search, page) {
        match work.patient(patient).await.map_err(FhirError::from) {
            Ok(patient) => found.push(patient_resource(&patient, None)),
            Err(error) => not_theirs(error)?,
        }
    }
    let doctors = doctors_of(search, page);
    if !doctors.is_empty() {
        found.extend(views::doctors(work, &doctors).await?);
    }
    let (kinds, others) = referring(search);
    for patient in page.iter().filter_map(id_of_patient) {
        if !kinds.is_empty() {
            match work.entries(patient, &kinds).await.map_err(FhirError::from) {
                Ok(entries) => found.extend(entries.iter().map(shown)),
                Err(error) => not_theirs(error)?,
            }
        }
        found.extend(views::about(work, patient, &others).await?);
        if found.len() > INCLUDED_MAX {
            let text = "there is more to include than one page holds; ask for fewer matches";
            return Err(FhirError::issue(IssueType::TooLong, text));
        }
    }
    if !matches!(search.controls.summary, Summary::Elements(_)) {
        found.iter_mut().for_each(|it| search.cut(it));
    }
    Ok(found)
}

/// The patients whom the matches refer to.
fn referred(search: &Search, page: &[Value]) -> Vec<PatientId> {
    let mut patients = Vec::new();
    for include in &search.controls.include {
        for resource in page {
            let ids = include.targets(resource, ResourceKind::Patient);
            let ids = ids.filter_map(|it| Uuid::try_parse(it).ok());
            patients.extend(ids.map(PatientId::from_uuid));
        }
    }
    patients.sort_unstable();
    patients.dedup();
    patients
}

/// The doctors to whom the matches refer.
fn doctors_of<'a>(search: &Search, page: &'a [Value]) -> Vec<&'a str> {
    let mut ids = Vec::new();
    for include in &search.controls.include {
        for resource in page {
            ids.extend(include.targets(resource, ResourceKind::Practitioner));
        }
    }
    ids
}

/// The kinds of entries, and the other types, that are to be added because they are about the
/// matches.
fn referring(search: &Search) -> (Vec<Kind>, Vec<ResourceKind>) {
    let (mut kinds, mut others): (Vec<Kind>, Vec<ResourceKind>) = (Vec::new(), Vec::new());
    for include in &search.controls.revinclude {
        match served(include.source.as_str()) {
            Ok((_, Source::Chart(kind))) if !kinds.contains(&kind) => kinds.push(kind),
            Ok((kind, Source::Views)) if !others.contains(&kind) => others.push(kind),
            Ok(_) | Err(_) => {}
        }
    }
    (kinds, others)
}

fn id_of_patient(resource: &Value) -> Option<PatientId> {
    let is_patient = resource.get("resourceType")? == ResourceKind::Patient.as_str();
    let id = Uuid::try_parse(resource.get("id")?.as_str()?).ok()?;
    is_patient.then(|| PatientId::from_uuid(id))
}

/// What is not there, or not theirs to know, is not added.
fn not_theirs(error: FhirError) -> Result<(), FhirError> {
    match error {
        FhirError::Api(error) if error.is_not_found() => Ok(()),
        other => Err(other),
    }
}
