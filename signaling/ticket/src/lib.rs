//! Signed one-use passes into a room: mint and verify.
