//! `telehealth migrate`

use std::process::ExitCode;

use anyhow::Context as _;

use super::say;
use crate::config::Config;

/// Brings the store to this version's schema.
pub(crate) fn run(config: &Config) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("cannot make {}", config.data_dir.display()))?;
    let url = config.store_url()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let db = clinical_app::Db::connect(&url)
            .await
            .context("cannot open the store")?;
        db.migrate().await.context("cannot migrate the store")
    })?;
    say("The store has this version's schema.");
    Ok(ExitCode::SUCCESS)
}
