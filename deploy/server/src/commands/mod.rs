//! One file a command.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod config_check;
pub(crate) mod doctor;
pub(crate) mod drill;
pub(crate) mod facility;
pub(crate) mod formulary;
pub(crate) mod messages;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod passes;
pub(crate) mod probe;
pub(crate) mod serve;
pub(crate) mod triage;

use std::io::Write as _;

/// Says one line to the person at the terminal. A closed terminal is no error.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Says why a command failed, with every cause.
pub(crate) fn say_error(error: &anyhow::Error) {
    drop(writeln!(std::io::stderr(), "telehealth: {error:#}"));
}

/// Runs what a command does, on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
