//! Interaction lists of others become rules of ours. The fixtures are made up in the shape of the lists.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_safety::importers::{
    Because, FILE_BYTES_MAX, File, ImportError, List, Names, Pairs, Side, ansm, crescenddi,
    negatives, pairs, pddi, positives,
};
use clinical_safety::{
    Chart, DataError, Draft, Kind, Level, Line, RuleSet, SubstanceId, check, embedded,
    embedded_files,
};
use proptest::prelude::*;

const FORMULARY: &str = r#"
date = "2026-01-01"

[[source]]
id = "made_up"
title = "Made up"
year = 2026

[[substance]]
id = "alphamycin"
en = "alphamycin"
fr = "alphamycine"
atc = ["J01XX90"]
controlled = false
source = ["made_up"]

[[substance]]
id = "betazol"
en = "betazol"
fr = "bêtazol"
atc = ["N05XX91"]
controlled = false
source = ["made_up"]

[[substance]]
id = "gammapril"
en = "gammapril"
fr = "gammapril (sel)"
atc = ["C09XX92"]
controlled = false
source = ["made_up"]
"#;

const INDEX: &str = r#"[
    {"substance": "alphamycine", "drug_classes": ["anti-tout", "autres anti-tout"]},
    {"substance": "betazol", "drug_classes": ["sédatifs d'essai"]},
    {"substance": "inconnu", "drug_classes": ["anti-tout"]}
]"#;

const THESAURUS: &str = r#"[
    {"main_drug": "ANTI-TOUT", "between_main_and_plus_drug": "", "plus_drug": "SÉDATIFS D'ESSAI",
     "severity_levels": [{"level": "Association DECONSEILLEE", "info": ""}],
     "interaction_mechanism": "Sédation \nmajorée.", "description": ""},
    {"main_drug": "GAMMAPRIL", "between_main_and_plus_drug": "", "plus_drug": "BETAZOL",
     "severity_levels": [{"level": "CONTRE-INDICATION", "info": "à forte dose"}, {"level": "A prendre en compte", "info": ""}],
     "interaction_mechanism": "Chute.", "description": ""},
    {"main_drug": "GAMMAPRIL", "between_main_and_plus_drug": "", "plus_drug": "ANTI-TOUT",
     "severity_levels": [{"level": "CONTRE-INDICATION", "info": ""}],
     "interaction_mechanism": "Chute.", "description": ""},
    {"main_drug": "GAMMAPRIL", "between_main_and_plus_drug": "", "plus_drug": "INCONNU",
     "severity_levels": [{"level": "Précaution d'emploi", "info": "Surveiller."}],
     "interaction_mechanism": "Chute.", "description": ""}
]"#;

const POSITIVE: &str = "DRUG_1_CONCEPT_NAME,DRUG_2_CONCEPT_NAME,EVENT_CONCEPT_NAME,MDR_CODE,EVENT_SOURCE,BNF_SEV_LEVEL,ANSM_SEV_LEVEL,MICROMEDEX_SEV_LEVEL\n\
alphamycin,Betazol,\"Fall, sudden\",1,BNF,Severe,Take into consideration,Major\n\
Betazol,alphamycin,Sleep,2,BNF,,Contraindicated,Contraindicated\n\
alphamycin,gammapril,Cough,3,BNF,,Contraindicated,Moderate\n\
alphamycin,elsewhere,Cough,3,BNF,,,Moderate\n";

fn base() -> RuleSet {
    RuleSet::parse(&[("formulary.toml", FORMULARY)]).unwrap()
}

fn file<'a>(name: &'a str, text: &'a str) -> File<'a> {
    File { name, text }
}

/// The level at which two medicines are found once the import lies beside the formulary.
fn found(import: &str, one: &str, other: &str) -> Option<Level> {
    let rules =
        RuleSet::parse(&[("formulary.toml", FORMULARY), ("imported.toml", import)]).unwrap();
    let draft = Draft::new(vec![Line::of("1", one), Line::of("2", other)]).unwrap();
    let report = check(&rules, &draft, &Chart::unknown(1));
    report
        .findings
        .iter()
        .filter(|finding| finding.kind == Kind::DrugDrug)
        .map(|finding| finding.level)
        .max()
}

