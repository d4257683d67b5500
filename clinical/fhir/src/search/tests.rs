//! Searches as clients write them.

use super::*;
use crate::catalog::ResourceKind;
use clinical_model::Micros;
use proptest::prelude::*;

fn parse(kind: ResourceKind, query: &str) -> Result<Search, Vec<Issue>> {
    parse_with(kind, query, Handling::Strict)
}

fn parse_with(kind: ResourceKind, query: &str, handling: Handling) -> Result<Search, Vec<Issue>> {
    let pairs = crate::pairs(query);
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Search::parse(kind.endpoint().unwrap(), pairs, handling)
}

fn only(kind: ResourceKind, query: &str) -> Test {
    parse(kind, query).unwrap().filters.remove(0).test
}

#[test]
fn a_token_has_a_system_a_code_or_both() {
    let token = |query: &str| match only(ResourceKind::Patient, query) {
        Test::Token(mut tests) => tests.remove(0),
        other => panic!("{other:?}"),
    };
    let plain = token("identifier=12");
    assert_eq!(
        (plain.system, plain.code.as_deref()),
        (TokenSystem::Any, Some("12"))
    );
    let of = token("identifier=urn:x|12");
    assert!(of.holds(Some("urn:x"), "12") && !of.holds(None, "12"));
    let none = token("identifier=|12");
    assert!(none.holds(None, "12") && !none.holds(Some("urn:x"), "12"));
    let any = token("identifier=urn:x|");
    assert!(any.holds(Some("urn:x"), "13") && !any.holds(Some("urn:y"), "13"));
    assert!(parse(ResourceKind::Patient, "identifier=a|b|c").is_err());
    assert!(parse(ResourceKind::Patient, "identifier=|").is_err());
}

#[test]
fn commas_are_alternatives_and_a_backslash_takes_their_meaning_away() {
    let Test::Text(names) = only(ResourceKind::Patient, "name=Diallo,B%C3%A0,a%5C,b") else {
        panic!()
    };
    let expected = ["Diallo", "B\u{e0}", "a,b"].map(|text| TextTest::Starts(text.to_owned()));
    assert!(names == expected);
    let Test::NotToken(codes) = only(ResourceKind::Patient, "gender:not=male,female") else {
        panic!()
    };
    assert_eq!(codes.len(), 2);
}

#[test]
fn a_reference_is_an_id_a_path_or_a_url() {
    for text in ["7", "Patient/7", "https://c.example/fhir/R4/Patient/7"] {
        let Test::Reference(found) = only(ResourceKind::Condition, &format!("patient={text}"))
        else {
            panic!()
        };
        assert_eq!(
            found,
            [ReferenceTest {
                kind: Some(ResourceKind::Patient),
                id: "7".to_owned()
            }]
        );
    }
    let Test::Reference(found) = only(ResourceKind::Appointment, "actor:Practitioner=7") else {
        panic!()
    };
    assert_eq!(found[0].kind, Some(ResourceKind::Practitioner));
    assert!(parse(ResourceKind::Condition, "patient=Practitioner/7").is_err());
    assert!(parse(ResourceKind::Condition, "patient=a b").is_err());
    assert!(parse(ResourceKind::Appointment, "actor:Organization=7").is_err());
}

#[test]
fn a_prefix_chooses_instants_around_a_span() {
    let instants = |text: &str| match only(ResourceKind::Observation, &format!("date={text}")) {
        Test::Date(tests) => tests[0].instants(),
        other => panic!("{other:?}"),
    };
    let day = crate::Moment::parse("2026-11-25").unwrap();
    assert_eq!(instants("2026-11-25"), Instants::Within(day.start, day.end));
    assert_eq!(
        instants("ne2026-11-25"),
        Instants::Outside(day.start, day.end)
    );
    assert_eq!(instants("gt2026-11-25"), Instants::From(day.end));
    assert_eq!(instants("ge2026-11-25"), Instants::From(day.start));
    assert_eq!(instants("lt2026-11-25"), Instants::Before(day.start));
    assert_eq!(instants("le2026-11-25"), Instants::Before(day.end));
    assert_eq!(instants("sa2026-11-25"), Instants::From(day.end));
    assert_eq!(instants("eb2026-11-25"), Instants::Before(day.start));
    // A plus that a client did not escape arrives as a space.
    assert_eq!(
        instants("2026-11-25T10:00:00+01:00"),
        instants("2026-11-25T09:00:00Z")
    );
    assert!(parse(ResourceKind::Observation, "date=ap2026").is_err());
    assert!(parse(ResourceKind::Observation, "date=yesterday").is_err());
}

#[test]
fn what_is_unknown_is_refused_or_named() {
    let faults = parse(ResourceKind::Patient, "colour=blue&name=a").unwrap_err();
    assert_eq!(
        faults[0].diagnostics,
        "Patient cannot be searched by colour"
    );
    let search = parse_with(
        ResourceKind::Patient,
        "colour=blue&name=a",
        Handling::Lenient,
    )
    .unwrap();
    assert_eq!((search.filters.len(), search.ignored.len()), (1, 1));
    // A value that cannot be read is refused in any case.
    assert!(parse_with(ResourceKind::Patient, "birthdate=x", Handling::Lenient).is_err());
    assert!(parse(ResourceKind::Condition, "patient.name=a").is_err());
    assert!(parse(ResourceKind::Patient, "name:phonetic=a").is_err());
    assert_eq!(
        Handling::of_prefer(Some("return=minimal, handling=lenient")),
        Handling::Lenient
    );
    assert_eq!(Handling::of_prefer(None), Handling::Strict);
}

