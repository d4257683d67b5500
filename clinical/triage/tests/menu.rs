//! Interviews by numbers: whole ones in both languages, and texts that fit a short message.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;

use clinical_triage::{
    Call, Disposition, Engine, Interview, Language, MENU_CHARS_MAX, Menu, MenuError,
};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::shipped().unwrap());
const CALL: Call<'static> = Call {
    ambulance: "10177",
    clinic: Some("+237 6 99 00 01 01"),
};
const LANGUAGES: [Language; 2] = [Language::English, Language::French];

fn begun(language: Language, proxy: bool) -> Menu {
    let mut interview = Interview::default();
    interview.language = language;
    interview.age_days = Some(34 * 365);
    interview.female = Some(true);
    interview.pregnant = Some(false);
    interview.proxy = proxy;
    Menu::new(interview)
}

fn sent(menu: &Menu) -> String {
    let text = menu.text(&ENGINE, CALL);
    assert!(text.chars().count() <= MENU_CHARS_MAX, "{text}");
    let plain = |c: char| c.is_ascii() || "éèàùìòÉ".contains(c);
    assert!(text.chars().all(plain), "{text}");
    text
}

/// Tells what is wrong and presses the same number until the end, and keeps the menu as text between messages.
fn played(language: Language, complaint: &str, number: &str) -> (Menu, String) {
    let mut menu = begun(language, false);
    menu.take(&ENGINE, complaint).unwrap();
    let mut asked = 0;
    while menu.result().is_none() {
        assert!(sent(&menu).contains(" 0 "));
        let kept = serde_json::to_string(&menu).unwrap();
        menu = serde_json::from_str(&kept).unwrap();
        menu.take(&ENGINE, number).unwrap();
        asked += 1;
        assert!(asked <= 15);
    }
    let text = sent(&menu);
    (menu, text)
}

#[test]
fn whole_interviews_lead_to_an_emergency_a_visit_and_home_in_both_languages() {
    for (language, danger, burning, cold) in [
        (
            Language::English,
            "crushing chest pain going down my left arm, I am sweating",
            "7",
            "I have a runny nose, I sneeze and my throat is a bit sore",
        ),
        (
            Language::French,
            "J'ai une douleur qui serre la poitrine et descend dans le bras gauche",
            "7",
            "J'ai le nez qui coule, j'éternue et j'ai un peu mal à la gorge",
        ),
    ] {
        let (menu, text) = played(language, danger, "1");
        assert_eq!(
            menu.result(),
            Some((Disposition::Emergency, false)),
            "{text}"
        );
        assert!(text.contains("10177"));
        let (menu, text) = played(language, burning, "2");
        let (to, person) = menu.result().unwrap();
        assert!(
            matches!(to, Disposition::Routine | Disposition::Urgent),
            "{to:?} {text}"
        );
        assert!(!person && text.contains("+237"), "{text}");
        let (menu, text) = played(language, cold, "2");
        assert_eq!(
            menu.result(),
            Some((Disposition::SelfCare, false)),
            "{text}"
        );
    }
}

#[test]
fn why_back_and_other_numbers() {
    for language in LANGUAGES {
        let mut menu = begun(language, false);
        let first = sent(&menu);
        assert_eq!(menu.take(&ENGINE, ""), Err(MenuError::NoSuchChoice));
        assert_eq!(menu.take(&ENGINE, "42"), Err(MenuError::NoSuchChoice));
        menu.take(&ENGINE, "5").unwrap();
        let question = sent(&menu);
        for bad in ["5", "yes", "", "11", "١"] {
            assert_eq!(
                menu.take(&ENGINE, bad),
                Err(MenuError::NoSuchChoice),
                "{bad}"
            );
        }
        menu.take(&ENGINE, "4").unwrap();
        let why = sent(&menu);
        assert_ne!(why, question);
        menu.take(&ENGINE, "0").unwrap();
        assert_eq!(sent(&menu), question);
        menu.take(&ENGINE, "2").unwrap();
        assert_ne!(sent(&menu), question);
        menu.take(&ENGINE, "0").unwrap();
        assert_eq!(sent(&menu), question);
        menu.take(&ENGINE, "0").unwrap();
        assert_eq!(sent(&menu), first);
        menu.take(&ENGINE, "9").unwrap();
        assert_eq!(menu.result(), Some((Disposition::Routine, true)));
        assert!(sent(&menu).contains("+237"));
        assert_eq!(menu.take(&ENGINE, "1"), Err(MenuError::NoSuchChoice));
    }
}

#[test]
fn what_is_not_understood_leads_to_a_person_who_can_be_called() {
    for language in LANGUAGES {
        let mut menu = begun(language, true);
        menu.take(&ENGINE, "xqz vbn wrtl").unwrap();
        let (to, person) = menu.result().unwrap();
        assert!(person && to > Disposition::SelfCare);
        assert!(sent(&menu).contains("+237"));
    }
}

#[test]
fn every_question_fits_a_message_with_its_choices() {
    for finding in &ENGINE.knowledge().findings {
        for language in LANGUAGES {
            let question = language.of(&finding.question);
            // "15/15 The patient: " before it, the choices behind.
            assert!(question.chars().count() <= 160 - 19 - 46, "{question}");
        }
    }
}
