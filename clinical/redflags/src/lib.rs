//! Red flags in what patients write, in French and English. Pure and wasm-safe.
//!
//! This crate exists to forbid imports: no SQL, no HTTP, no clock; the same code runs in the browser.
//!
//! [`words`] reads a text: words, sentences, times, and whether something is present, denied,
//! somebody else's, past or only imagined. [`flags`] compares what was read with a list of red flags;
//! it only raises, and what it cannot judge goes to a person.

pub mod flags;
pub mod words;
