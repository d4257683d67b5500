use crate::components::part;
use clinical_api::{HoursView, WeeklyHours};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_logic::hours::{DAY_MIN, clock, collide, end_minutes, minutes};

use super::leave::Leave;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Field, Glyph, Look, Page, Tone, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::{tr, when};

const STRETCHES_MAX: usize = 28;

/// One stretch of time being edited; texts as `<input type="time">` gives them.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stretch {
    key: u32,
    weekday: u8,
    start: RwSignal<String>,
    end: RwSignal<String>,
}

/// A doctor's weekly hours.
pub(crate) fn page() -> AnyView {
    let hours = Remote::new(api::hours);
    view! {
        <Page title=say(Key::HoursTitle)>
            <p class="lead">{say(Key::HoursText)}</p>
            {hours.show(|hours| view! { <Editor hours/> })}
            <Leave/>
        </Page>
    }
    .into_any()
}

#[component]
fn Editor(hours: HoursView) -> impl IntoView {
    let HoursView {
        zone,
        slot_min,
        hours,
    } = hours;
    let zone = StoredValue::new(zone);
    let slot = RwSignal::new(slot_min.to_string());
    let next_key = StoredValue::new(0_u32);
    let stretches = RwSignal::new(
        hours
            .iter()
            .map(|hours| stretch(next_key, hours))
            .collect::<Vec<_>>(),
    );
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let slot_fault = Signal::derive(move || {
        let wrong = slot.with(|slot| parse_slot(slot).is_none());
        (tried.get() && wrong).then(|| t(Key::HoursSlotFault).to_owned())
    });
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let Some(request) = read(
            zone.get_value(),
            &slot.get_untracked(),
            &stretches.get_untracked(),
        ) else {
            return;
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::put_hours(&request).await {
                Ok(_) => toast(t_now(Key::HoursSaved)),
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <p class="hint">{part(move || tr!(Key::HoursZone, zone = when::city(&zone.get_value())))}" "{say(Key::HoursMidnight)}</p>
        <form on:submit=save novalidate>
            {(1..=7_u8).map(|weekday| view! { <Day weekday stretches next_key tried/> }).collect_view()}
            <Field id="slot" label=say(Key::HoursSlot) error=slot_fault value=slot kind="number" testid="hours-slot"/>
            {part(move || {
                (stretches.with(Vec::len) > STRETCHES_MAX)
                    .then(|| view! { <Alert tone=Tone::Error testid="error">{say(Key::HoursManyFault)}</Alert> })
            })}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <Button submit=true busy icon=Glyph::Check testid="hours-save">{say(Key::Save)}</Button>
        </form>
    }
}

#[component]
fn Day(
    weekday: u8,
    stretches: RwSignal<Vec<Stretch>>,
    next_key: StoredValue<u32>,
    tried: RwSignal<bool>,
) -> impl IntoView {
    let mine = Memo::new(move |_| {
        stretches.with(|all| {
            all.iter()
                .copied()
                .filter(|one| one.weekday == weekday)
                .collect::<Vec<_>>()
        })
    });
    let add = move || {
        let new = WeeklyHours {
            weekday,
            start_min: 8 * 60,
            end_min: 12 * 60,
        };
        let new = match mine
            .get_untracked()
            .last()
            .and_then(|last| minutes(&last.end.get_untracked()))
        {
            Some(end) if end > 0 && end < 22 * 60 => WeeklyHours {
                weekday,
                start_min: end + 60,
                end_min: (end + 4 * 60).min(DAY_MIN),
            },
            _ => new,
        };
        stretches.update(|all| all.push(stretch(next_key, &new)));
    };
    let overlap = move || {
        (tried.get() && overlaps(&mine.get()))
            .then(|| view! { <p class="fault" role="alert" data-testid="error">{say(Key::HoursOverlapFault)}</p> })
    };
    view! {
        <fieldset class="card weekday" data-testid=format!("hours-day-{weekday}")>
            <legend>{part(move || when::weekday(weekday))}</legend>
            <For each=move || mine.get() key=|one| one.key let:one>
                <StretchRow one stretches tried/>
            </For>
            {part(move || mine.with(Vec::is_empty).then(|| view! { <p class="hint">{say(Key::HoursOff)}</p> }))}
            {overlap}
            <Button look=Look::Quiet icon=Glyph::Plus testid=format!("hours-add-{weekday}") on_press=add>
                <span aria-hidden="true">{say(Key::HoursAdd)}</span>
                <span class="unseen">{part(move || tr!(Key::HoursAddOf, day = when::weekday(weekday)))}</span>
            </Button>
        </fieldset>
    }
}

#[component]
fn StretchRow(
    one: Stretch,
    stretches: RwSignal<Vec<Stretch>>,
    tried: RwSignal<bool>,
) -> impl IntoView {
    let Stretch {
        key,
        weekday,
        start,
        end,
    } = one;
    let fault = move || {
        let words = match (minutes(&start.get()), end_minutes(&end.get())) {
            (Some(start), Some(end)) if start < end => return None,
            (Some(_), Some(_)) => Key::HoursOrderFault,
            _ => Key::HoursEmptyFault,
        };
        tried
            .get()
            .then(|| view! { <p class="fault" role="alert" data-testid="error">{say(words)}</p> })
    };
    let label = move |key: Key| tr!(key, day = when::weekday(weekday));
    let time = move |value: RwSignal<String>, name: Key, testid: &'static str| {
        view! {
            <input
                type="time"
                data-testid=testid
                aria-label=move || label(name)
                prop:value=value
                on:input=move |event| value.set(event_target_value(&event))
            />
        }
    };
    view! {
        <div class="row stretch">
            {time(start, Key::HoursFromOf, "hours-from")}
            <span aria-hidden="true">"–"</span>
            {time(end, Key::HoursToOf, "hours-to")}
            <Button look=Look::Quiet icon=Glyph::Bin testid="hours-remove" on_press=move || stretches.update(|all| all.retain(|one| one.key != key))>
                <span aria-hidden="true">{say(Key::HoursRemove)}</span>
                <span class="unseen">
                    {part(move || tr!(Key::HoursRemoveOf, day = when::weekday(weekday), from = start.get(), to = end.get()))}
                </span>
            </Button>
        </div>
        {fault}
    }
}

