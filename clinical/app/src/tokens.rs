//! Access tokens (RFC 9068, EdDSA) and refresh tokens.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clinical_model::{Micros, SessionId, TokenHash, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::recordings::TicketKey;

/// Seconds an access token lives.
pub const ACCESS_LIFE_S: u32 = 600;

/// A longer token is refused before anything is computed.
const TOKEN_BYTES_MAX: usize = 2048;

/// How far the clock of the machine that signed may be ahead, in seconds.
const SKEW_S_MAX: i64 = 60;

const ISSUER: &str = "telehealth";
const AUDIENCE: &str = "telehealth-api";
/// RFC 9068: no other kind of token can be taken for an access token.
const TYPE: &str = "at+jwt";

/// A key that can not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum AccessKeyError {
    /// Not PEM.
    #[error("not a PEM file with an Ed25519 private key in PKCS#8")]
    Pem(#[source] jsonwebtoken::errors::Error),
    /// Not an Ed25519 private key in PKCS#8 (RFC 8410).
    #[error("not an Ed25519 private key in PKCS#8")]
    Der(#[source] aws_lc_rs::error::KeyRejected),
    /// No random numbers.
    #[error("no key could be generated")]
    Generate(#[source] aws_lc_rs::error::Unspecified),
}

/// Why an access token is refused. Clients hear only that it is.
#[derive(Debug, thiserror::Error)]
pub enum AccessTokenError {
    /// Longer than any token of ours.
    #[error("the token is too long")]
    TooLong,
    /// Not a JWT of ours: shape, algorithm, type, extension, signature.
    #[error("the token is not ours")]
    Forged(#[source] jsonwebtoken::errors::Error),
    /// Another header than we write.
    #[error("the token has a foreign header")]
    Header,
    /// Signed with a key that is not ours, or no longer.
    #[error("the key is unknown")]
    UnknownKey,
    /// Meant for another service, or made by one.
    #[error("the token is for another service")]
    Audience,
    /// Its time is over, or has not begun.
    #[error("the token's time is over or has not begun")]
    Time,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

/// What a valid access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
}

/// The key that signs access tokens, and older ones that still verify.
pub struct AccessKey {
    private: EncodingKey,
    id: String,
    public: Vec<(String, DecodingKey)>,
    /// Derives the next refresh token of a family from the one before.
    chain: hmac::Key,
}

impl core::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl AccessKey {
    /// Makes a new key, as PKCS#8 in PEM, to be kept in a file.
    ///
    /// # Errors
    /// Without random numbers from the operating system.
    pub fn generate() -> Result<String, AccessKeyError> {
        let pair = Ed25519KeyPair::generate().map_err(AccessKeyError::Generate)?;
        let document = pair.to_pkcs8v1().map_err(AccessKeyError::Generate)?;
        let body = STANDARD.encode(document.as_ref());
        Ok(format!(
            "-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
        ))
    }

    /// Reads PKCS#8 in PEM.
    ///
    /// # Errors
    /// The text is something else.
    pub fn from_pem(pem: &str) -> Result<Self, AccessKeyError> {
        let private = EncodingKey::from_ed_pem(pem.as_bytes()).map_err(AccessKeyError::Pem)?;
        let der = private.as_bytes();
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(AccessKeyError::Der)?;
        let public = pair.public_key().as_ref();
        let id = URL_SAFE_NO_PAD.encode(digest(&SHA256, public));
        let chain = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, der),
            b"telehealth refresh token chain",
        );
        Ok(Self {
            public: vec![(id.clone(), DecodingKey::from_ed_der(public))],
            id,
            chain: hmac::Key::new(hmac::HMAC_SHA256, chain.as_ref()),
            private,
        })
    }

    /// Accepts also what `older` signed, for the time of a key change.
    #[must_use]
    pub fn or_accept(mut self, older: Self) -> Self {
        self.public.extend(older.public);
        self
    }

    pub(crate) fn sign(
        &self,
        access: Access,
        now: Micros,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = seconds(now);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: access.user,
            sid: access.session,
            iat,
            exp: iat.saturating_add(i64::from(ACCESS_LIFE_S)),
        };
        jsonwebtoken::encode(&header(&self.id), &claims, &self.private)
    }

    pub(crate) fn verify(&self, token: &str, now: Micros) -> Result<Access, AccessTokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AccessTokenError::TooLong);
        }
        let found = jsonwebtoken::decode_header(token).map_err(AccessTokenError::Forged)?;
        let kid = found.kid.as_deref().ok_or(AccessTokenError::Header)?;
        let (id, key) = self
            .public
            .iter()
            .find(|(id, _)| id == kid)
            .ok_or(AccessTokenError::UnknownKey)?;
        // An embedded key, a `crit` or a compression was never written here.
        if found != header(id) {
            return Err(AccessTokenError::Header);
        }
        let claims = jsonwebtoken::decode::<Claims>(token, key, &signature_only())
            .map_err(AccessTokenError::Forged)?
            .claims;
        if claims.iss != ISSUER || claims.aud != AUDIENCE {
            return Err(AccessTokenError::Audience);
        }
        let now_s = seconds(now);
        let life_s = claims.exp.saturating_sub(claims.iat);
        if claims.exp <= now_s
            || claims.iat > now_s.saturating_add(SKEW_S_MAX)
            || life_s != i64::from(ACCESS_LIFE_S)
        {
            return Err(AccessTokenError::Time);
        }
        Ok(Access {
            user: claims.sub,
            session: claims.sid,
        })
    }

    /// Signs tickets for recordings; derived, so that neither key can be taken for the other.
    pub(crate) fn ticket_key(&self) -> TicketKey {
        let tag = hmac::sign(&self.chain, b"telehealth recording ticket");
        TicketKey::new(hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref()))
    }

    /// The token that follows `token`. It is computed, not drawn, so that a client whose answer was
    /// lost, or a second tab, gets the very token that was made before, though only its hash is
    /// stored.
    pub(crate) fn next(&self, token: &RefreshToken) -> RefreshToken {
        let mut context = hmac::Context::with_key(&self.chain);
        context.update(token.session.as_uuid().as_bytes());
        context.update(&token.secret);
        let tag = context.sign();
        let mut secret = [0; 32];
        secret.copy_from_slice(tag.as_ref());
        RefreshToken {
            session: token.session,
            secret,
        }
    }
}

