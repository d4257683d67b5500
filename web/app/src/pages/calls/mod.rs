//! How well sound and pictures get through in live visits, for the admin. People appear by their
//! role and a number; names stand in the list of live visits only.

mod person;
pub(crate) mod plot;

use leptos::prelude::*;
use person::Person;
use signaling_protocol::{INSPECTED_ROOMS_MAX, RoomId, RoomOverview};
use web_logic::book::{Book, numbered};
use web_logic::report::report;

use super::visits::LineState;
use crate::browser;
use crate::components::{Button, EmptyState, Glyph, Icon, Look, Page, Spinner, part};
use crate::i18n::{Key, say, t, t_now};
use crate::live::watch_numbers;
use crate::{tr, when};

/// What the page knows; all of it follows the server.
#[derive(Clone, Copy)]
struct Calls {
    rooms: RwSignal<Option<Vec<RoomOverview>>>,
    book: RwSignal<Book>,
}

impl Calls {
    fn room(self, id: RoomId) -> Option<RoomOverview> {
        self.rooms.with(|rooms| {
            let mut rooms = rooms.iter().flatten();
            rooms.find(|room| room.room == id).cloned()
        })
    }

    /// All rooms in their order of coming, and whether each has trouble.
    fn judged(self) -> Vec<(RoomId, bool)> {
        self.rooms.with(|rooms| {
            let mut rooms: Vec<_> = rooms.iter().flatten().collect();
            rooms.sort_by_key(|room| (room.since_us, room.room));
            self.book.with(|book| {
                let judged = rooms.into_iter();
                judged
                    .map(|room| (room.room, book.is_troubled(room)))
                    .collect()
            })
        })
    }
}

pub(crate) fn page() -> AnyView {
    let book = RwSignal::new(Book::default());
    let watch = watch_numbers(move |rooms| {
        book.try_update(|book| book.hear(rooms));
    });
    let calls = Calls {
        rooms: watch.rooms,
        book,
    };
    Effect::new(move || {
        calls.rooms.with(|rooms| {
            if let Some(rooms) = rooms {
                book.update(|book| book.keep(rooms));
            }
        });
    });
    let judged = Memo::new(move |_| calls.judged());
    // Rooms with trouble first: a server has more rooms than it tells numbers of at a time.
    let measured = Memo::new(move |_| {
        let mut rooms = judged.get();
        rooms.sort_by_key(|(_, troubled)| !troubled);
        rooms.truncate(INSPECTED_ROOMS_MAX);
        let mut rooms: Vec<RoomId> = rooms.into_iter().map(|(room, _)| room).collect();
        rooms.sort_unstable();
        rooms
    });
    Effect::new(move || watch.inspect(measured.get()));
    let troubled = RwSignal::new(false);
    let shown = Memo::new(move |_| {
        let only = troubled.get();
        let rooms = judged.get().into_iter();
        let rooms = rooms.filter(|(_, troubled)| *troubled || !only);
        rooms.map(|(room, _)| room).collect::<Vec<_>>()
    });
    let some = Memo::new(move |_| shown.with(|shown| !shown.is_empty()));
    view! {
        <Page title=say(Key::CallsTitle)>
            <p class="lead">{say(Key::CallsText)}</p>
            <LineState line=watch.line/>
            <label class="check">
                <input
                    type="checkbox"
                    data-testid="calls-troubled"
                    prop:checked=troubled
                    on:change=move |event| troubled.set(event_target_checked(&event))
                />
                <span>{say(Key::CallsTroubled)}</span>
            </label>
            {part(move || (judged.with(Vec::len) > INSPECTED_ROOMS_MAX).then(|| view! {
                <p class="hint">{part(move || tr!(Key::CallsMore, n = INSPECTED_ROOMS_MAX))}</p>
            }))}
            <For each=move || shown.get() key=|id| *id let:id>
                <Room calls id/>
            </For>
            {part(move || (!some.get()).then(|| view! { <Nothing calls troubled/> }))}
        </Page>
    }
    .into_any()
}

/// Why there is no room to show.
#[component]
fn Nothing(calls: Calls, troubled: RwSignal<bool>) -> impl IntoView {
    let came = Memo::new(move |_| calls.rooms.with(Option::is_some));
    move || {
        if !came.get() {
            return view! { <Spinner/> }.into_any();
        }
        let key = if troubled.get() {
            Key::CallsFine
        } else {
            Key::CallsNone
        };
        view! { <EmptyState glyph=Glyph::Signal><p>{say(key)}</p></EmptyState> }.into_any()
    }
}

#[component]
fn Room(calls: Calls, id: RoomId) -> impl IntoView {
    let people = Memo::new(move |_| {
        let room = calls.room(id);
        let people = room.map(|room| numbered(&room)).unwrap_or_default();
        let people = people.into_iter().zip(1_u32..);
        people
            .map(|(one, number)| (one.id, number))
            .collect::<Vec<_>>()
    });
    let since_us = calls.rooms.with_untracked(|rooms| {
        let mut rooms = rooms.iter().flatten();
        rooms.find(|room| room.room == id).map(|room| room.since_us)
    });
    let save = move || {
        let room = untrack(|| calls.room(id));
        if let Some(room) = room {
            let report = calls.book.with_untracked(|book| report(&room, book));
            let file = ("application/json", t_now(Key::ReportFile));
            browser::save_file(report.as_bytes(), file);
        }
    };
    view! {
        <section class="card call" data-testid="call" data-room=id.to_string()>
            <h2><Icon glyph=Glyph::Signal/>{part(move || tr!(Key::VisitsSince, time = when::time(since_us.unwrap_or_default())))}</h2>
            <For each=move || people.get() key=|person| *person let:person>
                <Person calls room=id id=person.0 number=person.1/>
            </For>
            <Button look=Look::Secondary testid="room-report" on_press=save>{part(move || t(Key::CallsReport))}</Button>
        </section>
    }
}
