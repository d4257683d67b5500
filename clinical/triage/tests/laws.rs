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
