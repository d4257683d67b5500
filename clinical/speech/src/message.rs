//! The messages between the server and the recogniser.

use std::fmt;

/// One voice: the microphone of one person in one visit, as the server numbers it. The recogniser
/// knows nothing else of who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Track(pub u32);

/// A language that can be recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    /// The code of BCP 47, as in the attribute `lang` of a page.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// The language of a code, without a region.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// From the server to the recogniser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// A voice begins. One that is open already begins anew, and what was held of it is forgotten.
    Open {
        /// Whose.
        track: Track,
        /// What is spoken; without it the recogniser finds out, for every utterance.
        language: Option<Language>,
    },
    /// What the voice said. Sound of a track that is not open is ignored.
    Sound(Sound),
    /// The voice has ended: what was said until now is still recognised, then it is forgotten, and
    /// [`Report::Closed`] says so.
    Close {
        /// Whose.
        track: Track,
    },
}

/// A piece of sound. It prints itself without its samples.
#[derive(Clone, PartialEq, Eq)]
pub struct Sound {
    /// Whose.
    pub track: Track,
    /// When its first sample was, in ms of the server's clock. What lies between the end of the last
    /// piece and this is silence; a piece that begins earlier than the last one ended is put at its end.
    pub at_ms: u64,
    /// Mono, at [`crate::RATE_HZ`]; at most [`crate::SAMPLES_MAX`].
    pub pcm: Vec<i16>,
}

/// From the recogniser to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The weights are loaded and orders are read. Always the first report, and said once.
    Ready {
        /// The model that hears, for people who run the server.
        model: String,
        /// What it understands.
        languages: Vec<Language>,
    },
    /// Somebody said something.
    Heard(Heard),
    /// More was said than could be recognised in time, and the oldest was dropped. Where a partial text
    /// of it was reported, no final one follows.
    Behind {
        /// Whose.
        track: Track,
        /// How much sound was dropped since the last such report.
        dropped_ms: u64,
    },
    /// Everything that was said until [`Order::Close`] has been reported.
    Closed {
        /// Whose.
        track: Track,
    },
}

/// Words that were recognised. They print themselves without their text.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    /// Who spoke.
    pub track: Track,
    /// When the utterance began, in ms of the server's clock. Partial and final texts of one utterance
    /// have the same beginning.
    pub from_ms: u64,
    /// Where what was recognised ends, on the same clock.
    pub to_ms: u64,
    /// What was spoken.
    pub language: Language,
    /// The words. Never empty when [`Stage::Partial`]; empty when [`Stage::Final`] takes partial texts
    /// of this utterance back, because the whole of it was not speech after all.
    pub text: String,
    /// Whether more may come.
    pub stage: Stage,
}

/// How certain a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The person still speaks; the next text of this utterance replaces this one.
    Partial,
    /// The utterance has ended, and this is its text.
    Final,
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sound")
            .field("track", &self.track)
            .field("at_ms", &self.at_ms)
            .field("samples", &self.pcm.len())
            .finish()
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard")
            .field("track", &self.track)
            .field("from_ms", &self.from_ms)
            .field("to_ms", &self.to_ms)
            .field("language", &self.language)
            .field("text_bytes", &self.text.len())
            .field("stage", &self.stage)
            .finish()
    }
}
