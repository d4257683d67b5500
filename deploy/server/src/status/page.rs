//! The board as a page, in French and English. No script, no other file, no time zone: times are told as
//! how long ago they were.

use core::fmt::Write as _;

use super::board::{Board, DAY_S, Service, State, Trouble};

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    En,
    Fr,
}

impl Language {
    /// What was chosen; otherwise the first that the browser names and we have; otherwise French, as
    /// everywhere.
    pub(super) fn of(chosen: Option<&str>, accepted: Option<&str>) -> Self {
        let known = |tag: &str| match tag.trim().get(..2) {
            Some("en") => Some(Self::En),
            Some("fr") => Some(Self::Fr),
            Some(_) | None => None,
        };
        let first = || accepted.and_then(|it| it.split(',').find_map(known));
        chosen.and_then(known).or_else(first).unwrap_or(Self::Fr)
    }

    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// English or French words.
    const fn say(self, en: &'static str, fr: &'static str) -> &'static str {
        match self {
            Self::En => en,
            Self::Fr => fr,
        }
    }
}

/// The colours of the application's pages (`web/app/style/01-base.css`).
const STYLE: &str = "*{box-sizing:border-box}\
    body{margin:0;background:#fff;color:#212121;font:1.0625rem/1.55 system-ui,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;overflow-wrap:break-word}\
    header{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.5rem;padding:.5rem 1rem;border-bottom:1px solid #d5dcdb}\
    header a{display:inline-flex;align-items:center;gap:.75rem;min-height:2.75rem}\
    header a:first-child{margin-right:auto;color:#212121;font-weight:700;text-decoration:none}svg{width:2rem;height:2rem}\
    main,footer{max-width:44rem;margin:0 auto;padding:1rem}h1{font-size:1.75rem;line-height:1.25;margin:.5rem 0}\
    h2{font-size:1.2rem;line-height:1.3;margin:0}p,ul{margin:.5rem 0}a{color:#00695c}\
    a:focus-visible{outline:3px solid #1565c0;outline-offset:2px}.sum{font-size:1.15rem;font-weight:600}\
    section{border:1px solid #d5dcdb;border-left:.4rem solid #757575;border-radius:.75rem;padding:1rem;margin:1rem 0}\
    [data-state=working]{border-left-color:#00695c}[data-state=limited]{border-left-color:#7a4f00;background:#fff4dc}\
    [data-state=down]{border-left-color:#b3261e;background:#fdecea}.state{font-weight:600}.soft{color:#4f5b5a}\
    footer{border-top:1px solid #d5dcdb}footer a{display:inline-block;padding:.5rem 0;margin-right:1.5rem}";

/// The cross in a square of every page.
const MARK: &str = "<svg viewBox=\"0 0 32 32\" aria-hidden=\"true\" focusable=\"false\"><rect width=\"32\" height=\"32\" \
    rx=\"9\" fill=\"#4db6ac\"/><path d=\"M16 8.5v15M8.5 16h15\" stroke=\"#212121\" stroke-width=\"3.5\" \
    stroke-linecap=\"round\"/></svg>";

/// The whole page.
pub(super) fn render(board: &Board, language: Language, now_s: u64) -> String {
    let title = language.say("What works", "Ce qui fonctionne");
    let (other, other_name) = match language {
        Language::En => ("fr", "Français"),
        Language::Fr => ("en", "English"),
    };
    let mut services = String::new();
    for service in Service::ALL {
        if let Some(state) = board.now(service) {
            let troubles = board.troubles(service, now_s);
            services.push_str(&section(
                (service, state),
                (&troubles, board.since_s),
                language,
                now_s,
            ));
        }
    }
    let tag = language.tag();
    let sum = sum(board, language);
    let back = language.say("To the start page", "Vers la page d’accueil");
    let help = language.say("Help", "Aide");
    let again = language.say("Look again", "Vérifier à nouveau");
    let looked = language.say(
        "Looked at every ten seconds, also while nobody asks.",
        "Vérifié toutes les dix secondes, même sans visite de cette page.",
    );
    let emergency = language.say(
        "In an emergency, call the emergency number of your country.",
        "En cas d’urgence, appelez le numéro d’urgence de votre pays.",
    );
    format!(
        "<!DOCTYPE html>\n<html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light\"><title>{title} · Telehealth Hub</title><style>{STYLE}</style></head>\
         <body><header><a href=\"/\">{MARK}<span>Telehealth Hub</span></a>\
         <a href=\"?lang={other}\" lang=\"{other}\" hreflang=\"{other}\">{other_name}</a></header>\
         <main><h1>{title}</h1><p class=\"sum\">{sum}</p>{services}\
         <p><a href=\"?lang={tag}\">{again}</a></p><p class=\"soft\">{looked}</p></main>\
         <footer><a href=\"/\">{back}</a><a href=\"/help\">{help}</a><p>{emergency}</p></footer>\
         </body></html>\n"
    )
}

