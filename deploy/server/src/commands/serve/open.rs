//! The store, the keys, and what is made of them before anybody is served.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clinical_app::demo;
use clinical_app::identity::SignIn;
use clinical_app::notify::Mailroom;
use clinical_app::prescribing::Seal;
use clinical_app::triage::Triage;
use clinical_app::visits::{Desk, LiveEffect, LiveVisits};
use clinical_app::{AccessKey, Clinic, Db, Entropy, SystemClock, Vault};
use clinical_ledger::CheckpointKey;
use signaling_ticket::{PassChecker, PassKey};
use tokio::sync::mpsc;

use crate::config::{Config, HttpConfig};
use crate::{checkpoints, commands, keys, mailroom, phone};

/// The clinic, ready to serve.
pub(super) struct Open {
    pub(super) clinic: Clinic,
    pub(super) desk: Desk,
    pub(super) sign_in: Arc<SignIn>,
    pub(super) tickets: AccessKey,
    pub(super) checker: PassChecker,
    /// Which key signs passes.
    pub(super) key_id: String,
    pub(super) mailroom: Mailroom,
}

/// Opens the store and reads the keys.
pub(super) async fn open(
    config: &Config,
    is_demo: bool,
) -> anyhow::Result<(Open, mpsc::Receiver<LiveEffect>)> {
    commands::formulary::load(config)?;
    keys::make_private_dir(&config.data_dir)?;
    let vault = Arc::new(Vault::new(keys::master_keys(config)?));
    let db = Db::connect(&config.store_url()?, vault)
        .await
        .context("cannot open the store")?;
    db.migrate().await.context("cannot migrate the store")?;
    // After that: a replica must know the schema of this version before it is asked anything.
    let db = match config.store.replicas()? {
        Some(replicas) => db.with_replicas(&replicas).context("store.replicas")?,
        None => db,
    };
    let clinic = Clinic {
        db,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(Entropy::system()),
    };
    let access = keys::load_or_create(&config.data_dir, "access", || Ok(AccessKey::generate()?))?;
    let pass = keys::load_or_create(&config.data_dir, "pass", || Ok(PassKey::generate()?))?;
    let tickets = AccessKey::from_pem(&access)?;
    let sign_in = SignIn::new(AccessKey::from_pem(&access)?, &clinic.entropy)?;
    let sign_in = Arc::new(match site(&config.http) {
        Some(origin) => sign_in
            .at_site(&origin)
            .context("http.public_url is no https:// address (or http://localhost)")?,
        None => sign_in,
    });
    let pass_key = PassKey::from_pem(&pass)?;
    let (checker, key_id) = (pass_key.checker(), pass_key.id().to_owned());
    let (live, live_effects) = LiveVisits::channel();
    let numbers = phone::numbers(config.phone.as_ref())?;
    let desk = Desk::new(clinic.clone(), Arc::new(pass_key), live).with_phones(numbers.clone());
    if is_demo {
        demo::seed(&desk, sign_in.passwords())
            .await
            .context("cannot furnish the demo clinic")?;
    }
    let mailroom = mailroom::open(config)?.with_phones(numbers);
    let open = Open {
        clinic,
        desk,
        sign_in,
        tickets,
        checker,
        key_id,
        mailroom,
    };
    Ok((open, live_effects))
}

/// What signs the audit chains of this installation.
pub(super) fn signing_plan(config: &Config, db: Db) -> anyhow::Result<checkpoints::Plan> {
    Ok(checkpoints::Plan {
        db,
        folder: config.audit_dir(),
        key: keys::load_or_create(&config.data_dir, "audit", || Ok(CheckpointKey::generate()?))?,
        every: Duration::from_secs(config.audit.checkpoint_every_s),
    })
}

/// What signs printed documents.
pub(super) fn document_seal(config: &Config, clinic: &Clinic) -> anyhow::Result<Seal> {
    let text = keys::load_or_create(&config.data_dir, "documents", || {
        Ok(Seal::generate(clinic.clock.now())?)
    })?;
    Ok(Seal::from_text(&text, site(&config.http))?)
}

/// Triage, with its engine loaded in the background before anybody asks, and the phrases of the assistant.
pub(super) fn start_triage(config: &Config) -> anyhow::Result<Triage> {
    let model = crate::model::open(config.model.as_ref())?;
    let triage = Triage::reading_with(Some(config.evaluation_file()), model);
    let warming = triage.clone();
    drop(tokio::task::spawn_blocking(move || {
        clinical_app::assistant::warm();
        warming.warm()
    }));
    Ok(triage)
}

/// Where people open the pages. On one machine alone that is localhost, without being told.
pub(super) fn site(http: &HttpConfig) -> Option<String> {
    let local = || {
        let is_local = http.plain_http && http.bind.ip().is_loopback();
        is_local.then(|| format!("http://localhost:{}", http.bind.port()))
    };
    http.public_url.clone().or_else(local)
}
