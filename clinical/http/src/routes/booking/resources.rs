//! `GET`, `POST /resources`, `PUT /resources/{id}`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{ResourceRequest, ResourceView};
use clinical_app::booking::{self, ResourceRecord};
use clinical_model::{ResourceId, TenantId};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// The rooms and devices of the clinic, by name.
#[utoipa::path(get, path = "/resources", tag = "booking",
    responses((status = 200, body = Vec<ResourceView>)))]
pub(super) async fn list_resources(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<ResourceView>>, ApiError> {
    let resources = booking::resources(&state.desk, &actor).await?;
    Ok(Json(resources.into_iter().map(view).collect()))
}

/// A new room or device.
#[utoipa::path(post, path = "/resources", tag = "booking", request_body = ResourceRequest,
    responses((status = 201, body = ResourceView)))]
pub(super) async fn add_resource(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<ResourceRequest>,
) -> Result<(StatusCode, Json<ResourceView>), ApiError> {
    if request.version != 0 {
        return Err(ApiError::invalid("version"));
    }
    let id = ResourceId::from_uuid(uuid::Uuid::nil());
    let new = record(actor.tenant, id, request);
    let made = booking::put_resource(&state.desk, &actor, new).await?;
    Ok((StatusCode::CREATED, Json(view(made))))
}

/// Change a room or device. What is booked stays booked.
#[utoipa::path(put, path = "/resources/{id}", tag = "booking",
    params(("id" = String, Path, format = Uuid)), request_body = ResourceRequest,
    responses((status = 200, body = ResourceView)))]
pub(super) async fn change_resource(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ResourceId>,
    Body(request): Body<ResourceRequest>,
) -> Result<Json<ResourceView>, ApiError> {
    if request.version < 1 {
        return Err(ApiError::invalid("version"));
    }
    let new = record(actor.tenant, id, request);
    Ok(Json(view(
        booking::put_resource(&state.desk, &actor, new).await?,
    )))
}

fn record(tenant: TenantId, id: ResourceId, request: ResourceRequest) -> ResourceRecord {
    ResourceRecord {
        id,
        tenant,
        is_room: request.is_room,
        name: request.name.trim().to_owned(),
        zone: request.zone,
        active: request.active,
        version: request.version,
    }
}

fn view(it: ResourceRecord) -> ResourceView {
    ResourceView {
        id: it.id,
        is_room: it.is_room,
        name: it.name,
        zone: it.zone,
        active: it.active,
        version: it.version,
    }
}
