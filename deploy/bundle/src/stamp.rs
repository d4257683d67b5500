//! Remembers what a bundle was made of, so that an unchanged one is not made again.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::optimise::Optimiser;
use crate::{Sources, assets, files_of};

/// Lies in the bundle's root. The leading dot keeps it from being asked for by accident.
const FILE_NAME: &str = ".inputs";

/// A hash over everything that decides what the bundle looks like: the compiled application,
/// style, page, public files, this tool itself, and the versions of the tools it uses.
pub(crate) fn of_inputs(
    root: &Path,
    wasm: &[u8],
    sources: &Sources,
    optimiser: Option<&Optimiser>,
) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(bytes.len().to_le_bytes());
        hasher.update(bytes);
    };
    add(wasm);
    add(sources.style.as_bytes());
    add(sources.template.as_bytes());
    add(sources.secrecy.as_bytes());
    for (name, bytes) in &sources.public {
        add(name.as_bytes());
        add(bytes);
    }
    add(optimiser
        .map_or("none", |optimiser| optimiser.version.as_str())
        .as_bytes());
    for path in files_of(&root.join("deploy/bundle/src"))? {
        add(&fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    let lock = root.join("Cargo.lock");
    add(&fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?);
    Ok(assets::hash(&hasher.finalize()))
}

/// Whether `out` was made from exactly these inputs.
pub(crate) fn is_current(out: &Path, stamp: &str) -> bool {
    out.join("index.html").is_file()
        && fs::read_to_string(out.join(FILE_NAME)).is_ok_and(|found| found == stamp)
}

/// Leaves the stamp in a finished bundle.
pub(crate) fn write(dir: &Path, stamp: &str) -> Result<()> {
    let path = dir.join(FILE_NAME);
    fs::write(&path, stamp).with_context(|| format!("cannot write {}", path.display()))
}
