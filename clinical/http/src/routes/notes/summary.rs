//! `GET /appointments/{id}/summary`

use axum::Json;
use axum::extract::State;
use clinical_api::{ChatLine, SummaryView};
use clinical_app::notes::{self, SummaryError};
use clinical_model::AppointmentId;

use super::note::note_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;
use crate::routes::booking::views::appointment_view;

/// What the patient takes home: the signed note and the chat.
#[utoipa::path(get, path = "/appointments/{id}/summary", tag = "notes",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = SummaryView)))]
pub(super) async fn get_summary(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Json<SummaryView>, ApiError> {
    let summary = notes::summary(&state.desk, &actor, id)
        .await
        .map_err(|error| match error {
            SummaryError::NotFound => ApiError::not_found(),
            SummaryError::Text(error) => ApiError::internal(error),
            SummaryError::Store(error) => error.into(),
        })?;
    Ok(Json(SummaryView {
        appointment: appointment_view(summary.record),
        note: summary.note.as_ref().map(note_view),
        chat: summary
            .chat
            .into_iter()
            .map(|message| ChatLine {
                from_name: message.from_name,
                at_us: message.at_us,
                text: message.text.into(),
            })
            .collect(),
    }))
}
