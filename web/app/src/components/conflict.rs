//! Two people changed the same text: three versions side by side, and how to go on.

use leptos::html;
use leptos::prelude::*;
use web_logic::three_way::{Change, changes};

use super::button::{Button, Look};
use super::feedback::{Alert, Tone};
use super::icon::Glyph;
use super::part::part;
use crate::i18n::{Key, say, t};

/// How to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// What I wrote becomes the next version.
    Mine,
    /// What is stored stays.
    Theirs,
    /// Both changes together, to be looked over.
    Both,
}

/// The texts of a [`Conflict`]; each follows what it is made of.
#[derive(Debug, Clone, Copy)]
pub struct Versions {
    /// What both began from.
    pub began: Signal<String>,
    /// What somebody saved meanwhile.
    pub stored: Signal<String>,
    /// What was written here.
    pub mine: Signal<String>,
}

/// Shows what both began from, what is stored and what was written, with what each changed, and
/// lets the person choose. Nothing is saved or dropped before that.
#[component]
pub fn Conflict(
    /// The three texts.
    texts: Versions,
    /// What is stored can not be changed any more, so it can only be taken.
    #[prop(optional)]
    closed: bool,
    /// Move the focus here, because the person has just pressed a button. Whoever is writing keeps
    /// it.
    #[prop(optional)]
    focused: bool,
    /// The choice is on its way.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// What a choice does.
    #[prop(into)]
    on_choice: UnsyncCallback<Choice>,
) -> impl IntoView {
    let heading = NodeRef::<html::H3>::new();
    Effect::new(move || {
        if let (true, Some(heading)) = (focused, heading.get()) {
            drop(heading.focus());
        }
    });
    let Versions {
        began,
        stored,
        mine,
    } = texts;
    let theirs = Signal::derive(move || (began.get(), stored.get()));
    let written = Signal::derive(move || (began.get(), mine.get()));
    let before = Signal::derive(move || (began.get(), began.get()));
    view! {
        <section class="conflict" aria-labelledby="conflict-title" data-testid="conflict">
            <h3 id="conflict-title" tabindex="-1" node_ref=heading>{say(Key::ConflictTitle)}</h3>
            <div role="alert">
                <Alert tone=Tone::Warning>
                    <p>{say(if closed { Key::ConflictClosed } else { Key::ConflictText })}</p>
                </Alert>
            </div>
            <div class="conflict-texts">
                <Text id="conflict-began" title=Key::ConflictBegan change=before/>
                <Text id="conflict-stored" title=Key::ConflictStored change=theirs/>
                <Text id="conflict-mine" title=Key::ConflictMine change=written/>
            </div>
            <div class="actions">
                {(!closed).then(|| view! {
                    <Button busy icon=Glyph::Edit testid="conflict-both" on_press=move || on_choice.run(Choice::Both)>{say(Key::ConflictUseBoth)}</Button>
                    <Button busy look=Look::Secondary testid="conflict-keep-mine" on_press=move || on_choice.run(Choice::Mine)>{say(Key::ConflictUseMine)}</Button>
                })}
                <Button busy look=Look::Secondary testid="conflict-take-theirs" on_press=move || on_choice.run(Choice::Theirs)>{say(Key::ConflictUseTheirs)}</Button>
            </div>
        </section>
    }
}

/// One text with what became of the one before it. It scrolls by keyboard too.
#[component]
fn Text(id: &'static str, title: Key, change: Signal<(String, String)>) -> impl IntoView {
    let heading = format!("{id}-title");
    let lines = move || {
        let (old, new) = change.get();
        if old.is_empty() && new.is_empty() {
            return view! { <p class="hint">{t(Key::ConflictEmpty)}</p> }.into_any();
        }
        let told = changes(&old, &new).into_iter().map(line);
        told.collect_view().into_any()
    };
    view! {
        <div class="conflict-part">
            <h4 id=heading.clone()>{say(title)}</h4>
            <div class="conflict-text" role="region" tabindex="0" aria-labelledby=heading data-testid=id>{part(lines)}</div>
        </div>
    }
}

fn line(change: Change<'_>) -> AnyView {
    match change {
        Change::Same(text) => view! { <p>{text.to_owned()}</p> }.into_any(),
        Change::Gone(text) => view! {
            <p><del><span class="unseen">{t(Key::ConflictGone)} " "</span>{text.to_owned()}</del></p>
        }
        .into_any(),
        Change::New(text) => view! {
            <p><ins><span class="unseen">{t(Key::ConflictNew)} " "</span>{text.to_owned()}</ins></p>
        }
        .into_any(),
    }
}
