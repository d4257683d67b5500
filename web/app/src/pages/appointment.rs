use crate::components::part;
use clinical_api::AppointmentView;
use clinical_model::{AppointmentId, Role};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::address::with_appointment;
use super::enter::{Enter, ticking};
use super::feed::AddToCalendar;
use super::guests::Guests;
use super::links::PatientLink;
use super::phone::{OwnPhone, RenewPhone};
use super::triage::Triage;
use super::words::{Moment, is_open, modality, service_name, specialty, state};
use crate::api::{self, ApiError};
use crate::components::{Button, Dialog, Failure, Glyph, Icon, Look, Page, toast};
use crate::i18n::{Key, say, t_now};
use crate::join_link;
use crate::remote::Remote;
use crate::session::me;

/// One appointment: what, when, the link, the guests, and changing it.
pub(crate) fn page() -> AnyView {
    with_appointment(|id| {
        let appointment = Remote::new(move || api::appointment(id));
        let role = me().map_or(Role::Patient, |me| me.role);
        view! {
            <Page title=say(Key::DetailsTitle)>
                {appointment.show(move |view| view! { <Details view role remote=appointment/> })}
            </Page>
        }
        .into_any()
    })
}

#[component]
fn Details(view: AppointmentView, role: Role, remote: Remote<AppointmentView>) -> impl IntoView {
    let now = ticking();
    let (id, open) = (view.id, is_open(view.state));
    let enter = match role {
        Role::Patient => view! { <Enter appointment=view.clone() now/> }.into_any(),
        _ if open => view! {
            <a class="button primary" href=format!("/visit/{id}") data-testid="start-visit">
                <Icon glyph=Glyph::Video/>
                <span>{say(Key::DayOpen)}</span>
            </a>
        }
        .into_any(),
        _ => ().into_any(),
    };
    let summary = view.has_summary.then(|| {
        view! {
            <a class="button primary" href=format!("/appointments/{id}/summary") data-testid="read-summary">
                <Icon glyph=Glyph::Note/>
                <span>{say(Key::AppointmentsSummary)}</span>
            </a>
        }
    });
    let guests = view.guests.clone();
    view! {
        <div class="card" data-testid="details">
            <Moment start_us=view.start_us zone=view.doctor.zone.clone()/>
            <Facts view role/>
            <div class="actions">{enter}{summary}{open.then(|| view! { <AddToCalendar id/> })}</div>
        </div>
        {(role == Role::Doctor).then(|| view! { <Symptoms id/> })}
        {open
            .then(|| {
                view! {
                    <PatientLink id role/>
                    {if role == Role::Patient {
                        view! { <OwnPhone id/> }.into_any()
                    } else {
                        view! { <RenewPhone id/> }.into_any()
                    }}
                    <Guests id list=guests/>
                    <Change id remote/>
                }
            })}
    }
}

/// What the patient answered before they booked.
#[component]
fn Symptoms(id: AppointmentId) -> impl IntoView {
    view! {
        <section class="card" data-testid="appointment-triage">
            <h2><Icon glyph=Glyph::Search/>{say(Key::TriagePanel)}</h2>
            <Triage appointment=id says_none=true/>
        </section>
    }
}

#[component]
fn Facts(view: AppointmentView, role: Role) -> impl IntoView {
    let AppointmentView {
        doctor,
        patient_name,
        reason,
        state: stands,
        service,
        ..
    } = view;
    view! {
        <dl class="facts">
            {if role == Role::Doctor {
                view! { <dt>{say(Key::DetailsPatient)}</dt><dd>{patient_name}</dd> }.into_any()
            } else {
                view! {
                    <dt>{say(Key::DetailsDoctor)}</dt>
                    <dd>{doctor.name}" · "{part(move || specialty(&doctor.specialty))}</dd>
                }
                .into_any()
            }}
            {service.map(|it| view! {
                <dt>{say(Key::DetailsService)}</dt>
                <dd data-testid="appointment-service">{part(move || service_name(&it.code))}" · "{part(move || modality(it.modality))}</dd>
            })}
            <dt>{say(Key::DetailsReason)}</dt>
            <dd>
                {if reason.is_empty() {
                    view! { <span>{say(Key::DetailsNoReason)}</span> }.into_any()
                } else {
                    view! { <span class="written">{reason}</span> }.into_any()
                }}
            </dd>
            <dt>{say(Key::DetailsState)}</dt>
            <dd data-testid="appointment-state">{part(move || state(stands))}</dd>
        </dl>
    }
}

#[component]
fn Change(id: AppointmentId, remote: Remote<AppointmentView>) -> impl IntoView {
    let asking = RwSignal::new(false);
    view! {
        <section class="card">
            <h2><Icon glyph=Glyph::Edit/>{say(Key::ChangeTitle)}</h2>
            <div class="actions">
                <a class="button secondary" href=format!("/appointments/{id}/move") data-testid="reschedule">
                    <Icon glyph=Glyph::Calendar/>
                    <span>{say(Key::Reschedule)}</span>
                </a>
                <Button look=Look::Danger icon=Glyph::Cross testid="cancel" on_press=move || asking.set(true)>
                    {say(Key::Cancel)}
                </Button>
            </div>
            <Dialog open=asking title=say(Key::CancelTitle) testid="cancel-dialog">
                <Cancel id remote asking/>
            </Dialog>
        </section>
    }
}

#[component]
fn Cancel(
    id: AppointmentId,
    remote: Remote<AppointmentView>,
    asking: RwSignal<bool>,
) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let cancel = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::cancel(id).await {
                Ok(view) => {
                    join_link::forget(id);
                    toast(t_now(Key::CancelDone));
                    asking.try_set(false);
                    remote.put(view);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <p>{say(Key::CancelText)}</p>
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions">
            <Button look=Look::Secondary testid="cancel-keep" on_press=move || asking.set(false)>{say(Key::CancelKeep)}</Button>
            <Button look=Look::Danger busy testid="cancel-confirm" on_press=cancel>{say(Key::CancelConfirm)}</Button>
        </div>
    }
}
