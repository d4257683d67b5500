//! Who calls, and whether they may.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{ALLOW, AUTHORIZATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use clinical_api::{BASE, ProblemCode};
use clinical_app::Actor;
use clinical_app::identity::{self, AuthenticateError};
use clinical_model::Standing;

use crate::error::ApiError;
use crate::idempotent;
use crate::operation::{Operation, Who};
use crate::router::{ApiState, operations};

/// Lets a request through to its handler if the table of operations does. What is not in the table
/// does not exist.
pub(crate) async fn guard(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(&state, &mut request).await {
        Ok(operation) => idempotent::run(&state, request, (operation, next)).await,
        Err(response) => *response,
    }
}

async fn admit(
    state: &ApiState,
    request: &mut Request,
) -> Result<&'static Operation, Box<Response>> {
    let refuse = |error: ApiError| Box::new(error.into_response());
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map(MatchedPath::as_str);
    let path = path
        .map(|path| path.strip_prefix(BASE).unwrap_or(path))
        .map(|path| path.strip_suffix('/').unwrap_or(path))
        .unwrap_or_default();
    let method = match request.method() {
        // A HEAD is answered like the GET of the same path (RFC 9110 9.3.2).
        &Method::HEAD => &Method::GET,
        method => method,
    };
    let Some(operation) = operations().find(|it| it.path == path && it.method == *method) else {
        return Err(Box::new(method_not_allowed(path)));
    };
    if operation.who == Who::Public {
        return Ok(operation);
    }
    let (actor, standing) = authenticate(state, request.headers())
        .await
        .map_err(refuse)?;
    if standing == Standing::EnrolmentOnly && !operation.for_enrolment {
        return Err(refuse(ProblemCode::EnrolmentNeeded.into()));
    }
    if !operation.who.lets_in(actor.role) {
        return Err(refuse(ProblemCode::Forbidden.into()));
    }
    request.extensions_mut().insert(actor);
    Ok(operation)
}

fn method_not_allowed(path: &str) -> Response {
    let methods: Vec<&str> = operations()
        .filter(|it| it.path == path)
        .map(|it: &Operation| it.method.as_str())
        .collect();
    let mut response = ApiError::new(ProblemCode::MethodNotAllowed).into_response();
    if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

async fn authenticate(
    state: &ApiState,
    headers: &HeaderMap,
) -> Result<(Actor, Standing), ApiError> {
    let token = bearer(headers).ok_or(ProblemCode::Unauthenticated)?;
    identity::authenticate(&state.clinic, &state.sign_in, token)
        .await
        .map_err(|error| match error {
            AuthenticateError::Token(_) | AuthenticateError::Ended => {
                ProblemCode::Unauthenticated.into()
            }
            AuthenticateError::Store(error) => error.into(),
        })
}

/// The token of `Authorization: Bearer`; two such headers are none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The caller, as the guard found them.
impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, ApiError> {
        match parts.extensions.get::<Actor>() {
            Some(actor) => Ok(Self(*actor)),
            None => Err(ApiError::internal("a public operation asks who calls")),
        }
    }
}

/// Extracts the signed-in person. Only operations that are not public can have one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller(pub(crate) Actor);
