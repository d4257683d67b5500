//! What people see: pages, routes, texts and styles, rendered in the browser.
//!
//! The page uses the same public HTTP API as everyone. [`api`] is its one client, [`session`] knows
//! who is signed in, [`i18n`] has the words, [`when`] writes times, [`components`] are the parts.

#![expect(unreachable_pub, reason = "the component macro writes `pub` functions")]

pub mod api;
pub mod browser;
pub mod components;
pub mod i18n;
pub mod remote;
pub mod session;
pub mod when;

mod chunks;
mod guard;
mod join_link;
mod live;
mod news;
mod pages;
mod passkeys;
mod places;
mod routes;

/// Mounts the pages in place of the static shell.
pub fn run() {
    console_error_panic_hook::set_once();
    i18n::mark_document();
    if let Some(shell) = leptos::prelude::document().get_element_by_id("shell") {
        shell.remove();
    }
    leptos::mount::mount_to_body(routes::App);
    // Mounting sets up the executor that requests run on.
    session::start();
}
