//! Binaryen's part: the same program in fewer bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::arguments::Arguments;

/// A wasm-opt that can be run.
#[derive(Debug)]
pub(crate) struct Optimiser {
    program: PathBuf,
    /// What it says of itself, e.g. `wasm-opt version 132 (version_132)`.
    pub(crate) version: String,
}

/// Finds the wasm-opt of package.json. Distributions carry versions whose output browsers
/// refuse, so nothing is taken from the search path.
pub(crate) fn find(root: &Path, arguments: &Arguments) -> Option<Optimiser> {
    if arguments.no_opt {
        return None;
    }
    let program = root.join("node_modules/.bin/wasm-opt");
    let output = Command::new(&program).arg("--version").output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !version.is_empty()).then_some(Optimiser { program, version })
}

impl Optimiser {
    /// Shrinks a module. `-Oz` alone: with `--all-features` it writes a module that Chromium
    /// refuses; the features in use are read from the module's own section.
    pub(crate) fn run(&self, wasm: &[u8], scratch: &Path) -> Result<Vec<u8>> {
        let input = scratch.join("bindgen.wasm");
        let output = scratch.join("optimised.wasm");
        fs::write(&input, wasm).with_context(|| format!("cannot write {}", input.display()))?;
        let status = Command::new(&self.program)
            .arg("-Oz")
            .arg(&input)
            .arg("-o")
            .arg(&output)
            .status()
            .context("cannot start wasm-opt")?;
        if !status.success() {
            bail!("wasm-opt failed: {status}");
        }
        fs::read(&output).with_context(|| format!("cannot read {}", output.display()))
    }
}
