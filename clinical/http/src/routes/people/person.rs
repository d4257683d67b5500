//! `GET /admin/people/{id}` and `PUT /admin/people/{id}`

use axum::Json;
use axum::extract::State;
use clinical_api::{ChangePersonRequest, PersonView};
use clinical_app::identity;
use clinical_model::UserId;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// One member of staff of one's own facility.
#[utoipa::path(get, path = "/admin/people/{id}", tag = "people",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = PersonView)))]
pub(super) async fn read(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UserId>,
) -> Result<Json<PersonView>, ApiError> {
    let person = identity::person(&state.clinic, &actor, id)
        .await
        .map_err(super::refused)?;
    Ok(Json(super::view(&state.clinic, person)))
}

/// Change name, role, department and languages. A new role counts at the person's next request.
#[utoipa::path(put, path = "/admin/people/{id}", tag = "people",
    params(("id" = String, Path, format = Uuid)), request_body = ChangePersonRequest,
    responses((status = 200, body = PersonView)))]
pub(super) async fn change(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UserId>,
    Body(request): Body<ChangePersonRequest>,
) -> Result<Json<PersonView>, ApiError> {
    let details = super::details(request.details);
    let person = identity::change_person(&state.clinic, &actor, (id, request.version), &details)
        .await
        .map_err(super::refused)?;
    Ok(Json(super::view(&state.clinic, person)))
}
