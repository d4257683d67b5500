//! Words that must not be in a repository: paths of one machine, and promises nobody made.

use crate::tree::Text;

/// Places that exist on one machine only.
const MACHINE_PATHS: [&str; 3] = ["/root/", "/home/", "/Users/"];
/// A promise needs an owner and a date: `TODO(name, 2026-11-21)`.
const PROMISES: [&str; 3] = ["TODO", "FIXME", "XXX"];
/// Made by tools, or the list of these words itself.
const NOT_JUDGED: [&str; 3] = ["Cargo.lock", "package-lock.json", ".ci/tidy/src/words.rs"];

/// Lines with a word that must not be there.
#[must_use]
pub fn problems(texts: &[Text]) -> Vec<String> {
    let judged = texts
        .iter()
        .filter(|text| !NOT_JUDGED.iter().any(|end| text.path.ends_with(end)));
    let mut problems = Vec::new();
    for text in judged {
        for (index, line) in text.content.lines().enumerate() {
            let number = index + 1;
            for path in MACHINE_PATHS.iter().filter(|&&path| holds_path(line, path)) {
                problems.push(format!(
                    "{}:{number}: a path of one machine ({path})",
                    text.path
                ));
            }
            if has_loose_promise(line) {
                problems.push(format!(
                    "{}:{number}: a TODO without owner and date, like TODO(name, 2026-11-21)",
                    text.path
                ));
            }
        }
    }
    problems
}

/// Whether `path` stands in the line as the start of an absolute path, not inside a longer word
/// such as a URL path or `$HOME/root/`.
fn holds_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|c| !(c.is_alphanumeric() || "}/._-)*".contains(c)))
    })
}

fn has_loose_promise(line: &str) -> bool {
    PROMISES.iter().any(|promise| {
        line.match_indices(promise).any(|(at, word)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line.get(at + word.len()..).unwrap_or_default();
            let stands_alone = before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
                && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            stands_alone && !has_owner_and_date(after)
        })
    })
}

fn has_owner_and_date(after: &str) -> bool {
    let Some((inside, _)) = after
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
    else {
        return false;
    };
    let Some((owner, date)) = inside.split_once(',') else {
        return false;
    };
    let date = date.trim();
    let is_date = date.len() == 10
        && date.char_indices().all(|(index, c)| match index {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        });
    !owner.trim().is_empty() && is_date
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> usize {
        problems(&[Text::new("a.rs", line)]).len()
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        assert_eq!(found("read(\"/home/ann/key.pem\")"), 1);
        assert_eq!(found("cd /root/clinic"), 1);
    }

    #[test]
    fn a_path_that_only_looks_like_one_is_not() {
        assert_eq!(found("GET https://example.org/home/index"), 0);
        assert_eq!(found("$DIR/root/clinic"), 0);
    }

    #[test]
    fn a_promise_needs_owner_and_date() {
        assert_eq!(found("// TODO: later"), 1);
        assert_eq!(found("// FIXME(ann): later"), 1);
        assert_eq!(found("// TODO(ann, 2026-11-21): when str0m can"), 0);
        assert_eq!(found("let TODOS = 1;"), 0);
    }

    #[test]
    fn files_made_by_tools_are_not_judged() {
        assert!(problems(&[Text::new("Cargo.lock", "TODO")]).is_empty());
    }
}
