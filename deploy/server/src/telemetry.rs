//! Logs and metrics. Logs never carry health data, names, addresses, tokens or descriptions.

use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogConfig, LogFormat};
use crate::traces::Spans;

/// Upper bounds of latency buckets, in seconds.
const LATENCY_BUCKETS_S: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

/// The same for waiting in a lobby, where minutes count.
const LOBBY: &str = "signal_admission_wait_seconds";
const LOBBY_BUCKETS_S: [f64; 9] = [5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0];

/// These libraries tell addresses and descriptions of people's machines below this level, whatever
/// the configuration asks for.
const QUIET: [&str; 5] = [
    "str0m=error",
    "str0m_proto=warn",
    "is=warn",
    "dimpl=warn",
    "sqlx=warn",
];

/// Starts logging to standard error, and collecting spans if somebody wants them.
pub(crate) fn start_logs(config: &LogConfig, spans: Option<Spans>) -> anyhow::Result<()> {
    let mut filter = EnvFilter::try_new(&config.filter).context("log.filter has a mistake")?;
    for quiet in QUIET {
        filter = filter.add_directive(quiet.parse().context("a directive of ours")?);
    }
    // What the SIP stack says is left out whatever the filter says: it prints whole messages.
    let filter = filter.and(filter_fn(signaling_phone::may_be_logged));
    // Spans of traces are for the collector.
    let filter = filter.and(filter_fn(|metadata| !Spans::wants(metadata)));
    let spans = spans.map(|spans| {
        let ours = filter_fn(Spans::wants).with_max_level_hint(LevelFilter::INFO);
        spans.with_filter(ours)
    });
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(true);
    let registry = tracing_subscriber::registry().with(spans);
    let started = match config.format {
        LogFormat::Text => registry
            .with(lines.with_ansi(false).with_filter(filter))
            .try_init(),
        LogFormat::Json => registry.with(lines.json().with_filter(filter)).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging was started before: {error}"))
}

/// How often measurements are put into their buckets. Until then each takes memory, and nobody may
/// ever ask for `/metrics`.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts the metrics recorder inside the running tokio runtime.
pub(crate) fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &LATENCY_BUCKETS_S)
        .context("latency buckets")?
        .set_buckets_for_metric(Matcher::Full(LOBBY.to_owned()), &LOBBY_BUCKETS_S)
        .context("buckets of the lobby")?
        .install_recorder()
        .context("the metrics recorder was started before")?;
    // Ends with the runtime.
    tokio::spawn(keep_up(metrics.clone()));
    Ok(metrics)
}

async fn keep_up(metrics: PrometheusHandle) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        metrics.run_upkeep();
        let alive = tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks();
        metrics::gauge!("runtime_tasks").set(f64::from(u32::try_from(alive).unwrap_or(u32::MAX)));
    }
}
