//! Builds the browser bundle: compiles `web-app`, cuts it into chunks, makes the JavaScript glue,
//! shrinks the wasm, gives every file a name that holds its hash, and compresses ahead of time.
//!
//! `cargo run -p bundle -- [--out DIR] [--target-dir DIR] [--wasm-sysroot DIR] [--no-opt]`
//!
//! The output directory is replaced in one rename, so a server never sees half a bundle. When
//! the inputs have not changed since the last run, only cargo's own check is paid.

mod arguments;
mod assets;
mod compile;
mod glue;
mod optimise;
mod page;
mod report;
mod split;
mod stamp;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::arguments::Arguments;
use crate::assets::Assets;
use crate::page::Application;

/// What goes into a bundle besides the compiled application.
#[derive(Debug)]
struct Sources {
    /// `web/app/style/*.css` in name order, one after the other.
    style: String,
    /// `web/app/index.html`.
    template: String,
    /// `web/secrecy/worker.mjs`: encrypts between browsers.
    secrecy: String,
    /// Files of `web/app/public`, served under their own names: (name, bytes).
    public: Vec<(String, Vec<u8>)>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when even the terminal is gone.
            let _ = writeln!(io::stderr(), "bundle: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments = Arguments::parse(std::env::args_os().skip(1))?;
    let root = repository_root()?;
    let out = root.join(&arguments.out);

    let wasm = compile::web_app(&root, &arguments)?;
    let sources = read_sources(&root.join("web"))?;
    let optimiser = optimise::find(&root, &arguments);
    let stamp = stamp::of_inputs(&root, &wasm, &sources, optimiser.as_ref())?;
    if stamp::is_current(&out, &stamp) {
        say(&format!(
            "bundle: {} is up to date",
            arguments.out.display()
        ))?;
        return Ok(());
    }

    let scratch = root.join(&arguments.target_dir).join("split");
    let parts = split::cut(&wasm, &scratch)?;
    let mut application = Application {
        glue: glue::generate(parts.first)?,
        chunks: parts.chunks,
        loader: parts.loader,
        needed: parts.needed,
    };
    match &optimiser {
        Some(optimiser) => {
            let glue = &mut application.glue;
            glue.wasm = optimiser.run(&glue.wasm, &scratch)?;
            for (_, chunk) in &mut application.chunks {
                *chunk = optimiser.run(chunk, &scratch)?;
            }
        }
        None if arguments.no_opt => say("bundle: wasm-opt left out as asked")?,
        None => say(
            "bundle: NOTE: wasm-opt is not installed (npm ci), so the bundle is larger than it has to be",
        )?,
    }
    let mut assets = Assets::default();
    let page = page::assemble(&mut assets, &sources, &application)?;
    for (name, bytes) in sources.public {
        assets.add_as(name, bytes);
    }
    assets.add_as("index.html".to_owned(), page.into_bytes());
    publish(&assets, &out, &stamp)
}

/// The directory that holds the workspace: two above this crate.
fn repository_root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .context("deploy/bundle lies in a workspace")
}

fn read_sources(web: &Path) -> Result<Sources> {
    let web_app = web.join("app");
    let mut style = String::new();
    for path in files_of(&web_app.join("style"))? {
        if path.extension().is_some_and(|extension| extension == "css") {
            style.push_str(&read_text(&path)?);
            style.push('\n');
        }
    }
    let template = read_text(&web_app.join("index.html"))?;
    let public_dir = web_app.join("public");
    let mut public = Vec::new();
    if public_dir.is_dir() {
        for path in files_of(&public_dir)? {
            let name = path
                .file_name()
                .context("a file has a name")?
                .to_string_lossy()
                .into_owned();
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            public.push((name, bytes));
        }
    }
    Ok(Sources {
        style,
        template,
        secrecy: read_text(&web.join("secrecy/worker.mjs"))?,
        public,
    })
}

/// The files directly in a directory, in name order so that two machines make the same bundle.
fn files_of(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry
            .with_context(|| format!("cannot list {}", dir.display()))?
            .path();
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes everything beside `out` and, if it keeps the budget, swaps it in.
fn publish(assets: &Assets, out: &Path, stamp: &str) -> Result<()> {
    let fresh = out.with_extension("new");
    let stale = out.with_extension("old");
    remove_if_there(&fresh)?;
    remove_if_there(&stale)?;
    let sizes = assets.write(&fresh)?;
    say(&report::table(&sizes))?;
    report::check_budget(&sizes)?;
    stamp::write(&fresh, stamp)?;
    if out.exists() {
        fs::rename(out, &stale).with_context(|| format!("cannot move {} away", out.display()))?;
    }
    fs::rename(&fresh, out).with_context(|| format!("cannot put {} in place", out.display()))?;
    remove_if_there(&stale)
}

fn remove_if_there(dir: &Path) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    Ok(())
}

fn say(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{line}").context("cannot write to the terminal")
}
