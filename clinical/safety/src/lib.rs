//! The medication safety check: formulary, rules, findings. Pure and wasm-safe.
//!
//! This crate exists to forbid imports: no SQL, no HTTP, no clock; the same code runs in the browser.
