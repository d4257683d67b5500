//! The calendar as a grid of hours. One tab stop: arrows go from time to time, Enter opens what
//! stands there or begins a booking, Page Up and Page Down turn the page, Home goes to today.

use clinical_api::{AppointmentState, AwayKind, CalendarEntryView};
use gloo_timers::callback::Interval;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_logic::plane::{Day, SLOT_MIN, Stretch, Way, nearest, step};
use web_sys::{Element, HtmlElement};

use super::board::{Band, Board, BoardColumn, Ground, Placed};
use super::calendar::about;
use super::make::Wish;
use crate::browser::now_us;
use crate::components::part;
use crate::i18n::{Key, t};
use crate::{tr, when};

/// How often the line of the present moves.
const MOVE_MS: u32 = 30_000;

/// Where a grid begins to be read on a day that is not today: eight in the morning.
const MORNING_MIN: i32 = 8 * 60;

/// Another stretch of time to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Back,
    On,
    Today,
}

/// Where the focus was, so that it is there again on the next page: column and minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// It was elsewhere.
    Nowhere,
    /// In a column, at a minute of the day.
    At(usize, i32),
    /// It goes to the present.
    Present,
}

/// What the grid can do with the page around it.
#[derive(Clone, Copy)]
pub(super) struct Hand {
    pub(super) opened: RwSignal<Option<CalendarEntryView>>,
    /// Begins a booking; does nothing for those who may not.
    pub(super) begin: UnsyncCallback<Wish>,
    pub(super) turn: UnsyncCallback<Turn>,
    pub(super) held: StoredValue<Held>,
    /// Whether people may book here.
    pub(super) books: bool,
}

/// How the columns are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heads {
    Names,
    Days,
}

#[component]
pub(super) fn Grid(board: Board, heads: Heads, hand: Hand) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let first = first_stop(&board, hand.held.get_value());
    let present = RwSignal::new(now_us());
    let moves = move || {
        present.try_set(now_us());
    };
    let moving = StoredValue::new_local(Some(Interval::new(MOVE_MS, moves)));
    on_cleanup(move || drop(moving.try_update_value(Option::take)));
    let shown = board.shown;
    let count = board.columns.len();
    let board = StoredValue::new(board);
    Effect::new(move || {
        if let Some(grid) = node.get() {
            arrive(&grid, board, first, hand.held);
        }
    });
    let act = move |stop: (usize, usize)| board.with_value(|it| choose(it, stop, hand));
    let press = move |event: leptos::ev::MouseEvent| {
        if let Some(stop) = event.target().and_then(stop_of) {
            act(stop);
        }
    };
    let key = move |event: leptos::ev::KeyboardEvent| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let Some(stop) = event.target().and_then(stop_of) else {
            return;
        };
        let name = event.key();
        if board.with_value(|it| follow(it, stop, &name, hand)) {
            event.prevent_default();
        }
    };
    let focus = move |event: leptos::ev::FocusEvent| {
        if let (Some(grid), Some(stop)) = (node.get_untracked(), event.target().and_then(stop_of)) {
            mark(&grid, stop);
            let minute = board.with_value(|it| minute_of(it, stop));
            hand.held.set_value(Held::At(stop.0, minute));
        }
    };
    view! {
        <div
            node_ref=node
            role="grid"
            class="hours"
            aria-label=move || t(Key::CalendarTitle)
            aria-describedby="calendar-keys"
            data-testid="calendar-grid"
            style=format!("--columns:{count}")
            on:click=press
            on:keydown=key
            on:focusin=focus
        >
            {part(move || board.with_value(|it| {
                let rows = (shown.from_min..shown.to_min).step_by(15);
                let rows = rows.map(|minute| row(it, minute, (first, heads), present));
                let rows = rows.collect_view();
                view! { {head(it, heads)}{rows} }
            }))}
        </div>
        <p id="calendar-keys" class="hint screen-only">
            {part(move || t(if hand.books { Key::CalendarKeys } else { Key::CalendarKeysRead }))}
        </p>
    }
}

fn is_today(column: &BoardColumn) -> bool {
    let now = now_us();
    column.day.start_us <= now && now < column.day.end_us
}

