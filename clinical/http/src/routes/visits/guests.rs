//! `POST /appointments/{id}/guests`, `DELETE /appointments/{id}/guests/{guest}`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{GuestRequest, GuestView, ProblemCode};
use clinical_app::visits::{self, AddGuestError, GuestCommand, RemoveGuestError};
use clinical_model::booking::{PersonName, Relation};
use clinical_model::{AppointmentId, GuestId};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;
use crate::routes::booking::views::link_view;

/// Invite a third person. The answer has their way in, this once.
#[utoipa::path(post, path = "/appointments/{id}/guests", tag = "visits",
    params(("id" = String, Path, format = Uuid)), request_body = GuestRequest,
    responses((status = 201, body = GuestView)))]
pub(super) async fn add_guest(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
    Body(request): Body<GuestRequest>,
) -> Result<(StatusCode, Json<GuestView>), ApiError> {
    let name = PersonName::try_from(request.name.as_str());
    let relation = Relation::try_from(request.relation.as_str());
    let command = GuestCommand {
        name: name.or(Err(ApiError::invalid("name")))?,
        relation: relation.or(Err(ApiError::invalid("relation")))?,
    };
    let invited = visits::add_guest(&state.desk, &actor, id, command)
        .await
        .map_err(|error| match error {
            AddGuestError::NotFound => ApiError::not_found(),
            AddGuestError::Over | AddGuestError::Full => ProblemCode::WrongState.into(),
            AddGuestError::Store(error) => error.into(),
        })?;
    let view = GuestView {
        id: invited.guest.id,
        name: invited.guest.name.as_str().to_owned(),
        relation: invited.guest.relation.as_str().to_owned(),
        link: link_view(&invited.link),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Take an invitation back. A guest who is in the visit is taken out of it.
#[utoipa::path(delete, path = "/appointments/{id}/guests/{guest}", tag = "visits",
    params(("id" = String, Path, format = Uuid), ("guest" = String, Path, format = Uuid)),
    responses((status = 204)))]
pub(super) async fn remove_guest(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((id, guest)): Segments<(AppointmentId, GuestId)>,
) -> Result<StatusCode, ApiError> {
    visits::remove_guest(&state.desk, &actor, id, guest)
        .await
        .map_err(|error| match error {
            RemoveGuestError::NotFound => ApiError::not_found(),
            RemoveGuestError::Store(error) => error.into(),
        })?;
    Ok(StatusCode::NO_CONTENT)
}
