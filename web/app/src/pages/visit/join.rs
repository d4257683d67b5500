//! The way of patients and guests: `/join#TOKEN`.

use std::cell::Cell;
use std::rc::Rc;

use crate::components::part;
use clinical_api::{JoinRequest, JoinView};
use leptos::prelude::*;
use leptos::task::spawn_local;
use signaling_protocol::{Role, Sources, Stage};
use web_call::browser::{
    JoinGrant, Listener, LocalMedia, MediaError, TicketAnswer, TicketFuture, fragment, on_window,
};
use web_call::{Entrance, Phase};

use super::device_check::DeviceCheck;
use super::ended::Ended;
use super::live_call::LiveCall;
use super::memory::{self, Passed};
use super::refusal::{Refusal, Refused, is_passing};
use super::room::Room;
use super::trial::Asker;
use super::waiting::Waiting;
use super::words::Kept;
use crate::api;
use crate::components::{Page, Spinner};
use crate::i18n::{Key, say, t};
use crate::when;

/// How far one has come.
#[derive(Clone)]
enum Step {
    /// The link is being looked at.
    Asking,
    /// It does not open.
    Refused(Refusal),
    /// Camera, microphone, connection.
    Check(JoinView),
    /// Waiting or in the visit.
    Call(JoinView),
}

/// `/join#TOKEN`. Another fragment is another visit, so the page begins anew.
pub(crate) fn join_page() -> AnyView {
    let token = RwSignal::new(fragment());
    let moved: Kept<Option<Listener>> =
        StoredValue::new_local(on_window("hashchange", move || {
            token.try_set(fragment());
        }));
    on_cleanup(move || moved.set_value(None));
    let round = RwSignal::new(0_u32);
    let again = UnsyncCallback::new(move |()| {
        round.try_update(|round| *round = round.wrapping_add(1));
    });
    (move || {
        round.track();
        view! { <Join token=token.get() again/> }
    })
    .into_any()
}

#[component]
fn Join(token: String, again: UnsyncCallback<()>) -> impl IntoView {
    let step = RwSignal::new(Step::Asking);
    let call = LiveCall::new();
    let appointment = RwSignal::new(None::<String>);
    keep_choices(call, appointment);
    Effect::new(move || {
        if let Step::Call(visit) = step.get() {
            appointment.set(Some(visit.appointment.to_string()));
        }
    });
    let secret = StoredValue::new(token);
    ask(step, call, secret.get_value());
    let enter = UnsyncCallback::new(move |sources: Sources| {
        if let Step::Check(visit) = step.get_untracked() {
            begin(call, step, secret.get_value(), sources, None);
            step.set(Step::Call(visit));
        }
    });
    move || match step.get() {
        Step::Asking => view! {
            <Page title=say(Key::VisitTitle) class="narrow">
                <Spinner label=say(Key::VisitOpening)/>
            </Page>
        }
        .into_any(),
        Step::Refused(refusal) => view! { <Refused refusal again/> }.into_any(),
        Step::Check(visit) => view! {
            <Page title=say(Key::VisitCheckTitle)>
                <Meeting visit/>
                <DeviceCheck
                    call
                    asker=Asker::Link(secret.get_value())
                    enter_words=Key::VisitEnterWaiting
                    enter
                />
            </Page>
        }
        .into_any(),
        Step::Call(visit) => {
            view! { <InVisit call visit token=secret.get_value() again/> }.into_any()
        }
    }
}

/// Looks at the link; a check that was passed in this tab is not asked for again.
fn ask(step: RwSignal<Step>, call: LiveCall, token: String) {
    spawn_local(async move {
        let request = JoinRequest {
            token: token.clone(),
        };
        let next = match api::join(&request).await {
            Err(fault) => Step::Refused(Refusal::from(&fault)),
            Ok(visit) => match memory::kept(&visit.appointment.to_string()) {
                None => Step::Check(visit),
                Some(passed) => {
                    reopen(call, &passed);
                    let grant = JoinGrant {
                        ticket: visit.ticket.clone(),
                        signal_path: visit.signal_path.clone(),
                    };
                    begin(call, step, token, passed.sources, Some(grant));
                    Step::Call(visit)
                }
            },
        };
        step.try_set(next);
    });
}

