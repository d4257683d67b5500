//! Signaling's side: public keys that verify.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use crate::claims::{AUDIENCE, Claims, ISSUER};
use crate::key::header;
use crate::pass::{PASS_BYTES_MAX, PASS_LIFE_S_MAX, Pass, Purpose};

/// How far the minting machine's clock may be ahead of ours, in seconds.
const SKEW_S_MAX: i64 = 60;

/// Why a token is not a pass. A client only ever hears that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassError {
    /// Longer than [`PASS_BYTES_MAX`].
    #[error("the token is too long")]
    TooLong,
    /// Not a JWT, or claims of another shape.
    #[error("the token cannot be read")]
    Malformed,
    /// Another algorithm, type or extension than a pass has.
    #[error("the token has a foreign header")]
    Header,
    /// Signed with a key that is not ours, or no longer.
    #[error("the key is unknown")]
    UnknownKey,
    /// The signature is not that of the content.
    #[error("the signature is wrong")]
    Forged,
    /// Meant for another service.
    #[error("the token is for another audience")]
    Audience,
    /// Issued by another service.
    #[error("the token is from another issuer")]
    Issuer,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Issued in the future, or for longer than a pass lives.
    #[error("the token's times are not possible")]
    Times,
}

/// The public keys that verify passes. During a key change it holds the old and the new one.
#[derive(Clone)]
pub struct PassChecker {
    keys: Vec<(String, DecodingKey)>,
}

impl core::fmt::Debug for PassChecker {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|(id, _)| id))
            .finish()
    }
}

impl PassChecker {
    pub(crate) fn new(id: String, public: &[u8]) -> Self {
        Self {
            keys: vec![(id, DecodingKey::from_ed_der(public))],
        }
    }

    /// Accepts also what `other` accepts, as long as passes of an old key are alive.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self
    }

    /// Verifies a token at `now_us`, Unix time in microseconds.
    ///
    /// # Errors
    /// Anything that [`crate::PassKey::mint`] has not made with a known key, or whose time is over.
    pub fn check(&self, token: &str, now_us: i64) -> Result<Pass, PassError> {
        if token.len() > PASS_BYTES_MAX {
            return Err(PassError::TooLong);
        }
        let found = jsonwebtoken::decode_header(token).map_err(|error| refusal(&error))?;
        let kid = found.kid.as_deref().ok_or(PassError::Header)?;
        let (id, key) = self
            .keys
            .iter()
            .find(|(id, _)| id == kid)
            .ok_or(PassError::UnknownKey)?;
        // An embedded key, a `crit` or a compression is a header that was never minted here.
        if found != header(id) {
            return Err(PassError::Header);
        }
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation())
            .map_err(|error| refusal(&error))?
            .claims;
        Self::pass(claims, now_us)
    }

    fn pass(claims: Claims, now_us: i64) -> Result<Pass, PassError> {
        if claims.iss != ISSUER {
            return Err(PassError::Issuer);
        }
        if claims.aud != AUDIENCE {
            return Err(PassError::Audience);
        }
        let expires_us = claims.exp.saturating_mul(1_000_000);
        if expires_us <= now_us {
            return Err(PassError::Expired);
        }
        let now_s = now_us.div_euclid(1_000_000);
        if claims.iat > now_s.saturating_add(SKEW_S_MAX)
            || claims.exp.saturating_sub(claims.iat) > i64::from(PASS_LIFE_S_MAX)
        {
            return Err(PassError::Times);
        }
        let purpose = Purpose::try_from(claims.purpose).or(Err(PassError::Malformed))?;
        Ok(Pass {
            id: claims.jti,
            purpose,
            expires_us,
        })
    }
}

/// Signature and algorithm only. The library would read the clock for `exp`, so we compare times
/// ourselves, and audience and issuer too, where their absence is already a parse error.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

fn refusal(error: &jsonwebtoken::errors::Error) -> PassError {
    match error.kind() {
        ErrorKind::InvalidSignature => PassError::Forged,
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm => PassError::Header,
        _ => PassError::Malformed,
    }
}
