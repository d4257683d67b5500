//! What is wrong, in free words.

use clinical_api::InterviewView;
use leptos::prelude::*;
use web_logic::triage::left;

use super::symptoms::Walk;
use super::{CallBar, chars_max, is_read_outside};
use crate::components::{Button, Glyph, Page, TextArea, part};
use crate::i18n::{Key, Plural, say, t, tn};

/// Characters that the field takes: what is too long is said, not cut off.
const FIELD_MAX: u32 = 20_000;
/// From here on the counter is read out.
const NEAR: i64 = 100;
const EXAMPLES: [Key; 3] = [
    Key::TriageExample1,
    Key::TriageExample2,
    Key::TriageExample3,
];

fn remaining(text: &str) -> i64 {
    left(text, usize::try_from(chars_max()).unwrap_or(usize::MAX))
}

/// The complaint, or another one.
#[component]
pub(super) fn Complaint(walk: Walk, view: InterviewView) -> impl IntoView {
    let text = RwSignal::new(view.complaint);
    let tried = RwSignal::new(false);
    let wrong = Memo::new(move |_| {
        text.with(|text| {
            if text.trim().is_empty() {
                Some(Key::TriageComplaintMissing)
            } else {
                (remaining(text) < 0).then_some(Key::TriageComplaintLong)
            }
        })
    });
    let error = Signal::derive(move || {
        let wrong = wrong.get().filter(|_| tried.get());
        wrong.map(|key| t(key).to_owned())
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if wrong.get_untracked().is_none() {
            let text = text.get_untracked().trim().to_owned();
            walk.go(walk.check.complain(text));
        }
    };
    let count = Memo::new(move |_| text.with(|text| remaining(text)));
    let examples = EXAMPLES.map(|key| view! { <li>{say(key)}</li> });
    view! {
        <Page title=say(Key::TriageComplaintTitle) class="narrow">
            <CallBar/>
            <form on:submit=send novalidate>
                <TextArea id="complaint" label=say(Key::TriageComplaintLabel) hint=say(Key::TriageComplaintHint)
                    error value=text rows=6 max=FIELD_MAX testid="complaint"/>
                <p class="hint" data-testid="complaint-left"
                    aria-live=move || if count.get() <= NEAR { "polite" } else { "off" }>
                    {part(move || tn(Plural::TriageLeft, u64::try_from(count.get()).unwrap_or(0)))}
                </p>
                {part(move || is_read_outside().then(|| view! {
                    <p class="hint" data-testid="complaint-outside">{say(Key::TriageOutsideReader)}</p>
                }))}
                <details>
                    <summary>{say(Key::TriageExamples)}</summary>
                    <ul>{examples.into_iter().collect_view()}</ul>
                </details>
                {walk.failure()}
                <div class="actions">
                    <Button submit=true busy=walk.busy icon=Glyph::Next testid="complaint-send">{say(Key::TriageNext)}</Button>
                </div>
            </form>
        </Page>
    }
}
