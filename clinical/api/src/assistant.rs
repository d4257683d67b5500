//! The assistant.
//!
//! - `GET /assistant?language=&zone=` -> [`TalkView`]
//! - `POST /assistant/messages` [`AssistantRequest`] -> [`TalkView`]
//! - `DELETE /assistant` -> 204: forgets the talk

use clinical_model::triage::InterviewLanguage;
use serde::{Deserialize, Serialize};

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        $(#[$doc])*
        pub struct $name { $($fields)* }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

shape!(
    /// Say something, or take one of the choices. One of `text` and `choice` is there.
    #[serde(deny_unknown_fields)]
    AssistantRequest {
        /// The language of the answer.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub language: InterviewLanguage,
        /// IANA zone of the clock that "tomorrow at 3" is on.
        pub zone: String,
        /// What is said, at most 20,000 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub text: Option<String>,
        /// Which choice is taken, from 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub choice: Option<u32>,
        /// `count` of the talk that the choice was shown with.
        #[serde(default)]
        pub seen: u32,
    }
);

/// How something is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SaidKind {
    /// As words.
    Text,
    /// As a card of something that is done when it is confirmed, or was done.
    Card,
    /// As advice with its source.
    Advice,
    /// As a warning: be seen today.
    Urgent,
    /// As an alarm: call now.
    Emergency,
}

shape!(
    /// Something that the assistant says.
    SaidView {
        /// How to show it.
        pub kind: SaidKind,
        /// The words.
        pub text: String,
        /// A page of this site or a number to call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub href: Option<String>,
        /// What stands on the way there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub label: Option<String>,
        /// Who says so, of advice, and who has read it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub source: Option<String>,
    }
);

shape!(
    /// A line of a talk: what the person wrote, or what the assistant said.
    TalkLineView {
        /// What the person wrote or chose; none for the assistant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub mine: Option<String>,
        /// What the assistant said.
        #[serde(default)]
        pub said: Vec<SaidView>,
    }
);

shape!(
    /// A talk with the assistant.
    TalkView {
        /// Oldest first, at most 80.
        pub lines: Vec<TalkLineView>,
        /// What may be chosen now.
        pub choices: Vec<String>,
        /// How many lines there ever were.
        pub count: u32,
        /// A red flag: help now. Nothing else is done in this talk.
        pub emergency: bool,
    }
);
