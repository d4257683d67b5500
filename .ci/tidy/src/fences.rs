//! Code in docstrings: what stands there is not run, so it must not look as if it were.

use crate::tree::Text;

/// Fences of Rust files that rustdoc would take for a test. Examples live in `tests/` and in
/// `examples/`, where they are compiled together with everything else.
#[must_use]
pub fn problems(texts: &[Text]) -> Vec<String> {
    let mut problems = Vec::new();
    for text in texts.iter().filter(|text| text.path.ends_with(".rs")) {
        let mut open = false;
        for (index, line) in text.content.lines().enumerate() {
            let line = line.trim_start();
            let doc = line
                .strip_prefix("///")
                .or_else(|| line.strip_prefix("//!"));
            let Some(language) = doc.and_then(|doc| doc.trim().strip_prefix("```")) else {
                continue;
            };
            if !open && !matches!(language, "text" | "json" | "toml" | "sh") {
                problems.push(format!(
                    "{}:{}: a fence that rustdoc would run; name it `text`, or write a test",
                    text.path,
                    index + 1
                ));
            }
            open = !open;
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(content: &str) -> usize {
        problems(&[Text::new("sfu/core/src/lib.rs", content)]).len()
    }

    #[test]
    fn a_fence_without_a_language_is_found_once() {
        assert_eq!(found("/// ```\n/// let a = 1;\n/// ```\n"), 1);
        assert_eq!(found("    //! ```rust\n    //! ```\n"), 1);
    }

    #[test]
    fn text_is_no_test() {
        assert_eq!(found("/// ```text\n/// a b\n/// ```\n"), 0);
    }
}
