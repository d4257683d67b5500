//! The questionnaire about diseases in the family, walked as values.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::chart::Relative;
use clinical_model::chart::family::{
    Answer, AnswerRefusal, Interview, Question, Reason, Risk, Site, Topic,
};
use proptest::prelude::*;

fn walk(answers: Vec<Answer>) -> Interview {
    Interview::replay(answers).unwrap()
}

fn risk(interview: &Interview, topic: Topic) -> (Risk, Reason) {
    let risks = interview.risks().unwrap();
    let found = risks.iter().find(|it| it.topic == topic).unwrap();
    (found.risk, found.reason)
}

#[test]
fn a_family_without_diseases_is_asked_five_questions() {
    let interview = walk(vec![Answer::No; 5]);
    assert_eq!(interview.question(), None);
    assert!(interview.cases().is_empty());
    assert!(
        interview
            .risks()
            .unwrap()
            .iter()
            .all(|it| it.risk == Risk::Average)
    );
}

#[test]
fn only_a_yes_leads_to_who_and_how_old() {
    let interview = walk(vec![Answer::Yes, Answer::Relatives(vec![Relative::Father])]);
    assert_eq!(
        interview.question(),
        Some(Question::Age {
            topic: Topic::Heart,
            relative: Relative::Father,
            place: 0
        })
    );
    let interview = interview.answer(Answer::Years(48)).unwrap();
    assert_eq!(
        interview.question(),
        Some(Question::Any {
            topic: Topic::Diabetes
        })
    );
}

#[test]
fn a_father_with_an_early_infarction_raises_the_risk_and_two_make_it_high() {
    let mut answers = vec![
        Answer::Yes,
        Answer::Relatives(vec![Relative::Father]),
        Answer::Years(54),
    ];
    answers.extend(vec![Answer::No; 4]);
    assert_eq!(
        risk(&walk(answers), Topic::Heart),
        (Risk::Raised, Reason::CloseAndYoung)
    );
    let mut answers = vec![
        Answer::Yes,
        Answer::Relatives(vec![Relative::Father, Relative::Mother]),
        Answer::Years(54),
        Answer::Years(60),
    ];
    answers.extend(vec![Answer::No; 4]);
    assert_eq!(
        risk(&walk(answers), Topic::Heart),
        (Risk::High, Reason::SeveralYoung)
    );
}

#[test]
fn breast_and_ovary_in_a_sister_is_a_telling_form() {
    let answers = vec![
        Answer::No,
        Answer::No,
        Answer::Yes,
        Answer::Relatives(vec![Relative::Sister, Relative::Brother]),
        Answer::Unknown,
        Answer::Site(Site::BreastAndOvary),
        // A brother is not asked about an ovary.
        Answer::Years(70),
        Answer::No,
        Answer::Unknown,
    ];
    let interview = walk(answers);
    assert_eq!(
        risk(&interview, Topic::Breast),
        (Risk::High, Reason::TellingForm)
    );
    assert_eq!(
        risk(&interview, Topic::SickleCell),
        (Risk::Unknown, Reason::NobodyKnows)
    );
}

#[test]
fn impossible_answers_are_refused() {
    let start = Interview::new();
    assert_eq!(
        start.clone().answer(Answer::Years(3)),
        Err(AnswerRefusal::Misplaced)
    );
    let who = start.answer(Answer::Yes).unwrap();
    for relatives in [vec![], vec![Relative::Mother; 2], vec![Relative::Sister; 9]] {
        assert_eq!(
            who.clone().answer(Answer::Relatives(relatives)),
            Err(AnswerRefusal::Relatives)
        );
    }
    let age = who
        .answer(Answer::Relatives(vec![Relative::Sister; 2]))
        .unwrap();
    assert_eq!(age.answer(Answer::Years(121)), Err(AnswerRefusal::Age));
    assert_eq!(
        walk(vec![Answer::No; 5]).answer(Answer::No),
        Err(AnswerRefusal::Finished)
    );
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let relative = proptest::sample::select(Relative::ALL.to_vec());
    prop_oneof![
        Just(Answer::Yes),
        Just(Answer::No),
        Just(Answer::Unknown),
        proptest::collection::vec(relative, 0..4).prop_map(Answer::Relatives),
        any::<u8>().prop_map(Answer::Years),
        proptest::sample::select(vec![
            Site::OneBreast,
            Site::BothBreasts,
            Site::Ovary,
            Site::BreastAndOvary
        ])
        .prop_map(Answer::Site),
    ]
}

proptest! {
    #[test]
    fn every_walk_ends_and_goes_back_the_way_it_came(answers in proptest::collection::vec(any_answer(), 0..400)) {
        let mut interview = Interview::new();
        for answer in answers {
            let before = interview.clone();
            match interview.clone().answer(answer) {
                Ok(after) => {
                    prop_assert_eq!(&after.back(), &before);
                    interview = after;
                }
                Err(_) => prop_assert_eq!(&interview, &before),
            }
            // Five topics of a yes, a list, and at most two answers for each of eight relatives.
            prop_assert!(interview.answers().len() <= 5 * (2 + 16));
        }
        prop_assert_eq!(&Interview::replay(interview.answers().to_vec()).unwrap(), &interview);
        prop_assert_eq!(interview.risks().is_some(), interview.question().is_none());
    }
}
