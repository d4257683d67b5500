//! The three stories the product was asked for, and one sense check per kind, with real medicines.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::OnceLock;

use clinical_safety::*;

fn rules() -> &'static RuleSet {
    static RULES: OnceLock<RuleSet> = OnceLock::new();
    RULES.get_or_init(|| embedded().unwrap())
}

/// A healthy adult of whom everything is known.
fn adult() -> Chart {
    Chart {
        age_months: Some(40 * 12),
        sex: Sex::Female,
        weight_kg: Some(65.0),
        pregnancy: Pregnancy::No,
        breastfeeding: Breastfeeding::No,
        egfr_ml_min: Some(95.0),
        unknown: BTreeSet::new(),
        ..Chart::unknown(7)
    }
}

fn condition(code: &str) -> Condition {
    Condition {
        id: FactRef::new(format!("condition {code}")),
        code: code.into(),
        status: ConditionStatus::Active,
    }
}

fn allergy(allergen: Allergen) -> Allergy {
    Allergy {
        id: FactRef::new("allergy 1"),
        allergen,
        severity: Severity::Severe,
        verification: Verification::Confirmed,
    }
}

fn medicine(substance: &str) -> ActiveMedicine {
    ActiveMedicine {
        id: FactRef::new(format!("takes {substance}")),
        drug: Drug::Substance(SubstanceId::new(substance)),
        dose: None,
        frequency: None,
        route: None,
    }
}

fn dosed(substance: &str, mg: f64, per_day: f64) -> Line {
    Line {
        dose: Some(Dose::new(mg, DoseUnit::Mg).unwrap()),
        frequency: Some(Frequency::per_day(per_day).unwrap()),
        ..Line::of("1", substance)
    }
}

fn run(line: Line, chart: &Chart) -> Report {
    check(rules(), &Draft::new(vec![line]).unwrap(), chart)
}

fn find<'a>(report: &'a Report, rule: &str) -> Option<&'a Finding> {
    report.findings.iter().find(|finding| finding.rule == rule)
}

fn level(report: &Report, kind: Kind) -> Option<Level> {
    report
        .findings
        .iter()
        .filter(|finding| finding.kind == kind)
        .map(|finding| finding.level)
        .max()
}

#[test]
fn glucose_is_contraindicated_for_a_person_with_diabetes_and_says_why() {
    for code in ["E11.9", "e119", "E10", "O24.4"] {
        let chart = Chart {
            conditions: vec![condition(code)],
            ..adult()
        };
        let report = run(Line::of("1", "glucose"), &chart);
        let finding = find(&report, "dc-glucose-diabetes").unwrap();
        assert_eq!(finding.level, Level::Contraindicated);
        assert!(
            finding
                .facts
                .contains(&Fact::Condition(chart.conditions[0].id.clone()))
        );
        assert!(!finding.sources.is_empty());
        assert_eq!(finding.data_version, rules().version_text());
        assert!(
            finding
                .safer
                .iter()
                .any(|option| option.id.as_str() == "sodium_chloride")
        );
        assert!(matches!(
            Screening::of(report),
            Screening::Contraindicated(_)
        ));
    }
}

#[test]
fn glucose_for_a_documented_low_blood_sugar_needs_a_reason_instead() {
    let chart = Chart {
        conditions: vec![condition("E11.9")],
        ..adult()
    };
    for (code, expected) in [
        ("E16.2", Level::Justify),
        ("E160", Level::Justify),
        ("E16.1", Level::Contraindicated),
        ("R55", Level::Contraindicated),
    ] {
        let line = Line {
            indication: Some(code.into()),
            ..Line::of("1", "glucose")
        };
        assert_eq!(
            find(&run(line, &chart), "dc-glucose-diabetes")
                .unwrap()
                .level,
            expected,
            "{code}"
        );
    }
}

#[test]
fn glucose_is_free_for_a_person_without_diabetes() {
    assert_eq!(run(Line::of("1", "glucose"), &adult()).level(), None);
}

#[test]
fn amoxicillin_is_contraindicated_with_a_penicillin_allergy_however_it_is_recorded() {
    for allergen in [
        Allergen::Group("penicillin".into()),
        Allergen::Substance(SubstanceId::new("amoxicillin")),
        Allergen::Substance(SubstanceId::new("phenoxymethylpenicillin")),
    ] {
        let chart = Chart {
            allergies: vec![allergy(allergen)],
            ..adult()
        };
        let report = run(Line::of("1", "amoxicillin"), &chart);
        assert_eq!(
            level(&report, Kind::DrugAllergy),
            Some(Level::Contraindicated)
        );
        let finding = find(&report, "da-penicillin-penicillin").unwrap();
        assert!(
            finding
                .safer
                .iter()
                .any(|option| option.id.as_str() == "azithromycin")
        );
    }
}

