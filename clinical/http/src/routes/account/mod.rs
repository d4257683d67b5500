//! One's own second factors, sign-ins and password.

mod app;
mod factors;
mod passkey;
mod password;
mod recovery;
mod sessions;

use axum::Router;
use axum::http::Method;
use axum::routing::{delete, get, post, put};
use clinical_api::ProblemCode;
use clinical_app::Actor;
use clinical_app::identity::{self, EnrolError, StepUp, StepUpError};
use utoipa::OpenApi as _;

use super::Domain;
use crate::error::ApiError;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/me/factors", Who::SignedIn).for_enrolment(),
        Operation::new(Method::DELETE, "/me/factors/{id}", Who::SignedIn).for_enrolment(),
        Operation::new(Method::POST, "/me/factors/apps", Who::SignedIn).for_enrolment(),
        Operation::new(Method::POST, "/me/factors/apps/{id}", Who::SignedIn).for_enrolment(),
        Operation::new(Method::POST, "/me/factors/passkeys", Who::SignedIn).for_enrolment(),
        Operation::new(Method::POST, "/me/factors/passkeys/finish", Who::SignedIn).for_enrolment(),
        Operation::new(Method::POST, "/me/factors/recovery-codes", Who::SignedIn).for_enrolment(),
        Operation::new(Method::GET, "/me/sessions", Who::SignedIn),
        Operation::new(Method::DELETE, "/me/sessions", Who::SignedIn),
        Operation::new(Method::DELETE, "/me/sessions/{id}", Who::SignedIn),
        Operation::new(Method::PUT, "/me/password", Who::SignedIn),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    factors::list,
    factors::remove,
    app::begin,
    app::confirm,
    passkey::begin,
    passkey::finish,
    recovery::handler,
    sessions::list,
    sessions::end_others,
    sessions::end,
    password::handler,
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/me/factors", get(factors::list))
        .route("/me/factors/{id}", delete(factors::remove))
        .route("/me/factors/apps", post(app::begin))
        .route("/me/factors/apps/{id}", post(app::confirm))
        .route("/me/factors/passkeys", post(passkey::begin))
        .route("/me/factors/passkeys/finish", post(passkey::finish))
        .route("/me/factors/recovery-codes", post(recovery::handler))
        .route(
            "/me/sessions",
            get(sessions::list).delete(sessions::end_others),
        )
        .route("/me/sessions/{id}", delete(sessions::end))
        .route("/me/password", put(password::handler))
}

/// The caller's fresh proof.
async fn fresh(state: &ApiState, actor: &Actor) -> Result<StepUp, ApiError> {
    identity::fresh(&state.clinic, actor)
        .await
        .map_err(|error| match error {
            StepUpError::Needed => ProblemCode::StepUpNeeded.into(),
            StepUpError::Store(error) => error.into(),
        })
}

fn refused(error: EnrolError) -> ApiError {
    match error {
        EnrolError::Label => ApiError::invalid("label"),
        EnrolError::NotFound => ApiError::not_found(),
        EnrolError::Refused => ProblemCode::ProofRefused.into(),
        EnrolError::TooMany
        | EnrolError::Registered
        | EnrolError::NoPasskeys
        | EnrolError::LastFactor
        | EnrolError::NoFactor => ProblemCode::WrongState.into(),
        EnrolError::Limited(limited) => limited.into(),
        EnrolError::Uri(error) => ApiError::internal(error),
        EnrolError::Qr(error) => ApiError::internal(error),
        EnrolError::Store(error) => error.into(),
    }
}
