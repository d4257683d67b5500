//! `GET /admin/people` and `POST /admin/people`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{NewPersonRequest, NewPersonView, PersonView};
use clinical_app::identity;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Body;
use crate::router::ApiState;

/// The staff of one's own facility, by name.
#[utoipa::path(get, operation_id = "list_people", path = "/admin/people", tag = "people",
    responses((status = 200, body = Vec<PersonView>)))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<PersonView>>, ApiError> {
    let people = identity::people(&state.clinic, &actor).await?;
    Ok(Json(
        people
            .into_iter()
            .map(|person| super::view(&state.clinic, person))
            .collect(),
    ))
}

/// Make an account of a member of staff. The answer holds a link for choosing a password, shown
/// this once.
#[utoipa::path(post, path = "/admin/people", tag = "people", request_body = NewPersonRequest,
    responses((status = 201, body = NewPersonView)))]
pub(super) async fn add(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<NewPersonRequest>,
) -> Result<(StatusCode, Json<NewPersonView>), ApiError> {
    let details = super::details(request.details);
    let (person, token) = identity::add_person(
        &state.clinic,
        &state.sign_in,
        &actor,
        &request.email.0,
        &details,
    )
    .await
    .map_err(super::refused)?;
    let view = NewPersonView {
        person: super::view(&state.clinic, person),
        link: super::link(&state.clinic, &token),
    };
    Ok((StatusCode::CREATED, Json(view)))
}
