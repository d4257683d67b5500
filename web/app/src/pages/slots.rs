use std::collections::BTreeMap;

use crate::components::part;
use clinical_api::SlotsView;
use clinical_model::UserId;
use leptos::prelude::*;

use crate::browser::now_us;
use crate::components::{Alert, Button, Glyph, Icon, Look, Tone};
use crate::i18n::{Key, Plural, say, tn};
use crate::remote::Remote;
use crate::{api, tr, when};

const DAYS: i32 = 7;
/// Booking looks ahead this many weeks at most.
const WEEKS_MAX: i32 = 26;

/// The free times of a doctor: days first, then the times of the chosen day. Every time is a link
/// to `base` with `start=` appended, so that Back leads here again.
#[component]
pub(crate) fn Slots(doctor: UserId, base: String) -> impl IntoView {
    let week = RwSignal::new(0_i32);
    let base = StoredValue::new(base);
    view! {
        {part(move || {
            let from_us = first_us(week.get());
            let slots = Remote::new(move || api::slots(doctor, from_us, 7));
            slots.show(move |slots| view! { <Week slots from_us week base/> })
        })}
        <div class="row between">
            <Button look=Look::Quiet icon=Glyph::Back testid="slots-earlier"
                disabled=Signal::derive(move || week.get() == 0)
                on_press=move || week.update(|week| *week -= 1)>
                {say(Key::SlotsEarlier)}
            </Button>
            <Button look=Look::Quiet icon=Glyph::Next testid="slots-later"
                disabled=Signal::derive(move || week.get() >= WEEKS_MAX)
                on_press=move || week.update(|week| *week += 1)>
                {say(Key::SlotsLater)}
            </Button>
        </div>
    }
}

fn first_us(week: i32) -> i64 {
    if week == 0 {
        now_us()
    } else {
        when::day_start(now_us(), week * DAYS)
    }
}

#[component]
fn Week(
    slots: SlotsView,
    from_us: i64,
    week: RwSignal<i32>,
    base: StoredValue<String>,
) -> impl IntoView {
    let mut days: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for slot in &slots.slots {
        days.entry(when::day_key(slot.start_us))
            .or_default()
            .push(slot.start_us);
    }
    let Some(first) = days.keys().next().cloned() else {
        return view! { <NoTimes from_us next_us=slots.next_us week/> }.into_any();
    };
    let chosen = RwSignal::new(first);
    let zone = slots.zone.clone();
    let any_us = slots.slots.first().map_or(from_us, |slot| slot.start_us);
    let day_buttons = days
        .iter()
        .map(|(key, times)| {
            let (key, start_us, count) = (key.clone(), times[0], times.len() as u64);
            let pressed = key.clone();
            view! {
                <button
                    type="button"
                    class="day"
                    data-testid="book-day"
                    aria-pressed=move || if chosen.with(|chosen| *chosen == pressed) { "true" } else { "false" }
                    on:click=move |_| chosen.set(key.clone())
                >
                    <strong>{part(move || when::date(start_us))}</strong>
                    <small>{part(move || tn(Plural::FreeTimes, count))}</small>
                </button>
            }
        })
        .collect_view();
    let days = StoredValue::new(days);
    view! {
        <div class="days">{day_buttons}</div>
        {part(move || {
            let times = days.with_value(|days| days.get(&chosen.get()).cloned()).unwrap_or_default();
            let start_us = times.first().copied().unwrap_or(from_us);
            view! {
                <section aria-live="polite">
                    <h2><span>{part(move || when::date(start_us))}</span></h2>
                    <ul class="times">
                        {times.into_iter().map(|us| view! { <li><Time us base/></li> }).collect_view()}
                    </ul>
                </section>
            }
        })}
        <p class="hint">
            {part(move || when::differs(any_us, &zone).then(|| tr!(Key::OwnZone, zone = when::city(&when::own_zone()))))}
        </p>
    }
    .into_any()
}

#[component]
fn Time(us: i64, base: StoredValue<String>) -> impl IntoView {
    let href = base.with_value(|base| format!("{base}start={us}"));
    view! { <a class="time" href=href data-testid="slot" data-start=us.to_string()>{part(move || when::time(us))}</a> }
}

#[component]
fn NoTimes(from_us: i64, next_us: Option<i64>, week: RwSignal<i32>) -> impl IntoView {
    let to_us = when::day_start(from_us, DAYS - 1);
    view! {
        <Alert tone=Tone::Info testid="no-slots">
            <p>{part(move || tr!(Key::SlotsNone, from = when::date(from_us), to = when::date(to_us)))}</p>
            {match next_us {
                Some(next_us) => {
                    view! {
                        <p>
                            <Icon glyph=Glyph::Clock/>
                            {part(move || tr!(Key::SlotsNext, date = when::date(next_us), time = when::time(next_us)))}
                        </p>
                        <Button look=Look::Secondary testid="slots-next" on_press=move || week.set(week_of(next_us))>
                            {say(Key::SlotsGoNext)}
                        </Button>
                    }
                    .into_any()
                }
                None => view! { <p>{say(Key::SlotsNoneAtAll)}</p> }.into_any(),
            }}
        </Alert>
    }
}

/// The week, counted from today, in which an instant lies.
fn week_of(us: i64) -> i32 {
    (1..=WEEKS_MAX)
        .find(|week| us < first_us(week + 1))
        .unwrap_or(WEEKS_MAX)
}
