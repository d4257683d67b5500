//! A symptom check that goes with the next appointment that is booked. It is kept until the tab closes,
//! shown before the last yes, and handed over on the page that says that it was booked.

use clinical_model::{AppointmentId, InterviewId, PatientId};
use leptos::prelude::*;

use crate::api;
use crate::browser;
use crate::components::{Alert, Button, Failure, Glyph, Look, Spinner, Tone, part};
use crate::i18n::{Key, say};
use crate::remote::{Load, Remote};

const CHECK: &str = "telehealth.check";
const WHOM: &str = "telehealth.check.whom";
const BOOKED: &str = "telehealth.check.booked";

/// Keeps a check for the next booking; for whom, when it is somebody whom the person acts for.
pub(crate) fn keep(check: InterviewId, charge: Option<PatientId>) {
    forget();
    browser::session_set(CHECK, &check.to_string());
    browser::session_set(WHOM, &charge.map(|id| id.to_string()).unwrap_or_default());
}

/// Where times are kept for oneself only: a check about somebody else does not go along.
pub(crate) fn mine_only() {
    if whom().is_some() {
        forget();
    }
}

/// For whom the next booking is, when not for oneself.
pub(crate) fn whom() -> Option<PatientId> {
    browser::session_get(WHOM)?.parse().ok()
}

fn kept() -> Option<InterviewId> {
    browser::session_get(CHECK)?.parse().ok()
}

/// The next booking is about something else.
pub(crate) fn forget() {
    browser::session_set(CHECK, "");
    browser::session_set(WHOM, "");
    browser::session_set(BOOKED, "");
}

/// It was booked: the check belongs to this appointment and to no other.
pub(crate) fn booked(appointment: AppointmentId) {
    if kept().is_some() {
        browser::session_set(BOOKED, &appointment.to_string());
        // The booking after it is for oneself again.
        browser::session_set(WHOM, "");
    }
}

/// Before the last yes: that the doctor gets the check, and a way not to send it.
#[component]
pub(crate) fn Carrying() -> impl IntoView {
    let carries = RwSignal::new(kept().is_some());
    let drop_it = move || {
        forget();
        carries.set(false);
    };
    part(move || {
        carries.get().then(|| {
            view! {
                <Alert tone=Tone::Info testid="carrying">
                    <p>{say(Key::TriageCarry)}</p>
                    {match whom() {
                        // Without its check nothing on the page would say whose visit it is.
                        Some(_) => view! { <p data-testid="carrying-for"><strong>{say(Key::TriageCarryFor)}</strong></p> }.into_any(),
                        None => view! { <Button look=Look::Quiet icon=Glyph::Cross testid="carry-not" on_press=drop_it>{say(Key::TriageCarryNot)}</Button> }.into_any(),
                    }}
                </Alert>
            }
        })
    })
}

/// Hands the check over to the appointment that was booked with it.
#[component]
pub(crate) fn Carried(appointment: AppointmentId) -> impl IntoView {
    let is_for = browser::session_get(BOOKED) == Some(appointment.to_string());
    let check = kept().filter(|_| is_for)?;
    let handed = Remote::new(move || async move {
        let done = api::attach_interview(check, appointment).await;
        if done.is_ok() {
            forget();
        }
        done
    });
    Some(part(move || match handed.get() {
        Load::Loading => view! { <Spinner/> }.into_any(),
        Load::Ready(_) => {
            view! { <Alert tone=Tone::Success testid="carried">{say(Key::TriageCarried)}</Alert> }
                .into_any()
        }
        Load::Failed(fault) => {
            view! { <Failure fault on_retry=move || handed.reload()/> }.into_any()
        }
    }))
}
