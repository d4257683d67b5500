//! Reading threads and messages.

use axum::Json;
use axum::extract::State;
use clinical_api::{CorrespondentView, MessagesView, ThreadView, ThreadsView, UnreadView};
use clinical_app::threads::{self, After, Range};
use clinical_model::{PatientId, ThreadId};
use serde::Deserialize;

use super::views::{message_view, thread_view};
use crate::actor::Caller;
use crate::cursor::{after, cursor};
use crate::error::ApiError;
use crate::extract::{Params, Segments};
use crate::router::ApiState;

/// Which threads.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ThreadsQuery {
    /// `next` of the page before.
    after: Option<String>,
}

/// The caller's threads, those with the newest messages first; at most 50.
#[utoipa::path(get, path = "/threads", tag = "threads", params(ThreadsQuery),
    responses((status = 200, body = ThreadsView)))]
pub(super) async fn list_threads(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(query): Params<ThreadsQuery>,
) -> Result<Json<ThreadsView>, ApiError> {
    let from = match query.after.as_deref() {
        Some(text) => Some(after(text).ok_or_else(|| ApiError::invalid("after"))?),
        None => None,
    };
    let from = from.map(|(last, id)| After { last, id });
    let page = threads::list(&state.clinic, &actor, from).await?;
    let threads: Vec<ThreadView> = page.items.into_iter().map(thread_view).collect();
    let last = threads.last().filter(|_| page.has_more);
    let next = last.map(|it| cursor(it.last_us, it.id));
    Ok(Json(ThreadsView { threads, next }))
}

/// How many messages of others the caller has not read.
#[utoipa::path(get, path = "/threads/unread", tag = "threads",
    responses((status = 200, body = UnreadView)))]
pub(super) async fn count_unread_messages(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<UnreadView>, ApiError> {
    let count = threads::unread(&state.clinic, &actor).await?;
    Ok(Json(UnreadView { count }))
}

/// About whom.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CorrespondentsQuery {
    /// The patient whom staff write about; patients mean themselves.
    #[param(value_type = Option<String>)]
    patient: Option<PatientId>,
}

/// Whom the caller may write to: a patient, the doctors who treat them; staff, their colleagues and
/// the patient whom they name.
#[utoipa::path(get, path = "/threads/people", tag = "threads", params(CorrespondentsQuery),
    responses((status = 200, body = Vec<CorrespondentView>)))]
pub(super) async fn list_correspondents(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(query): Params<CorrespondentsQuery>,
) -> Result<Json<Vec<CorrespondentView>>, ApiError> {
    let found = threads::correspondents(&state.clinic, &actor, query.patient).await?;
    let views = found.into_iter().map(|it| CorrespondentView {
        id: it.id,
        name: it.name,
        role: it.role,
    });
    Ok(Json(views.collect()))
}

/// One thread of the caller's.
#[utoipa::path(get, path = "/threads/{id}", tag = "threads",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = ThreadView)))]
pub(super) async fn read_thread(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ThreadId>,
) -> Result<Json<ThreadView>, ApiError> {
    let found = threads::read(&state.clinic, &actor, id).await?;
    Ok(Json(thread_view(found)))
}

/// Which messages.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct MessagesQuery {
    /// The last ones before this number; the last ones of all without it.
    before: Option<u32>,
    /// The first ones after this number.
    after: Option<u32>,
}

/// Messages of one thread of the caller's, oldest first; at most 50.
#[utoipa::path(get, path = "/threads/{id}/messages", tag = "threads",
    params(("id" = String, Path, format = Uuid), MessagesQuery),
    responses((status = 200, body = MessagesView)))]
pub(super) async fn list_messages(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ThreadId>,
    Params(query): Params<MessagesQuery>,
) -> Result<Json<MessagesView>, ApiError> {
    let range = match (query.before, query.after) {
        (before, None) => Range::Before(before.unwrap_or(u32::MAX)),
        (None, Some(after)) => Range::After(after),
        (Some(_), Some(_)) => return Err(ApiError::invalid("after")),
    };
    let page = threads::messages(&state.clinic, &actor, id, range).await?;
    Ok(Json(MessagesView {
        messages: page.items.into_iter().map(message_view).collect(),
        more: page.has_more,
    }))
}
