//! The register of rooms in Redis.
//!
//! Every change is one script over one key, so that it happens at once or not at all, on a single
//! server, behind Sentinel or in a cluster of Redis. Times are those of Redis: nodes compare no clocks.
//! Nothing in it is a record. A register that was emptied is told again by the owners within seconds.

mod error;
mod redis_register;

pub use error::{OpenError, RegisterError};
pub use redis_register::{RedisRegister, RegisterTerms};
