//! More words never lower an urgency, and what is not understood never stays at home, whatever is written.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::{LazyLock, OnceLock};

use clinical_redflags::flags::{Age, Flags, Level, Patient, Sex};
use clinical_triage::{
    Answer, Assessment, Case, Disposition, Engine, Interview, Knowledge, Reading,
};
use proptest::prelude::*;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::shipped().unwrap());
/// What patients in danger wrote: `flag|age|sex|words`.
const DANGERS: [&str; 2] = [
    include_str!("../../redflags/tests/paraphrases_en.txt"),
    include_str!("../../redflags/tests/paraphrases_fr.txt"),
];
const PARTS: &[&str] = &[
    "runny nose and sneezing",
    "no fever",
    "j'ai mal au genou",
    "pas de sang",
    "my mother had a stroke",
    "itchy eyes in spring",
    "depuis 3 jours",
    "headache",
    "constipation",
    "I am fine",
    "je suis fatigué",
    "temperature 38.5",
    "qsdf zzz",
    "what if it is cancer",
    "ten years ago",
    "the rash is red",
    "🙂",
    "он",
    "no chest pain",
    "je n'ai rien de grave",
];
/// Neither English nor French.
const FOREIGN: &[&str] = &[
    "ich habe seit gestern starke Schmerzen",
    "me duele mucho la cabeza desde ayer",
    "у меня болит живот",
    "صدري يؤلمني منذ الصباح",
    "頭が痛いです",
    "ninaumwa kichwa sana",
    "dói-me a barriga há dois dias",
    "mi fa male la schiena",
    "zzz qsdkjh wxcvb",
    "?!?!",
];

fn told(text: &str) -> Assessment {
    ENGINE.assess(&Case {
        patient: grown(),
        text: text.to_owned(),
        ..Case::default()
    })
}

fn grown() -> Patient {
    Patient {
        age: Some(Age::years(50)),
        ..Patient::default()
    }
}

fn with_one_more() -> &'static Engine {
    static MORE: OnceLock<Engine> = OnceLock::new();
    MORE.get_or_init(|| {
        let flag = "flag one_more urgent\nen: A.\nfr: B.\ndo: call\ncite: A test\n- headache/genou | fever/cold/sneezing\n";
        let flags = Flags::shipped_with(&[("flags/more.txt", flag)]).unwrap();
        Engine::new(Knowledge::shipped().unwrap(), Box::leak(Box::new(flags))).unwrap()
    })
}

/// A story in danger with the patient whom it is about.
fn dangers() -> impl Strategy<Value = (Patient, String)> {
    let lines: Vec<&str> = DANGERS
        .iter()
        .flat_map(|file| file.lines())
        .filter(|line| line.split('|').count() == 4)
        .collect();
    prop::sample::select(lines).prop_map(|line| {
        let fields: Vec<&str> = line.splitn(4, '|').collect();
        let (number, unit) = fields[1].split_at(fields[1].len().saturating_sub(1));
        let number = number.parse().ok();
        let age = match unit {
            "y" => number.map(Age::years),
            "m" => number.map(Age::months),
            _ => number.map(Age::days),
        };
        let sex = match fields[2] {
            "f" => Some(Sex::Female),
            "m" => Some(Sex::Male),
            _ => None,
        };
        let patient = Patient {
            age,
            sex,
            ..Patient::default()
        };
        (patient, fields[3].to_owned())
    })
}

fn level(id: &str) -> Disposition {
    let flag = Flags::shipped()
        .all()
        .iter()
        .find(|it| it.id == id)
        .unwrap();
    match flag.level {
        Level::Emergency => Disposition::Emergency,
        Level::Urgent => Disposition::Urgent,
    }
}

