use leptos::prelude::*;
use signaling_protocol::{GAP_BOUNDS_MS, ParticipantId, Quality, Role, RoomId};
use web_logic::book::Entry;
use web_logic::plot::{Points, Read, loss, minutes, rate, round_trip};
use web_logic::report::quality as code;

use super::Calls;
use super::plot::{Measure, Plot, number};
use crate::components::part;
use crate::i18n::{Key, say, t};
use crate::pages::words;
use crate::tr;

/// Limits as the server judges, in percent and milliseconds.
const LOSS: Measure = Measure {
    title: Key::CallsLoss,
    unit: "%",
    places: 1,
    limits: &[3.0, 10.0],
    high: 12.0,
    testid: "plot-loss",
};
const ROUND_TRIP: Measure = Measure {
    title: Key::CallsRtt,
    unit: "ms",
    places: 0,
    limits: &[300.0, 600.0],
    high: 700.0,
    testid: "plot-rtt",
};
const RATE: Measure = Measure {
    title: Key::CallsRate,
    unit: "kbit/s",
    places: 0,
    limits: &[],
    high: 100.0,
    testid: "plot-rate",
};
/// One person's media: words, numbers, plots, and the same as a table.
#[component]
pub(super) fn Person(calls: Calls, room: RoomId, id: ParticipantId, number: u32) -> impl IntoView {
    let entry = Memo::new(move |_| calls.book.with(|book| book.entry(room, id).cloned()));
    let role = calls.rooms.with_untracked(|rooms| {
        let room = rooms.iter().flatten().find(|one| one.room == room)?;
        let one = room.participants.iter().find(|one| one.id == id)?;
        Some(one.role)
    });
    let key = match role {
        Some(Role::Clinician) => Key::RoleClinician,
        Some(Role::Patient) => Key::RolePatient,
        Some(Role::Guest) | None => Key::RoleGuest,
    };
    let measured = Memo::new(move |_| entry.with(Option::is_some));
    view! {
        <div class="call-person" data-testid="call-person" data-role=role.map(role_code)>
            <h3>{say(key)}" "<span class="hint">"p"{number}</span></h3>
            {part(move || if measured.get() {
                view! {
                    <Judgement entry/>
                    <Numbers entry/>
                    <div class="call-plots">
                        {plot(entry, LOSS, loss)}
                        {plot(entry, ROUND_TRIP, round_trip)}
                        {plot(entry, RATE, rate)}
                    </div>
                    <Table entry/>
                }
                .into_any()
            } else {
                view! { <p class="hint">{say(Key::CallsUnmeasured)}</p> }.into_any()
            })}
        </div>
    }
}

const fn role_code(role: Role) -> &'static str {
    match role {
        Role::Clinician => "clinician",
        Role::Patient => "patient",
        Role::Guest => "guest",
    }
}

/// The connection in words.
#[component]
fn Judgement(entry: Memo<Option<Entry>>) -> impl IntoView {
    let said = Memo::new(move |_| {
        entry.with(|entry| {
            let media = entry.as_ref().map(|entry| &entry.media);
            media.map_or((Quality::Unknown, false), |media| {
                (media.quality, media.audio_only)
            })
        })
    });
    part(move || {
        let (quality, audio_only) = said.get();
        let mark = match quality {
            Quality::Good => "dot good",
            Quality::Fair => "dot fair",
            Quality::Poor | Quality::Lost => "dot poor",
            Quality::Unknown => "dot",
        };
        view! {
            <p data-testid="call-quality" data-quality=code(quality)>
                <span class=mark aria-hidden="true"></span>
                {part(move || words::quality(quality))}
                {audio_only.then(|| view! { " "<span class="badge" data-testid="call-audio-only">{say(Key::CallsAudioOnly)}</span> })}
            </p>
        }
    })
}

