//! The start page of whoever is signed in: everything they can do, in large letters.

use clinical_model::Role;
use leptos::prelude::*;
use leptos_router::components::A;

use crate::components::{Glyph, Icon, Page, part};
use crate::i18n::{Key, say, t};
use crate::places::places;
use crate::session::me;

/// All places of the role; for roles without any, where help is.
pub(crate) fn page() -> AnyView {
    view! {
        <Page title=say(Key::HomeTitle)>
            {part(move || {
                me().map(|me| view! {
                    // Beside the security of the account.
                    {(places(me.role).len() < 2).then(|| view! { <NoWork role=me.role/> })}
                    <Tiles role=me.role/>
                })
            })}
        </Page>
    }
    .into_any()
}

#[component]
fn Tiles(role: Role) -> impl IntoView {
    view! {
        <ul class="tiles" data-testid="tiles">
            {places(role)
                .iter()
                .map(|place| {
                    view! {
                        <li>
                            <A href=place.href attr:data-testid=format!("tile-{}", place.testid)>
                                <Icon glyph=place.glyph/>
                                <strong>{say(place.title)}</strong>
                                <span>{say(place.about)}</span>
                            </A>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

#[component]
fn NoWork(role: Role) -> impl IntoView {
    view! {
        <p class="lead" data-testid="no-work">{part(move || text(role).map(t))}</p>
        <p>
            <a class="button primary" href="/help">
                <Icon glyph=Glyph::Help/>
                <span>{say(Key::WorkHelp)}</span>
            </a>
        </p>
    }
}

const fn text(role: Role) -> Option<Key> {
    match role {
        Role::Nurse => Some(Key::WorkTextNurse),
        Role::LabTechnician => Some(Key::WorkTextLabTechnician),
        Role::Radiologist => Some(Key::WorkTextRadiologist),
        Role::Pathologist => Some(Key::WorkTextPathologist),
        Role::HealthAuthority => Some(Key::WorkTextHealthAuthority),
        Role::Patient | Role::Doctor | Role::Pharmacist | Role::Admin => None,
    }
}
