//! `POST /me/factors/recovery-codes`

use axum::Json;
use axum::extract::State;
use clinical_api::RecoveryCodesView;
use clinical_app::identity;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::router::ApiState;

/// Make ten new recovery codes, shown this once; the old ones stop working. Needs a fresh proof.
#[utoipa::path(post, operation_id = "make_recovery_codes", path = "/me/factors/recovery-codes", tag = "account",
    responses((status = 200, body = RecoveryCodesView)))]
pub(super) async fn handler(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<RecoveryCodesView>, ApiError> {
    let proof = super::fresh(&state, &actor).await?;
    let codes = identity::new_recovery_codes(&state.clinic, &actor, proof)
        .await
        .map_err(super::refused)?;
    Ok(Json(RecoveryCodesView { codes }))
}
