//! The language model of others, as configured. Without a section nothing is sent to anybody.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clinical_app::ports::{Answer, LanguageModel, ModelError, ModelTask};
use clinical_gateways::{ApiKey, ChatModel, ChatModelConfig};
use serde::Deserialize;

/// Longest time that a model may be waited for, in milliseconds: somebody ill waits, and a request is given up
/// after twice that.
const TIMEOUT_MS_MAX: u64 = 5_000;

/// A server with the chat interface that many have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelConfig {
    /// Address up to `/v1`: https, or http to this machine.
    url: String,
    /// File with the key, if the server wants one.
    key_file: Option<PathBuf>,
    /// Which model.
    name: String,
    /// How long an answer is waited for.
    #[serde(default = "timeout_ms")]
    timeout_ms: u64,
    /// The facility has decided that words about illnesses may be sent. Without it nothing is sent.
    #[serde(default)]
    send_health_data: bool,
}

const fn timeout_ms() -> u64 {
    3_000
}

/// Counts what became of each question, without a word of it.
#[derive(Debug)]
struct Counted(ChatModel);

impl LanguageModel for Counted {
    fn answer<'a>(&'a self, task: &'a ModelTask) -> Answer<'a, Result<String, ModelError>> {
        Box::pin(async move {
            let answer = self.0.answer(task).await;
            let outcome = match &answer {
                Ok(_) => "answered",
                Err(ModelError::Busy) => "busy",
                Err(ModelError::Unreachable(_)) => "unreachable",
                Err(ModelError::Malformed(_)) => "malformed",
            };
            metrics::counter!("model_questions_total", "outcome" => outcome).increment(1);
            answer
        })
    }
}

/// The model that may read what people write; none without a section or without the facility's decision.
pub(crate) fn open(config: Option<&ModelConfig>) -> anyhow::Result<Option<Arc<dyn LanguageModel>>> {
    let Some(config) = config else {
        return Ok(None);
    };
    anyhow::ensure!(
        (1..=TIMEOUT_MS_MAX).contains(&config.timeout_ms),
        "model.timeout_ms must be between 1 and {TIMEOUT_MS_MAX}"
    );
    let key = match &config.key_file {
        None => None,
        Some(path) => Some(ApiKey::new(crate::mailroom::read_secret(path)?)),
    };
    let model = ChatModel::new(ChatModelConfig {
        url: config.url.parse().context("model.url is not a URL")?,
        key,
        name: config.name.clone(),
        timeout: Duration::from_millis(config.timeout_ms),
    })
    .context("the settings of model can not work")?;
    if !config.send_health_data {
        tracing::info!(
            "a model is configured, and nothing is sent to it: model.send_health_data is off"
        );
        return Ok(None);
    }
    Ok(Some(Arc::new(Counted(model))))
}
