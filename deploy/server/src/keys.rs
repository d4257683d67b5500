//! Signing keys: made at the first start, kept in the data directory, readable by the owner only.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;

/// Reads the key `name`, or makes it with `generate` (PKCS#8 PEM) and stores it durably first.
pub(crate) fn load_or_create(
    data_dir: &Path,
    name: &str,
    generate: impl FnOnce() -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    let folder = data_dir.join("keys");
    let path = folder.join(format!("{name}.pem"));
    if path.exists() {
        let mode = fs::metadata(&path)?.permissions().mode();
        anyhow::ensure!(
            mode & 0o077 == 0,
            "{} can be read by others: run `chmod 600` on it",
            path.display()
        );
        return fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()));
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
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
