//! Sign in, refresh, sign out.
//!
//! `POST /auth/login` ([`LoginRequest`] -> [`Token`] and the refresh cookie), `POST /auth/refresh`
//! (cookie -> [`Token`] and a new cookie), `POST /auth/logout` (204), `GET /me` ([`Me`]).

use clinical_model::{PatientId, Role, Standing, UserId};
use serde::{Deserialize, Serialize};

/// Sign in with e-mail and password.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// E-mail address; case does not matter.
    pub email: String,
    /// Password, at most 256 bytes.
    pub password: String,
}

impl core::fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("LoginRequest(..)")
    }
}

/// A short-lived access token for `Authorization: Bearer`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Token {
    /// The signed token.
    pub access_token: String,
    /// Seconds until it expires.
    pub expires_in_s: u32,
    /// Whose it is.
    pub me: Me,
}

impl core::fmt::Debug for Token {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The account that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Me {
    /// The account.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: UserId,
    /// Display name.
    pub name: String,
    /// What they are to the clinic.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub role: Role,
    /// Their own record; patients have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub patient: Option<PatientId>,
    /// `full`, or `enrolment_only` for staff who must set up a second factor first.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub standing: Standing,
}
