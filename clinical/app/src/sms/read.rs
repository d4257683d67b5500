//! What stands in a short message: commands, a language, who is ill, a birth date, a choice.

use clinical_model::text::PartialDate;
use clinical_model::triage::InterviewLanguage;

/// Days of a year, as red flags count.
const YEAR_DAYS: u32 = 365;
/// Oldest age that is taken, in days.
const AGE_DAYS_MAX: u32 = 120 * YEAR_DAYS;

/// A message that is one word for the door itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
    /// What this is.
    Help,
    /// From the beginning.
    Menu,
    /// In this language.
    Speak(InterviewLanguage),
}

/// Who is ill, as far as they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Whom {
    /// Age in days.
    pub(super) age_days: Option<u32>,
    /// Whether a woman or a girl.
    pub(super) female: Option<bool>,
}

/// Small letters without accents, everything else a blank.
fn words(text: &str) -> Vec<String> {
    let letters = text.chars().take(400).map(|c| match c {
        'à' | 'â' | 'À' | 'Â' => 'a',
        'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' | 'Ê' => 'e',
        'î' | 'ï' => 'i',
        'ô' | 'ö' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        'ç' | 'Ç' => 'c',
        c if c.is_alphanumeric() => c.to_ascii_lowercase(),
        _ => ' ',
    });
    let flat: String = letters.collect();
    flat.split_whitespace().map(str::to_owned).collect()
}

/// The command that a message is, if it is one and nothing else.
pub(super) fn command(text: &str) -> Option<Command> {
    let words = words(text);
    let [word] = words.as_slice() else {
        return None;
    };
    match word.as_str() {
        "stop" | "arret" | "stopall" | "unsubscribe" | "desabonner" => Some(Command::Stop),
        "start" | "unstop" | "reprendre" => Some(Command::Start),
        "help" | "aide" | "info" => Some(Command::Help),
        "menu" => Some(Command::Menu),
        "english" | "anglais" | "en" => Some(Command::Speak(InterviewLanguage::English)),
        "francais" | "french" | "fr" => Some(Command::Speak(InterviewLanguage::French)),
        _ => None,
    }
}

const ENGLISH: [&str; 40] = [
    "i",
    "my",
    "the",
    "have",
    "has",
    "am",
    "is",
    "are",
    "and",
    "with",
    "hello",
    "hi",
    "book",
    "appointment",
    "visit",
    "pain",
    "hurts",
    "ache",
    "fever",
    "cough",
    "need",
    "want",
    "please",
    "doctor",
    "sick",
    "ill",
    "child",
    "baby",
    "when",
    "what",
    "how",
    "cancel",
    "head",
    "chest",
    "it",
    "since",
    "days",
    "not",
    "can",
    "headache",
];
const FRENCH: [&str; 40] = [
    "je", "j", "ai", "mon", "ma", "mes", "le", "la", "les", "un", "une", "et", "avec", "bonjour",
    "salut", "rendez", "rdv", "vous", "mal", "douleur", "fievre", "toux", "veux", "besoin",
    "medecin", "docteur", "malade", "enfant", "bebe", "quand", "comment", "annuler", "tete",
    "ventre", "depuis", "jours", "pas", "au", "est", "suis",
];

/// The language of a message, when its words say so.
pub(super) fn language(text: &str) -> Option<InterviewLanguage> {
    let words = words(text);
    let of = |list: &[&str]| {
        words
            .iter()
            .filter(|it| list.contains(&it.as_str()))
            .count()
    };
    let (english, french) = (of(&ENGLISH), of(&FRENCH));
    match english.cmp(&french) {
        core::cmp::Ordering::Greater => Some(InterviewLanguage::English),
        core::cmp::Ordering::Less => Some(InterviewLanguage::French),
        core::cmp::Ordering::Equal => None,
    }
}

/// The answer to "1 English 2 Français".
pub(super) fn language_number(text: &str) -> Option<InterviewLanguage> {
    match text.trim() {
        "1" => Some(InterviewLanguage::English),
        "2" => Some(InterviewLanguage::French),
        _ => None,
    }
}

/// Whether a message is the number nought, the way back.
pub(super) fn is_zero(text: &str) -> bool {
    text.trim() == "0"
}

/// Words for the numbers of the check of symptoms; everything else as it is.
pub(super) fn choice(text: &str) -> &str {
    let words = words(text);
    let joined = words.join(" ");
    match joined.as_str() {
        "yes" | "y" | "oui" | "o" => "1",
        "no" | "n" | "non" => "2",
        "dont know" | "don t know" | "i don t know" | "ne sais pas" | "je ne sais pas" => "3",
        "why" | "pourquoi" => "4",
        _ => text,
    }
}

