//! What an administrator does to a person: `POST /admin/people/{id}/...`

use axum::Json;
use axum::extract::State;
use clinical_api::{GraceRequest, PasswordLinkView, PersonView};
use clinical_app::identity;
use clinical_model::UserId;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Suspend a person: all their sign-ins end and none begins.
#[utoipa::path(post, path = "/admin/people/{id}/suspend", tag = "people",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = PersonView)))]
pub(super) async fn suspend(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UserId>,
) -> Result<Json<PersonView>, ApiError> {
    let person = identity::set_suspended(&state.clinic, &actor, id, true)
        .await
        .map_err(super::refused)?;
    Ok(Json(super::view(&state.clinic, person)))
}

/// Let a suspended person in again.
#[utoipa::path(post, path = "/admin/people/{id}/restore", tag = "people",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = PersonView)))]
pub(super) async fn restore(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UserId>,
) -> Result<Json<PersonView>, ApiError> {
    let person = identity::set_suspended(&state.clinic, &actor, id, false)
        .await
        .map_err(super::refused)?;
    Ok(Json(super::view(&state.clinic, person)))
}

/// For somebody who lost password or factors: removes the factors, ends all sign-ins, and answers
/// with a link for choosing a new password, shown this once.
#[utoipa::path(post, path = "/admin/people/{id}/reset", tag = "people",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = PasswordLinkView)))]
pub(super) async fn reset(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UserId>,
) -> Result<Json<PasswordLinkView>, ApiError> {
    let token = identity::reset_person(&state.clinic, &actor, id)
        .await
        .map_err(super::refused)?;
    Ok(Json(super::link(&state.clinic, &token)))
}

/// Let a person work without a second factor for at most seven days.
#[utoipa::path(post, path = "/admin/people/{id}/grace", tag = "people",
    params(("id" = String, Path, format = Uuid)), request_body = GraceRequest,
    responses((status = 200, body = PersonView)))]
pub(super) async fn grace(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UserId>,
    Body(request): Body<GraceRequest>,
) -> Result<Json<PersonView>, ApiError> {
    let person = identity::give_grace(&state.clinic, &actor, id, request.days)
        .await
        .map_err(super::refused)?;
    Ok(Json(super::view(&state.clinic, person)))
}

/// Note that one has looked whether a person should still have this account and role.
#[utoipa::path(post, path = "/admin/people/{id}/review", tag = "people",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = PersonView)))]
pub(super) async fn review(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UserId>,
) -> Result<Json<PersonView>, ApiError> {
    let person = identity::review_person(&state.clinic, &actor, id)
        .await
        .map_err(super::refused)?;
    Ok(Json(super::view(&state.clinic, person)))
}
