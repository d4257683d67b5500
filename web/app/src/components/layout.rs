//! What stands around every page.

use super::part::part;
use clinical_model::Role;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;

use super::button::{Button, Look};
use super::icon::{Glyph, Icon};
use super::toast::Toasts;
use crate::i18n::{Key, Lang, Plural, lang, say, set_lang, tn};
use crate::news;
use crate::places::{EVERYTHING, places};
use crate::session::{self, me};

/// Header, main landmark and footer around every page.
#[component]
pub fn Layout(
    /// The page.
    children: Children,
) -> impl IntoView {
    // A page of the server itself, which comes when this application does not.
    let status = || format!("/status?lang={}", lang().tag());
    view! {
        <a class="skip" href="#main" on:click=skip>{say(Key::SkipToContent)}</a>
        <header class="top">
            <a class="brand" href="/">
                <Mark/>
                <span>{say(Key::ClinicName)}</span>
            </a>
            <Languages/>
            {part(move || me().map(|me| view! { <Account role=me.role name=me.name/> }))}
        </header>
        <main id="main" tabindex="-1">{children()}</main>
        <footer class="foot">
            <a href="/help" data-testid="nav-help"><Icon glyph=Glyph::Help/>{say(Key::FooterHelp)}</a>
            <a href=status rel="external" data-testid="nav-status"><Icon glyph=Glyph::Info/>{say(Key::FooterStatus)}</a>
            <p>{say(Key::FooterEmergency)}</p>
        </footer>
        <Toasts/>
    }
}

/// The fragment stays untouched: on the join page it is the way in.
fn skip(event: leptos::ev::MouseEvent) {
    event.prevent_default();
    event.stop_propagation();
    if let Some(main) = document().get_element_by_id("main") {
        use wasm_bindgen::JsCast;
        if let Some(main) = main.dyn_ref::<web_sys::HtmlElement>() {
            main.focus().ok();
        }
    }
}

#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <rect width="32" height="32" rx="9"></rect>
            <path d="M16 8.5v15M8.5 16h15"></path>
        </svg>
    }
}

#[component]
fn Languages() -> impl IntoView {
    let switch = |language: Lang, name: &'static str, testid: &'static str| {
        view! {
            <button
                type="button"
                lang=language.tag()
                data-testid=testid
                aria-pressed=move || if lang() == language { "true" } else { "false" }
                on:click=move |_| set_lang(language)
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="languages" role="group" aria-label=say(Key::Language)>
            {switch(Lang::Fr, "Français", "lang-fr")}
            {switch(Lang::En, "English", "lang-en")}
        </div>
    }
}

/// What waits at a place: prescriptions that the pharmacy has sent back unseen, unread messages.
fn badge(href: &str) -> Option<AnyView> {
    let (count, words, testid): (fn() -> u64, _, _) = match href {
        "/prescriptions" => (
            || u64::try_from(news::refusals()).unwrap_or(0),
            Plural::RxSentBack,
            "rx-badge",
        ),
        "/messages" => (
            || u64::from(news::messages()),
            Plural::MessagesUnread,
            "messages-badge",
        ),
        _ => return None,
    };
    let shown = move || {
        let count = count();
        (count > 0).then(|| {
            view! {
                <span class="badge" data-testid=testid>
                    {count}<span class="unseen">" "{part(move || tn(words, count))}</span>
                </span>
            }
        })
    };
    Some(part(shown).into_any())
}

#[component]
fn Account(role: Role, name: String) -> impl IntoView {
    news::watch_for(role);
    let navigate = use_navigate();
    let leaving = RwSignal::new(false);
    let leave = move || {
        leaving.set(true);
        let navigate = navigate.clone();
        spawn_local(async move {
            // Away first: a page that needs a session would otherwise ask to sign in again.
            navigate("/", NavigateOptions::default());
            session::sign_out().await;
        });
    };
    view! {
        <nav class="menu" aria-label=say(Key::Menu)>
            {core::iter::once(&EVERYTHING)
                .chain(places(role))
                .map(|place| {
                    view! {
                        <A href=place.href exact=true attr:data-testid=place.testid>
                            <Icon glyph=place.glyph/>
                            {say(place.title)}
                            {badge(place.href)}
                        </A>
                    }
                })
                .collect_view()}
        </nav>
        <div class="account">
            <span class="who"><Icon glyph=Glyph::Person/>{name}</span>
            <Button look=Look::Quiet icon=Glyph::Exit testid="logout" busy=leaving on_press=leave>
                {say(Key::SignOut)}
            </Button>
        </div>
    }
}
