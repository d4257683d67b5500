//! `telehealth config check`

use std::process::ExitCode;

use super::say;
use crate::config::Config;
use crate::phone;

/// The file was read before; what is left are settings that contradict each other.
pub(crate) fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let findings = contradictions(config);
    for finding in &findings {
        say(&format!("wrong: {finding}"));
    }
    if findings.is_empty() {
        say("The configuration is good.");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// Settings that cannot work together, each with what to do.
pub(crate) fn contradictions(config: &Config) -> Vec<String> {
    let mut findings = Vec::new();
    if let Err(error) = config.store_url() {
        findings.push(format!("{error:#}"));
    }
    let store_url = config.store_url().unwrap_or_default();
    findings.extend(config.store.replica_contradiction(&store_url));
    if let Err(error) = config.lab.interface() {
        findings.push(format!("{error:#}"));
    }
    if let Err(error) = config.http.tls_files() {
        findings.push(format!("{error:#}"));
    }
    if config.http.tls_cert_file.is_some() && config.http.plain_http {
        findings.push("http.plain_http and http.tls_cert_file contradict each other".to_owned());
    }
    if config.http.tls_cert_file.is_some() && config.http.behind_proxy {
        findings.push(
            "http.behind_proxy is for a proxy that speaks plain HTTP to this server: leave \
             http.tls_cert_file to it"
                .to_owned(),
        );
    }
    findings.extend(config.captions.mistakes());
    if let Err(error) = phone::check(config.phone.as_ref()) {
        findings.push(format!("{error:#}"));
    }
    findings.extend(config.roles().contradictions(config));
    if let Some(cluster) = &config.cluster {
        let origins = &config.signaling.allowed_origins;
        findings.extend(cluster.contradictions(&store_url, origins));
    }
    if config.signaling.call_back.is_some() && config.phone.is_none() {
        findings.push("signaling.call_back needs a telephone line: configure [phone]".to_owned());
    }
    findings.extend(config.telemetry.contradictions());
    if config.http.ops_bind == Some(config.http.bind) {
        findings.push("http.ops_bind and http.bind are the same: give one another port".to_owned());
    }
    if config.http.plain_http && !config.http.bind.ip().is_loopback() {
        findings.push(
            "http.plain_http is for this machine alone: bind to 127.0.0.1, or put a TLS proxy in \
             front and set it to false"
                .to_owned(),
        );
    }
    findings
}
