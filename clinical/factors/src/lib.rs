//! Second factors: one-time codes, passkeys, recovery codes.
//!
//! This crate exists to forbid imports: it checks proofs and knows neither SQL nor HTTP. Time and
//! randomness are arguments, except for the challenge of a passkey ceremony, which `webauthn-rs`
//! draws itself. What must be remembered between two calls is given to the caller as bytes, and
//! the caller keeps it on the server.

mod passkey;
mod recovery;
mod totp;

pub use passkey::{
    AccountHandle, Assertion, Attestation, Authentication, CREDENTIAL_ID_BYTES_MAX, CeremonyState,
    Offer, PASSKEY_BYTES_MAX, PASSKEYS_MAX, Passkey, PasskeyError, PasskeyName, RESPONSE_BYTES_MAX,
    RelyingParty, RelyingPartyError, STATE_BYTES_MAX, SignedIn,
};
pub use recovery::{
    RECOVERY_CODES, RECOVERY_RANDOM_BYTES, RECOVERY_TEXT_BYTES_MAX, RecoveryCode,
    RecoveryCodeError, RecoveryHash, RecoverySheet, spend,
};
pub use totp::{
    CODE_DIGITS, CODE_TEXT_BYTES_MAX, OneTimeCode, OneTimeCodeError, SECRET_BYTES, STEP_S,
    TimeStep, TotpSecret, TotpSecretError, TotpUriError, WINDOW_STEPS,
};
