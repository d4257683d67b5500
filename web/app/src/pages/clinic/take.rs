use std::collections::BTreeMap;

use clinical_api::{DoctorView, OpeningView, ServiceView};
use clinical_model::{ServiceId, UserId};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::super::address::query;
use super::super::missing;
use super::super::words::{modality, service_name, specialty};
use super::kept::Kept;
use super::wait::Wait;
use crate::browser::now_us;
use crate::components::{Button, EmptyState, Glyph, Icon, Look, Page, part};
use crate::i18n::{Key, Plural, say, t, tn};
use crate::remote::Remote;
use crate::{api, tr, when};

/// Days of one look at the free times, and how many looks ahead one may go.
const DAYS: u32 = 14;
const LOOKS_MAX: i32 = 12;
/// Most times of a day that are shown at once.
const TIMES_MAX: usize = 60;

/// A service as a page needs it.
#[derive(Clone, PartialEq)]
pub(super) struct Offered {
    pub(super) service: ServiceView,
    pub(super) doctors: Vec<DoctorView>,
}

/// A service: with whom, when, and a look at it all while the time is kept. The steps stand in the
/// address.
pub(crate) fn page() -> AnyView {
    let params = use_params_map();
    let id = params.with_untracked(|it| it.get("id"));
    let Some(id) = id.and_then(|it| it.parse::<ServiceId>().ok()) else {
        return missing::page();
    };
    let with = query::<String>("with");
    let start = query::<i64>("start");
    let offered = Remote::new(move || async move {
        let service = api::services().await?.into_iter().find(|it| it.id == id);
        let doctors = api::doctors().await?;
        Ok(service.filter(|it| it.active).map(|service| Offered {
            doctors: doctors
                .into_iter()
                .filter(|it| service.doctors.is_empty() || service.doctors.contains(&it.id))
                .collect(),
            service,
        }))
    });
    let shown = move |found: Option<Offered>| {
        let found = StoredValue::new(found);
        part(move || {
            let Some(offered) = found.get_value() else {
                return missing::page();
            };
            let doctor = with.get().and_then(|it| it.parse::<UserId>().ok());
            match (with.get(), doctor, start.get()) {
                (None, _, _) => view! { <Whom offered/> }.into_any(),
                (_, Some(doctor), Some(start_us)) => {
                    view! { <Kept offered doctor start_us/> }.into_any()
                }
                (_, doctor, _) => view! { <Times offered doctor/> }.into_any(),
            }
        })
    };
    offered.show(shown).into_any()
}

#[component]
fn About(service: ServiceView) -> impl IntoView {
    let minutes = u64::from(service.length_min);
    view! {
        <p class="lead">
            {part(move || service_name(&service.code))}" · "{part(move || modality(service.modality))}" · "
            {part(move || tn(Plural::Minutes, minutes))}
        </p>
    }
}

#[component]
fn Whom(offered: Offered) -> impl IntoView {
    let id = offered.service.id;
    let rows = offered.doctors.into_iter().map(move |doctor| {
        view! {
            <li>
                <a class="choice" href=format!("/book/service/{id}?with={}", doctor.id) data-testid="take-doctor">
                    <Icon glyph=Glyph::Person/>
                    <span>
                        <strong>{doctor.name}</strong>
                        <small>{part(move || specialty(&doctor.specialty))}</small>
                    </span>
                    <Icon glyph=Glyph::Next/>
                </a>
            </li>
        }
    });
    view! {
        <Page title=say(Key::TakeWhom)>
            <About service=offered.service/>
            <p><a href="/book"><Icon glyph=Glyph::Back/>{say(Key::TakeElse)}</a></p>
            <ul class="choices">
                <li>
                    <a class="choice" href=format!("/book/service/{id}?with=anyone") data-testid="take-anyone">
                        <Icon glyph=Glyph::People/>
                        <span><strong>{say(Key::TakeAnyone)}</strong><small>{say(Key::TakeAnyoneHint)}</small></span>
                        <Icon glyph=Glyph::Next/>
                    </a>
                </li>
                {rows.collect_view()}
            </ul>
        </Page>
    }
}

