//! The door's own texts: each fits one short message.

use clinical_assistant::fitted;
use clinical_model::text::Phone;
use clinical_model::triage::InterviewLanguage;

use crate::triage::Numbers;

/// The way to the first menu, below an answer.
pub(super) const MENU: &str = "0=Menu";

/// What texts need to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    /// The language.
    pub(super) language: InterviewLanguage,
    /// The name of the facility.
    pub(super) clinic: &'a str,
    /// Whom to call.
    pub(super) numbers: &'a Numbers,
    /// Address of the service, without a slash at the end.
    pub(super) url: &'a str,
}

impl Around<'_> {
    const fn of(&self, en: &'static str, fr: &'static str) -> &'static str {
        match self.language {
            InterviewLanguage::English => en,
            InterviewLanguage::French => fr,
        }
    }

    /// One short message of a text with holes.
    fn one(&self, (en, fr): (&'static str, &'static str), choices: &str) -> String {
        let clinic: String = self.clinic.chars().take(30).collect();
        let phone = self.numbers.clinic.as_ref().map_or("", Phone::as_str);
        let words = self
            .of(en, fr)
            .replace("{clinic}", &clinic)
            .replace("{n}", self.numbers.ambulance)
            .replace("{phone}", phone)
            .replace("{url}", self.url);
        fitted(&words, choices, 1)
    }

    const fn has_phone(&self) -> bool {
        self.numbers.clinic.is_some()
    }
}

/// What can be done here.
pub(super) fn home(it: &Around<'_>) -> String {
    it.one(
        (
            "Emergency: {n}. {clinic}: automatic, no doctor. Write, or:",
            "Urgence : {n}. {clinic} : automate, pas médecin. Écrivez, ou :",
        ),
        it.of(
            "1=I am ill\n2=Book\n3=My visits\n4=A person\nHELP STOP",
            "1=Je suis malade\n2=Rendez-vous\n3=Mes visites\n4=Une personne\nAIDE STOP",
        ),
    )
}

/// What this is.
pub(super) fn help(it: &Around<'_>) -> String {
    let text = if it.has_phone() {
        (
            "Automatic answers of {clinic}. MENU starts anew, STOP ends, FR=français. A person: {phone}. Emergency: {n}.",
            "Réponses automatiques de {clinic}. MENU recommence, STOP arrête, EN=English. Une personne : {phone}. Urgence : {n}.",
        )
    } else {
        (
            "Automatic answers of {clinic}. MENU starts anew, STOP ends, FR=français. Emergency: {n}.",
            "Réponses automatiques de {clinic}. MENU recommence, STOP arrête, EN=English. Urgence : {n}.",
        )
    };
    it.one(text, "")
}

/// In which language.
pub(super) fn which_language(it: &Around<'_>) -> String {
    let both = "Emergency / Urgence: {n}. {clinic}";
    it.one((both, both), "1=English\n2=Français")
}

/// Help now, when nobody knows in which language.
pub(super) fn emergency_in_both(it: &Around<'_>) -> String {
    let both = "EMERGENCY: call {n} now. URGENCE : appelez le {n} maintenant.";
    it.one((both, both), "")
}

/// Nothing more comes.
pub(super) fn stopped(it: &Around<'_>) -> String {
    it.one(
        (
            "{clinic}: no more messages to this number. START to have them again. Emergency: {n}.",
            "{clinic} : plus de messages à ce numéro. START pour reprendre. Urgence : {n}.",
        ),
        "",
    )
}

/// Who is ill.
pub(super) fn whom(it: &Around<'_>) -> String {
    it.one(
        (
            "Age and sex of the ill person? For example: 34 F, or 8 months M. 0=skip. This check is no diagnosis. Emergency: {n}.",
            "Âge et sexe du malade ? Par exemple : 34 F, ou 8 mois H. 0=passer. Ce n'est pas un diagnostic. Urgence : {n}.",
        ),
        "",
    )
}

/// Whose record it is.
pub(super) fn birth(it: &Around<'_>) -> String {
    it.one(
        (
            "To go on, send your birth date, day month year: 31121980. It must belong to this number in your record. 0=Menu",
            "Pour continuer, envoyez votre date de naissance, jour mois année : 31121980. Elle doit être liée à ce numéro dans votre dossier. 0=Menu",
        ),
        "",
    )
}

