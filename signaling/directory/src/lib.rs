//! Which node has which room, when a clinic runs on several machines.
//!
//! One node owns a room at a time. It holds a lease in a register that all nodes share, under an epoch
//! that only grows; the rules of the register are [`Ledger`]. What a node knows, and what follows from
//! it when the register does not answer, is [`Bearings`]. Who gets a new room is [`place()`].
//!
//! This crate exists to forbid IO: it has no clock, socket or lock. Time is an argument, in
//! microseconds. The register behind [`Registry`] is an address book, never a record: what it forgets
//! is told again by the owners.

mod bearings;
mod ledger;
mod node;
mod place;
mod registry;

pub use bearings::{Advice, Asked, Bearings, FORGET_US, Kept, Reach, Step};
pub use ledger::{Ask, LEASE_US, Lease, Ledger};
pub use node::{About, Epoch, Member, NodeName, NodeNameError, Region};
pub use place::{Candidate, LOAD_SLACK, REGION_SLACK, order, place};
pub use registry::{Answer, Registry, RegistryError};
