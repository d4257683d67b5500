//! The assistant: what somebody wants, when, with whom; and the dialogue about it. Pure and wasm-safe.
//!
//! This crate exists to forbid imports: no SQL, no HTTP, no clock. Time, doctors and free times are given.
//! [`hear`] and [`answer`] take a [`Talk`] one
//! step further; what has to be looked up or done comes out as an [`Effect`] that the shell carries out.
//! What is said are values ([`Say`]), of which [`said()`] makes texts and [`short()`] menus for short messages.

mod advice;
mod classify;
mod concepts;
mod guard;
mod intent;
mod machine;
mod names;
mod say;
mod short;
mod talk;
mod when;
mod wire;

pub use advice::{Advice, all as all_advice, named as advice_named};
pub use classify::{Classifier, Guess, Meaning, PhrasesError, phrases};
pub use intent::Intent;
pub use machine::{World, answer, hear};
pub use names::{Doctor, doctors, folded, specialty};
pub use say::{Facts, Kind, Language, Link, Said, label, said, transcript};
pub use short::{fitted, plain_text, short};
pub use talk::{
    Booking, Choice, Effect, Input, LINE_CHARS_MAX, LINES_MAX, Level, Line, Offer, Outcome,
    Refusal, Say, State, TEXT_CHARS_MAX, Talk, Task, Time, Topic, Unclear, Visit, Wanted, Write,
};
pub use when::{Hour, When};
