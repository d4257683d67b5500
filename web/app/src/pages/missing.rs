use leptos::prelude::*;

use crate::components::Page;
use crate::i18n::{Key, say};

/// An address without a page.
pub(crate) fn page() -> AnyView {
    view! {
        <Page title=say(Key::MissingTitle) class="narrow">
            <p data-testid="not-found">{say(Key::MissingText)}</p>
            <p><a class="button primary" href="/">{say(Key::ToStart)}</a></p>
        </Page>
    }
    .into_any()
}
