//! Requests and their answers.

use clinical_api::{BASE, Problem, ProblemCode, Token};
use gloo_net::http::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use web_sys::RequestCredentials;

use crate::session;

/// Why a request brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// The server could not be reached.
    Offline,
    /// The server refused and said why.
    Problem(Box<Problem>),
    /// The answer was not what the contract says; with its HTTP status.
    Unreadable(u16),
}

impl ApiError {
    /// The code of the refusal, if the server gave one.
    #[must_use]
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            Self::Offline | Self::Unreadable(_) => None,
        }
    }

    /// Whether the server refused with this code.
    #[must_use]
    pub fn is(&self, code: ProblemCode) -> bool {
        self.code() == Some(code)
    }
}

struct Answer {
    status: u16,
    body: String,
}

async fn exchange(
    method: Method,
    path: &str,
    body: Option<String>,
    bearer: Option<&str>,
) -> Result<Answer, ApiError> {
    let request = signed(method, path, bearer);
    let sent = match body {
        Some(json) => match request
            .header("Content-Type", "application/json")
            .body(json)
        {
            Ok(request) => request.send().await,
            Err(fault) => Err(fault),
        },
        None => request.send().await,
    };
    let Ok(response) = sent else {
        return Err(ApiError::Offline);
    };
    let status = response.status();
    let body = response.text().await.unwrap_or_default();
    judged(status, body)
}

/// A request with what all have in common.
fn signed(method: Method, path: &str, bearer: Option<&str>) -> RequestBuilder {
    let request = RequestBuilder::new(&format!("{BASE}{path}"))
        .method(method)
        .credentials(RequestCredentials::SameOrigin)
        .header("Accept", "application/json")
        .header("X-Requested-With", "telehealth");
    match bearer {
        Some(token) => request.header("Authorization", &format!("Bearer {token}")),
        None => request,
    }
}

/// An answer, or the problem that it is.
fn judged(status: u16, body: String) -> Result<Answer, ApiError> {
    if (200..300).contains(&status) {
        return Ok(Answer { status, body });
    }
    Err(refusal(status, &body))
}

/// With the session's token; a 401 is answered by one renewal and one more try.
async fn exchange_signed(
    method: Method,
    path: &str,
    body: Option<String>,
) -> Result<Answer, ApiError> {
    let bearer = session::bearer();
    let first = exchange(method.clone(), path, body.clone(), bearer.as_deref()).await;
    match first {
        Err(fault) if fault.is(ProblemCode::Unauthenticated) => {
            if !session::renew(bearer.as_deref()).await {
                return Err(fault);
            }
            exchange(method, path, body, session::bearer().as_deref()).await
        }
        done => done,
    }
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, ApiError> {
    serde_json::from_str(&answer.body).or(Err(ApiError::Unreadable(answer.status)))
}

fn write<B: Serialize>(body: &B) -> Result<Option<String>, ApiError> {
    serde_json::to_string(body)
        .map(Some)
        .or(Err(ApiError::Unreadable(0)))
}

pub(super) async fn get<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    read(&exchange_signed(Method::GET, path, None).await?)
}

pub(super) async fn post<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    read(&exchange_signed(Method::POST, path, None).await?)
}

pub(super) async fn post_with<B: Serialize, T: DeserializeOwned>(
    path: &str,
    body: &B,
) -> Result<T, ApiError> {
    read(&exchange_signed(Method::POST, path, write(body)?).await?)
}

/// As [`post_with`], under a key of the sender's: however often it is sent, it is carried out once.
pub(super) async fn post_once<B: Serialize, T: DeserializeOwned>(
    path: &str,
    body: &B,
    key: &str,
) -> Result<T, ApiError> {
    let json = write(body)?.unwrap_or_default();
    let send = async |bearer: Option<String>| {
        let request = signed(Method::POST, path, bearer.as_deref())
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
            .body(json.clone())
            .or(Err(ApiError::Offline))?;
        let response = request.send().await.or(Err(ApiError::Offline))?;
        let status = response.status();
        judged(status, response.text().await.unwrap_or_default())
    };
    let bearer = session::bearer();
    match send(bearer.clone()).await {
        Err(fault) if fault.is(ProblemCode::Unauthenticated) => {
            if !session::renew(bearer.as_deref()).await {
                return Err(fault);
            }
            read(&send(session::bearer()).await?)
        }
        done => read(&done?),
    }
}

pub(super) async fn put_with<B: Serialize, T: DeserializeOwned>(
    path: &str,
    body: &B,
) -> Result<T, ApiError> {
    read(&exchange_signed(Method::PUT, path, write(body)?).await?)
}

pub(super) async fn delete(path: &str) -> Result<(), ApiError> {
    exchange_signed(Method::DELETE, path, None).await.map(drop)
}