fn seconds(at: Micros) -> i64 {
    at.0.div_euclid(Micros::SECOND)
}

fn header(id: &str) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(id.to_owned());
    header
}

/// The library would read the machine's clock, so times are compared here; audience and issuer
/// too, where their absence is already an error of shape.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// The secret in the refresh cookie: `<session>.<256 bits>`. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    pub(crate) session: SessionId,
    secret: [u8; 32],
}

impl RefreshToken {
    pub(crate) const fn new(session: SessionId, secret: [u8; 32]) -> Self {
        Self { session, secret }
    }

    /// Reads a cookie's value; none if it is no refresh token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (session, secret) = text.split_once('.')?;
        if session.len() != 32 || secret.len() != 43 {
            return None;
        }
        Some(Self {
            session: SessionId::from_uuid(Uuid::try_parse(session).ok()?),
            secret: URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?,
        })
    }

    /// The cookie's value.
    #[must_use]
    pub fn to_cookie_value(&self) -> String {
        let secret = URL_SAFE_NO_PAD.encode(self.secret);
        format!("{}.{secret}", self.session.as_uuid().simple())
    }

    /// What is stored of it.
    pub(crate) fn hash(&self) -> TokenHash {
        use core::fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in digest(&SHA256, &self.secret).as_ref() {
            // Writing to a String never fails.
            let _ = write!(hex, "{byte:02x}");
        }
        TokenHash::from_hex(hex)
    }
}

impl core::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

#[cfg(test)]
mod tests;
