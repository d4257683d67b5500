//! What patients ask for, and the answers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{
    AccessQuestionRequest, AnswerRequest, CorrectionRequest, ProblemCode, RightsRequestView,
};
use clinical_app::rights::{
    self, AnswerCommand, AnswerError, Asked, Putting, RequestState, RequestsError, Verdict, Wish,
};
use clinical_model::text::Prose;
use clinical_model::{PatientId, RequestId};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Longest text of a request and of an answer, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

fn prose(text: &str) -> Result<Prose, ApiError> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(ApiError::invalid("text"));
    }
    Prose::try_from(text).or(Err(ApiError::invalid("text")))
}

/// Ask for a correction of the record, as the patient or for them.
#[utoipa::path(post, path = "/patients/{id}/corrections", tag = "rights",
    params(("id" = String, Path, format = Uuid)), request_body = CorrectionRequest,
    responses((status = 201, body = RightsRequestView)))]
pub(super) async fn ask_correction(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<CorrectionRequest>,
) -> Result<(StatusCode, Json<RightsRequestView>), ApiError> {
    let wish = Wish::Correction {
        entry: request.entry,
        text: prose(&request.text)?,
    };
    let asked = rights::ask(&state.clinic, &actor, id, wish).await?;
    Ok((StatusCode::CREATED, Json(request_view(asked))))
}

/// Ask the administrators about an access that seems wrong.
#[utoipa::path(post, path = "/patients/{id}/access-questions", tag = "rights",
    params(("id" = String, Path, format = Uuid)), request_body = AccessQuestionRequest,
    responses((status = 201, body = RightsRequestView)))]
pub(super) async fn ask_about_access(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<AccessQuestionRequest>,
) -> Result<(StatusCode, Json<RightsRequestView>), ApiError> {
    let wish = Wish::Access {
        look: request.seq,
        text: prose(&request.text)?,
    };
    let asked = rights::ask(&state.clinic, &actor, id, wish).await?;
    Ok((StatusCode::CREATED, Json(request_view(asked))))
}

/// Ask for the erasure of the record.
#[utoipa::path(post, path = "/patients/{id}/erasure-requests", tag = "rights",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 201, body = RightsRequestView)))]
pub(super) async fn ask_erasure(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
) -> Result<(StatusCode, Json<RightsRequestView>), ApiError> {
    let asked = rights::ask(&state.clinic, &actor, id, Wish::Erasure).await?;
    Ok((StatusCode::CREATED, Json(request_view(asked))))
}

/// What was asked about a record: everything for the patient, corrections for who treats them.
#[utoipa::path(get, path = "/patients/{id}/requests", tag = "rights",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = Vec<RightsRequestView>)))]
pub(super) async fn list_asked(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
) -> Result<Json<Vec<RightsRequestView>>, ApiError> {
    let list = rights::asked(&state.clinic, &actor, id).await?;
    Ok(Json(list.into_iter().map(request_view).collect()))
}

/// What the caller answers: corrections for clinicians, the rest for administrators.
#[utoipa::path(get, operation_id = "list_requests", path = "/requests", tag = "rights",
    responses((status = 200, body = Vec<RightsRequestView>)))]
pub(super) async fn list_waiting(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<RightsRequestView>>, ApiError> {
    let list = rights::waiting(&state.clinic, &actor).await?;
    Ok(Json(list.into_iter().map(request_view).collect()))
}

/// Answer a request. An erasure is refused with `retained` while the law keeps the record, needs a
/// fresh proof, and cannot be undone.
#[utoipa::path(post, path = "/requests/{grant}/answer", tag = "rights",
    params(("grant" = String, Path, format = Uuid)), request_body = AnswerRequest,
    responses((status = 200, body = RightsRequestView)))]
pub(super) async fn answer_request(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<RequestId>,
    Body(request): Body<AnswerRequest>,
) -> Result<Json<RightsRequestView>, ApiError> {
    let putting = match (request.entry_version, request.fact) {
        (None, None) => Putting::Nothing,
        (Some(version), None) => Putting::InError { version },
        (Some(version), Some(fact)) => Putting::Amend {
            version,
            fact: Box::new(fact),
        },
        (None, Some(_)) => return Err(ApiError::invalid("entry_version")),
    };
    let command = AnswerCommand {
        version: request.version,
        verdict: if request.accept {
            Verdict::Accept
        } else {
            Verdict::Decline
        },
        text: request.text.as_deref().map(prose).transpose()?,
        putting,
    };
    let asked = rights::answer(&state.clinic, &actor, id, command).await?;
    Ok(Json(request_view(asked)))
}

pub(super) fn request_view(asked: Asked) -> RightsRequestView {
    let it = asked.request;
    let decided_law = match it.state {
        RequestState::Retained { law, until, .. } => Some((law, until)),
        RequestState::Open | RequestState::Accepted(_) | RequestState::Declined(_) => None,
    };
    let law = decided_law.or(asked.retention.map(|it| (it.law, it.until)));
    RightsRequestView {
        id: it.id,
        patient: it.patient,
        patient_name: asked.patient_name,
        kind: it.kind.as_str().to_owned(),
        entry: it.entry,
        seq: it.look,
        text: it.text.map(Into::into),
        asked_us: it.asked.0,
        state: it.state.as_str().to_owned(),
        decided_us: it.state.decided().map(|it| it.at.0),
        answer: it.answer.map(Into::into),
        law: law.map(|(law, _)| law.as_str().to_owned()),
        kept_until_us: law.map(|(_, until)| until.0),
        version: it.version,
    }
}

impl From<RequestsError> for ApiError {
    fn from(error: RequestsError) -> Self {
        match error {
            RequestsError::NotFound => Self::not_found(),
            RequestsError::Forbidden => ProblemCode::Forbidden.into(),
            RequestsError::Unknown(field) => Self::invalid(field),
            RequestsError::Waiting => ProblemCode::WrongState.into(),
            RequestsError::Store(error) => error.into(),
        }
    }
}

impl From<AnswerError> for ApiError {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::NotFound => Self::not_found(),
            AnswerError::Forbidden => ProblemCode::Forbidden.into(),
            AnswerError::Changed => ProblemCode::Changed.into(),
            AnswerError::State => ProblemCode::WrongState.into(),
            AnswerError::Reason => Self::invalid("text"),
            AnswerError::Fact => Self::invalid("fact"),
            AnswerError::Retained { until } => Self::new(ProblemCode::Retained).opens_at(until),
            AnswerError::StepUpNeeded => ProblemCode::StepUpNeeded.into(),
            AnswerError::Store(error) => error.into(),
        }
    }
}
