//! The doctor's way: `/visit/{appointment}`.

use std::cell::Cell;
use std::rc::Rc;

use crate::components::part;
use clinical_api::AppointmentView;
use clinical_model::AppointmentId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_params_map;
use signaling_protocol::{Bye, Role, Sources, Stage};
use web_call::browser::{JoinGrant, TicketAnswer, TicketFuture};
use web_call::{Ending, Entrance};

use super::device_check::DeviceCheck;
use super::ended::Ended;
use super::join::{keep_choices, reopen};
use super::live_call::LiveCall;
use super::memory;
use super::note_panel::NotePanel;
use super::refusal::{Refusal, Refused, is_passing};
use super::room::Room;
use super::trial::Asker;
use crate::api;
use crate::components::{Glyph, Icon, Page, Spinner};
use crate::i18n::{Key, say, t};
use crate::tr;
use crate::when;

/// How far the doctor has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The appointment is being looked at.
    Asking,
    /// It cannot be entered.
    Refused(Refusal),
    /// Camera and microphone, the first time.
    Check,
    /// In the visit.
    Call,
}

/// `/visit/{id}`.
pub(crate) fn doctor_page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params.with(|params| {
            params
                .get("id")
                .and_then(|id| id.parse::<AppointmentId>().ok())
        })
    });
    let round = RwSignal::new(0_u32);
    let again = UnsyncCallback::new(move |()| {
        round.try_update(|round| *round = round.wrapping_add(1));
    });
    (move || {
        round.track();
        match id.get() {
            Some(id) => view! { <Visit id again/> }.into_any(),
            None => view! { <Refused refusal=Refusal::NotFound again/> }.into_any(),
        }
    })
    .into_any()
}

#[component]
fn Visit(id: AppointmentId, again: UnsyncCallback<()>) -> impl IntoView {
    let step = RwSignal::new(Step::Asking);
    let about = RwSignal::new(None::<AppointmentView>);
    let call = LiveCall::new();
    keep_choices(call, RwSignal::new(Some(id.to_string())));
    look(step, about, call, id);
    let enter = UnsyncCallback::new(move |sources: Sources| {
        begin(call, step, id, sources, None);
        step.set(Step::Call);
    });
    let title =
        move || match about.with(|about| about.as_ref().map(|about| about.patient_name.clone())) {
            Some(name) => tr!(Key::VisitWithTitle, name = name),
            None => t(Key::VisitTitle).to_owned(),
        };
    move || match step.get() {
        Step::Asking => view! {
            <Page title=title class="narrow">
                <Spinner label=say(Key::VisitOpening)/>
            </Page>
        }
        .into_any(),
        Step::Refused(refusal) => view! { <Refused refusal again/> }.into_any(),
        Step::Check => view! {
            <Page title=title>
                <About about/>
                <DeviceCheck call asker=Asker::Account enter_words=Key::VisitEnterRoom enter/>
            </Page>
        }
        .into_any(),
        Step::Call => view! { <InVisit call id about again/> }.into_any(),
    }
}

/// Looks whether the visit can be entered, and enters when the check was passed in this tab.
fn look(
    step: RwSignal<Step>,
    about: RwSignal<Option<AppointmentView>>,
    call: LiveCall,
    id: AppointmentId,
) {
    spawn_local(async move {
        if let Ok(appointment) = api::appointment(id).await {
            about.try_set(Some(appointment));
        }
    });
    spawn_local(async move {
        let next = match api::doctor_join(id).await {
            Err(fault) => Step::Refused(Refusal::from(&fault)),
            Ok(visit) => match memory::kept(&id.to_string()) {
                None => Step::Check,
                Some(passed) => {
                    reopen(call, &passed);
                    let grant = JoinGrant {
                        ticket: visit.ticket,
                        signal_path: visit.signal_path,
                    };
                    begin(call, step, id, passed.sources, Some(grant));
                    Step::Call
                }
            },
        };
        step.try_set(next);
    });
}

fn begin(
    call: LiveCall,
    step: RwSignal<Step>,
    id: AppointmentId,
    sources: Sources,
    first: Option<JoinGrant>,
) {
    let sources = Sources {
        screen: false,
        ..sources
    };
    let first = Rc::new(Cell::new(first));
    call.start((sources, Entrance::AtOnce), move || -> TicketFuture {
        if let Some(grant) = first.take() {
            return Box::pin(async move { TicketAnswer::Granted(grant) });
        }
        Box::pin(async move {
            match api::doctor_join(id).await {
                Ok(visit) => TicketAnswer::Granted(JoinGrant {
                    ticket: visit.ticket,
                    signal_path: visit.signal_path,
                }),
                Err(fault) if is_passing(&fault) => TicketAnswer::Later,
                Err(fault) => {
                    step.try_set(Step::Refused(Refusal::from(&fault)));
                    TicketAnswer::Refused
                }
            }
        })
    });
}

/// Time and reason of the appointment.
#[component]
fn About(about: RwSignal<Option<AppointmentView>>) -> impl IntoView {
    move || {
        about.get().map(|about| {
            let start = about.start_us;
            view! {
                <p class="visit-meeting" data-testid="meeting">
                    <span>{part(move || format!("{}, {}", when::date(start), when::time(start)))}</span>
                    {(!about.reason.is_empty())
                        .then(|| view! { <span><Icon glyph=Glyph::Note/>" "{about.reason}</span> })}
                </p>
            }
        })
    }
}

#[component]
fn InVisit(
    call: LiveCall,
    id: AppointmentId,
    about: RwSignal<Option<AppointmentView>>,
    again: UnsyncCallback<()>,
) -> impl IntoView {
    let place = Memo::new(move |_| call.view.with(|view| (view.ending(), view.stage)));
    let name = move || {
        about
            .with(|about| about.as_ref().map(|about| about.patient_name.clone()))
            .unwrap_or_default()
    };
    move || {
        match place.get() {
        (Some(Ending::Bye(Bye::Ended)), _) => view! {
            <Page title=say(Key::VisitEndedTitle)>
                <div data-testid="ended" data-reason="ended">
                    <p class="visit-lead">{say(Key::VisitWriteNote)}</p>
                    <NotePanel appointment=id/>
                    <p class="visit-next">
                        <a class="button primary" href="/day" data-testid="to-day">{say(Key::VisitToDay)}</a>
                    </p>
                </div>
            </Page>
        }
        .into_any(),
        (Some(ending), _) => view! { <Ended ending role=Role::Clinician again/> }.into_any(),
        (None, Some(Stage::Admitted)) => view! {
            <Page title=move || tr!(Key::VisitWithTitle, name = name()) class="visit">
                <Room call role=Role::Clinician appointment=Some(id)/>
            </Page>
        }
        .into_any(),
        (None, Some(Stage::Lobby) | None) => view! {
            <Page title=say(Key::VisitTitle) class="narrow">
                <Spinner label=say(Key::VisitConnecting)/>
            </Page>
        }
        .into_any(),
    }
    }
}