/// What is no line of a plot.
#[component]
fn Numbers(entry: Memo<Option<Entry>>) -> impl IntoView {
    let rows = move || {
        let media = entry.get()?.media;
        let known =
            |value: Option<String>| value.unwrap_or_else(|| t(Key::CallsUnknown).to_owned());
        let bounds = GAP_BOUNDS_MS.map(|bound| bound.to_string()).join(" / ");
        let rows = [
            (
                t(Key::CallsJitter).to_owned(),
                known(media.now.jitter_ms.map(|ms| format!("{ms} ms"))),
            ),
            (
                t(Key::CallsRating).to_owned(),
                known(media.now.rating.map(|it| format!("{it} / 93"))),
            ),
            (t(Key::CallsFreezes).to_owned(), media.freezes.to_string()),
            (
                tr!(Key::CallsGaps, bounds = bounds),
                media.gaps.map(|count| count.to_string()).join(" / "),
            ),
            (
                t(Key::CallsLayers).to_owned(),
                media.layer_switches.to_string(),
            ),
            (
                t(Key::CallsKeyframes).to_owned(),
                media.keyframes_requested.to_string(),
            ),
        ];
        let rows = rows
            .into_iter()
            .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> });
        Some(rows.collect_view())
    };
    view! { <dl class="call-numbers">{part(rows)}</dl> }
}

fn plot(entry: Memo<Option<Entry>>, measure: Measure, read: Read) -> impl IntoView {
    let lines = Memo::new(move |_| {
        entry.with(|entry| {
            let mut lines: Vec<Points> = vec![Points::new(); 3];
            for point in entry.iter().flat_map(|entry| &entry.points) {
                for (line, value) in lines.iter_mut().zip(read(point)) {
                    line.push(value);
                }
            }
            lines.retain(|line| line.iter().any(Option::is_some));
            lines
        })
    });
    let now = Signal::derive(move || {
        let values = entry.with(|entry| entry.as_ref().map(|entry| read(&entry.media.now)));
        words_of(measure, values.unwrap_or_default())
    });
    view! { <Plot measure lines now/> }
}

/// The newest numbers of a plot in words; tracked.
fn words_of(measure: Measure, values: [Option<f64>; 3]) -> String {
    let unit = measure.unit;
    let said = |value: Option<f64>| match value {
        Some(value) => format!("{} {unit}", number(value, measure.places)),
        None => t(Key::CallsUnknown).to_owned(),
    };
    let [first, second, third] = values;
    if measure.title == Key::CallsRtt {
        return said(first);
    }
    let (up, down) = (t(Key::CallsLossUp), t(Key::CallsLossDown));
    let mut text = format!("{up} {}, {down} {}", said(first), said(second));
    if third.is_some() {
        text = format!("{text}, {} {}", t(Key::CallsEstimate), said(third));
    }
    text
}

/// The plots as a table, made when it is opened.
#[component]
fn Table(entry: Memo<Option<Entry>>) -> impl IntoView {
    let open = RwSignal::new(false);
    let rows = Memo::new(move |_| {
        let wanted = open.get();
        entry.with(|entry| entry.as_ref().filter(|_| wanted).map(minutes))
    });
    let cell = |value: Option<f64>, places: usize| {
        value.map_or_else(
            || t(Key::CallsUnknown).to_owned(),
            |value| number(value, places),
        )
    };
    let table = move || {
        let rows = rows.get()?.into_iter().enumerate().map(move |(at, row)| {
            let places = [1, 1, 0, 0, 0];
            let cells = row.into_iter().zip(places);
            let cells = cells.map(|(value, places)| view! { <td>{cell(value, places)}</td> });
            view! { <tr><th scope="row">{tr!(Key::CallsAgo, n = at)}</th>{cells.collect_view()}</tr> }
        });
        let head = |key: Key, way: Option<Key>, unit: &str| {
            let way = way.map(t).unwrap_or_default();
            format!("{} {way} ({unit})", t(key))
        };
        let heads = [
            t(Key::CallsWhen).to_owned(),
            head(Key::CallsLoss, Some(Key::CallsLossUp), "%"),
            head(Key::CallsLoss, Some(Key::CallsLossDown), "%"),
            head(Key::CallsRtt, None, "ms"),
            head(Key::CallsRate, Some(Key::CallsLossUp), "kbit/s"),
            head(Key::CallsRate, Some(Key::CallsLossDown), "kbit/s"),
        ];
        let heads = heads.map(|words| view! { <th scope="col">{words}</th> });
        Some(view! {
            <table class="values">
                <thead><tr>{heads.into_iter().collect_view()}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        })
    };
    view! {
        <details
            data-testid="call-table"
            on:toggle=move |event| {
                let details = event_target::<web_sys::Element>(&event);
                open.set(details.has_attribute("open"));
            }
        >
            <summary>{say(Key::CallsTable)}</summary>
            <div class="call-scroll" role="region" tabindex="0" aria-label=say(Key::CallsTable)>{part(table)}</div>
        </details>
    }
}
