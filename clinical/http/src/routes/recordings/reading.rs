//! Lists, one recording, and the ticket to play it.

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Response};
use clinical_api::{PlayView, RecordingFiguresView, RecordingView, RecordingsView};
use clinical_app::recordings::{self, After, Filter};
use clinical_model::recordings::RecordingState;
use clinical_model::{AppointmentId, PatientId, RecordingId};
use serde::Deserialize;

use super::archive;
use super::views::{recording_view, row_view};
use crate::actor::Caller;
use crate::cursor::{after, cursor};
use crate::error::ApiError;
use crate::extract::{Params, Segments};
use crate::router::ApiState;

/// Which recordings.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordingsQuery {
    /// Of this patient only.
    #[param(value_type = Option<String>)]
    patient: Option<PatientId>,
    /// Of this visit only.
    #[param(value_type = Option<String>)]
    appointment: Option<AppointmentId>,
    /// That stand so only.
    #[param(value_type = Option<String>)]
    state: Option<RecordingState>,
    /// Held or not held only.
    held: Option<bool>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Recordings of which the caller may know, the newest first; at most 50.
#[utoipa::path(get, path = "/recordings", tag = "recordings", params(RecordingsQuery),
    responses((status = 200, body = RecordingsView)))]
pub(super) async fn list_recordings(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(query): Params<RecordingsQuery>,
) -> Result<Json<RecordingsView>, ApiError> {
    let from = match query.after.as_deref() {
        Some(text) => Some(after(text).ok_or_else(|| ApiError::invalid("after"))?),
        None => None,
    };
    let from = from.map(|(started, id)| After { started, id });
    let Some(archive) = state.recordings.as_ref() else {
        return Ok(Json(RecordingsView {
            recordings: Vec::new(),
            next: None,
        }));
    };
    let filter = Filter {
        patient: query.patient,
        appointment: query.appointment,
        state: query.state,
        held: query.held,
    };
    let page = recordings::list(&state.clinic, archive, &actor, (filter, from)).await?;
    let views = page.items.into_iter().map(|it| row_view(it, actor.role));
    let recordings: Vec<_> = views.collect();
    let last = recordings.last().filter(|_| page.has_more);
    let next = last.map(|it| cursor(it.started_us, it.id));
    Ok(Json(RecordingsView { recordings, next }))
}

/// What recordings the facility has.
#[utoipa::path(get, path = "/recordings/figures", tag = "recordings",
    responses((status = 200, body = RecordingFiguresView)))]
pub(super) async fn count_recordings(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<RecordingFiguresView>, ApiError> {
    let (figures, keep_days) = recordings::figures(&state.clinic, archive(&state)?, &actor).await?;
    Ok(Json(RecordingFiguresView {
        count: figures.count,
        held: figures.held,
        bytes: figures.bytes,
        oldest_us: figures.oldest.map(|at| at.0),
        keep_days,
    }))
}

/// A recording with everything that plays, and with who agreed. Administrators get no files.
#[utoipa::path(get, path = "/recordings/{id}", tag = "recordings",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = RecordingView)))]
pub(super) async fn read_recording(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<RecordingId>,
) -> Result<Json<RecordingView>, ApiError> {
    let full = recordings::read(&state.clinic, archive(&state)?, &actor, id).await?;
    Ok(Json(recording_view(full, actor.role)))
}

/// Play a recording: sets a cookie that opens its media for some minutes. Each time is in the audit.
#[utoipa::path(post, path = "/recordings/{id}/plays", tag = "recordings",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = PlayView)))]
pub(super) async fn play_recording(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<RecordingId>,
) -> Result<Response, ApiError> {
    let play = recordings::play(&state.clinic, archive(&state)?, &actor, id).await?;
    let until_us = play.until.0;
    let mut response = Json(PlayView { until_us }).into_response();
    let cookie = state.cookies.store_play(id, &play.ticket)?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}