/// Age and sex: "34 F", "8 months M", "8 mois", "0" for nothing. None when nothing of it was read.
///
/// A number and a bare "m" may be months or a man: then neither is taken, and what is unknown hides no
/// red flag.
pub(super) fn whom(text: &str) -> Option<Whom> {
    if is_zero(text) {
        return Some(Whom::default());
    }
    let mut apart = String::new();
    let mut digit = None;
    for c in text.chars().take(60) {
        if digit.is_some_and(|before| before != c.is_ascii_digit()) {
            apart.push(' ');
        }
        digit = Some(c.is_ascii_digit());
        apart.push(c);
    }
    let words = words(&apart);
    let mut number = None;
    let mut unit = None;
    let mut female = None;
    let mut bare_m = false;
    for word in &words {
        match word.as_str() {
            "f" | "femme" | "fille" | "female" | "woman" | "girl" | "feminin" => {
                female = Some(true);
            }
            "h" | "homme" | "garcon" | "male" | "man" | "boy" | "masculin" => female = Some(false),
            "m" => bare_m = true,
            it if it.starts_with("mo") => unit = Some(30),
            it if it.starts_with("sem") || it.starts_with("week") || it == "w" => unit = Some(7),
            it if it.starts_with("jour") || it.starts_with("day") || it == "j" || it == "d" => {
                unit = Some(1);
            }
            it if it.starts_with("an") || it.starts_with("year") || it == "y" => {
                unit = Some(YEAR_DAYS);
            }
            it => number = number.or_else(|| it.parse::<u32>().ok()),
        }
    }
    if number.is_none() && female.is_none() && !bare_m {
        return None;
    }
    match (bare_m, unit, female) {
        // "8 months M", or "34 M" of somebody who is too old to be counted in months.
        (true, Some(_), None) => female = Some(false),
        (true, None, None) if number.is_some_and(|it| it > 24) => female = Some(false),
        // "8 m f": the letter of the sex is another one.
        (true, None, Some(_)) => unit = Some(30),
        (true, None, None) => {
            return Some(Whom::default());
        }
        _ => {}
    }
    let age_days = number.map(|it| it.saturating_mul(unit.unwrap_or(YEAR_DAYS)));
    if age_days.is_some_and(|days| days > AGE_DAYS_MAX) {
        return None;
    }
    Some(Whom { age_days, female })
}

/// A whole birth date, day first: 12051980, 12/05/1980, 12 5 1980, 1980-05-12.
pub(super) fn birth(text: &str) -> Option<PartialDate> {
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|it| !it.is_empty())
        .collect();
    let (day, month, year) = match parts.as_slice() {
        [all] if all.len() == 8 => (all.get(0..2)?, all.get(2..4)?, all.get(4..8)?),
        [year, month, day] if year.len() == 4 => (*day, *month, *year),
        [day, month, year] if year.len() == 4 => (*day, *month, *year),
        _ => return None,
    };
    format!("{year}-{month:0>2}-{day:0>2}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stands_alone() {
        assert_eq!(command(" Stop. "), Some(Command::Stop));
        assert_eq!(command("ARRÊT"), Some(Command::Stop));
        assert_eq!(command("aide !"), Some(Command::Help));
        assert_eq!(
            command("Français"),
            Some(Command::Speak(InterviewLanguage::French))
        );
        assert_eq!(command("stop the pain"), None);
        assert_eq!(command(""), None);
    }

    #[test]
    fn the_language_is_that_of_most_words_and_unknown_when_they_say_nothing() {
        let english = Some(InterviewLanguage::English);
        let french = Some(InterviewLanguage::French);
        assert_eq!(language("I have a headache since 2 days"), english);
        assert_eq!(language("j'ai mal à la tête"), french);
        assert_eq!(language("RDV"), french);
        assert_eq!(language("ok 12"), None);
        assert_eq!(language(""), None);
    }

    #[test]
    fn who_is_ill_is_read_and_what_may_mean_two_things_is_left_unknown() {
        let check = |text, age_days, female| {
            assert_eq!(whom(text), Some(Whom { age_days, female }), "{text}");
        };
        check("34 F", Some(34 * 365), Some(true));
        check("homme, 51 ans", Some(51 * 365), Some(false));
        check("34M", Some(34 * 365), Some(false));
        check("8 months M", Some(240), Some(false));
        check("8 mois", Some(240), None);
        check("8m f", Some(240), Some(true));
        check("3 semaines fille", Some(21), Some(true));
        check("8 m", None, None);
        check("0", None, None);
        check("f", None, Some(true));
        for bad in ["", "yes please", "900", "four thousand"] {
            assert_eq!(whom(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_birth_date_is_whole_and_exists() {
        let date = |text| birth(text).map(|it| it.as_str().to_owned());
        let expected = Some("1980-05-12".to_owned());
        for good in [
            "12051980",
            "12/05/1980",
            "12.5.1980",
            "1980-05-12",
            "le 12 05 1980",
        ] {
            assert_eq!(date(good), expected, "{good}");
        }
        for bad in [
            "1980",
            "05/1980",
            "31/02/1980",
            "12/05/80",
            "",
            "1205198",
            "12/05/1980/1",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn words_stand_for_the_numbers_of_the_check() {
        assert_eq!(choice("Oui."), "1");
        assert_eq!(choice("no"), "2");
        assert_eq!(choice("je ne sais pas"), "3");
        assert_eq!(choice("Pourquoi ?"), "4");
        assert_eq!(choice("12"), "12");
    }
}
