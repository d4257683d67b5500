//! `telehealth messages`

use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::process::ExitCode;

use anyhow::Context as _;

use super::say;
use crate::config::Config;
use crate::{keys, mailroom};

/// Prints the messages that were kept in files, one line of JSON each. Lines that do not open are
/// counted, and make the command fail.
pub(crate) fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let keys = keys::master_keys(config)?;
    let mut unreadable = 0_u64;
    for channel in mailroom::CHANNELS {
        let path = mailroom::file_of(config, channel);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        for line in BufReader::new(file).lines() {
            match clinical_gateways::read_message(&line?, &keys) {
                Ok(message) => say(&message),
                Err(_) => unreadable += 1,
            }
        }
    }
    anyhow::ensure!(unreadable == 0, "{unreadable} lines could not be opened");
    Ok(ExitCode::SUCCESS)
}
