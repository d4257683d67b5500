use clinical_api::{CalendarBy, CalendarEntryView, CalendarView};
use clinical_model::Role;
use leptos::prelude::*;

use super::super::words::{service_name, state};
use super::board::Board;
use super::choice::Select;
use super::columns::Columns;
use super::entry::Entry;
use super::grid::{Grid, Hand, Heads, Held, Turn};
use super::make::{Make, Wish};
use crate::browser::{now_us, print};
use crate::components::{Button, Dialog, EmptyState, Glyph, Look, Page, part};
use crate::i18n::{Key, say, t};
use crate::remote::Remote;
use crate::session::me;
use crate::{api, tr, when};

/// Narrower windows show lists in place of the grid, in CSS pixels.
const GRID_PX: f64 = 720.0;

/// Days of one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Day,
    Week,
}

impl Span {
    const fn days(self) -> i32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }

    /// The first instant of the look that a day belongs to.
    fn begin(self, us: i64) -> i64 {
        match self {
            Self::Day => when::day_start(us, 0),
            Self::Week => when::week_start(us),
        }
    }
}

/// What is looked at.
#[derive(Clone, Copy)]
struct Gaze {
    by: RwSignal<CalendarBy>,
    span: RwSignal<Span>,
    /// The chosen day, its first instant.
    day_us: RwSignal<i64>,
    /// All hours of the day, and not only those at which something is.
    whole: RwSignal<bool>,
    /// Whose week.
    who: RwSignal<String>,
}

impl Gaze {
    fn turn(self, turn: Turn) {
        let days = self.span.get_untracked().days();
        self.day_us.update(|it| {
            *it = match turn {
                Turn::Back => when::day_start(*it, -days),
                Turn::On => when::day_start(*it, days),
                Turn::Today => when::day_start(now_us(), 0),
            }
        });
    }

    /// The dates of the look in words; tracked.
    fn words(self) -> String {
        let span = self.span.get();
        let first = span.begin(self.day_us.get());
        match span {
            Span::Day => when::date(first),
            Span::Week => {
                let last = when::day_start(first, 6);
                tr!(
                    Key::CalendarWeekOf,
                    from = when::date(first),
                    to = when::date(last)
                )
            }
        }
    }
}

/// The calendar of the clinic: doctors, or rooms and devices, by day or week, on a grid of hours
/// or, where there is no room for one, as lists.
pub(crate) fn page() -> AnyView {
    let gaze = Gaze {
        by: RwSignal::new(CalendarBy::Clinician),
        span: RwSignal::new(Span::Day),
        day_us: RwSignal::new(when::day_start(now_us(), 0)),
        whole: RwSignal::new(false),
        who: RwSignal::new(String::new()),
    };
    let opened = RwSignal::new(None::<CalendarEntryView>);
    let making = RwSignal::new(false);
    let wish = RwSignal::new(Wish::default());
    let hand = Hand {
        opened,
        begin: UnsyncCallback::new(move |wanted| {
            wish.set(wanted);
            making.set(true);
        }),
        turn: UnsyncCallback::new(move |turn| gaze.turn(turn)),
        held: StoredValue::new(Held::Nowhere),
        books: me().is_some_and(|me| matches!(me.role, Role::Doctor | Role::Nurse)),
    };
    let is_narrow = RwSignal::new(is_narrow());
    let resized = window_event_listener(leptos::ev::resize, move |_| {
        let now = self::is_narrow();
        if is_narrow.get_untracked() != now {
            is_narrow.set(now);
        }
    });
    on_cleanup(move || resized.remove());
    view! {
        <Page title=say(Key::CalendarTitle) class="wide">
            <Bar gaze hand/>
            <h2 aria-live="polite" data-testid="calendar-range">{part(move || gaze.words())}</h2>
            {part(move || {
                let (by, span) = (gaze.by.get(), gaze.span.get());
                let from_us = span.begin(gaze.day_us.get());
                let range = (from_us, when::day_start(from_us, span.days()));
                let found = Remote::new(move || api::calendar(by, range));
                let reload = UnsyncCallback::new(move |()| found.reload());
                view! {
                    {found.show(move |view| view! { <Shown view gaze from_us hand is_narrow/> })}
                    <Dialog open=making title=say(Key::MakeTitle) testid="make-dialog"><Make wish=wish.get_untracked() making reload/></Dialog>
                    <Opened opened reload/>
                }
                .into_any()
            })}
        </Page>
    }
    .into_any()
}

fn is_narrow() -> bool {
    let width = window().inner_width().ok().and_then(|it| it.as_f64());
    width.is_some_and(|it| it < GRID_PX)
}