/// Opens the remembered devices while the call already connects.
pub(super) fn reopen(call: LiveCall, passed: &Passed) {
    call.use_devices(LocalMedia::new(passed.choice.clone()));
    let sources = passed.sources;
    let choice = passed.choice.clone();
    let local = call.local();
    spawn_local(async move {
        match local.open_microphone(choice.microphone).await {
            // The person has left meanwhile: no camera either.
            Err(MediaError::Unwanted) => return,
            Err(_) if sources.microphone => {
                call.switch(signaling_protocol::Source::Microphone, false);
            }
            Ok(()) | Err(_) => {}
        }
        if sources.camera && local.open_camera(choice.camera).await.is_err() {
            call.switch(signaling_protocol::Source::Camera, false);
        }
        call.devices
            .try_update(|count| *count = count.wrapping_add(1));
    });
}

/// Starts the call. The first ticket may be at hand; later ones come from the link.
fn begin(
    call: LiveCall,
    step: RwSignal<Step>,
    token: String,
    sources: Sources,
    first: Option<JoinGrant>,
) {
    let sources = Sources {
        screen: false,
        ..sources
    };
    let first = Rc::new(Cell::new(first));
    call.start((sources, Entrance::Lobby), move || -> TicketFuture {
        if let Some(grant) = first.take() {
            return Box::pin(async move { TicketAnswer::Granted(grant) });
        }
        let request = JoinRequest {
            token: token.clone(),
        };
        Box::pin(async move {
            match api::join(&request).await {
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

/// Remembers over a reload what is switched on and with which devices.
pub(super) fn keep_choices(call: LiveCall, appointment: RwSignal<Option<String>>) {
    let sources = Memo::new(move |_| call.view.with(|view| (view.phase, view.sources)));
    Effect::new(move || {
        call.devices.track();
        let (phase, sources) = sources.get();
        let Some(appointment) = appointment.get() else {
            return;
        };
        if !matches!(phase, Phase::Idle | Phase::Over(_)) {
            let sources = Sources {
                screen: false,
                ..sources
            };
            memory::keep(
                &appointment,
                &Passed {
                    choice: call.local().choice(),
                    sources,
                },
            );
        }
    });
}

/// With whom and when.
#[component]
fn Meeting(visit: JoinView) -> impl IntoView {
    let start = visit.start_us;
    view! {
        <p class="visit-meeting" data-testid="meeting">
            <strong>{visit.doctor_name}</strong>
            <span>{part(move || format!("{}, {}", when::date(start), when::time(start)))}</span>
        </p>
    }
}

fn my_role(visit: &JoinView) -> Role {
    match visit.my_role.as_str() {
        "clinician" => Role::Clinician,
        "guest" => Role::Guest,
        _ => Role::Patient,
    }
}

#[component]
fn InVisit(
    call: LiveCall,
    visit: JoinView,
    token: String,
    again: UnsyncCallback<()>,
) -> impl IntoView {
    let place = Memo::new(move |_| call.view.with(|view| (view.ending(), view.stage)));
    let role = my_role(&visit);
    let visit = StoredValue::new(visit);
    let token = StoredValue::new(token);
    move || match place.get() {
        (Some(ending), _) => view! { <Ended ending role again/> }.into_any(),
        (None, Some(Stage::Admitted)) => {
            let doctor = visit.with_value(|visit| visit.doctor_name.clone());
            view! {
                <Page title=move || crate::tr!(Key::VisitWithTitle, name = doctor) class="visit">
                    <Room call role appointment=None/>
                </Page>
            }
            .into_any()
        }
        (None, Some(Stage::Lobby)) => view! {
            <Page title=say(Key::VisitWaitTitle) class="narrow">
                <Waiting call visit=visit.get_value() token=token.get_value()/>
            </Page>
        }
        .into_any(),
        (None, None) => view! {
            <Page title=say(Key::VisitTitle) class="narrow">
                <Spinner label=move || t(Key::VisitConnecting)/>
            </Page>
        }
        .into_any(),
    }
}
