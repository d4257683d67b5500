//! Secure messages.

use clinical_api::{
    CorrespondentView, MemberRequest, MessageRequest, MessageView, MessagesView, ReadMarkRequest,
    ThreadRequest, ThreadView, ThreadsView, UnreadView,
};
use clinical_model::{PatientId, ThreadId, UserId};

use super::client::{ApiError, get, post, post_done, post_once, post_with};

/// `GET /threads`; `after` is `next` of the page before.
pub async fn threads(after: Option<&str>) -> Result<ThreadsView, ApiError> {
    match after {
        Some(after) => get(&format!("/threads?after={after}")).await,
        None => get("/threads").await,
    }
}

/// `POST /threads`, carried out once under its key.
pub async fn begin_thread(request: &ThreadRequest, key: &str) -> Result<ThreadView, ApiError> {
    post_once("/threads", request, key).await
}

/// `GET /threads/unread`
pub async fn unread_messages() -> Result<UnreadView, ApiError> {
    get("/threads/unread").await
}

/// `GET /threads/people`
pub async fn correspondents(
    patient: Option<PatientId>,
) -> Result<Vec<CorrespondentView>, ApiError> {
    match patient {
        Some(patient) => get(&format!("/threads/people?patient={patient}")).await,
        None => get("/threads/people").await,
    }
}

/// `GET /threads/{id}`
pub async fn thread(id: ThreadId) -> Result<ThreadView, ApiError> {
    get(&format!("/threads/{id}")).await
}

/// `GET /threads/{id}/messages`: the last ones, or the last ones before a number.
pub async fn messages(id: ThreadId, before: Option<u32>) -> Result<MessagesView, ApiError> {
    match before {
        Some(before) => get(&format!("/threads/{id}/messages?before={before}")).await,
        None => get(&format!("/threads/{id}/messages")).await,
    }
}

/// `GET /threads/{id}/messages`: the first ones after a number.
pub async fn newer_messages(id: ThreadId, after: u32) -> Result<MessagesView, ApiError> {
    get(&format!("/threads/{id}/messages?after={after}")).await
}

/// `POST /threads/{id}/messages`, carried out once under its key.
pub async fn send_message(id: ThreadId, text: String, key: &str) -> Result<MessageView, ApiError> {
    let path = format!("/threads/{id}/messages");
    post_once(&path, &MessageRequest { text }, key).await
}

/// `POST /threads/{id}/read`
pub async fn mark_thread_read(id: ThreadId, seq: u32) -> Result<(), ApiError> {
    post_done(&format!("/threads/{id}/read"), &ReadMarkRequest { seq }).await
}

/// `POST /threads/{id}/members`
pub async fn add_thread_member(id: ThreadId, person: UserId) -> Result<ThreadView, ApiError> {
    post_with(&format!("/threads/{id}/members"), &MemberRequest { person }).await
}

/// `POST /threads/{id}/leave`
pub async fn leave_thread(id: ThreadId) -> Result<(), ApiError> {
    post_done(&format!("/threads/{id}/leave"), &()).await
}

/// `POST /threads/{id}/close` or `/reopen`
pub async fn turn_thread(id: ThreadId, closes: bool) -> Result<ThreadView, ApiError> {
    let verb = if closes { "close" } else { "reopen" };
    post(&format!("/threads/{id}/{verb}")).await
}
