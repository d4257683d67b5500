//! Interviews of people with a record.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{
    AppointmentView, AttachRequest, ComplaintRequest, InterviewBriefView, InterviewRequest,
    InterviewView, LanguageRequest, TriageAnswerRequest, TriageInfoView,
};
use clinical_app::triage::{self, Act, BeginCommand};
use clinical_model::triage::{COMPLAINT_CHARS_MAX, QUESTIONS_MAX};
use clinical_model::{InterviewId, PatientId};
use serde::Deserialize;

use super::views::{brief_view, interview_view, numbers_view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Params, Segments};
use crate::router::ApiState;
use crate::routes::booking::views::{appointment_view, link_view};

/// What pages must know before an interview begins.
#[utoipa::path(get, path = "/triage/info", tag = "triage",
    responses((status = 200, body = TriageInfoView)))]
pub(super) async fn triage_info(
    State(state): State<ApiState>,
) -> Result<Json<TriageInfoView>, ApiError> {
    let numbers = triage::public_numbers(&state.clinic).await?;
    Ok(Json(TriageInfoView {
        emergency: numbers_view(numbers),
        complaint_chars_max: u32::try_from(COMPLAINT_CHARS_MAX).unwrap_or(u32::MAX),
        questions_max: QUESTIONS_MAX,
        outside_reader: state.triage.reads_outside(),
    }))
}

/// Begin an interview. Age, sex, history and measurements come from the record.
#[utoipa::path(post, path = "/triage/interviews", tag = "triage",
    request_body = InterviewRequest, responses((status = 201, body = InterviewView)))]
pub(super) async fn begin_interview(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<InterviewRequest>,
) -> Result<(StatusCode, Json<InterviewView>), ApiError> {
    let command = BeginCommand {
        patient: request.patient,
        language: request.language,
        pregnant: request.pregnant,
    };
    let begun = triage::begin(&state.clinic, &actor, command).await?;
    Ok((StatusCode::CREATED, Json(interview_view(begun))))
}

/// Whose interviews.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct InterviewsQuery {
    /// Of whom; patients mean themselves without it.
    #[param(value_type = Option<String>)]
    patient: Option<PatientId>,
}

/// The interviews of a patient, newest first; at most 50.
#[utoipa::path(get, path = "/triage/interviews", tag = "triage", params(InterviewsQuery),
    responses((status = 200, body = Vec<InterviewBriefView>)))]
pub(super) async fn list_interviews(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(query): Params<InterviewsQuery>,
) -> Result<Json<Vec<InterviewBriefView>>, ApiError> {
    let found = triage::list(&state.clinic, &actor, query.patient).await?;
    Ok(Json(found.iter().map(brief_view).collect()))
}

/// One interview, to go on with it or to read its result.
#[utoipa::path(get, path = "/triage/interviews/{id}", tag = "triage",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = InterviewView)))]
pub(super) async fn read_interview(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<InterviewId>,
) -> Result<Json<InterviewView>, ApiError> {
    let shown = triage::read(&state.clinic, &actor, id).await?;
    Ok(Json(interview_view(shown)))
}

async fn act(
    (state, Caller(actor)): (ApiState, Caller),
    id: InterviewId,
    act: Act,
) -> Result<Json<InterviewView>, ApiError> {
    let with = (&state.clinic, &state.triage);
    let shown = triage::act_reading(with, &actor, id, act).await?;
    Ok(Json(interview_view(shown)))
}

/// The act of an answer.
pub(super) fn answer(request: TriageAnswerRequest) -> Act {
    Act::Answer {
        finding: request.finding,
        answer: request.answer,
        number: request.number,
    }
}

/// Tell what is wrong. It is read for red flags first.
#[utoipa::path(post, path = "/triage/interviews/{id}/complaint", tag = "triage",
    params(("id" = String, Path, format = Uuid)), request_body = ComplaintRequest,
    responses((status = 200, body = InterviewView)))]
pub(super) async fn complain(
    State(state): State<ApiState>,
    caller: Caller,
    Segments(id): Segments<InterviewId>,
    Body(request): Body<ComplaintRequest>,
) -> Result<Json<InterviewView>, ApiError> {
    act((state, caller), id, Act::Complain(request.text)).await
}

/// Answer the question that stands, or an earlier one anew.
#[utoipa::path(post, path = "/triage/interviews/{id}/answers", tag = "triage",
    params(("id" = String, Path, format = Uuid)), request_body = TriageAnswerRequest,
    responses((status = 200, body = InterviewView)))]
pub(super) async fn answer_question(
    State(state): State<ApiState>,
    caller: Caller,
    Segments(id): Segments<InterviewId>,
    Body(request): Body<TriageAnswerRequest>,
) -> Result<Json<InterviewView>, ApiError> {
    act((state, caller), id, answer(request)).await
}

/// Take the last answer back.
#[utoipa::path(post, path = "/triage/interviews/{id}/back", tag = "triage",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = InterviewView)))]
pub(super) async fn take_answer_back(
    State(state): State<ApiState>,
    caller: Caller,
    Segments(id): Segments<InterviewId>,
) -> Result<Json<InterviewView>, ApiError> {
    act((state, caller), id, Act::Back).await
}

/// Change the language.
#[utoipa::path(post, path = "/triage/interviews/{id}/language", tag = "triage",
    params(("id" = String, Path, format = Uuid)), request_body = LanguageRequest,
    responses((status = 200, body = InterviewView)))]
pub(super) async fn speak(
    State(state): State<ApiState>,
    caller: Caller,
    Segments(id): Segments<InterviewId>,
    Body(request): Body<LanguageRequest>,
) -> Result<Json<InterviewView>, ApiError> {
    act((state, caller), id, Act::Speak(request.language)).await
}

/// Ask for the result. Who stops before the last question is never sent to self-care.
#[utoipa::path(post, path = "/triage/interviews/{id}/finish", tag = "triage",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = InterviewView)))]
pub(super) async fn finish_interview(
    State(state): State<ApiState>,
    caller: Caller,
    Segments(id): Segments<InterviewId>,
) -> Result<Json<InterviewView>, ApiError> {
    act((state, caller), id, Act::Finish).await
}

/// A visit at once with a doctor on duty, after an emergency or urgent result.
#[utoipa::path(post, path = "/triage/interviews/{id}/on-call", tag = "triage",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 201, body = AppointmentView)))]
pub(super) async fn see_on_call(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<InterviewId>,
) -> Result<(StatusCode, Json<AppointmentView>), ApiError> {
    let booked = triage::see_on_call(&state.desk, &actor, id).await?;
    let link = link_view(&booked.link);
    let view = AppointmentView {
        link: Some(link),
        ..appointment_view(booked.record)
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Let an appointment carry the interview.
#[utoipa::path(post, path = "/triage/interviews/{id}/appointment", tag = "triage",
    params(("id" = String, Path, format = Uuid)), request_body = AttachRequest,
    responses((status = 200, body = InterviewView)))]
pub(super) async fn attach_interview(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<InterviewId>,
    Body(request): Body<AttachRequest>,
) -> Result<Json<InterviewView>, ApiError> {
    let shown = triage::attach(&state.clinic, &actor, id, request.appointment).await?;
    Ok(Json(interview_view(shown)))
}
