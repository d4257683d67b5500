//! What laboratory, radiology and pathology do with orders.

use axum::Json;
use axum::extract::State;
use clinical_api::{CancelOrderRequest, OrderView, ReportRequest, StepRequest};
use clinical_app::results::{self, ReportCommand, TypedValue};
use clinical_model::OrderId;
use clinical_model::results::TESTS_PER_ORDER_MAX;
use clinical_model::text::{Line, Prose};

use super::views::{code, full_view, line};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Say that the specimen is there.
#[utoipa::path(post, path = "/orders/{id}/collect", tag = "results",
    params(("id" = String, Path, format = Uuid)), request_body = StepRequest,
    responses((status = 200, body = OrderView)))]
pub(super) async fn collect_specimen(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<OrderId>,
    Body(request): Body<StepRequest>,
) -> Result<Json<OrderView>, ApiError> {
    let done = results::collect(&state.clinic, &actor, (id, request.version)).await?;
    Ok(Json(full_view(done, actor.role)))
}

/// Say that an order can not be done.
#[utoipa::path(post, path = "/orders/{id}/turn-down", tag = "results",
    params(("id" = String, Path, format = Uuid)), request_body = CancelOrderRequest,
    responses((status = 200, body = OrderView)))]
pub(super) async fn turn_down_order(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<OrderId>,
    Body(request): Body<CancelOrderRequest>,
) -> Result<Json<OrderView>, ApiError> {
    let why = line(request.reason, "reason")?;
    let place = (id, request.version);
    let done = results::turn_down(&state.clinic, &actor, place, why).await?;
    Ok(Json(full_view(done, actor.role)))
}

fn report_command(request: ReportRequest) -> Result<ReportCommand, ApiError> {
    if request.values.len() > TESTS_PER_ORDER_MAX {
        return Err(ApiError::invalid("values"));
    }
    let mut values = Vec::with_capacity(request.values.len());
    for (at, typed) in request.values.into_iter().enumerate() {
        values.push(TypedValue {
            code: code(&typed.code, &format!("values.{at}.code"))?,
            text: typed.value,
            unit: typed.unit,
            flag: typed.flag,
        });
    }
    let comment = Some(request.comment).filter(|it| !it.trim().is_empty());
    let why = Some(request.why).filter(|it| !it.trim().is_empty());
    Ok(ReportCommand {
        values,
        comment: comment
            .map(Prose::try_from)
            .transpose()
            .or(Err(ApiError::invalid("comment")))?,
        why: why
            .map(Line::try_from)
            .transpose()
            .or(Err(ApiError::invalid("why")))?,
    })
}

/// Write values. Verified values are corrected, with a reason; every version is kept.
#[utoipa::path(post, path = "/orders/{id}/results", tag = "results",
    params(("id" = String, Path, format = Uuid)), request_body = ReportRequest,
    responses((status = 200, body = OrderView)))]
pub(super) async fn write_results(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<OrderId>,
    Body(request): Body<ReportRequest>,
) -> Result<Json<OrderView>, ApiError> {
    let place = (id, request.version);
    let command = report_command(request)?;
    let done = results::write_report(&state.clinic, &actor, place, command).await?;
    Ok(Json(full_view(done, actor.role)))
}

/// Verify the values: they become part of the chart, and are released by the rule of the order.
#[utoipa::path(post, path = "/orders/{id}/verify", tag = "results",
    params(("id" = String, Path, format = Uuid)), request_body = StepRequest,
    responses((status = 200, body = OrderView)))]
pub(super) async fn verify_results(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<OrderId>,
    Body(request): Body<StepRequest>,
) -> Result<Json<OrderView>, ApiError> {
    let done = results::verify_report(&state.clinic, &actor, (id, request.version)).await?;
    Ok(Json(full_view(done, actor.role)))
}