fn clock(minute: i32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// What a column is called, in full.
fn named(column: &BoardColumn, heads: Heads) -> String {
    match heads {
        Heads::Names => column.name.clone(),
        Heads::Days => format!("{}, {}", column.name, when::date(column.day.start_us)),
    }
}

fn head(board: &Board, heads: Heads) -> AnyView {
    let columns = board.columns.iter().map(|column| {
        let today = is_today(column) && heads == Heads::Days;
        let name = match heads {
            Heads::Names => column.name.clone(),
            Heads::Days => when::day_short(column.day.start_us),
        };
        view! {
            <div role="columnheader" aria-current=today.then_some("date")>
                {name}{today.then(|| view! { <small>{t(Key::DayToday)}</small> })}
            </div>
        }
    });
    let columns = columns.collect_view();
    view! {
        <div role="row" class="hours-head">
            <div role="columnheader">{t(Key::CalendarClock)}</div>
            {columns}
        </div>
    }
    .into_any()
}

fn row(
    board: &Board,
    minute: i32,
    (first, heads): ((usize, usize), Heads),
    present: RwSignal<i64>,
) -> AnyView {
    let cells = board.columns.iter().enumerate().map(|(at, column)| {
        let own = (first.0 == at).then_some(first.1);
        let line = (minute == board.shown.from_min && is_today(column))
            .then(|| now_line(column.day, board.shown, present));
        cell(column, (at, own), minute, (heads, line))
    });
    let cells = cells.collect_view();
    let is_hour = minute % 60 == 0;
    view! {
        <div role="row" class=if is_hour { "hours-row hour" } else { "hours-row" } data-min=minute>
            <div role="rowheader"><span class=(!is_hour).then_some("unseen")>{clock(minute)}</span></div>
            {cells}
        </div>
    }
    .into_any()
}

/// The line of the present, at its height below the first row.
fn now_line(day: Day, shown: Stretch, present: RwSignal<i64>) -> AnyView {
    let place = move || {
        let minute = day.minute(present.get(), when::wall_clock);
        let rows = f64::from(minute - shown.from_min) / f64::from(SLOT_MIN);
        let is_shown = (shown.from_min..shown.to_min).contains(&minute);
        is_shown.then(|| format!("--at:{rows:.2}"))
    };
    part(move || {
        place().map(|style| {
            view! { <div class="now-line" aria-hidden="true" data-testid="calendar-now" data-words=when::time(present.get()) style=style></div> }
        })
    })
    .into_any()
}

fn cell(
    column: &BoardColumn,
    (at, own): (usize, Option<usize>),
    minute: i32,
    (heads, line): (Heads, Option<AnyView>),
) -> AnyView {
    let row = Stretch::new(minute, minute + SLOT_MIN);
    let begins = |span: Stretch| row.from_min <= span.from_min && span.from_min < row.to_min;
    let index = column
        .stops
        .iter()
        .position(|it| it.block.is_none() && it.span == row);
    let ground = column.ground(minute);
    let label = index.map(|_| {
        tr!(
            Key::CalendarSlot,
            state = ground_words(ground),
            from = clock(row.from_min),
            to = clock(row.to_min),
            who = named(column, heads)
        )
    });
    let bands = column.bands.iter().filter(|it| begins(it.span));
    let bands = bands.map(|it| band(*it, row)).collect_view();
    let blocks = column
        .stops
        .iter()
        .enumerate()
        .filter(|(_, it)| begins(it.span));
    let blocks = blocks.filter_map(|(index, it)| {
        let placed = column.placed.get(it.block?)?;
        Some(block(
            placed,
            (column, heads),
            row,
            (at, index, own == Some(index)),
        ))
    });
    let blocks = blocks.collect_view();
    let tab = index.map(|index| if own == Some(index) { "0" } else { "-1" });
    view! {
        <div
            role="gridcell"
            class=ground_class(ground)
            tabindex=tab
            aria-label=label
            data-stop=index.map(|index| format!("{at}-{index}"))
        >
            {bands}{blocks}{line}
        </div>
    }
    .into_any()
}

/// Where something stands below the top of its row, and how high it is, in rows.
fn place(span: Stretch, row: Stretch) -> String {
    let slot = f64::from(SLOT_MIN);
    let at = f64::from(span.from_min - row.from_min) / slot;
    let long = f64::from(span.to_min - span.from_min) / slot;
    format!("--at:{at:.3};--long:{long:.3}")
}

/// A stretch of ground. Its words are drawn by the style sheet: rows say them in their names.
fn band(it: Band, row: Stretch) -> AnyView {
    let words = ground_words(it.ground);
    view! {
        <div class=format!("band {}", ground_class(it.ground)) data-words=words aria-hidden="true" style=place(it.span, row)></div>
    }
    .into_any()
}

fn block(
    it: &Placed,
    (column, heads): (&BoardColumn, Heads),
    row: Stretch,
    (at, index, is_first): (usize, usize, bool),
) -> AnyView {
    let (from_us, to_us) = it.visit_us;
    let own_day = when::day_key(column.day.start_us);
    let told = |us: i64, belongs: i64| {
        if when::day_key(belongs) == own_day {
            when::time(us)
        } else {
            format!("{} {}", when::day_short(us), when::time(us))
        }
    };
    // An end at midnight still belongs to the day that it ends.
    let times = format!("{} – {}", told(from_us, from_us), told(to_us, to_us - 1));
    let lane = it.lane;
    let is_low = it.span.to_min - it.span.from_min < 2 * SLOT_MIN;
    let style = format!(
        "{};--lane:{};--lanes:{}",
        place(it.span, row),
        lane.at,
        lane.of
    );
    view! {
        <button
            type="button"
            class=format!("block {} {}", block_class(&it.entry), if is_low { "low" } else { "" })
            style=style
            tabindex=if is_first { "0" } else { "-1" }
            data-stop=format!("{at}-{index}")
            data-testid="calendar-entry"
        >
            <strong>{times}</strong>" "<span>{about(&it.entry)}</span>
            <span class="unseen">{format!(", {}", named(column, heads))}</span>
        </button>
    }
    .into_any()
}

fn block_class(entry: &CalendarEntryView) -> &'static str {
    match &entry.appointment {
        None => "taken",
        Some(it) if it.overbooked => "twice",
        Some(it) => match it.state {
            AppointmentState::Booked => "booked",
            AppointmentState::Arrived | AppointmentState::InProgress => "here",
            AppointmentState::Finished | AppointmentState::Cancelled => "over",
        },
    }
}

