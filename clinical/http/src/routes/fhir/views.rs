//! Prescriptions, appointments, doctors, orders, results and interviews: written elsewhere, and shown here to
//! whom their own operations show them.

use clinical_api::ProblemCode;
use clinical_app::booking::AppointmentRecord;
use clinical_app::exchange::Work;
use clinical_app::triage::Shown;
use clinical_app::{prescribing, results};
use clinical_fhir::catalog::ResourceKind;
use clinical_fhir::map::{
    Asked, Medicine, Prediction, appointment_resource, diagnostic_report, line_of,
    medication_request, practitioner, questionnaire_response, risk_assessment, service_request,
    with_modality,
};
use clinical_fhir::{IssueType, Search, Test};
use clinical_model::booking::{Doctor, Modality};
use clinical_model::notify::Language;
use clinical_model::prescribing::Prescription;
use clinical_model::results::LoincCode;
use clinical_model::{AppointmentId, InterviewId, OrderId, PatientId, Role, UserId};
use clinical_safety::Drug;
use serde_json::Value;

use super::answer::{FhirError, id_of, none_if_missing, patient_of};
use crate::error::ApiError;

/// What every patient can be asked for besides the chart.
pub(super) const OF_PATIENT: [ResourceKind; 6] = [
    ResourceKind::MedicationRequest,
    ResourceKind::Appointment,
    ResourceKind::ServiceRequest,
    ResourceKind::DiagnosticReport,
    ResourceKind::QuestionnaireResponse,
    ResourceKind::RiskAssessment,
];

/// Whether the operation that lists the same for the pages is open to this role.
pub(super) const fn may_list(kind: ResourceKind, role: Role) -> bool {
    match kind {
        ResourceKind::MedicationRequest => matches!(
            role,
            Role::Patient | Role::Doctor | Role::Nurse | Role::Pharmacist
        ),
        ResourceKind::Appointment => matches!(role, Role::Patient | Role::Doctor),
        ResourceKind::ServiceRequest => matches!(
            role,
            Role::Doctor | Role::LabTechnician | Role::Radiologist | Role::Pathologist
        ),
        ResourceKind::DiagnosticReport
        | ResourceKind::QuestionnaireResponse
        | ResourceKind::RiskAssessment => {
            matches!(role, Role::Patient | Role::Doctor | Role::Nurse)
        }
        _ => true,
    }
}

/// The same of the operation that reads one.
const fn may_read(kind: ResourceKind, role: Role) -> bool {
    match kind {
        ResourceKind::Appointment => matches!(role, Role::Patient | Role::Doctor | Role::Nurse),
        ResourceKind::ServiceRequest => matches!(role, Role::Doctor),
        _ => may_list(kind, role),
    }
}

fn forbidden() -> FhirError {
    ApiError::new(ProblemCode::Forbidden).into()
}

/// One of them.
pub(super) async fn read(
    work: &mut Work<'_>,
    kind: ResourceKind,
    id: &str,
) -> Result<Value, FhirError> {
    if !may_read(kind, work.actor().role) {
        return Err(forbidden());
    }
    let found = match kind {
        ResourceKind::MedicationRequest => {
            let (prescription, line) = line_of(id).ok_or_else(ApiError::not_found)?;
            request(&work.prescription(prescription).await?, line)
        }
        ResourceKind::Appointment => {
            let id = AppointmentId::from_uuid(id_of(id)?);
            Some(appointment(&work.appointment(id).await?))
        }
        ResourceKind::Practitioner => {
            let id = UserId::from_uuid(id_of(id)?);
            let doctors = work.doctors().await?;
            doctors.iter().find(|it| it.id == id).map(person)
        }
        ResourceKind::ServiceRequest => {
            let order = work.order(OrderId::from_uuid(id_of(id)?)).await?;
            Some(service_request(&order.order, &name))
        }
        ResourceKind::DiagnosticReport => {
            let found = work.result(OrderId::from_uuid(id_of(id)?)).await?;
            let report = found.report.as_ref();
            report.and_then(|report| diagnostic_report(&found.order, report, &name))
        }
        ResourceKind::QuestionnaireResponse | ResourceKind::RiskAssessment => {
            let id = InterviewId::from_uuid(id_of(id)?);
            interview(kind, &work.interview(id).await?)
        }
        _ => None,
    };
    found.ok_or_else(|| ApiError::not_found().into())
}

