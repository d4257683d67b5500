//! `index.html` and the module that starts the application.

use anyhow::{Result, ensure};

use crate::Sources;
use crate::assets::{Assets, hash};
use crate::glue::Glue;

const STYLE: &str = "{{style}}";
const BOOT: &str = "{{boot}}";

/// Adds style, glue, wasm and boot module to the assets and returns the finished page.
///
/// The boot module is a file of its own because the content security policy allows no inline
/// script. Preloads let the browser fetch the wasm while it still reads the glue.
pub(crate) fn assemble(assets: &mut Assets, sources: &Sources, glue: &Glue) -> Result<String> {
    for placeholder in [STYLE, BOOT] {
        ensure!(
            sources.template.matches(placeholder).count() == 1,
            "web/app/index.html must hold {placeholder} exactly once"
        );
    }
    let style = assets.add("style", "css", sources.style.clone().into_bytes());
    let wasm = assets.add("app", "wasm", glue.wasm.clone());
    let script = add_scripts(assets, glue);
    let boot = assets.add("boot", "js", boot_module(&script, &wasm).into_bytes());
    let boot_tags = format!(
        "<link rel=\"preload\" href=\"{wasm}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\n\
         <link rel=\"modulepreload\" href=\"{script}\">\n\
         <script type=\"module\" src=\"{boot}\"></script>"
    );
    let style_tag = format!("<link rel=\"stylesheet\" href=\"{style}\">");
    Ok(sources
        .template
        .replace(STYLE, &style_tag)
        .replace(BOOT, &boot_tags))
}

/// Adds the glue and the modules it imports. Those keep their file names, because they may
/// import each other, and get a directory named after the content of all of them.
fn add_scripts(assets: &mut Assets, glue: &Glue) -> String {
    if glue.snippets.is_empty() {
        return assets.add("app", "js", glue.script.clone().into_bytes());
    }
    let mut all = String::new();
    for (path, text) in &glue.snippets {
        all.push_str(path);
        all.push_str(text);
    }
    let dir = format!("snippets-{}", hash(all.as_bytes()));
    for (path, text) in &glue.snippets {
        assets.add_as(format!("assets/{dir}/{path}"), text.clone().into_bytes());
    }
    let script = glue.script.replace("./snippets/", &format!("./{dir}/"));
    assets.add("app", "js", script.into_bytes())
}

/// `data-boot="failed"` on `<html>` lets the static page say so in words.
fn boot_module(script: &str, wasm: &str) -> String {
    format!(
        "import init from \"{script}\";\n\
         init({{ module_or_path: \"{wasm}\" }}).catch((cause) => {{\n  \
         document.documentElement.dataset.boot = \"failed\";\n  \
         throw cause;\n\
         }});\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glue() -> Glue {
        Glue {
            wasm: b"\0asm".to_vec(),
            script: "import { a } from './snippets/x-1/inline0.js'; export default 1;".to_owned(),
            snippets: vec![(
                "x-1/inline0.js".to_owned(),
                "export const a = 1;".to_owned(),
            )],
        }
    }

    fn sources(template: &str) -> Sources {
        Sources {
            style: "p{}".to_owned(),
            template: template.to_owned(),
            public: Vec::new(),
        }
    }

    #[test]
    fn the_page_has_no_inline_script_and_no_placeholder_left() {
        let mut assets = Assets::default();
        let page = assemble(
            &mut assets,
            &sources("<head>{{style}}{{boot}}</head>"),
            &glue(),
        )
        .unwrap();
        assert!(!page.contains("{{"));
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("<script type=\"module\" src=\"/assets/boot-"));
        assert!(page.contains("<link rel=\"stylesheet\" href=\"/assets/style-"));
    }

    #[test]
    fn a_template_without_a_placeholder_is_refused() {
        let mut assets = Assets::default();
        assert!(assemble(&mut assets, &sources("{{style}}"), &glue()).is_err());
        assert!(assemble(&mut assets, &sources("{{style}}{{boot}}{{boot}}"), &glue()).is_err());
    }

    #[test]
    fn modules_of_crates_are_imported_from_where_they_are_written() {
        let mut assets = Assets::default();
        assemble(&mut assets, &sources("{{style}}{{boot}}"), &glue()).unwrap();
        let dir = tempdir("snippets");
        let sizes = assets.write(&dir).unwrap();
        let snippet = sizes
            .iter()
            .find(|size| size.name.ends_with("inline0.js"))
            .unwrap();
        let script = sizes
            .iter()
            .find(|size| size.name.starts_with("assets/app-") && size.name.ends_with(".js"))
            .unwrap();
        let text = std::fs::read_to_string(dir.join(&script.name)).unwrap();
        let import = snippet.name.replace("assets/", "./");
        assert!(text.contains(&import), "{text} does not import {import}");
        std::fs::remove_dir_all(dir).unwrap();
    }

    fn tempdir(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("bundle-{name}-{}", std::process::id()))
    }
}
