//! Pages that need a session, and for some roles only.

use clinical_model::{Role, Standing};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use web_logic::links::is_local;

use crate::browser;
use crate::chunks::{Account, account};
use crate::components::{Alert, Page, Spinner, Tone};
use crate::i18n::{Key, say};
use crate::session::{Session, home_of, session};

/// Shows `page` to these roles. Nobody: to the sign-in page and back; another role: says so.
pub(crate) fn guarded(roles: &'static [Role], page: fn() -> AnyView) -> impl IntoView {
    let navigate = use_navigate();
    let state = Memo::new(move |_| session());
    Effect::new(move || {
        if let Session::SignedOut { expired } = state.get() {
            let here = browser::path_and_query();
            // Signing out leaves for the welcome page by itself.
            if here != "/" {
                let replace = NavigateOptions {
                    replace: true,
                    ..NavigateOptions::default()
                };
                navigate(&login_href(&here, expired), replace);
            }
        }
    });
    move || match state.get() {
        Session::Starting | Session::SignedOut { .. } => view! { <Spinner/> }.into_any(),
        // Nothing else would be answered.
        Session::SignedIn(me) if me.standing == Standing::EnrolmentOnly => {
            account(Account::Security)
        }
        Session::SignedIn(me) if roles.contains(&me.role) => page(),
        Session::SignedIn(me) => view! { <OtherRole role=me.role/> }.into_any(),
    }
}

#[component]
fn OtherRole(role: Role) -> impl IntoView {
    view! {
        <Page title=say(Key::OtherRoleTitle) class="narrow">
            <Alert tone=Tone::Warning testid="error">{say(Key::OtherRoleText)}</Alert>
            <p><a class="button primary" href=home_of(role)>{say(Key::ToMyPage)}</a></p>
        </Page>
    }
}

/// The sign-in page that leads back to `next`.
fn login_href(next: &str, expired: bool) -> String {
    let next = String::from(js_sys::encode_uri_component(next));
    let reason = if expired { "&expired=1" } else { "" };
    format!("/login?next={next}{reason}")
}

/// Where to go after signing in: only a path of this site is followed.
pub(crate) fn next_path() -> Memo<Option<String>> {
    let query = use_query_map();
    Memo::new(move |_| {
        query
            .with(|query| query.get("next"))
            .filter(|next| is_local(next))
    })
}
