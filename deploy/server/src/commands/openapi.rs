//! `telehealth openapi`

use std::process::ExitCode;

use super::say;

/// Prints the description as JSON.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    say(&clinical_http::openapi().to_pretty_json()?);
    Ok(ExitCode::SUCCESS)
}
