//! Laws that hold for any draft and chart.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::OnceLock;

use clinical_safety::*;
use proptest::prelude::*;

fn rules() -> &'static RuleSet {
    static RULES: OnceLock<RuleSet> = OnceLock::new();
    RULES.get_or_init(|| embedded().unwrap())
}

fn ids() -> &'static [String] {
    static IDS: OnceLock<Vec<String>> = OnceLock::new();
    IDS.get_or_init(|| {
        rules()
            .substances()
            .map(|substance| substance.id.to_string())
            .collect()
    })
}

fn drug() -> impl Strategy<Value = Drug> {
    prop_oneof![
        9 => prop::sample::select(ids()).prop_map(|id| Drug::Substance(SubstanceId::new(id))),
        1 => ".{0,12}".prop_map(Drug::FreeText),
        1 => ".{0,12}".prop_map(|id| Drug::Substance(SubstanceId::new(id))),
    ]
}

fn dose() -> impl Strategy<Value = Option<Dose>> {
    prop::option::of(
        (
            0.001..20_000.0,
            prop::sample::select(vec![
                DoseUnit::Mg,
                DoseUnit::G,
                DoseUnit::Iu,
                DoseUnit::Piece,
            ]),
        )
            .prop_map(|(amount, unit)| Dose::new(amount, unit).unwrap()),
    )
}

fn frequency() -> impl Strategy<Value = Option<Frequency>> {
    prop::option::of((0.1..8.0).prop_map(|times| Frequency::per_day(times).unwrap()))
}

fn route() -> impl Strategy<Value = Option<Route>> {
    prop::option::of(prop::sample::select(vec![
        Route::Oral,
        Route::Topical,
        Route::Inhaled,
        Route::Ophthalmic,
    ]))
}

fn code() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "E11.9", "N18.5", "J45", "I50.9", "K25", "G40", "O24", "I45.8", "E16.2", "D55.0", "F17"
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ]
}

fn line() -> impl Strategy<Value = Line> {
    (
        drug(),
        dose(),
        frequency(),
        route(),
        prop::option::of(code()),
    )
        .prop_map(|(drug, dose, frequency, route, indication)| Line {
            drug,
            dose,
            frequency,
            route,
            indication,
            ..Line::of("", "")
        })
}

fn draft() -> impl Strategy<Value = Draft> {
    prop::collection::vec(line(), 1..6).prop_map(|lines| {
        let named = lines.into_iter().enumerate().map(|(n, line)| Line {
            id: LineRef::new(format!("line {n}")),
            ..line
        });
        Draft::new(named.collect()).unwrap()
    })
}

fn allergen() -> impl Strategy<Value = Allergen> {
    prop_oneof![
        prop::sample::select(ids()).prop_map(|id| Allergen::Substance(SubstanceId::new(id))),
        prop::sample::select(vec![
            "penicillin",
            "nsaid",
            "beta_lactam",
            "sulfonamide_antibiotic",
            "cephalosporin",
            "x"
        ])
        .prop_map(|group| Allergen::Group(group.to_owned())),
        ".{0,8}".prop_map(Allergen::FreeText),
    ]
}