#[test]
fn the_french_thesaurus_becomes_rules_between_medicines_and_groups() {
    let names = Names::of(&base());
    let import = ansm(
        file("index.json", INDEX),
        file("thesaurus.json", THESAURUS),
        &names,
    )
    .unwrap();
    assert_eq!(
        (
            import.interactions.len(),
            import.groups.len(),
            import.left_out
        ),
        (3, 2, 1)
    );
    let text = import.to_toml().unwrap();
    assert_eq!(found(&text, "alphamycin", "betazol"), Some(Level::Justify));
    assert_eq!(
        found(&text, "alphamycin", "gammapril"),
        Some(Level::Contraindicated)
    );
    let mechanism = import
        .interactions
        .iter()
        .find(|interaction| interaction.fr == "Sédation majorée.");
    assert_eq!(
        mechanism.unwrap().one,
        Side::Group("ansm_anti_tout".to_owned())
    );
}

#[test]
fn a_contraindication_under_a_condition_asks_for_a_justification() {
    let names = Names::of(&base());
    let import = ansm(
        file("index.json", INDEX),
        file("thesaurus.json", THESAURUS),
        &names,
    )
    .unwrap();
    assert_eq!(
        found(&import.to_toml().unwrap(), "gammapril", "betazol"),
        Some(Level::Justify)
    );
}

