//! Budgets of files and names that say nothing.

use crate::tree::Text;

/// Lines of Rust that a file may have, its tests not counted.
pub const FILE_LINES_MAX: usize = 600;
/// Lines above which a file is named in the report, because it should be cut soon.
pub const FILE_LINES_SOFT: usize = 400;
/// A crate's front door lists modules; it has no room for logic.
pub const LIB_LINES_MAX: usize = 150;
/// File names under which everything and nothing belongs.
const EMPTY_NAMES: [&str; 7] = [
    "utils", "util", "helpers", "common", "misc", "types", "manager",
];

/// Files over a hard budget or with an empty name.
#[must_use]
pub fn problems(texts: &[Text]) -> Vec<String> {
    let mut problems = Vec::new();
    for text in texts.iter().filter(|text| text.extension() == "rs") {
        if has_empty_name(&text.path) {
            problems.push(format!(
                "{}: the name says nothing about the content",
                text.path
            ));
        }
        if is_test(&text.path) {
            continue;
        }
        let lines = product_lines(&text.content);
        let max = if text.path.ends_with("src/lib.rs") {
            LIB_LINES_MAX
        } else {
            FILE_LINES_MAX
        };
        if lines > max {
            problems.push(format!("{}: {lines} lines, the budget is {max}", text.path));
        }
    }
    problems
}

/// Files over the soft budget, for the report.
#[must_use]
pub fn worth_cutting(texts: &[Text]) -> Vec<String> {
    let rust = texts
        .iter()
        .filter(|text| text.extension() == "rs" && !is_test(&text.path));
    rust.map(|text| (product_lines(&text.content), &text.path))
        .filter(|&(lines, _)| lines > FILE_LINES_SOFT)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect()
}

fn is_test(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "tests" || part == "benches")
        || path.ends_with("/tests.rs")
}

fn has_empty_name(path: &str) -> bool {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    stem.rsplit('/')
        .take(2)
        .any(|part| EMPTY_NAMES.contains(&part))
}

/// Lines before the test module, which stands last in a file.
fn product_lines(content: &str) -> usize {
    let mut lines = content.lines().peekable();
    let mut count = 0;
    while let Some(line) = lines.next() {
        let opens_tests = lines.peek().is_some_and(|next| {
            next.starts_with("mod ") && next.ends_with('{') || next.starts_with("#[expect")
        });
        if line == "#[cfg(test)]" && opens_tests {
            break;
        }
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(path: &str, lines: usize) -> Text {
        Text::new(path, &"let a = 1;\n".repeat(lines))
    }

    #[test]
    fn a_file_at_the_budget_passes_and_one_line_more_does_not() {
        assert!(problems(&[rust("sfu/core/src/room.rs", FILE_LINES_MAX)]).is_empty());
        assert_eq!(
            problems(&[rust("sfu/core/src/room.rs", FILE_LINES_MAX + 1)]).len(),
            1
        );
    }

    #[test]
    fn a_front_door_has_a_smaller_budget() {
        assert_eq!(
            problems(&[rust("sfu/core/src/lib.rs", LIB_LINES_MAX + 1)]).len(),
            1
        );
    }

    #[test]
    fn tests_do_not_count() {
        let mut text = rust("sfu/core/src/room.rs", FILE_LINES_MAX);
        text.content.push_str("#[cfg(test)]\nmod tests {\n");
        text.content.push_str(&"    let b = 2;\n".repeat(900));
        assert!(problems(&[text]).is_empty());
        assert!(problems(&[rust("sfu/core/tests/two_rooms.rs", 900)]).is_empty());
    }

    #[test]
    fn a_name_for_everything_is_refused() {
        assert_eq!(problems(&[rust("web/app/src/utils.rs", 1)]).len(), 1);
        assert_eq!(problems(&[rust("web/app/src/common/mod.rs", 1)]).len(), 1);
        assert!(problems(&[rust("web/app/src/session.rs", 1)]).is_empty());
    }

    #[test]
    fn a_long_file_is_named_before_it_is_refused() {
        assert_eq!(
            worth_cutting(&[rust("a/src/b.rs", FILE_LINES_SOFT + 1)]).len(),
            1
        );
        assert!(worth_cutting(&[rust("a/src/b.rs", FILE_LINES_SOFT)]).is_empty());
    }
}
