//! What must hold of the engine, its knowledge and the interview, whatever is said.

use std::sync::LazyLock;

use clinical_redflags::flags::Patient;
use clinical_triage::{Answer, Case, Disposition, Engine, Interview, QUESTIONS_MAX};

#[expect(clippy::unwrap_used, reason = "tests")]
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::shipped().unwrap());

fn told(text: &str) -> Case {
    Case {
        patient: Patient::default(),
        text: text.to_owned(),
        ..Case::default()
    }
}

#[test]
fn the_knowledge_is_as_large_as_promised_and_complete_in_both_languages() {
    let knowledge = ENGINE.knowledge();
    assert!(
        knowledge.findings.len() >= 500,
        "{}",
        knowledge.findings.len()
    );
    assert!(
        knowledge.conditions.len() >= 300,
        "{}",
        knowledge.conditions.len()
    );
    for finding in &knowledge.findings {
        for words in [&finding.name, &finding.question, &finding.why] {
            assert!(
                !words.en.is_empty() && !words.fr.is_empty(),
                "{}",
                finding.id
            );
        }
        assert!(finding.phrases.len() > 1, "{}", finding.id);
    }
    for condition in &knowledge.conditions {
        assert!(
            !condition.sources.is_empty() && !condition.name_fr.is_empty(),
            "{}",
            condition.id
        );
    }
}

#[test]
fn what_is_not_understood_goes_to_a_person_and_never_home() {
    for text in ["", "   ", "qwerty zzzz", "ich habe schmerzen", "?!?!"] {
        let answer = ENGINE.assess(&told(text));
        assert!(
            answer.person && answer.disposition > Disposition::SelfCare,
            "{text:?}"
        );
    }
}

#[test]
fn a_red_flag_only_raises() {
    for text in [
        "runny nose and sneezing",
        "j'ai mal au genou",
        "itchy eyes",
        "constipation",
    ] {
        let before = ENGINE.assess(&told(text)).disposition;
        let more = format!("{text}. I have crushing chest pain and I am sweating.");
        let after = ENGINE.assess(&told(&more)).disposition;
        assert!(after >= before, "{text}");
        assert_eq!(after, Disposition::Emergency, "{text}");
    }
}

#[test]
fn an_interview_ends_and_going_back_undoes_an_answer() {
    for answer in [Answer::Yes, Answer::No, Answer::Unknown] {
        let mut interview = Interview::default();
        interview.complain("headache and tiredness").unwrap();
        let mut asked = 0;
        while let Some(question) = interview.next(&ENGINE) {
            let before = interview.clone();
            interview
                .answer(&ENGINE, &question.finding, answer)
                .unwrap();
            let mut undone = interview.clone();
            assert!(undone.back().is_some());
            assert_eq!(undone, before);
            asked += 1;
            assert!(asked <= QUESTIONS_MAX);
        }
    }
}

#[test]
fn the_order_of_answers_does_not_matter() {
    let answers = [
        ("nausea", Answer::Yes),
        ("photophobia", Answer::Yes),
        ("fever", Answer::No),
    ];
    let assess = |order: &[(&str, Answer)]| {
        let mut interview = Interview::default();
        interview.complain("headache").unwrap();
        for (finding, answer) in order {
            interview.answer(&ENGINE, finding, *answer).unwrap();
        }
        let answer = interview.assess(&ENGINE);
        (
            answer.disposition,
            answer.hypotheses.first().map(|h| h.condition),
        )
    };
    let mut turned = answers;
    turned.reverse();
    assert_eq!(assess(&answers), assess(&turned));
}

const PARTS: [&str; 16] = [
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
];
const DANGERS: [&str; 4] = [
    "I want to kill myself",
    "je n'arrive plus à respirer",
    "I have crushing chest pain going down my left arm",
    "il convulse depuis 10 minutes",
];

/// Numbers that are the same in every run.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below
    }
}

fn story(next: &mut impl FnMut(usize) -> usize) -> String {
    let parts: Vec<&str> = (0..=next(4)).map(|_| PARTS[next(PARTS.len())]).collect();
    parts.join(". ")
}

#[test]
fn no_sentence_takes_a_red_flag_back() {
    let mut next = numbers(8);
    for _ in 0..24 {
        let (before, danger, behind) = (story(&mut next), DANGERS[next(4)], story(&mut next));
        let told = ENGINE.assess(&told(&format!("{before}.\n{danger}.\n{behind}")));
        assert_eq!(
            told.disposition,
            Disposition::Emergency,
            "{before} | {danger} | {behind}"
        );
        assert!(!told.flags.is_empty());
    }
}

#[test]
fn denying_a_danger_raises_no_flag() {
    for text in [
        "no chest pain, no shortness of breath, no weakness",
        "I do not want to die",
        "pas de douleur dans la poitrine, pas de fièvre, pas de sang dans les selles",
        "je n'ai pas la nuque raide",
    ] {
        let answer = ENGINE.assess(&told(text));
        assert!(answer.flags.is_empty(), "{text} {:?}", answer.flags);
    }
}

#[test]
fn long_abusive_and_contradicting_words_go_to_a_person_or_higher() {
    let long = "I have a cold and a runny nose. ".repeat(3_000);
    for text in [long.as_str(), "you stupid fucking bot I have a cold"] {
        let answer = ENGINE.assess(&told(text));
        assert!(answer.person && answer.disposition > Disposition::SelfCare);
        assert!(!answer.unclear.is_empty());
    }
    let both = ENGINE.assess(&told(
        "I have a fever. I have no fever. I have a fever and a stiff neck.",
    ));
    assert_eq!(both.disposition, Disposition::Emergency);
}

#[test]
fn a_french_interview_asks_in_french_and_ends() {
    let mut next = numbers(5);
    for complaint in ["j'ai mal au ventre depuis deux jours", "mon fils tousse"] {
        let mut interview = Interview::default();
        interview.language = clinical_triage::Language::French;
        interview.age_days = Some(9_000);
        interview.proxy = complaint.starts_with("mon");
        interview.complain(complaint).unwrap();
        let mut asked = 0;
        while let Some(question) = interview.next(&ENGINE) {
            assert!(question.text.ends_with('?') && !question.why.is_empty());
            assert!(!question.text.contains("Is there"), "{}", question.text);
            assert!(interview.menu(&question).contains("1 Oui 2 Non"));
            let answer = [Answer::Yes, Answer::No, Answer::Unknown, Answer::No][next(4)];
            let before = interview.clone();
            interview
                .answer(&ENGINE, &question.finding, answer)
                .unwrap();
            let mut undone = interview.clone();
            undone.back();
            assert_eq!(undone, before);
            asked += 1;
            assert!(asked <= QUESTIONS_MAX);
        }
        let stored = serde_json::to_string(&interview).unwrap();
        let resumed: Interview = serde_json::from_str(&stored).unwrap();
        assert_eq!(resumed, interview);
    }
}
