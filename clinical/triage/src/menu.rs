//! The interview as numbered menus, for short messages and key pads.
//!
//! The same machine as everywhere: [`Menu`] holds an [`Interview`] and what is on the small screen. A text goes
//! out ([`Menu::text`]), digits or words come in ([`Menu::take`]). Every text fits one short message.

use serde::{Deserialize, Serialize};

use crate::assess::{Disposition, Engine};
use crate::interview::{Answer, Interview, InterviewError, Language, QUESTIONS_MAX, Question};

/// Characters of one short message in the GSM alphabet (3GPP TS 23.038).
pub const MENU_CHARS_MAX: usize = 160;

/// Letters of the GSM alphabet beyond ASCII that the texts need; others are written without accents.
const GSM: &str = "éèàùìòäöüñÇÉÄÖÜÑ";
/// What is written for letters that are not in it.
const PLAIN: [(char, &str); 18] = [
    ('ê', "e"),
    ('ë', "e"),
    ('â', "a"),
    ('î', "i"),
    ('ï', "i"),
    ('ô', "o"),
    ('û', "u"),
    ('ç', "c"),
    ('œ', "oe"),
    ('Œ', "OE"),
    ('Ê', "E"),
    ('È', "E"),
    ('À', "A"),
    ('’', "'"),
    ('«', "\""),
    ('»', "\""),
    ('\u{a0}', " "),
    ('\u{202f}', " "),
];

/// Complaints of the first menu, by their number: what is read as told, in both languages.
const COMPLAINTS: [(&str, &str); 8] = [
    ("fever", "fièvre"),
    ("cough", "toux"),
    ("chest pain", "mal à la poitrine"),
    ("belly pain", "mal au ventre"),
    ("headache", "mal de tête"),
    ("rash", "boutons"),
    ("burning urine", "brûlures en urinant"),
    ("back pain", "mal au dos"),
];

/// Whom to call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Call<'a> {
    /// The ambulance or medical service.
    pub ambulance: &'a str,
    /// The clinic, where it has told its number.
    pub clinic: Option<&'a str>,
}

/// What is on the small screen.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
enum Stage {
    /// What is wrong: words, or a number of the first menu.
    #[default]
    Complaint,
    /// The question that stands.
    Asking,
    /// Why it is asked.
    Why,
    /// The result; with a person, because it was unclear.
    Over { to: Disposition, person: bool },
}

/// What a menu refuses.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MenuError {
    /// No such number here: the text is sent again.
    #[error("the menu has no such number")]
    NoSuchChoice,
    /// The interview refused it.
    #[error(transparent)]
    Interview(#[from] InterviewError),
}

/// An interview by numbers. It is kept between two messages by writing it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Menu {
    interview: Interview,
    stage: Stage,
    /// The least that the result may be: a red flag was raised once.
    flagged: bool,
}

impl Menu {
    /// Begins with what is known of the patient.
    #[must_use]
    pub fn new(interview: Interview) -> Self {
        Self {
            interview,
            ..Self::default()
        }
    }

    /// The interview behind it.
    #[must_use]
    pub const fn interview(&self) -> &Interview {
        &self.interview
    }

    /// Where the patient is sent, and whether a person must look; none before the end.
    #[must_use]
    pub const fn result(&self) -> Option<(Disposition, bool)> {
        match self.stage {
            Stage::Over { to, person } => Some((to, person)),
            Stage::Complaint | Stage::Asking | Stage::Why => None,
        }
    }

