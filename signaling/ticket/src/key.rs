//! The clinic's side: a private key that mints.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use signaling_protocol::NAME_CHARS_MAX;
use uuid::Uuid;

use crate::check::PassChecker;
use crate::claims::{AUDIENCE, Claims, ISSUER, PurposeClaim, PurposeError, TYPE};
use crate::pass::{PASS_BYTES_MAX, PASS_LIFE_S_MAX, Purpose};

/// Why a key could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not a PEM file with an Ed25519 private key in PKCS#8.
    #[error("not a PEM file with an Ed25519 private key in PKCS#8")]
    Pem(#[source] jsonwebtoken::errors::Error),
    /// Not an Ed25519 private key in PKCS#8 (RFC 8410).
    #[error("not an Ed25519 private key in PKCS#8")]
    Der(#[source] aws_lc_rs::error::KeyRejected),
    /// The operating system gave no random numbers.
    #[error("no key could be generated")]
    Generate(#[source] aws_lc_rs::error::Unspecified),
}

/// Why a pass could not be minted.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The name or relation is empty, longer than
    /// [`signaling_protocol::NAME_CHARS_MAX`] or has control characters.
    #[error("the name or relation is empty, longer than {NAME_CHARS_MAX} or not printable")]
    Text,
    /// More than [`crate::OBSERVED_ROOMS_MAX`] rooms.
    #[error("too many rooms for one observer's pass")]
    Rooms,
    /// A life of 0 s or more than [`PASS_LIFE_S_MAX`].
    #[error("a pass lives 1 to {PASS_LIFE_S_MAX} seconds")]
    Life,
    /// The token would be longer than [`PASS_BYTES_MAX`].
    #[error("the pass is longer than {PASS_BYTES_MAX} bytes")]
    TooLong,
    /// Signing failed.
    #[error("signing failed")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

/// The private key that mints passes.
#[derive(Clone)]
pub struct PassKey {
    private: EncodingKey,
    public: Vec<u8>,
    id: String,
}

impl core::fmt::Debug for PassKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PassKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl PassKey {
    /// Makes a new key, as PKCS#8 in PEM (RFC 7468), to be kept in a file.
    ///
    /// # Errors
    /// Without random numbers from the operating system.
    pub fn generate() -> Result<String, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(KeyError::Generate)?;
        let document = pair.to_pkcs8v1().map_err(KeyError::Generate)?;
        let body = STANDARD.encode(document.as_ref());
        Ok(format!(
            "-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
        ))
    }

    /// Reads PKCS#8 in PEM.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = EncodingKey::from_ed_pem(pem.as_bytes()).map_err(KeyError::Pem)?;
        Self::from_der(key.as_bytes())
    }

    /// Reads PKCS#8 in DER.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(KeyError::Der)?;
        let public = pair.public_key().as_ref().to_vec();
        let id = thumbprint(&public);
        Ok(Self {
            private: EncodingKey::from_ed_der(der),
            public,
            id,
        })
    }

    /// The `kid` header of what this key mints: the thumbprint of RFC 7638.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Signs a pass that is valid from `now_us` (Unix time in microseconds) for `ttl_s` seconds.
    ///
    /// # Errors
    /// When the purpose or the life goes beyond a limit; nothing is minted that
    /// [`PassChecker::check`] would refuse.
    pub fn mint(
        &self,
        id: Uuid,
        purpose: &Purpose,
        now_us: i64,
        ttl_s: u32,
    ) -> Result<String, MintError> {
        if ttl_s == 0 || ttl_s > PASS_LIFE_S_MAX {
            return Err(MintError::Life);
        }
        Purpose::try_from(PurposeClaim::from(purpose)).map_err(|error| match error {
            PurposeError::Text => MintError::Text,
            PurposeError::Rooms => MintError::Rooms,
        })?;
        let iat = now_us.div_euclid(1_000_000);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            jti: id,
            iat,
            exp: iat.saturating_add(i64::from(ttl_s)),
            purpose: PurposeClaim::from(purpose),
        };
        let token = jsonwebtoken::encode(&header(&self.id), &claims, &self.private)
            .map_err(MintError::Sign)?;
        if token.len() > PASS_BYTES_MAX {
            return Err(MintError::TooLong);
        }
        Ok(token)
    }

    /// The public half, for signaling.
    #[must_use]
    pub fn checker(&self) -> PassChecker {
        PassChecker::new(self.id.clone(), &self.public)
    }
}

/// The only header that a pass of the key `id` has.
pub(crate) fn header(id: &str) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(id.to_owned());
    header
}

/// RFC 7638 over the JWK of RFC 8037 section 2: members in lexical order, no white space.
fn thumbprint(public: &[u8]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, jwk.as_bytes()))
}
