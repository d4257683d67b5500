//! The assistant.

use clinical_api::{AssistantRequest, TalkView};

use super::client::{ApiError, delete, get, post_with};
use crate::i18n::Lang;

/// `GET /assistant`
pub async fn assistant_talk(lang: Lang) -> Result<TalkView, ApiError> {
    let tag = lang.tag();
    get(&format!("/assistant?language={tag}")).await
}

/// `POST /assistant/messages`
pub async fn say_to_assistant(request: &AssistantRequest) -> Result<TalkView, ApiError> {
    post_with("/assistant/messages", request).await
}

/// `DELETE /assistant`
pub async fn forget_assistant_talk() -> Result<(), ApiError> {
    delete("/assistant").await
}
