//! The refresh cookie, those that open a recording and a visitor's interview, and the proof that a page of ours sent it.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use clinical_api::{BASE, ProblemCode};
use clinical_app::RefreshToken;
use clinical_app::recordings::PLAY_LIFE_US;
use clinical_model::{Micros, RecordingId};

use crate::error::ApiError;

const NAME: &str = "refresh";
const PLAY: &str = "play";
const TRIAGE: &str = "triage";

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

    /// `Set-Cookie` that opens the media of one recording, and reaches nothing else.
    pub(crate) fn store_play(self, id: RecordingId, ticket: &str) -> Result<HeaderValue, ApiError> {
        let path = format!("{BASE}/recordings/{id}/media");
        self.cookie((PLAY, ticket), &path, PLAY_LIFE_US / Micros::SECOND)
    }

    /// `Set-Cookie` that keeps the secret of a visitor's interview; an empty one removes it.
    pub(crate) fn store_visitor(self, secret: &str, life_s: i64) -> Result<HeaderValue, ApiError> {
        let path = format!("{BASE}/triage");
        self.cookie((TRIAGE, secret), &path, life_s.max(0))
    }

    fn header(self, value: &str, life_s: i64) -> Result<HeaderValue, ApiError> {
        self.cookie((NAME, value), PATH, life_s)
    }

    fn cookie(
        self,
        (name, value): (&str, &str),
        path: &str,
        life_s: i64,
    ) -> Result<HeaderValue, ApiError> {
        let secure = match self {
            Self::Secure => "; Secure",
            Self::PlainHttp => "",
        };
        let text = format!(
            "{name}={value}; Max-Age={life_s}; Path={path}; HttpOnly; SameSite=Strict{secure}"
        );
        let mut header = HeaderValue::from_str(&text).map_err(ApiError::internal)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// The ticket of a request for media: exactly one cookie of that name.
pub(crate) fn play_ticket(headers: &HeaderMap) -> Option<&str> {
    only(headers, PLAY)
}

/// The secret of a visitor's interview: exactly one cookie of that name.
pub(crate) fn visitor_secret(headers: &HeaderMap) -> Option<&str> {
    only(headers, TRIAGE)
}

/// The refresh token of a request: exactly one cookie of that name.
pub(crate) fn refresh_token(headers: &HeaderMap) -> Option<RefreshToken> {
    RefreshToken::parse(only(headers, NAME)?)
}

fn only<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let mut found = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == wanted)
        .map(|(_, value)| value);
    let value = found.next()?;
    found.next().is_none().then_some(value)
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
