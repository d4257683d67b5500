//! `telehealth facility`: facilities of one installation.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use clinical_app::identity::{NewFacility, add_facility, facilities};
use clinical_app::{Clinic, Db, Entropy, Passwords, SystemClock, Vault};

use super::{block_on, migrate, say};
use crate::config::Config;
use crate::keys;

#[derive(Debug, Subcommand)]
pub(crate) enum FacilityCommand {
    /// Make a facility and its first administrator. It shares nothing with the others but the
    /// program: people, patients, keys and audit are its own. Prints a link with which the
    /// administrator chooses a password.
    Add(NewArgs),
    /// Print every facility.
    List,
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// What people call it.
    name: String,
    /// IANA zone in which it keeps its hours, for example Africa/Douala.
    #[arg(long)]
    zone: String,
    /// Its country, two letters of ISO 3166-1.
    #[arg(long)]
    country: String,
    /// E-mail address of its first administrator.
    #[arg(long)]
    admin_email: String,
    /// Name of its first administrator.
    #[arg(long)]
    admin_name: String,
}

/// Runs one of the commands. The server may run meanwhile.
pub(crate) fn run(config: &Config, command: FacilityCommand) -> anyhow::Result<ExitCode> {
    migrate::ensure_current(config)?;
    let vault = Arc::new(Vault::new(keys::master_keys(config)?));
    let url = config.store_url()?;
    block_on(async {
        let db = Db::connect(&url, vault)
            .await
            .context("cannot open the store")?;
        let clinic = Clinic {
            db,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(Entropy::system()),
        };
        match command {
            FacilityCommand::Add(new) => add(config, &clinic, new).await,
            FacilityCommand::List => list(&clinic).await,
        }?;
        clinic.db.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

async fn add(config: &Config, clinic: &Clinic, new: NewArgs) -> anyhow::Result<()> {
    let new = NewFacility {
        name: new.name,
        zone: new.zone,
        country: new.country,
        admin_email: new.admin_email,
        admin_name: new.admin_name,
    };
    let passwords = Passwords::new(&clinic.entropy).context("cannot hash passwords")?;
    let made = add_facility(clinic, &passwords, &new)
        .await
        .context("the facility was not made")?;
    let site = config.http.public_url.as_deref().unwrap_or_default();
    say(&format!(
        "facility  {}  {}",
        made.facility.id, made.facility.name
    ));
    say("Give the administrator this link; whoever has it chooses the password. It works once:");
    say(&format!(
        "{}/set-password#{}",
        site.trim_end_matches('/'),
        made.link.reveal()
    ));
    if site.is_empty() {
        say("Put the address of the pages before it: http.public_url is not set.");
    }
    Ok(())
}

async fn list(clinic: &Clinic) -> anyhow::Result<()> {
    for it in facilities(clinic).await.context("cannot read the store")? {
        say(&format!(
            "{}  {}  {}  {}",
            it.id, it.country, it.zone, it.name
        ));
    }
    Ok(())
}
