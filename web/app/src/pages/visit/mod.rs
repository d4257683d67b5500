//! Entering a visit and being in it.

use leptos::prelude::AnyView;

/// A patient or guest with a join link: `/join#TOKEN`.
pub(crate) fn join_page() -> AnyView {
    crate::pages::help::page()
}

/// The doctor of an appointment: `/visit/{id}`.
pub(crate) fn doctor_page() -> AnyView {
    crate::pages::help::page()
}