#[test]
fn an_unknown_level_of_the_thesaurus_is_refused_with_file_and_line() {
    let broken = THESAURUS.replace("Association DECONSEILLEE", "Peut-être");
    let names = Names::of(&base());
    match ansm(
        file("index.json", INDEX),
        file("thesaurus.json", &broken),
        &names,
    ) {
        Err(ImportError::Json { file, line, .. }) => {
            assert_eq!((file.as_str(), line), ("thesaurus.json", 3));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pair_list_becomes_rules_at_the_level_of_the_list() {
    let names = Names::of(&base());
    let text = "\u{feff}Alphamycin$DB1$Betazol$DB2$\r\r\nBetazol$DB2$Alphamycin$DB1$\r\nAlphamycin$DB1$Else$DB9$\r\n";
    let high = pddi(file("high.csv", text), List::HighPriority, &names).unwrap();
    assert_eq!((high.interactions.len(), high.left_out), (1, 1));
    assert_eq!(
        found(&high.to_toml().unwrap(), "betazol", "alphamycin"),
        Some(Level::Justify)
    );
    let low = pddi(file("low.csv", text), List::NonInterruptive, &names).unwrap();
    assert_eq!(
        found(&low.to_toml().unwrap(), "betazol", "alphamycin"),
        Some(Level::Inform)
    );
}

#[test]
fn a_row_without_a_second_name_is_refused_with_file_and_line() {
    let names = Names::of(&base());
    match pddi(
        file("high.csv", "A$1$B$2$\nC$3\n"),
        List::HighPriority,
        &names,
    ) {
        Err(ImportError::Columns { file, line, .. }) => {
            assert_eq!((file.as_str(), line), ("high.csv", 2));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn graded_pairs_are_contraindicated_only_when_two_references_agree() {
    let names = Names::of(&base());
    let import = crescenddi(file("positive.csv", POSITIVE), &names).unwrap();
    assert_eq!((import.interactions.len(), import.left_out), (2, 1));
    let text = import.to_toml().unwrap();
    assert_eq!(
        found(&text, "alphamycin", "betazol"),
        Some(Level::Contraindicated)
    );
    assert_eq!(
        found(&text, "alphamycin", "gammapril"),
        Some(Level::Justify)
    );
    assert_eq!(
        positives(file("positive.csv", POSITIVE)).unwrap()[0].event,
        "Fall, sudden"
    );
}

#[test]
fn an_unknown_grade_or_a_missing_column_is_refused_with_file_and_line() {
    let names = Names::of(&base());
    let broken = POSITIVE.replace("Moderate\nalpha", "Dreadful\nalpha");
    match crescenddi(file("positive.csv", &broken), &names) {
        Err(ImportError::Value {
            line, field, value, ..
        }) => {
            assert_eq!(
                (line, field, value.as_str()),
                (4, "MICROMEDEX_SEV_LEVEL", "Dreadful")
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        positives(file(
            "positive.csv",
            "DRUG_1_CONCEPT_NAME,DRUG_2_CONCEPT_NAME\na,b\n"
        )),
        Err(ImportError::Columns { line: 1, .. })
    ));
    let short = "DRUG_1_CONCEPT_NAME,DRUG_2_CONCEPT_NAME,EVENT_CONCEPT_NAME\na,b,c\na\n";
    assert!(matches!(
        negatives(file("negative.csv", short)),
        Err(ImportError::Columns { line: 3, .. })
    ));
}

#[test]
fn names_of_other_countries_find_our_medicines() {
    let shipped = embedded().unwrap();
    let names = Names::of(&shipped);
    for (theirs, ours) in [
        ("Acetaminophen", "paracetamol"),
        ("acide acétylsalicylique", "acetylsalicylic_acid"),
        ("rifampin", "rifampicin"),
        ("GLYBURIDE", "glibenclamide"),
        ("Amoxicilline", "amoxicillin"),
    ] {
        assert_eq!(
            names.find(theirs),
            Some(&SubstanceId::new(ours)),
            "{theirs}"
        );
    }
    assert_eq!(names.find("no such medicine"), None);
}

#[test]
fn a_file_that_is_too_long_is_refused_before_it_is_read() {
    let names = Names::of(&base());
    let long = " ".repeat(FILE_BYTES_MAX + 1);
    let long = file("long", &long);
    let refused = [
        ansm(long, long, &names).map(drop),
        pddi(long, List::HighPriority, &names).map(drop),
        crescenddi(long, &names).map(drop),
        negatives(long).map(drop),
    ];
    for refusal in refused {
        assert!(matches!(refusal, Err(ImportError::TooLong { .. })));
    }
}

/// Texts near the formats: pieces of real rows in any order, and any characters.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = [
        "alphamycin",
        "BETAZOL",
        "gammapril",
        "$",
        ",",
        "\"",
        "\"\"",
        "\n",
        "\r\n",
        "\u{feff}",
        "{",
        "}",
        "[",
        "]",
        "Severe",
        "Contraindicated",
        "$DB1$",
        "\u{0}",
        "\"\"\"\n[[rule]]\nid = \"x\"\n",
        "\\",
    ];
    let piece = prop_oneof![
        6 => proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_breaks_a_reader_and_what_is_taken_is_a_data_file(text in hostile()) {
        let names = Names::of(&base());
        let headed = format!("{}\n{text}", POSITIVE.lines().next().unwrap());
        let index = INDEX.replace("anti-tout", &text.replace(['"', '\\'], "").replace(char::is_control, ""));
        let imports = [
            ansm(file("index", &text), file("thesaurus", &text), &names),
            ansm(file("index", &index), file("thesaurus", THESAURUS), &names),
            pddi(file("pairs", &text), List::HighPriority, &names),
            crescenddi(file("graded", &text), &names),
            crescenddi(file("graded", &headed), &names),
        ];
        for import in imports.into_iter().flatten() {
            let written = import.to_toml().unwrap();
            let rules = RuleSet::parse(&[("formulary.toml", FORMULARY), ("imported.toml", &written)]);
            prop_assert_eq!(rules.unwrap().rules().len(), import.interactions.len());
        }
    }

    #[test]
    fn an_effect_of_any_text_stays_a_text(effect in "[^\"]{0,40}") {
        let names = Names::of(&base());
        let text = POSITIVE.replace("Fall, sudden", &effect);
        let import = crescenddi(file("graded", &text), &names).unwrap();
        let written = import.to_toml().unwrap();
        prop_assert_eq!(found(&written, "alphamycin", "betazol"), Some(Level::Contraindicated));
    }
}

const HEADER: &str = "drug_a,atc_a,drug_b,atc_b,level,text_en,text_fr,source,year\n";

fn made_up() -> RuleSet {
    RuleSet::parse(&[("formulary.toml", FORMULARY)]).unwrap()
}

fn read_pairs(rows: &str) -> Result<Pairs, ImportError> {
    let text = format!("{HEADER}{rows}");
    let file = File {
        name: "house.csv",
        text: &text,
    };
    pairs(file, &made_up())
}

#[test]
fn a_table_of_pairs_is_matched_by_name_by_code_or_by_both() {
    let found = read_pairs(
        "alphamycin,,bêtazol,,justify,A,B,List,2026\n\
         ,J01XX90,gammapril,C09XX92,inform,A,B,List,2025\n\
         betazol,N05XX91,ALPHAMYCINE,,contraindicated,A,B,Other,2024\n",
    )
    .unwrap();
    assert!(found.refused.is_empty());
    let levels: Vec<_> = found.pairs.iter().map(|it| it.level).collect();
    // The first and the last are one pair, at its strictest level.
    assert_eq!(levels, [Level::Contraindicated, Level::Inform]);
}

#[test]
fn rows_that_cannot_be_matched_are_refused_with_line_and_column() {
    let found = read_pairs(
        "nobody,,betazol,,inform,A,B,List,2026\n\
         alphamycin,,betazol,J01XX90,inform,A,B,List,2026\n\
         alphamycin,,alphamycine,,inform,A,B,List,2026\n",
    )
    .unwrap();
    let refused: Vec<_> = found
        .refused
        .iter()
        .map(|it| (it.line, it.column, it.because))
        .collect();
    assert_eq!(
        refused,
        [
            (2, "drug_a", Because::Unknown),
            (3, "drug_b", Because::Ambiguous),
            (4, "drug_b", Because::Same)
        ]
    );
    assert!(found.pairs.is_empty());
}

#[test]
fn a_table_that_cannot_be_read_names_line_and_column() {
    let good = "alphamycin,,betazol,,inform,A,B,List,2026\n";
    for (bad, named) in [
        ("alphamycin,,betazol,,severe,A,B,List,2026\n", "level"),
        ("alphamycin,,betazol,,inform,,B,List,2026\n", "text_en"),
        ("alphamycin,,betazol,,inform,A,B,,2026\n", "source"),
        ("alphamycin,,betazol,,inform,A,B,List,26\n", "year"),
        ("alphamycin,j01,betazol,,inform,A,B,List,2026\n", "atc_a"),
        (",,betazol,,inform,A,B,List,2026\n", "drug_a"),
        ("alphamycin,,betazol\n", "nine fields"),
        ("alphamycin,,\"betazol\n", "a quote that ends"),
    ] {
        let error = read_pairs(&format!("{good}{bad}")).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains(named), "{error}");
    }
    let file = File {
        name: "house.csv",
        text: "a,b\n",
    };
    assert!(matches!(
        pairs(file, &made_up()),
        Err(ImportError::Columns { line: 1, .. })
    ));
}

#[test]
fn an_import_adds_interactions_and_nothing_else() {
    let shipped = [("formulary.toml", FORMULARY)];
    let rule = |kind: &str| {
        format!(
            "[[source]]\nid = \"s\"\ntitle = \"S\"\nyear = 2026\n\
             [[rule]]\nid = \"x\"\n{kind}\nlevel = \"inform\"\nen = \"A\"\nfr = \"B\"\n\
             evidence = \"C\"\nsource = [\"s\"]\n"
        )
    };
    let pair = "kind = \"drug_drug\"\ndrug = { substance = \"alphamycin\" }\nother = { substance = \"betazol\" }";
    let whole = RuleSet::with_import(&shipped, &rule(pair)).unwrap();
    assert!(
        whole
            .version_text()
            .starts_with(&format!("{}+import.", made_up().version_text()))
    );
    for other in [
        "kind = \"breastfeeding\"\ndrug = { substance = \"alphamycin\" }",
        "kind = \"drug_drug\"\ndrug = { atc = \"J\" }\nother = { substance = \"betazol\" }",
    ] {
        let refused = RuleSet::with_import(&shipped, &rule(other));
        assert!(matches!(refused, Err(DataError::Import { .. })), "{other}");
    }
    let (_, substance) = FORMULARY.split_once("[[substance]]").unwrap();
    let more = format!("[[substance]]{substance}").replace("alphamycin\"", "deltacin\"");
    let more = more
        .replace("betazol\"", "epsilol\"")
        .replace("gammapril\"", "zetapril\"");
    assert!(matches!(
        RuleSet::with_import(&shipped, &more),
        Err(DataError::Import { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn with_an_import_every_shipped_finding_stays_at_its_level(
        picks in prop::collection::vec((0_usize..10_000, 0_usize..10_000, 0_usize..3), 1..12)
    ) {
        let shipped = embedded().unwrap();
        let ids: Vec<&str> = shipped.substances().map(|it| it.id.as_str()).collect();
        let level = ["inform", "justify", "contraindicated"];
        let mut text = HEADER.to_owned();
        for (one, other, grade) in &picks {
            let (one, other) = (ids[one % ids.len()], ids[other % ids.len()]);
            text.push_str(&format!("{one},,{other},,{},A,B,List,2026\n", level[*grade]));
        }
        let file = File { name: "house.csv", text: &text };
        let found = pairs(file, &shipped).unwrap();
        let whole = RuleSet::with_import(embedded_files(), &found.to_toml().unwrap()).unwrap();
        for pair in &found.pairs {
            let lines = vec![Line::of("0", pair.one.as_str()), Line::of("1", pair.other.as_str())];
            let draft = Draft::new(lines).unwrap();
            let chart = Chart::unknown(0);
            let before = check(&shipped, &draft, &chart).findings;
            let after = check(&whole, &draft, &chart).findings;
            for old in &before {
                let is_kept = after.iter().any(|new| {
                    new.rule == old.rule && new.line == old.line && new.level >= old.level
                });
                prop_assert!(is_kept, "{}", old.rule);
            }
            let is_added = after.iter().any(|new| new.rule.starts_with("import-") && new.level == pair.level);
            prop_assert!(is_added);
        }
    }
}