#[test]
fn controls_shape_the_answer() {
    let controls = |query: &str| parse(ResourceKind::Observation, query).unwrap().controls;
    assert_eq!(controls("_count=5").count, 5);
    assert_eq!(controls("_count=100000").count, PAGE_MAX);
    assert_eq!(controls("_sort=-date,_lastUpdated").sort.len(), 2);
    assert!(controls("_sort=-date").sort[0].descending);
    assert_eq!(controls("_total=accurate").total, Total::Accurate);
    assert_eq!(controls("").total, Total::None);
    assert_eq!(controls("_summary=count").summary, Summary::Count);
    assert_eq!(
        controls("_elements=id,status").summary,
        Summary::Elements(vec!["id".to_owned(), "status".to_owned()])
    );
    let include = controls("_include=Observation:subject:Patient")
        .include
        .remove(0);
    assert_eq!(
        (include.param, include.target),
        ("subject", Some(ResourceKind::Patient))
    );
    for query in [
        "_count=-1",
        "_sort=colour",
        "_total=some",
        "_summary=x",
        "_elements=a.b",
        "_include=Observation:colour",
        "_include=Patient:name",
        "_include=Condition:subject",
        "_include:iterate=Observation:subject",
        "_revinclude=Condition:subject",
        "_page=a/b",
    ] {
        assert!(parse(ResourceKind::Observation, query).is_err(), "{query}");
    }
    let reverse = parse(ResourceKind::Patient, "_revinclude=Condition:patient")
        .unwrap()
        .controls
        .revinclude
        .remove(0);
    assert_eq!(reverse.source, ResourceKind::Condition);
}

#[test]
fn a_missing_element_can_be_asked_for() {
    assert_eq!(
        only(ResourceKind::Patient, "birthdate:missing=true"),
        Test::Missing(true)
    );
    assert!(parse(ResourceKind::Patient, "birthdate:missing=maybe").is_err());
}

#[test]
fn a_quantity_means_what_its_digits_say() {
    let Test::Quantity(found) = only(ResourceKind::Observation, "value-quantity=5.4||mmol/L")
    else {
        panic!()
    };
    assert!(found[0].holds(5.36, Some("mmol/L")) && !found[0].holds(5.46, Some("mmol/L")));
    assert!(!found[0].holds(5.4, Some("mg/dL")));
    let Test::Quantity(found) = only(ResourceKind::Observation, "value-quantity=gt100") else {
        panic!()
    };
    assert!(found[0].holds(101.0, None) && !found[0].holds(100.0, None));
    for text in ["nan", "inf", "1e5", "5|6", ""] {
        assert!(QuantityTest::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_search_has_limits() {
    let many = "name=a&".repeat(PARAMS_MAX + 1);
    assert!(parse(ResourceKind::Patient, &many).is_err());
    let long = format!("name={}", "a".repeat(VALUE_CHARS_MAX + 1));
    assert!(parse(ResourceKind::Patient, &long).is_err());
    let wide = format!("name=a{}", ",a".repeat(VALUES_MAX));
    assert!(parse(ResourceKind::Patient, &wide).is_err());
}

#[test]
fn nothing_of_a_search_is_printed() {
    let search = parse(ResourceKind::Patient, "name=Diallo&identifier=x|12").unwrap();
    let printed = format!("{search:?} {:?}", search.filters);
    assert!(
        !printed.contains("Diallo") && !printed.contains("12"),
        "{printed}"
    );
}

proptest! {
    #[test]
    fn an_escaped_text_comes_back_as_one(text in "[a-zé,|$\\\\ ]{1,20}") {
        let parts = value::alternatives(&escape(&text));
        prop_assert_eq!(parts.len(), 1);
        if !text.trim().is_empty() {
            let read = TextTest::parse(&parts[0], TextTest::Exact);
            prop_assert!(read == Ok(TextTest::Exact(text.trim().to_owned())));
        }
    }

    #[test]
    fn no_query_is_a_panic(query in "\\PC{0,80}") {
        for kind in ResourceKind::ALL {
            if let Some(endpoint) = kind.endpoint() {
                let pairs = crate::pairs(&query);
                let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                let _read = Search::parse(endpoint, pairs, Handling::Lenient);
            }
        }
    }

    #[test]
    fn prefixes_divide_time(at in 0_i64..4_000_000_000_000_000, day in 0_i64..40_000) {
        let text = crate::instant(Micros(day * Micros::DAY)).unwrap();
        let date = text.split('T').next().unwrap();
        let holds = |prefix: &str| DateTest::parse(&format!("{prefix}{date}")).unwrap().instants().holds(Micros(at));
        let point = |prefix: &str| {
            DateTest::parse(&format!("{prefix}{date}")).unwrap().holds_for_span(Micros(at), Micros(at + 1))
        };
        prop_assert!(holds("eq") != holds("ne"));
        prop_assert_eq!(holds("ge"), holds("eq") || holds("gt"));
        prop_assert_eq!(holds("le"), holds("eq") || holds("lt"));
        prop_assert!(!(holds("gt") && holds("lt")));
        for prefix in ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"] {
            prop_assert_eq!(holds(prefix), point(prefix), "{}", prefix);
        }
    }
}
