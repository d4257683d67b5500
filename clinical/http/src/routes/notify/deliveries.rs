//! `GET /notifications/deliveries`

use axum::Json;
use axum::extract::State;
use clinical_api::{DeliveriesView, DeliveryView, ProblemCode};
use clinical_app::notify::{self, DELIVERIES_MAX, DeliveriesError};
use clinical_model::Micros;
use clinical_model::notify::DeliveryStage;
use serde::Deserialize;
use uuid::Uuid;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Params;
use crate::router::ApiState;

/// Which messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    stage: Option<String>,
    before_us: Option<i64>,
    before_id: Option<Uuid>,
}

/// Where the messages of the facility stand, newest first, 50 at a time. `stage=dead` are those that
/// were given up, `stage=unknown` those of which nobody knows whether they arrived.
#[utoipa::path(get, path = "/notifications/deliveries", tag = "notifications",
    params(("stage" = Option<String>, Query),
        ("before_us" = Option<i64>, Query, description = "`created_us` of the last one"),
        ("before_id" = Option<String>, Query, description = "`id` of the last one")),
    responses((status = 200, body = DeliveriesView)))]
pub(super) async fn list_deliveries(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(range): Params<Range>,
) -> Result<Json<DeliveriesView>, ApiError> {
    let stage = match range.stage.as_deref() {
        None => None,
        Some(word) => {
            Some(DeliveryStage::from_word(word).ok_or_else(|| ApiError::invalid("stage"))?)
        }
    };
    let before = match (range.before_us, range.before_id) {
        (None, None) => None,
        (Some(at), Some(id)) => Some((Micros(at), id)),
        (Some(_), None) => return Err(ApiError::invalid("before_id")),
        (None, Some(_)) => return Err(ApiError::invalid("before_us")),
    };
    let list = notify::deliveries(&state.clinic, &actor, stage, before)
        .await
        .map_err(|error| match error {
            DeliveriesError::Forbidden => ProblemCode::Forbidden.into(),
            DeliveriesError::Store(error) => ApiError::from(error),
        })?;
    let more = list.len() == DELIVERIES_MAX;
    let deliveries = list
        .into_iter()
        .map(|it| DeliveryView {
            id: it.id.to_string(),
            kind: it.kind.as_str().to_owned(),
            channel: it.channel.as_str().to_owned(),
            stage: it.stage.as_str().to_owned(),
            since_us: it.since.0,
            due_us: it.due.0,
            attempts: it.attempts,
            reason: it.reason.map(|reason| reason.as_str().to_owned()),
            created_us: it.created.0,
        })
        .collect();
    Ok(Json(DeliveriesView { deliveries, more }))
}