/// All of it in one sentence.
fn sum(board: &Board, language: Language) -> &'static str {
    let worst = Service::ALL
        .into_iter()
        .filter_map(|it| board.now(it))
        .max();
    match worst {
        None => language.say(
            "The server has just started. Look again in some seconds.",
            "Le serveur vient de démarrer. Vérifiez à nouveau dans quelques secondes.",
        ),
        Some(State::Working) => language.say("Everything works.", "Tout fonctionne."),
        Some(State::Limited) => language.say(
            "Something works with limits only.",
            "Un service fonctionne avec des limites.",
        ),
        Some(State::Down) => {
            language.say("Something does not work.", "Un service ne fonctionne pas.")
        }
    }
}

fn section(
    (service, state): (Service, State),
    (troubles, since_s): (&[Trouble], u64),
    language: Language,
    now_s: u64,
) -> String {
    let name = name(service, language);
    let mark = match state {
        State::Working => "✓",
        State::Limited => "!",
        State::Down => "✕",
    };
    let word = word(state, language);
    let code = code(state);
    let mut text = format!(
        "<section data-state=\"{code}\"><h2>{name}</h2>\
         <p class=\"state\"><span aria-hidden=\"true\">{mark}</span> {word}</p>"
    );
    if let Some(advice) = advice(service, state, language) {
        let _ = write!(text, "<p>{advice}</p>");
    }
    if troubles.is_empty() {
        let kept = long(now_s.saturating_sub(since_s).min(DAY_S));
        let none = language.say("No trouble in the last", "Aucune difficulté depuis");
        let _ = write!(text, "<p class=\"soft\">{none} {kept}.</p>");
    } else {
        let heading = language.say("In the last 24 hours:", "Ces dernières 24 heures :");
        let _ = write!(text, "<p>{heading}</p><ul>");
        for trouble in troubles {
            let line = line(trouble, language, now_s);
            let _ = write!(text, "<li>{line}</li>");
        }
        text.push_str("</ul>");
    }
    text.push_str("</section>");
    text
}

/// One trouble: when, how long, how bad.
fn line(trouble: &Trouble, language: Language, now_s: u64) -> String {
    let state = word(trouble.state, language);
    let ago = long(now_s.saturating_sub(trouble.from_s));
    match (trouble.until_s, language) {
        (None, Language::En) => format!("for {ago} until now: {state}"),
        (None, Language::Fr) => format!("depuis {ago} : {state}"),
        (Some(until_s), language) => {
            let lasted = long(until_s.saturating_sub(trouble.from_s));
            match language {
                Language::En => format!("{ago} ago, for {lasted}: {state}"),
                Language::Fr => format!("il y a {ago}, pendant {lasted} : {state}"),
            }
        }
    }
}

const fn name(service: Service, language: Language) -> &'static str {
    match service {
        Service::SignIn => language.say("Signing in", "Connexion"),
        Service::Records => language.say(
            "Booking, appointments and records",
            "Prise de rendez-vous, rendez-vous et dossiers",
        ),
        Service::Visits => language.say("Video visits", "Consultations vidéo"),
        Service::Telephone => language.say("Visits by telephone", "Consultations par téléphone"),
    }
}

const fn word(state: State, language: Language) -> &'static str {
    match state {
        State::Working => language.say("works", "fonctionne"),
        State::Limited => language.say("works with limits", "fonctionne avec des limites"),
        State::Down => language.say("does not work", "ne fonctionne pas"),
    }
}

const fn code(state: State) -> &'static str {
    match state {
        State::Working => "working",
        State::Limited => "limited",
        State::Down => "down",
    }
}

