//! Cargo's part: the application as one wasm file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::arguments::Arguments;

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGE: &str = "web-app";
/// `[profile.web]` of the workspace: small before fast.
const PROFILE: &str = "web";
/// With `erase_components` Leptos erases the types of views between components: one instance of
/// much code instead of one for each combination of views, a tenth of the bundle. Relocations tell
/// who uses what; the module is cut along them (see `split`).
const FLAGS: [&str; 4] = [
    "--cfg",
    "erase_components",
    "--codegen",
    "link-arg=--emit-relocs",
];
/// Debian's compiler. Both by full path: rustup's come first on the search path.
const DISTRIBUTION_CARGO: &str = "/usr/bin/cargo";
const DISTRIBUTION_RUSTC: &str = "/usr/bin/rustc";

/// Compiles the application and returns the wasm that rustc made.
pub(crate) fn web_app(root: &Path, arguments: &Arguments) -> Result<Vec<u8>> {
    let target_dir = root.join(&arguments.target_dir);
    let mut cargo = Command::new(cargo_program(arguments));
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--package", PACKAGE, "--bin", PACKAGE])
        .args(["--target", TARGET, "--profile", PROFILE, "--target-dir"])
        .arg(&target_dir)
        // Flags of a host build (a linker, a CPU) make no sense for the browser.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
    if let Some(sysroot) = &arguments.wasm_sysroot {
        let sysroot = root.join(sysroot).to_string_lossy().into_owned();
        flags.extend(["--sysroot".to_owned(), sysroot]);
        cargo.env("RUSTC", DISTRIBUTION_RUSTC);
    }
    let flags = serde_json::to_string(&flags).context("cannot write the compiler's flags")?;
    cargo
        .arg("--config")
        .arg(format!("target.{TARGET}.rustflags={flags}"));
    let status = cargo.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo could not build {PACKAGE} for {TARGET}: {status}");
    }
    let path = target_dir
        .join(TARGET)
        .join(PROFILE)
        .join(format!("{PACKAGE}.wasm"));
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// A private sysroot belongs to the distribution's compiler; everything else to the one that
/// built this tool.
fn cargo_program(arguments: &Arguments) -> PathBuf {
    if arguments.wasm_sysroot.is_some() {
        return PathBuf::from(DISTRIBUTION_CARGO);
    }
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}
