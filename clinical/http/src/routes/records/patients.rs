//! `/patients`, `/patients/{id}`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{
    ChangePatientRequest, PatientDetails, PatientView, PatientsView, RegisterRequest,
};
use clinical_app::records::{self, PATIENTS_PAGE_MAX, Registration};
use clinical_app::{Actor, Clinic};
use clinical_model::PatientId;
use clinical_model::patients::{Demographics, EmergencyContact};
use serde::Deserialize;

use super::views::{patient_view, row_view, seen_view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Params, Segments};
use crate::router::ApiState;

/// Longest query, in characters.
const QUERY_CHARS_MAX: usize = 100;
/// Patients in an answer when it is not said how many.
const LIMIT: u32 = 20;

/// Whom to look for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchQuery {
    /// Names in any order, a birth date, the last digits of a phone, the beginning of an identifier;
    /// mistakes are forgiven. Without it, all patients of the caller, registered last first.
    #[serde(default)]
    q: String,
    /// The last patient of the page before, for lists without a query.
    #[param(value_type = Option<String>)]
    after: Option<PatientId>,
    /// How many, at most 50.
    limit: Option<u32>,
}

/// Patients whom the caller may see.
#[utoipa::path(get, path = "/patients", tag = "records", params(SearchQuery),
    responses((status = 200, body = PatientsView)))]
pub(super) async fn search_patients(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(query): Params<SearchQuery>,
) -> Result<Json<PatientsView>, ApiError> {
    if query.q.chars().count() > QUERY_CHARS_MAX {
        return Err(ApiError::invalid("q"));
    }
    let limit = query.limit.unwrap_or(LIMIT);
    if limit == 0 || limit > PATIENTS_PAGE_MAX {
        return Err(ApiError::invalid("limit"));
    }
    let page = (query.after, limit);
    let found = records::search(&state.desk, &actor, &query.q, page).await?;
    Ok(Json(PatientsView {
        patients: found.patients.iter().map(row_view).collect(),
        next: found.next,
    }))
}

/// Register a patient. Somebody who may be the same person is proposed first: 409 `duplicate`.
#[utoipa::path(post, path = "/patients", tag = "records",
    request_body = RegisterRequest, responses((status = 201, body = PatientView)))]
pub(super) async fn register_patient(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<RegisterRequest>,
) -> Result<(StatusCode, Json<PatientView>), ApiError> {
    let command = Registration {
        who: demographics(&state.clinic, &actor, request.details).await?,
        is_confirmed: request.confirmed,
    };
    let made = records::register(&state.desk, &actor, command).await?;
    Ok((StatusCode::CREATED, Json(patient_view(&made))))
}

/// One patient.
#[utoipa::path(get, path = "/patients/{id}", tag = "records",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = PatientView)))]
pub(super) async fn read_patient(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
) -> Result<Json<PatientView>, ApiError> {
    let seen = records::patient(&state.clinic, &actor, id).await?;
    Ok(Json(seen_view(seen)))
}

/// Change who a patient is.
#[utoipa::path(put, path = "/patients/{id}", tag = "records",
    params(("id" = String, Path, format = Uuid)), request_body = ChangePatientRequest,
    responses((status = 200, body = PatientView)))]
pub(super) async fn change_patient(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<ChangePatientRequest>,
) -> Result<Json<PatientView>, ApiError> {
    let who = demographics(&state.clinic, &actor, request.details).await?;
    let place = (id, request.version);
    let changed = records::change_patient(&state.clinic, &actor, place, who).await?;
    Ok(Json(patient_view(&changed)))
}

async fn demographics(
    clinic: &Clinic,
    actor: &Actor,
    details: PatientDetails,
) -> Result<Demographics, ApiError> {
    let mut phones = Vec::with_capacity(details.phones.len());
    for text in &details.phones {
        let phone = records::parse_phone(clinic, actor, (text, "details.phones")).await?;
        if !phones.contains(&phone) {
            phones.push(phone);
        }
    }
    let emergency = match details.emergency {
        Some(person) => {
            let place = (person.phone.as_str(), "details.emergency.phone");
            Some(EmergencyContact {
                phone: records::parse_phone(clinic, actor, place).await?,
                name: person.name,
                relation: person.relation,
            })
        }
        None => None,
    };
    Ok(Demographics {
        family: details.family,
        given: details.given,
        sex: details.sex,
        birth: details.birth,
        phones,
        email: details.email,
        address: details.address,
        blood_group: details.blood_group,
        language: details.language,
        identifiers: details.identifiers,
        emergency,
        deceased: details.deceased,
    })
}
