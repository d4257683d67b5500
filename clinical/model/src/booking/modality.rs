//! How the people of a visit meet.

use serde::{Deserialize, Serialize};

/// How the people of a visit meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Over this service.
    Video,
    /// At the clinic.
    InPerson,
}

impl Modality {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Video, Self::InPerson];

    /// The word used in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::InPerson => "in_person",
        }
    }

    /// The one of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}
