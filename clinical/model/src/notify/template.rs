//! Texts with a few holes, and what may stand in a hole.

use core::fmt;

/// What may be filled into a message. The list is short on purpose: there is no hole for a
/// diagnosis, a medicine or a value; free text is only in the answer to somebody's own message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// The name of the facility.
    Clinic,
    /// A moment in the recipient's local time.
    When,
    /// Where to read more, after signing in.
    Link,
    /// How to take part by telephone; empty where one cannot.
    Phone,
    /// The answer to what somebody wrote.
    Text,
}

impl Placeholder {
    const fn from_word(word: &str) -> Option<Self> {
        // `match` on a string, so that a template is parsed without allocation.
        match word.as_bytes() {
            b"clinic" => Some(Self::Clinic),
            b"when" => Some(Self::When),
            b"link" => Some(Self::Link),
            b"phone" => Some(Self::Phone),
            b"text" => Some(Self::Text),
            _ => None,
        }
    }
}

/// What is filled in.
#[derive(Clone, PartialEq, Eq)]
pub struct Words {
    /// The name of the facility.
    pub clinic: String,
    /// A moment in the recipient's local time; empty where the kind has none.
    pub when: String,
    /// Where to read more.
    pub link: String,
    /// How to take part by telephone, with what stands before it; empty where one cannot.
    pub phone: String,
    /// The answer to what somebody wrote; empty in every other kind.
    pub text: String,
}

impl fmt::Debug for Words {
    /// When somebody has an appointment never reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(..)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(Placeholder),
}

/// A text with holes, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its other half.
    #[error("a brace is not closed")]
    Brace,
    /// A hole that nothing can fill.
    #[error("unknown placeholder {0}")]
    Unknown(String),
}

impl TryFrom<&str> for Template {
    type Error = TemplateError;

    fn try_from(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (word, behind) = after.split_once('}').ok_or(TemplateError::Brace)?;
            let hole = Placeholder::from_word(word)
                .ok_or_else(|| TemplateError::Unknown(word.to_owned()))?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Hole(hole));
            rest = behind;
        }
        if rest.contains('}') {
            return Err(TemplateError::Brace);
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }
}

impl Template {
    /// The text with its holes filled.
    #[must_use]
    pub fn fill(&self, words: &Words) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Hole(Placeholder::Clinic) => &words.clinic,
                Piece::Hole(Placeholder::When) => &words.when,
                Piece::Hole(Placeholder::Link) => &words.link,
                Piece::Hole(Placeholder::Phone) => &words.phone,
                Piece::Hole(Placeholder::Text) => &words.text,
            })
            .collect()
    }

    /// Whether the text has this hole.
    #[must_use]
    pub fn has(&self, hole: Placeholder) -> bool {
        self.0.contains(&Piece::Hole(hole))
    }
}

/// A finished message.
#[derive(Clone, PartialEq, Eq)]
pub struct Wording {
    /// Subject of an e-mail; empty for an SMS.
    pub subject: String,
    /// The text.
    pub body: String,
}

impl fmt::Debug for Wording {
    /// A message to a person never reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wording(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_and_nothing_else_changes() {
        let template = Template::try_from("{clinic}: {when}. {link}{phone}").unwrap();
        let words = Words {
            clinic: "{when}".to_owned(),
            when: "lundi".to_owned(),
            link: "https://a.example".to_owned(),
            phone: ", 042 917".to_owned(),
            text: String::new(),
        };
        let filled = "{when}: lundi. https://a.example, 042 917";
        assert_eq!(template.fill(&words), filled);
        assert!(template.has(Placeholder::When));
        assert_eq!(format!("{words:?}"), "Words(..)");
    }

    #[test]
    fn a_hole_that_nothing_can_fill_is_refused() {
        assert_eq!(
            Template::try_from("{diagnosis}"),
            Err(TemplateError::Unknown("diagnosis".to_owned()))
        );
        assert_eq!(Template::try_from("{when"), Err(TemplateError::Brace));
        assert_eq!(Template::try_from("when}"), Err(TemplateError::Brace));
    }
}