    /// What to send: at most [`MENU_CHARS_MAX`] characters of the GSM alphabet.
    #[must_use]
    pub fn text(&self, engine: &Engine, call: Call<'_>) -> String {
        let language = self.interview.language;
        let of = |en, fr| match language {
            Language::English => en,
            Language::French => fr,
        };
        match self.stage {
            Stage::Complaint => of(
                "What is wrong? Write it, or press: 1 fever 2 cough 3 chest pain 4 belly pain 5 headache 6 rash 7 burning urine 8 back pain 9 a person",
                "Qu'avez-vous ? Écrivez-le, ou tapez: 1 fièvre 2 toux 3 mal poitrine 4 mal ventre 5 mal tête 6 boutons 7 brûlures urine 8 mal dos 9 une personne",
            )
            .to_owned(),
            Stage::Asking | Stage::Why => match self.interview.next(engine) {
                Some(question) if self.stage == Stage::Why => fit(
                    &question.why,
                    of(
                        "1 Yes 2 No 3 Don't know 0 Back",
                        "1 Oui 2 Non 3 Ne sais pas 0 Retour",
                    ),
                ),
                Some(question) => fit(&self.asked(&question), of(
                    "1 Yes 2 No 3 Don't know 4 Why? 0 Back",
                    "1 Oui 2 Non 3 Ne sais pas 4 Pourquoi 0 Retour",
                )),
                None => result(language, (Disposition::Routine, true), call),
            },
            Stage::Over { to, person } => result(language, (to, person), call),
        }
        .chars()
        .map(gsm)
        .collect()
    }

    fn asked(&self, question: &Question) -> String {
        let who = match (self.interview.language, self.interview.proxy) {
            (_, false) => "",
            (Language::English, true) => "The patient: ",
            (Language::French, true) => "Le patient: ",
        };
        format!("{}/{QUESTIONS_MAX} {who}{}", question.number, question.text)
    }

    /// Takes what came back: a number of the menu that was sent, or words where it asks what is wrong.
    ///
    /// # Errors
    ///
    /// [`MenuError`]; then nothing has changed and the same text is sent again.
    pub fn take(&mut self, engine: &Engine, input: &str) -> Result<(), MenuError> {
        let input = input.trim();
        match self.stage {
            Stage::Complaint => self.complain(engine, input),
            Stage::Asking | Stage::Why => {
                let question = self.interview.next(engine);
                let question = question.ok_or(MenuError::NoSuchChoice)?;
                let answer = match input {
                    "1" => Answer::Yes,
                    "2" => Answer::No,
                    "3" => Answer::Unknown,
                    "4" if self.stage == Stage::Asking => {
                        self.stage = Stage::Why;
                        return Ok(());
                    }
                    "0" => {
                        self.back();
                        return Ok(());
                    }
                    _ => return Err(MenuError::NoSuchChoice),
                };
                self.interview.answer(engine, &question.finding, answer)?;
                self.settle(engine);
                Ok(())
            }
            Stage::Over { .. } => Err(MenuError::NoSuchChoice),
        }
    }

    fn complain(&mut self, engine: &Engine, input: &str) -> Result<(), MenuError> {
        if input == "9" {
            self.stage = Stage::Over {
                to: self.floor(Disposition::Routine),
                person: true,
            };
            return Ok(());
        }
        let number = input.parse::<usize>().ok();
        let chosen = number.and_then(|number| COMPLAINTS.get(number.checked_sub(1)?));
        let told = match (chosen, self.interview.language) {
            (Some((en, _)), Language::English) => en,
            (Some((_, fr)), Language::French) => fr,
            (None, _) if number.is_some() || input.is_empty() => {
                return Err(MenuError::NoSuchChoice);
            }
            (None, _) => input,
        };
        self.interview.complain(told)?;
        self.settle(engine);
        Ok(())
    }

    /// From why to its question, from a question to the one before, from the first to what is wrong.
    fn back(&mut self) {
        self.stage = match self.stage {
            Stage::Asking if self.interview.back().is_none() => Stage::Complaint,
            Stage::Asking | Stage::Why => Stage::Asking,
            other => other,
        };
    }

    fn floor(&self, to: Disposition) -> Disposition {
        if self.flagged {
            to.max(Disposition::Urgent)
        } else {
            to
        }
    }

    /// Goes on to the next question, or to the result.
    fn settle(&mut self, engine: &Engine) {
        let assessment = self.interview.assess(engine);
        self.flagged |= !assessment.flags.is_empty();
        let to = self.floor(assessment.disposition);
        let person = assessment.person || !assessment.unclear.is_empty();
        let asks = to < Disposition::Emergency && self.interview.next(engine).is_some();
        self.stage = if asks {
            Stage::Asking
        } else {
            let least = if person { Disposition::Routine } else { to };
            Stage::Over {
                to: to.max(least),
                person,
            }
        };
    }
}

