//! Tests of the house itself. Each module is one kind of rule: a function that takes what it
//! judges as arguments and answers with the problems found, so that its own tests can show it
//! failing. `tests/house.rs` applies all of them to this repository.

pub mod accounts;
pub mod arrows;
pub mod fences;
pub mod licences;
pub mod links;
pub mod manifests;
pub mod proofs;
pub mod sizes;
pub mod tree;
pub mod words;
