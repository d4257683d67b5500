//! Links between the documents.

use std::collections::BTreeSet;

use crate::tree::Text;

/// Relative links in Markdown that lead to no file or no heading. `paths` is every file of the
/// repository.
#[must_use]
pub fn problems(texts: &[Text], paths: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    for text in texts.iter().filter(|text| text.extension() == "md") {
        for link in links_of(&text.content) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() {
                text.path.clone()
            } else {
                resolve(&text.path, file)
            };
            let prefix = format!("{}/", target.trim_end_matches('/'));
            let is_dir = paths.iter().any(|path| path.starts_with(&prefix));
            if !paths.contains(&target) && !is_dir {
                problems.push(format!("{}: the link {link} leads nowhere", text.path));
            } else if !heading.is_empty()
                && let Some(document) = texts.iter().find(|other| other.path == target)
                && !headings_of(&document.content).contains(heading)
            {
                problems.push(format!(
                    "{}: the link {link} leads to no heading",
                    text.path
                ));
            }
        }
    }
    problems
}

/// Targets of `[text](target)` and `![text](target)` outside code.
fn links_of(content: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in lines_outside_code(content) {
        // Every second piece between backquotes is code.
        for piece in line.split('`').step_by(2) {
            for after in piece.split("](").skip(1) {
                if let Some((target, _)) = after.split_once(')') {
                    let target = target.split(' ').next().unwrap_or_default();
                    links.push(target.to_owned());
                }
            }
        }
    }
    links
}

fn lines_outside_code(content: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    content.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// The anchors that a forge makes of the headings: lower case, spaces to `-`, no punctuation.
fn headings_of(content: &str) -> BTreeSet<String> {
    lines_outside_code(content)
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            title
                .chars()
                .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

/// `link` as seen from the directory of `from`, without `.` and `..`.
fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(content: &str) -> usize {
        let texts = [
            Text::new("docs/a.md", content),
            Text::new("README.md", "# One\n\n## Where to look next\n"),
        ];
        let paths = ["docs/a.md", "README.md", "docs/visit.png"]
            .map(str::to_owned)
            .into();
        problems(&texts, &paths).len()
    }

    #[test]
    fn links_to_files_directories_and_headings_are_followed() {
        assert_eq!(found("[r](../README.md) ![v](visit.png) [d](../docs)"), 0);
        assert_eq!(found("[r](../README.md#where-to-look-next)"), 0);
        assert_eq!(found("# Here\n[h](#here)"), 0);
    }

    #[test]
    fn a_dead_link_is_found() {
        assert_eq!(found("[r](README.md)"), 1);
        assert_eq!(found("[r](../README.md#nothing)"), 1);
    }

    #[test]
    fn code_and_the_web_are_left_alone() {
        assert_eq!(
            found("`[a](b)` [w](https://example.org/x)\n```\n[a](b)\n```"),
            0
        );
    }
}