/// Words above and choices below, together no longer than a message; too long words are cut at a space.
fn fit(words: &str, choices: &str) -> String {
    let room = MENU_CHARS_MAX.saturating_sub(choices.chars().count() + 1);
    let plain: String = words.chars().map(gsm).collect();
    if plain.chars().count() <= room {
        return format!("{plain}\n{choices}");
    }
    let cut: String = plain.chars().take(room.saturating_sub(3)).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head);
    format!("{cut}...\n{choices}")
}

/// A letter in the GSM alphabet.
fn gsm(letter: char) -> String {
    if letter.is_ascii() || GSM.contains(letter) {
        return letter.to_string();
    }
    let mut plain = PLAIN.iter();
    let plain = plain.find(|(from, _)| *from == letter);
    plain.map_or_else(|| "?".to_owned(), |(_, to)| (*to).to_owned())
}

fn result(language: Language, (to, person): (Disposition, bool), call: Call<'_>) -> String {
    let ambulance = call.ambulance;
    let clinic = call
        .clinic
        .map_or_else(String::new, |number| match language {
            Language::English => format!(" Clinic: {number}."),
            Language::French => format!(" Clinique: {number}."),
        });
    match (language, to) {
        (Language::English, Disposition::Emergency) => {
            format!("EMERGENCY. Call {ambulance} now. Do not drive yourself. Stay with somebody.")
        }
        (Language::French, Disposition::Emergency) => {
            format!(
                "URGENCE. Appelez le {ambulance} maintenant. Ne conduisez pas. Restez avec quelqu'un."
            )
        }
        (Language::English, Disposition::Urgent) => {
            format!(
                "See a clinician today.{clinic} If it gets worse call {ambulance}. This is no diagnosis."
            )
        }
        (Language::French, Disposition::Urgent) => {
            format!(
                "Voyez un soignant aujourd'hui.{clinic} Si cela s'aggrave: {ambulance}. Ce n'est pas un diagnostic."
            )
        }
        (Language::English, _) if person => {
            format!(
                "This was not clear enough. Please speak to a person.{clinic} In an emergency call {ambulance}."
            )
        }
        (Language::French, _) if person => {
            format!(
                "Ce n'était pas assez clair. Parlez à une personne.{clinic} En cas d'urgence: {ambulance}."
            )
        }
        (Language::English, Disposition::Routine) => {
            format!(
                "Book a visit within days.{clinic} If it gets worse call {ambulance}. This is no diagnosis."
            )
        }
        (Language::French, Disposition::Routine) => {
            format!(
                "Prenez rendez-vous dans les jours qui viennent.{clinic} Si cela s'aggrave: {ambulance}. Ce n'est pas un diagnostic."
            )
        }
        (Language::English, Disposition::SelfCare) => {
            format!(
                "You can care for this at home. Not better in a week: book a visit.{clinic} Worse: {ambulance}. This is no diagnosis."
            )
        }
        (Language::French, Disposition::SelfCare) => {
            format!(
                "Cela peut se soigner chez vous. Sans mieux en une semaine: rendez-vous.{clinic} Pire: {ambulance}. Pas un diagnostic."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MENU_CHARS_MAX, fit, gsm};

    #[test]
    fn letters_outside_the_alphabet_of_short_messages_are_written_plainly() {
        let written: String = "Êtes-vous gêné ? L’œil, ça, là…".chars().map(gsm).collect();
        assert_eq!(written, "Etes-vous gené ? L'oeil, ca, là?");
    }

    #[test]
    fn too_long_words_are_cut_and_the_choices_stay() {
        let text = fit(&"mot ".repeat(80), "1 Oui 2 Non");
        assert!(text.chars().count() <= MENU_CHARS_MAX);
        assert!(text.ends_with("mot...\n1 Oui 2 Non"), "{text}");
    }
}
