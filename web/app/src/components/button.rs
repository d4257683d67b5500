//! Buttons.

use super::part::part;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// How much a button asks to be pressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// The one next step of a page.
    #[default]
    Primary,
    /// Another step.
    Secondary,
    /// Something that cannot be undone.
    Danger,
    /// Without a frame.
    Quiet,
}

impl Look {
    /// The CSS classes; links that look like buttons use them too.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button primary",
            Self::Secondary => "button secondary",
            Self::Danger => "button danger",
            Self::Quiet => "button quiet",
        }
    }
}

/// A button, at least 44 px high. While `busy` it keeps the focus and ignores presses.
#[component]
pub fn Button(
    /// How much it asks to be pressed.
    #[prop(optional)]
    look: Look,
    /// A picture before the words.
    #[prop(optional, into)]
    icon: Option<Glyph>,
    /// For tests.
    #[prop(optional, into)]
    testid: Option<String>,
    /// Something is on its way.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Not possible now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Sends the form around it.
    #[prop(optional)]
    submit: bool,
    /// What a press does.
    #[prop(optional, into)]
    on_press: Option<UnsyncCallback<()>>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let press = move |event: leptos::ev::MouseEvent| {
        if busy.get_untracked() {
            event.prevent_default();
        } else if let Some(callback) = on_press {
            callback.run(());
        }
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=look.class()
            disabled=disabled
            aria-disabled=move || busy.get().then_some("true")
            data-testid=testid
            on:click=press
        >
            {part(move || {
                if busy.get() {
                    view! { <span class="spin small" aria-hidden="true"></span> }.into_any()
                } else {
                    icon.map(|glyph| view! { <Icon glyph/> }).into_any()
                }
            })}
            <span>{children()}</span>
        </button>
    }
}