#[test]
fn cephalosporins_follow_their_side_chain_after_a_penicillin_allergy() {
    let chart = Chart {
        allergies: vec![allergy(Allergen::Group("penicillin".into()))],
        ..adult()
    };
    for (substance, expected) in [
        ("cefalexin", Level::Justify),
        ("cefaclor", Level::Justify),
        ("ceftriaxone", Level::Inform),
        ("cefazolin", Level::Inform),
    ] {
        let report = run(Line::of("1", substance), &chart);
        assert_eq!(
            level(&report, Kind::DrugAllergy),
            Some(expected),
            "{substance}"
        );
    }
    assert_eq!(
        level(
            &run(Line::of("1", "azithromycin"), &chart),
            Kind::DrugAllergy
        ),
        None
    );
}

#[test]
fn a_refuted_allergy_does_not_count() {
    let refuted = Allergy {
        verification: Verification::Refuted,
        ..allergy(Allergen::Group("penicillin".into()))
    };
    let chart = Chart {
        allergies: vec![refuted],
        ..adult()
    };
    assert_eq!(
        level(
            &run(Line::of("1", "amoxicillin"), &chart),
            Kind::DrugAllergy
        ),
        None
    );
}

#[test]
fn a_vitamin_k_antagonist_with_aspirin_raises_an_alert_from_either_side() {
    for vka in ["warfarin", "acenocoumarol", "fluindione"] {
        for (new, taken) in [(vka, "acetylsalicylic_acid"), ("acetylsalicylic_acid", vka)] {
            let chart = Chart {
                medicines: vec![medicine(taken)],
                ..adult()
            };
            let report = run(Line::of("1", new), &chart);
            let finding = find(&report, "dd-aspirin-vitamin-k-antagonist").unwrap();
            assert!(finding.level >= Level::Justify);
            assert!(
                finding
                    .facts
                    .contains(&Fact::Medicine(chart.medicines[0].id.clone()))
            );
        }
    }
}

#[test]
fn two_lines_of_one_draft_are_compared_with_each_other() {
    let draft = Draft::new(vec![Line::of("2", "warfarin"), Line::of("1", "ibuprofen")]).unwrap();
    let report = check(rules(), &draft, &adult());
    let finding = find(&report, "dd-nsaid-vitamin-k-antagonist").unwrap();
    assert_eq!(
        finding.facts,
        vec![Fact::Line(LineRef::new("1")), Fact::Line(LineRef::new("2"))]
    );
    assert!(
        finding
            .safer
            .iter()
            .any(|option| option.id.as_str() == "paracetamol")
    );
}

#[test]
fn a_safer_option_that_fails_the_same_check_is_not_offered() {
    let chart = Chart {
        allergies: vec![allergy(Allergen::Group("penicillin".into()))],
        medicines: vec![medicine("simvastatin"), medicine("amiodarone")],
        ..adult()
    };
    let report = run(Line::of("1", "amoxicillin"), &chart);
    let finding = find(&report, "da-penicillin-penicillin").unwrap();
    assert!(
        finding
            .safer
            .iter()
            .all(|option| option.id.as_str() != "azithromycin"),
        "QT with amiodarone"
    );
    for option in &finding.safer {
        let again = run(Line::of("1", option.id.as_str()), &chart);
        let worst = again
            .findings
            .iter()
            .filter(|f| f.kind != Kind::Unchecked)
            .map(|f| f.level)
            .max();
        assert!(worst < Some(Level::Justify), "{}", option.id);
    }
}

#[test]
fn the_same_medicine_and_the_same_class_twice_are_found() {
    let chart = Chart {
        medicines: vec![medicine("ibuprofen")],
        ..adult()
    };
    assert!(
        find(
            &run(Line::of("1", "ibuprofen"), &chart),
            "duplicate-substance"
        )
        .is_some()
    );
    assert!(find(&run(Line::of("1", "diclofenac"), &chart), "dup-nsaid").is_some());
}

#[test]
fn doses_are_compared_with_the_limits_of_adult_and_child() {
    assert_eq!(
        level(
            &run(dosed("paracetamol", 1000.0, 4.0), &adult()),
            Kind::Dose
        ),
        None
    );
    assert_eq!(
        level(
            &run(dosed("paracetamol", 1000.0, 6.0), &adult()),
            Kind::Dose
        ),
        Some(Level::Justify)
    );

    let child = Chart {
        age_months: Some(24),
        weight_kg: Some(12.0),
        ..adult()
    };
    assert_eq!(
        level(&run(dosed("paracetamol", 150.0, 4.0), &child), Kind::Dose),
        None
    );
    assert!(find(&run(dosed("paracetamol", 500.0, 4.0), &child), "dose-child").is_some());

    let unweighed = Chart {
        weight_kg: None,
        ..child
    };
    assert_eq!(
        find(
            &run(dosed("paracetamol", 150.0, 4.0), &unweighed),
            "weight-missing"
        )
        .unwrap()
        .level,
        Level::Justify
    );
}

