use crate::components::part;
use clinical_api::{AppointmentState, AppointmentView};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::words::is_open;
use crate::api::{self, ApiError};
use crate::browser::{self, now_us};
use crate::components::{Button, Failure, Glyph, Icon};
use crate::i18n::{Key, say, t};
use crate::{join_link, tr, when};

/// Now, renewed every few seconds, so that a page opens the door by itself.
pub(crate) fn ticking() -> RwSignal<i64> {
    const EVERY_MS: u32 = 5_000;
    let now = RwSignal::new(now_us());
    let ticker = gloo_timers::callback::Interval::new(EVERY_MS, move || {
        now.try_set(now_us());
    });
    let held = StoredValue::new_local(Some(ticker));
    on_cleanup(move || drop(held.try_update_value(Option::take)));
    now
}

/// The patient's way in: a button once the waiting room is open, before that the time it opens.
#[component]
pub(crate) fn Enter(appointment: AppointmentView, now: RwSignal<i64>) -> impl IntoView {
    let opens_us = appointment.opens_us;
    let open = Memo::new(move |_| now.get() >= opens_us);
    if !is_open(appointment.state) {
        return ().into_any();
    }
    let id = appointment.id;
    let words = match appointment.state {
        AppointmentState::InProgress => Key::AppointmentsEnterVisit,
        AppointmentState::Booked
        | AppointmentState::Arrived
        | AppointmentState::Finished
        | AppointmentState::Cancelled => Key::AppointmentsEnter,
    };
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let enter = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match token(id).await {
                Ok(token) => browser::assign(&format!("/join#{token}")),
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    (move || {
        if open.get() {
            view! {
                <Button icon=Glyph::Video busy testid="enter-waiting-room" on_press=enter>{say(words)}</Button>
                {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            }
            .into_any()
        } else {
            view! { <p class="opens"><Icon glyph=Glyph::Clock/><span>{part(move || opens(opens_us))}</span></p> }.into_any()
        }
    })
    .into_any()
}

/// The kept secret, or a new one, which replaces an earlier link.
async fn token(id: clinical_model::AppointmentId) -> Result<String, ApiError> {
    if let Some(token) = join_link::kept(id) {
        return Ok(token);
    }
    let link = api::new_link(id).await?;
    join_link::keep(id, &link.token);
    Ok(link.token)
}

/// When the waiting room opens, in words; tracked.
fn opens(us: i64) -> String {
    let now = now_us();
    if now >= us {
        t(Key::AppointmentsOpenNow).to_owned()
    } else if when::day_key(us) == when::day_key(now) {
        tr!(Key::AppointmentsOpens, time = when::time(us))
    } else {
        tr!(
            Key::AppointmentsOpensDay,
            date = when::date(us),
            time = when::time(us)
        )
    }
}
