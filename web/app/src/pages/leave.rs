use clinical_api::{PlanExceptionView, PlanView};
use clinical_model::UserId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Field, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::session::me;
use crate::{tr, when};

/// The countries whose public holidays the clinic's calendar knows.
const COUNTRIES: [(&str, Key); 6] = [
    ("", Key::HolidaysNone),
    ("CM", Key::CountryCm),
    ("CI", Key::CountryCi),
    ("FR", Key::CountryFr),
    ("GB", Key::CountryGb),
    ("SN", Key::CountrySn),
];
const KINDS: [(&str, Key); 3] = [
    ("leave", Key::KindLeave),
    ("other", Key::KindElse),
    ("extra", Key::KindExtra),
];

/// When a doctor is away or there in addition, and public holidays.
#[component]
pub(crate) fn Leave() -> impl IntoView {
    me().map(|me| {
        let id = me.id;
        let plan = Remote::new(move || api::doctor_plan(id));
        view! {
            <section class="card" data-testid="leave">
                <h2><Icon glyph=Glyph::Calendar/>{say(Key::LeaveTitle)}</h2>
                <p>{say(Key::LeaveText)}</p>
                {plan.show(move |view| view! { <Plan id view plan/> })}
            </section>
        }
    })
}

#[component]
fn Plan(id: UserId, view: PlanView, plan: Remote<PlanView>) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let save = UnsyncCallback::new(move |changed: PlanView| {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::put_doctor_plan(id, &changed).await {
                Ok(saved) => {
                    toast(t_now(Key::HoursSaved));
                    plan.put(saved);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    });
    let country = view.holidays.clone().unwrap_or_default();
    let kept = StoredValue::new(view.clone());
    let rows = view.exceptions.into_iter().enumerate().map(|(index, it)| {
        let remove = move || {
            let mut changed = kept.get_value();
            if index < changed.exceptions.len() {
                changed.exceptions.remove(index);
            }
            save.run(changed);
        };
        let label = StoredValue::new(it);
        view! {
            <li class="row between" data-testid="leave-row">
                <span>{part(move || label.with_value(words))}</span>
                <Button look=Look::Quiet icon=Glyph::Bin busy testid="leave-remove" on_press=remove>
                    {say(Key::HoursRemove)}<span class="unseen">" "{part(move || label.with_value(words))}</span>
                </Button>
            </li>
        }
    });
    let rows = rows.collect_view();
    let choose = move |event: leptos::ev::Event| {
        let word = event_target_value(&event);
        let mut changed = kept.get_value();
        changed.holidays = (!word.is_empty()).then_some(word);
        save.run(changed);
    };
    let countries = COUNTRIES.map(|(word, key)| {
        let is_chosen = word == country;
        view! { <option value=word selected=is_chosen>{say(key)}</option> }
    });
    view! {
        <ul class="choices">{rows}</ul>
        {part(move || fault.get().map(|fault| view! { <Failure fault on_retry=move || plan.reload()/> }))}
        <Add kept save busy/>
        <div class="field">
            <label for="leave-holidays">{say(Key::HolidaysLabel)}</label>
            <select id="leave-holidays" data-testid="leave-holidays" on:change=choose>{countries.collect_view()}</select>
        </div>
    }
}

#[component]
fn Add(
    kept: StoredValue<PlanView>,
    save: UnsyncCallback<PlanView>,
    busy: RwSignal<bool>,
) -> impl IntoView {
    let kind = RwSignal::new("leave".to_owned());
    let from = RwSignal::new(String::new());
    let to = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let read = move || {
        let (from, to) = (when::wall_us(&from.get())?, when::wall_us(&to.get())?);
        (from < to).then_some((from, to))
    };
    let wrong = Signal::derive(move || {
        (tried.get() && read().is_none()).then(|| t(Key::LeaveFault).to_owned())
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let Some((from_wall_us, to_wall_us)) = untrack(read) else {
            return;
        };
        let mut changed = kept.get_value();
        changed.exceptions.push(PlanExceptionView {
            kind: kind.get_untracked(),
            from_wall_us,
            to_wall_us,
        });
        save.run(changed);
    };
    let kinds = KINDS.map(|(word, key)| view! { <option value=word>{say(key)}</option> });
    view! {
        <form on:submit=send novalidate>
            <div class="field">
                <label for="leave-kind">{say(Key::LeaveKind)}</label>
                <select id="leave-kind" data-testid="leave-kind" on:change=move |event| kind.set(event_target_value(&event))>{kinds.collect_view()}</select>
            </div>
            <Field id="leave-from" label=say(Key::LeaveFrom) value=from kind="datetime-local" testid="leave-from"/>
            <Field id="leave-to" label=say(Key::LeaveTo) error=wrong value=to kind="datetime-local" testid="leave-to"/>
            <Button submit=true look=Look::Secondary busy icon=Glyph::Plus testid="leave-add">{say(Key::LeaveAdd)}</Button>
        </form>
    }
}

/// An exception in words; tracked.
fn words(it: &PlanExceptionView) -> String {
    let kind = match it.kind.as_str() {
        "leave" => Key::KindLeave,
        "extra" => Key::KindExtra,
        _ => Key::KindElse,
    };
    let (from, to) = (when::wall(it.from_wall_us), when::wall(it.to_wall_us));
    tr!(Key::LeaveRow, kind = t(kind), from = from, to = to)
}