#[component]
fn Times(offered: Offered, doctor: Option<UserId>) -> impl IntoView {
    let look = RwSignal::new(0_i32);
    let waits = RwSignal::new(false);
    let id = offered.service.id;
    let service = offered.service.clone();
    let names = StoredValue::new(offered.doctors);
    view! {
        <Page title=say(Key::TakeWhen)>
            <About service/>
            <p><a href=format!("/book/service/{id}")><Icon glyph=Glyph::Back/>{say(Key::TakeOtherDoctor)}</a></p>
            {part(move || {
                let from_us = first_us(look.get());
                let found = Remote::new(move || api::openings(id, doctor, (from_us, DAYS)));
                found.show(move |list| view! { <Days list id names/> }).into_any()
            })}
            <div class="row between">
                <Button look=Look::Quiet icon=Glyph::Back testid="take-earlier"
                    disabled=Signal::derive(move || look.get() == 0)
                    on_press=move || look.update(|it| *it -= 1)>{say(Key::SlotsEarlier)}</Button>
                <Button look=Look::Quiet icon=Glyph::Next testid="take-later"
                    disabled=Signal::derive(move || look.get() >= LOOKS_MAX)
                    on_press=move || look.update(|it| *it += 1)>{say(Key::SlotsLater)}</Button>
            </div>
            {part(move || if waits.get() {
                view! { <Wait service=id doctor/> }.into_any()
            } else {
                view! {
                    <p><Button look=Look::Secondary icon=Glyph::Clock testid="take-wait" on_press=move || waits.set(true)>{say(Key::WaitAsk)}</Button></p>
                }
                .into_any()
            })}
        </Page>
    }
}

fn first_us(look: i32) -> i64 {
    if look == 0 {
        now_us()
    } else {
        when::day_start(now_us(), look * 14)
    }
}

#[component]
fn Days(
    list: Vec<OpeningView>,
    id: ServiceId,
    names: StoredValue<Vec<DoctorView>>,
) -> impl IntoView {
    let mut days: BTreeMap<String, Vec<OpeningView>> = BTreeMap::new();
    for opening in list {
        days.entry(when::day_key(opening.start_us))
            .or_default()
            .push(opening);
    }
    let Some(first) = days.keys().next().cloned() else {
        return view! { <EmptyState glyph=Glyph::Calendar><p data-testid="take-none">{say(Key::TakeNone)}</p></EmptyState> }.into_any();
    };
    let chosen = RwSignal::new(first);
    let buttons = days
        .iter()
        .filter_map(|(key, times)| {
            let (start_us, count) = (times.first()?.start_us, times.len() as u64);
            let (key, pressed) = (key.clone(), key.clone());
            Some(view! {
                <button type="button" class="day" data-testid="take-day"
                    aria-pressed=move || if chosen.with(|it| *it == pressed) { "true" } else { "false" }
                    on:click=move |_| chosen.set(key.clone())>
                    <strong>{part(move || when::date(start_us))}</strong>
                    <small>{part(move || tn(Plural::FreeTimes, count))}</small>
                </button>
            })
        })
        .collect_view();
    let days = StoredValue::new(days);
    view! {
        <div class="days">{buttons}</div>
        {part(move || {
            let times = days.with_value(|days| days.get(&chosen.get()).cloned()).unwrap_or_default();
            let rows = times.into_iter().take(TIMES_MAX).map(|it| view! { <li><Time it id names/></li> });
            view! { <section aria-live="polite"><ul class="choices" data-testid="take-times">{rows.collect_view()}</ul></section> }
        })}
    }
    .into_any()
}

#[component]
fn Time(it: OpeningView, id: ServiceId, names: StoredValue<Vec<DoctorView>>) -> impl IntoView {
    let doctor = names.with_value(|list| list.iter().find(|one| one.id == it.doctor).cloned());
    let zone = doctor.as_ref().map(|one| one.zone.clone());
    let name = doctor.map_or_else(|| t(Key::SpecialtyAny).to_owned(), |one| one.name);
    let href = format!(
        "/book/service/{id}?with={}&start={}",
        it.doctor, it.start_us
    );
    view! {
        <a class="choice" href=href data-testid="take-time" data-start=it.start_us.to_string()>
            <Icon glyph=Glyph::Clock/>
            <span>
                <strong>{part(move || when::time(it.start_us))}" – "{part(move || when::time(it.end_us))}</strong>
                <small>{name}{part(move || zone.as_ref().filter(|zone| when::differs(it.start_us, zone)).map(|zone| format!(" · {}", tr!(Key::AlsoInZone, time = when::time_in(it.start_us, zone)))))}</small>
            </span>
            <Icon glyph=Glyph::Next/>
        </a>
    }
}