/// A file for an operation that needs no account.
pub(super) async fn post_open_file<T: DeserializeOwned>(
    path: &str,
    file: &web_sys::File,
) -> Result<T, ApiError> {
    let request = RequestBuilder::new(&format!("{BASE}{path}"))
        .method(Method::POST)
        .header("Accept", "application/json")
        .header("Content-Type", "application/pdf")
        .body(file)
        .or(Err(ApiError::Unreadable(0)))?;
    let response = request.send().await.or(Err(ApiError::Offline))?;
    let status = response.status();
    let body = response.text().await.unwrap_or_default();
    read(&judged(status, body)?)
}

fn refusal(status: u16, body: &str) -> ApiError {
    serde_json::from_str::<Problem>(body).map_or(ApiError::Unreadable(status), |problem| {
        ApiError::Problem(Box::new(problem))
    })
}

/// For operations that need no account: no token is sent, no renewal tried.
pub(super) async fn get_open<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    read(&exchange(Method::GET, path, None, None).await?)
}

/// For operations that need no account: no token is sent, no renewal tried.
pub(super) async fn delete_open(path: &str) -> Result<(), ApiError> {
    exchange(Method::DELETE, path, None, None).await.map(drop)
}

/// For operations whose body carries the right: no token is sent, no renewal tried.
pub(super) async fn post_open<B: Serialize, T: DeserializeOwned>(
    path: &str,
    body: &B,
) -> Result<T, ApiError> {
    read(&exchange(Method::POST, path, write(body)?, None).await?)
}

/// As [`post_open`], for answers without a body.
pub(super) async fn post_open_done<B: Serialize>(path: &str, body: &B) -> Result<(), ApiError> {
    exchange(Method::POST, path, write(body)?, None)
        .await
        .map(drop)
}

/// For answers without a body.
pub(super) async fn post_done<B: Serialize>(path: &str, body: &B) -> Result<(), ApiError> {
    exchange_signed(Method::POST, path, write(body)?)
        .await
        .map(drop)
}

/// For answers without a body.
pub(super) async fn put_done<B: Serialize>(path: &str, body: &B) -> Result<(), ApiError> {
    exchange_signed(Method::PUT, path, write(body)?)
        .await
        .map(drop)
}

/// Sends a file as it is, with a header that says what it is.
pub(super) async fn upload<T: DeserializeOwned>(
    path: &str,
    said: &str,
    file: &web_sys::File,
) -> Result<T, ApiError> {
    let send = async |bearer: Option<String>| {
        let request = signed(Method::POST, path, bearer.as_deref())
            .header(clinical_api::DOCUMENT_HEADER, said)
            .header("Content-Type", &file.type_())
            .body(file.clone());
        let Ok(request) = request else {
            return Err(ApiError::Offline);
        };
        let response = request.send().await.or(Err(ApiError::Offline))?;
        let status = response.status();
        let body = response.text().await.unwrap_or_default();
        judged(status, body)
    };
    let bearer = session::bearer();
    let answer = match send(bearer.clone()).await {
        Err(fault) if fault.is(ProblemCode::Unauthenticated) => {
            if !session::renew(bearer.as_deref()).await {
                return Err(fault);
            }
            send(session::bearer()).await?
        }
        done => done?,
    };
    read(&answer)
}

/// The bytes of a file.
pub(super) async fn download(path: &str) -> Result<Vec<u8>, ApiError> {
    fetch_bytes(Method::GET, path, None).await
}

/// The bytes of a file that is made when it is asked for.
pub(super) async fn download_made<B: Serialize>(path: &str, body: &B) -> Result<Vec<u8>, ApiError> {
    fetch_bytes(Method::POST, path, write(body)?).await
}

async fn fetch_bytes(
    method: Method,
    path: &str,
    body: Option<String>,
) -> Result<Vec<u8>, ApiError> {
    let bearer = session::bearer();
    let fetch = async |bearer: Option<String>| {
        let request = signed(method.clone(), path, bearer.as_deref());
        let sent = match body.clone() {
            Some(json) => match request
                .header("Content-Type", "application/json")
                .body(json)
            {
                Ok(request) => request.send().await,
                Err(fault) => Err(fault),
            },
            None => request.send().await,
        };
        let response = sent.or(Err(ApiError::Offline))?;
        let status = response.status();
        if (200..300).contains(&status) {
            return response.binary().await.or(Err(ApiError::Offline));
        }
        let body = response.text().await.unwrap_or_default();
        Err(judged(status, body)
            .err()
            .unwrap_or(ApiError::Unreadable(status)))
    };
    match fetch(bearer.clone()).await {
        Err(fault) if fault.is(ProblemCode::Unauthenticated) => {
            if !session::renew(bearer.as_deref()).await {
                return Err(fault);
            }
            fetch(session::bearer()).await
        }
        done => done,
    }
}

/// A new access token for the refresh cookie.
pub(crate) async fn refresh() -> Result<Token, ApiError> {
    read(&exchange(Method::POST, "/auth/refresh", None, None).await?)
}

/// Ends the session on the server.
pub(crate) async fn sign_out(bearer: Option<&str>) -> Result<(), ApiError> {
    exchange(Method::POST, "/auth/logout", None, bearer)
        .await
        .map(drop)
}
