//! The assistant.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use clinical_api::{AssistantRequest, ProblemCode, SaidKind, SaidView, TalkLineView, TalkView};
use clinical_app::assistant::{
    self, Act, AssistantError, Kind, Reading, Said, ShownLine, ShownTalk,
};
use clinical_model::Role;
use clinical_model::triage::InterviewLanguage;
use serde::Deserialize;
use utoipa::OpenApi as _;

use super::Domain;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Params};
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const PATIENT: Who = Who::Roles(&[Role::Patient]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/assistant", PATIENT),
        Operation::new(Method::POST, "/assistant/messages", PATIENT),
        Operation::new(Method::DELETE, "/assistant", PATIENT),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(read_talk, talk, forget_talk))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/assistant", get(read_talk).delete(forget_talk))
        .route("/assistant/messages", post(talk))
}

fn said_view(it: Said) -> SaidView {
    let (href, label) = it
        .link
        .map_or((None, None), |link| (Some(link.href), Some(link.label)));
    SaidView {
        kind: match it.kind {
            Kind::Text => SaidKind::Text,
            Kind::Card => SaidKind::Card,
            Kind::Advice => SaidKind::Advice,
            Kind::Urgent => SaidKind::Urgent,
            Kind::Emergency => SaidKind::Emergency,
        },
        text: it.text,
        href,
        label,
        source: it.source,
    }
}

fn talk_view(it: ShownTalk) -> TalkView {
    let lines = it.lines.into_iter().map(|line| match line {
        ShownLine::Mine(words) => TalkLineView {
            mine: Some(words),
            said: Vec::new(),
        },
        ShownLine::Said(says) => TalkLineView {
            mine: None,
            said: says.into_iter().map(said_view).collect(),
        },
    });
    TalkView {
        lines: lines.collect(),
        choices: it.choices,
        count: it.count,
        emergency: it.emergency,
    }
}

impl From<AssistantError> for ApiError {
    fn from(error: AssistantError) -> Self {
        match error {
            AssistantError::NotFound => Self::not_found(),
            AssistantError::Forbidden => ProblemCode::Forbidden.into(),
            AssistantError::Invalid(field) => Self::invalid(field),
            AssistantError::Changed => ProblemCode::Changed.into(),
            AssistantError::Store(error) => error.into(),
        }
    }
}

/// How the talk is read.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct TalkQuery {
    /// The language of texts; English without it.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    language: InterviewLanguage,
}

/// The caller's talk as it stands.
#[utoipa::path(get, path = "/assistant", tag = "assistant", params(TalkQuery),
    responses((status = 200, body = TalkView)))]
pub(super) async fn read_talk(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(query): Params<TalkQuery>,
) -> Result<Json<TalkView>, ApiError> {
    let shown = assistant::read(&state.desk, &actor, query.language).await?;
    Ok(Json(talk_view(shown)))
}

/// Say something or take a choice. What changes something is asked first and done after a yes, with the
/// rights of the caller.
#[utoipa::path(post, path = "/assistant/messages", tag = "assistant", request_body = AssistantRequest,
    responses((status = 200, body = TalkView)))]
pub(super) async fn talk(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<AssistantRequest>,
) -> Result<Json<TalkView>, ApiError> {
    let act = match (request.text, request.choice) {
        (Some(text), None) => Act::Say(text),
        (None, Some(number)) => Act::Choose {
            number,
            seen: request.seen,
        },
        _ => return Err(ApiError::invalid("text")),
    };
    let reading = Reading {
        language: request.language,
        zone: request.zone,
    };
    let shown = assistant::act(&state.desk, &actor, &reading, act).await?;
    Ok(Json(talk_view(shown)))
}

/// Forget the talk.
#[utoipa::path(delete, path = "/assistant", tag = "assistant", responses((status = 204)))]
pub(super) async fn forget_talk(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<StatusCode, ApiError> {
    assistant::forget(&state.desk, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
