//! Second factors: one-time codes, passkeys, recovery codes.
//!
//! This crate exists to forbid imports: it checks proofs and knows neither SQL nor HTTP.
