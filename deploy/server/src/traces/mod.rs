//! Traces: where a request spends its time, across the nodes that it crosses, told to a collector of
//! OpenTelemetry.
//!
//! Any crate opens a span with `tracing` and the target [`TARGET`]; [`layer`] keeps those, with the few
//! attributes that [`layer::ATTRIBUTES`] names, [`otlp`] writes them, and [`exporter`] sends them. Nothing of
//! it runs without `telemetry.otlp_endpoint`. The log never shows these spans.

mod context;
mod exporter;
mod layer;
mod otlp;

use core::num::NonZeroU32;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use tokio::sync::mpsc;

pub(crate) use context::{Sampling, TRACEPARENT, TraceContext};
pub(crate) use exporter::Exporter;
pub(crate) use layer::{Spans, TARGET};

use exporter::Terms;

/// Ended spans that may wait to be sent. Beyond it they are dropped and counted: two seconds of a busy
/// server, and a collector that is away for longer is not worth the memory.
const WAITING_MAX: usize = 4096;

/// Where OTLP over HTTP takes traces, below the address of a collector.
const PATH: &str = "v1/traces";

/// What is told to whom beside logs and metrics.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TelemetryConfig {
    /// A collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`. Without it nothing is
    /// traced.
    pub(crate) otlp_endpoint: Option<String>,
    /// A file with headers for it, `name: value` one a line, if it wants to know who sends.
    pub(crate) otlp_headers_file: Option<PathBuf>,
    /// One request of so many is traced; 1 without it.
    pub(crate) trace_one_in: Option<NonZeroU32>,
}

/// Ended spans on their way, before the runtime that sends them has started.
#[derive(Debug)]
pub(crate) struct Outbound {
    spans: mpsc::Receiver<layer::Ended>,
    terms: Terms,
}

impl TelemetryConfig {
    /// What collects spans, and what will send them; nothing when nobody wants them.
    ///
    /// # Errors
    /// An address that is none, a file that can not be read or holds no headers.
    pub(crate) fn open(&self, node: Option<String>) -> anyhow::Result<Option<(Spans, Outbound)>> {
        let Some(url) = self.url()? else {
            return Ok(None);
        };
        let (to, spans) = mpsc::channel(WAITING_MAX);
        let terms = Terms {
            url,
            headers: self.headers()?,
            node,
        };
        Ok(Some((Spans::new(to), Outbound { spans, terms })))
    }

    /// Which requests are traced; none when nobody wants traces.
    pub(crate) fn sampling(&self) -> Option<Sampling> {
        self.otlp_endpoint.as_ref().map(|_| Sampling {
            one_in: self.trace_one_in.unwrap_or(NonZeroU32::MIN),
        })
    }

    fn url(&self) -> anyhow::Result<Option<Url>> {
        let Some(text) = &self.otlp_endpoint else {
            return Ok(None);
        };
        let mut url: Url = text.parse().context("telemetry.otlp_endpoint")?;
        anyhow::ensure!(
            matches!(url.scheme(), "http" | "https") && url.has_host(),
            "telemetry.otlp_endpoint begins with http:// or https:// and names a host"
        );
        anyhow::ensure!(
            url.username().is_empty() && url.password().is_none(),
            "telemetry.otlp_endpoint holds a password: put an authorization header into a file and \
             name it in telemetry.otlp_headers_file"
        );
        if url.path() == "/" {
            url.set_path(PATH);
        }
        Ok(Some(url))
    }

    fn headers(&self) -> anyhow::Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        let Some(file) = &self.otlp_headers_file else {
            return Ok(headers);
        };
        let text = fs::read_to_string(file).with_context(|| {
            format!("cannot read telemetry.otlp_headers_file {}", file.display())
        })?;
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            let header = line.split_once(':').and_then(|(name, value)| {
                let mut value = HeaderValue::from_str(value.trim()).ok()?;
                value.set_sensitive(true);
                Some((name.trim().parse::<HeaderName>().ok()?, value))
            });
            // The line itself is a secret.
            let (name, value) = header.with_context(|| {
                format!("line {number} of telemetry.otlp_headers_file is no `name: value`")
            })?;
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// What is wrong with it, with what to do.
    pub(crate) fn contradictions(&self) -> Vec<String> {
        let mut findings = Vec::new();
        findings.extend(self.url().err().map(|error| format!("{error:#}")));
        findings.extend(self.headers().err().map(|error| format!("{error:#}")));
        findings
    }
}

impl Outbound {
    /// Sends from now on, inside the running runtime.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub(crate) fn start(self) -> anyhow::Result<Exporter> {
        Exporter::start(self.spans, self.terms)
    }
}

/// Sends what is left, for a moment.
pub(crate) async fn finish(exporter: Option<Exporter>) {
    if let Some(exporter) = exporter {
        exporter.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(endpoint: &str) -> Result<Option<String>, String> {
        let config = TelemetryConfig {
            otlp_endpoint: Some(endpoint.to_owned()),
            ..TelemetryConfig::default()
        };
        let url = config.url().map_err(|error| format!("{error:#}"))?;
        Ok(url.map(|url| url.to_string()))
    }

    #[test]
    fn traces_go_to_the_usual_path_unless_another_is_named() {
        let of = |text| told(text).unwrap().unwrap();
        assert_eq!(of("http://c:4318"), "http://c:4318/v1/traces");
        assert_eq!(of("https://c/otlp/v1/traces"), "https://c/otlp/v1/traces");
    }

    #[test]
    fn an_endpoint_of_another_kind_is_explained_and_its_password_not_repeated() {
        assert!(told("c:4318").is_err());
        assert!(told("ftp://c").is_err());
        let error = told("https://me:hunter2@c").unwrap_err();
        assert!(error.contains("otlp_headers_file") && !error.contains("hunter2"));
    }

    #[test]
    fn nothing_is_opened_without_an_endpoint() {
        assert!(TelemetryConfig::default().open(None).unwrap().is_none());
    }
}
