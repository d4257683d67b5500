//! Orders to the laboratory and their results.

mod catalogue;

pub use catalogue::{CatalogueFileError, read_catalogue};
