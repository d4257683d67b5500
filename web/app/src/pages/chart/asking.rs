use clinical_api::{EntryRequest, EntryView};
use clinical_model::access::Label;
use clinical_model::chart::Kind;
use clinical_model::chart::tags::suggest;
use clinical_model::chart::units::Analyte;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::amend::Amend;
use super::form::{Form, MEASURES};
use super::state::{Asking, Record};
use super::words;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Dialog, Failure, Field, Look, TextArea, Tone, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::{tr, when};

/// The kinds that are written by hand, those used most first.
const BY_HAND: [Kind; 7] = [
    Kind::Observation,
    Kind::Allergy,
    Kind::Medication,
    Kind::Condition,
    Kind::Immunization,
    Kind::Procedure,
    Kind::Note,
];

/// The dialog about one entry, or a new one.
#[component]
pub(super) fn Asked(record: Record) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move || open.set(record.asking.get().is_some()));
    // Escape closes the dialog by itself.
    Effect::new(move |before: Option<bool>| {
        let now = open.get();
        if before == Some(true) && !now {
            record.asking.set(None);
        }
        now
    });
    let title = move || {
        t(match record.asking.get() {
            Some(Asking::Add) | None => Key::EntryAdd,
            Some(Asking::Amend(_)) => Key::EntryAmend,
            Some(Asking::Strike(_)) => Key::EntryStrikeTitle,
            Some(Asking::Versions(_)) => Key::EntryVersions,
        })
    };
    view! {
        <Dialog open title=title testid="entry-dialog">
            {part(move || record.asking.get().map(|asking| match asking {
                Asking::Add => view! { <Add record/> }.into_any(),
                Asking::Amend(entry) => view! { <Amend record entry/> }.into_any(),
                Asking::Strike(entry) => view! { <Strike record entry/> }.into_any(),
                Asking::Versions(entry) => view! { <Versions record entry/> }.into_any(),
            }))}
        </Dialog>
    }
}

/// Whether the caller sees confidential entries and so may write some.
pub(super) fn may_hide(record: Record) -> bool {
    let patient = record.patient.value();
    patient
        .and_then(|patient| patient.label_max)
        .is_some_and(|label| label >= Label::Restricted)
}

#[component]
fn Add(record: Record) -> impl IntoView {
    let kinds: Vec<Kind> = BY_HAND
        .into_iter()
        .filter(|kind| record.may_write(*kind))
        .collect();
    let form = Form::empty(kinds.first().copied().unwrap_or(Kind::Note));
    let missing = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let Some(fact) = form.fact().await else {
                missing.try_set(true);
                busy.try_set(false);
                return;
            };
            let label = if form.is_hidden.get_untracked() {
                Label::Restricted
            } else {
                Label::Normal
            };
            // What the words suggest is added; whoever knows better changes it later.
            let tags = suggest(&fact).into_iter().map(|it| it.as_str().to_owned());
            let request = EntryRequest {
                tags: tags.collect(),
                fact,
                label,
                effective_us: None,
                appointment: None,
            };
            let answer = api::add_entry(record.id, &request).await;
            busy.try_set(false);
            match answer {
                Ok(_) => {
                    toast(t_now(Key::EntryAdded));
                    record.asking.try_set(None);
                    record.changed();
                }
                Err(wrong) => {
                    fault.try_set(Some(wrong));
                }
            }
        });
    };
    view! {
        <form on:submit=submit novalidate>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            {part(move || missing.get().then(|| view! { <Alert tone=Tone::Error testid="entry-missing">{say(Key::EntryMissing)}</Alert> }))}
            <KindChoice kinds form/>
            {part(move || match form.kind.get() {
                Kind::Observation => view! { <Measured form/> }.into_any(),
                kind => view! { <Said form kind/> }.into_any(),
            })}
            {may_hide(record).then(|| view! { <Check id="entry-hidden" label=Key::EntryHidden on=form.is_hidden/> })}
            <Ways record busy/>
        </form>
    }
}

#[component]
fn KindChoice(kinds: Vec<Kind>, form: Form) -> impl IntoView {
    let options = kinds.iter().map(|kind| {
        let kind = *kind;
        view! {
            <option value=kind.as_str() selected=move || form.kind.get() == kind>{say(words::kind_key(kind))}</option>
        }
    });
    let options = options.collect_view();
    let choose = move |event: leptos::ev::Event| {
        if let Some(kind) = Kind::from_word(&event_target_value(&event)) {
            form.kind.set(kind);
        }
    };
    view! {
        <div class="field">
            <label for="entry-kind">{say(Key::EntryKind)}</label>
            <select id="entry-kind" data-testid="entry-kind" on:change=choose>{options}</select>
        </div>
    }
}

