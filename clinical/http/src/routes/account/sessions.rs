//! `GET /me/sessions`, `DELETE /me/sessions`, `DELETE /me/sessions/{id}`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::SessionView;
use clinical_app::identity;
use clinical_model::SessionId;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// One's own sign-ins that go on, newest first.
#[utoipa::path(get, operation_id = "list_sessions", path = "/me/sessions", tag = "account",
    responses((status = 200, body = Vec<SessionView>)))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<SessionView>>, ApiError> {
    let sessions = identity::own_sessions(&state.clinic, &actor).await?;
    Ok(Json(
        sessions
            .into_iter()
            .map(|session| SessionView {
                id: session.id,
                device: session.device.as_str().to_owned(),
                created_us: session.created.0,
                used_us: session.used.0,
                current: session.id == actor.session,
            })
            .collect(),
    ))
}

/// End all of one's own sign-ins but this one.
#[utoipa::path(delete, path = "/me/sessions", tag = "account", responses((status = 204)))]
pub(super) async fn end_others(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<StatusCode, ApiError> {
    identity::end_other_sessions(&state.clinic, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of one's own sign-ins.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "account",
    params(("id" = String, Path, format = Uuid)), responses((status = 204)))]
pub(super) async fn end(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<SessionId>,
) -> Result<StatusCode, ApiError> {
    if identity::end_session(&state.clinic, &actor, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}
