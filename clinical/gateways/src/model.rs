//! A language model that others run, behind the chat interface that many servers have:
//! `POST {url}/chat/completions` with `model`, `messages` and `response_format` of a JSON schema.
//!
//! What it says is text from outside: whoever asks checks it.

use core::time::Duration;

use clinical_app::ports::{Answer, GatewayCause, LanguageModel, ModelError, ModelTask};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::ApiKey;

/// Longest answer that is read, in bytes: a list of findings has a few hundred.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Tokens that an answer may have.
const ANSWER_TOKENS_MAX: u32 = 600;
/// Questions at once. What is beyond is not asked and does not wait: somebody ill is waiting for the answer.
const AT_ONCE_MAX: usize = 4;

/// How the server is reached.
#[derive(Debug, Clone)]
pub struct ChatModelConfig {
    /// Address of the interface, up to `/v1`.
    pub url: Url,
    /// What the server wants to be shown.
    pub key: Option<ApiKey>,
    /// The model, as the server names it.
    pub name: String,
    /// How long one answer may take.
    pub timeout: Duration,
}

/// Why the model can not be set up like this.
#[derive(Debug, thiserror::Error)]
pub enum ModelSetupError {
    /// Words of people would travel in clear.
    #[error("model.url must be https, or http to this machine")]
    PlainToElsewhere,
    /// The address cannot have a path.
    #[error("model.url is no address of a server")]
    Address,
    /// TLS or the name resolution of this machine.
    #[error("no HTTP client")]
    Client(#[source] reqwest::Error),
}

/// Asks a model over HTTP.
#[derive(Debug)]
pub struct ChatModel {
    client: Client,
    endpoint: Url,
    config: ChatModelConfig,
    turns: Semaphore,
}

#[derive(Deserialize)]
struct Reply {
    choices: Vec<ReplyChoice>,
}

#[derive(Deserialize)]
struct ReplyChoice {
    message: ReplyMessage,
}

#[derive(Deserialize)]
struct ReplyMessage {
    content: Option<String>,
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl ChatModel {
    /// A model at one server.
    ///
    /// # Errors
    /// [`ModelSetupError`]
    pub fn new(config: ChatModelConfig) -> Result<Self, ModelSetupError> {
        let is_safe = config.url.scheme() == "https"
            || config.url.scheme() == "http" && is_this_machine(&config.url);
        if !is_safe {
            return Err(ModelSetupError::PlainToElsewhere);
        }
        let mut endpoint = config.url.clone();
        endpoint
            .path_segments_mut()
            .or(Err(ModelSetupError::Address))?
            .pop_if_empty()
            .extend(["chat", "completions"]);
        let client = Client::builder()
            .timeout(config.timeout)
            // What people wrote goes to the configured place and nowhere else.
            .redirect(Policy::none())
            .build()
            .map_err(ModelSetupError::Client)?;
        Ok(Self {
            client,
            endpoint,
            config,
            turns: Semaphore::new(AT_ONCE_MAX),
        })
    }

    async fn ask(&self, task: &ModelTask) -> Result<String, ModelError> {
        let _turn = self.turns.try_acquire().or(Err(ModelError::Busy))?;
        let body = json!({
            "model": self.config.name,
            "temperature": 0,
            "max_tokens": ANSWER_TOKENS_MAX,
            "messages": [
                {"role": "system", "content": task.rules},
                {"role": "user", "content": task.words},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": task.name, "strict": true, "schema": task.schema},
            },
        });
        let mut request = self.client.post(self.endpoint.clone());
        if let Some(key) = &self.config.key {
            request = request.bearer_auth(key.reveal());
        }
        let lost = |error: reqwest::Error| ModelError::Unreachable(error.without_url().into());
        let answer = request
            .header("Content-Type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .map_err(lost)?;
        if !answer.status().is_success() {
            let status = answer.status();
            return Err(ModelError::Unreachable(GatewayCause::from(format!(
                "the model's server answered {status}"
            ))));
        }
        let bytes = read_limited(answer).await?;
        let reply: Reply =
            serde_json::from_slice(&bytes).map_err(|error| ModelError::Malformed(error.into()))?;
        let content = reply.choices.into_iter().next();
        content
            .and_then(|it| it.message.content)
            .ok_or_else(|| ModelError::Malformed(GatewayCause::from("an answer without words")))
    }
}

async fn read_limited(mut answer: Response) -> Result<Vec<u8>, ModelError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| ModelError::Unreachable(error.without_url().into()))?
    {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(ModelError::Malformed(GatewayCause::from(
                "the model's answer is too long",
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl LanguageModel for ChatModel {
    fn answer<'a>(&'a self, task: &'a ModelTask) -> Answer<'a, Result<String, ModelError>> {
        Box::pin(self.ask(task))
    }
}
