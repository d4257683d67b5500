//! For how long recordings are kept: of every visit, and of some kinds of visit.

use clinical_api::{RecordingRulesRequest, RecordingRulesView, RecordingServiceRule};
use clinical_model::recordings::KEEP_DAYS;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::super::words::service_name;
use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::tr;

/// What stands in a field: nothing, a number of days that is allowed, or something else.
fn days(text: &str) -> Result<Option<u32>, ()> {
    match text.trim() {
        "" => Ok(None),
        number => match number.parse() {
            Ok(days) if KEEP_DAYS.contains(&days) => Ok(Some(days)),
            _ => Err(()),
        },
    }
}

/// The form; `on_done` is told after a change.
#[component]
pub(super) fn Rules(on_done: UnsyncCallback<()>) -> impl IntoView {
    let rules = Remote::new(api::recording_rules);
    view! {
        <details class="card" data-testid="recording-rules">
            <summary>{say(Key::RecordingsRules)}</summary>
            <p class="hint">{say(Key::RecordingsRulesText)}</p>
            {rules.show(move |it| form(it, rules, on_done))}
        </details>
    }
}

fn form(
    it: RecordingRulesView,
    rules: Remote<RecordingRulesView>,
    on_done: UnsyncCallback<()>,
) -> AnyView {
    let all = RwSignal::new(it.keep_days.to_string());
    let own: Vec<(RecordingServiceRule, RwSignal<String>)> = it
        .services
        .into_iter()
        .map(|rule| {
            let text = rule.keep_days.map_or_else(String::new, |it| it.to_string());
            (rule, RwSignal::new(text))
        })
        .collect();
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let fields = own.clone();
    let go = move || {
        tried.set(true);
        let services = own.iter().map(|(rule, text)| {
            days(&text.get_untracked()).map(|keep_days| RecordingServiceRule {
                keep_days,
                ..rule.clone()
            })
        });
        let services: Result<Vec<_>, ()> = services.collect();
        let (Ok(Some(keep_days)), Ok(services)) = (days(&all.get_untracked()), services) else {
            return;
        };
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let request = RecordingRulesRequest {
                keep_days,
                services,
                version: it.version,
            };
            let written = api::change_recording_rules(&request).await;
            busy.try_set(false);
            match written {
                Ok(_) => {
                    toast(t_now(Key::RecordingsDone));
                    rules.reload();
                    on_done.run(());
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
        });
    };
    let kinds = fields.into_iter().map(|(rule, text)| {
        let code = rule.code;
        let label = Signal::derive(move || tr!(Key::RecordingsRuleOf, kind = service_name(&code)));
        field(
            (format!("rule-{}", rule.service), label),
            text,
            (tried, false),
        )
    });
    let kinds = kinds.collect_view();
    let label = Signal::derive(|| t(Key::RecordingsRuleOfAll).to_owned());
    view! {
        {field(("rule-all".to_owned(), label), all, (tried, true))}
        {kinds}
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions">
            <Button look=Look::Primary busy testid="recording-rules-save" on_press=go>{say(Key::RecordingsRulesSave)}</Button>
        </div>
    }
    .into_any()
}

fn field(
    (id, label): (String, Signal<String>),
    value: RwSignal<String>,
    (tried, is_needed): (RwSignal<bool>, bool),
) -> impl IntoView {
    let faulty = Memo::new(move |_| {
        tried.get()
            && value.with(|text| !matches!(days(text), Ok(found) if found.is_some() || !is_needed))
    });
    let fault_id = format!("{id}-fault");
    let described = fault_id.clone();
    view! {
        <div class="field" class:faulty=faulty>
            <label for=id.clone()>{label}</label>
            <input id=id.clone() type="text" autocomplete="off" inputmode="numeric" maxlength="5" data-testid=id
                aria-required=is_needed.then_some("true") aria-invalid=move || faulty.get().then_some("true")
                aria-describedby=move || faulty.get().then(|| described.clone())
                prop:value=value on:input=move |event| value.set(event_target_value(&event))/>
            {part(move || faulty.get().then(|| view! { <p class="fault" id=fault_id.clone()>{say(Key::RecordingsRuleFault)}</p> }))}
        </div>
    }
}
