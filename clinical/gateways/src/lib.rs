//! The outside world behind ports: e-mail, SMS.
//!
//! This crate exists to forbid imports: it reaches outside services and knows no SQL.
