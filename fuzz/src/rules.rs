//! Interaction lists that a clinic imports.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use clinical_safety::importers::{
    File, Import, List, Names, Pairs, Side, ansm, crescenddi, negatives, pairs, pddi,
};
use clinical_safety::{RuleSet, SubstanceId};

/// Three medicines are enough for pairs, and are read in no time.
const FORMULARY: &str = include_str!("formulary.toml");

struct Known {
    rules: RuleSet,
    names: Names,
}

static KNOWN: LazyLock<Option<Known>> = LazyLock::new(|| {
    let rules = RuleSet::parse(&[("formulary.toml", FORMULARY)]).ok()?;
    let names = Names::of(&rules);
    Some(Known { rules, names })
});

/// A list behind a line with its kind; the two files of the French one have an empty line between them.
pub(crate) fn import(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    assert!(KNOWN.is_some(), "the formulary cannot be read");
    let Some(Known { rules, names }) = &*KNOWN else {
        return;
    };
    let (kind, text) = text.split_once('\n').unwrap_or((text, ""));
    let file = |text| File { name: "list", text };
    let import = match kind {
        "pairs" => {
            if let Ok(found) = pairs(file(text), rules) {
                table(&found, rules);
            }
            return;
        }
        "ansm" => {
            let (index, thesaurus) = text.split_once("\n\n").unwrap_or((text, ""));
            ansm(file(index), file(thesaurus), names)
        }
        "onc" => pddi(file(text), List::HighPriority, names),
        "controls" => {
            let _ = negatives(file(text));
            crescenddi(file(text), names)
        }
        _ => return,
    };
    if let Ok(import) = import {
        list(&import, rules);
    }
}

/// What a table of a clinic's own gives: each row counted, each pair once, all of it as rules.
fn table(found: &Pairs, rules: &RuleSet) {
    assert!(found.pairs.len() + found.refused.len() <= found.rows);
    let known = |id: &SubstanceId| rules.substance(id).is_some();
    let mut seen = BTreeSet::new();
    for pair in &found.pairs {
        assert!(pair.one != pair.other && known(&pair.one) && known(&pair.other));
        let key = (&pair.one).min(&pair.other);
        assert!(seen.insert((key, (&pair.one).max(&pair.other))), "twice");
    }
    let written = found.to_toml();
    assert!(written.is_ok());
    let shipped = [("formulary.toml", FORMULARY)];
    let together = RuleSet::with_import(&shipped, &written.unwrap_or_default());
    let count = rules.rules().len() + found.pairs.len();
    assert!(together.is_ok_and(|it| it.rules().len() == count));
}

/// What a list of others gives: only medicines of the formulary, groups that exist, a text of rules.
fn list(import: &Import, rules: &RuleSet) {
    let known = |id: &SubstanceId| rules.substance(id).is_some();
    for group in import.groups.values() {
        assert!(!group.medicines.is_empty() && group.medicines.iter().all(known));
    }
    let mut seen = BTreeSet::new();
    for it in &import.interactions {
        for side in [&it.one, &it.other] {
            assert!(match side {
                Side::Medicine(id) => known(id),
                Side::Group(slug) => import.groups.contains_key(slug),
            });
        }
        let pair = ((&it.one).min(&it.other), (&it.one).max(&it.other));
        assert!(seen.insert(pair), "twice");
    }
    let written = import.to_toml();
    assert!(written.is_ok());
    let written = written.unwrap_or_default();
    let files = [
        ("formulary.toml", FORMULARY),
        ("imported.toml", written.as_str()),
    ];
    let together = RuleSet::parse(&files);
    assert!(together.is_ok_and(|it| it.rules().len() == import.interactions.len()));
}
