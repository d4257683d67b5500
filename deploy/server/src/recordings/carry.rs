//! From a room's lane into a recorder, on a thread of its own.

use std::collections::VecDeque;

use recordings_writer::{Recorder, RecorderEvent, Refused, StopReason, Tap};
use sfu_net::TapEvent;
use signaling_server::person_of;
use tokio::sync::mpsc;

/// Events other than packets that a slow recorder owes: those of one tick. More than these are
/// dropped, the oldest first; a pause holds without being taken.
const OWED_MAX: usize = 256;

/// Carries until the room has let go of its lane or the recorder has given up. Blocks.
///
/// # Errors
/// The recorder has given up; the room was told.
pub(super) fn carry(
    mut events: mpsc::Receiver<TapEvent>,
    recorder: Recorder,
    news: &mpsc::Sender<RecorderEvent>,
) -> Result<(), StopReason> {
    let tap = recorder.tap();
    let mut owed = VecDeque::new();
    while let Some(event) = events.blocking_recv() {
        let goes_on = offer(&tap, &mut owed, of_person(event));
        tell(&recorder, news);
        if !goes_on {
            break;
        }
    }
    drop(tap);
    recorder.end()
}

/// To a recording somebody's telephone and page are one person.
fn of_person(mut event: TapEvent) -> TapEvent {
    if let TapEvent::Opened { person, .. } = &mut event {
        person.0 = person_of(person.0);
    }
    event
}

fn tell(recorder: &Recorder, news: &mpsc::Sender<RecorderEvent>) {
    while let Some(event) = recorder.next_event() {
        match event {
            // It is asked for again.
            RecorderEvent::KeyFrame(_) => drop(news.try_send(event)),
            RecorderEvent::Stopped(_) => drop(news.blocking_send(event)),
        }
    }
}

/// False when the recorder takes nothing more.
fn offer(tap: &Tap, owed: &mut VecDeque<TapEvent>, event: TapEvent) -> bool {
    while let Some(first) = owed.front() {
        match tap.offer(first.clone()) {
            Ok(()) | Err(Refused::Paused) => drop(owed.pop_front()),
            Err(Refused::Full) => break,
            Err(Refused::Ended) => return false,
        }
    }
    let is_packet = matches!(event, TapEvent::Packet(_));
    if !owed.is_empty() && !is_packet {
        // Holds from now on, whatever waits.
        if matches!(event, TapEvent::Paused { .. }) {
            let _ = tap.offer(event.clone());
        }
        owe(owed, event);
        return true;
    }
    match tap.offer(event.clone()) {
        Err(Refused::Ended) => false,
        Err(Refused::Full) if !is_packet => {
            owe(owed, event);
            true
        }
        Ok(()) | Err(Refused::Full | Refused::Paused) => true,
    }
}

fn owe(owed: &mut VecDeque<TapEvent>, event: TapEvent) {
    if owed.len() >= OWED_MAX {
        owed.pop_front();
    }
    owed.push_back(event);
}
