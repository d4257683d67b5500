//! Fuzzy search for people by name, birth date, phone and identifier, in memory.
//!
//! This crate exists to forbid imports: names are searched in memory only, so that none is stored in clear.
//! It knows no tenant and no access rule; whoever asks keeps one [`Finder`] for each tenant and filters
//! the hits before anybody sees them.

mod facts;
mod finder;
mod fold;
mod person;
mod query;
mod score;
mod similar;
mod sound;
mod words;

pub use finder::{Finder, Hit, MAX_HITS};
pub use fold::fold_words;
pub use person::{BirthDate, Person};
pub use similar::{Proposal, Why};