#[test]
fn units_are_converted_and_what_cannot_be_compared_is_said() {
    let grams = Line {
        dose: Some(Dose::new(2.0, DoseUnit::G).unwrap()),
        ..dosed("paracetamol", 1.0, 4.0)
    };
    assert_eq!(
        level(&run(grams, &adult()), Kind::Dose),
        Some(Level::Justify)
    );
    let tablets = Line {
        dose: Some(Dose::new(2.0, DoseUnit::Piece).unwrap()),
        ..dosed("paracetamol", 1.0, 4.0)
    };
    assert!(find(&run(tablets, &adult()), "dose-unit").is_some());
    assert!(find(&run(Line::of("1", "paracetamol"), &adult()), "dose-missing").is_some());
}

#[test]
fn two_harmless_doses_of_one_medicine_add_up() {
    let taken = ActiveMedicine {
        dose: Some(Dose::new(1000.0, DoseUnit::Mg).unwrap()),
        frequency: Some(Frequency::per_day(3.0).unwrap()),
        ..medicine("paracetamol")
    };
    let chart = Chart {
        medicines: vec![taken],
        ..adult()
    };
    assert!(
        find(
            &run(dosed("paracetamol", 1000.0, 3.0), &chart),
            "dose-total"
        )
        .is_some()
    );
}

#[test]
fn a_weekly_medicine_taken_daily_is_stopped() {
    let report = run(dosed("methotrexate", 10.0, 1.0), &adult());
    assert_eq!(
        find(&report, "do-methotrexate-daily").unwrap().level,
        Level::Contraindicated
    );
    assert!(
        find(
            &run(dosed("methotrexate", 10.0, 0.143), &adult()),
            "do-methotrexate-daily"
        )
        .is_none()
    );
}

#[test]
fn pregnancy_counts_by_week_and_unknown_is_not_no() {
    let pregnant = |weeks| Chart {
        pregnancy: Pregnancy::Yes { weeks },
        ..adult()
    };
    let ibuprofen = |chart| level(&run(Line::of("1", "ibuprofen"), &chart), Kind::Pregnancy);
    assert_eq!(ibuprofen(pregnant(Some(30))), Some(Level::Contraindicated));
    assert_eq!(ibuprofen(pregnant(None)), Some(Level::Contraindicated));
    assert!(ibuprofen(pregnant(Some(10))) >= Some(Level::Inform));

    let unknown = Chart {
        pregnancy: Pregnancy::Unknown,
        ..adult()
    };
    assert_eq!(
        level(
            &run(Line::of("1", "valproic_acid"), &unknown),
            Kind::Pregnancy
        ),
        Some(Level::Justify)
    );
    let man = Chart {
        sex: Sex::Male,
        ..unknown
    };
    assert_eq!(
        level(&run(Line::of("1", "valproic_acid"), &man), Kind::Pregnancy),
        None
    );
}

#[test]
fn breastfeeding_kidneys_and_age_are_judged() {
    let nursing = Chart {
        breastfeeding: Breastfeeding::Yes,
        ..adult()
    };
    assert_eq!(
        level(
            &run(Line::of("1", "codeine"), &nursing),
            Kind::Breastfeeding
        ),
        Some(Level::Contraindicated)
    );

    let weak = Chart {
        egfr_ml_min: Some(22.0),
        ..adult()
    };
    assert_eq!(
        level(&run(Line::of("1", "metformin"), &weak), Kind::Renal),
        Some(Level::Contraindicated)
    );

    let child = Chart {
        age_months: Some(60),
        weight_kg: Some(18.0),
        ..adult()
    };
    assert_eq!(
        level(&run(Line::of("1", "doxycycline"), &child), Kind::Age),
        Some(Level::Contraindicated)
    );
    let old = Chart {
        age_months: Some(80 * 12),
        ..adult()
    };
    assert_eq!(
        level(&run(Line::of("1", "diazepam"), &old), Kind::Age),
        Some(Level::Justify)
    );
}