fn stories() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(PARTS), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(8), ..ProptestConfig::default() })]

    #[test]
    fn one_more_flag_never_lowers(parts in stories()) {
        let text = parts.join(". ");
        let case = Case { patient: grown(), text, ..Case::default() };
        let before = ENGINE.assess(&case).disposition;
        prop_assert!(with_one_more().assess(&case).disposition >= before, "{}", case.text);
    }

    #[test]
    fn a_danger_among_whatever_else_in_any_order_is_as_urgent_as_alone((patient, danger) in dangers(), parts in stories(), place in 0_usize..7) {
        let alone = ENGINE.assess(&Case { patient: patient.clone(), text: danger.clone(), ..Case::default() });
        let mut said = parts;
        let place = place.min(said.len());
        said.insert(place, &danger);
        let text = said.join(".\n\n");
        let among = ENGINE.assess(&Case { patient, text, ..Case::default() });
        for flag in &alone.flags {
            prop_assert!(among.flags.contains(flag), "{flag} {said:?}");
        }
        let least = alone.flags.iter().map(|flag| level(flag)).max();
        prop_assert!(least.is_none_or(|least| among.disposition >= least), "{said:?}");
    }

    #[test]
    fn a_finding_with_a_flag_never_lowers(parts in stories(), danger in prop::sample::select(vec!["ha_thunderclap", "vomit_blood", "dyspnea_rest", "suicidal", "guarding", "low_oxygen"])) {
        let mut case = Case { patient: grown(), text: parts.join(". "), ..Case::default() };
        let before = ENGINE.assess(&case).disposition;
        case.known.present.extend(ENGINE.knowledge().finding(danger));
        let after = ENGINE.assess(&case).disposition;
        prop_assert!(after >= before && after == Disposition::Emergency, "{danger} {}", case.text);
    }

    #[test]
    fn what_is_in_no_known_language_goes_to_a_person_and_never_home(parts in prop::collection::vec(prop::sample::select(FOREIGN), 0..5)) {
        let answer = told(&parts.join(" "));
        prop_assert!(answer.person && answer.disposition > Disposition::SelfCare, "{parts:?}");
        prop_assert!(answer.hypotheses.is_empty());
    }

    #[test]
    fn garbage_never_panics_and_never_stays_at_home(text in "\\PC{0,300}") {
        let answer = told(&text);
        let understood = !answer.reading.present.is_empty();
        prop_assert!(understood || answer.person && answer.disposition > Disposition::SelfCare);
    }

    #[test]
    fn what_is_said_and_denied_is_as_urgent_as_what_is_said(parts in stories(), at in 0_usize..600) {
        let finding = at % ENGINE.knowledge().findings.len();
        let text = parts.join(". ");
        let said = Case { patient: grown(), text, known: Reading { present: [finding].into(), ..Reading::default() } };
        let mut both = said.clone();
        both.known.absent.insert(finding);
        prop_assert!(ENGINE.assess(&both).disposition >= ENGINE.assess(&said).disposition);
    }

    #[test]
    fn contradicting_answers_go_to_a_person_and_never_home(yes in any::<bool>(), number in 0_usize..4) {
        let (general, special) = [("fever", "fever_high"), ("headache", "ha_band"), ("dyspnea", "dyspnea_rest"), ("chest_pain", "cp_wall")][number];
        let mut interview = Interview::default();
        interview.complain("I feel unwell").unwrap();
        interview.answer(&ENGINE, general, if yes { Answer::Yes } else { Answer::No }).unwrap();
        interview.answer(&ENGINE, special, Answer::Yes).unwrap();
        let before = interview.assess(&ENGINE);
        prop_assert_eq!(before.contradicted, !yes);
        interview.change(general, Answer::No).unwrap();
        let after = interview.assess(&ENGINE);
        prop_assert!(after.contradicted && after.person && after.disposition > Disposition::SelfCare);
        prop_assert!(after.disposition >= before.disposition);
    }
}

#[test]
fn words_without_end_and_abuse_go_to_a_person() {
    let long = "I have a cold and a runny nose. ".repeat(3_000);
    for text in [long.as_str(), "you stupid fucking bot I have a cold"] {
        let answer = told(text);
        assert!(answer.person && answer.disposition > Disposition::SelfCare);
        assert!(!answer.unclear.is_empty());
    }
}
