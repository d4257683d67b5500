//! The register of rooms in Redis.
//!
//! Every change is one script over one key, so that it happens at once or not at all, on a single
//! server, behind Sentinels or in a Redis Cluster. Times are those of the server that has the key: nodes
//! compare no clocks. Nothing in it is a record. A register that was emptied, or that lost its last
//! changes with a server, is told again by the owners within seconds.

mod alone;
mod answers;
mod cluster;
mod error;
mod line;
mod redis_register;
mod settings;
mod slots;

pub use error::{OpenError, RegisterError};
pub use redis_register::{RedisRegister, RegisterTerms};
pub use settings::{Entry, Layout};