fn allergy() -> impl Strategy<Value = Allergy> {
    let sure = prop::sample::select(vec![
        Verification::Confirmed,
        Verification::Unconfirmed,
        Verification::Refuted,
    ]);
    (allergen(), sure).prop_map(|(allergen, verification)| Allergy {
        id: FactRef::new(""),
        allergen,
        severity: Severity::Unknown,
        verification,
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    (code(), any::<bool>()).prop_map(|(code, active)| Condition {
        id: FactRef::new(""),
        code,
        status: if active {
            ConditionStatus::Active
        } else {
            ConditionStatus::Resolved
        },
    })
}

fn medicine() -> impl Strategy<Value = ActiveMedicine> {
    (drug(), dose(), frequency(), route()).prop_map(|(drug, dose, frequency, route)| {
        ActiveMedicine {
            id: FactRef::new(""),
            drug,
            dose,
            frequency,
            route,
        }
    })
}

fn chart() -> impl Strategy<Value = Chart> {
    let person = (
        prop::option::of(0u16..1200),
        prop::sample::select(vec![Sex::Female, Sex::Male, Sex::Unknown]),
        prop::option::of(2.0..150.0),
        prop_oneof![
            Just(Pregnancy::Unknown),
            Just(Pregnancy::No),
            prop::option::of(0u8..45).prop_map(|weeks| Pregnancy::Yes { weeks })
        ],
        prop::sample::select(vec![
            Breastfeeding::Unknown,
            Breastfeeding::No,
            Breastfeeding::Yes,
        ]),
        prop::option::of(3.0..120.0),
    );
    let facts = (
        prop::collection::vec(allergy(), 0..4),
        prop::collection::vec(condition(), 0..5),
        prop::collection::vec(medicine(), 0..8),
        prop::collection::vec(1.0..30.0f64, 0..3),
    );
    (person, facts).prop_map(
        |(
            (age, sex, weight, pregnancy, breastfeeding, egfr),
            (allergies, conditions, medicines, glucose),
        )| {
            let mut chart = Chart {
                version: 1,
                age_months: age,
                sex,
                weight_kg: weight,
                pregnancy,
                breastfeeding,
                allergies,
                conditions,
                medicines,
                egfr_ml_min: egfr,
                glucose: glucose
                    .into_iter()
                    .enumerate()
                    .map(|(n, mmol_per_l)| Glucose {
                        id: FactRef::new(format!("glucose {n}")),
                        mmol_per_l,
                    })
                    .collect(),
                unknown: BTreeSet::new(),
            };
            for (n, entry) in chart.allergies.iter_mut().enumerate() {
                entry.id = FactRef::new(format!("allergy {n}"));
            }
            for (n, entry) in chart.conditions.iter_mut().enumerate() {
                entry.id = FactRef::new(format!("condition {n}"));
            }
            for (n, entry) in chart.medicines.iter_mut().enumerate() {
                entry.id = FactRef::new(format!("medicine {n}"));
            }
            chart
        },
    )
}

/// Every finding of `before` is in `after`, at the same level or higher.
fn kept(before: &Report, after: &Report) {
    for old in &before.findings {
        let new = after.findings.iter().find(|new| new.key() == old.key());
        assert!(
            new.is_some_and(|new| new.level >= old.level),
            "{} is gone or weaker",
            old.rule
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_new_allergy_only_adds(draft in draft(), chart in chart(), new in allergy()) {
        let mut more = chart.clone();
        more.allergies.push(Allergy { id: FactRef::new("new"), ..new });
        kept(&check(rules(), &draft, &chart), &check(rules(), &draft, &more));
    }

    #[test]
    fn a_new_condition_only_adds(draft in draft(), chart in chart(), new in condition()) {
        let mut more = chart.clone();
        more.conditions.push(Condition { id: FactRef::new("new"), ..new });
        kept(&check(rules(), &draft, &chart), &check(rules(), &draft, &more));
    }

    #[test]
    fn a_new_medicine_only_adds(draft in draft(), chart in chart(), new in medicine()) {
        let mut more = chart.clone();
        more.medicines.push(ActiveMedicine { id: FactRef::new("new"), ..new });
        kept(&check(rules(), &draft, &chart), &check(rules(), &draft, &more));
    }

    #[test]
    fn a_new_line_only_adds(draft in draft(), chart in chart(), new in line()) {
        let mut lines = draft.lines().to_vec();
        lines.push(Line { id: LineRef::new("new"), ..new });
        let more = Draft::new(lines).unwrap();
        kept(&check(rules(), &draft, &chart), &check(rules(), &more, &chart));
    }

    #[test]
    fn the_order_of_lines_and_facts_does_not_matter(draft in draft(), chart in chart()) {
        let mut lines = draft.lines().to_vec();
        lines.reverse();
        let mut turned = chart.clone();
        turned.allergies.reverse();
        turned.conditions.reverse();
        turned.medicines.reverse();
        turned.glucose.reverse();
        let report = check(rules(), &draft, &chart);
        prop_assert!(report == check(rules(), &Draft::new(lines).unwrap(), &turned));
        prop_assert!(report.findings.windows(2).all(|pair| pair[0].level >= pair[1].level));
    }

    #[test]
    fn a_line_nobody_can_check_is_never_passed_in_silence(text in ".{0,40}", chart in chart()) {
        let line = Line { drug: Drug::FreeText(text), ..Line::of("1", "") };
        let report = check(rules(), &Draft::new(vec![line]).unwrap(), &chart);
        prop_assert!(report.level() >= Some(Level::Justify));
    }
}
