use clinical_api::{AccessQuestionRequest, LookView, RightsRequestView};
use clinical_model::{PatientId, Role};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::choice::Choice;
use crate::api::{self, ApiError};
use crate::components::{
    Button, Dialog, EmptyState, Failure, Glyph, Icon, Look, TextArea, part, toast,
};
use crate::i18n::{Key, say, t, t_now};
use crate::pages::account::people::role_key;
use crate::remote::Remote;
use crate::{tr, when};

type Asked = Remote<Vec<RightsRequestView>>;

/// What one act is called, in plain words.
fn did(action: &str) -> Key {
    let (domain, verb) = action.split_once('.').unwrap_or((action, ""));
    match (domain, verb) {
        ("access", "break_glass") => Key::LooksDidEmergency,
        ("access", "end_break_glass") => Key::LooksDidEmergencyEnd,
        ("access", "review") => Key::LooksDidReview,
        ("access", "looks") => Key::LooksDidLooks,
        ("access", _) => Key::LooksDidRights,
        ("rights", "export") => Key::LooksDidExport,
        ("rights", _) => Key::LooksDidRequest,
        ("chart" | "fhir", _) => Key::LooksDidChart,
        ("prescription", _) => Key::LooksDidPrescription,
        ("thread", _) => Key::LooksDidMessages,
        ("triage", _) => Key::LooksDidTriage,
        ("notes", _) => Key::LooksDidNote,
        ("booking" | "visits", _) => Key::LooksDidVisit,
        _ => Key::LooksDidElse,
    }
}

fn is_emergency(look: &LookView) -> bool {
    look.purpose.as_deref() == Some("ETREAT")
}

/// Who acted, in the reader's language; tracked.
fn who(look: &LookView) -> String {
    if look.own {
        return t(Key::LooksYou).to_owned();
    }
    let role = look.role.as_deref().and_then(|it| it.parse::<Role>().ok());
    match (&look.name, role) {
        (Some(name), Some(role)) => format!("{name} ({})", t(role_key(role))),
        (Some(name), None) => name.clone(),
        (None, _) if look.actor_kind == "link" || look.actor_kind == "participant" => {
            t(Key::LooksByLink).to_owned()
        }
        (None, _) => t(Key::LooksProgram).to_owned(),
    }
}

/// Who looked at a record, newest first, with a filter and a way to say that something is wrong.
#[component]
pub(super) fn Looks(id: PatientId, may_act: bool, asked: Asked) -> impl IntoView {
    let first = Remote::new(move || api::looks(id, None));
    view! {
        <section class="card" data-testid="looks">
            <h2><Icon glyph=Glyph::Eye/>{say(Key::LooksTitle)}</h2>
            {first.show(move |page| view! { <Pages id may_act asked looks=page.looks next=page.next_before/> })}
        </section>
    }
}

#[component]
fn Pages(
    id: PatientId,
    may_act: bool,
    asked: Asked,
    looks: Vec<LookView>,
    next: Option<i64>,
) -> impl IntoView {
    let looks = RwSignal::new(looks);
    let next = RwSignal::new(next);
    let filter = RwSignal::new("all".to_owned());
    let asking = RwSignal::new(None::<i64>);
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let more = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::looks(id, next.get_untracked()).await {
                Ok(page) => {
                    looks.try_update(|all| all.extend(page.looks));
                    next.try_set(page.next_before);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let options = vec![
        ("all", Key::LooksAll),
        ("others", Key::LooksOthers),
        ("emergencies", Key::LooksEmergencies),
    ];
    view! {
        <Choice id="looks-filter" label=Key::LooksFilter value=filter options/>
        {part(move || {
            let wanted = filter.get();
            let found: Vec<LookView> = looks.with(|all| {
                all.iter()
                    .filter(|it| match wanted.as_str() {
                        "others" => !it.own,
                        "emergencies" => is_emergency(it),
                        _ => true,
                    })
                    .cloned()
                    .collect()
            });
            if found.is_empty() {
                return view! { <EmptyState glyph=Glyph::Eye><p>{say(Key::LooksNone)}</p></EmptyState> }.into_any();
            }
            let rows = found.into_iter().map(|look| view! { <Row look may_act asking open/> }.into_any());
            view! { <ul class="plain">{rows.collect_view()}</ul> }.into_any()
        })}
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        {part(move || next.get().map(|_| view! {
            <Button look=Look::Secondary busy testid="looks-more" on_press=more>{say(Key::LooksMore)}</Button>
        }))}
        <Wrong id asking open asked/>
    }
}

#[component]
fn Row(
    look: LookView,
    may_act: bool,
    asking: RwSignal<Option<i64>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let (at_us, seq) = (look.at_us, look.seq);
    let emergency = is_emergency(&look);
    let key = did(&look.action);
    let refused = look.refused;
    let can_ask = may_act && !look.own;
    let action = look.action.clone();
    let look = StoredValue::new(look);
    let name = move || look.with_value(who);
    view! {
        <li class="row between" data-testid="look" data-action=action>
            <div>
                <p>
                    {emergency.then(|| view! { <span class="tag"><Icon glyph=Glyph::Warning/>{say(Key::LooksEmergency)}</span> " " })}
                    <strong>{part(name)}</strong> "\u{a0}" {say(key)}
                    {refused.then(|| view! { " (" {say(Key::LooksRefused)} ")" })}
                </p>
                <p class="hint">{part(move || when::date_time(at_us))}</p>
            </div>
            {can_ask.then(|| view! {
                <button type="button" class="button quiet" data-testid="look-wrong"
                    aria-label=move || tr!(Key::LooksWrongOf, name = name(), date = when::date_time(at_us))
                    on:click=move |_| {
                        asking.set(Some(seq));
                        open.set(true);
                    }>
                    {say(Key::LooksWrong)}
                </button>
            })}
        </li>
    }
}

/// What seems wrong about an access.
#[component]
fn Wrong(
    id: PatientId,
    asking: RwSignal<Option<i64>>,
    open: RwSignal<bool>,
    asked: Asked,
) -> impl IntoView {
    view! {
        <Dialog open title=say(Key::LooksWrongTitle) testid="look-wrong-dialog">
            <p>{say(Key::LooksWrongText)}</p>
            <Question id asking open asked/>
        </Dialog>
    }
}

#[component]
fn Question(
    id: PatientId,
    asking: RwSignal<Option<i64>>,
    open: RwSignal<bool>,
    asked: Asked,
) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let missing = Signal::derive(move || {
        (tried.get() && text.with(|text| text.trim().is_empty()))
            .then(|| t(Key::RightsTextMissing).to_owned())
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let (None, Some(seq)) = (missing.get_untracked(), asking.get_untracked()) else {
            return;
        };
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let request = AccessQuestionRequest {
                seq,
                text: text.get_untracked(),
            };
            match api::ask_about_access(id, &request).await {
                Ok(_) => {
                    toast(t_now(Key::RightsSent));
                    asked.reload();
                    open.try_set(false);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <form on:submit=submit novalidate>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <TextArea id="look-question" label=say(Key::LooksWrongField) error=missing value=text max=2_000 testid="look-question"/>
            <div class="actions">
                <Button look=Look::Secondary on_press=move || open.set(false)>{say(Key::Back)}</Button>
                <Button submit=true busy testid="look-question-send">{say(Key::RightsSend)}</Button>
            </div>
        </form>
    }
}