/// All of them that are about a patient; of a department, all that are about anybody.
async fn list(
    work: &mut Work<'_>,
    kind: ResourceKind,
    patient: Option<PatientId>,
) -> Result<Vec<Value>, FhirError> {
    let named = || {
        let text = "name one patient (patient=<id>) or one resource (_id=<id>)";
        patient.ok_or_else(|| FhirError::issue(IssueType::Required, text))
    };
    Ok(match kind {
        ResourceKind::MedicationRequest => {
            let found = work.prescriptions(named()?).await?;
            found.iter().flat_map(requests).collect()
        }
        ResourceKind::Appointment => {
            let found = work.appointments(named()?).await?;
            found.iter().map(appointment).collect()
        }
        ResourceKind::Practitioner => work.doctors().await?.iter().map(person).collect(),
        ResourceKind::ServiceRequest => {
            // A department has work to do and no patients.
            let patient = match work.actor().role {
                Role::Doctor => Some(named()?),
                _ => None,
            };
            let found = work.orders(patient).await?;
            let orders = found.iter().map(|it| service_request(&it.order, &name));
            orders.collect()
        }
        ResourceKind::DiagnosticReport => {
            let found = work.results(named()?).await?;
            let reports = found.iter().filter_map(|it| {
                let report = it.report.as_ref()?;
                diagnostic_report(&it.order, report, &name)
            });
            reports.collect()
        }
        ResourceKind::QuestionnaireResponse | ResourceKind::RiskAssessment => {
            let found = work.interviews(named()?).await?;
            let shown = found.iter().filter_map(|it| interview(kind, it));
            shown.collect()
        }
        _ => Vec::new(),
    })
}

/// An interview as one of the two resources that it is.
fn interview(kind: ResourceKind, it: &Shown) -> Option<Value> {
    if kind == ResourceKind::RiskAssessment {
        let guesses = it.result.iter().flat_map(|it| it.hypotheses.iter());
        let predictions: Vec<Prediction<'_>> = guesses
            .map(|guess| Prediction {
                icd10: &guess.icd10,
                name: &guess.name,
                probability: guess.probability,
            })
            .collect();
        return risk_assessment(&it.interview, &predictions);
    }
    let answers = it.answers.iter().map(|told| Asked {
        finding: &told.finding,
        text: &told.text,
        answer: told.answer,
        value: told.value,
    });
    let asked: Vec<Asked<'_>> = answers.collect();
    questionnaire_response(&it.interview, &asked)
}

/// What a search may find, before its filters.
pub(super) async fn search(
    work: &mut Work<'_>,
    (search, kind): (&Search, ResourceKind),
) -> Result<Vec<Value>, FhirError> {
    let actor = *work.actor();
    let named = search
        .filters
        .iter()
        .any(|it| it.param == "patient" || it.param == "subject");
    let own = actor
        .patient
        .filter(|_| actor.role == Role::Patient && !named);
    let patient = patient_of(search).or(own);
    let one = one_id(search).filter(|_| !named);
    let found = match one {
        Some(id) if may_read(kind, actor.role) => read(work, kind, id).await.map(|it| vec![it]),
        _ if may_list(kind, actor.role) => list(work, kind, patient).await,
        _ => return Err(forbidden()),
    };
    found.or_else(none_if_missing)
}

/// What there is of these kinds about a patient, as far as the caller may see it.
pub(super) async fn about(
    work: &mut Work<'_>,
    patient: PatientId,
    kinds: &[ResourceKind],
) -> Result<Vec<Value>, FhirError> {
    let role = work.actor().role;
    let mut all = Vec::new();
    for kind in kinds.iter().copied().filter(|kind| may_list(*kind, role)) {
        let found = list(work, kind, Some(patient)).await;
        let mut found = found.or_else(none_if_missing)?;
        // A department lists its work for everybody.
        let subject = format!("Patient/{patient}");
        found.retain(|it| {
            let named = it.pointer("/subject/reference").and_then(Value::as_str);
            named.is_none_or(|named| named == subject)
        });
        all.extend(found);
    }
    Ok(all)
}

/// The doctors of these ids.
pub(super) async fn doctors(work: &mut Work<'_>, ids: &[&str]) -> Result<Vec<Value>, FhirError> {
    let mut found = work.doctors().await?;
    found.retain(|it| ids.contains(&it.id.to_string().as_str()));
    Ok(found.iter().map(person).collect())
}

/// The one id that is searched for.
fn one_id(search: &Search) -> Option<&str> {
    let filter = search.filters.iter().find(|it| it.param == "_id")?;
    match &filter.test {
        Test::Token(tests) => match tests.as_slice() {
            [one] => one.code.as_deref(),
            _ => None,
        },
        _ => None,
    }
}

/// A line of a prescription, with the codes of the formulary.
fn request(it: &Prescription, at: usize) -> Option<Value> {
    let slug = match &it.content.lines.get(at)?.line.drug {
        Drug::Substance(id) => Some(id.as_str()),
        Drug::FreeText(_) => None,
    };
    let known = slug.and_then(|slug| prescribing::medicine(slug).ok().flatten());
    let atc = known.map(|it| it.atc.as_slice()).unwrap_or_default();
    medication_request(it, at, Medicine { slug, atc })
}

fn requests(it: &Prescription) -> Vec<Value> {
    let lines = 0..it.content.lines.len();
    lines.filter_map(|at| request(it, at)).collect()
}

fn appointment(it: &AppointmentRecord) -> Value {
    let modality = it.service.as_ref().map(|service| service.modality);
    let modality = modality.unwrap_or(Modality::Video);
    with_modality(appointment_resource(&it.appointment), modality)
}

fn person(it: &Doctor) -> Value {
    practitioner(it.id, &it.name, Some(&it.specialty))
}

fn name(code: &LoincCode) -> Option<&'static str> {
    let test = results::catalogue()?.test(code)?;
    Some(test.name(Language::English))
}