#[test]
fn a_cream_does_not_raise_the_alarms_of_a_tablet_but_eye_drops_can() {
    let chart = Chart {
        medicines: vec![medicine("warfarin")],
        ..adult()
    };
    let cream = Line {
        route: Some(Route::Topical),
        ..Line::of("1", "diclofenac")
    };
    assert_eq!(level(&run(cream, &chart), Kind::DrugDrug), None);

    let asthma = Chart {
        conditions: vec![condition("J45.9")],
        ..adult()
    };
    let drops = Line {
        route: Some(Route::Ophthalmic),
        ..Line::of("1", "timolol_eye")
    };
    assert_eq!(
        level(&run(drops, &asthma), Kind::DrugCondition),
        Some(Level::Contraindicated)
    );
}

#[test]
fn what_is_not_in_the_formulary_or_not_known_is_said_and_asks_for_a_reason() {
    for drug in [
        Drug::FreeText("an herbal tea".into()),
        Drug::Substance(SubstanceId::new("nothing")),
    ] {
        let report = run(
            Line {
                drug,
                ..Line::of("1", "x")
            },
            &adult(),
        );
        assert_eq!(
            find(&report, "line-not-checkable").unwrap().level,
            Level::Justify
        );
        assert!(matches!(
            Screening::of(report),
            Screening::NeedsJustification(_)
        ));
    }
    let report = run(Line::of("1", "amoxicillin"), &Chart::unknown(1));
    for rule in [
        "age-unknown",
        "allergies-unknown",
        "conditions-unknown",
        "medicines-unknown",
    ] {
        assert!(find(&report, rule).is_some(), "{rule}");
    }
    let chart = Chart {
        allergies: vec![allergy(Allergen::FreeText("the pink pill".into()))],
        ..adult()
    };
    assert_eq!(
        find(
            &run(Line::of("1", "amoxicillin"), &chart),
            "allergy-not-checkable"
        )
        .unwrap()
        .level,
        Level::Justify
    );
}

#[test]
fn a_measured_glucose_warns_where_no_diagnosis_does() {
    let high = Chart {
        glucose: vec![Glucose {
            id: FactRef::new("g"),
            mmol_per_l: 19.0,
        }],
        ..adult()
    };
    assert_eq!(
        level(&run(Line::of("1", "glucose"), &high), Kind::DrugCondition),
        Some(Level::Justify)
    );
    let low = Chart {
        glucose: vec![Glucose {
            id: FactRef::new("g"),
            mmol_per_l: 2.5,
        }],
        ..adult()
    };
    assert_eq!(
        level(
            &run(Line::of("1", "insulin_glargine"), &low),
            Kind::DrugCondition
        ),
        Some(Level::Contraindicated)
    );
}

#[test]
fn reasons_must_be_complete_and_become_part_of_the_clearance() {
    let chart = Chart {
        medicines: vec![medicine("warfarin")],
        ..adult()
    };
    let screen = || match Screening::of(run(dosed("acetylsalicylic_acid", 75.0, 1.0), &chart)) {
        Screening::NeedsJustification(needs) => needs,
        Screening::Clear(_) | Screening::Contraindicated(_) => panic!("it needs a reason"),
    };
    let asked: Vec<String> = screen()
        .findings()
        .map(|finding| finding.rule.clone())
        .collect();
    let reason = |rule: &str, code: &str| Justification {
        rule: rule.into(),
        code: code.into(),
        text: String::new(),
    };

    assert!(matches!(
        screen().justify("dr", 5, Vec::new()),
        Err(JustifyError::Missing { .. })
    ));
    let all = |code: &str| {
        asked
            .iter()
            .map(|rule| reason(rule, code))
            .collect::<Vec<_>>()
    };
    assert!(matches!(
        screen().justify("dr", 5, all(" ")),
        Err(JustifyError::Empty)
    ));
    let mut more = all("benefit");
    more.push(reason("invented", "benefit"));
    assert!(matches!(
        screen().justify("dr", 5, more),
        Err(JustifyError::Superfluous)
    ));

    let clearance = screen().justify("dr", 5, all("benefit")).unwrap();
    assert_eq!(clearance.author(), Some(("dr", 5)));
    assert_eq!(
        (clearance.chart_version(), clearance.data_version()),
        (7, rules().version_text())
    );
}

#[test]
fn a_printed_draft_or_chart_shows_nothing_of_its_content() {
    let chart = Chart {
        conditions: vec![condition("E11.9")],
        ..adult()
    };
    let report = run(Line::of("1", "glucose"), &chart);
    let printed = format!(
        "{chart:?} {report:?} {:?} {:?}",
        Line::of("1", "glucose"),
        report.findings[0]
    );
    assert!(
        !printed.contains("glucose") && !printed.contains("E11"),
        "{printed}"
    );
}
