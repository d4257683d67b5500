//! Whole rooms with real engines as clients, in memory and in virtual time.

mod calls;
mod hostile;
mod layers;
mod world;
