//! `/patients/{id}/consents`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{ConsentRequest, ConsentView, ProblemCode};
use clinical_app::access::{self, ConsentCommand, ConsentError};
use clinical_model::access::Consent;
use clinical_model::{GrantId, Micros, PatientId};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// What a patient agreed to, newest first, also what ended.
#[utoipa::path(get, path = "/patients/{id}/consents", tag = "access",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = Vec<ConsentView>)))]
pub(super) async fn list_consents(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
) -> Result<Json<Vec<ConsentView>>, ApiError> {
    let consents = access::consents(&state.clinic, &actor, id).await?;
    Ok(Json(consents.into_iter().map(consent_view).collect()))
}

/// Agree to a purpose, as the patient or for them.
#[utoipa::path(post, path = "/patients/{id}/consents", tag = "access",
    params(("id" = String, Path, format = Uuid)), request_body = ConsentRequest,
    responses((status = 201, body = ConsentView)))]
pub(super) async fn give_consent(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<ConsentRequest>,
) -> Result<(StatusCode, Json<ConsentView>), ApiError> {
    let command = ConsentCommand {
        purpose: request.purpose,
        grantee: request.grantee,
        wording: request.wording,
        until: Micros(request.until_us),
    };
    let consent = access::give_consent(&state.clinic, &actor, id, command).await?;
    Ok((StatusCode::CREATED, Json(consent_view(consent))))
}

/// Take a consent back. It counts no more from now on.
#[utoipa::path(post, path = "/patients/{id}/consents/{grant}/withdraw", tag = "access",
    params(("id" = String, Path, format = Uuid), ("grant" = String, Path, format = Uuid)),
    responses((status = 204)))]
pub(super) async fn withdraw_consent(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((id, grant)): Segments<(PatientId, GrantId)>,
) -> Result<StatusCode, ApiError> {
    access::withdraw_consent(&state.clinic, &actor, id, grant).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::routes) fn consent_view(consent: Consent) -> ConsentView {
    ConsentView {
        id: consent.id,
        purpose: consent.purpose,
        grantee: consent.grantee,
        wording: consent.wording,
        given_us: consent.given.0,
        until_us: consent.until.0,
        withdrawn_us: consent.withdrawn.map(|at| at.0),
    }
}

impl From<ConsentError> for ApiError {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::NotFound => Self::not_found(),
            ConsentError::Forbidden => ProblemCode::Forbidden.into(),
            ConsentError::Grantee => Self::invalid("grantee"),
            ConsentError::Until => Self::invalid("until_us"),
            ConsentError::Wording => Self::new(ProblemCode::Changed).field("wording"),
            ConsentError::Store(error) => error.into(),
        }
    }
}
