//! Sentences of results in both languages, with who says so.

use clinical_model::triage::{Disposition, InterviewLanguage, Judged, Story};

use super::scores;
use super::shown::{Cited, Names, ShownFlag};

/// Advice for home: the conditions it is for, English, French, source.
type Advice = (
    &'static [&'static str],
    &'static str,
    &'static str,
    &'static str,
);

/// Advice for home. Each row is about ordinary measures of the named guidance; none names a dose.
const HOME: &[Advice] = &[
    (
        &["cold", "bronchitis", "laryngitis", "pharyngitis", "globus"],
        "Rest and drink enough. Most colds and sore throats pass within one to two weeks, a cough within three to four. Antibiotics do not help against viruses.",
        "Reposez-vous et buvez suffisamment. La plupart des rhumes et maux de gorge passent en une à deux semaines, une toux en trois à quatre. Les antibiotiques n'agissent pas contre les virus.",
        "NICE NG120, cough (acute); NICE CKS, Common cold",
    ),
    (
        &["gastroenteritis", "food_poison", "travel_diarr", "lactose"],
        "Drink small amounts often, best an oral rehydration solution. Eat when you feel able to. Wash hands often and do not prepare food for others.",
        "Buvez souvent, par petites quantités, de préférence une solution de réhydratation. Mangez quand vous le pouvez. Lavez-vous souvent les mains et ne préparez pas de repas pour les autres.",
        "WHO, Diarrhoeal disease; NICE CKS, Gastroenteritis",
    ),
    (
        &["constip", "hemorrhoids", "anal_fissure"],
        "Eat more fibre, drink enough and move every day. Do not strain, and do not put off going to the toilet.",
        "Mangez plus de fibres, buvez suffisamment et bougez chaque jour. Ne forcez pas et ne vous retenez pas.",
        "NICE CKS, Constipation",
    ),
    (
        &[
            "back_mech",
            "neck_strain",
            "epicond",
            "tenosyn",
            "patellofem",
            "plantar",
            "costochondritis",
            "growing",
        ],
        "Stay active as far as the pain allows and go on with everyday life; long bed rest makes it last longer. Warmth can help.",
        "Restez actif autant que la douleur le permet et poursuivez vos activités ; un long repos au lit prolonge la douleur. La chaleur peut aider.",
        "NICE NG59, Low back pain and sciatica",
    ),
    (
        &["ankle_sprain"],
        "In the first two days: protect it, rest it, cool it with a wrapped cold pack for at most 20 minutes at a time, wrap and raise it. Then begin to move it gently.",
        "Les deux premiers jours : protégez, reposez, refroidissez avec une poche froide enveloppée 20 minutes au plus à la fois, bandez et surélevez. Puis remettez doucement en mouvement.",
        "NICE CKS, Sprains and strains",
    ),
    (
        &["allergic_rhinitis", "conj_allerg", "vasomotor"],
        "Avoid what sets it off where you can, rinse nose and face after being outdoors, and ask a pharmacist which antihistamine suits you.",
        "Évitez si possible ce qui la déclenche, rincez le nez et le visage en rentrant, et demandez au pharmacien quel antihistaminique vous convient.",
        "NICE CKS, Allergic rhinitis",
    ),
    (
        &["conj_viral", "stye", "blepharitis_c", "dry_eye", "subconj"],
        "Clean the lids with boiled, cooled water, wash hands often, share no towels, and leave contact lenses out until it is over.",
        "Nettoyez les paupières à l'eau bouillie refroidie, lavez-vous souvent les mains, ne partagez pas de serviette, et ne portez pas de lentilles avant la guérison.",
        "NICE CKS, Conjunctivitis (infective)",
    ),
    (
        &["bee_sting", "urticaria", "contact_derm", "sunburn", "larva"],
        "Cool the skin, do not scratch, and avoid what caused it. Ask a pharmacist what helps against the itch.",
        "Refroidissez la peau, ne grattez pas et évitez ce qui l'a provoqué. Demandez au pharmacien ce qui soulage les démangeaisons.",
        "NICE CKS, Insect bites and stings; Urticaria",
    ),
    (
        &["atopic", "seborrheic", "diaper", "acne_c", "pit_rosea"],
        "Wash with lukewarm water without soap, moisturise the skin every day, and do not scratch or squeeze it.",
        "Lavez à l'eau tiède sans savon, hydratez la peau chaque jour, ne grattez pas et ne pressez pas.",
        "NICE CKS, Eczema - atopic",
    ),
    (
        &["tinea", "tinea_vers", "onycho", "candida_v"],
        "Keep the skin dry, wear loose cotton, share no towels, and ask a pharmacist for a cream against fungi.",
        "Gardez la peau sèche, portez du coton ample, ne partagez pas de serviette, et demandez au pharmacien une crème contre les champignons.",
        "NICE CKS, Fungal skin infection",
    ),
    (
        &["aphthous", "herpes_lab", "hfmd", "gingivitis"],
        "Eat soft, cool food, drink enough, and brush gently with a soft brush. Share no cups or cutlery.",
        "Mangez mou et frais, buvez suffisamment, brossez doucement avec une brosse souple. Ne partagez ni verre ni couverts.",
        "NICE CKS, Aphthous ulcer; Herpes simplex - oral",
    ),
    (
        &["tension_ha", "insomnia_d", "rls", "tmj"],
        "Keep regular hours of sleep and meals, rest from screens, move every day, and do not take painkillers on more than two days a week.",
        "Gardez des horaires réguliers de sommeil et de repas, reposez-vous des écrans, bougez chaque jour, et ne prenez pas d'antidouleur plus de deux jours par semaine.",
        "NICE CG150, Headaches in over 12s",
    ),
    (
        &["epistaxis_c"],
        "Sit upright, lean forward, and press the soft part of the nose firmly for 10 to 15 minutes without letting go.",
        "Asseyez-vous, penchez-vous en avant, et pincez fermement la partie molle du nez 10 à 15 minutes sans relâcher.",
        "NICE CKS, Epistaxis",
    ),
    (
        &[
            "roseola",
            "fifth",
            "colic_infant",
            "infant_gerd",
            "pinworm",
            "lice_c",
        ],
        "Offer the child drinks or the breast often, watch how they drink, wake and play, and do not give aspirin to children.",
        "Proposez souvent à boire ou le sein, observez comment l'enfant boit, se réveille et joue, et ne donnez pas d'aspirine aux enfants.",
        "NICE NG143, Fever in under 5s",
    ),
    (
        &["dysmenorrhea_c", "pms", "menopause"],
        "Warmth and movement help many. A pharmacist can say which painkiller suits you.",
        "La chaleur et le mouvement aident souvent. Le pharmacien peut vous dire quel antidouleur vous convient.",
        "NICE CKS, Dysmenorrhoea",
    ),
];

