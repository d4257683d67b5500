//! `index.html` and the module that starts the application.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

use crate::Sources;
use crate::assets::{Assets, LATER, hash};
use crate::glue::Glue;
use crate::split::{GLUE, LOADER};

const STYLE: &str = "{{style}}";
const BOOT: &str = "{{boot}}";

/// A page that stands in a chunk: where its address begins, and the split it needs. There the boot
/// module fetches the chunk while the first part is still on its way.
const EARLY: [(&str, &str); 7] = [
    ("/join", "visit"),
    ("/visit/", "visit"),
    ("/appointments", "desk"),
    ("/book", "desk"),
    ("/day", "desk"),
    ("/hours", "desk"),
    ("/visits", "desk"),
];

/// The compiled application.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) glue: Glue,
    /// Chunks as [`crate::split::Parts::chunks`].
    pub(crate) chunks: Vec<(String, Vec<u8>)>,
    /// See [`crate::split::Parts::loader`].
    pub(crate) loader: String,
    /// See [`crate::split::Parts::needed`].
    pub(crate) needed: BTreeMap<String, Vec<String>>,
}

/// Adds style, glue, wasm, chunks, worker and boot module to the assets and returns the finished
/// page. The worker is started by its address, so the page says it in a `meta` element.
///
/// The boot module is a file of its own because the content security policy allows no inline
/// script. Preloads let the browser fetch the wasm while it still reads the glue.
pub(crate) fn assemble(
    assets: &mut Assets,
    sources: &Sources,
    application: &Application,
) -> Result<String> {
    for placeholder in [STYLE, BOOT] {
        ensure!(
            sources.template.matches(placeholder).count() == 1,
            "web/app/index.html must hold {placeholder} exactly once"
        );
    }
    let style = assets.add("style", "css", sources.style.clone().into_bytes());
    let wasm = assets.add("app", "wasm", application.glue.wasm.clone());
    let chunks = add_chunks(assets, &application.chunks);
    let (script, loader) = add_scripts(assets, application, &chunks)?;
    let boot = boot_module(&script, &wasm, &early(application, &chunks)?)?;
    let boot = assets.add("boot", "js", boot.into_bytes());
    let boot_tags = format!(
        "<link rel=\"preload\" href=\"{wasm}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\n\
         <link rel=\"modulepreload\" href=\"{script}\">\n\
         <link rel=\"modulepreload\" href=\"{loader}\">\n\
         <script type=\"module\" src=\"{boot}\"></script>"
    );
    let secrecy = assets.add(
        &format!("{LATER}/secrecy"),
        "js",
        sources.secrecy.clone().into_bytes(),
    );
    let style_tag = format!(
        "<meta name=\"secrecy\" content=\"{secrecy}\">\n<link rel=\"stylesheet\" href=\"{style}\">"
    );
    Ok(sources
        .template
        .replace(STYLE, &style_tag)
        .replace(BOOT, &boot_tags))
}

/// Adds the chunks and returns their URL paths by file stem.
fn add_chunks(assets: &mut Assets, chunks: &[(String, Vec<u8>)]) -> BTreeMap<String, String> {
    let mut urls = BTreeMap::new();
    for (stem, wasm) in chunks {
        let name = stem.strip_prefix("split_").unwrap_or(stem);
        let url = assets.add(&format!("{LATER}/{name}"), "wasm", wasm.clone());
        urls.insert(stem.clone(), url);
    }
    urls
}

