//! `GET /appointments/{id}/calendar.ics`, `GET /calendar/{secret}`, `GET`, `POST`,
//! `DELETE /me/calendar-feed`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use clinical_api::{BASE, FeedView, NewFeedView, ProblemCode};
use clinical_app::booking::{self, FeedError};
use clinical_model::AppointmentId;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

const ICALENDAR: &str = "text/calendar; charset=utf-8";

/// An appointment as an iCalendar text, for its patient and its doctor. It does not say what for.
#[utoipa::path(get, path = "/appointments/{id}/calendar.ics", tag = "booking",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = String, content_type = "text/calendar")))]
pub(super) async fn appointment_entry(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Response, ApiError> {
    let text = booking::calendar_entry(&state.desk, &actor, id).await?;
    let headers = [
        (CONTENT_TYPE, ICALENDAR),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"appointment.ics\"",
        ),
    ];
    Ok((headers, text).into_response())
}

/// The calendar of whoever knows the secret of its address: when, and nothing else. `.ics` may
/// follow the secret, as calendar programs want it.
#[utoipa::path(get, path = "/calendar/{secret}", tag = "booking",
    params(("secret" = String, Path)),
    responses((status = 200, body = String, content_type = "text/calendar")))]
pub(super) async fn read_feed(
    State(state): State<ApiState>,
    Segments(secret): Segments<String>,
) -> Result<Response, ApiError> {
    let secret = secret.strip_suffix(".ics").unwrap_or(&secret);
    let text = booking::feed(&state.desk, secret).await.map_err(refuse)?;
    Ok(([(CONTENT_TYPE, ICALENDAR)], text).into_response())
}

/// Whether one's own calendar has an address.
#[utoipa::path(get, path = "/me/calendar-feed", tag = "booking",
    responses((status = 200, body = FeedView)))]
pub(super) async fn get_feed(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<FeedView>, ApiError> {
    let since = booking::feed_since(&state.desk, &actor)
        .await
        .map_err(refuse)?;
    Ok(Json(FeedView {
        since_us: since.map(|at| at.0),
    }))
}

/// A new address for one's own calendar, to subscribe to it; an earlier one stops working.
#[utoipa::path(post, path = "/me/calendar-feed", tag = "booking",
    responses((status = 201, body = NewFeedView)))]
pub(super) async fn make_feed(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<(StatusCode, Json<NewFeedView>), ApiError> {
    let secret = booking::make_feed(&state.desk, &actor)
        .await
        .map_err(refuse)?;
    let path = format!("{BASE}/calendar/{}.ics", secret.to_text());
    Ok((StatusCode::CREATED, Json(NewFeedView { path })))
}

/// Take the address of one's own calendar back.
#[utoipa::path(delete, path = "/me/calendar-feed", tag = "booking",
    responses((status = 204)))]
pub(super) async fn revoke_feed(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<StatusCode, ApiError> {
    booking::revoke_feed(&state.desk, &actor)
        .await
        .map_err(refuse)?;
    Ok(StatusCode::NO_CONTENT)
}

fn refuse(error: FeedError) -> ApiError {
    match error {
        FeedError::Forbidden => ProblemCode::Forbidden.into(),
        FeedError::NotFound => ApiError::not_found(),
        FeedError::Store(error) => error.into(),
    }
}
