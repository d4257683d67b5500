//! The next version of an entry.

use clinical_api::{AmendRequest, EntryView, ProblemCode, TagsRequest};
use clinical_model::access::Label;
use clinical_model::chart::tags::suggest;
use clinical_model::chart::{EntryStatus, Fact, Kind, Value};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::asking::{Check, Ways, may_hide};
use super::form::Form;
use super::state::Record;
use super::words;
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Button, Choice, Conflict, Failure, Field, Look, TextArea, Tone, Versions, part, toast,
};
use crate::i18n::{Key, say, t_now};

/// An entry that is being changed. Copies share it.
#[derive(Clone, Copy)]
struct Amending {
    record: Record,
    form: Form,
    /// The version that the next one is written over.
    base: RwSignal<EntryView>,
    /// What somebody saved meanwhile.
    stored: RwSignal<Option<EntryView>>,
    /// Both changes stand in the form and were not looked over yet.
    is_joined: RwSignal<bool>,
    missing: RwSignal<bool>,
    busy: RwSignal<bool>,
    fault: RwSignal<Option<ApiError>>,
}

impl Amending {
    fn begin(record: Record, entry: EntryView) -> Self {
        Self {
            record,
            form: Form::of_entry(&entry),
            base: RwSignal::new(entry),
            stored: RwSignal::new(None),
            is_joined: RwSignal::new(false),
            missing: RwSignal::new(false),
            busy: RwSignal::new(false),
            fault: RwSignal::new(None),
        }
    }

    fn save(self) {
        let entry = self.base.get_untracked();
        let fact = self.form.amended(entry.fact.clone());
        self.missing.set(fact.is_none());
        let Some(fact) = fact else { return };
        if self.busy.get_untracked() || self.stored.with_untracked(Option::is_some) {
            return;
        }
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            let done = match amend(&entry, fact, self.form).await {
                Err(wrong) if wrong.is(ProblemCode::Changed) => {
                    let stored = api::entry(entry.id).await;
                    stored.map(|stored| {
                        self.stored.try_set(Some(stored));
                        false
                    })
                }
                done => done.map(|()| true),
            };
            self.busy.try_set(false);
            match done {
                Ok(true) => self.close(Some(Key::EntrySaved)),
                Ok(false) => {}
                Err(wrong) => {
                    self.fault.try_set(Some(wrong));
                }
            }
        });
    }

    fn close(self, said: Option<Key>) {
        if let Some(said) = said {
            toast(t_now(said));
        }
        self.record.asking.try_set(None);
        self.record.changed();
    }

    /// Goes on as the person chose.
    fn choose(self, choice: Choice) {
        let Some(stored) = self.stored.get_untracked() else {
            return;
        };
        let began = self.base.get_untracked();
        self.stored.set(None);
        if choice != Choice::Theirs {
            self.base.set(stored.clone());
        }
        match choice {
            Choice::Theirs => self.close(None),
            Choice::Mine => {
                let (began, stored) = (Form::of_entry(&began), Form::of_entry(&stored));
                self.form.keep_hidden(began, stored);
                self.save();
            }
            Choice::Both => {
                let (began, stored) = (Form::of_entry(&began), Form::of_entry(&stored));
                self.form.join(began, stored);
                self.is_joined.set(true);
            }
        }
    }
}

#[component]
pub(super) fn Amend(record: Record, entry: EntryView) -> impl IntoView {
    let suggested: Vec<String> = suggest(&entry.fact)
        .iter()
        .map(|it| it.as_str().to_owned())
        .filter(|it| !entry.tags.contains(it))
        .collect();
    let (title, fact) = (entry.fact.clone(), entry.fact.clone());
    let amending = Amending::begin(record, entry);
    let Amending {
        form,
        missing,
        busy,
        fault,
        ..
    } = amending;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        amending.save();
    };
    view! {
        <form on:submit=submit novalidate>
            <p><strong>{part(move || words::title(&title))}</strong></p>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            {part(move || missing.get().then(|| view! { <Alert tone=Tone::Error testid="entry-missing">{say(Key::EntryMissing)}</Alert> }))}
            {part(move || amending.stored.get().map(|stored| view! { <Compared amending stored/> }))}
            {part(move || amending.is_joined.get().then(|| view! {
                <Alert tone=Tone::Success testid="entry-joined">{say(Key::ConflictJoined)}</Alert>
            }))}
            <Changes form fact/>
            {may_hide(record).then(|| view! { <Check id="entry-hidden" label=Key::EntryHidden on=form.is_hidden/> })}
            <Field id="entry-tags" label=say(Key::EntryTags) hint=say(Key::EntryTagsHint) value=form.tags testid="entry-tags"/>
            <Suggested suggested form/>
            <Ways record busy/>
        </form>
    }
}

