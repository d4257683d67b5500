//! What stands beside a phrase says how it is meant, in both languages.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_redflags::words::{Assertion, Matcher, Phrases, Reader, Speaker, Text};

fn matcher() -> Matcher {
    let mut phrases = Phrases::new();
    phrases
        .group("pain", "pain hurt hurts sore ache mal douleur douloureuse")
        .unwrap();
    phrases
        .group("chest", "chest poitrine thorax thoracique")
        .unwrap();
    Matcher::compile(
        &phrases,
        [
            (0, "~ @pain @chest"),
            (1, "fever/fievre"),
            (2, "can_not breathe"),
            (2, "arrive_pas/arrive_plus/peux_pas respirer"),
            (3, "stroke/avc"),
        ],
    )
    .unwrap()
}

fn meaning(matcher: &Matcher, id: u32, text: &str, reader: Reader) -> Option<Assertion> {
    let found = matcher.find(&Text::read(text, reader));
    found
        .iter()
        .find(|one| one.id == id)
        .map(|one| one.assertion())
}

#[test]
fn meanings_in_both_languages() {
    use Assertion::{Absent, Hypothetical, OtherPerson, Past, Present};
    let matcher = matcher();
    let mut wrong = Vec::new();
    for (id, text, expected) in [
        (0, "my chest hurts", Present),
        (0, "j'ai mal à la poitrine depuis 2 heures", Present),
        (0, "douleur poitrinne", Present),
        (0, "chset pain", Present),
        (0, "no chest pain", Absent),
        (0, "I don't have any chest pain", Absent),
        (0, "i dont have chest pain", Absent),
        (0, "denies fever, cough or chest pain", Absent),
        (0, "no fever, chest pain since this morning", Present),
        (0, "no fever but chest pain", Present),
        (0, "no fever and my chest hurts", Present),
        (0, "pas de fièvre mais mal à la poitrine", Present),
        (0, "pas de fièvre, j'ai mal à la poitrine", Present),
        (0, "pas de fievre ni de douleur dans la poitrine", Absent),
        (0, "je n'ai pas mal à la poitrine", Absent),
        (0, "sans douleur thoracique", Absent),
        (0, "aucune douleur thoracique", Absent),
        (0, "chest pain: no", Absent),
        (0, "douleur thoracique : non", Absent),
        (0, "I can't sleep because of chest pain", Present),
        (0, "no relief from my chest pain", Present),
        (0, "je n'ai pas de fievre ni mal dans la poitrine", Absent),
        (2, "je n'arrive presque plus à respirer", Present),
        (1, "poitrine non douloureuse, fièvre à 39", Present),
        (0, "poitrine non douloureuse", Absent),
        (0, "not only fever, chest pain too", Present),
        (
            0,
            "pas seulement de la fièvre, mal à la poitrine aussi",
            Present,
        ),
        (0, "mal à la poitrine sans arrêt", Present),
        (0, "never had chest pain", Absent),
        (0, "never had chest pain like this", Present),
        (0, "it is not without chest pain", Present),
        (0, "I don't think I have no chest pain", Present),
        (
            0,
            "je n'arrive pas à respirer douleur dans la poitrine",
            Present,
        ),
        (2, "i cant breathe", Present),
        (2, "j'arrive pas à respirer", Present),
        (2, "je n'arrive pas à bien respirer", Present),
        (3, "my mother had a stroke", OtherPerson),
        (3, "mon père a fait un AVC", OtherPerson),
        (3, "family history of stroke", OtherPerson),
        (3, "antécédents familiaux d'AVC", OtherPerson),
        (0, "my father had a stroke and i have chest pain", Present),
        (0, "my mum says my chest pain is serious", Present),
        (3, "history of stroke", Past),
        (3, "I had a stroke ten years ago", Past),
        (3, "il y a 5 ans j'ai fait un avc", Past),
        (3, "j'ai fait un avc il y a 5 ans", Past),
        (3, "j'ai fait un avc en 2012", Past),
        (0, "i had a stroke 5 years ago and now chest pain", Present),
        (3, "what if I have a stroke", Hypothetical),
        (3, "j'ai peur de faire un AVC", Hypothetical),
        (0, "should I worry about chest pain", Hypothetical),
        (
            0,
            "is it normal to have chest pain after sport",
            Hypothetical,
        ),
        (0, "is it normal that my chest hurts", Present),
        (0, "si j'ai mal à la poitrine que faire", Hypothetical),
        (0, "chest pain if I move", Present),
        (3, "I don't know if I'm having a stroke", Present),
    ] {
        let read = meaning(&matcher, id, text, Reader::default());
        if read != Some(expected) {
            wrong.push(format!("{text}: {read:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_denial_ends_where_somebody_complains() {
    use Assertion::{Absent, Present};
    let matcher = matcher();
    for (id, text, expected) in [
        (2, "je n'arrive pas à parler ni à respirer", Present),
        (1, "je n'ai pas de toux ni de fièvre", Absent),
        (1, "fièvre non douleur thoracique oui", Present),
        (0, "fièvre non douleur thoracique oui", Present),
        (1, "nothing wrong with me until fever came", Present),
        (1, "je ne sens plus rien au bras et fièvre", Present),
    ] {
        let read = meaning(&matcher, id, text, Reader::default());
        assert_eq!(read, Some(expected), "{text}");
    }
}

#[test]
fn a_proxy_speaks_of_the_patient() {
    let matcher = matcher();
    let proxy = Reader {
        speaker: Speaker::Proxy,
        pregnant: false,
    };
    for text in [
        "my son has fever",
        "mon bébé a de la fièvre",
        "ma fille a 3 ans et de la fièvre",
    ] {
        assert_eq!(
            meaning(&matcher, 1, text, proxy),
            Some(Assertion::Present),
            "{text}"
        );
        assert_eq!(
            meaning(&matcher, 1, text, Reader::default()),
            Some(Assertion::OtherPerson),
            "{text}"
        );
    }
    assert_eq!(
        meaning(&matcher, 1, "my son is well, his father has fever", proxy),
        Some(Assertion::OtherPerson)
    );
}

#[test]
fn times_belong_to_what_stands_near() {
    let matcher = matcher();
    for (text, minutes) in [
        ("mal à la poitrine depuis 3 jours", 3 * 1440),
        ("chest pain for two hours", 120),
        ("chest pain started half an hour ago", 30),
        ("douleur poitrine hier", 1440),
        ("il y a 20 minutes douleur dans la poitrine", 20),
    ] {
        let found = matcher.find(&Text::read(text, Reader::default()));
        assert_eq!(found[0].minutes, Some(minutes), "{text}");
    }
}

#[test]
fn a_place_is_in_the_original_and_a_long_text_is_cut_visibly() {
    let matcher = matcher();
    let text = "Bonjour — J’AI DE LA FIÈVRE";
    let found = matcher.find(&Text::read(text, Reader::default()));
    assert_eq!(text.get(found[0].start..found[0].end), Some("FIÈVRE"));
    let long = "fever ".repeat(20_000);
    let read = Text::read(&long, Reader::default());
    assert!(read.truncated());
    assert!(matcher.find(&read).len() <= 16);
}
