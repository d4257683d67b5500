//! Cuts the application into a first part and chunks that come when they are needed.
//!
//! The cuts are the functions marked `wasm_split` in `web-app`. What only they reach goes into
//! their chunk; what several chunks reach and the first part does not goes into shared ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Error, Result, ensure};

/// Under this name the first part imports [`Parts::loader`].
pub(crate) const LOADER: &str = "./__wasm_split.js";
/// Under this name the loader imports the glue of the first part.
pub(crate) const GLUE: &str = "./app.js";

/// How the loader reports what it could not fetch. The page says so itself and offers to try
/// again, and leaving a page while a chunk is on its way is no fault at all.
const FAULT: &str = "console.error(e);";
const NOTICE: &str = "console.warn(e);";

/// The application in parts.
#[derive(Debug)]
pub(crate) struct Parts {
    /// What the first page needs; goes through wasm-bindgen.
    pub(crate) first: Vec<u8>,
    /// The chunks: (file stem, wasm), in name order.
    pub(crate) chunks: Vec<(String, Vec<u8>)>,
    /// The ES module that fetches chunks. It refers to each as `./STEM.wasm`.
    pub(crate) loader: String,
    /// The stems of the chunks that a split needs, by its name in `web-app`.
    pub(crate) needed: BTreeMap<String, Vec<String>>,
}

/// Splits what rustc made. `scratch` is emptied and used.
pub(crate) fn cut(wasm: &[u8], scratch: &Path) -> Result<Parts> {
    if scratch.exists() {
        fs::remove_dir_all(scratch)
            .with_context(|| format!("cannot empty {}", scratch.display()))?;
    }
    let first = scratch.join("first.wasm");
    let mut options = wasm_split_cli_support::Options::new(wasm);
    options.output_dir = scratch;
    options.main_out_path = &first;
    options.main_module = GLUE;
    options.link_name = LOADER;
    let split = wasm_split_cli_support::transform(options)
        .map_err(|cause| Error::from_boxed(cause.into()))
        .context("cannot split the application")?;
    let mut chunks = Vec::new();
    for path in &split.split_modules {
        let stem = path.file_stem().context("a chunk has a name")?;
        chunks.push((stem.to_string_lossy().into_owned(), read(path)?));
    }
    chunks.sort();
    let loader =
        String::from_utf8(read(&scratch.join(LOADER))?).context("the loader is not text")?;
    ensure!(
        loader.contains(FAULT),
        "the loader reports its failures in another way"
    );
    Ok(Parts {
        first: read(&first)?,
        chunks,
        loader: loader.replace(FAULT, NOTICE),
        needed: split.prefetch_map.into_iter().collect(),
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
