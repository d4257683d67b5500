//! `POST /me/factors/apps` and `POST /me/factors/apps/{id}`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{ConfirmAppRequest, NewAppRequest, NewAppView};
use clinical_app::identity;
use clinical_model::FactorId;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Peer, Segments};
use crate::router::ApiState;

/// Set up an authenticator app. Needs a fresh proof. It opens nothing until it is confirmed.
#[utoipa::path(post, operation_id = "begin_app", path = "/me/factors/apps", tag = "account", request_body = NewAppRequest,
    responses((status = 200, body = NewAppView)))]
pub(super) async fn begin(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<NewAppRequest>,
) -> Result<Json<NewAppView>, ApiError> {
    let proof = super::fresh(&state, &actor).await?;
    let offer = identity::begin_app(&state.clinic, &state.sign_in, &actor, proof, &request.label)
        .await
        .map_err(super::refused)?;
    Ok(Json(NewAppView {
        id: offer.id,
        uri: offer.uri,
        secret: offer.secret,
        qr_path: offer.qr.d,
        qr_side: offer.qr.side,
    }))
}

/// Confirm an authenticator app with a code of it. With the first factor all other sign-ins end.
#[utoipa::path(post, path = "/me/factors/apps/{id}", tag = "account",
    params(("id" = String, Path, format = Uuid)), request_body = ConfirmAppRequest,
    responses((status = 204)))]
pub(super) async fn confirm(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Peer(address): Peer,
    Segments(id): Segments<FactorId>,
    Body(request): Body<ConfirmAppRequest>,
) -> Result<StatusCode, ApiError> {
    let shown = (id, request.code.as_str());
    identity::confirm_app(&state.clinic, &state.sign_in, &actor, shown, address)
        .await
        .map_err(super::refused)?;
    Ok(StatusCode::NO_CONTENT)
}
