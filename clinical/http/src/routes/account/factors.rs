//! `GET /me/factors` and `DELETE /me/factors/{id}`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{FactorView, FactorsView};
use clinical_app::identity;
use clinical_model::FactorId;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// One's own second factors.
#[utoipa::path(get, operation_id = "list_factors", path = "/me/factors", tag = "account",
    responses((status = 200, body = FactorsView)))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<FactorsView>, ApiError> {
    let own = identity::own_factors(&state.clinic, &state.sign_in, &actor).await?;
    Ok(Json(FactorsView {
        factors: own
            .factors
            .into_iter()
            .map(|factor| FactorView {
                id: factor.id,
                kind: factor.kind,
                label: factor.label,
                created_us: factor.created.0,
                used_us: factor.used.map(|at| at.0),
            })
            .collect(),
        recovery_codes_left: u32::try_from(own.recovery_codes_left).unwrap_or(u32::MAX),
        passkeys_work: own.passkeys_work,
        required: own.is_required,
    }))
}

/// Remove a factor. Needs a fresh proof; the last one of staff stays.
#[utoipa::path(delete, path = "/me/factors/{id}", tag = "account",
    params(("id" = String, Path, format = Uuid)), responses((status = 204)))]
pub(super) async fn remove(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<FactorId>,
) -> Result<StatusCode, ApiError> {
    let proof = super::fresh(&state, &actor).await?;
    identity::remove_factor(&state.clinic, &actor, proof, id)
        .await
        .map_err(super::refused)?;
    Ok(StatusCode::NO_CONTENT)
}
