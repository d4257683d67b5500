//! Laws: no answer below a red flag, no change without a yes, no panic.

use clinical_assistant::{
    Choice, Doctor, Effect, Input, Intent, Level, Line, Offer, Outcome, Say, State, Talk, Time,
    Visit, World, answer, hear, phrases,
};
use clinical_redflags::flags::{Background, Patient};
use jiff::civil::date;
use proptest::prelude::*;

/// Sentences that are an emergency.
const FLAGS: [&str; 8] = [
    "I have crushing chest pain spreading to my left arm and I am sweating",
    "My face droops on one side and I cannot speak properly since an hour ago",
    "J'ai une douleur qui serre la poitrine et qui descend dans le bras gauche",
    "Je veux me suicider ce soir",
    "I want to kill myself",
    "je crache de la mousse rose",
    "je crois que je fais un infarctus",
    "ca me serre dans la poitrine depuis ce matin",
];
/// What people write otherwise.
const WORDS: [&str; 16] = [
    "bonjour",
    "prendre rendez-vous",
    "demain à 10h",
    "Dr Ngono",
    "oui",
    "non",
    "annuler mon rendez-vous",
    "move my appointment",
    "yes",
    "stop",
    "1",
    "2",
    "merci",
    "mes résultats",
    "ignore previous instructions",
    "renew my prescription",
];

fn doctor() -> Doctor {
    Doctor {
        key: "a".to_owned(),
        name: "Dr Amina Ngono".to_owned(),
        specialty: "general_practice".to_owned(),
    }
}

fn start(hour: i8) -> Time {
    let local = date(2026, 12, 3).at(hour, 0, 0, 0);
    Time {
        us: i64::from(hour) * 3_600_000_000,
        local,
    }
}

/// Talk of booking raises nothing for somebody whose record makes ordinary things dangerous either.
#[test]
fn booking_raises_no_flag_for_a_diabetic() {
    let patient = Patient {
        background: [Background::Diabetes, Background::Heart, Background::Lung].into(),
        ..Patient::default()
    };
    let doctors = [doctor()];
    let world = World {
        now: date(2026, 12, 2).at(8, 0, 0, 0),
        doctors: &doctors,
        patient: &patient,
    };
    for text in [
        "Je voudrais un rendez-vous avec Dr Ngono",
        "prendre un rendez-vous demain matin",
        "déplacer mon rendez-vous",
        "annuler mon rendez vous",
        "I would like an appointment tomorrow",
    ] {
        let mut talk = Talk::begin();
        drop(hear(&mut talk, Input::Words(text.to_owned()), &world));
        assert_eq!(talk.level, Level::None, "{text}: {:?}", talk.flags);
    }
}

/// One step with everything that follows; what was done.
fn step(talk: &mut Talk, input: Input) -> usize {
    let (doctors, patient) = ([doctor()], Patient::default());
    let world = World {
        now: date(2026, 12, 2).at(8, 0, 0, 0),
        doctors: &doctors,
        patient: &patient,
    };
    let confirming = matches!(talk.state, State::Confirming(_));
    let visit = Visit {
        key: "v".to_owned(),
        doctor: doctor(),
        start: start(9),
    };
    let mut effect = hear(talk, input, &world);
    let mut done = 0;
    for _ in 0..5 {
        let Some(asked) = effect else { return done };
        let outcome = match asked {
            Effect::FindOffers { .. } => {
                let offers = (9..17).map(|hour| Offer {
                    doctor: doctor(),
                    start: start(hour),
                });
                Outcome::Offers(offers.collect())
            }
            Effect::ListVisits => Outcome::Visits(vec![visit.clone()]),
            Effect::CountResults => Outcome::Results(1),
            Effect::CountPrescriptions => Outcome::Prescriptions(1),
            Effect::Do(_) => {
                assert!(confirming, "something was done that was not asked before");
                done += 1;
                Outcome::Visit(visit.clone())
            }
        };
        effect = answer(talk, outcome, &world);
    }
    assert!(effect.is_none(), "one thing leads to another without end");
    done
}

fn last(talk: &Talk) -> &[Say] {
    match talk.lines.last() {
        Some(Line::Said(says)) => says,
        _ => &[],
    }
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        6 => prop::sample::select(WORDS.to_vec()).prop_map(|it| Input::Words(it.to_owned())),
        3 => (0_usize..8).prop_map(Input::Choice),
        1 => ".{0,60}".prop_map(Input::Words),
    ]
}

/// Talk of booking and the like raises nothing: fewer than one phrase of a hundred.
#[test]
fn phrases_that_are_no_illness_raise_no_flag() {
    let quiet = |it: Intent| {
        !matches!(
            it,
            Intent::Symptom | Intent::Emergency | Intent::Advice | Intent::Proxy
        )
    };
    let (mut all, mut raised) = (0, 0);
    for file in [
        include_str!("../data/intents/fr.txt"),
        include_str!("../data/intents/en.txt"),
        include_str!("held_fr.txt"),
        include_str!("held_en.txt"),
    ] {
        for (_, phrase) in phrases(file).unwrap().into_iter().filter(|it| quiet(it.0)) {
            let mut talk = Talk::begin();
            step(&mut talk, Input::Words(phrase.to_owned()));
            all += 1;
            if talk.level > Level::None {
                raised += 1;
                println!("{phrase}: {:?}", talk.flags);
            }
        }
    }
    println!("{raised} of {all} raise a flag");
    assert!(raised * 100 < all, "{raised} of {all}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_answered_below_a_red_flag(
        before in prop::collection::vec(input(), 0..6),
        flag in prop::sample::select(FLAGS.to_vec()),
        around in prop::sample::select(WORDS.to_vec()),
        after in prop::collection::vec(input(), 0..6),
    ) {
        let mut talk = Talk::begin();
        for it in before {
            step(&mut talk, it);
        }
        step(&mut talk, Input::Words(format!("{around}. {flag}.")));
        prop_assert!(matches!(last(&talk), [Say::Emergency(_)]), "{flag}");
        for it in after {
            prop_assert_eq!(step(&mut talk, it), 0);
            prop_assert!(matches!(last(&talk), [Say::Emergency(_)]));
        }
        prop_assert!(talk.level == Level::Emergency);
    }

    #[test]
    fn a_talk_always_answers_never_falls_and_does_nothing_unasked(
        all in prop::collection::vec(input(), 0..14),
    ) {
        let mut talk = Talk::begin();
        let mut level = Level::None;
        for it in all {
            step(&mut talk, it);
            prop_assert!(!last(&talk).is_empty());
            prop_assert!(talk.level >= level);
            level = talk.level;
            let confirm = talk.choices.contains(&Choice::Confirm);
            prop_assert_eq!(confirm, matches!(talk.state, State::Confirming(_)));
            let kept = serde_json::to_string(&talk).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Talk>(&kept).unwrap(), &talk);
        }
    }
}
