use clinical_api::EntryView;
use clinical_model::chart::{Fact, Kind};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::state::Record;
use super::words;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Field, Glyph, Icon, Look, Tone, part, toast};
use crate::i18n::{Key, say, t_now};
use crate::{browser, tr, when};

/// The kinds of documents, as the form offers them.
const CLASSES: [(&str, Key); 7] = [
    ("laboratory", Key::ClassLaboratory),
    ("imaging", Key::ClassImaging),
    ("referral", Key::ClassReferral),
    ("discharge", Key::ClassDischarge),
    ("prescription", Key::ClassPrescription),
    ("vaccination", Key::ClassVaccination),
    ("other", Key::ClassElse),
];

/// The papers of a record.
#[component]
pub(super) fn Documents(record: Record) -> impl IntoView {
    let adding = RwSignal::new(false);
    view! {
        <section class="card" data-testid="documents">
            <h2><Icon glyph=Glyph::Note/><span>{say(Key::DocumentsTitle)}</span></h2>
            {record.documents.show(|list| {
                if list.is_empty() {
                    return view! { <p class="hint">{say(Key::DocumentsNone)}</p> }.into_any();
                }
                let rows = list.into_iter().map(|entry| view! { <li><Paper entry/></li> });
                view! { <ul class="plain entries">{rows.collect_view()}</ul> }.into_any()
            })}
            {part(move || record.may_write(Kind::Document).then(|| view! {
                <div class="actions">
                    <Button look=Look::Secondary icon=Glyph::Plus testid="document-add" on_press=move || adding.update(|it| *it = !*it)>{say(Key::DocumentAdd)}</Button>
                </div>
            }))}
            {part(move || adding.get().then(|| view! { <Upload record adding/> }))}
        </section>
    }
}

#[component]
fn Paper(entry: EntryView) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let (id, us) = (entry.id, entry.effective_us);
    let fact = StoredValue::new(entry.fact);
    let save = move || {
        busy.set(true);
        spawn_local(async move {
            let bytes = api::document(id).await;
            busy.try_set(false);
            match bytes {
                Ok(bytes) => {
                    fault.try_set(None);
                    let named = fact.try_with_value(|fact| match fact {
                        Fact::Document(it) => Some((
                            it.media_type.as_str().to_owned(),
                            file_name(it.title.as_str(), it.media_type.as_str()),
                        )),
                        Fact::Condition(_)
                        | Fact::Allergy(_)
                        | Fact::Medication(_)
                        | Fact::Observation(_)
                        | Fact::Immunization(_)
                        | Fact::FamilyHistory(_)
                        | Fact::Procedure(_)
                        | Fact::Note(_) => None,
                    });
                    if let Some(Some((kind, name))) = named {
                        browser::save_file(&bytes, (&kind, &name));
                    }
                }
                Err(wrong) => {
                    fault.try_set(Some(wrong));
                }
            }
        });
    };
    view! {
        <div class="entry" data-testid="document">
            <p><strong>{part(move || fact.with_value(words::title))}</strong></p>
            <p class="hint"><small>{part(move || format!("{} · {}", when::date(us), fact.with_value(words::detail)))}</small></p>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <Button look=Look::Quiet icon=Glyph::Note busy testid="document-save" on_press=save>{part(move || tr!(Key::DocumentSave, name = fact.with_value(words::title)))}</Button>
        </div>
    }
}

fn file_name(title: &str, media_type: &str) -> String {
    let kind = clinical_model::chart::files::FileType::of_media_type(media_type);
    let plain: String = title
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("{plain}.{}", kind.map_or("bin", |it| it.extension()))
}

#[component]
fn Upload(record: Record, adding: RwSignal<bool>) -> impl IntoView {
    let title = RwSignal::new(String::new());
    let class = RwSignal::new("laboratory".to_owned());
    let file = NodeRef::<html::Input>::new();
    let missing = RwSignal::new(false);
    let refused = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let chosen = file.get_untracked().and_then(|input| input.files()?.get(0));
        let named = title.get_untracked().trim().to_owned();
        let (Some(chosen), false) = (chosen, named.is_empty()) else {
            missing.set(true);
            return;
        };
        missing.set(false);
        busy.set(true);
        spawn_local(async move {
            let class = class.get_untracked();
            let answer = api::upload_document(record.id, (&named, &class), &chosen).await;
            busy.try_set(false);
            match answer {
                Ok(_) => {
                    toast(t_now(Key::DocumentAdded));
                    adding.try_set(false);
                    record.changed();
                }
                Err(wrong) => {
                    use clinical_api::ProblemCode::{TooLarge, UnsupportedMediaType};
                    let is_file = wrong.is(UnsupportedMediaType) || wrong.is(TooLarge);
                    refused.try_set(is_file);
                    fault.try_set((!is_file).then_some(wrong));
                }
            }
        });
    };
    let options = CLASSES
        .into_iter()
        .map(|(word, key)| view! { <option value=word>{say(key)}</option> })
        .collect_view();
    view! {
        <form on:submit=submit novalidate>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            {part(move || missing.get().then(|| view! { <Alert tone=Tone::Error testid="document-missing">{say(Key::DocumentMissing)}</Alert> }))}
            {part(move || refused.get().then(|| view! { <Alert tone=Tone::Error testid="document-refused">{say(Key::DocumentRefused)}</Alert> }))}
            <Field id="document-title" label=say(Key::DocumentTitle) value=title testid="document-title"/>
            <div class="field">
                <label for="document-class">{say(Key::DocumentClass)}</label>
                <select id="document-class" data-testid="document-class" on:change=move |event| class.set(event_target_value(&event))>{options}</select>
            </div>
            <div class="field">
                <label for="document-file">{say(Key::DocumentFile)}</label>
                <p class="hint" id="document-file-hint">{say(Key::DocumentFileHint)}</p>
                <input node_ref=file id="document-file" type="file" accept="application/pdf,image/png,image/jpeg,text/plain" aria-describedby="document-file-hint" data-testid="document-file"/>
            </div>
            <div class="actions">
                <Button look=Look::Secondary on_press=move || adding.set(false)>{say(Key::Back)}</Button>
                <Button submit=true busy testid="document-submit">{say(Key::DocumentSend)}</Button>
            </div>
        </form>
    }
}
