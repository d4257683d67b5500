//! What must hold of the engine, its knowledge and the interview, whatever is said.

use std::sync::LazyLock;

use clinical_redflags::flags::Patient;
use clinical_triage::{Answer, Case, Engine, Interview, QUESTIONS_MAX};

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
fn a_french_interview_asks_in_french_and_ends() {
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
            let answer = [Answer::Yes, Answer::No, Answer::Unknown, Answer::No][asked % 4];
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
