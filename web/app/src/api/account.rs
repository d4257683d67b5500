//! Second factors, sign-ins and passwords of one's own; the staff, for administrators.

use clinical_api::{
    CeremonyView, ChangePersonRequest, ConfirmAppRequest, FactorsView, LoginRequest, LoginView, Me,
    NewAppRequest, NewAppView, NewPasskeyRequest, NewPersonRequest, NewPersonView,
    PasskeySignInRequest, PasswordLinkView, PasswordRequest, PersonView, ProofRequest,
    RecoveryCodesView, SecondFactorRequest, SessionView, SetPasswordRequest, TicketRequest, Token,
};
use clinical_model::{FactorId, SessionId, UserId};

use super::client::{
    ApiError, delete, get, post, post_done, post_open, post_open_done, post_with, put_done,
    put_with,
};

/// `POST /auth/login`. Pages call [`crate::session::sign_in`], which keeps the token.
pub(crate) async fn login(request: &LoginRequest) -> Result<LoginView, ApiError> {
    post_open("/auth/login", request).await
}

/// `POST /auth/second-factor`
pub(crate) async fn second_factor(request: &SecondFactorRequest) -> Result<Token, ApiError> {
    post_open("/auth/second-factor", request).await
}

/// `POST /auth/second-factor/passkey`
pub async fn second_passkey(request: &TicketRequest) -> Result<CeremonyView, ApiError> {
    post_open("/auth/second-factor/passkey", request).await
}

/// `POST /auth/passkey`
pub async fn passkey_begin() -> Result<CeremonyView, ApiError> {
    post("/auth/passkey").await
}

/// `POST /auth/passkey/finish`
pub(crate) async fn passkey_finish(request: &PasskeySignInRequest) -> Result<Token, ApiError> {
    post_open("/auth/passkey/finish", request).await
}

/// `POST /auth/set-password`
pub async fn set_password(request: &SetPasswordRequest) -> Result<(), ApiError> {
    post_open_done("/auth/set-password", request).await
}

/// `POST /auth/step-up`
pub async fn step_up(request: &ProofRequest) -> Result<(), ApiError> {
    post_done("/auth/step-up", request).await
}

/// `POST /auth/step-up/passkey`
pub async fn step_up_passkey() -> Result<CeremonyView, ApiError> {
    post("/auth/step-up/passkey").await
}

/// `GET /me`
pub async fn own_account() -> Result<Me, ApiError> {
    get("/me").await
}

/// `GET /me/factors`
pub async fn own_factors() -> Result<FactorsView, ApiError> {
    get("/me/factors").await
}

/// `DELETE /me/factors/{id}`
pub async fn remove_factor(id: FactorId) -> Result<(), ApiError> {
    delete(&format!("/me/factors/{id}")).await
}

/// `POST /me/factors/apps`
pub async fn new_app(request: &NewAppRequest) -> Result<NewAppView, ApiError> {
    post_with("/me/factors/apps", request).await
}

/// `POST /me/factors/apps/{id}`
pub async fn confirm_app(id: FactorId, request: &ConfirmAppRequest) -> Result<(), ApiError> {
    post_done(&format!("/me/factors/apps/{id}"), request).await
}

/// `POST /me/factors/passkeys`
pub async fn new_passkey() -> Result<CeremonyView, ApiError> {
    post("/me/factors/passkeys").await
}

/// `POST /me/factors/passkeys/finish`
pub async fn finish_passkey(request: &NewPasskeyRequest) -> Result<(), ApiError> {
    post_done("/me/factors/passkeys/finish", request).await
}

/// `POST /me/factors/recovery-codes`
pub async fn recovery_codes() -> Result<RecoveryCodesView, ApiError> {
    post("/me/factors/recovery-codes").await
}

/// `GET /me/sessions`
pub async fn own_sessions() -> Result<Vec<SessionView>, ApiError> {
    get("/me/sessions").await
}

/// `DELETE /me/sessions/{id}`
pub async fn end_session(id: SessionId) -> Result<(), ApiError> {
    delete(&format!("/me/sessions/{id}")).await
}

/// `DELETE /me/sessions`: all but this one.
pub async fn end_other_sessions() -> Result<(), ApiError> {
    delete("/me/sessions").await
}

/// `PUT /me/password`
pub async fn change_password(request: &PasswordRequest) -> Result<(), ApiError> {
    put_done("/me/password", request).await
}

/// `GET /admin/people`
pub async fn people() -> Result<Vec<PersonView>, ApiError> {
    get("/admin/people").await
}

/// `POST /admin/people`
pub async fn invite_person(request: &NewPersonRequest) -> Result<NewPersonView, ApiError> {
    post_with("/admin/people", request).await
}

/// `PUT /admin/people/{id}`
pub async fn change_person(
    id: UserId,
    request: &ChangePersonRequest,
) -> Result<PersonView, ApiError> {
    put_with(&format!("/admin/people/{id}"), request).await
}

/// `POST /admin/people/{id}/suspend`
pub async fn suspend_person(id: UserId) -> Result<PersonView, ApiError> {
    post(&format!("/admin/people/{id}/suspend")).await
}

/// `POST /admin/people/{id}/restore`
pub async fn restore_person(id: UserId) -> Result<PersonView, ApiError> {
    post(&format!("/admin/people/{id}/restore")).await
}

/// `POST /admin/people/{id}/review`
pub async fn review_person(id: UserId) -> Result<PersonView, ApiError> {
    post(&format!("/admin/people/{id}/review")).await
}

/// `POST /admin/people/{id}/reset`
pub async fn reset_person(id: UserId) -> Result<PasswordLinkView, ApiError> {
    post(&format!("/admin/people/{id}/reset")).await
}
