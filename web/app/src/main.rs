//! Starts the pages.

fn main() {
    web_app::run();
}
