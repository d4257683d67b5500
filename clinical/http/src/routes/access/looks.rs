//! `GET /patients/{id}/accesses`

use axum::Json;
use axum::extract::State;
use clinical_api::{LookView, LooksView};
use clinical_app::access::{self, LOOKS_MAX, LooksError};
use clinical_model::PatientId;
use serde::Deserialize;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Params, Segments};
use crate::router::ApiState;

/// Acts in one page, unless another number is asked for.
const PAGE: u32 = 50;

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    before: Option<i64>,
    max: Option<u32>,
}

/// Who looked at a record and who changed it, newest first.
#[utoipa::path(get, path = "/patients/{id}/accesses", tag = "access",
    params(("id" = String, Path, format = Uuid),
        ("before" = Option<i64>, Query, description = "`next_before` of the page before"),
        ("max" = Option<u32>, Query, minimum = 1, maximum = 200)),
    responses((status = 200, body = LooksView)))]
pub(super) async fn list_looks(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Params(range): Params<Range>,
) -> Result<Json<LooksView>, ApiError> {
    let max = range.max.unwrap_or(PAGE);
    if max == 0 || max > LOOKS_MAX {
        return Err(ApiError::invalid("max"));
    }
    let page = (range.before.unwrap_or(i64::MAX), max);
    let looks = access::looks(&state.clinic, &actor, id, page).await?;
    let is_full = looks.len() == usize::try_from(max).unwrap_or(usize::MAX);
    let next_before = looks.last().filter(|_| is_full).map(|last| last.seq);
    let looks = looks.into_iter().map(|look| {
        let own = matches!(&look.person, Some((id, _, _)) if *id == actor.user);
        let (name, role) = look.person.map(|(_, name, role)| (name, role)).unzip();
        LookView {
            seq: look.seq,
            at_us: look.at.0,
            name,
            role,
            actor_kind: look.actor_kind,
            action: look.action,
            grant: look.grant,
            purpose: look.purpose,
            refused: look.outcome == "refused",
            own,
        }
    });
    Ok(Json(LooksView {
        looks: looks.collect(),
        next_before,
    }))
}

impl From<LooksError> for ApiError {
    fn from(error: LooksError) -> Self {
        match error {
            LooksError::NotFound => Self::not_found(),
            LooksError::Store(error) => error.into(),
        }
    }
}
