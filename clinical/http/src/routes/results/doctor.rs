//! What a doctor does with orders and results.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{CancelOrderRequest, OrderRequest, OrderView, SeenRequest};
use clinical_app::results::{self, OrderCommand, ReadBack};
use clinical_model::OrderId;
use clinical_model::results::{ReleaseRule, TESTS_PER_ORDER_MAX};
use clinical_model::text::Prose;

use super::views::{code, full_view, line};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

fn command(request: OrderRequest) -> Result<OrderCommand, ApiError> {
    if request.tests.len() > TESTS_PER_ORDER_MAX {
        return Err(ApiError::invalid("tests"));
    }
    let tests = request.tests.iter().map(|it| code(it, "tests"));
    Ok(OrderCommand {
        tests: tests.collect::<Result<_, _>>()?,
        priority: request.priority,
        reason: Prose::try_from(request.reason).or(Err(ApiError::invalid("reason")))?,
        is_confidential: request.confidential,
        rule: match request.release.as_str() {
            "immediate" => ReleaseRule::Immediate,
            "after_review" => ReleaseRule::AfterReview,
            "after_hours" => ReleaseRule::AfterHours(request.release_hours),
            _ => return Err(ApiError::invalid("release")),
        },
    })
}

/// Order tests for a patient.
#[utoipa::path(post, path = "/orders", tag = "results", request_body = OrderRequest,
    responses((status = 201, body = OrderView)))]
pub(super) async fn place_order(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<OrderRequest>,
) -> Result<(StatusCode, Json<OrderView>), ApiError> {
    let patient = request.patient;
    let command = command(request)?;
    let made = results::place_order(&state.clinic, &actor, patient, command).await?;
    Ok((StatusCode::CREATED, Json(full_view(made, actor.role))))
}

/// Take an order back that has no value yet.
#[utoipa::path(post, path = "/orders/{id}/cancel", tag = "results",
    params(("id" = String, Path, format = Uuid)), request_body = CancelOrderRequest,
    responses((status = 200, body = OrderView)))]
pub(super) async fn cancel_order(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<OrderId>,
    Body(request): Body<CancelOrderRequest>,
) -> Result<Json<OrderView>, ApiError> {
    let why = line(request.reason, "reason")?;
    let place = (id, request.version);
    let done = results::cancel_order(&state.clinic, &actor, place, why).await?;
    Ok(Json(full_view(done, actor.role)))
}

/// Say that the newest report was read. Critical values are said back.
#[utoipa::path(post, path = "/orders/{id}/seen", tag = "results",
    params(("id" = String, Path, format = Uuid)), request_body = SeenRequest,
    responses((status = 200, body = OrderView)))]
pub(super) async fn mark_result_seen(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<OrderId>,
    Body(request): Body<SeenRequest>,
) -> Result<Json<OrderView>, ApiError> {
    if request.read_back.len() > TESTS_PER_ORDER_MAX {
        return Err(ApiError::invalid("read_back"));
    }
    let mut said = Vec::with_capacity(request.read_back.len());
    for it in request.read_back {
        said.push(ReadBack {
            code: code(&it.code, "read_back")?,
            said: it.value,
        });
    }
    let place = (id, request.version);
    let done = results::mark_seen(&state.clinic, &actor, place, &said).await?;
    Ok(Json(full_view(done, actor.role)))
}
