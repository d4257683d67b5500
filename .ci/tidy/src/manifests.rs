//! What every crate takes over from the workspace.

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use crate::tree::Text;

/// Manifests that do not inherit the workspace's lints, and `clippy.toml` files that lost a
/// switch of the root: the nearest file wins and does not merge.
pub fn problems(texts: &[Text]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for text in texts.iter().filter(|text| text.name() == "Cargo.toml") {
        let manifest = parse(text)?;
        let is_package = manifest.contains_key("package");
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(Value::as_bool)
            .unwrap_or(false);
        if is_package && !inherits {
            problems.push(format!(
                "{}: [lints] workspace = true is missing",
                text.path
            ));
        }
    }
    let root = texts
        .iter()
        .find(|text| text.path == "clippy.toml")
        .context("no clippy.toml")?;
    let root = parse(root)?;
    for text in texts
        .iter()
        .filter(|text| text.path.ends_with("/clippy.toml"))
    {
        problems.extend(lost_switches(&root, text)?);
    }
    Ok(problems)
}

fn lost_switches(root: &Table, text: &Text) -> Result<Vec<String>> {
    let nested = parse(text)?;
    let mut problems = Vec::new();
    for (key, value) in root {
        let kept = match (value, nested.get(key)) {
            (Value::Array(wanted), Some(Value::Array(found))) => {
                wanted.iter().all(|entry| found.contains(entry))
            }
            (wanted, found) => found == Some(wanted),
        };
        if !kept {
            problems.push(format!(
                "{}: {key} of the root's clippy.toml is lost",
                text.path
            ));
        }
    }
    Ok(problems)
}

fn parse(text: &Text) -> Result<Table> {
    text.content
        .parse()
        .with_context(|| format!("{} is not TOML", text.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "too-many-lines-threshold = 80\ndisallowed-methods = [{ path = \"a\" }]\n";

    fn found(path: &str, content: &str) -> usize {
        let texts = [Text::new("clippy.toml", ROOT), Text::new(path, content)];
        problems(&texts).unwrap().len()
    }

    #[test]
    fn a_crate_without_the_lints_is_found() {
        assert_eq!(found("a/Cargo.toml", "[package]\nname = \"a\"\n"), 1);
        assert_eq!(
            found(
                "a/Cargo.toml",
                "[package]\nname = \"a\"\n[lints]\nworkspace = true\n"
            ),
            0
        );
        assert_eq!(found("Cargo.toml", "[workspace]\n"), 0);
    }

    #[test]
    fn a_stricter_clippy_file_keeps_the_switches_of_the_root() {
        let more = "too-many-lines-threshold = 80\ndisallowed-methods = [{ path = \"a\" }, { path = \"b\" }]\n";
        assert_eq!(found("a/clippy.toml", more), 0);
        assert_eq!(
            found("a/clippy.toml", "disallowed-methods = [{ path = \"b\" }]\n"),
            2
        );
    }
}
