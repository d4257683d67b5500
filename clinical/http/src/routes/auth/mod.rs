//! Sign in, refresh, sign out, and who one is.

mod login;
mod logout;
mod me;
mod refresh;

use axum::Json;
use axum::Router;
use axum::http::Method;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use axum::routing::{get, post};
use clinical_api::{Me, Token};
use clinical_app::identity::SignedIn;
use clinical_model::{Account, Micros};
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
        Operation::new(Method::GET, "/me", Who::SignedIn),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(login::handler, refresh::handler, logout::handler, me::handler))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/auth/login", post(login::handler))
        .route("/auth/refresh", post(refresh::handler))
        .route("/auth/logout", post(logout::handler))
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
        me: me_view(signed_in.account),
    };
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Json(token)).into_response())
}

fn me_view(account: Account) -> Me {
    Me {
        id: account.id,
        role: account.position.role(),
        name: account.name,
    }
}
