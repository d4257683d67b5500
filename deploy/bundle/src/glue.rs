//! wasm-bindgen's part: the wasm with its imports resolved, and the JavaScript that feeds them.

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

/// What wasm-bindgen made.
#[derive(Debug)]
pub(crate) struct Glue {
    /// The wasm module.
    pub(crate) wasm: Vec<u8>,
    /// The ES module that instantiates it.
    pub(crate) script: String,
    /// Modules that crates bring along: (path below `snippets/`, text), in path order.
    pub(crate) snippets: Vec<(String, String)>,
}

/// Runs wasm-bindgen in its `web` mode: plain ES modules, no bundler.
pub(crate) fn generate(wasm: Vec<u8>) -> Result<Glue> {
    let mut output = Bindgen::new()
        .input_bytes("app", wasm)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .typescript(false)
                // Chunks import by these names, which are those of the linker.
                .keep_lld_exports(true)
                .demangle(false)
                .remove_name_section(true)
                .remove_producers_section(true)
                .generate_output()
        })
        .context("wasm-bindgen failed")?;
    let mut snippets = Vec::new();
    for (crate_name, texts) in output.snippets() {
        for (index, text) in texts.iter().enumerate() {
            snippets.push((format!("{crate_name}/inline{index}.js"), text.clone()));
        }
    }
    for (path, text) in output.local_modules() {
        snippets.push((path.clone(), text.clone()));
    }
    snippets.sort();
    let script = output.js().to_owned();
    Ok(Glue {
        wasm: output.wasm_mut().emit_wasm(),
        script,
        snippets,
    })
}
