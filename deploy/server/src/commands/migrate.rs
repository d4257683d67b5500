//! `telehealth migrate`

use std::process::ExitCode;

use anyhow::Context as _;

use super::say;
use crate::config::Config;
use crate::keys;

/// Brings the store to this version's schema.
pub(crate) fn run(config: &Config) -> anyhow::Result<ExitCode> {
    keys::make_private_dir(&config.data_dir)?;
    let vault = std::sync::Arc::new(clinical_app::Vault::new(keys::master_keys(config)?));
    let url = config.store_url()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let db = clinical_app::Db::connect(&url, vault)
            .await
            .context("cannot open the store")?;
        db.migrate().await.context("cannot migrate the store")
    })?;
    say("The store has this version's schema.");
    Ok(ExitCode::SUCCESS)
}
