//! Signing keys: made at the first start, kept in the data directory, readable by the owner only.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

use anyhow::Context as _;
use clinical_app::MasterKeys;

use crate::config::Config;

/// Makes a folder that only the owner can look into: what lies there is health data and keys. One
/// that exists stays as its owner wanted it.
pub(crate) fn make_private_dir(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))
}

/// The master keys that the store's values are sealed under: the file that the configuration
/// names, or one in the data directory, made at the first start.
pub(crate) fn master_keys(config: &Config) -> anyhow::Result<MasterKeys> {
    let text = match &config.store.master_key_file {
        Some(path) => {
            refuse_open_file(path)?;
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
        }
        None => load_or_create(&config.data_dir, "master", || {
            Ok(MasterKeys::generate()?.to_file())
        })?,
    };
    MasterKeys::parse(&text).context("the master key file has a mistake")
}

/// Refuses a secret that others can read.
pub(crate) fn refuse_open_file(path: &Path) -> anyhow::Result<()> {
    let about = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(
        is_private(about.permissions().mode(), about.uid()),
        "{} can be read by others: run `chmod 600` on it",
        path.display()
    );
    Ok(())
}

/// Whether only its owner can read a file; or, where root owns it, the group that root has put it
/// there for: so do Kubernetes and systemd hand secrets to a program.
pub(crate) const fn is_private(mode: u32, owner: u32) -> bool {
    let others = if owner == 0 { 0o037 } else { 0o077 };
    mode & others == 0
}

/// Reads the key `name`, or makes it with `generate` (PKCS#8 PEM) and stores it durably first.
pub(crate) fn load_or_create(
    data_dir: &Path,
    name: &str,
    generate: impl FnOnce() -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    let folder = data_dir.join("keys");
    let path = folder.join(format!("{name}.pem"));
    if path.exists() {
        refuse_open_file(&path)?;
        return fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()));
    }
    make_private_dir(&folder)?;
    let pem = generate()?;
    let part = folder.join(format!("{name}.pem.part"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .with_context(|| format!("cannot write {}", part.display()))?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, &path)?;
    fs::File::open(&folder)?.sync_all()?;
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_for_its_owner_or_for_the_group_that_root_gave_it_to() {
        let judged = |mode, owner| is_private(mode, owner);
        assert!(judged(0o100_600, 1000) && judged(0o100_400, 0) && judged(0o100_440, 0));
        assert!(!judged(0o100_640, 1000) && !judged(0o100_644, 0) && !judged(0o100_460, 0));
    }

    #[test]
    fn nobody_else_can_look_into_a_new_data_folder() {
        let folder = std::env::temp_dir().join(format!("telehealth-keys-{}", std::process::id()));
        let data = folder.join("data");
        make_private_dir(&data).unwrap();
        let key = load_or_create(&data, "access", || Ok("pem".to_owned())).unwrap();
        let again = load_or_create(&data, "access", || anyhow::bail!("it exists")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let modes = [
            mode(&data),
            mode(&data.join("keys")),
            mode(&data.join("keys/access.pem")),
        ];
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(key, again);
        assert_eq!(modes, [0o700, 0o700, 0o600]);
    }
}
