//! Reading orders and results.

use axum::Json;
use axum::extract::State;
use clinical_api::{CatalogueView, OrderView, ResultPointView, ResultSeriesView};
use clinical_app::results;
use clinical_model::{OrderId, PatientId};
use serde::Deserialize;

use super::views::{code, full_view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Params, Segments};
use crate::router::ApiState;

/// The tests that can be ordered, with their units and limits.
#[utoipa::path(get, path = "/tests", tag = "results",
    responses((status = 200, body = CatalogueView)))]
pub(super) async fn list_tests(Caller(_): Caller) -> Result<Json<CatalogueView>, ApiError> {
    let known =
        results::catalogue().ok_or_else(|| ApiError::from(results::ResultsError::Catalogue))?;
    Ok(Json(CatalogueView {
        tests: known.tests().to_vec(),
    }))
}

/// Which orders.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OrdersQuery {
    /// Of this patient; for doctors.
    #[param(value_type = Option<String>)]
    patient: Option<PatientId>,
    /// What the department has done instead of what it has to do.
    #[serde(default)]
    done: bool,
}

/// A doctor's orders, of patients whom they may see, or what a department has to do: most urgent
/// first, then oldest first. At most 200.
#[utoipa::path(get, path = "/orders", tag = "results", params(OrdersQuery),
    responses((status = 200, body = Vec<OrderView>)))]
pub(super) async fn list_orders(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(query): Params<OrdersQuery>,
) -> Result<Json<Vec<OrderView>>, ApiError> {
    let found = results::list_orders(&state.clinic, &actor, query.patient, !query.done).await?;
    let views = found.into_iter().map(|it| full_view(it, actor.role));
    Ok(Json(views.collect()))
}

/// One order with every version of its report.
#[utoipa::path(get, path = "/orders/{id}", tag = "results",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = OrderView)))]
pub(super) async fn read_order(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<OrderId>,
) -> Result<Json<OrderView>, ApiError> {
    let found = results::read_order(&state.clinic, &actor, id).await?;
    Ok(Json(full_view(found, actor.role)))
}

/// Which results.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultsQuery {
    /// Of this patient; patients mean their own without it.
    #[param(value_type = Option<String>)]
    patient: Option<PatientId>,
    /// With a value of this test.
    code: Option<String>,
    /// Only those that the caller ordered or was told of.
    #[serde(default)]
    mine: bool,
}

/// Results: critical ones that nobody read first, then unread ones, then the newest; at most 200.
/// Patients, and who acts for them, see what is released.
#[utoipa::path(get, path = "/results", tag = "results", params(ResultsQuery),
    responses((status = 200, body = Vec<OrderView>)))]
pub(super) async fn list_results(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(query): Params<ResultsQuery>,
) -> Result<Json<Vec<OrderView>>, ApiError> {
    let test = query.code.as_deref().map(|it| code(it, "code"));
    let test = test.transpose()?;
    let which = (query.patient, test.as_ref());
    let found = results::list_results(&state.clinic, &actor, which, query.mine).await?;
    let views = found.into_iter().map(|it| full_view(it, actor.role));
    Ok(Json(views.collect()))
}

/// One result. Staff also get the reports that it corrected.
#[utoipa::path(get, path = "/results/{id}", tag = "results",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = OrderView)))]
pub(super) async fn read_result(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<OrderId>,
) -> Result<Json<OrderView>, ApiError> {
    let found = results::read_result(&state.clinic, &actor, id).await?;
    Ok(Json(full_view(found, actor.role)))
}

/// Which series.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesQuery {
    /// Of this patient; patients mean their own without it.
    #[param(value_type = Option<String>)]
    patient: Option<PatientId>,
    /// LOINC code of the test.
    code: String,
}

/// The verified values of one test over time, oldest first.
#[utoipa::path(get, operation_id = "read_code_series", path = "/results/series", tag = "results", params(SeriesQuery),
    responses((status = 200, body = ResultSeriesView)))]
pub(super) async fn read_series(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(query): Params<SeriesQuery>,
) -> Result<Json<ResultSeriesView>, ApiError> {
    let test = code(&query.code, "code")?;
    let known = results::catalogue().and_then(|all| all.test(&test));
    let unit = known.ok_or_else(|| ApiError::invalid("code"))?.unit();
    let points = results::series(&state.clinic, &actor, query.patient, &test).await?;
    Ok(Json(ResultSeriesView {
        code: query.code,
        unit: unit.to_owned(),
        points: points
            .into_iter()
            .map(|it| ResultPointView {
                order: it.order,
                at_us: it.at.0,
                value: it.value.to_string(),
                flag: it.flag,
                low: it.low.map(|limit| limit.to_string()),
                high: it.high.map(|limit| limit.to_string()),
            })
            .collect(),
    }))
}
