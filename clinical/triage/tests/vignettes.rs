//! What the project's own vignettes say. They were written for it by general medical knowledge; none is taken from a
//! published set.

use clinical_triage::Engine;
use clinical_triage::evaluate::{EvaluateError, Report, evaluate};

/// So large a share of a set is right of three levels, nearly all emergencies are found, and few stories are taken
/// for less than they are.
fn holds(name: &str, report: &Report, right: f64) {
    let of_three = report.exact_of_three;
    assert!(of_three.share >= right, "{name} {of_three:?}");
    let emergencies = report.emergencies;
    assert!(emergencies.share >= 0.93, "{name} {emergencies:?}");
    let under = report.under;
    assert!(under.share <= 0.07, "{name} {under:?}");
}

#[test]
fn triage_of_own_vignettes_stays_as_good_as_it_was() {
    let engine = Engine::shipped().unwrap();
    for (name, data) in [
        ("en_c", include_str!("data/en_c.jsonl")),
        ("fr_b", include_str!("data/fr_b.jsonl")),
    ] {
        let report = evaluate(&engine, data.lines()).unwrap();
        holds(name, &report, 0.8);
        assert!(report.top3.share >= 0.8, "{name} {:?}", report.top3);
        let counted: u32 = report
            .matrix
            .iter()
            .map(|row| row.self_care + row.routine + row.urgent + row.emergency)
            .sum();
        assert_eq!(counted, report.cases);
    }
}

/// Stories of people who did not know what the engine reads. They were run before their misses were looked at; what
/// holds here is of after that.
#[test]
fn stories_of_others_stay_as_good_as_they_were() {
    let engine = Engine::shipped().unwrap();
    for (name, data) in [
        ("en_j", include_str!("data/en_j.jsonl")),
        ("fr_j", include_str!("data/fr_j.jsonl")),
        ("en_k", include_str!("data/en_k.jsonl")),
        ("fr_k", include_str!("data/fr_k.jsonl")),
        ("en_l", include_str!("data/en_l.jsonl")),
        ("fr_l", include_str!("data/fr_l.jsonl")),
        ("en_m", include_str!("data/en_m.jsonl")),
        ("fr_m", include_str!("data/fr_m.jsonl")),
    ] {
        let report = evaluate(&engine, data.lines()).unwrap();
        holds(name, &report, 0.7);
        assert!(
            report.false_emergencies.share <= 0.25,
            "{name} {:?}",
            report.false_emergencies
        );
        assert!(report.over.share <= 0.32, "{name} {:?}", report.over);
    }
}

#[test]
fn odd_lines_are_read_or_refused_with_their_number() {
    let engine = Engine::shipped().unwrap();
    let odd = "\u{feff}{\"triage\": \"A&E\", \"diagnosis\": \"Stroke\", \"family_history\": null, \
               \"chief_complaints\": [\"weak arm\", \"slurred speech\"], \"unknown\": {\"a\": 1}}\r";
    let report = evaluate(&engine, ["", odd]).unwrap();
    assert_eq!((report.cases, report.emergencies.of), (1, 1));
    let refused = |line: &str| evaluate(&engine, ["", line]).unwrap_err();
    assert!(matches!(
        refused("[1]"),
        EvaluateError::Line { line: 2, .. }
    ));
    assert!(matches!(
        refused("{\"presentation\": {}}"),
        EvaluateError::Line { line: 2, .. }
    ));
    assert!(matches!(refused("{}"), EvaluateError::NoStory { line: 2 }));
    let strange = "{\"presentation\": \"cough\", \"triage\": \"purple\"}";
    assert!(matches!(
        refused(strange),
        EvaluateError::Label { line: 2, .. }
    ));
    assert!(matches!(evaluate(&engine, [""]), Err(EvaluateError::Empty)));
}

#[test]
fn usual_measurements_frighten_nobody() {
    let engine = Engine::shipped().unwrap();
    for vitals in [
        "Pulse 84, blood pressure 134/80.",
        "BP 128/70, HR 72, RR 14, SpO2 98 %, T 36.8 C.",
        "Temperature of 36.9 C, blood pressure 118/85, oxygen saturation 97 %, pulse 80.",
        "Tension 13/8, pouls 75, saturation 98 %.",
    ] {
        let line = format!(
            "{{\"triage\": \"self-care\", \"presentation\": \"A 30-year-old man has had a runny \
             nose and sneezing for two days. {vitals}\"}}"
        );
        let report = evaluate(&engine, [line.as_str()]).unwrap();
        assert_eq!(report.over.hits, 0, "{vitals}");
    }
}