const fn ground_class(ground: Ground) -> &'static str {
    match ground {
        Ground::Free => "free",
        Ground::Closed | Ground::Missing => "closed",
        Ground::Buffer => "buffer",
        Ground::Away(_) => "away",
    }
}

/// What a time without an appointment is, in words; tracked.
fn ground_words(ground: Ground) -> &'static str {
    t(match ground {
        Ground::Free => Key::CalendarSlotFree,
        Ground::Closed => Key::CalendarClosed,
        Ground::Missing => Key::CalendarMissing,
        Ground::Buffer => Key::CalendarBuffer,
        Ground::Away(AwayKind::Leave) => Key::KindLeave,
        Ground::Away(AwayKind::Holiday) => Key::CalendarHoliday,
        Ground::Away(AwayKind::Maintenance) => Key::CalendarMaintenance,
        Ground::Away(AwayKind::Other) => Key::KindElse,
    })
}

/// The stop that an element belongs to.
fn stop_of(target: web_sys::EventTarget) -> Option<(usize, usize)> {
    let element = target.dyn_into::<Element>().ok()?;
    let stop = element.closest("[data-stop]").ok().flatten()?;
    let words = stop.get_attribute("data-stop")?;
    let (column, index) = words.split_once('-')?;
    Some((column.parse().ok()?, index.parse().ok()?))
}

fn element_of(grid: &Element, (column, index): (usize, usize)) -> Option<HtmlElement> {
    let found = grid.query_selector(&format!("[data-stop=\"{column}-{index}\"]"));
    found.ok().flatten()?.dyn_into().ok()
}

