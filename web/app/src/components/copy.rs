//! Texts to take away.

use super::part::part;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::text_prop::TextProp;

use super::button::{Button, Look};
use super::icon::Glyph;
use super::toast::toast;
use crate::browser;
use crate::i18n::{Key, say, t_now};

/// A text to take away, with a button that copies it. Where the clipboard is refused, the text is
/// selected instead, so that the keyboard can copy it.
#[component]
pub fn CopyField(
    /// The id of the control; unique on the page.
    id: &'static str,
    /// What it is.
    #[prop(into)]
    label: TextProp,
    /// The text.
    text: String,
    /// For tests: of the text; its button has `-copy` appended.
    testid: &'static str,
) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    let copied = text.clone();
    let copy = move || {
        let text = copied.clone();
        spawn_local(async move {
            if browser::copy(&text).await {
                toast(t_now(Key::Copied));
            } else if let Some(input) = node.get_untracked() {
                input.focus().ok();
                input.select();
                toast(t_now(Key::CopyByHand));
            }
        });
    };
    view! {
        <div class="field copy">
            <label for=id>{part(move || label.get())}</label>
            <div class="row">
                <input node_ref=node id=id type="text" readonly data-testid=testid value=text/>
                <Button
                    look=Look::Secondary
                    icon=Glyph::Copy
                    testid=format!("{testid}-copy")
                    on_press=copy
                >
                    {say(Key::Copy)}
                </Button>
            </div>
        </div>
    }
}
