//! The waiting room.

use crate::components::part;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;

use clinical_api::{JoinRequest, JoinView, QueueView};

use super::super::phone::PhoneWay;
use super::live_call::LiveCall;
use super::words::Kept;
use crate::api;
use crate::components::{Button, Glyph, Icon, Look};
use crate::i18n::{Key, Plural, say, t, tn};
use crate::tr;
use crate::when;

/// How often the place in the queue is asked for. People look about as often as that.
const QUEUE_MS: u32 = 15_000;

/// Waits calmly: who comes, my place, the expected time, whether the doctor is there.
#[component]
pub(super) fn Waiting(call: LiveCall, visit: JoinView, token: String) -> impl IntoView {
    let queue = RwSignal::new(visit.queue);
    follow_queue(queue, token);
    let doctor = visit.doctor_name;
    let host = Memo::new(move |_| call.view.with(|view| view.host_present));
    view! {
        <div class="visit-waiting" data-testid="waiting">
            <div class="visit-calm" aria-hidden="true"><Icon glyph=Glyph::Clock/></div>
            <p class="visit-big" role="status" data-testid="host-present" data-present=move || host.get().to_string()>
                {part(move || {
                    let key = if host.get() { Key::VisitWaitHostHere } else { Key::VisitWaitHostAway };
                    tr!(key, name = doctor)
                })}
            </p>
            <Place queue/>
            {visit.phone.map(|way| view! { <PhoneWay way/> })}
            <p class="visit-lead">{say(Key::VisitWaitPrivate)}</p>
            <p class="hint">{say(Key::VisitWaitStay)}</p>
            <p class="visit-next">
                <Button look=Look::Secondary icon=Glyph::Exit testid="waiting-leave" on_press=move || call.leave()>
                    {say(Key::VisitWaitLeave)}
                </Button>
            </p>
        </div>
    }
}

#[component]
fn Place(queue: RwSignal<QueueView>) -> impl IntoView {
    let place = move || match queue.get().place {
        0 | 1 => t(Key::VisitPlaceNext).to_owned(),
        place => tn(Plural::VisitPlace, u64::from(place - 1)),
    };
    view! {
        <dl class="visit-facts">
            <div>
                <dt>{say(Key::VisitPlaceLabel)}</dt>
                <dd data-testid="queue-place" data-place=move || queue.get().place.to_string()>{place}</dd>
            </div>
            <div>
                <dt>{say(Key::VisitExpected)}</dt>
                <dd data-testid="queue-expected">{part(move || when::time(queue.get().expected_us))}</dd>
            </div>
        </dl>
    }
}

fn follow_queue(queue: RwSignal<QueueView>, token: String) {
    let asking = move || {
        let request = JoinRequest {
            token: token.clone(),
        };
        spawn_local(async move {
            // What is shown stays when the server cannot be asked.
            if let Ok(newest) = api::join_queue(&request).await {
                queue.try_set(newest);
            }
        });
    };
    let timer: Kept<Option<Interval>> =
        StoredValue::new_local(Some(Interval::new(QUEUE_MS, asking)));
    on_cleanup(move || timer.set_value(None));
}