/// Adds the glue, the loader of the chunks and the modules of crates, and returns the URL paths of
/// the first two. Those import each other, so both are named after the content of both.
///
/// Modules of crates keep their file names, because they may import each other, and get a
/// directory named after the content of all of them.
fn add_scripts(
    assets: &mut Assets,
    application: &Application,
    chunks: &BTreeMap<String, String>,
) -> Result<(String, String)> {
    let glue = &application.glue;
    let mut script = glue.script.clone();
    if !glue.snippets.is_empty() {
        let mut all = String::new();
        for (path, text) in &glue.snippets {
            all.push_str(path);
            all.push_str(text);
        }
        let dir = format!("snippets-{}", hash(all.as_bytes()));
        for (path, text) in &glue.snippets {
            assets.add_as(format!("assets/{dir}/{path}"), text.clone().into_bytes());
        }
        script = script.replace("./snippets/", &format!("./{dir}/"));
    }
    let mut loader = application.loader.clone();
    for (stem, url) in chunks {
        loader = replace_all(
            &loader,
            &format!("\"./{stem}.wasm\""),
            &format!("\"{url}\""),
        )?;
    }
    let both = hash(format!("{script}{loader}").as_bytes());
    let names = [format!("app-{both}.js"), format!("chunks-{both}.js")];
    let [script_name, loader_name] = &names;
    let script = replace_all(
        &script,
        &format!("from \"{LOADER}\""),
        &format!("from \"./{loader_name}\""),
    )?;
    let loader = replace_all(
        &loader,
        &format!("from \"{GLUE}\""),
        &format!("from \"./{script_name}\""),
    )?;
    assets.add_as(format!("assets/{script_name}"), script.into_bytes());
    assets.add_as(format!("assets/{loader_name}"), loader.into_bytes());
    Ok((
        format!("/assets/{script_name}"),
        format!("/assets/{loader_name}"),
    ))
}

/// Refuses a text that the tools write differently from what is known here.
fn replace_all(text: &str, from: &str, to: &str) -> Result<String> {
    ensure!(text.contains(from), "{from} was expected and is not there");
    Ok(text.replace(from, to))
}

/// The chunks to fetch at once: where an address begins, and their URL paths.
fn early<'a>(
    application: &Application,
    chunks: &'a BTreeMap<String, String>,
) -> Result<Vec<(&'static str, Vec<&'a String>)>> {
    let mut early = Vec::new();
    for (address, split) in EARLY {
        let stems = application
            .needed
            .get(split)
            .with_context(|| format!("web-app has no split {split}"))?;
        early.push((
            address,
            stems.iter().filter_map(|stem| chunks.get(stem)).collect(),
        ));
    }
    Ok(early)
}

