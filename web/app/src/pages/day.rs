use std::collections::BTreeMap;

use crate::components::part;
use clinical_api::{AppointmentState, AppointmentView};
use clinical_model::Micros;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use signaling_protocol::{Role, RoomOverview, Stage};

use super::visits::LineState;
use super::words::{is_open, moment, state};
use crate::browser::now_us;
use crate::components::{EmptyState, Glyph, Icon, Page};
use crate::i18n::{Key, Plural, say, tn};
use crate::live::{Watch, watch};
use crate::remote::Remote;
use crate::{api, tr, when};

const RELOAD_MS: u32 = 20_000;
const PAST_DAYS: i32 = -7;
const COMING_DAYS: i32 = 8;

/// Who of a room's patients waits or is in the visit, by room id.
type Rooms = Memo<BTreeMap<String, Presence>>;

/// Where the patient of an appointment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// In the waiting room since then, Unix microseconds.
    Waiting(i64),
    /// In the visit.
    Admitted,
}

/// The doctor's list: today, the coming days, and notes that are still to be written.
pub(crate) fn page() -> AnyView {
    let list = Remote::new(|| {
        let now = now_us();
        api::appointments(
            when::day_start(now, PAST_DAYS),
            when::day_start(now, COMING_DAYS),
        )
    });
    let watch = watch();
    let reload = StoredValue::new_local(Some(Interval::new(RELOAD_MS, move || list.reload())));
    on_cleanup(move || drop(reload.try_update_value(Option::take)));
    follow(list, watch);
    let rooms = Memo::new(move |_| presences(watch.rooms.get().unwrap_or_default()));
    let waiting = Memo::new(move |_| {
        rooms.with(|rooms| {
            rooms
                .values()
                .filter(|presence| matches!(presence, Presence::Waiting(_)))
                .count() as u64
        })
    });
    view! {
        <Page title=say(Key::DayTitle)>
            <LineState line=watch.line/>
            <p role="status" class="lead" data-testid="waiting-count">
                {part(move || (waiting.get() > 0).then(|| tn(Plural::WaitingCount, waiting.get())))}
            </p>
            {list.show(move |list| view! { <Lists list rooms/> })}
        </Page>
    }
    .into_any()
}

/// New appointments need a new pass to be watched; a patient who comes or goes changes the list.
fn follow(list: Remote<Vec<AppointmentView>>, watch: Watch) {
    let known = Memo::new(move |_| {
        let mut rooms: Vec<String> = list
            .value()
            .unwrap_or_default()
            .into_iter()
            .map(|appointment| appointment.room)
            .collect();
        rooms.sort();
        rooms
    });
    Effect::new(move |before: Option<Vec<String>>| {
        let now = known.get();
        if before
            .as_ref()
            .is_some_and(|before| !before.is_empty() && *before != now)
        {
            watch.again();
        }
        now
    });
    Effect::new(move |first: Option<()>| {
        watch.rooms.track();
        if first.is_some() {
            list.reload();
        }
    });
}

fn presences(rooms: Vec<RoomOverview>) -> BTreeMap<String, Presence> {
    rooms
        .into_iter()
        .filter_map(|room| {
            let patient = room
                .participants
                .iter()
                .find(|person| person.role == Role::Patient)?;
            let presence = match patient.stage {
                Stage::Lobby => Presence::Waiting(patient.since_us),
                Stage::Admitted => Presence::Admitted,
            };
            Some((room.room.to_string(), presence))
        })
        .collect()
}

