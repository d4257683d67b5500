//! Messages that leave the house.

mod templates;

pub use templates::{SMS_PARTS_MAX, TemplateFileError, Templates};
