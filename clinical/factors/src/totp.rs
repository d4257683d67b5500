//! One-time codes of an authenticator app (RFC 6238): SHA-1, 30 seconds, six digits.
//!
//! SHA-1 because common apps ignore any other value and would show wrong codes. HMAC does not rest
//! on the collision resistance that SHA-1 has lost.

use core::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::ZeroizeOnDrop;

/// Length of a secret: 160 bits, the length that RFC 4226 recommends for SHA-1.
pub const SECRET_BYTES: usize = 20;
/// Length of a time step in seconds.
pub const STEP_S: u64 = 30;
/// Digits of a code.
pub const CODE_DIGITS: usize = 6;
/// How many steps before and after the current one are accepted, for clocks that differ.
pub const WINDOW_STEPS: u64 = 1;
/// The longest text that is looked at as a code: digits with some spaces between them.
pub const CODE_TEXT_BYTES_MAX: usize = 16;

/// The number of a time step: Unix time divided by [`STEP_S`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeStep(u64);

impl TimeStep {
    /// The step that contains a Unix time in seconds.
    #[must_use]
    pub const fn at(unix_s: u64) -> Self {
        Self(unix_s / STEP_S)
    }

    /// The step with this number, as the caller has stored it.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number, to be stored as the last accepted step.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The first second of the step, Unix time.
    const fn begins_s(self) -> u64 {
        self.0.saturating_mul(STEP_S)
    }
}

/// Why a one-time code is refused. The person hears the same for each reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OneTimeCodeError {
    /// Not six digits.
    #[error("a one-time code has six digits")]
    Malformed,
    /// No step of the window has this code.
    #[error("the one-time code is wrong")]
    Wrong,
    /// The code is right, but it or a later one was accepted before.
    #[error("the one-time code was used before")]
    Replayed,
}

/// Six digits that a person typed.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode([u8; CODE_DIGITS]);

impl OneTimeCode {
    /// Reads six digits; spaces between them are allowed, because apps show the code in two groups.
    ///
    /// # Errors
    /// [`OneTimeCodeError::Malformed`] for everything else.
    pub fn parse(text: &str) -> Result<Self, OneTimeCodeError> {
        if text.len() > CODE_TEXT_BYTES_MAX {
            return Err(OneTimeCodeError::Malformed);
        }
        let mut digits = [0; CODE_DIGITS];
        let mut typed = text.bytes().filter(|byte| *byte != b' ');
        for digit in &mut digits {
            *digit = typed
                .next()
                .filter(u8::is_ascii_digit)
                .ok_or(OneTimeCodeError::Malformed)?;
        }
        match typed.next() {
            None => Ok(Self(digits)),
            Some(_) => Err(OneTimeCodeError::Malformed),
        }
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(..)")
    }
}

/// Bytes that are no secret of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a one-time code secret has {SECRET_BYTES} bytes")]
pub struct TotpSecretError;

/// Why no address for an authenticator app can be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("issuer and account of a one-time code must be short and without a colon")]
pub struct TotpUriError;

/// The longest issuer or account name in an address, so that its QR code stays easy to scan.
const LABEL_BYTES_MAX: usize = 120;

/// What server and authenticator app share. It does not print itself and is wiped when dropped.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// Makes a secret of random bytes.
    #[must_use]
    pub const fn from_random(random: [u8; SECRET_BYTES]) -> Self {
        Self(random)
    }

    /// Reads a secret that was stored as [`Self::as_bytes`].
    ///
    /// # Errors
    /// When the length is another one.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, TotpSecretError> {
        <[u8; SECRET_BYTES]>::try_from(bytes)
            .map(Self)
            .map_err(|_wrong_length| TotpSecretError)
    }

    /// The bytes, to be encrypted and stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// The secret in base 32, for people who cannot scan and type it instead.
    #[must_use]
    pub fn to_base32(&self) -> String {
        totp_rs::Secret::from(self.0.to_vec()).to_base32()
    }

    /// The `otpauth://` address that an authenticator app reads from a QR code.
    ///
    /// # Errors
    /// When issuer or account are empty, too long or contain a colon.
    pub fn uri(&self, issuer: &str, account: &str) -> Result<String, TotpUriError> {
        let fits = |label: &str| {
            !label.is_empty() && label.len() <= LABEL_BYTES_MAX && !label.contains(':')
        };
        if !fits(issuer) || !fits(account) {
            return Err(TotpUriError);
        }
        self.generator()
            .with_issuer(Some(issuer))
            .with_account_name(account)
            .build()
            .and_then(|totp| totp.to_url())
            .map_err(|_label| TotpUriError)
    }

    /// Checks a code at a Unix time in seconds and answers with the step that it belongs to. The
    /// caller stores this step in the same transaction and hands it in as `last` the next time: a
    /// code is accepted once, and never one that is older than an accepted one.
    ///
    /// # Errors
    /// [`OneTimeCodeError::Wrong`] and [`OneTimeCodeError::Replayed`].
    pub fn verify(
        &self,
        code: &OneTimeCode,
        unix_s: u64,
        last: Option<TimeStep>,
    ) -> Result<TimeStep, OneTimeCodeError> {
        let totp = self.totp();
        let now = TimeStep::at(unix_s).number();
        let window = now.saturating_sub(WINDOW_STEPS)..=now.saturating_add(WINDOW_STEPS);
        let mut fresh = None;
        let mut spent = false;
        // Every step is compared, so that the time does not tell which one matched.
        for step in window.map(TimeStep::from_number) {
            let expected = totp.generate(step.begins_s()).to_string();
            if verify_slices_are_equal(expected.as_bytes(), &code.0).is_ok() {
                if last.is_none_or(|last| step > last) {
                    fresh = fresh.or(Some(step));
                } else {
                    spent = true;
                }
            }
        }
        match fresh {
            Some(step) => Ok(step),
            None if spent => Err(OneTimeCodeError::Replayed),
            None => Err(OneTimeCodeError::Wrong),
        }
    }

    fn generator(&self) -> Builder {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_step_duration(STEP_S)
            .with_secret(self.0.to_vec())
    }

    fn totp(&self) -> Totp {
        self.generator().build_noncompliant()
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}