const fn of(language: InterviewLanguage, en: &'static str, fr: &'static str) -> &'static str {
    match language {
        InterviewLanguage::English => en,
        InterviewLanguage::French => fr,
    }
}

/// Why a person must look at it.
pub(super) const fn unclear(language: InterviewLanguage) -> &'static str {
    of(
        language,
        "What was told could not be judged by this program. Speak to a person.",
        "Ce programme n'a pas pu juger ce qui a été dit. Parlez à une personne.",
    )
}

/// What was found that weighs most.
pub(super) fn told(findings: &[String], language: InterviewLanguage) -> String {
    let list = findings.join(", ");
    match language {
        InterviewLanguage::English => format!("What weighs most: {list}."),
        InterviewLanguage::French => format!("Ce qui pèse le plus : {list}."),
    }
}

/// What early warning scores say, where they say something.
pub(super) fn of_scores(story: &Story, language: InterviewLanguage) -> Vec<String> {
    let telling = scores::of(story)
        .into_iter()
        .filter(|it| it.least.is_some());
    telling
        .map(|it| {
            let (name, points) = (it.code.to_uppercase(), it.points);
            match language {
                InterviewLanguage::English => {
                    format!("Measurements in the record are worrying: {name} of {points} points.")
                }
                InterviewLanguage::French => format!(
                    "Des mesures du dossier sont inquiétantes : score {name} de {points} points."
                ),
            }
        })
        .collect()
}

