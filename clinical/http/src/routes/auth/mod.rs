//! Sign in, refresh, sign out, and who one is.

mod login;
mod logout;
mod me;
mod passkey;
pub(super) mod proof;
mod refresh;
mod second_factor;
pub(super) mod set_password;
mod step_up;

use axum::Json;
use axum::Router;
use axum::http::Method;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use axum::routing::{get, post};
use clinical_api::{Me, Token};
use clinical_app::identity::SignedIn;
use clinical_model::{Account, Micros, Standing};
use utoipa::OpenApi as _;

use super::Domain;
use crate::error::ApiError;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::POST, "/auth/login", Who::Public),
        // The cookie is the right to these two.
        Operation::new(Method::POST, "/auth/refresh", Who::Public),
        Operation::new(Method::POST, "/auth/logout", Who::Public),
        // The ticket of the first step, a passkey and a link are the right to these.
        Operation::new(Method::POST, "/auth/second-factor", Who::Public),
        Operation::new(Method::POST, "/auth/second-factor/passkey", Who::Public),
        Operation::new(Method::POST, "/auth/passkey", Who::Public),
        Operation::new(Method::POST, "/auth/passkey/finish", Who::Public),
        Operation::new(Method::POST, "/auth/set-password", Who::Public),
        Operation::new(Method::POST, "/auth/step-up", Who::SignedIn).for_enrolment(),
        Operation::new(Method::POST, "/auth/step-up/passkey", Who::SignedIn).for_enrolment(),
        Operation::new(Method::GET, "/me", Who::SignedIn).for_enrolment(),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    login::handler,
    refresh::handler,
    logout::handler,
    second_factor::finish,
    second_factor::begin,
    passkey::begin,
    passkey::finish,
    set_password::handler,
    step_up::handler,
    step_up::begin,
    me::handler,
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/auth/login", post(login::handler))
        .route("/auth/refresh", post(refresh::handler))
        .route("/auth/logout", post(logout::handler))
        .route("/auth/second-factor", post(second_factor::finish))
        .route("/auth/second-factor/passkey", post(second_factor::begin))
        .route("/auth/passkey", post(passkey::begin))
        .route("/auth/passkey/finish", post(passkey::finish))
        .route("/auth/set-password", post(set_password::handler))
        .route("/auth/step-up", post(step_up::handler))
        .route("/auth/step-up/passkey", post(step_up::begin))
        .route("/me", get(me::handler))
}

/// A token and the refresh cookie.
fn signed_in(state: &ApiState, signed_in: SignedIn) -> Result<Response, ApiError> {
    let left_us = signed_in.session_expires.since(state.clinic.clock.now());
    let cookie = state
        .cookies
        .store(&signed_in.refresh, left_us / Micros::SECOND)?;
    let token = Token {
        access_token: signed_in.access_token,
        expires_in_s: signed_in.expires_in_s,
        me: me_view(signed_in.account, signed_in.standing),
    };
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Json(token)).into_response())
}

fn me_view(account: Account, standing: Standing) -> Me {
    Me {
        id: account.id,
        role: account.position.role(),
        patient: account.patient,
        name: account.name,
        standing,
    }
}
