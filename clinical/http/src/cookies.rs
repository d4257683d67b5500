//! The refresh cookie, and the proof that a page of ours sent it.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use clinical_api::ProblemCode;
use clinical_app::RefreshToken;

use crate::error::ApiError;

const NAME: &str = "refresh";

/// Only signing in, refreshing and signing out ever see the cookie.
const PATH: &str = "/api/v1/auth";

/// Whether browsers may send the refresh cookie over plain HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookiePolicy {
    /// HTTPS only.
    Secure,
    /// Also plain HTTP: a demo on this machine.
    PlainHttp,
}

impl CookiePolicy {
    /// `Set-Cookie` that stores a token for `life_s` seconds.
    pub(crate) fn store(self, token: &RefreshToken, life_s: i64) -> Result<HeaderValue, ApiError> {
        self.header(&token.to_cookie_value(), life_s.max(0))
    }

    /// `Set-Cookie` that removes the token.
    pub(crate) fn clear(self) -> Result<HeaderValue, ApiError> {
        self.header("", 0)
    }

    fn header(self, value: &str, life_s: i64) -> Result<HeaderValue, ApiError> {
        let secure = match self {
            Self::Secure => "; Secure",
            Self::PlainHttp => "",
        };
        let text = format!(
            "{NAME}={value}; Max-Age={life_s}; Path={PATH}; HttpOnly; SameSite=Strict{secure}"
        );
        let mut header = HeaderValue::from_str(&text).map_err(ApiError::internal)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// The refresh token of a request: exactly one cookie of that name.
pub(crate) fn refresh_token(headers: &HeaderMap) -> Option<RefreshToken> {
    let mut found = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == NAME)
        .map(|(_, value)| value);
    let value = found.next()?;
    if found.next().is_some() {
        return None;
    }
    RefreshToken::parse(value)
}

/// Refuses a request that a page of another site could have made: a browser adds this header only
/// for our own pages, because other origins would need a permission (CORS) that is never given.
pub(crate) fn require_own_page(headers: &HeaderMap) -> Result<(), ApiError> {
    let is_ours = headers
        .get("x-requested-with")
        .is_some_and(|value| value.as_bytes() == b"telehealth");
    if is_ours {
        Ok(())
    } else {
        Err(ProblemCode::Forbidden.into())
    }
}
