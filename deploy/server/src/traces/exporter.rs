//! Sends ended spans to a collector. Whether it is there is nobody else's business: what it does not take
//! is counted and gone.

use core::time::Duration;

use anyhow::Context as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::layer::Ended;
use super::otlp;

/// How long spans are gathered before they are sent together.
const GATHER: Duration = Duration::from_millis(500);
/// Most spans of one message; some hundred bytes each.
const TOGETHER_MAX: usize = 512;
/// How long the collector may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long the last spans may take when the server stops.
const LAST_MAX: Duration = Duration::from_secs(2);

/// Where spans go.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// The name of this node in its cluster.
    pub(super) node: Option<String>,
}

/// The task that sends.
#[derive(Debug)]
pub(crate) struct Exporter {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Exporter {
    pub(super) fn start(spans: mpsc::Receiver<Ended>, terms: Terms) -> anyhow::Result<Self> {
        let client = Client::builder()
            .timeout(ANSWER_MAX)
            // A header with a secret goes to the configured place and nowhere else.
            .redirect(Policy::none())
            .build()
            .context("cannot make the HTTP client for traces")?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(run(spans, client, terms, stopped));
        Ok(Self { stop, task })
    }

    /// Sends what is left, for a moment.
    pub(super) async fn stop(self) {
        // The task has ended already if nobody listens.
        let _ = self.stop.send(());
        let abort = self.task.abort_handle();
        if timeout(LAST_MAX, self.task).await.is_err() {
            abort.abort();
        }
    }
}

async fn run(
    mut spans: mpsc::Receiver<Ended>,
    client: Client,
    terms: Terms,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut tick = interval(GATHER);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_heard = true;
    let mut is_last = false;
    while !is_last {
        tokio::select! {
            _ = tick.tick() => {}
            _ = &mut stopped => is_last = true,
        }
        let mut batch = Vec::new();
        loop {
            while batch.len() < TOGETHER_MAX
                && let Ok(span) = spans.try_recv()
            {
                batch.push(span);
            }
            if batch.is_empty() {
                break;
            }
            let sent = send(&client, &terms, &batch).await;
            if sent.is_err() {
                let lost = u64::try_from(batch.len()).unwrap_or_default();
                metrics::counter!("telemetry_spans_unsent_total").increment(lost);
            }
            is_heard = say_once(is_heard, sent);
            let was_full = batch.len() >= TOGETHER_MAX;
            batch.clear();
            if !is_heard || (!is_last && !was_full) {
                // What came meanwhile is gathered until the next tick.
                break;
            }
        }
    }
}

/// Why a collector did not take spans.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("it does not answer")]
    Silent(#[source] reqwest::Error),
    #[error("it answers {0}")]
    Refused(u16),
}

async fn send(client: &Client, terms: &Terms, batch: &[Ended]) -> Result<(), SendError> {
    let answer = client
        .post(terms.url.clone())
        .headers(terms.headers.clone())
        .header(CONTENT_TYPE, "application/x-protobuf")
        .body(otlp::request(terms.node.as_deref(), batch))
        .send()
        .await
        .map_err(|error| SendError::Silent(error.without_url()))?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(SendError::Refused(answer.status().as_u16()))
    }
}

/// Tells the log when the collector goes and when it is back, not every time.
fn say_once(was_heard: bool, sent: Result<(), SendError>) -> bool {
    match sent {
        Ok(()) if !was_heard => tracing::info!("the collector of traces takes them again"),
        Err(error) if was_heard => {
            tracing::info!(%error, "the collector of traces takes none; they are dropped");
            return false;
        }
        Ok(()) => {}
        Err(_) => return false,
    }
    true
}