/// A value of something that is known.
#[component]
fn Measured(form: Form) -> impl IntoView {
    let options = MEASURES.into_iter().map(|(slug, key)| {
        view! { <option value=slug selected=move || form.measure.get() == slug>{say(key)}</option> }
    });
    let options = options.collect_view();
    let unit = move || {
        form.measure
            .with(|slug| Analyte::of_slug(slug).map_or_else(String::new, |it| words::unit(it.unit)))
    };
    let has_two = move || form.measure.get() == "systolic";
    let label = move || {
        let key = if has_two() {
            Key::EntryUpper
        } else {
            Key::EntryValue
        };
        format!("{} ({})", t(key), unit())
    };
    view! {
        <div class="field">
            <label for="entry-measure">{say(Key::EntryMeasure)}</label>
            <select id="entry-measure" data-testid="entry-measure" on:change=move |event| form.measure.set(event_target_value(&event))>{options}</select>
        </div>
        <Field id="entry-value" label=label value=form.value testid="entry-value"/>
        {part(move || has_two().then(|| view! {
            <Field id="entry-second" label=move || format!("{} ({})", t(Key::EntryLower), unit()) value=form.second testid="entry-second"/>
        }))}
    }
}

/// Something that is said in words.
#[component]
fn Said(form: Form, kind: Kind) -> impl IntoView {
    let more = match kind {
        Kind::Allergy => Key::EntryReaction,
        Kind::Medication => Key::EntryDosage,
        Kind::Condition
        | Kind::Observation
        | Kind::Immunization
        | Kind::FamilyHistory
        | Kind::Procedure
        | Kind::Document
        | Kind::Note => Key::EntryMore,
    };
    let what = match kind {
        Kind::Allergy => Key::EntryAllergyTo,
        Kind::Note => Key::EntryTitle,
        Kind::Medication
        | Kind::Condition
        | Kind::Observation
        | Kind::Immunization
        | Kind::FamilyHistory
        | Kind::Procedure
        | Kind::Document => Key::EntryWhat,
    };
    view! {
        <Field id="entry-what" label=say(what) value=form.what testid="entry-what"/>
        <TextArea id="entry-more" label=say(more) value=form.more rows=3 max=2000 testid="entry-more"/>
        {(kind == Kind::Allergy).then(|| view! { <Check id="entry-dangerous" label=Key::EntryDangerous on=form.is_dangerous/> })}
    }
}

#[component]
pub(super) fn Check(id: &'static str, label: Key, on: RwSignal<bool>) -> impl IntoView {
    view! {
        <div class="check">
            <input id=id type="checkbox" data-testid=id prop:checked=on on:change=move |event| on.set(event_target_checked(&event))/>
            <label for=id>{say(label)}</label>
        </div>
    }
}

#[component]
pub(super) fn Ways(record: Record, busy: RwSignal<bool>) -> impl IntoView {
    view! {
        <div class="actions">
            <Button look=Look::Secondary on_press=move || record.asking.set(None)>{say(Key::Back)}</Button>
            <Button submit=true busy testid="entry-save">{say(Key::Save)}</Button>
        </div>
    }
}

#[component]
fn Strike(record: Record, entry: EntryView) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let (id, version, fact) = (entry.id, entry.version, entry.fact);
    let strike = move || {
        busy.set(true);
        spawn_local(async move {
            let answer = api::strike_entry(id, version).await;
            busy.try_set(false);
            match answer {
                Ok(_) => {
                    toast(t_now(Key::EntryStruck));
                    record.asking.try_set(None);
                    record.changed();
                }
                Err(wrong) => {
                    fault.try_set(Some(wrong));
                }
            }
        });
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <p><strong>{part(move || words::title(&fact))}</strong></p>
        <p>{say(Key::EntryStrikeText)}</p>
        <div class="actions">
            <Button look=Look::Secondary on_press=move || record.asking.set(None)>{say(Key::Back)}</Button>
            <Button look=Look::Danger busy testid="entry-strike-confirm" on_press=strike>{say(Key::EntryStrike)}</Button>
        </div>
    }
}

#[component]
fn Versions(record: Record, entry: EntryView) -> impl IntoView {
    let id = entry.id;
    let versions = Remote::new(move || api::entry_versions(id));
    view! {
        {versions.show(|list| {
            let rows = list.into_iter().rev().map(|it| {
                let (fact, name, us) = (it.fact.clone(), it.author_name.clone(), it.recorded_us);
                view! {
                    <li data-testid="entry-version">
                        <strong>{part(move || words::title(&fact))}</strong>
                        <p class="written">{part(move || words::detail(&it.fact))}</p>
                        <small>{part(move || tr!(Key::EntryBy, name = name, date = when::date_time(us)))}</small>
                    </li>
                }
            });
            view! { <ol class="plain">{rows.collect_view()}</ol> }
        })}
        <div class="actions">
            <Button look=Look::Secondary on_press=move || record.asking.set(None)>{say(Key::Back)}</Button>
        </div>
    }
}