fn minute_of(board: &Board, (column, index): (usize, usize)) -> i32 {
    let stop = board.columns.get(column).and_then(|it| it.stops.get(index));
    stop.map_or(MORNING_MIN, |it| it.span.from_min)
}

/// Makes a stop the one that Tab reaches.
fn mark(grid: &Element, stop: (usize, usize)) {
    if let Ok(Some(old)) = grid.query_selector("[data-stop][tabindex=\"0\"]") {
        old.set_attribute("tabindex", "-1").ok();
    }
    if let Some(new) = element_of(grid, stop) {
        new.set_attribute("tabindex", "0").ok();
    }
}

/// The stop that Tab reaches first: where the focus was, or else the present, or the morning.
fn first_stop(board: &Board, held: Held) -> (usize, usize) {
    let today = board.columns.iter().position(is_today);
    let present = || {
        let column = today?;
        let day = board.columns.get(column)?.day;
        Some((column, day.minute(now_us(), when::wall_clock)))
    };
    let (column, minute) = match held {
        Held::At(column, minute) => (column, minute),
        Held::Nowhere | Held::Present => present().unwrap_or((0, MORNING_MIN)),
    };
    let column = column.min(board.columns.len().saturating_sub(1));
    let stops = board.columns.get(column).map_or(&[][..], |it| &it.stops);
    (column, nearest(stops, minute, false).unwrap_or(0))
}

/// Shows the part of the day that matters, and gives the focus back to where it was.
fn arrive(
    grid: &Element,
    board: StoredValue<Board>,
    first: (usize, usize),
    held: StoredValue<Held>,
) {
    let minute = board.with_value(|it| minute_of(it, first)) - 60;
    let from = format!(".hours-row[data-min=\"{}\"]", minute.div_euclid(60) * 60);
    let top = grid.query_selector(&from).ok().flatten();
    if let Some(row) = top.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        grid.set_scroll_top(row.offset_top());
    }
    // Whoever turned the page by keyboard, or closed a dialog, goes on from there.
    let is_lost = document()
        .active_element()
        .is_none_or(|it| it.tag_name().eq_ignore_ascii_case("body"));
    if is_lost
        && held.get_value() != Held::Nowhere
        && let Some(stop) = element_of(grid, first)
    {
        stop.focus().ok();
    }
}

/// Opens what stands at a stop, or begins a booking there.
fn choose(board: &Board, (at, index): (usize, usize), hand: Hand) {
    let Some(column) = board.columns.get(at) else {
        return;
    };
    let Some(stop) = column.stops.get(index) else {
        return;
    };
    match stop.block.and_then(|block| column.placed.get(block)) {
        Some(placed) => hand.opened.set(Some(placed.entry.clone())),
        None if hand.books => hand.begin.run(Wish {
            doctor: column.id.clone(),
            day: when::day_key(column.day.start_us),
            time: clock(stop.span.from_min),
        }),
        None => {}
    }
}

/// What a key does at a stop; whether it does something.
fn follow(board: &Board, stop: (usize, usize), key: &str, hand: Hand) -> bool {
    let is_block = board
        .columns
        .get(stop.0)
        .and_then(|it| it.stops.get(stop.1))
        .is_some_and(|it| it.block.is_some());
    let way = match key {
        "ArrowUp" => Way::Up,
        "ArrowDown" => Way::Down,
        "ArrowLeft" => Way::Left,
        "ArrowRight" => Way::Right,
        // A block is a button: the browser presses it.
        "Enter" | " " if is_block => return false,
        "Enter" | " " => {
            choose(board, stop, hand);
            return true;
        }
        "PageUp" => {
            hand.turn.run(Turn::Back);
            return true;
        }
        "PageDown" => {
            hand.turn.run(Turn::On);
            return true;
        }
        "Home" => {
            hand.held.set_value(Held::Present);
            hand.turn.run(Turn::Today);
            return true;
        }
        _ => return false,
    };
    let stops: Vec<_> = board.columns.iter().map(|it| it.stops.clone()).collect();
    let next = step(&stops, stop, way);
    let element = document()
        .query_selector(".hours")
        .ok()
        .flatten()
        .and_then(|grid| element_of(&grid, next));
    if let Some(element) = element {
        element.focus().ok();
    }
    true
}