fn stretch(next_key: StoredValue<u32>, hours: &WeeklyHours) -> Stretch {
    next_key.update_value(|key| *key += 1);
    Stretch {
        key: next_key.get_value(),
        weekday: hours.weekday,
        start: RwSignal::new(clock(hours.start_min)),
        end: RwSignal::new(clock(hours.end_min)),
    }
}

fn parse_slot(text: &str) -> Option<u16> {
    text.trim()
        .parse::<u16>()
        .ok()
        .filter(|minutes| (5..=120).contains(minutes))
}

fn spans(stretches: &[Stretch]) -> Option<Vec<WeeklyHours>> {
    stretches
        .iter()
        .map(|one| {
            let start_min = minutes(&one.start.get())?;
            let end_min = end_minutes(&one.end.get())?;
            (start_min < end_min).then_some(WeeklyHours {
                weekday: one.weekday,
                start_min,
                end_min,
            })
        })
        .collect()
}

fn overlaps(stretches: &[Stretch]) -> bool {
    spans(stretches).is_some_and(|spans| collide(&spans))
}

/// The whole form as a request, if it is right.
fn read(zone: String, slot: &str, stretches: &[Stretch]) -> Option<HoursView> {
    let slot_min = parse_slot(slot)?;
    let mut hours = untrack(|| spans(stretches))?;
    hours.sort_by_key(|span| (span.weekday, span.start_min));
    (hours.len() <= STRETCHES_MAX && !collide(&hours)).then_some(HoursView {
        zone,
        slot_min,
        hours,
    })
}
