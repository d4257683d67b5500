//! Fuzzy search for people by name, in memory.
//!
//! This crate exists to forbid imports: names are searched in memory only, so that none is stored in clear.
