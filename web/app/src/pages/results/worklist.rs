//! What a department has to do, most urgent first, and what it has done.

use clinical_api::{CancelOrderRequest, OrderView};
use clinical_model::results::LabTest;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::entering::entering;
use super::values::report;
use super::{Tests, facts};
use crate::api::{self, ApiError};
use crate::components::{
    Button, Dialog, EmptyState, Failure, Field, Glyph, Look, Page, part, toast,
};
use crate::i18n::{Key, say, t_now};
use crate::remote::Remote;

/// Tests, what is to be done, what is done.
pub(super) type Work = Remote<(Vec<LabTest>, Vec<OrderView>, Vec<OrderView>)>;

/// The page.
pub(crate) fn page() -> AnyView {
    let work: Work = Remote::new(|| async {
        let tests = api::tests().await?.tests;
        let open = api::worklist(false).await?;
        Ok((tests, open, api::worklist(true).await?))
    });
    view! {
        <Page title=say(Key::WorklistTitle)>
            <p class="lead">{say(Key::WorklistText)}</p>
            {work.show(move |(tests, open, done)| lists(StoredValue::new(tests), (open, done), work))}
        </Page>
    }
    .into_any()
}

fn lists(tests: Tests, (open, done): (Vec<OrderView>, Vec<OrderView>), work: Work) -> AnyView {
    let nothing = open.is_empty();
    let has_done = !done.is_empty();
    let cards = |list: Vec<OrderView>| -> Vec<AnyView> {
        list.into_iter().map(|it| card(it, tests, work)).collect()
    };
    view! {
        <section>
            <h2>{say(Key::WorklistOpen)}</h2>
            {nothing.then(|| view! { <EmptyState glyph=Glyph::Check><p>{say(Key::WorklistNone)}</p></EmptyState> })}
            {cards(open)}
        </section>
        {has_done.then(|| view! { <section><h2>{say(Key::WorklistDone)}</h2>{cards(done)}</section> })}
    }
    .into_any()
}

/// Does something with an order, says that it is done and shows the list anew.
pub(super) fn act<F>(
    (busy, fault, work): (RwSignal<bool>, RwSignal<Option<ApiError>>, Work),
    done: Key,
    doing: F,
) where
    F: Future<Output = Result<OrderView, ApiError>> + 'static,
{
    busy.set(true);
    fault.set(None);
    spawn_local(async move {
        match doing.await {
            Ok(_) => {
                toast(t_now(done));
                work.reload();
            }
            Err(error) => {
                fault.try_set(Some(error));
            }
        }
        busy.try_set(false);
    });
}

fn stage_key(stage: &str) -> Key {
    match stage {
        "active" => Key::StageActive,
        "collected" => Key::StageCollected,
        "preliminary" => Key::StagePreliminary,
        "amended" => Key::StageAmended,
        _ => Key::StageFinal,
    }
}

fn card(order: OrderView, tests: Tests, work: Work) -> AnyView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let shared = (busy, fault, work);
    let is_open = RwSignal::new(false);
    let (id, version) = (order.id, order.version);
    let stage = order.stage.clone();
    let is_done = matches!(stage.as_str(), "final" | "amended");
    let enter = match stage.as_str() {
        "active" | "collected" => Key::WorklistEnter,
        "preliminary" => Key::WorklistChange,
        _ => Key::WorklistCorrect,
    };
    let collect = move || {
        act(shared, Key::WorklistCollected, async move {
            api::collect(id, version).await
        });
    };
    let verify = move || {
        act(shared, Key::WorklistVerified, async move {
            api::verify_results(id, version).await
        });
    };
    let (facts, values) = (facts(&order, tests), report(&order, tests));
    let can_drop = matches!(stage.as_str(), "active" | "collected");
    let stored = StoredValue::new(order);
    view! {
        <section class="card" data-testid="work" data-stage=stage>
            {facts}
            <p><strong>{say(stage_key(&stage))}</strong></p>
            {values}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                {(stage == "active").then(|| view! { <Button look=Look::Secondary busy testid="work-collect" on_press=collect>{say(Key::WorklistCollect)}</Button> })}
                {(stage == "preliminary").then(|| view! { <Button busy icon=Glyph::Check testid="work-verify" on_press=verify>{say(Key::WorklistVerify)}</Button> })}
                <Button look=if is_done { Look::Quiet } else { Look::Secondary } icon=Glyph::Edit testid="work-enter" on_press=move || is_open.update(|it| *it = !*it)>{say(enter)}</Button>
                {can_drop.then(|| drop_button(id, version, shared))}
            </div>
            {part(move || is_open.get().then(|| stored.with_value(|it| entering(it, tests, shared))))}
        </section>
    }
    .into_any()
}

fn drop_button(
    id: clinical_model::OrderId,
    version: u32,
    shared: (RwSignal<bool>, RwSignal<Option<ApiError>>, Work),
) -> AnyView {
    let asking = RwSignal::new(false);
    let reason = RwSignal::new(String::new());
    let press = move || {
        asking.set(false);
        let request = CancelOrderRequest {
            version,
            reason: reason.get_untracked(),
        };
        act(shared, Key::WorklistDropped, async move {
            api::turn_down(id, &request).await
        });
    };
    view! {
        <Button look=Look::Quiet testid="work-drop" on_press=move || asking.set(true)>{say(Key::WorklistDrop)}</Button>
        <Dialog open=asking title=say(Key::WorklistDropTitle) testid="work-drop-dialog">
            <Field id="drop-reason" label=say(Key::WorklistDropReason) value=reason testid="drop-reason"/>
            <div class="actions">
                <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
                <Button look=Look::Danger testid="drop-confirm" on_press=press>{say(Key::WorklistDrop)}</Button>
            </div>
        </Dialog>
    }
    .into_any()
}