/// The entry that somebody else saved, beside what stands in the form.
#[component]
fn Compared(amending: Amending, stored: EntryView) -> impl IntoView {
    let closed = stored.status == EntryStatus::EnteredInError;
    let (began, fact) = (amending.base.get_untracked(), stored.fact.clone());
    let kind = fact.kind();
    let before = Form::of_entry(&began);
    let now = Form::of_entry(&stored);
    let (has_before, has_now, has_mine) = (began.fact, fact.clone(), fact);
    let texts = Versions {
        began: Signal::derive(move || before.told(kind, words::title(&has_before))),
        stored: Signal::derive(move || now.told(kind, words::title(&has_now))),
        mine: Signal::derive(move || amending.form.told(kind, words::title(&has_mine))),
    };
    view! { <Conflict texts closed focused=true on_choice=move |choice| amending.choose(choice)/> }
}

/// Tags that the words of the entry suggest, each added by a press.
#[component]
fn Suggested(suggested: Vec<String>, form: Form) -> impl IntoView {
    let buttons = suggested.into_iter().map(|tag| {
        let word = tag.clone();
        let add = move || {
            form.tags.update(|tags| {
                if !tags.split(',').any(|it| it.trim() == word) {
                    if !tags.trim().is_empty() {
                        tags.push_str(", ");
                    }
                    tags.push_str(&word);
                }
            });
        };
        view! { <Button look=Look::Quiet testid="entry-suggested" on_press=add>{format!("+ {tag}")}</Button> }
    });
    view! { <div class="row">{buttons.collect_view()}</div> }
}

/// The fields that can change, by what the entry is.
#[component]
fn Changes(form: Form, fact: Fact) -> impl IntoView {
    let there = match fact {
        Fact::Condition(_) | Fact::Allergy(_) => Some(Key::EntryStill),
        Fact::Medication(_) => Some(Key::EntryTaken),
        Fact::Observation(_)
        | Fact::Immunization(_)
        | Fact::FamilyHistory(_)
        | Fact::Procedure(_)
        | Fact::Document(_)
        | Fact::Note(_) => None,
    };
    let more = match fact {
        Fact::Allergy(_) => Some(Key::EntryReaction),
        Fact::Medication(_) => Some(Key::EntryDosage),
        Fact::Document(_) => Some(Key::EntryTitle),
        Fact::Observation(_) => None,
        Fact::Condition(_)
        | Fact::Immunization(_)
        | Fact::FamilyHistory(_)
        | Fact::Procedure(_)
        | Fact::Note(_) => Some(Key::EntryMore),
    };
    let (has_value, has_two) = match &fact {
        Fact::Observation(it) => (
            matches!(it.value, Value::Quantity(_)) || it.components.len() == 2,
            it.components.len() == 2,
        ),
        Fact::Condition(_)
        | Fact::Allergy(_)
        | Fact::Medication(_)
        | Fact::Immunization(_)
        | Fact::FamilyHistory(_)
        | Fact::Procedure(_)
        | Fact::Document(_)
        | Fact::Note(_) => (false, false),
    };
    let is_allergy = fact.kind() == Kind::Allergy;
    view! {
        {has_value.then(|| view! { <Field id="entry-value" label=say(if has_two { Key::EntryUpper } else { Key::EntryValue }) value=form.value testid="entry-value"/> })}
        {has_two.then(|| view! { <Field id="entry-second" label=say(Key::EntryLower) value=form.second testid="entry-second"/> })}
        {more.map(|key| view! { <TextArea id="entry-more" label=say(key) value=form.more rows=3 max=2000 testid="entry-more"/> })}
        {there.map(|key| view! { <Check id="entry-there" label=key on=form.is_there/> })}
        {is_allergy.then(|| view! { <Check id="entry-dangerous" label=Key::EntryDangerous on=form.is_dangerous/> })}
    }
}

async fn amend(entry: &EntryView, fact: Fact, form: Form) -> Result<(), ApiError> {
    let hidden = form.is_hidden.get_untracked();
    let label = match (hidden, entry.label) {
        (false, _) => Label::Normal,
        (true, Label::Normal) => Label::Restricted,
        (true, as_before) => as_before,
    };
    if fact != entry.fact || label != entry.label {
        let request = AmendRequest {
            fact,
            label: Some(label),
            effective_us: None,
            version: entry.version,
        };
        api::amend_entry(entry.id, &request).await?;
    }
    let tags = form.tags();
    if tags != entry.tags {
        api::tag_entry(entry.id, &TagsRequest { tags }).await?;
    }
    Ok(())
}
