//! Numbers of the connection, for people who help others over the phone, and for tests.

use crate::components::part;
use leptos::prelude::*;
use web_call::CallView;
use web_call::browser::{InboundStats, OutboundStats, StatsReport};

use super::live_call::LiveCall;
use super::secrecy::SealedFrames;
use super::words;
use crate::i18n::{Key, say};

/// A closed box at the foot; its numbers are renewed every two seconds.
#[component]
pub(super) fn Details(call: LiveCall) -> impl IntoView {
    view! {
        <details class="visit-details" data-testid="stats">
            <summary>{say(Key::VisitDetails)}</summary>
            <p data-testid="stats-link">
                {part(move || call.stats.with(|stats| crate::tr!(Key::VisitDetailsLink, rtt = milliseconds(stats.rtt_ms), loss = percent(stats.loss_sent))))}
            </p>
            {part(move || call.view.with(|view| (!view.captions_offered).then(|| view! { <p class="hint" data-testid="captions-not-here">{say(Key::CaptionsNotHere)}</p> })))}
            <SealedFrames call/>
            <Received call/>
            <Sent call/>
        </details>
    }
}

#[component]
fn Received(call: LiveCall) -> impl IntoView {
    let rows = move || {
        call.view.with(|view| {
            call.stats.with(|stats| {
                let bound = stats.inbound.iter().filter_map(|line| received(view, line));
                bound.collect_view()
            })
        })
    };
    view! {
        <table>
            <caption>{say(Key::VisitDetailsReceived)}</caption>
            <thead>
                <tr>
                    <th scope="col">{say(Key::VisitDetailsWho)}</th>
                    <th scope="col">{say(Key::VisitDetailsPackets)}</th>
                    <th scope="col">{say(Key::VisitDetailsLost)}</th>
                    <th scope="col">{say(Key::VisitDetailsFrames)}</th>
                    <th scope="col">{say(Key::VisitDetailsSize)}</th>
                    <th scope="col">{say(Key::VisitDetailsEnergy)}</th>
                    <th scope="col">{say(Key::VisitDetailsCodec)}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn received(view: &CallView, line: &InboundStats) -> Option<impl IntoView + use<>> {
    let slot = view.slots.iter().find(|slot| slot.mid == line.mid)?;
    let person = view.others.iter().find(|one| one.id == slot.participant)?;
    Some(view! {
        <tr
            data-testid="stats-in"
            data-role=words::role_code(person.role)
            data-source=words::source_code(slot.source)
            data-frames=line.frames_decoded.to_string()
            data-packets=line.packets.to_string()
            data-bytes=line.bytes.to_string()
            data-energy=line.audio_energy.to_string()
        >
            <th scope="row">{format!("{} ({})", person.name, words::source_code(slot.source))}</th>
            <td>{line.packets}</td>
            <td>{line.lost}</td>
            <td>{line.frames_decoded}</td>
            <td>{size(line.width_px, line.height_px)}</td>
            <td>{format!("{:.3}", line.audio_energy)}</td>
            <td>{line.codec.clone()}</td>
        </tr>
    })
}

#[component]
fn Sent(call: LiveCall) -> impl IntoView {
    let rows = move || {
        call.stats
            .with(|stats: &StatsReport| stats.outbound.iter().map(sent).collect_view())
    };
    view! {
        <table>
            <caption>{say(Key::VisitDetailsSent)}</caption>
            <thead>
                <tr>
                    <th scope="col">{say(Key::VisitDetailsWho)}</th>
                    <th scope="col">{say(Key::VisitDetailsPackets)}</th>
                    <th scope="col">{say(Key::VisitDetailsFrames)}</th>
                    <th scope="col">{say(Key::VisitDetailsSize)}</th>
                    <th scope="col">{say(Key::VisitDetailsCodec)}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn sent(line: &OutboundStats) -> impl IntoView + use<> {
    let kind = if line.video { "video" } else { "audio" };
    view! {
        <tr
            data-testid="stats-out"
            data-kind=kind
            data-rid=line.rid.clone()
            data-frames=line.frames_encoded.to_string()
            data-packets=line.packets.to_string()
            data-bytes=line.bytes.to_string()
        >
            <th scope="row">{format!("{kind} {}", line.rid)}</th>
            <td>{line.packets}</td>
            <td>{line.frames_encoded}</td>
            <td>{size(line.width_px, line.height_px)}</td>
            <td>{line.codec.clone()}</td>
        </tr>
    }
}

fn size(width_px: u64, height_px: u64) -> String {
    if height_px == 0 {
        String::new()
    } else {
        format!("{width_px} × {height_px}")
    }
}

fn milliseconds(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.0}"))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1}", share * 100.0))
}
