//! Hypotheses, urgency and the interview: an explained engine over an authored knowledge base. Pure
//! and wasm-safe.
//!
//! This crate exists to forbid imports: no SQL, no HTTP, no clock; the same code runs in the browser.
//!
//! [`Knowledge::shipped`] holds findings and conditions. [`read`](Engine::read) finds them in a text,
//! [`Engine::assess`] answers an [`Assessment`], [`Interview`] asks the next best question, [`Menu`]
//! asks it by numbers, [`scores`]
//! are published tables of vital signs, [`labs`] judges laboratory results and [`evaluate`] measures all
//! of it on vignettes. Red flags of `clinical-redflags` are applied last and only raise.

mod assess;
pub mod evaluate;
mod interview;
mod knowledge;
pub mod labs;
mod menu;
mod names;
mod numbers;
mod parse;
mod reading;
pub mod scores;
mod tuning;

pub use assess::{Assessment, Disposition, Engine, EngineError, Hypothesis};
pub use interview::{
    Answer, Answered, Interview, InterviewError, Language, QUESTIONS_MAX, Question,
};
pub use knowledge::{Condition, Finding, Kind, Knowledge, KnowledgeError, Occurrence, Step, Words};
pub use menu::{Call, MENU_CHARS_MAX, Menu, MenuError};
pub use names::same_name;
pub use reading::{Case, Mention, Reading};
pub use tuning::Tuning;
