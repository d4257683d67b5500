use crate::components::part;
use clinical_model::Role;
use leptos::prelude::*;

use crate::components::{Glyph, Icon, Page};
use crate::i18n::{Key, say, t};
use crate::session::me;

/// For roles that have no work here so far: says so, and where help is.
pub(crate) fn page() -> AnyView {
    view! {
        <Page title=say(Key::WorkTitle) class="narrow">
            <p class="lead" data-testid="no-work">{part(move || me().and_then(|me| text(me.role)).map(t))}</p>
            <p>
                <a class="button primary" href="/help">
                    <Icon glyph=Glyph::Help/>
                    <span>{say(Key::WorkHelp)}</span>
                </a>
            </p>
        </Page>
    }
    .into_any()
}

const fn text(role: Role) -> Option<Key> {
    match role {
        Role::Nurse => Some(Key::WorkTextNurse),
        Role::Pharmacist => Some(Key::WorkTextPharmacist),
        Role::LabTechnician => Some(Key::WorkTextLabTechnician),
        Role::Radiologist => Some(Key::WorkTextRadiologist),
        Role::Pathologist => Some(Key::WorkTextPathologist),
        Role::HealthAuthority => Some(Key::WorkTextHealthAuthority),
        Role::Patient | Role::Doctor | Role::Admin => None,
    }
}
