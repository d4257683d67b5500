use clinical_api::SessionView;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::{tr, when};

type Own = Remote<Vec<SessionView>>;

/// Where a person is signed in, each to be ended.
#[component]
pub(super) fn Sessions() -> impl IntoView {
    let own: Own = Remote::new(api::own_sessions);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let end_others = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            finish(api::end_other_sessions().await, own, fault);
            busy.try_set(false);
        });
    };
    view! {
        <section class="card">
            <h2>{say(Key::SessionsTitle)}</h2>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            {own.show(move |list| {
                let others = list.len() > 1;
                let rows = list.into_iter().map(|session| view! { <Row session own fault/> });
                view! {
                    <ul class="plain">{rows.collect_view()}</ul>
                    {others.then(|| view! {
                        <Button look=Look::Secondary busy testid="sessions-end-others" on_press=end_others>
                            {say(Key::SessionsEndOthers)}
                        </Button>
                    })}
                }
            })}
        </section>
    }
}

fn finish(answer: Result<(), ApiError>, own: Own, fault: RwSignal<Option<ApiError>>) {
    match answer {
        Ok(()) => {
            toast(t_now(Key::SessionsEnded));
            own.reload();
        }
        Err(refused) => {
            fault.try_set(Some(refused));
        }
    }
}

#[component]
fn Row(session: SessionView, own: Own, fault: RwSignal<Option<ApiError>>) -> impl IntoView {
    let busy = RwSignal::new(false);
    let (id, used_us, current) = (session.id, session.used_us, session.current);
    let device = StoredValue::new(session.device);
    let end = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            finish(api::end_session(id).await, own, fault);
            busy.try_set(false);
        });
    };
    let name = move || {
        let name = device.get_value();
        if name.is_empty() {
            t(Key::SessionsUnknown).to_owned()
        } else {
            name
        }
    };
    view! {
        <li class="row between" data-testid="session">
            <div>
                <p><Icon glyph=Glyph::Screen/><strong>{part(name)}</strong></p>
                <p class="hint">{part(move || tr!(Key::SessionsUsed, date = when::date_time(used_us)))}</p>
            </div>
            {if current {
                view! { <span class="hint" data-testid="session-current">{say(Key::SessionsCurrent)}</span> }.into_any()
            } else {
                view! {
                    <Button look=Look::Quiet icon=Glyph::Exit busy testid="session-end" on_press=end>
                        {part(move || tr!(Key::SessionsEndOf, device = name()))}
                    </Button>
                }
                .into_any()
            }}
        </li>
    }
}
