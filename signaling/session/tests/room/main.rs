//! One room: visits told step by step, and anything in any order.
#![expect(clippy::unwrap_used, reason = "tests")]

mod any_order;
mod captions;
mod doors;
mod failover;
mod grants;
mod keeping;
mod moving;
mod permissions;
mod phone;
mod recording;
mod secrecy;
mod visit;
mod world;
