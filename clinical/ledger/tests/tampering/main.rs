//! Whatever is done to the rows or to the checkpoint file is found; what is honest is accepted.
#![expect(clippy::unwrap_used, reason = "tests")]

mod checkpoints;
mod rows;
mod world;
