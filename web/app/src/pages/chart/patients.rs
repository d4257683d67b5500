use core::time::Duration;

use clinical_api::PatientRowView;
use clinical_model::Role;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;

use super::register::Register;
use super::words;
use crate::api::{self, ApiError};
use crate::components::{Button, EmptyState, Failure, Field, Glyph, Icon, Page, Spinner, part};
use crate::i18n::{Key, Plural, say, tn};
use crate::session::me;
use crate::{tr, when};

/// How long nobody types before it is looked for.
const QUIET: Duration = Duration::from_millis(250);

/// The patients of whoever works here, found as they type.
pub(crate) fn page() -> AnyView {
    let query = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Vec<PatientRowView>>);
    let fault = RwSignal::new(None::<ApiError>);
    let registering = RwSignal::new(false);
    let ask = UnsyncCallback::new(move |()| {
        let asked = query.get_untracked();
        spawn_local(async move {
            let answer = api::search_patients(asked.trim()).await;
            // An answer to what is no longer asked is none.
            if query.try_get_untracked() != Some(asked) {
                return;
            }
            match answer {
                Ok(answer) => {
                    fault.try_set(None);
                    found.try_set(Some(answer.patients));
                }
                Err(wrong) => {
                    fault.try_set(Some(wrong));
                }
            }
        });
    });
    Effect::new(move |before: Option<String>| {
        let now = query.get();
        if before.is_none() {
            ask.run(());
        } else {
            let typed = now.clone();
            spawn_local(async move {
                gloo_timers::future::sleep(QUIET).await;
                if query.try_get_untracked() == Some(typed) {
                    ask.run(());
                }
            });
        }
        now
    });
    let registers = me().is_some_and(|me| matches!(me.role, Role::Doctor | Role::Nurse));
    view! {
        <Page title=say(Key::PatientsTitle)>
            <p class="lead">{say(Key::PatientsText)}</p>
            {registers.then(|| view! {
                <div class="actions">
                    <Button icon=Glyph::Plus testid="patients-register" on_press=move || registering.update(|it| *it = !*it)>
                        {say(Key::PatientsRegister)}
                    </Button>
                </div>
            })}
            {part(move || registering.get().then(|| view! { <Register registering/> }))}
            <Field id="patients-search" label=say(Key::PatientsSearch) hint=say(Key::PatientsSearchHint) value=query kind="search" testid="patients-search"/>
            {part(move || fault.get().map(|fault| view! { <Failure fault on_retry=ask/> }))}
            {part(move || match found.get() {
                None => view! { <Spinner/> }.into_any(),
                Some(list) => view! { <List list/> }.into_any(),
            })}
        </Page>
    }
    .into_any()
}

#[component]
fn List(list: Vec<PatientRowView>) -> impl IntoView {
    if list.is_empty() {
        return view! { <EmptyState glyph=Glyph::People><p>{say(Key::PatientsNone)}</p></EmptyState> }
            .into_any();
    }
    let count = list.len() as u64;
    let rows = list.into_iter().map(|row| view! { <li><Row row/></li> });
    view! {
        <p role="status" data-testid="patients-count">{part(move || tn(Plural::PatientsCount, count))}</p>
        <ul class="choices">{rows.collect_view()}</ul>
    }
    .into_any()
}

/// One patient as a way to their record.
#[component]
pub(super) fn Row(row: PatientRowView) -> impl IntoView {
    let href = format!("/patients/{}", row.id);
    let name = format!("{} {}", row.given, row.family);
    let (birth, phone, sex) = (row.birth, row.phone, row.sex);
    view! {
        <A href=href attr:class="choice" attr:data-testid="patient">
            <Icon glyph=Glyph::Person/>
            <span>
                <strong>{name}</strong>
                <small>{part(move || {
                    let born = birth.as_ref().map(|date| tr!(Key::BornOn, date = when::partial(date)));
                    let parts = [Some(words::sex(sex).to_owned()), born, phone.clone()];
                    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
                })}</small>
            </span>
            <Icon glyph=Glyph::Next/>
        </A>
    }
}
