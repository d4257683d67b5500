//! What is looked at in a store that was restored for a drill.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clinical_app::{Db, MasterKeys, RecordingId, Vault};
use clinical_ledger::Checkpoints;
use clinical_store::{drill, trail};
use recordings_segments::{RecordingKey, Role, SigningKey, VerifyingKey};
use recordings_writer::{Folder, copies, read_manifest};

use super::report::{NotHere, Steps};
use super::{Source, open};
use crate::checkpoints::{Files, PUBLIC_KEY};
use crate::commands::audit::public_keys;
use crate::commands::backup::name_of;

/// Where a backup was restored.
pub(super) struct Place {
    pub(super) url: String,
    /// The checkpoints of the backup.
    pub(super) audit: PathBuf,
}

/// All steps after the restore; each is tried, whatever came of the others.
pub(super) async fn everything(source: &Source<'_>, place: &Place, steps: &mut Steps) {
    steps.step("integrity", integrity(place)).await;
    steps.step("audit", audit(source, place)).await;
    steps.step("copies", copied(source, place)).await;
    // Last, because it brings the scratch store to the schema of this program.
    steps.step("keys", keys(source, place)).await;
}

async fn integrity(place: &Place) -> anyhow::Result<String> {
    let sound = drill::soundness(&mut open(&place.url).await?).await?;
    anyhow::ensure!(sound.faults.is_empty(), "{}", sound.faults.join("; "));
    anyhow::ensure!(sound.foreign_keys > 0, "no foreign key was restored");
    anyhow::ensure!(sound.triggers > 0, "no trigger was restored");
    Ok(format!(
        "the engine finds no fault; {} foreign keys and {} triggers hold",
        sound.foreign_keys, sound.triggers
    ))
}

async fn audit(source: &Source<'_>, place: &Place) -> anyhow::Result<String> {
    anyhow::ensure!(place.audit.is_dir(), "the backup holds no checkpoint");
    let (path, whose) = match &source.args.public_key {
        Some(path) => (path.clone(), ""),
        None => (place.audit.join(PUBLIC_KEY), " by the key in the backup"),
    };
    let text = fs::read_to_string(&path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let mut known = Checkpoints::new(public_keys(&text)?);
    Files::find(&place.audit)?.read_into(&mut known)?;
    // A server that runs has written since it signed; how much is told.
    let verifier = known.verifier(i64::MAX);
    let report = trail::verify(&mut open(&place.url).await?, verifier).await?;
    let faults: Vec<String> = report
        .faults
        .iter()
        .take(5)
        .map(ToString::to_string)
        .collect();
    anyhow::ensure!(report.is_honest(), "{}", faults.join("; "));
    let (mut events, mut unsigned) = (0_u64, 0_i64);
    for chain in &report.chains {
        events = events.saturating_add(chain.rows);
        unsigned = unsigned.saturating_add(chain.seq.saturating_sub(chain.signed));
    }
    let (chains, checkpoints) = (report.chains.len(), report.checkpoints);
    Ok(format!(
        "{chains} chains of {events} events fit {checkpoints} checkpoints{whose}; the last {unsigned} were \
         not signed yet"
    ))
}

/// Copies of recordings are as they were written, and none is missing that the store can play.
async fn copied(source: &Source<'_>, place: &Place) -> anyhow::Result<String> {
    let folder = source.args.recordings.as_ref();
    let folder = folder.ok_or_else(|| NotHere("no --recordings".to_owned()))?;
    let recorded = drill::recorded(&mut open(&place.url).await?).await?;
    let (there, gone) = copies::copies(folder)?;
    let mut bytes = 0_u64;
    for name in &there {
        bytes = bytes.saturating_add(copies::verify_copy(folder, name)?);
    }
    let is_missing = |id: &&RecordingId| {
        let name = name_of(**id);
        !there.contains(&name) && !gone.contains(&name)
    };
    let missing = recorded.ready.iter().filter(is_missing).count();
    let counted = there.len();
    if source.config.recordings.objects.is_some() {
        return Ok(format!(
            "{counted} copies of {bytes} bytes are as they were; {missing} others should lie in the object store"
        ));
    }
    anyhow::ensure!(
        missing == 0,
        "{missing} recordings of the store have no copy"
    );
    Ok(format!(
        "{counted} copies of {bytes} bytes are as they were; none is missing"
    ))
}

/// This program can serve the store, and the keys at hand open everything in it.
async fn keys(source: &Source<'_>, place: &Place) -> anyhow::Result<String> {
    let config = source.config;
    let default = config.data_dir.join("keys/master.pem");
    let path = config.store.master_key_file.as_ref().unwrap_or(&default);
    if !path.exists() {
        let why = format!("there is no master key at {}", path.display());
        return Err(NotHere(why).into());
    }
    let masters = MasterKeys::parse(&fs::read_to_string(path)?).context("the master keys")?;
    let db = Db::connect(&place.url, Arc::new(Vault::new(masters))).await?;
    db.migrate().await?;
    let opened = drill::open_keys(&mut *db.read().await?).await?;
    let played = recordings(source, &db).await?;
    db.close().await;
    Ok(format!(
        "this program serves it; {} keys of facilities and {} of patients open, {} were destroyed; {played}",
        opened.tenants, opened.patients, opened.erased
    ))
}

/// Every copy of which the store has the key opens with it, and is what its signed manifest says.
async fn recordings(source: &Source<'_>, db: &Db) -> anyhow::Result<String> {
    let key = source.config.data_dir.join("keys/recordings.pem");
    let (Some(folder), true) = (&source.args.recordings, key.exists()) else {
        return Ok("recordings were not opened".to_owned());
    };
    let signer = SigningKey::from_text(&fs::read_to_string(key)?)?.verifying();
    let (mut whole, mut foreign) = (0_u64, 0_u64);
    for name in copies::copies(folder)?.0 {
        let id = RecordingId::from_uuid(uuid::Uuid::try_parse(&name)?);
        let secret = drill::recording_secret(&mut *db.read().await?, id).await?;
        let Some(secret) = secret else {
            foreign += 1;
            continue;
        };
        let names = recordings_segments::RecordingId(id.as_uuid().into_bytes());
        let key = RecordingKey::from_secret(secret);
        let folder = Folder::new(folder.join(&name), names, key);
        compare(&folder, &signer).with_context(|| format!("recording {name}"))?;
        whole += 1;
    }
    Ok(format!(
        "{whole} recordings play, {foreign} copies have no key in this backup"
    ))
}

fn compare(folder: &Folder, signer: &VerifyingKey) -> anyhow::Result<()> {
    let manifest = read_manifest(folder, signer)?.context("it has no manifest")?;
    for file in &manifest.finished {
        folder
            .open(Role::Finished(file.number))?
            .expect(&file.file)?;
    }
    Ok(())
}
