//! Everything was asked: a look at the answers before the result.

use clinical_api::InterviewView;
use leptos::prelude::*;

use super::CallBar;
use super::question::{Answered, Later};
use super::symptoms::Walk;
use crate::components::{Button, Glyph, Look, Page};
use crate::i18n::{Key, say};

/// The answers, and the way to the result.
#[component]
pub(super) fn Review(walk: Walk, view: InterviewView) -> impl IntoView {
    let is_first = view.answers.is_empty();
    let back = move || {
        if is_first {
            walk.retelling.set(true);
        } else {
            walk.go(walk.check.back());
        }
    };
    view! {
        <Page title=say(Key::TriageReviewTitle) class="narrow">
            <CallBar/>
            <p class="lead">{say(Key::TriageReviewText)}</p>
            {walk.failure()}
            <div class="actions">
                <Button busy=walk.busy icon=Glyph::Next testid="triage-show" on_press=move || walk.go(walk.check.finish())>
                    {say(Key::TriageShow)}
                </Button>
                <Button look=Look::Secondary icon=Glyph::Back busy=walk.busy testid="triage-back" on_press=back>{say(Key::TriageBack)}</Button>
                <Later/>
            </div>
            <Answered walk view/>
        </Page>
    }
}