/// What is looked at, and how to look elsewhere.
#[component]
fn Bar(gaze: Gaze, hand: Hand) -> impl IntoView {
    let Gaze {
        by,
        span,
        day_us,
        whole,
        who: _,
    } = gaze;
    let day = RwSignal::new(when::day_key(day_us.get_untracked()));
    Effect::new(move || day.set(when::day_key(day_us.get())));
    let pick = move |event: leptos::ev::Event| {
        if let Some(us) = super::choice::instant(&event_target_value(&event), "00:00") {
            day_us.set(us);
        }
    };
    let pressed = |is: bool| if is { "true" } else { "false" };
    let fresh = move || {
        hand.begin.run(Wish {
            day: when::day_key(day_us.get_untracked()),
            ..Wish::default()
        });
    };
    view! {
        <div class="row calendar-bar screen-only">
            <Button look=Look::Quiet icon=Glyph::Back testid="calendar-back" on_press=move || gaze.turn(Turn::Back)>{say(Key::CalendarBack)}</Button>
            <label class="unseen" for="calendar-day">{say(Key::CalendarDay)}</label>
            <input type="date" id="calendar-day" data-testid="calendar-day" prop:value=day on:change=pick/>
            <Button look=Look::Quiet icon=Glyph::Next testid="calendar-next" on_press=move || gaze.turn(Turn::On)>{say(Key::CalendarNext)}</Button>
            <Button look=Look::Quiet testid="calendar-today" on_press=move || gaze.turn(Turn::Today)>{say(Key::DayToday)}</Button>
            <button type="button" class="button quiet" data-testid="calendar-week" aria-pressed=move || pressed(span.get() == Span::Week)
                on:click=move |_| span.update(|it| *it = if *it == Span::Week { Span::Day } else { Span::Week })>{say(Key::CalendarWeek)}</button>
            <button type="button" class="button quiet" data-testid="calendar-resources" aria-pressed=move || pressed(by.get() == CalendarBy::Resource)
                on:click=move |_| by.update(|it| *it = if *it == CalendarBy::Resource { CalendarBy::Clinician } else { CalendarBy::Resource })>{say(Key::CalendarResources)}</button>
            <button type="button" class="button quiet wide-only" data-testid="calendar-whole" aria-pressed=move || pressed(whole.get())
                on:click=move |_| whole.update(|it| *it = !*it)>{say(Key::CalendarWhole)}</button>
            <Button look=Look::Quiet icon=Glyph::Printer testid="calendar-print" on_press=print>{say(Key::CalendarPrint)}</Button>
            {hand.books.then(|| view! {
                <Button icon=Glyph::Plus testid="calendar-new" on_press=fresh>{say(Key::CalendarNew)}</Button>
            })}
        </div>
    }
}

/// The answer of the server, as a grid or as lists.
#[component]
fn Shown(
    view: CalendarView,
    gaze: Gaze,
    from_us: i64,
    hand: Hand,
    is_narrow: RwSignal<bool>,
) -> impl IntoView {
    if view.columns.is_empty() {
        return view! { <EmptyState glyph=Glyph::Calendar><p>{say(Key::CalendarEmpty)}</p></EmptyState> }
            .into_any();
    }
    let names: Vec<_> = view
        .columns
        .iter()
        .map(|it| (it.id.clone(), it.name.clone()))
        .collect();
    let who = gaze.who;
    if let Some((first, _)) = names.first()
        && !names
            .iter()
            .any(|(id, _)| who.with_untracked(|it| it == id))
    {
        who.set(first.clone());
    }
    let is_week = gaze.span.get_untracked() == Span::Week;
    let view = StoredValue::new(view);
    view! {
        <div data-testid="calendar">
            {part(move || {
                if is_narrow.get() {
                    let view = view.get_value();
                    return view! { <Columns view opened=hand.opened/> }.into_any();
                }
                let options = names.clone();
                let whose = is_week.then(|| view! { <Select id="calendar-who" label=Key::CalendarWhose value=who options/> });
                view! {
                    {whose}
                    {part(move || view.with_value(|view| {
                        let whole = gaze.whole.get();
                        let (board, heads) = if is_week {
                            (Board::of_week(view, &who.get(), from_us, whole), Heads::Days)
                        } else {
                            (Board::of_day(view, from_us, whole), Heads::Names)
                        };
                        view! { <Grid board heads hand/> }
                    }))}
                }
                .into_any()
            })}
        </div>
    }
    .into_any()
}

/// What stands in the dialog of an entry.
#[component]
fn Opened(
    opened: RwSignal<Option<CalendarEntryView>>,
    reload: UnsyncCallback<()>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move || open.set(opened.with(Option::is_some)));
    Effect::new(move || {
        if !open.get() && opened.with_untracked(Option::is_some) {
            opened.set(None);
        }
    });
    view! {
        <Dialog open title=say(Key::CalendarEntryTitle) testid="entry-dialog">
            {part(move || opened.get().map(|entry| view! { <Entry entry open reload/> }))}
        </Dialog>
    }
}

/// Whom and what an entry is for, as far as the reader may know; tracked.
pub(super) fn about(entry: &CalendarEntryView) -> String {
    let Some(it) = &entry.appointment else {
        return t(Key::CalendarTaken).to_owned();
    };
    let name = it.patient_name.clone();
    let mut words = vec![name.unwrap_or_else(|| t(Key::CalendarHidden).to_owned())];
    words.extend(it.service.as_deref().map(service_name));
    words.push(state(it.state).to_owned());
    if it.overbooked {
        words.push(t(Key::CalendarOverbooked).to_owned());
    }
    let words = words.join(" · ");
    tr!(Key::CalendarAbout, words = words)
}
