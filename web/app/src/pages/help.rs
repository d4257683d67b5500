use leptos::prelude::*;

use crate::components::Page;
use crate::i18n::{Key, say};

const ANSWERS: &[(Key, Key)] = &[
    (Key::HelpBeforeTitle, Key::HelpBeforeText),
    (Key::HelpLinkTitle, Key::HelpLinkText),
    (Key::HelpSoundTitle, Key::HelpSoundText),
    (Key::HelpSlowTitle, Key::HelpSlowText),
    (Key::HelpPeopleTitle, Key::HelpPeopleText),
];

/// What to do when something does not work.
pub(crate) fn page() -> AnyView {
    view! {
        <Page title=say(Key::HelpTitle) class="narrow">
            {ANSWERS
                .iter()
                .map(|(question, answer)| {
                    view! {
                        <section>
                            <h2>{say(*question)}</h2>
                            <p>{say(*answer)}</p>
                        </section>
                    }
                })
                .collect_view()}
        </Page>
    }
    .into_any()
}