#[component]
fn Lists(list: Vec<AppointmentView>, rooms: Rooms) -> impl IntoView {
    let today = when::day_key(now_us());
    let (mut now, mut coming, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for appointment in list {
        let day = when::day_key(appointment.start_us);
        // A visit that began before midnight or was overrun stays on top until it is ended.
        let late = is_open(appointment.state)
            && day < today
            && appointment.end_us + Micros::HOUR * 12 > now_us();
        match appointment.state {
            AppointmentState::Cancelled => {}
            AppointmentState::Finished => over.push(appointment),
            _ if day == today || late => now.push(appointment),
            _ if day > today => coming.push(appointment),
            _ => {}
        }
    }
    now.sort_by_key(|appointment| appointment.start_us);
    coming.sort_by_key(|appointment| appointment.start_us);
    over.sort_by_key(|appointment| {
        (
            appointment.has_summary,
            core::cmp::Reverse(appointment.start_us),
        )
    });
    view! {
        <section>
            <h2>{say(Key::DayToday)}</h2>
            {if now.is_empty() {
                view! { <Nothing/> }.into_any()
            } else {
                let rows = now.into_iter().map(|appointment| view! { <Row appointment rooms/> });
                view! { <ul class="plain rows">{rows.collect_view()}</ul> }.into_any()
            }}
        </section>
        {(!over.is_empty())
            .then(|| {
                let rows = over.into_iter().map(|appointment| view! { <Over appointment/> });
                view! { <section><h2>{say(Key::DayPast)}</h2><ul class="plain rows">{rows.collect_view()}</ul></section> }
            })}
        {(!coming.is_empty())
            .then(|| {
                let rows = coming.into_iter().map(|appointment| view! { <Coming appointment/> });
                view! { <section><h2>{say(Key::DayComing)}</h2><ul class="choices">{rows.collect_view()}</ul></section> }
            })}
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <EmptyState glyph=Glyph::Calendar>
            <p>{say(Key::DayNone)}</p>
            <p class="hint">{say(Key::DayNoneHint)}</p>
            <a class="button secondary" href="/hours">{say(Key::DayCheckHours)}</a>
        </EmptyState>
    }
}

#[component]
fn Row(appointment: AppointmentView, rooms: Rooms) -> impl IntoView {
    let AppointmentView {
        id,
        start_us,
        end_us,
        patient_name,
        reason,
        room,
        state: stands,
        ..
    } = appointment;
    let presence = Memo::new(move |_| rooms.with(|rooms| rooms.get(&room).copied()));
    let words = move || match presence.get() {
        Some(Presence::Waiting(_)) => Key::DayStart,
        Some(Presence::Admitted) => Key::DayResume,
        None if stands == AppointmentState::InProgress => Key::DayResume,
        None => Key::DayOpen,
    };
    let look = move || match presence.get() {
        Some(Presence::Waiting(_)) => "button primary",
        _ => "button secondary",
    };
    view! {
        <li class="card visit-row" data-testid="day-row" data-id=id.to_string()>
            <p class="clock"><strong>{part(move || when::time(start_us))}</strong><small>{part(move || when::time(end_us))}</small></p>
            <div class="grow">
                <h3><a href=format!("/appointments/{id}")>{patient_name}</a></h3>
                {(!reason.is_empty()).then(|| view! { <p class="written">{reason}</p> })}
                {part(move || view! { <Where presence=presence.get() stands/> })}
            </div>
            <a class=look href=format!("/visit/{id}") data-testid="start-visit">
                <Icon glyph=Glyph::Video/>
                <span>{part(move || say(words())())}</span>
            </a>
        </li>
    }
}

#[component]
fn Where(presence: Option<Presence>, stands: AppointmentState) -> impl IntoView {
    match presence {
        Some(Presence::Waiting(since_us)) => view! {
            <p class="tag waiting" data-testid="day-waiting">
                <Icon glyph=Glyph::Clock/>
                <span>{part(move || tr!(Key::DayWaitingSince, time = when::time(since_us)))}</span>
            </p>
        }
        .into_any(),
        Some(Presence::Admitted) => view! {
            <p class="tag live" data-testid="day-in-visit"><Icon glyph=Glyph::Video/><span>{say(Key::DayInVisit)}</span></p>
        }
        .into_any(),
        None if stands == AppointmentState::InProgress => {
            view! { <p class="tag"><span>{part(move || state(stands))}</span></p> }.into_any()
        }
        None => ().into_any(),
    }
}

#[component]
fn Over(appointment: AppointmentView) -> impl IntoView {
    let AppointmentView {
        id,
        start_us,
        patient_name,
        has_summary: signed,
        ..
    } = appointment;
    let (glyph, words, href, act) = if signed {
        (
            Glyph::Check,
            Key::DayNoteSigned,
            format!("/appointments/{id}/summary"),
            Key::DayViewSummary,
        )
    } else {
        (
            Glyph::Edit,
            Key::DayNoteOpen,
            format!("/appointments/{id}/note"),
            Key::DayNoteWrite,
        )
    };
    view! {
        <li class="card visit-row" data-testid="day-over" data-id=id.to_string()>
            <div class="grow">
                <h3>{patient_name}</h3>
                <p><small>{part(move || moment(start_us))}</small></p>
                <p class="tag" data-testid="note-state"><Icon glyph/><span>{say(words)}</span></p>
            </div>
            <a class="button secondary" href=href data-testid="day-note">{say(act)}</a>
        </li>
    }
}

#[component]
fn Coming(appointment: AppointmentView) -> impl IntoView {
    let AppointmentView {
        id,
        start_us,
        patient_name,
        ..
    } = appointment;
    view! {
        <li data-testid="day-coming" data-id=id.to_string()>
            <a class="choice" href=format!("/appointments/{id}")>
                <Icon glyph=Glyph::Calendar/>
                <span><strong>{part(move || moment(start_us))}</strong><small>{patient_name}</small></span>
                <Icon glyph=Glyph::Next/>
            </a>
        </li>
    }
}