/// Nobody was found; the same whether the number is known or not.
pub(super) fn not_proven(it: &Around<'_>) -> String {
    let text = if it.has_phone() {
        (
            "We could not confirm that. Please call the clinic: {phone}. Emergency: {n}.",
            "Nous n'avons pas pu confirmer. Appelez la clinique : {phone}. Urgence : {n}.",
        )
    } else {
        (
            "We could not confirm that. Please sign in or come to the clinic. Emergency: {n}.",
            "Nous n'avons pas pu confirmer. Connectez-vous ou venez à la clinique. Urgence : {n}.",
        )
    };
    it.one(text, MENU)
}

/// How to reach a person.
pub(super) fn person(it: &Around<'_>) -> String {
    let text = if it.has_phone() {
        (
            "To speak to a person, call the clinic: {phone}. Emergency: {n}.",
            "Pour parler à une personne, appelez la clinique : {phone}. Urgence : {n}.",
        )
    } else {
        (
            "To speak to a person, come to the clinic or write after signing in. Emergency: {n}.",
            "Pour parler à une personne, venez à la clinique ou écrivez après connexion. Urgence : {n}.",
        )
    };
    it.one(text, MENU)
}

/// What is in a record is read elsewhere.
pub(super) fn sign_in(it: &Around<'_>) -> String {
    it.one(
        (
            "That is not sent by short message. Sign in to read it: {url}",
            "Cela n'est pas envoyé par SMS. Connectez-vous pour le lire : {url}",
        ),
        MENU,
    )
}

/// Too many messages today.
pub(super) fn enough(it: &Around<'_>) -> String {
    let text = if it.has_phone() {
        (
            "That is all we can answer by short message today. Call the clinic: {phone}. Emergency: {n}.",
            "Nous ne pouvons plus répondre par SMS aujourd'hui. Appelez la clinique : {phone}. Urgence : {n}.",
        )
    } else {
        (
            "That is all we can answer by short message today. Emergency: {n}.",
            "Nous ne pouvons plus répondre par SMS aujourd'hui. Urgence : {n}.",
        )
    };
    it.one(text, "")
}

/// The door itself failed: a person must help.
pub(super) fn failed(it: &Around<'_>) -> String {
    let text = if it.has_phone() {
        (
            "We could not answer. If you are ill, call the clinic: {phone}. Emergency: {n}.",
            "Nous n'avons pas pu répondre. Si vous êtes malade, appelez la clinique : {phone}. Urgence : {n}.",
        )
    } else {
        (
            "We could not answer. If you are ill, see a clinician today. Emergency: {n}.",
            "Nous n'avons pas pu répondre. Si vous êtes malade, voyez un soignant aujourd'hui. Urgence : {n}.",
        )
    };
    it.one(text, "")
}

#[cfg(test)]
mod tests {
    use clinical_model::notify::{SmsAlphabet, split_sms};

    use super::*;

    #[test]
    fn every_text_is_one_message_that_is_not_cut_and_nearly_all_name_the_emergency_number() {
        let texts: [fn(&Around<'_>) -> String; 10] = [
            home,
            help,
            which_language,
            emergency_in_both,
            stopped,
            whom,
            not_proven,
            person,
            enough,
            failed,
        ];
        for phone in [None, Some("+237699000101".parse().unwrap())] {
            let numbers = Numbers {
                general: "112",
                ambulance: "10177",
                clinic: phone,
            };
            for language in [InterviewLanguage::English, InterviewLanguage::French] {
                let around = Around {
                    language,
                    clinic: "Clinique de la Fraternité de Bafoussam",
                    numbers: &numbers,
                    url: "https://sante.exemple.cm",
                };
                let all = texts.map(|text| text(&around));
                for text in &all {
                    assert!(text.contains("10177"), "{text}");
                }
                for text in all.iter().chain(&[birth(&around), sign_in(&around)]) {
                    let cut = split_sms(text, 1).unwrap();
                    assert_eq!(cut.alphabet, SmsAlphabet::Gsm7, "{text}");
                    assert!(!text.contains("...") && !text.contains('{'), "{text}");
                }
            }
        }
    }
}
