//! What a pharmacist does with prescriptions.

use axum::Json;
use axum::extract::State;
use clinical_api::{DispenseRequest, PrescriptionView, RefuseRequest};
use clinical_app::prescribing;
use clinical_model::PrescriptionId;
use clinical_model::prescribing::Fill;
use clinical_model::text::Prose;

use super::views::answer;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Hand out units, after a check against the chart of this moment.
#[utoipa::path(post, path = "/prescriptions/{id}/dispense", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)), request_body = DispenseRequest,
    responses((status = 200, body = PrescriptionView)))]
pub(super) async fn dispense_prescription(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
    Body(request): Body<DispenseRequest>,
) -> Result<Json<PrescriptionView>, ApiError> {
    let fills: Vec<Fill> = request
        .items
        .iter()
        .map(|item| Fill {
            line: usize::try_from(item.line).unwrap_or(usize::MAX),
            quantity: item.quantity,
        })
        .collect();
    let place = (id, request.version);
    let checker = state.dispensary.checker;
    let given = prescribing::dispense(&state.clinic, checker, &actor, place, &fills).await?;
    answer(&state, &actor, given).await
}

/// Send a prescription back. Its doctor is told at once.
#[utoipa::path(post, path = "/prescriptions/{id}/refuse", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)), request_body = RefuseRequest,
    responses((status = 200, body = PrescriptionView)))]
pub(super) async fn refuse_prescription(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
    Body(request): Body<RefuseRequest>,
) -> Result<Json<PrescriptionView>, ApiError> {
    let text = Prose::try_from(request.text).or(Err(ApiError::invalid("text")))?;
    let place = (id, request.version);
    let why = (request.reason, text);
    let back = prescribing::refuse(&state.clinic, &actor, place, why).await?;
    answer(&state, &actor, back).await
}
