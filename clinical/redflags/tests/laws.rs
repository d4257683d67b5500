//! A screening only raises, whatever is written.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::OnceLock;

use clinical_redflags::flags::{
    Age, Background, Finding, Flags, Patient, Pregnancy, Story, Unclear, Urgency,
};
use clinical_redflags::words::Speaker;
use proptest::prelude::*;

const PARTS: &[&str] = &[
    "my chest hurts",
    "no chest pain",
    "j'ai mal à la poitrine",
    "pas de fièvre",
    "fever",
    "my mother had a stroke",
    "if i have a seizure",
    "depuis 3 jours",
    "i want to die",
    "ma fille",
    "not",
    "et",
    ",",
    "ten years ago",
    "mais",
    "je n'arrive pas à respirer",
    "pregnant",
    "enceinte",
    "sang",
    "38,9",
    "bleeding",
    "qsdf",
    "🙂",
    "он",
    "my son has",
    "vomit",
];
const DANGERS: &[&str] = &[
    "I want to kill myself",
    "j'arrive plus à respirer",
    "chest pain going down my left arm",
    "il convulse depuis 10 minutes",
];

fn with_one_more() -> &'static Flags {
    static FLAGS: OnceLock<Flags> = OnceLock::new();
    FLAGS.get_or_init(|| {
        let flag = "flag one_more emergency\nen: A.\nfr: B.\ndo: call\ncite: A test\n- fever/fievre | not/pas vomit\n";
        Flags::shipped_with(&[("flags/more.txt", flag)]).unwrap()
    })
}

fn patients() -> impl Strategy<Value = Patient> {
    let age = prop_oneof![
        Just(None),
        (0_u32..36_500).prop_map(|days| Some(Age::days(days)))
    ];
    (age, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(age, proxy, pregnant, weak)| {
        Patient {
            age,
            speaker: if proxy {
                Speaker::Proxy
            } else {
                Speaker::Patient
            },
            pregnancy: if pregnant {
                Pregnancy::Pregnant
            } else {
                Pregnancy::Unknown
            },
            background: weak
                .then_some(Background::Immunosuppressed)
                .into_iter()
                .collect(),
            sex: None,
        }
    })
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(prop::sample::select(PARTS), 0..8).prop_map(|parts| parts.join(" ")),
        "\\PC{0,80}",
    ]
}

