//! Second factors, sign-ins and password of one's own account.
//!
//! A sign-in of an account with a second factor takes two steps: `POST /auth/login` answers with a
//! [`SecondStepView`], and `POST /auth/second-factor` ends it. What a browser is asked for a
//! passkey, and what it answers, is the standard JSON of WebAuthn, carried as text.

use clinical_model::{CeremonyId, FactorId, FactorKind, Proof, SessionId};
use serde::{Deserialize, Serialize};

use crate::Token;

/// What a password brings.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum LoginView {
    /// The sign-in is complete.
    SignedIn(Box<Token>),
    /// The second factor comes next.
    Second {
        /// How to go on.
        second_factor: SecondStepView,
    },
}

impl core::fmt::Debug for LoginView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("LoginView(..)")
    }
}

/// The second step of a sign-in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SecondStepView {
    /// The right to show the second factor; good for few tries.
    pub ticket: TicketText,
    /// Seconds that the ticket lives.
    pub expires_in_s: u32,
    /// What may be shown: `app`, `passkey`, `recovery_code`.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub methods: Vec<Proof>,
}

impl core::fmt::Debug for SecondStepView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SecondStepView(..)")
    }
}

/// Something that proves who one is.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "method")]
pub enum ProofRequest {
    /// The password, where there is no second factor. Step-up only.
    Password {
        /// The password.
        password: String,
    },
    /// A one-time code of an authenticator app.
    App {
        /// Six digits.
        code: String,
    },
    /// A recovery code.
    RecoveryCode {
        /// Sixteen letters and digits.
        code: String,
    },
    /// A passkey.
    Passkey {
        /// The ceremony that was begun.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        ceremony: CeremonyId,
        /// `credential.toJSON()` as text.
        credential: String,
    },
}

impl core::fmt::Debug for ProofRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ProofRequest(..)")
    }
}

/// The second step of a sign-in: ticket and proof.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SecondFactorRequest {
    /// The ticket of the first step.
    pub ticket: TicketText,
    /// The second factor; never the password.
    pub proof: ProofRequest,
}

/// A ticket alone, to begin a passkey ceremony.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TicketRequest {
    /// The ticket of the first step.
    pub ticket: TicketText,
}

/// The text of a ticket. It does not print itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct TicketText(pub String);

impl core::fmt::Debug for TicketText {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TicketText(..)")
    }
}

/// A passkey ceremony for a browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CeremonyView {
    /// The ceremony, to be named in the answer.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub ceremony: CeremonyId,
    /// The options as text: `PublicKeyCredentialCreationOptionsJSON` or
    /// `PublicKeyCredentialRequestOptionsJSON`.
    pub options: String,
}

/// A second factor of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FactorView {
    /// The factor.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: FactorId,
    /// What it is: `app` or `passkey`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub kind: FactorKind,
    /// What its owner calls it.
    pub label: String,
    /// When it was set up.
    pub created_us: i64,
    /// When it was last used.
    pub used_us: Option<i64>,
}

/// One's own second factors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FactorsView {
    /// Factors, oldest first.
    pub factors: Vec<FactorView>,
    /// Recovery codes that were not used.
    pub recovery_codes_left: u32,
    /// Whether passkeys work at the address of this service.
    pub passkeys_work: bool,
    /// Whether the last factor must stay.
    pub required: bool,
}

/// Sets up an authenticator app.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewAppRequest {
    /// What its owner calls it, 1 to 40 characters.
    pub label: String,
}

/// An authenticator app to be confirmed with a code of it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NewAppView {
    /// The factor.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: FactorId,
    /// The `otpauth://` address.
    pub uri: String,
    /// The secret in base 32, for typing.
    pub secret: String,
    /// The address as a QR code: the `d` of an SVG path of dark squares, one unit each.
    pub qr_path: String,
    /// Side of the QR code in units, with its margin.
    pub qr_side: u32,
}

impl core::fmt::Debug for NewAppView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("NewAppView(..)")
    }
}

/// Confirms an authenticator app.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmAppRequest {
    /// Six digits.
    pub code: String,
}

impl core::fmt::Debug for ConfirmAppRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ConfirmAppRequest(..)")
    }
}

/// A new passkey, as the browser made it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPasskeyRequest {
    /// The ceremony that was begun.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub ceremony: CeremonyId,
    /// What its owner calls it, 1 to 40 characters.
    pub label: String,
    /// `credential.toJSON()` as text.
    pub credential: String,
}

/// A sign-in with a passkey alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasskeySignInRequest {
    /// The ceremony that was begun.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub ceremony: CeremonyId,
    /// `credential.toJSON()` as text.
    pub credential: String,
}

/// Recovery codes, shown once.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RecoveryCodesView {
    /// Ten codes.
    pub codes: Vec<String>,
}

impl core::fmt::Debug for RecoveryCodesView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RecoveryCodesView(..)")
    }
}

/// A sign-in of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// The sign-in.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: SessionId,
    /// Browser and system, coarsely; empty when they are not known.
    pub device: String,
    /// When it began.
    pub created_us: i64,
    /// When it was last used, within ten minutes.
    pub used_us: i64,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Changes one's own password.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The password until now.
    pub current: String,
    /// The new one: 12 characters or more, at most 256 bytes.
    pub new: String,
}

impl core::fmt::Debug for PasswordRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PasswordRequest(..)")
    }
}

/// Chooses a password with a link.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetPasswordRequest {
    /// The secret of the link.
    pub token: String,
    /// The password: 12 characters or more, at most 256 bytes.
    pub password: String,
}

impl core::fmt::Debug for SetPasswordRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SetPasswordRequest(..)")
    }
}
