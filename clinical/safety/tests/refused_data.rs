//! Data that names what does not exist, or says too little, is refused with its place.

use clinical_safety::{DataError, RuleSet};

const BASE: &str = r#"
date = "2026-01-01"
[[source]]
id = "book"
title = "A book"
year = 2020
[[class]]
id = "family"
en = "family"
fr = "famille"
[[substance]]
id = "a"
en = "a"
fr = "a"
atc = ["A01AA01"]
classes = ["family"]
controlled = false
source = ["book"]
"#;

const RULE: &str = r#"
[[rule]]
id = "r"
kind = "drug_condition"
drug = { class = "family" }
condition = ["E11"]
level = "justify"
en = "effect"
fr = "effet"
evidence = "A"
source = ["book"]
"#;

fn parse(rule: &str) -> Result<RuleSet, DataError> {
    RuleSet::parse(&[("base.toml", BASE), ("rules/r.toml", rule)])
}

#[test]
fn a_small_data_set_is_read() {
    assert_eq!(parse(RULE).unwrap().rules().len(), 1);
}

#[test]
fn what_is_named_must_exist() {
    for (from, to, at) in [
        ("class = \"family\"", "class = \"nobody\"", "drug"),
        ("class = \"family\"", "substance = \"nobody\"", "drug"),
        ("source = [\"book\"]", "source = [\"nobody\"]", "source"),
        ("level =", "safer = [\"nobody\"]\nlevel =", "safer"),
    ] {
        match parse(&RULE.replace(from, to)) {
            Err(DataError::Unknown {
                file,
                entry,
                field,
                value,
            }) => {
                assert_eq!(
                    (file.as_str(), entry.as_str(), field),
                    ("rules/r.toml", "r", at)
                );
                assert_eq!(value, "nobody");
            }
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn what_is_missing_is_named() {
    for (from, to, at) in [
        ("condition = [\"E11\"]", "", "condition"),
        ("source = [\"book\"]", "source = []", "source"),
        ("drug_condition", "renal", "below_ml_min"),
        ("drug_condition", "drug_drug", "other"),
        ("drug_condition", "drug_allergy", "allergy"),
        ("drug_condition", "age", "below_months"),
        ("drug_condition", "dose", "max_daily_mg"),
        ("drug_condition", "unchecked", "kind"),
        ("level =", "advice_en = \"do\"\nlevel =", "advice_fr"),
    ] {
        match parse(&RULE.replace(from, to)) {
            Err(DataError::Field { entry, field, .. }) => {
                assert_eq!((entry.as_str(), field), ("r", at));
            }
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn a_name_can_be_used_once() {
    assert!(
        matches!(parse(&format!("{RULE}{RULE}")), Err(DataError::Duplicate { entry, .. }) if entry == "r")
    );
}

#[test]
fn a_field_nobody_knows_and_a_second_date_are_refused() {
    assert!(
        matches!(parse(&format!("{RULE}surprise = 1\n")), Err(DataError::Syntax { file, .. }) if file == "rules/r.toml")
    );
    assert!(matches!(
        parse(&format!("date = \"2026-01-02\"\n{RULE}")),
        Err(DataError::Date)
    ));
}

#[test]
fn a_class_cannot_be_its_own_parent() {
    let base = BASE.replace("fr = \"famille\"", "fr = \"famille\"\nparent = \"family\"");
    assert!(matches!(
        RuleSet::parse(&[("base.toml", &base)]),
        Err(DataError::Field {
            field: "parent",
            ..
        })
    ));
}
