//! The demo accounts that documents promise.

use std::collections::BTreeSet;

use crate::tree::Text;

/// The part that every address of the demo clinic ends with.
const DOMAIN: &str = "@demo.clinic";

/// Addresses in `documents` that `source` does not make, and a password that is another one.
/// `source` is the file that furnishes the demo clinic.
#[must_use]
pub fn problems(source: &Text, documents: &[&Text]) -> Vec<String> {
    let made = addresses(&source.content);
    let password = password(&source.content);
    let mut problems = Vec::new();
    for document in documents {
        for address in addresses(&document.content).difference(&made) {
            problems.push(format!(
                "{}: nobody makes the account {address}",
                document.path
            ));
        }
        if !password.is_some_and(|password| document.content.contains(password)) {
            problems.push(format!(
                "{}: the password of the demo is another one",
                document.path
            ));
        }
    }
    problems
}

fn addresses(content: &str) -> BTreeSet<String> {
    let words = content.split(|c: char| !(c.is_alphanumeric() || "@.-_".contains(c)));
    let addresses = words.filter(|word| word.ends_with(DOMAIN) && word.len() > DOMAIN.len());
    addresses.map(str::to_owned).collect()
}

fn password(source: &str) -> Option<&str> {
    let (_, after) = source.split_once("DEMO_PASSWORD: &str = \"")?;
    Some(after.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "const DEMO_PASSWORD: &str = \"secret-1\"; a(\"ann@demo.clinic\")";

    fn found(document: &str) -> usize {
        let source = Text::new("people.rs", SOURCE);
        problems(&source, &[&Text::new("README.md", document)]).len()
    }

    #[test]
    fn a_document_may_name_those_who_are_made() {
        assert_eq!(found("`ann@demo.clinic` with secret-1"), 0);
    }

    #[test]
    fn an_account_that_nobody_makes_and_a_wrong_password_are_found() {
        assert_eq!(found("`bob@demo.clinic` with secret-1"), 1);
        assert_eq!(found("`ann@demo.clinic` with secret-2"), 1);
    }
}
