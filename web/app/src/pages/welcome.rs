use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_logic::links::token_of;

use crate::browser;
use crate::components::{Button, Field, Glyph, Icon, Look, Page};
use crate::i18n::{Key, say, t};
use crate::session::{Session, home_of, session};

/// The start: sign in, or open a link. Who is signed in goes on to their own page.
pub(crate) fn page() -> AnyView {
    let navigate = use_navigate();
    Effect::new(move || {
        if let Session::SignedIn(me) = session() {
            let replace = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(home_of(me.role), replace);
        }
    });
    view! {
        <Page title=say(Key::WelcomeTitle) class="narrow">
            <p class="lead">{say(Key::WelcomeText)}</p>
            <p>
                <a class="button primary" href="/login" data-testid="nav-login">
                    <Icon glyph=Glyph::Person/>
                    <span>{say(Key::SignIn)}</span>
                </a>
            </p>
            <CheckSymptoms/>
            <OpenLink/>
        </Page>
    }
    .into_any()
}

#[component]
fn CheckSymptoms() -> impl IntoView {
    view! {
        <section class="card">
            <h2><Icon glyph=Glyph::Search/>{say(Key::SymptomsLink)}</h2>
            <p>{say(Key::AboutSymptoms)}</p>
            <a class="button secondary" href="/symptoms" data-testid="symptoms-link">{say(Key::NavSymptoms)}</a>
        </section>
    }
}

#[component]
fn OpenLink() -> impl IntoView {
    let link = RwSignal::new(String::new());
    let faulty = RwSignal::new(false);
    let error = Signal::derive(move || faulty.get().then(|| t(Key::WelcomeLinkFault).to_owned()));
    let open = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match link.with_untracked(|link| token_of(link).map(str::to_owned)) {
            Some(token) => browser::assign(&format!("/join#{token}")),
            None => faulty.set(true),
        }
    };
    view! {
        <section class="card">
            <h2><Icon glyph=Glyph::Link/>{say(Key::WelcomeLink)}</h2>
            <form on:submit=open novalidate>
                <Field
                    id="link"
                    label=say(Key::WelcomeLinkLabel)
                    hint=say(Key::WelcomeLinkText)
                    error
                    value=link
                    testid="have-link"
                />
                <Button look=Look::Secondary submit=true testid="open-link">
                    {say(Key::WelcomeLinkOpen)}
                </Button>
            </form>
        </section>
    }
}
