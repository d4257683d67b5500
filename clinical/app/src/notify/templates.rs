//! The texts of all messages, read from data that is compiled in.

use std::collections::BTreeMap;

use clinical_model::notify::{
    Channel, Language, MessageKind, Template, TemplateError, Wording, Words,
};
use serde::Deserialize;

/// Most parts of a short message; more is a letter, and costs like one.
pub const SMS_PARTS_MAX: usize = 4;

const FRENCH: &str = include_str!("../../data/notify/fr.json");
const ENGLISH: &str = include_str!("../../data/notify/en.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    subject: String,
    email: String,
    sms: String,
}

#[derive(Debug, Clone)]
struct Texts {
    subject: Template,
    email: Template,
    sms: Template,
}

/// Why a file of templates was refused.
#[derive(Debug, thiserror::Error)]
pub enum TemplateFileError {
    /// Not the JSON of a file of templates.
    #[error("the file of templates can not be read")]
    Json(#[from] serde_json::Error),
    /// A text has a hole that nothing fills.
    #[error("a text has a wrong placeholder")]
    Template(#[from] TemplateError),
    /// A name that is no kind of message.
    #[error("no message is called {0}")]
    UnknownKind(String),
    /// A kind of message without a text.
    #[error("the message {0} has no text")]
    Missing(&'static str),
}

/// The texts of every kind of message in every language.
#[derive(Debug, Clone)]
pub struct Templates(BTreeMap<(Language, MessageKind), Texts>);

impl Templates {
    /// The texts that are compiled in.
    ///
    /// # Errors
    /// [`TemplateFileError`] when the data is broken; a test sees to it that it is not.
    pub fn embedded() -> Result<Self, TemplateFileError> {
        let mut all = BTreeMap::new();
        for (language, file) in [(Language::French, FRENCH), (Language::English, ENGLISH)] {
            let entries: BTreeMap<String, Entry> = serde_json::from_str(file)?;
            for (word, entry) in entries {
                let Some(kind) = MessageKind::from_word(&word) else {
                    return Err(TemplateFileError::UnknownKind(word));
                };
                let texts = Texts {
                    subject: Template::try_from(entry.subject.as_str())?,
                    email: Template::try_from(entry.email.as_str())?,
                    sms: Template::try_from(entry.sms.as_str())?,
                };
                all.insert((language, kind), texts);
            }
            let missing = |kind: &&MessageKind| !all.contains_key(&(language, **kind));
            if let Some(kind) = MessageKind::ALL.iter().find(missing) {
                return Err(TemplateFileError::Missing(kind.as_str()));
            }
        }
        Ok(Self(all))
    }

    /// A finished message; `None` for no kind that exists, because every kind has its texts.
    #[must_use]
    pub fn write(
        &self,
        (kind, channel): (MessageKind, Channel),
        language: Language,
        words: &Words,
    ) -> Option<Wording> {
        let texts = self.0.get(&(language, kind))?;
        Some(match channel {
            Channel::Email => Wording {
                subject: texts.subject.fill(words),
                body: texts.email.fill(words),
            },
            Channel::Sms => Wording {
                subject: String::new(),
                body: texts.sms.fill(words),
            },
        })
    }
}

/// How a message says the way in by telephone, after its link.
pub(super) fn by_phone(
    (language, channel): (Language, Channel),
    number: &str,
    pin: &str,
) -> String {
    match (language, channel) {
        (Language::French, Channel::Email) => {
            format!("\n\nOu par téléphone : appelez le {number}, code {pin}.")
        }
        (Language::English, Channel::Email) => {
            format!("\n\nOr by telephone: call {number}, PIN {pin}.")
        }
        (Language::French, Channel::Sms) => format!(" ou {number}, code {pin}"),
        (Language::English, Channel::Sms) => format!(" or call {number}, PIN {pin}"),
    }
}

#[cfg(test)]
mod tests {
    use clinical_model::notify::split_sms;

    use super::*;

    fn all() -> impl Iterator<Item = (Language, MessageKind, Channel, Wording)> {
        let templates = Templates::embedded().unwrap();
        let words = Words {
            clinic: "Clinique de la Fraternité de Bafoussam".to_owned(),
            when: "mercredi 30 septembre 2026 à 14:30 (UTC+01:00)".to_owned(),
            link: "https://sante.exemple.cm/patient/appointments".to_owned(),
            phone: String::new(),
            text: "1 Oui 2 Non".to_owned(),
        };
        let mut out = Vec::new();
        for language in Language::ALL {
            for kind in MessageKind::ALL {
                for channel in Channel::ALL {
                    let phone = by_phone((language, channel), "+237233123456", "042 917");
                    let words = Words {
                        phone,
                        ..words.clone()
                    };
                    let text = templates.write((kind, channel), language, &words).unwrap();
                    out.push((language, kind, channel, text));
                }
            }
        }
        out.into_iter()
    }

    #[test]
    fn every_kind_has_a_subject_and_texts_in_both_languages() {
        assert_eq!(all().count(), 2 * MessageKind::ALL.len() * 2);
        for (_, kind, channel, text) in all() {
            assert_eq!(text.subject.is_empty(), channel == Channel::Sms, "{kind:?}");
            assert!(!text.body.is_empty() && !text.subject.contains('\n'));
        }
    }

    #[test]
    fn a_short_message_stays_short() {
        for (language, kind, channel, text) in all() {
            if channel == Channel::Sms {
                let cut = split_sms(&text.body, SMS_PARTS_MAX).unwrap();
                assert!(cut.parts.len() <= 2, "{language:?} {kind:?}");
            }
        }
    }

    #[test]
    fn no_message_has_a_clinical_word() {
        let clinical = [
            "résultat",
            "result",
            "analyse",
            "labor",
            "valeur",
            "value",
            "critique",
            "critical",
            "ordonnance",
            "prescription",
            "médicament",
            "medic",
            "dose",
            "diagnos",
            "maladie",
            "illness",
            "docteur",
            "refus",
        ];
        for (language, kind, _, text) in all() {
            let whole = format!("{} {}", text.subject, text.body).to_lowercase();
            for word in clinical {
                assert!(!whole.contains(word), "{language:?} {kind:?}: {word}");
            }
        }
    }
}
