use clinical_model::AppointmentId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::browser;
use crate::components::{Button, CopyField, Failure, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t_now};
use crate::remote::Remote;

/// One appointment as a file for the calendar of the device.
#[component]
pub(crate) fn AddToCalendar(id: AppointmentId) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let fetch = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::calendar_entry(id).await {
                Ok(bytes) => {
                    browser::save_file(&bytes, ("text/calendar", "appointment.ics"));
                    toast(t_now(Key::CalendarEntrySaved));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <Button look=Look::Secondary icon=Glyph::Calendar busy testid="add-to-calendar" on_press=fetch>
            {say(Key::EntrySave)}
        </Button>
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
    }
}

/// The address under which a calendar program reads one's own appointments.
#[component]
pub(crate) fn Subscribe() -> impl IntoView {
    let feed = Remote::new(api::feed);
    view! {
        <section class="card" data-testid="feed">
            <h2><Icon glyph=Glyph::Calendar/>{say(Key::FeedTitle)}</h2>
            <p>{say(Key::FeedText)}</p>
            {feed.show(move |view| view! { <Address has=view.since_us.is_some() reload=move || feed.reload()/> })}
        </section>
    }
}

#[component]
fn Address(has: bool, #[prop(into)] reload: UnsyncCallback<()>) -> impl IntoView {
    let made = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let make = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::make_feed().await {
                Ok(feed) => {
                    made.try_set(Some(format!("{}{}", browser::origin(), feed.path)));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let revoke = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::revoke_feed().await {
                Ok(()) => {
                    toast(t_now(Key::FeedRevoked));
                    made.try_set(None);
                    reload.run(());
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        {part(move || made.get().map(|text| view! {
            <CopyField id="feed-address" label=say(Key::FeedAddress) text testid="feed-address"/>
            <p class="hint">{say(Key::FeedOnce)}</p>
        }))}
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions">
            <Button look=Look::Secondary busy icon=Glyph::Link testid="feed-make" on_press=make>
                {say(if has { Key::FeedAgain } else { Key::FeedMake })}
            </Button>
            {part(move || (has || made.with(Option::is_some)).then(|| view! {
                <Button look=Look::Quiet busy icon=Glyph::Bin testid="feed-revoke" on_press=revoke>{say(Key::FeedRevoke)}</Button>
            }))}
        </div>
    }
}