/// What to do about it.
const fn advice(service: Service, state: State, language: Language) -> Option<&'static str> {
    match (service, state) {
        (_, State::Working) => None,
        (Service::SignIn | Service::Records, State::Limited) => Some(language.say(
            "Some answers are slow or fail. Wait for the answer; do not press twice.",
            "Certaines réponses sont lentes ou échouent. Attendez la réponse, sans appuyer deux fois.",
        )),
        (Service::SignIn, State::Down) => Some(language.say(
            "Nobody can sign in now. If you are signed in, keep your page open. It goes on by itself; try again in some minutes.",
            "Personne ne peut se connecter pour le moment. Si vous êtes connecté, gardez la page ouverte. Cela reprend tout seul ; réessayez dans quelques minutes.",
        )),
        (Service::Records, State::Down) => Some(language.say(
            "Nothing can be read or saved now. It goes on by itself; try again in some minutes, or call the reception of your clinic.",
            "Rien ne peut être lu ni enregistré pour le moment. Cela reprend tout seul ; réessayez dans quelques minutes, ou appelez l’accueil de votre clinique.",
        )),
        (Service::Visits, _) => Some(language.say(
            "Visits that run go on. New ones may not begin now; keep the page of the visit open.",
            "Les consultations en cours continuent. De nouvelles peuvent ne pas commencer ; gardez ouverte la page de la consultation.",
        )),
        (Service::Telephone, _) => Some(language.say(
            "Calls may not come through. Enter the visit with the link in your message.",
            "Les appels peuvent ne pas passer. Entrez dans la consultation par le lien de votre message.",
        )),
    }
}

/// A length of time, in signs that both languages share; at least a minute.
fn long(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60).max(1);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::board::Look;
    use super::*;
    use crate::vitals::StoreLook;

    fn look(store: StoreLook) -> Look {
        Look {
            store: Some(store),
            failing: Vec::new(),
            takes_visits: true,
            line: None,
        }
    }

    fn board() -> Board {
        let mut board = Board::new(0);
        board.hear(&look(StoreLook::Silent), 3600);
        board.hear(&look(StoreLook::Answers(Duration::ZERO)), 3700);
        board
    }

    #[test]
    fn the_page_says_what_works_and_when_it_did_not() {
        let text = render(&board(), Language::En, 7200);
        assert!(text.contains("<html lang=\"en\">"));
        let trouble = "<li>1 h ago, for 2 min: does not work</li>";
        assert!(text.contains(trouble), "{text}");
        assert_eq!(text.matches("data-state=\"working\"").count(), 3);
        assert!(text.contains("Everything works."));
        assert!(!text.contains("telephone"), "there is no line");
        let text = render(&board(), Language::Fr, 7200);
        let trouble = "<li>il y a 1 h, pendant 2 min : ne fonctionne pas</li>";
        assert!(text.contains(trouble), "{text}");
    }

    #[test]
    fn what_lasts_is_said_with_what_to_do() {
        let mut board = board();
        board.hear(&look(StoreLook::Silent), 7200);
        let text = render(&board, Language::En, 7500);
        assert!(text.contains("<li>for 5 min until now: does not work</li>"));
        assert!(text.contains("Nobody can sign in now."));
        assert!(text.contains("Something does not work."));
    }

    #[test]
    fn before_the_first_look_nothing_is_claimed() {
        let text = render(&Board::new(0), Language::En, 5);
        assert!(text.contains("has just started") && !text.contains("data-state=\"w"));
    }

    #[test]
    fn the_language_is_the_chosen_one_then_the_browsers_then_french() {
        assert_eq!(Language::of(Some("en"), Some("fr")), Language::En);
        assert_eq!(
            Language::of(None, Some("de-DE, en;q=0.5, fr;q=0.4")),
            Language::En
        );
        assert_eq!(Language::of(Some("xx"), None), Language::Fr);
        assert_eq!(Language::of(Some("é"), Some("*")), Language::Fr);
    }

    #[test]
    fn lengths_are_told_in_minutes_and_hours() {
        assert_eq!(long(0), "1 min");
        assert_eq!(long(61), "2 min");
        assert_eq!(long(DAY_S), "24 h");
        assert_eq!(long(3 * 3600 + 5 * 60), "3 h 05 min");
    }
}
