//! Interviews of visitors without an account.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use clinical_api::{
    ClaimRequest, ComplaintRequest, InterviewView, LanguageRequest, TriageAnswerRequest,
    VisitorRequest,
};
use clinical_app::Origin;
use clinical_app::triage::{self, Act, VISITOR_LIFE_US, VisitorCommand, VisitorSecret};
use clinical_model::Micros;

use super::interviews::answer;
use super::views::interview_view;
use crate::actor::Caller;
use crate::cookies::visitor_secret;
use crate::error::ApiError;
use crate::extract::{Body, Peer};
use crate::router::ApiState;

/// The secret that the cookie of a request holds. Without one there is no interview.
#[derive(Debug)]
pub(super) struct Secret(VisitorSecret);

impl FromRequestParts<ApiState> for Secret {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, ApiError> {
        let secret = visitor_secret(&parts.headers).and_then(VisitorSecret::parse);
        secret.map(Self).ok_or_else(ApiError::not_found)
    }
}

/// Begin an interview without an account. It is known by a cookie and kept for 24 hours.
#[utoipa::path(post, path = "/triage/visitor", tag = "triage", request_body = VisitorRequest,
    responses((status = 201, body = InterviewView)))]
pub(super) async fn begin_as_visitor(
    State(state): State<ApiState>,
    Peer(from): Peer,
    Body(request): Body<VisitorRequest>,
) -> Result<
    (
        StatusCode,
        [(axum::http::HeaderName, HeaderValue); 1],
        Json<InterviewView>,
    ),
    ApiError,
> {
    let command = VisitorCommand {
        language: request.language,
        age_months: request.age_months,
        sex: request.sex,
        pregnant: request.pregnant,
        proxy: request.proxy,
    };
    let opened =
        triage::begin_as_visitor(&state.clinic, &state.triage, Origin::from(from), command).await?;
    let life_s = VISITOR_LIFE_US / Micros::SECOND;
    let cookie = state
        .cookies
        .store_visitor(&opened.secret.reveal(), life_s)?;
    Ok((
        StatusCode::CREATED,
        [(SET_COOKIE, cookie)],
        Json(interview_view(opened.shown)),
    ))
}

/// The visitor's interview, to go on with it or to read its result.
#[utoipa::path(get, path = "/triage/visitor", tag = "triage",
    responses((status = 200, body = InterviewView)))]
pub(super) async fn read_as_visitor(
    State(state): State<ApiState>,
    Peer(from): Peer,
    Secret(secret): Secret,
) -> Result<Json<InterviewView>, ApiError> {
    let from = (Origin::from(from), &secret);
    let shown = triage::read_as_visitor(&state.clinic, &state.triage, from).await?;
    Ok(Json(interview_view(shown)))
}

/// Forget the visitor's interview.
#[utoipa::path(delete, path = "/triage/visitor", tag = "triage",
    responses((status = 204)))]
pub(super) async fn forget_visitor(
    State(state): State<ApiState>,
    Peer(from): Peer,
    Secret(secret): Secret,
) -> Result<(StatusCode, [(axum::http::HeaderName, HeaderValue); 1]), ApiError> {
    let from = (Origin::from(from), &secret);
    triage::forget_visitor(&state.clinic, &state.triage, from).await?;
    let cookie = state.cookies.store_visitor("", 0)?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]))
}

async fn act(
    state: ApiState,
    (Peer(from), Secret(secret)): (Peer, Secret),
    act: Act,
) -> Result<Json<InterviewView>, ApiError> {
    let from = (Origin::from(from), &secret);
    let shown = triage::act_as_visitor(&state.clinic, &state.triage, from, act).await?;
    Ok(Json(interview_view(shown)))
}

/// Tell what is wrong. It is read for red flags first.
#[utoipa::path(post, path = "/triage/visitor/complaint", tag = "triage",
    request_body = ComplaintRequest, responses((status = 200, body = InterviewView)))]
pub(super) async fn complain_as_visitor(
    State(state): State<ApiState>,
    peer: Peer,
    secret: Secret,
    Body(request): Body<ComplaintRequest>,
) -> Result<Json<InterviewView>, ApiError> {
    act(state, (peer, secret), Act::Complain(request.text)).await
}

/// Answer the question that stands, or an earlier one anew.
#[utoipa::path(post, path = "/triage/visitor/answers", tag = "triage",
    request_body = TriageAnswerRequest, responses((status = 200, body = InterviewView)))]
pub(super) async fn answer_as_visitor(
    State(state): State<ApiState>,
    peer: Peer,
    secret: Secret,
    Body(request): Body<TriageAnswerRequest>,
) -> Result<Json<InterviewView>, ApiError> {
    act(state, (peer, secret), answer(request)).await
}

/// Take the last answer back.
#[utoipa::path(post, path = "/triage/visitor/back", tag = "triage",
    responses((status = 200, body = InterviewView)))]
pub(super) async fn back_as_visitor(
    State(state): State<ApiState>,
    peer: Peer,
    secret: Secret,
) -> Result<Json<InterviewView>, ApiError> {
    act(state, (peer, secret), Act::Back).await
}

/// Change the language.
#[utoipa::path(post, path = "/triage/visitor/language", tag = "triage",
    request_body = LanguageRequest, responses((status = 200, body = InterviewView)))]
pub(super) async fn speak_as_visitor(
    State(state): State<ApiState>,
    peer: Peer,
    secret: Secret,
    Body(request): Body<LanguageRequest>,
) -> Result<Json<InterviewView>, ApiError> {
    act(state, (peer, secret), Act::Speak(request.language)).await
}

/// Ask for the result. Who stops before the last question is never sent to self-care.
#[utoipa::path(post, path = "/triage/visitor/finish", tag = "triage",
    responses((status = 200, body = InterviewView)))]
pub(super) async fn finish_as_visitor(
    State(state): State<ApiState>,
    peer: Peer,
    secret: Secret,
) -> Result<Json<InterviewView>, ApiError> {
    act(state, (peer, secret), Act::Finish).await
}

/// Move the visitor's interview of this browser into a record.
#[utoipa::path(post, path = "/triage/claim", tag = "triage", request_body = ClaimRequest,
    responses((status = 200, body = InterviewView)))]
pub(super) async fn claim_interview(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Secret(secret): Secret,
    Body(request): Body<ClaimRequest>,
) -> Result<
    (
        [(axum::http::HeaderName, HeaderValue); 1],
        Json<InterviewView>,
    ),
    ApiError,
> {
    let shown = triage::claim(&state.clinic, &actor, &secret, request.patient).await?;
    let cookie = state.cookies.store_visitor("", 0)?;
    Ok(([(SET_COOKIE, cookie)], Json(interview_view(shown))))
}
