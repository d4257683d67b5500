//! `/patients/{id}/proxies`, `GET /me/charges`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{ChargeView, ProblemCode, ProxyRequest, ProxyView};
use clinical_app::access::{self, ProxyCommand, ProxyError};
use clinical_model::access::Proxy;
use clinical_model::{Email, GrantId, Micros, PatientId};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Who acts for a patient.
#[utoipa::path(get, path = "/patients/{id}/proxies", tag = "access",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = Vec<ProxyView>)))]
pub(super) async fn list_proxies(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
) -> Result<Json<Vec<ProxyView>>, ApiError> {
    let proxies = access::proxies(&state.clinic, &actor, id).await?;
    Ok(Json(
        proxies
            .into_iter()
            .map(|(proxy, name)| proxy_view(&proxy, name))
            .collect(),
    ))
}

/// Let somebody act for a patient.
#[utoipa::path(post, path = "/patients/{id}/proxies", tag = "access",
    params(("id" = String, Path, format = Uuid)), request_body = ProxyRequest,
    responses((status = 201, body = ProxyView)))]
pub(super) async fn give_proxy(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<ProxyRequest>,
) -> Result<(StatusCode, Json<ProxyView>), ApiError> {
    let command = ProxyCommand {
        holder: Email::parse(&request.email).or(Err(ApiError::invalid("email")))?,
        relation: request.relation,
        scope: request.scope,
        until: Micros(request.until_us),
    };
    let proxy = access::give_proxy(&state.clinic, &actor, id, command).await?;
    Ok((StatusCode::CREATED, Json(proxy_view(&proxy, String::new()))))
}

/// Somebody acts for a patient no more.
#[utoipa::path(delete, path = "/patients/{id}/proxies/{grant}", tag = "access",
    params(("id" = String, Path, format = Uuid), ("grant" = String, Path, format = Uuid)),
    responses((status = 204)))]
pub(super) async fn end_proxy(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((id, grant)): Segments<(PatientId, GrantId)>,
) -> Result<StatusCode, ApiError> {
    access::end_proxy(&state.clinic, &actor, id, grant).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whom the caller acts for.
#[utoipa::path(get, path = "/me/charges", tag = "access",
    responses((status = 200, body = Vec<ChargeView>)))]
pub(super) async fn list_charges(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<ChargeView>>, ApiError> {
    let charges = access::charges(&state.clinic, &actor).await?;
    Ok(Json(
        charges
            .into_iter()
            .map(|charge| ChargeView {
                patient: charge.patient,
                name: charge.name,
                scope: charge.scope,
                until_us: charge.until.0,
            })
            .collect(),
    ))
}

fn proxy_view(proxy: &Proxy, name: String) -> ProxyView {
    ProxyView {
        id: proxy.id,
        name,
        relation: proxy.relation,
        scope: proxy.scope,
        until_us: proxy.until.0,
    }
}

impl From<ProxyError> for ApiError {
    fn from(error: ProxyError) -> Self {
        match error {
            ProxyError::NotFound => Self::not_found(),
            ProxyError::Forbidden => ProblemCode::Forbidden.into(),
            ProxyError::NoHolder => Self::invalid("email"),
            ProxyError::Until => Self::invalid("until_us"),
            ProxyError::Store(error) => error.into(),
        }
    }
}
