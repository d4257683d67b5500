//! What was said in a visit with captions, sorted, beside the note that can be made of it.

use clinical_api::{NoteDraftView, NoteSection};
use clinical_model::AppointmentId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_logic::draft::written;

use super::note_panel::CHARS_MAX;
use crate::api;
use crate::components::{Alert, Button, Glyph, Look, Tone, part};
use crate::i18n::{Key, say, t, t_now};
use crate::tr;
use crate::when;

const fn title(section: NoteSection) -> Key {
    match section {
        NoteSection::Reason => Key::DraftReason,
        NoteSection::History => Key::DraftHistory,
        NoteSection::Medicines => Key::DraftMedicines,
        NoteSection::Findings => Key::DraftFindings,
        NoteSection::Assessment => Key::DraftAssessment,
        NoteSection::Plan => Key::DraftPlan,
        NoteSection::Other => Key::DraftAlso,
    }
}

/// Shown when something was said and is kept. It enters the note by the doctor's press alone.
#[component]
pub(super) fn FromCaptions(
    appointment: AppointmentId,
    text: RwSignal<String>,
    write: UnsyncCallback<String>,
) -> impl IntoView {
    let draft = RwSignal::new(None::<NoteDraftView>);
    // Without one there is nothing to offer; the note can be written all the same.
    spawn_local(async move {
        if let Ok(found) = api::note_draft(appointment).await {
            draft.try_set(Some(found).filter(|it| !it.sections.is_empty()));
        }
    });
    part(move || draft.get().map(|draft| view! { <Offer draft text write/> }))
}

#[component]
fn Offer(
    draft: NoteDraftView,
    text: RwSignal<String>,
    write: UnsyncCallback<String>,
) -> impl IntoView {
    let done = RwSignal::new(None::<bool>);
    let until = draft.until_us.unwrap_or_default();
    let (sections, left_out) = (draft.sections.clone(), draft.left_out);
    let insert = move || {
        let note = text.get_untracked();
        let room = (note.as_str(), CHARS_MAX as usize);
        let title = |section| t_now(title(section)).to_owned();
        let new = written(&draft, room, title, when::time);
        done.set(Some(new.is_cut));
        write.run(new.text);
    };
    view! {
        <section class="visit-draft" aria-label=say(Key::DraftTitle) data-testid="note-draft">
            <h3>{say(Key::DraftTitle)}</h3>
            <p class="hint">{part(move || tr!(Key::DraftHint, until = when::date_time(until)))}</p>
            <dl>
                {sections.into_iter().map(|section| view! {
                    <dt>{say(title(section.section))}</dt>
                    {section.sentences.into_iter().map(|said| {
                        let at = said.at_us;
                        view! { <dd data-testid="draft-sentence"><span class="hint">{part(move || when::time(at))}" "{said.name}": "</span>{said.text}</dd> }
                    }).collect::<Vec<_>>()}
                }).collect::<Vec<_>>()}
            </dl>
            {(left_out > 0).then(|| view! { <p class="hint">{say(Key::DraftLeftOut)}</p> })}
            <Button look=Look::Secondary icon=Glyph::Edit testid="draft-insert" on_press=insert>{say(Key::DraftInsert)}</Button>
            <div role="status">
                {part(move || done.get().map(|is_cut| view! {
                    <Alert tone=Tone::Info testid="draft-inserted">
                        {part(move || t(Key::DraftInserted))}
                        {is_cut.then(|| view! { " " {say(Key::DraftCut)} })}
                    </Alert>
                }))}
            </div>
        </section>
    }
}