/// `data-boot="failed"` on `<html>` lets the static page say so in words.
fn boot_module(script: &str, wasm: &str, early: &[(&str, Vec<&String>)]) -> Result<String> {
    let early = serde_json::to_string(early).context("cannot write the early chunks")?;
    Ok(format!(
        "import init from \"{script}\";\n\
         const early = {early}.find(([address]) => location.pathname.startsWith(address));\n\
         for (const href of early ? early[1] : []) {{\n  \
         const link = document.createElement(\"link\");\n  \
         Object.assign(link, {{ rel: \"preload\", as: \"fetch\", crossOrigin: \"anonymous\", href }});\n  \
         document.head.append(link);\n\
         }}\n\
         init({{ module_or_path: \"{wasm}\" }}).catch((cause) => {{\n  \
         document.documentElement.dataset.boot = \"failed\";\n  \
         throw cause;\n\
         }});\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Application {
        Application {
            glue: Glue {
                wasm: b"\0asm".to_vec(),
                script: "import { a } from './snippets/x-1/inline0.js';\n\
                         import * as one from \"./__wasm_split.js\";\n\
                         import * as two from \"./__wasm_split.js\";"
                    .to_owned(),
                snippets: vec![(
                    "x-1/inline0.js".to_owned(),
                    "export const a = 1;".to_owned(),
                )],
            },
            chunks: vec![
                ("chunk_3".to_owned(), b"\0asm shared".to_vec()),
                ("split_visit".to_owned(), b"\0asm visit".to_vec()),
            ],
            loader: "import { initSync } from \"./app.js\";\n\
                     fetch(new URL(\"./chunk_3.wasm\", import.meta.url));\n\
                     fetch(new URL(\"./split_visit.wasm\", import.meta.url));"
                .to_owned(),
            needed: BTreeMap::from([
                ("desk".to_owned(), vec!["chunk_3".to_owned()]),
                (
                    "visit".to_owned(),
                    vec!["chunk_3".to_owned(), "split_visit".to_owned()],
                ),
            ]),
        }
    }

    /// The files of a bundle: (name, text).
    fn written(name: &str, application: &Application) -> Vec<(String, String)> {
        let mut assets = Assets::default();
        assemble(&mut assets, &sources("{{style}}{{boot}}"), application).unwrap();
        let dir = std::env::temp_dir().join(format!("bundle-{name}-{}", std::process::id()));
        let files = assets
            .write(&dir)
            .unwrap()
            .into_iter()
            .map(|size| {
                let text = std::fs::read_to_string(dir.join(&size.name)).unwrap();
                (size.name, text)
            })
            .collect();
        std::fs::remove_dir_all(dir).unwrap();
        files
    }

    fn file<'a>(files: &'a [(String, String)], start: &str, end: &str) -> &'a (String, String) {
        let fits = |name: &str| name.starts_with(start) && name.ends_with(end);
        files.iter().find(|(name, _)| fits(name)).unwrap()
    }

    fn sources(template: &str) -> Sources {
        Sources {
            style: "p{}".to_owned(),
            template: template.to_owned(),
            secrecy: "export {};".to_owned(),
            public: Vec::new(),
        }
    }

    #[test]
    fn the_page_has_no_inline_script_and_no_placeholder_left() {
        let mut assets = Assets::default();
        let page = assemble(
            &mut assets,
            &sources("<head>{{style}}{{boot}}</head>"),
            &application(),
        )
        .unwrap();
        assert!(!page.contains("{{"));
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("<script type=\"module\" src=\"/assets/boot-"));
        assert!(page.contains("<link rel=\"stylesheet\" href=\"/assets/style-"));
    }

    #[test]
    fn the_page_says_where_the_worker_is_that_encrypts() {
        let mut assets = Assets::default();
        let page = assemble(&mut assets, &sources("{{style}}{{boot}}"), &application()).unwrap();
        let start = "<meta name=\"secrecy\" content=\"/assets/later/secrecy-";
        let (_, rest) = page.split_once(start).unwrap();
        let name = rest.split('"').next().unwrap();
        let files = written("secrecy", &application());
        let (_, text) = file(&files, "assets/later/secrecy-", name);
        assert_eq!(text, "export {};");
    }

    #[test]
    fn a_template_without_a_placeholder_is_refused() {
        let mut assets = Assets::default();
        assert!(assemble(&mut assets, &sources("{{style}}"), &application()).is_err());
        assert!(
            assemble(
                &mut assets,
                &sources("{{style}}{{boot}}{{boot}}"),
                &application()
            )
            .is_err()
        );
    }

    #[test]
    fn modules_of_crates_are_imported_from_where_they_are_written() {
        let files = written("snippets", &application());
        let (snippet, _) = file(&files, "assets/snippets-", "inline0.js");
        let (_, script) = file(&files, "assets/app-", ".js");
        let import = snippet.replace("assets/", "./");
        assert!(
            script.contains(&import),
            "{script} does not import {import}"
        );
    }

    #[test]
    fn glue_and_loader_import_each_other_by_the_names_they_have() {
        let files = written("loader", &application());
        let (script_name, script) = file(&files, "assets/app-", ".js");
        let (loader_name, loader) = file(&files, "assets/chunks-", ".js");
        let import = |name: &str| format!("from \"{}\"", name.replace("assets/", "./"));
        assert_eq!(script.matches(&import(loader_name)).count(), 2, "{script}");
        assert!(loader.contains(&import(script_name)), "{loader}");
    }

    #[test]
    fn every_chunk_is_fetched_by_the_name_it_has() {
        let files = written("chunks", &application());
        let (_, loader) = file(&files, "assets/chunks-", ".js");
        let (_, boot) = file(&files, "assets/boot-", ".js");
        for start in ["assets/later/chunk_3-", "assets/later/visit-"] {
            let (chunk, _) = file(&files, start, ".wasm");
            let quoted = format!("\"/{chunk}\"");
            assert!(loader.contains(&quoted), "{loader} does not fetch {chunk}");
            assert!(boot.contains(&quoted), "{boot} does not preload {chunk}");
        }
    }

    #[test]
    fn an_application_without_a_known_split_is_refused() {
        let mut application = application();
        application.needed.remove("visit");
        let mut assets = Assets::default();
        let template = sources("{{style}}{{boot}}");
        assert!(assemble(&mut assets, &template, &application).is_err());
    }
}
