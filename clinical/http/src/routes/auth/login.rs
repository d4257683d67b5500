//! `POST /auth/login`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use clinical_api::{LoginRequest, LoginView, ProblemCode, SecondStepView, TicketText};
use clinical_app::identity::{self, Login, LoginError, SecondStep, Visitor};
use clinical_model::Proof;

use crate::error::ApiError;
use crate::extract::{Body, Browser, Peer};
use crate::router::ApiState;

/// Sign in with e-mail and password. The answer also sets the refresh cookie, or says how the second
/// factor is shown.
#[utoipa::path(post, operation_id = "sign_in", path = "/auth/login", tag = "auth", request_body = LoginRequest,
    responses((status = 200, body = LoginView)))]
pub(super) async fn handler(
    State(state): State<ApiState>,
    Peer(address): Peer,
    Browser(device): Browser,
    Body(request): Body<LoginRequest>,
) -> Result<Response, ApiError> {
    let LoginRequest { email, password } = &request;
    let from = Visitor { address, device };
    let login = identity::login(&state.clinic, &state.sign_in, email, password, &from)
        .await
        .map_err(refused)?;
    match login {
        Login::SignedIn(signed_in) => super::signed_in(&state, *signed_in),
        Login::Second(second_factor) => {
            let second_factor = view(&second_factor);
            Ok(Json(LoginView::Second { second_factor }).into_response())
        }
    }
}

fn view(step: &SecondStep) -> SecondStepView {
    let methods = [
        (step.methods.app, Proof::App),
        (step.methods.passkey, Proof::Passkey),
        (step.methods.recovery_code, Proof::RecoveryCode),
    ];
    SecondStepView {
        ticket: TicketText(step.ticket.reveal()),
        expires_in_s: step.expires_in_s,
        methods: methods
            .into_iter()
            .filter_map(|(is_there, proof)| is_there.then_some(proof))
            .collect(),
    }
}

pub(super) fn refused(error: LoginError) -> ApiError {
    match error {
        LoginError::Failed => ProblemCode::LoginFailed.into(),
        LoginError::Limited(limited) => limited.into(),
        LoginError::Password(error) => error.into(),
        LoginError::Store(error) => error.into(),
        LoginError::Sign(error) => ApiError::internal(error),
    }
}
