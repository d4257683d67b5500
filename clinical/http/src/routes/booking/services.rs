//! `GET`, `POST /services`, `PUT /services/{id}`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{ServiceRequest, ServiceView};
use clinical_app::booking::{self, ServiceRecord};
use clinical_model::ServiceId;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// What can be booked, by name.
#[utoipa::path(get, path = "/services", tag = "booking",
    responses((status = 200, body = Vec<ServiceView>)))]
pub(super) async fn list_services(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<ServiceView>>, ApiError> {
    let services = booking::services(&state.desk, &actor).await?;
    Ok(Json(services.into_iter().map(view).collect()))
}

/// Offer something new.
#[utoipa::path(post, path = "/services", tag = "booking", request_body = ServiceRequest,
    responses((status = 201, body = ServiceView)))]
pub(super) async fn add_service(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<ServiceRequest>,
) -> Result<(StatusCode, Json<ServiceView>), ApiError> {
    if request.version != 0 {
        return Err(ApiError::invalid("version"));
    }
    let new = record(
        actor.tenant,
        ServiceId::from_uuid(uuid::Uuid::nil()),
        request,
    );
    let made = booking::put_service(&state.desk, &actor, new).await?;
    Ok((StatusCode::CREATED, Json(view(made))))
}

/// Change what is offered. What is booked stays booked.
#[utoipa::path(put, path = "/services/{id}", tag = "booking",
    params(("id" = String, Path, format = Uuid)), request_body = ServiceRequest,
    responses((status = 200, body = ServiceView)))]
pub(super) async fn change_service(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ServiceId>,
    Body(request): Body<ServiceRequest>,
) -> Result<Json<ServiceView>, ApiError> {
    if request.version < 1 {
        return Err(ApiError::invalid("version"));
    }
    let new = record(actor.tenant, id, request);
    Ok(Json(view(
        booking::put_service(&state.desk, &actor, new).await?,
    )))
}

fn record(
    tenant: clinical_model::TenantId,
    id: ServiceId,
    request: ServiceRequest,
) -> ServiceRecord {
    ServiceRecord {
        id,
        tenant,
        code: request.code.trim().to_owned(),
        length_min: request.length_min,
        before_min: request.before_min,
        after_min: request.after_min,
        step_min: request.step_min,
        modality: request.modality,
        active: request.active,
        version: request.version,
        doctors: request.doctors,
        needs: request.needs,
    }
}

fn view(it: ServiceRecord) -> ServiceView {
    ServiceView {
        id: it.id,
        code: it.code,
        length_min: it.length_min,
        before_min: it.before_min,
        after_min: it.after_min,
        step_min: it.step_min,
        modality: it.modality,
        active: it.active,
        version: it.version,
        doctors: it.doctors,
        needs: it.needs,
    }
}
