//! Files and tests that documents promise.

use std::collections::BTreeSet;

use crate::tree::Text;

/// A name with so many underscores is a sentence, and so a test.
const UNDERSCORES_MIN: usize = 3;
/// Where paths of this repository begin; other words with a slash mean something else.
const FOLDERS: [&str; 11] = [
    ".ci/",
    "clinical/",
    "deploy/",
    "docs/",
    "fuzz/",
    "recordings/",
    "scripts/",
    "sfu/",
    "signaling/",
    "tests/",
    "web/",
];

/// Tests and files between backquotes in the tables of `documents` that are not there. `texts` are the
/// sources, `paths` every file of the repository.
#[must_use]
pub fn problems(documents: &[&Text], texts: &[Text], paths: &BTreeSet<String>) -> Vec<String> {
    let tests = functions(texts);
    let mut problems = Vec::new();
    for document in documents {
        let rows = document.content.lines().enumerate();
        for (index, row) in rows.filter(|(_, line)| line.starts_with('|')) {
            let at = || format!("{}:{}", document.path, index + 1);
            // Every second piece between backquotes is code.
            for word in row.split('`').skip(1).step_by(2) {
                if is_test(word) && !tests.contains(word) {
                    problems.push(format!("{}: there is no test {word}", at()));
                } else if is_path(word) && !exists(word, paths) {
                    problems.push(format!("{}: there is no {word}", at()));
                }
            }
        }
    }
    problems
}

fn is_test(word: &str) -> bool {
    let is_name = word
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    is_name && word.matches('_').count() >= UNDERSCORES_MIN
}

fn is_path(word: &str) -> bool {
    FOLDERS.iter().any(|folder| word.starts_with(folder)) && !word.contains(' ')
}

fn exists(path: &str, paths: &BTreeSet<String>) -> bool {
    let folder = format!("{}/", path.trim_end_matches('/'));
    paths.contains(path) || paths.iter().any(|it| it.starts_with(&folder))
}

/// Names of functions; a test that a macro makes is written like one, too.
fn functions(texts: &[Text]) -> BTreeSet<&str> {
    let sources = texts.iter().filter(|text| text.extension() == "rs");
    let lines = sources.flat_map(|text| text.content.lines());
    let names = lines.filter_map(|line| {
        let (before, after) = line.split_once("fn ")?;
        let is_code = before.is_empty() || before.ends_with(' ');
        let (name, _) = after.split_once(['(', '<'])?;
        (is_code && !before.contains("//")).then_some(name)
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(document: &str) -> usize {
        let documents = [&Text::new("docs/a.md", document)];
        let texts = [Text::new(
            "sfu/a.rs",
            "    async fn nobody_hears_a_mute(db) {\n",
        )];
        let paths = ["sfu/a.rs".to_owned()].into();
        problems(&documents, &texts, &paths).len()
    }

    #[test]
    fn tests_and_files_that_are_there_are_no_problem() {
        assert_eq!(
            found("| x | `sfu/a.rs`, `sfu` | `nobody_hears_a_mute` |"),
            0
        );
        assert_eq!(found("| `short_name` | `text/html` | not `made` |"), 0);
    }

    #[test]
    fn a_test_and_a_file_that_are_not_there_are_found() {
        assert_eq!(found("| x | `sfu/b.rs` | `nobody_hears_a_whisper` |"), 2);
        assert_eq!(found("no table: `nobody_hears_a_whisper`"), 0);
    }
}
