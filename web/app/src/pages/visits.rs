use crate::components::part;
use leptos::prelude::*;
use signaling_protocol::{Participant, Quality, RoomOverview};

use super::words::{quality, role, stage};
use crate::components::{Alert, EmptyState, Glyph, Icon, Page, Spinner, Tone};
use crate::i18n::{Key, Plural, say, t, tn};
use crate::live::{Line, watch};
use crate::{tr, when};

/// The rooms with somebody in them, for the admin; renewed as things happen.
pub(crate) fn page() -> AnyView {
    let watch = watch();
    let list = move || match watch.rooms.get() {
        None => view! { <Spinner/> }.into_any(),
        Some(rooms) if rooms.is_empty() => view! {
            <EmptyState glyph=Glyph::Video><p>{say(Key::VisitsNone)}</p></EmptyState>
        }
        .into_any(),
        Some(mut rooms) => {
            rooms.sort_by_key(|room| room.since_us);
            let count = rooms.len() as u64;
            let rooms = rooms.into_iter().map(|room| view! { <Room room/> });
            view! {
                <p role="status" data-testid="visit-count"><strong>{part(move || tn(Plural::VisitsCount, count))}</strong></p>
                {rooms.collect_view()}
            }
            .into_any()
        }
    };
    view! {
        <Page title=say(Key::VisitsTitle)>
            <p class="lead">{say(Key::VisitsText)}</p>
            <LineState line=watch.line/>
            {list}
        </Page>
    }
    .into_any()
}

/// How fresh a live list is, in words.
#[component]
pub(crate) fn LineState(line: RwSignal<Line>) -> impl IntoView {
    move || {
        match line.get() {
        Line::Live => view! {
            <p class="line live" data-testid="line-live"><Icon glyph=Glyph::Signal/>{say(Key::LineLive)}</p>
        }
        .into_any(),
        Line::Connecting => view! {
            <p class="line" data-testid="line-connecting"><Icon glyph=Glyph::Signal/>{say(Key::LineConnecting)}</p>
        }
        .into_any(),
        Line::Lost => {
            view! { <Alert tone=Tone::Warning testid="line-lost">{say(Key::LineLost)}</Alert> }.into_any()
        }
    }
    }
}

#[component]
fn Room(room: RoomOverview) -> impl IntoView {
    let people = room
        .participants
        .into_iter()
        .map(|person| view! { <Person person/> });
    let since_us = room.since_us;
    view! {
        <section class="card" data-testid="live-visit" data-room=room.room.to_string()>
            <h2><Icon glyph=Glyph::Video/>{part(move || tr!(Key::VisitsSince, time = when::time(since_us)))}</h2>
            <table class="people">
                <thead>
                    <tr>
                        <th scope="col">{say(Key::VisitsPerson)}</th>
                        <th scope="col">{say(Key::VisitsRole)}</th>
                        <th scope="col">{say(Key::VisitsState)}</th>
                        <th scope="col">{say(Key::VisitsQuality)}</th>
                    </tr>
                </thead>
                <tbody>{people.collect_view()}</tbody>
            </table>
        </section>
    }
}

#[component]
fn Person(person: Participant) -> impl IntoView {
    let measured = person.quality;
    let mark = match measured {
        Quality::Good => "dot good",
        Quality::Fair => "dot fair",
        Quality::Poor | Quality::Lost => "dot poor",
        Quality::Unknown => "dot",
    };
    let (of, at) = (person.clone(), person.clone());
    view! {
        <tr data-testid="live-person">
            <th scope="row" data-label=move || t(Key::VisitsPerson)>{person.name}</th>
            <td data-label=move || t(Key::VisitsRole)>{part(move || role(&of))}</td>
            <td data-label=move || t(Key::VisitsState) data-testid="live-state">{part(move || stage(&at))}</td>
            <td data-label=move || t(Key::VisitsQuality)>
                <span class=mark aria-hidden="true"></span>
                {part(move || quality(measured))}
            </td>
        </tr>
    }
}
