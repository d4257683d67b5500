//! Beginning threads, writing in them, and who is in them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{
    MemberRequest, MessageRequest, MessageView, ReadMarkRequest, ThreadRequest, ThreadView,
};
use clinical_app::threads::{self, BeginCommand};
use clinical_model::ThreadId;
use clinical_model::text::{Line, MessageText};

use super::views::{message_view, thread_view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

fn message(text: String) -> Result<MessageText, ApiError> {
    MessageText::try_from(text).or(Err(ApiError::invalid("text")))
}

/// Begin a thread with its first message.
#[utoipa::path(post, path = "/threads", tag = "threads", request_body = ThreadRequest,
    responses((status = 201, body = ThreadView)))]
pub(super) async fn begin_thread(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<ThreadRequest>,
) -> Result<(StatusCode, Json<ThreadView>), ApiError> {
    let command = BeginCommand {
        patient: request.patient,
        people: request.people,
        subject: Line::try_from(request.subject).or(Err(ApiError::invalid("subject")))?,
        text: message(request.text)?,
    };
    let begun = threads::begin(&state.clinic, &actor, command).await?;
    Ok((StatusCode::CREATED, Json(thread_view(begun))))
}

/// Write a message in a thread that is open.
#[utoipa::path(post, path = "/threads/{id}/messages", tag = "threads",
    params(("id" = String, Path, format = Uuid)), request_body = MessageRequest,
    responses((status = 201, body = MessageView)))]
pub(super) async fn send_message(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ThreadId>,
    Body(request): Body<MessageRequest>,
) -> Result<(StatusCode, Json<MessageView>), ApiError> {
    let text = message(request.text)?;
    let said = threads::send(&state.clinic, &actor, id, text).await?;
    Ok((StatusCode::CREATED, Json(message_view(said))))
}

/// Say how far the caller has read. A mark never goes back.
#[utoipa::path(post, path = "/threads/{id}/read", tag = "threads",
    params(("id" = String, Path, format = Uuid)), request_body = ReadMarkRequest,
    responses((status = 204)))]
pub(super) async fn mark_thread_read(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ThreadId>,
    Body(request): Body<ReadMarkRequest>,
) -> Result<StatusCode, ApiError> {
    threads::mark_read(&state.clinic, &actor, id, request.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let a colleague read and write in a thread.
#[utoipa::path(post, path = "/threads/{id}/members", tag = "threads",
    params(("id" = String, Path, format = Uuid)), request_body = MemberRequest,
    responses((status = 200, body = ThreadView)))]
pub(super) async fn add_thread_member(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ThreadId>,
    Body(request): Body<MemberRequest>,
) -> Result<Json<ThreadView>, ApiError> {
    let joined = threads::add_member(&state.clinic, &actor, id, request.person).await?;
    Ok(Json(thread_view(joined)))
}

/// Leave a thread. The patient and the first doctor stay.
#[utoipa::path(post, path = "/threads/{id}/leave", tag = "threads",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 204)))]
pub(super) async fn leave_thread(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ThreadId>,
) -> Result<StatusCode, ApiError> {
    threads::leave(&state.clinic, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Close a thread: it takes no more messages.
#[utoipa::path(post, path = "/threads/{id}/close", tag = "threads",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = ThreadView)))]
pub(super) async fn close_thread(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ThreadId>,
) -> Result<Json<ThreadView>, ApiError> {
    let closed = threads::close(&state.clinic, &actor, id).await?;
    Ok(Json(thread_view(closed)))
}

/// Reopen a closed thread.
#[utoipa::path(post, path = "/threads/{id}/reopen", tag = "threads",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = ThreadView)))]
pub(super) async fn reopen_thread(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ThreadId>,
) -> Result<Json<ThreadView>, ApiError> {
    let open = threads::reopen(&state.clinic, &actor, id).await?;
    Ok(Json(thread_view(open)))
}
