//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// A text file of the repository.
#[derive(Debug, Clone)]
pub struct Text {
    /// Path from the repository's root, with `/` between the parts.
    pub path: String,
    /// What it holds.
    pub content: String,
}

impl Text {
    /// For tests and for content that lies nowhere.
    #[must_use]
    pub fn new(path: &str, content: &str) -> Self {
        Self {
            path: path.to_owned(),
            content: content.to_owned(),
        }
    }

    /// The file's name without its directories.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The name's part after its last dot.
    #[must_use]
    pub fn extension(&self) -> &str {
        self.name()
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
    }
}

/// The repository's root: two above this crate.
pub fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .context("tidy lies in a repository")
}

/// Every path that git tracks and that is still there.
pub fn tracked_paths(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output()
        .context("cannot start git")?;
    ensure!(output.status.success(), "git ls-files failed");
    let list = String::from_utf8(output.stdout).context("a path is not UTF-8")?;
    let paths = list
        .split('\0')
        .filter(|path| !path.is_empty() && root.join(path).is_file());
    Ok(paths.map(str::to_owned).collect())
}

/// Sources of others, as they published them: none of our rules is for them.
const OF_OTHERS: &str = "vendor/";

/// Every tracked file of ours that is text.
pub fn tracked_texts(root: &Path) -> Result<Vec<Text>> {
    let mut texts = Vec::new();
    let paths = tracked_paths(root)?;
    for path in paths
        .into_iter()
        .filter(|path| !path.starts_with(OF_OTHERS))
    {
        let bytes = fs::read(root.join(&path)).with_context(|| format!("cannot read {path}"))?;
        if let Ok(content) = String::from_utf8(bytes) {
            texts.push(Text { path, content });
        }
    }
    Ok(texts)
}
