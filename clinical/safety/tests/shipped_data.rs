//! The data set that ships: it loads, is large enough, and no rule in it is dead.

use clinical_safety::{RuleSet, Selector, Trigger, embedded, embedded_files};

fn covered(rules: &RuleSet, selector: &Selector) -> bool {
    rules
        .substances()
        .any(|substance| rules.selects(selector, &substance.id))
}

#[test]
fn the_shipped_data_set_is_complete_and_has_the_promised_size() {
    let rules = embedded().unwrap();
    assert!(
        rules.substances().count() >= 250,
        "{} medicines",
        rules.substances().count()
    );
    assert!(rules.rules().len() >= 400, "{} rules", rules.rules().len());
    assert_eq!(rules.version().sha256().len(), 64);
    assert!(rules.version_text().starts_with(rules.version().date()));
}

#[test]
fn every_shipped_rule_can_fire() {
    let rules = embedded().unwrap();
    let dead: Vec<&str> = rules
        .rules()
        .iter()
        .filter(|rule| {
            let other = match &rule.trigger {
                Trigger::Drug(other) => covered(&rules, other),
                _ => true,
            };
            !covered(&rules, &rule.drug) || !other
        })
        .map(|rule| rule.id.as_str())
        .collect();
    assert_eq!(dead, Vec::<&str>::new());
}

#[test]
fn every_shipped_text_is_written_in_both_languages() {
    let rules = embedded().unwrap();
    for rule in rules.rules() {
        for text in std::iter::once(&rule.text).chain(&rule.advice) {
            assert!(
                !text.fr.trim().is_empty() && !text.en.trim().is_empty(),
                "{}",
                rule.id
            );
            assert_ne!(text.fr, text.en, "{}", rule.id);
        }
    }
}

#[test]
fn a_hard_stop_never_rests_on_a_mechanism_alone() {
    let rules = embedded().unwrap();
    let weak: Vec<&str> = rules
        .rules()
        .iter()
        .filter(|rule| {
            rule.level == clinical_safety::Level::Contraindicated
                && rule.evidence == clinical_safety::Evidence::C
        })
        .map(|rule| rule.id.as_str())
        .collect();
    assert_eq!(weak, Vec::<&str>::new());
}

#[test]
fn the_version_follows_the_content_and_not_the_order_or_the_line_ends() {
    let files = embedded_files();
    let version = embedded().unwrap().version().clone();
    let mut turned = files.to_vec();
    turned.reverse();
    assert_eq!(*RuleSet::parse(&turned).unwrap().version(), version);

    let windows: Vec<(String, String)> = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.replace('\n', "\r\n")))
        .collect();
    let windows: Vec<(&str, &str)> = windows
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    assert_eq!(*RuleSet::parse(&windows).unwrap().version(), version);

    let mut changed: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (*name, (*text).to_owned()))
        .collect();
    changed[0].1.push_str("\n# one more line\n");
    let changed: Vec<(&str, &str)> = changed
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    assert_ne!(*RuleSet::parse(&changed).unwrap().version(), version);
}
