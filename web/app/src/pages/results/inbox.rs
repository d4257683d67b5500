//! What came back, for the doctor who ordered it: critical first, then unread.

use clinical_api::{OrderView, ReadBackView, SeenRequest, ValueView};
use clinical_model::results::{Flag, LabTest, Measured};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::values::report;
use super::{Tests, facts, name_of, test_of, trend};
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, EmptyState, Failure, Glyph, Look, Page, Tone, part, toast};
use crate::i18n::{Key, say, t_now};
use crate::remote::Remote;
use crate::tr;

type Inbox = Remote<(Vec<LabTest>, Vec<OrderView>)>;

/// The doctor's results.
pub(crate) fn page() -> AnyView {
    let inbox: Inbox = Remote::new(|| async {
        let tests = api::tests().await?.tests;
        Ok((tests, api::results(true).await?))
    });
    view! {
        <Page title=say(Key::ResultsTitle)>
            <p class="lead">{say(Key::ResultsText)}</p>
            <div class="actions">
                <a class="button secondary" href="/orders/new" data-testid="order-new">{say(Key::NavOrder)}</a>
            </div>
            {inbox.show(move |(tests, list)| lists(tests, list, inbox))}
        </Page>
    }
    .into_any()
}

fn lists(tests: Vec<LabTest>, list: Vec<OrderView>, inbox: Inbox) -> AnyView {
    let tests = StoredValue::new(tests);
    if list.is_empty() {
        return view! { <EmptyState glyph=Glyph::Tube><p>{say(Key::ResultsNone)}</p></EmptyState> }
            .into_any();
    }
    let (unread, read): (Vec<OrderView>, Vec<OrderView>) =
        list.into_iter().partition(|it| it.seen_us.is_none());
    let section = |title: Key, list: Vec<OrderView>| {
        let is_empty = list.is_empty();
        let cards: Vec<AnyView> = list.iter().map(|it| card(it, tests, inbox)).collect();
        (!is_empty).then(|| view! { <section><h2>{say(title)}</h2>{cards}</section> }.into_any())
    };
    view! {
        {section(Key::ResultsUnread, unread)}
        {section(Key::ResultsRead, read)}
    }
    .into_any()
}

fn card(order: &OrderView, tests: Tests, inbox: Inbox) -> AnyView {
    let is_alarm = order.critical && order.seen_us.is_none();
    let stage = match order.stage.as_str() {
        "preliminary" => Key::StagePreliminary,
        "amended" => Key::StageAmended,
        _ => Key::StageFinal,
    };
    let trends: Vec<AnyView> = order
        .report
        .iter()
        .flat_map(|it| &it.values)
        .filter(|it| {
            test_of(tests, &it.code)
                .is_some_and(|test| matches!(test.measured, Measured::Quantity { .. }))
        })
        .map(|it| {
            let (patient, code) = (order.patient, it.code.clone());
            view! { {part(move || trend::button(patient, code.clone(), name_of(tests, &code)))} }
                .into_any()
        })
        .collect();
    let confirm = order
        .seen_us
        .is_none()
        .then(|| confirm(order, tests, inbox));
    view! {
        <section class="card" class:alarm=is_alarm data-testid="result" data-critical=order.critical.to_string()>
            {is_alarm.then(|| view! { <Alert tone=Tone::Error><p>{say(Key::ResultsCritical)}</p></Alert> })}
            {facts(order, tests)}
            <p><strong>{say(stage)}</strong></p>
            {report(order, tests)}
            <div class="actions">{trends}</div>
            {confirm}
        </section>
    }
    .into_any()
}

/// One critical value to be said back.
#[derive(Clone)]
struct Said {
    code: String,
    is_number: bool,
    /// What is not typed is confirmed by a tick.
    word: &'static str,
    typed: RwSignal<String>,
}

fn said(values: &[ValueView], tests: Tests) -> Vec<Said> {
    values
        .iter()
        .filter(|it| it.flag.is_some_and(Flag::is_critical))
        .map(|it| {
            let test = test_of(tests, &it.code).map(|test| test.measured);
            let is_number = matches!(test, Some(Measured::Quantity { .. }));
            Said {
                code: it.code.clone(),
                is_number,
                word: match test {
                    Some(Measured::Finding { .. }) => "found",
                    Some(Measured::Quantity { .. } | Measured::Words) | None => "read",
                },
                typed: RwSignal::new(String::new()),
            }
        })
        .collect()
}

fn said_field(it: &Said, tests: Tests) -> AnyView {
    let id = format!("said-{}", it.code);
    let (code, typed, word) = (it.code.clone(), it.typed, it.word);
    if it.is_number {
        let label = move || tr!(Key::SeenSayBack, name = name_of(tests, &code));
        return view! {
            <div class="field">
                <label for=id.clone()>{part(label)}</label>
                <input id=id inputmode="decimal" autocomplete="off" data-testid="said"
                    on:input=move |event| typed.set(event_target_value(&event))/>
            </div>
        }
        .into_any();
    }
    let label = move || tr!(Key::SeenTick, name = name_of(tests, &code));
    let tick = move |event: leptos::ev::Event| {
        let word = if event_target_checked(&event) {
            word
        } else {
            ""
        };
        typed.set(word.to_owned());
    };
    view! {
        <label class="check">
            <input type="checkbox" data-testid="said-tick" on:change=tick/>
            <span>{part(label)}</span>
        </label>
    }
    .into_any()
}

fn confirm(order: &OrderView, tests: Tests, inbox: Inbox) -> AnyView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let (id, version) = (order.id, order.version);
    let values = order.report.as_ref().map_or(&[][..], |it| &it.values);
    let said = said(values, tests);
    let fields: Vec<AnyView> = said.iter().map(|it| said_field(it, tests)).collect();
    let is_critical = !said.is_empty();
    let said = StoredValue::new(said);
    let send = move || {
        busy.set(true);
        fault.set(None);
        let read_back = said.with_value(|said| {
            let told = |it: &Said| ReadBackView {
                code: it.code.clone(),
                value: it.typed.get_untracked().trim().to_owned(),
            };
            said.iter().map(told).collect()
        });
        spawn_local(async move {
            match api::mark_seen(id, &SeenRequest { version, read_back }).await {
                Ok(_) => {
                    toast(t_now(Key::SeenDone));
                    inbox.reload();
                }
                Err(error) => {
                    fault.try_set(Some(error));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        {is_critical.then(|| view! { <p>{say(Key::SeenWhy)}</p> })}
        {fields}
        {part(move || fault.get().map(|fault| match fault.code() {
            Some(clinical_api::ProblemCode::Invalid) => {
                view! { <Alert tone=Tone::Error testid="said-wrong"><p>{say(Key::SeenWrong)}</p></Alert> }.into_any()
            }
            _ => view! { <Failure fault/> }.into_any(),
        }))}
        <div class="actions">
            <Button look=Look::Primary icon=Glyph::Check busy testid="seen" on_press=send>
                {say(Key::SeenConfirm)}
            </Button>
        </div>
    }
    .into_any()
}