/// What to do now.
pub(super) fn advice(names: &Names<'_>, judged: &Judged, flags: &[ShownFlag]) -> Vec<Cited> {
    let language = names.language;
    let mut advice: Vec<Cited> = Vec::new();
    for flag in flags {
        if !advice.iter().any(|it| it.text == flag.advice) {
            advice.push(Cited {
                text: flag.advice.clone(),
                source: flag.source.clone(),
            });
        }
    }
    let plain = |text: &str| Cited {
        text: text.to_owned(),
        source: String::new(),
    };
    match judged.disposition {
        Disposition::Emergency => {
            if advice.is_empty() {
                advice.push(plain(of(
                    language,
                    "Call the emergency number now. Stay where you are, do not drive yourself, and keep somebody with you.",
                    "Appelez maintenant le numéro d'urgence. Restez où vous êtes, ne conduisez pas, et gardez quelqu'un près de vous.",
                )));
            }
        }
        Disposition::Urgent => advice.push(plain(of(
            language,
            "Be seen by a clinician today. If nobody can see you today, go to the nearest emergency department.",
            "Consultez un soignant aujourd'hui. Si personne ne peut vous voir aujourd'hui, allez aux urgences les plus proches.",
        ))),
        Disposition::Routine => advice.push(plain(of(
            language,
            "Book a visit within the next days. It does not have to be today unless something below happens.",
            "Prenez rendez-vous dans les prochains jours. Ce n'est pas à faire aujourd'hui, sauf si un signe ci-dessous apparaît.",
        ))),
        Disposition::SelfCare => {
            advice.extend(home(judged, language));
            advice.push(plain(of(
                language,
                "A pharmacist can advise you without an appointment. You can book a visit at any time all the same.",
                "Un pharmacien peut vous conseiller sans rendez-vous. Vous pouvez aussi prendre rendez-vous à tout moment.",
            )));
        }
    }
    advice
}

/// Advice for the causes that were thought of first.
fn home(judged: &Judged, language: InterviewLanguage) -> Vec<Cited> {
    let mut found: Vec<Cited> = Vec::new();
    for guess in judged.guesses.iter().take(2) {
        let mut rows = HOME.iter();
        let row = rows.find(|(conditions, ..)| conditions.contains(&guess.condition.as_str()));
        if let Some((_, en, fr, source)) = row {
            let text = of(language, en, fr).to_owned();
            if !found.iter().any(|it| it.text == text) {
                found.push(Cited {
                    text,
                    source: (*source).to_owned(),
                });
            }
        }
    }
    if found.is_empty() {
        found.push(Cited {
            text: of(
                language,
                "Rest, drink enough, and watch how it goes on.",
                "Reposez-vous, buvez suffisamment, et observez l'évolution.",
            )
            .to_owned(),
            source: "NHS, Self care".to_owned(),
        });
    }
    found
}

/// When to come back or to call (safety netting: NICE NG143 and CKS have the same signs).
pub(super) fn come_back(disposition: Disposition, language: InterviewLanguage) -> Vec<String> {
    if disposition == Disposition::Emergency {
        return Vec::new();
    }
    let mut signs = vec![
        of(
            language,
            "Call the emergency number if breathing becomes hard, with chest pain, fainting, confusion, a fit, weakness of one side, or bleeding that does not stop.",
            "Appelez le numéro d'urgence en cas de difficulté à respirer, de douleur dans la poitrine, de malaise, de confusion, de convulsions, de faiblesse d'un côté, ou d'un saignement qui ne s'arrête pas.",
        ),
        of(
            language,
            "Be seen today if you get worse quickly, cannot keep drinks down, have a very strong pain, or a high fever with a stiff neck or a rash that does not fade under pressure.",
            "Consultez aujourd'hui en cas d'aggravation rapide, si vous ne gardez pas les boissons, en cas de douleur très forte, ou de forte fièvre avec une nuque raide ou des taches qui ne s'effacent pas à la pression.",
        ),
    ];
    if disposition == Disposition::SelfCare {
        signs.push(of(
            language,
            "Book a visit if it is not better in a week, if it comes back, or if you are worried. With babies, pregnant women, very old people and weak defences do not wait.",
            "Prenez rendez-vous si cela ne va pas mieux en une semaine, si cela revient, ou si vous êtes inquiet. Pour un bébé, une femme enceinte, une personne très âgée ou aux défenses affaiblies, n'attendez pas.",
        ));
    }
    signs.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_of_advice_has_both_languages_and_a_source_and_no_condition_has_two() {
        let mut seen = BTreeSet::new();
        for (conditions, en, fr, source) in HOME {
            assert!(en != fr && !source.is_empty());
            for condition in *conditions {
                assert!(seen.insert(condition), "{condition}");
            }
        }
    }

    #[test]
    fn who_is_not_sent_to_the_emergency_is_told_when_to_come_back() {
        for language in [InterviewLanguage::English, InterviewLanguage::French] {
            assert_eq!(come_back(Disposition::SelfCare, language).len(), 3);
            assert_eq!(come_back(Disposition::Urgent, language).len(), 2);
            assert!(come_back(Disposition::Emergency, language).is_empty());
        }
    }
}
