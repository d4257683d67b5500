//! `/patients/{id}/chart`, `/series/{slug}`, `/timeline`, `/family-interview`

use axum::Json;
use axum::extract::State;
use clinical_api::{
    ChartView, FamilyInterviewRequest, FamilyInterviewView, SeriesView, TimelineView,
};
use clinical_app::records::{self, TIMELINE_PAGE_MAX, TimelineQuery};
use clinical_model::chart::Kind;
use clinical_model::chart::tags::Tag;
use clinical_model::{Micros, PatientId};
use serde::Deserialize;
use uuid::Uuid;

use super::views::{chart_view, item_view, series_view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Params, Segments};
use crate::router::ApiState;

/// Items in a page when it is not said how many.
const LIMIT: u32 = 50;
/// Longest list of kinds, in bytes.
const KINDS_BYTES_MAX: usize = 200;
/// Longest name of a measurement, in bytes.
const SLUG_BYTES_MAX: usize = 64;
/// Most answers of an interview: more than its questions can be.
const ANSWERS_MAX: usize = 200;

/// The chart at a glance.
#[utoipa::path(get, path = "/patients/{id}/chart", tag = "records",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = ChartView)))]
pub(super) async fn read_chart(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
) -> Result<Json<ChartView>, ApiError> {
    let chart = records::overview(&state.clinic, &actor, id).await?;
    Ok(Json(chart_view(chart)))
}

/// The values of one measurement in one unit, oldest first. `slug` is a short word such as
/// `glucose`, or a LOINC code.
#[utoipa::path(get, operation_id = "read_patient_series", path = "/patients/{id}/series/{slug}", tag = "records",
    params(("id" = String, Path, format = Uuid), ("slug" = String, Path)),
    responses((status = 200, body = SeriesView)))]
pub(super) async fn read_series(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((id, slug)): Segments<(PatientId, String)>,
) -> Result<Json<SeriesView>, ApiError> {
    if slug.len() > SLUG_BYTES_MAX {
        return Err(ApiError::invalid("slug"));
    }
    let series = records::series(&state.clinic, &actor, id, &slug).await?;
    Ok(Json(series_view(series)))
}

/// Which part of a timeline.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    /// Kinds of entries and `visit`, with commas; everything without it.
    kind: Option<String>,
    /// Only entries with this tag.
    tag: Option<String>,
    /// True at or after, Unix microseconds.
    from_us: Option<i64>,
    /// True before, Unix microseconds.
    to_us: Option<i64>,
    /// Also what was entered in error.
    #[serde(default)]
    errors: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// How many, at most 100.
    limit: Option<u32>,
}

/// Everything of a patient in one list, newest first.
#[utoipa::path(get, path = "/patients/{id}/timeline", tag = "records",
    params(("id" = String, Path, format = Uuid), Query),
    responses((status = 200, body = TimelineView)))]
pub(super) async fn read_timeline(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Params(query): Params<Query>,
) -> Result<Json<TimelineView>, ApiError> {
    let query = parsed(&query)?;
    let page = records::timeline(&state.clinic, &actor, id, &query).await?;
    Ok(Json(TimelineView {
        next: page.next.map(|(at, id)| format!("{}_{id}", at.0)),
        items: page.items.into_iter().map(item_view).collect(),
    }))
}

fn parsed(query: &Query) -> Result<TimelineQuery, ApiError> {
    let words = query.kind.as_deref().unwrap_or_default();
    if words.len() > KINDS_BYTES_MAX {
        return Err(ApiError::invalid("kind"));
    }
    let words: Vec<&str> = words.split(',').filter(|it| !it.is_empty()).collect();
    let kinds = words
        .iter()
        .filter(|word| **word != "visit")
        .map(|word| Kind::from_word(word).ok_or_else(|| ApiError::invalid("kind")))
        .collect::<Result<Vec<Kind>, _>>()?;
    let limit = query.limit.unwrap_or(LIMIT);
    if limit == 0 || limit > TIMELINE_PAGE_MAX {
        return Err(ApiError::invalid("limit"));
    }
    let tag = query.tag.as_deref().map(Tag::parse).transpose();
    let after = query.after.as_deref().map(|text| {
        let (at, id) = text.split_once('_')?;
        Some((Micros(at.parse().ok()?), id.parse::<Uuid>().ok()?))
    });
    let after = match after {
        Some(None) => return Err(ApiError::malformed("after")),
        Some(Some(place)) => Some(place),
        None => None,
    };
    Ok(TimelineQuery {
        entries: words.is_empty() || !kinds.is_empty(),
        visits: words.is_empty() || words.contains(&"visit"),
        kinds,
        tag: tag.or(Err(ApiError::invalid("tag")))?,
        from: Micros(query.from_us.unwrap_or(i64::MIN)),
        to: Micros(query.to_us.unwrap_or(i64::MAX)),
        with_errors: query.errors,
        after,
        max: limit,
    })
}

/// Ask about diseases in the family: the answers so far lead to the next question. When everything
/// is answered and `done`, relatives with their diseases are written into the chart.
#[utoipa::path(post, path = "/patients/{id}/family-interview", tag = "records",
    params(("id" = String, Path, format = Uuid)), request_body = FamilyInterviewRequest,
    responses((status = 200, body = FamilyInterviewView)))]
pub(super) async fn interview_family(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<FamilyInterviewRequest>,
) -> Result<Json<FamilyInterviewView>, ApiError> {
    if request.answers.len() > ANSWERS_MAX {
        return Err(ApiError::invalid("answers"));
    }
    let answers = (request.answers, request.done);
    let stands = records::interview(&state.clinic, &actor, id, answers).await?;
    Ok(Json(FamilyInterviewView {
        question: stands.question,
        risks: stands.risks,
        written: stands.written,
    }))
}
