//! The router: routes, guard, limits, and an answer for everything else.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse as _, Response};
use axum::{Router, middleware};
use clinical_api::BASE;
use clinical_app::identity::SignIn;
use clinical_app::notify::Mailroom;
use clinical_app::prescribing::Dispensary;
use clinical_app::recordings::Archive;
use clinical_app::triage::Triage;
use clinical_app::{Clinic, Desk};
use tower_http::catch_panic::CatchPanicLayer;

use crate::actor::guard;
use crate::cookies::CookiePolicy;
use crate::error::ApiError;
use crate::operation::Operation;
use crate::routes::{DOMAINS, fhir};

/// Larger bodies are refused: the longest note has 20,000 characters of at most 4 bytes each (UTF-8),
/// and JSON may write a character of one byte in six.
pub(crate) const BODY_BYTES_MAX: usize = 128 * 1024;

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct ApiState {
    /// Store, time, ids.
    pub clinic: Clinic,
    /// Keys, limits and hashing of signing in.
    pub sign_in: Arc<SignIn>,
    /// How the refresh cookie travels.
    pub cookies: CookiePolicy,
    /// The front desk: booking and visits.
    pub desk: Desk,
    /// The safety check and the limits of the public verification.
    pub dispensary: Arc<Dispensary>,
    /// Recordings of visits; an installation may keep none.
    pub recordings: Option<Archive>,
    /// Where messages leave; without one no delivery report is taken.
    pub mailroom: Option<Mailroom>,
    /// The engine of triage and the limits of its visitors.
    pub triage: Triage,
}

/// Every operation of the API.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    DOMAINS.iter().flat_map(|domain| domain.operations)
}

/// The API, mounted at [`BASE`], and FHIR once more at the root. Serve it with connection info, so
/// that sign-in tries are counted by address.
pub fn router(state: ApiState) -> Router {
    let routes = DOMAINS.iter().fold(Router::new(), |routes, domain| {
        routes.merge((domain.router)())
    });
    let api = guarded(routes, &state).fallback(unknown_path);
    Router::new()
        .nest(BASE, finished(api, state.clone()))
        .merge(finished(guarded(fhir::router(), &state), state))
}

fn guarded(routes: Router<ApiState>, state: &ApiState) -> Router<ApiState> {
    routes.route_layer(middleware::from_fn_with_state(state.clone(), guard))
}

fn finished(routes: Router<ApiState>, state: ApiState) -> Router {
    routes
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(fhir::as_outcome))
        .layer(middleware::map_response(not_stored))
        .with_state(state)
}

async fn unknown_path() -> ApiError {
    ApiError::not_found()
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    ApiError::internal("a handler panicked").into_response()
}

/// Answers hold personal data: nothing between us and the page may keep them.
async fn not_stored(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
