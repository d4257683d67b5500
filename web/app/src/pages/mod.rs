//! One file per page. A page is `page() -> AnyView`; its small parts stand below it.

pub(crate) mod help;
pub(crate) mod login;
pub(crate) mod missing;
pub(crate) mod visit;
pub(crate) mod welcome;
pub(crate) mod work;

