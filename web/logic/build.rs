//! Turns the text catalogue into `Key`, `Plural` and their tables.
//!
//! `texts/en/*.json` and `texts/fr/*.json` are flat objects. The build fails when a key stands in
//! one language only, when its placeholders differ, or when a plural lacks one of its two forms.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

type Texts = BTreeMap<String, String>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Asked when it runs: a build that is kept may have been made in another folder.
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?;
    let root = Path::new(&folder).join("texts");
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", root.display())?;
    let english = load(&root.join("en"))?;
    let french = load(&root.join("fr"))?;
    let faults = compare(&english, &french);
    if !faults.is_empty() {
        return Err(faults.join("\n").into());
    }
    let out = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    fs::write(
        Path::new(&out).join("texts.rs"),
        generate(&english, &french)?,
    )?;
    Ok(())
}

fn load(folder: &Path) -> Result<Texts, Box<dyn std::error::Error>> {
    let mut texts = Texts::new();
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    files.sort();
    for file in files {
        let part: Texts = serde_json::from_slice(&fs::read(&file)?)
            .map_err(|fault| format!("{}: {fault}", file.display()))?;
        for (key, text) in part {
            if !key
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            {
                return Err(format!("{}: {key} is not snake_case", file.display()).into());
            }
            if texts.insert(key.clone(), text).is_some() {
                return Err(format!("{}: {key} stands twice", file.display()).into());
            }
        }
    }
    Ok(texts)
}

fn compare(english: &Texts, french: &Texts) -> Vec<String> {
    let mut faults = Vec::new();
    for key in english.keys().chain(french.keys()).collect::<BTreeSet<_>>() {
        match (english.get(key), french.get(key)) {
            (Some(en), Some(fr)) => {
                if placeholders(en) != placeholders(fr) {
                    faults.push(format!("{key}: the placeholders differ"));
                }
                if en.trim().is_empty() || fr.trim().is_empty() {
                    faults.push(format!("{key}: empty"));
                }
            }
            (None, _) => faults.push(format!("{key}: missing in English")),
            (_, None) => faults.push(format!("{key}: missing in French")),
        }
        let other = match (key.strip_suffix("_one"), key.strip_suffix("_other")) {
            (Some(stem), _) => format!("{stem}_other"),
            (_, Some(stem)) => format!("{stem}_one"),
            _ => continue,
        };
        if !english.contains_key(&other) {
            faults.push(format!("{key}: there is no {other}"));
        }
    }
    faults
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

fn generate(english: &Texts, french: &Texts) -> Result<String, std::fmt::Error> {
    let is_plural = |key: &str| key.ends_with("_one") || key.ends_with("_other");
    let mut code = String::new();
    writeln!(code, "/// One text of the catalogue.")?;
    writeln!(
        code,
        "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\n#[repr(u16)]\npub enum Key {{"
    )?;
    for (key, text) in english.iter().filter(|(key, _)| !is_plural(key)) {
        writeln!(
            code,
            "    /// `{}`\n    {},",
            text.replace(['`', '\n'], " "),
            camel(key)
        )?;
    }
    writeln!(code, "}}\n\nconst TEXTS: &[[&str; 2]] = &[")?;
    for (key, text) in english.iter().filter(|(key, _)| !is_plural(key)) {
        writeln!(code, "    [{text:?}, {:?}],", french[key])?;
    }
    writeln!(code, "];\n\n/// One text with a number in it.")?;
    writeln!(
        code,
        "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\n#[repr(u16)]\npub enum Plural {{"
    )?;
    let stems: Vec<&str> = english
        .keys()
        .filter_map(|key| key.strip_suffix("_one"))
        .collect();
    for stem in &stems {
        let text = english[&format!("{stem}_other")].replace(['`', '\n'], " ");
        writeln!(code, "    /// `{text}`\n    {},", camel(stem))?;
    }
    writeln!(code, "}}\n\nconst PLURALS: &[[[&str; 2]; 2]] = &[")?;
    for stem in &stems {
        let (one, other) = (format!("{stem}_one"), format!("{stem}_other"));
        writeln!(
            code,
            "    [[{:?}, {:?}], [{:?}, {:?}]],",
            english[&one], english[&other], french[&one], french[&other]
        )?;
    }
    writeln!(code, "];")?;
    Ok(code)
}

fn camel(key: &str) -> String {
    let mut name = String::new();
    for word in key.split('_') {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}
