//! `/patients/{id}/care-team`, `POST /patients/{id}/hand-over`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{ProblemCode, TeamMemberView, TeamRequest};
use clinical_app::access::{self, TeamError};
use clinical_model::access::CareRelation;
use clinical_model::{GrantId, Micros, PatientId};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Who belongs to a patient's care team.
#[utoipa::path(get, path = "/patients/{id}/care-team", tag = "access",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = Vec<TeamMemberView>)))]
pub(super) async fn list_team(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
) -> Result<Json<Vec<TeamMemberView>>, ApiError> {
    let team = access::care_team(&state.clinic, &actor, id).await?;
    Ok(Json(
        team.into_iter()
            .map(|(relation, name)| member_view(&relation, name))
            .collect(),
    ))
}

/// Put a clinician into a patient's care team.
#[utoipa::path(post, path = "/patients/{id}/care-team", tag = "access",
    params(("id" = String, Path, format = Uuid)), request_body = TeamRequest,
    responses((status = 201, body = TeamMemberView)))]
pub(super) async fn join_team(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<TeamRequest>,
) -> Result<(StatusCode, Json<TeamMemberView>), ApiError> {
    let who = (request.clinician, Micros(request.until_us));
    let relation = access::join_team(&state.clinic, &actor, id, who).await?;
    Ok((
        StatusCode::CREATED,
        Json(member_view(&relation, String::new())),
    ))
}

/// Take somebody out of a care team.
#[utoipa::path(delete, path = "/patients/{id}/care-team/{grant}", tag = "access",
    params(("id" = String, Path, format = Uuid), ("grant" = String, Path, format = Uuid)),
    responses((status = 204)))]
pub(super) async fn leave_team(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((id, grant)): Segments<(PatientId, GrantId)>,
) -> Result<StatusCode, ApiError> {
    access::leave_team(&state.clinic, &actor, id, grant).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hand a patient over: the caller leaves the care team, another clinician joins it.
#[utoipa::path(post, path = "/patients/{id}/hand-over", tag = "access",
    params(("id" = String, Path, format = Uuid)), request_body = TeamRequest,
    responses((status = 201, body = TeamMemberView)))]
pub(super) async fn hand_over(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<TeamRequest>,
) -> Result<(StatusCode, Json<TeamMemberView>), ApiError> {
    let who = (request.clinician, Micros(request.until_us));
    let relation = access::hand_over(&state.clinic, &actor, id, who).await?;
    Ok((
        StatusCode::CREATED,
        Json(member_view(&relation, String::new())),
    ))
}

fn member_view(relation: &CareRelation, name: String) -> TeamMemberView {
    TeamMemberView {
        id: relation.id,
        clinician: relation.clinician,
        name,
        from_us: relation.from.0,
        until_us: relation.until.0,
    }
}

impl From<TeamError> for ApiError {
    fn from(error: TeamError) -> Self {
        match error {
            TeamError::NotFound => Self::not_found(),
            TeamError::Forbidden => ProblemCode::Forbidden.into(),
            TeamError::NoClinician => Self::invalid("clinician"),
            TeamError::Until => Self::invalid("until_us"),
            TeamError::Store(error) => error.into(),
        }
    }
}
