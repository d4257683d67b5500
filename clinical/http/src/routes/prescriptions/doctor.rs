//! What a doctor does with prescriptions.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{
    OverrideRequest, PrescriptionRequest, PrescriptionView, SignPrescriptionRequest, StepRequest,
};
use clinical_app::prescribing::{self, OverrideCommand};
use clinical_model::PrescriptionId;
use clinical_model::text::Prose;
use clinical_safety::Justification;

use super::views::{answer, command};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Coded reasons of a doctor, as pages offer them.
const REASONS: [&str; 4] = [
    "benefit_outweighs",
    "monitored",
    "tolerated_before",
    "no_alternative",
];
/// Longest words of a reason, in characters.
const REASON_CHARS_MAX: usize = 1_000;

/// Write a draft; the answer holds what the safety check finds.
#[utoipa::path(post, path = "/prescriptions", tag = "prescriptions",
    request_body = PrescriptionRequest, responses((status = 201, body = PrescriptionView)))]
pub(super) async fn write_prescription(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<PrescriptionRequest>,
) -> Result<(StatusCode, Json<PrescriptionView>), ApiError> {
    let patient = request.patient;
    let made = prescribing::write_draft(
        &state.clinic,
        state.dispensary.checker,
        &actor,
        patient,
        command(request)?,
    )
    .await?;
    let made = answer(&state, &actor, made).await?;
    Ok((StatusCode::CREATED, made))
}

/// Write a draft anew.
#[utoipa::path(put, path = "/prescriptions/{id}", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)), request_body = PrescriptionRequest,
    responses((status = 200, body = PrescriptionView)))]
pub(super) async fn change_prescription(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
    Body(request): Body<PrescriptionRequest>,
) -> Result<Json<PrescriptionView>, ApiError> {
    let place = (id, request.version);
    let changed = prescribing::change_draft(
        &state.clinic,
        state.dispensary.checker,
        &actor,
        place,
        command(request)?,
    )
    .await?;
    answer(&state, &actor, changed).await
}

/// Sign a draft. Contraindications are refused; findings of level `justify` need a reason each.
#[utoipa::path(post, path = "/prescriptions/{id}/sign", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)), request_body = SignPrescriptionRequest,
    responses((status = 200, body = PrescriptionView)))]
pub(super) async fn sign_prescription(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
    Body(request): Body<SignPrescriptionRequest>,
) -> Result<Json<PrescriptionView>, ApiError> {
    let mut reasons = Vec::with_capacity(request.reasons.len());
    for reason in request.reasons {
        let is_long = reason.text.chars().count() > REASON_CHARS_MAX;
        if is_long || !REASONS.contains(&reason.code.as_str()) {
            return Err(ApiError::invalid("reasons"));
        }
        reasons.push(Justification {
            rule: reason.rule,
            code: reason.code,
            text: reason.text,
        });
    }
    let place = (id, request.version);
    let checker = state.dispensary.checker;
    let signed = prescribing::sign(&state.clinic, checker, &actor, place, reasons).await?;
    answer(&state, &actor, signed).await
}

/// Hand a signed prescription to the pharmacy.
#[utoipa::path(post, path = "/prescriptions/{id}/transmit", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)), request_body = StepRequest,
    responses((status = 200, body = PrescriptionView)))]
pub(super) async fn transmit_prescription(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
    Body(request): Body<StepRequest>,
) -> Result<Json<PrescriptionView>, ApiError> {
    let sent = prescribing::transmit(&state.clinic, &actor, (id, request.version)).await?;
    answer(&state, &actor, sent).await
}

/// Withdraw a prescription that the pharmacy does not have yet.
#[utoipa::path(post, path = "/prescriptions/{id}/cancel", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)), request_body = StepRequest,
    responses((status = 200, body = PrescriptionView)))]
pub(super) async fn cancel_prescription(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
    Body(request): Body<StepRequest>,
) -> Result<Json<PrescriptionView>, ApiError> {
    let gone = prescribing::cancel(&state.clinic, &actor, (id, request.version)).await?;
    answer(&state, &actor, gone).await
}

/// Say that the refusal was seen.
#[utoipa::path(post, path = "/prescriptions/{id}/seen", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)), request_body = StepRequest,
    responses((status = 200, body = PrescriptionView)))]
pub(super) async fn mark_refusal_seen(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
    Body(request): Body<StepRequest>,
) -> Result<Json<PrescriptionView>, ApiError> {
    let seen = prescribing::mark_seen(&state.clinic, &actor, (id, request.version)).await?;
    answer(&state, &actor, seen).await
}

/// Sign against a refusal. It takes two different doctors, and never passes a contraindication.
#[utoipa::path(post, path = "/prescriptions/{id}/override", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)), request_body = OverrideRequest,
    responses((status = 200, body = PrescriptionView)))]
pub(super) async fn override_refusal(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
    Body(request): Body<OverrideRequest>,
) -> Result<Json<PrescriptionView>, ApiError> {
    if !REASONS.contains(&request.code.as_str()) {
        return Err(ApiError::invalid("code"));
    }
    let command = OverrideCommand {
        code: request.code,
        text: Prose::try_from(request.text).or(Err(ApiError::invalid("text")))?,
    };
    let place = (id, request.version);
    let checker = state.dispensary.checker;
    let signed = prescribing::sign_override(&state.clinic, checker, &actor, place, command).await?;
    answer(&state, &actor, signed).await
}
