//! Reading and verifying prescriptions.

use axum::Json;
use axum::extract::State;
use clinical_api::{
    PaperView, PrescriptionCheckView, PrescriptionView, RefusalTimesView, UnseenRefusalsView,
};
use clinical_app::Origin;
use clinical_app::prescribing::{self, PaperState, PrescribingError, VerifiedPaper};
use clinical_model::prescribing::Stage;
use clinical_model::{PatientId, PrescriptionId};
use serde::Deserialize;

use super::views::{answer, finding_view, view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Params, Peer, Segments};
use crate::router::ApiState;

/// Which prescriptions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Of this patient.
    #[param(value_type = Option<String>)]
    patient: Option<PatientId>,
    /// In this stage.
    #[param(value_type = Option<String>)]
    stage: Option<Stage>,
    /// With this code on its paper; the other parameters do not count then.
    code: Option<String>,
}

/// The prescriptions that the caller may see, newest first, at most 200.
#[utoipa::path(get, path = "/prescriptions", tag = "prescriptions", params(ListQuery),
    responses((status = 200, body = Vec<PrescriptionView>)))]
pub(super) async fn list_prescriptions(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(query): Params<ListQuery>,
) -> Result<Json<Vec<PrescriptionView>>, ApiError> {
    let found = match query.code {
        Some(code) => match prescribing::read_by_code(&state.clinic, &actor, &code).await {
            Ok(found) => vec![found],
            Err(PrescribingError::NotFound) => Vec::new(),
            Err(error) => return Err(error.into()),
        },
        None => prescribing::list(&state.clinic, &actor, query.patient, query.stage).await?,
    };
    let shown = prescribing::with_names(&state.clinic, found).await?;
    Ok(Json(shown.into_iter().map(view).collect()))
}

/// One prescription.
#[utoipa::path(get, path = "/prescriptions/{id}", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = PrescriptionView)))]
pub(super) async fn read_prescription(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
) -> Result<Json<PrescriptionView>, ApiError> {
    let found = prescribing::read(&state.clinic, &actor, id).await?;
    answer(&state, &actor, found).await
}

/// A prescription with what the safety check finds at this moment.
#[utoipa::path(get, path = "/prescriptions/{id}/verify", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = PrescriptionCheckView)))]
pub(super) async fn check_prescription(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
) -> Result<Json<PrescriptionCheckView>, ApiError> {
    let checker = state.dispensary.checker;
    let today = prescribing::today(&state.clinic, checker, &actor, id).await?;
    let (it, report) = (today.prescription, today.report);
    let shown = prescribing::with_facts(&state.clinic, &actor, it, Some(&report)).await?;
    let findings = report.findings.iter();
    Ok(Json(PrescriptionCheckView {
        is_signed: shown.prescription.signed.is_some(),
        findings: findings.map(|it| finding_view(it, &shown.facts)).collect(),
        data_version: report.data_version,
        prescription: view(shown),
    }))
}

/// How many of the caller's prescriptions the pharmacy has sent back unseen.
#[utoipa::path(get, path = "/prescriptions/unseen-refusals", tag = "prescriptions",
    responses((status = 200, body = UnseenRefusalsView)))]
pub(super) async fn count_unseen_refusals(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<UnseenRefusalsView>, ApiError> {
    let unseen = prescribing::unseen_refusals(&state.clinic, &actor).await?;
    Ok(Json(UnseenRefusalsView {
        count: unseen.count,
        last_us: unseen.last.map(|at| at.0),
    }))
}

/// How long the loop from refusal to replacement took, over the last 90 days.
#[utoipa::path(get, path = "/prescriptions/refusal-times", tag = "prescriptions",
    responses((status = 200, body = RefusalTimesView)))]
pub(super) async fn measure_refusals(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<RefusalTimesView>, ApiError> {
    let times = prescribing::refusal_times(&state.clinic, &actor).await?;
    Ok(Json(RefusalTimesView {
        refused: times.refused,
        seen: times.seen,
        replaced: times.replaced,
        seen_us_max: times.seen_us_max,
        seen_us_mean: times.seen_us_mean,
        replaced_us_max: times.replaced_us_max,
        replaced_us_mean: times.replaced_us_mean,
    }))
}

/// How a prescription on paper stands, for whoever holds it. An unknown code is a 404.
#[utoipa::path(get, path = "/verify/{code}", tag = "prescriptions",
    params(("code" = String, Path)), responses((status = 200, body = PaperView)))]
pub(super) async fn verify_paper(
    State(state): State<ApiState>,
    Peer(peer): Peer,
    Segments(code): Segments<String>,
) -> Result<Json<PaperView>, ApiError> {
    let found =
        prescribing::verify_code(&state.clinic, &state.dispensary, Origin::from(peer), &code)
            .await?;
    let paper = found?.ok_or_else(ApiError::not_found)?;
    Ok(Json(paper_view(paper)))
}

pub(super) fn paper_view(paper: VerifiedPaper) -> PaperView {
    let state = match paper.state {
        PaperState::Valid => "valid",
        PaperState::Dispensed => "dispensed",
        PaperState::Expired => "expired",
        PaperState::Replaced => "replaced",
        PaperState::Stopped => "stopped",
    };
    PaperView {
        state: state.to_owned(),
        signed_us: paper.signed.map(|at| at.0),
        expires_us: paper.expires.map(|at| at.0),
    }
}
