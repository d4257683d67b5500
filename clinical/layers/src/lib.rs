//! What layers of a network are computed with: rows of numbers, one thread, no error.
//!
//! Shapes are known when a model is loaded (who loads one asks for each of them), so nothing here can
//! fail for what somebody said.

mod kernel;

pub use kernel::{Convolution, Linear, Norm, Rows, attend, columns, gelu, half, product, some_of};
