//! Orders to laboratory, radiology and pathology, and their results.

use clinical_api::{
    CancelOrderRequest, CatalogueView, DiscardUnmatchedRequest, FileUnmatchedRequest, FiledView,
    OrderRequest, OrderView, ReportRequest, ResultSeriesView, SeenRequest, StepRequest,
    UnmatchedView,
};
use clinical_model::{OrderId, PatientId, UnmatchedId};

use super::client::{ApiError, get, post_done, post_with};

/// `GET /tests`
pub async fn tests() -> Result<CatalogueView, ApiError> {
    get("/tests").await
}

/// `POST /orders`
pub async fn place_order(request: &OrderRequest) -> Result<OrderView, ApiError> {
    post_with("/orders", request).await
}

/// `GET /orders`: what the department has to do, or has done.
pub async fn worklist(done: bool) -> Result<Vec<OrderView>, ApiError> {
    get(&format!("/orders?done={done}")).await
}

/// `POST /orders/{id}/collect`
pub async fn collect(id: OrderId, version: u32) -> Result<OrderView, ApiError> {
    post_with(&format!("/orders/{id}/collect"), &StepRequest { version }).await
}

/// `POST /orders/{id}/turn-down`
pub async fn turn_down(id: OrderId, request: &CancelOrderRequest) -> Result<OrderView, ApiError> {
    post_with(&format!("/orders/{id}/turn-down"), request).await
}

/// `POST /orders/{id}/results`
pub async fn write_results(id: OrderId, request: &ReportRequest) -> Result<OrderView, ApiError> {
    post_with(&format!("/orders/{id}/results"), request).await
}

/// `POST /orders/{id}/verify`
pub async fn verify_results(id: OrderId, version: u32) -> Result<OrderView, ApiError> {
    post_with(&format!("/orders/{id}/verify"), &StepRequest { version }).await
}

/// `POST /orders/{id}/seen`
pub async fn mark_seen(id: OrderId, request: &SeenRequest) -> Result<OrderView, ApiError> {
    post_with(&format!("/orders/{id}/seen"), request).await
}

/// `GET /results`: those that the caller ordered or was told of, or a patient's own.
pub async fn results(mine: bool) -> Result<Vec<OrderView>, ApiError> {
    get(&format!("/results?mine={mine}")).await
}

/// `GET /results/series` of a patient.
pub async fn result_series(patient: PatientId, code: &str) -> Result<ResultSeriesView, ApiError> {
    get(&format!("/results/series?patient={patient}&code={code}")).await
}

/// `GET /results/unmatched`
pub async fn unmatched_results() -> Result<Vec<UnmatchedView>, ApiError> {
    get("/results/unmatched").await
}

/// `POST /results/unmatched/{id}/file`
pub async fn file_unmatched(
    id: UnmatchedId,
    request: &FileUnmatchedRequest,
) -> Result<FiledView, ApiError> {
    post_with(&format!("/results/unmatched/{id}/file"), request).await
}

/// `POST /results/unmatched/{id}/discard`
pub async fn discard_unmatched(
    id: UnmatchedId,
    request: &DiscardUnmatchedRequest,
) -> Result<(), ApiError> {
    post_done(&format!("/results/unmatched/{id}/discard"), request).await
}