fn urgency(flags: &Flags, patient: &Patient, text: &str, findings: &[Finding<'_>]) -> Urgency {
    flags.screen(patient, &Story { text, findings }).urgency
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(8), ..ProptestConfig::default() })]

    #[test]
    fn one_more_flag_never_lowers(patient in patients(), text in texts()) {
        let before = urgency(Flags::shipped(), &patient, &text, &[]);
        prop_assert!(urgency(with_one_more(), &patient, &text, &[]) >= before);
    }

    #[test]
    fn a_sentence_more_never_lowers(patient in patients(), text in texts(), more in texts()) {
        let before = urgency(Flags::shipped(), &patient, &text, &[]);
        let longer = format!("{text}.\nok.\n{more}");
        let after = Flags::shipped().screen(&patient, &Story { text: &longer, findings: &[] });
        let nothing_was_found = before <= Urgency::Person;
        prop_assert!(nothing_was_found || after.urgency >= before, "{before:?} {longer}");
    }

    #[test]
    fn a_danger_is_never_talked_away(text in texts(), danger in prop::sample::select(DANGERS)) {
        let patient = Patient { age: Some(Age::years(50)), ..Patient::default() };
        let written = format!("{text}.\nok.\n{danger}.\nok.\n{text}");
        prop_assert_eq!(urgency(Flags::shipped(), &patient, &written, &[]), Urgency::Emergency);
    }

    #[test]
    fn a_finding_more_never_lowers(patient in patients(), text in texts(), at in 0_usize..500) {
        let names: Vec<&str> = Flags::shipped().feature_names().collect();
        let finding = Finding { name: names[at % names.len()], minutes: None };
        let before = urgency(Flags::shipped(), &patient, &text, &[]);
        let after = urgency(Flags::shipped(), &patient, &text, &[finding]);
        prop_assert!(after >= before || before == Urgency::Person);
    }

    #[test]
    fn every_place_is_in_the_text(patient in patients(), text in texts()) {
        for hit in Flags::shipped().screen(&patient, &Story { text: &text, findings: &[] }).hits {
            for evidence in hit.evidence {
                if let clinical_redflags::flags::Evidence::Words { start, end } = evidence {
                    prop_assert!(start < end && text.get(start..end).is_some());
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_judged_goes_to_a_person() {
    let patient = Patient {
        age: Some(Age::years(40)),
        ..Patient::default()
    };
    let long = "hello doctor ".repeat(5_000);
    for (text, reason) in [
        ("", Unclear::Empty),
        ("  \n", Unclear::Empty),
        ("qsdkjh zpoeir mlkqsd wxcvb", Unclear::NotUnderstood),
        (
            "me duele mucho el pecho desde ayer y tengo mareos",
            Unclear::NotUnderstood,
        ),
        ("у меня болит грудь", Unclear::NotUnderstood),
        ("صدري يؤلمني", Unclear::NotUnderstood),
        ("you stupid fucking bot", Unclear::Abuse),
        (long.as_str(), Unclear::TooLong),
        ("my husband has crushing chest pain", Unclear::AnotherPerson),
    ] {
        let screening = Flags::shipped().screen(
            &patient,
            &Story {
                text,
                findings: &[],
            },
        );
        assert!(
            screening.unclear.contains(&reason),
            "{:.60}: {:?}",
            text,
            screening.unclear
        );
        assert_eq!(
            screening.urgency,
            Urgency::Person,
            "{text:.60} {:?}",
            screening.hits
        );
    }
}

#[test]
fn most_ordinary_lines_are_understood() {
    let patient = Patient {
        age: Some(Age::years(40)),
        ..Patient::default()
    };
    for data in [
        include_str!("paraphrases_en.txt"),
        include_str!("paraphrases_fr.txt"),
    ] {
        let texts: Vec<&str> = data
            .lines()
            .filter_map(|line| line.splitn(4, '|').nth(3))
            .collect();
        let lost = texts.iter().filter(|text| {
            Flags::shipped()
                .screen(
                    &patient,
                    &Story {
                        text,
                        findings: &[],
                    },
                )
                .unclear
                .contains(&Unclear::NotUnderstood)
        });
        assert!(lost.count() * 20 < texts.len());
    }
}

#[test]
fn denied_past_and_imagined_dangers_raise_nothing() {
    let patient = Patient {
        age: Some(Age::years(55)),
        ..Patient::default()
    };
    for text in [
        "no chest pain, no shortness of breath",
        "i do not want to die",
        "pas de sang dans les selles",
        "je n'ai pas de fièvre ni la nuque raide",
        "my father had a stroke",
        "il y a 20 ans j'ai fait une méningite",
        "what are the signs of a heart attack",
        "que faire si mon bébé convulse",
        "je ne veux pas mourir",
    ] {
        let screening = Flags::shipped().screen(
            &patient,
            &Story {
                text,
                findings: &[],
            },
        );
        let found: Vec<&str> = screening
            .hits
            .iter()
            .map(|hit| hit.flag.id.as_str())
            .collect();
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn findings_alone_raise_a_flag() {
    let patient = Patient {
        age: Some(Age::days(20)),
        ..Patient::default()
    };
    let findings = [Finding {
        name: "fever",
        minutes: None,
    }];
    let screening = Flags::shipped().screen(
        &patient,
        &Story {
            text: "",
            findings: &findings,
        },
    );
    assert_eq!(screening.urgency, Urgency::Emergency);
    assert!(screening.unclear.is_empty());
}
