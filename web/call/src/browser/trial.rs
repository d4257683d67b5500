//! Runs a connection test through the server: own sound and picture come back as an echo.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;

use super::clock::now_ms;
use super::devices::LocalMedia;
use super::session::{CallSession, Hooks, TicketFuture};
use super::stats::StatsReport;
use crate::machine::{CallView, MediaState, Phase, SlotCount};
use crate::trial::{Reach, Trial, TrialFacts, Verdict};

/// How often the facts are looked at.
const LOOK_MS: u32 = 250;

#[derive(Default)]
struct Seen {
    view: Option<CallView>,
    stats: StatsReport,
}

/// Tests the way to the server with the devices that are open, and says how it is; nothing when it
/// is no longer wanted.
pub async fn run_trial(
    local: LocalMedia,
    ticket: impl Fn() -> TicketFuture + 'static,
    wanted: impl Fn() -> bool,
) -> Option<Verdict> {
    let sources = local.open_sources();
    let seen = Rc::new(RefCell::new(Seen::default()));
    let (to_view, to_stats) = (Rc::clone(&seen), Rc::clone(&seen));
    let hooks = Hooks {
        ticket: Box::new(ticket),
        view: Box::new(move |view| to_view.borrow_mut().view = Some(view)),
        notice: Box::new(|_| {}),
        stats: Box::new(move |stats| to_stats.borrow_mut().stats = stats),
        sound_blocked: Box::new(|| {}),
        secrecy: Box::new(|_| {}),
        devices: Box::new(|| {}),
        ended: Box::new(|_| {}),
    };
    let begun = now_ms();
    let slots = SlotCount { audio: 1, video: 1 };
    // Hearing oneself would howl, so the echo of the microphone is counted and not played.
    let session = CallSession::start_silent(local, sources, slots, hooks);
    loop {
        TimeoutFuture::new(LOOK_MS).await;
        if !wanted() {
            session.leave_quietly();
            return None;
        }
        session.measure_now();
        let facts = facts(&seen.borrow(), now_ms().saturating_sub(begun));
        let facts = TrialFacts {
            microphone: sources.microphone,
            camera: sources.camera,
            ..facts
        };
        if let Some(verdict) = Trial::judge(&facts) {
            session.leave_quietly();
            return Some(verdict);
        }
    }
}

fn facts(seen: &Seen, elapsed_ms: u64) -> TrialFacts {
    let phase = seen.view.as_ref().map_or(Phase::Idle, |view| view.phase);
    let greeted = seen.view.as_ref().is_some_and(|view| view.me.is_some());
    let flowing = seen
        .view
        .as_ref()
        .is_some_and(|view| view.media == MediaState::Flowing);
    let reach = match (greeted, flowing) {
        (_, true) => Reach::Media,
        (true, false) => Reach::Server,
        (false, false) => Reach::Nothing,
    };
    let sum = |video: bool, read: fn(&super::stats::InboundStats) -> u64| {
        let lines = seen.stats.inbound.iter().filter(|line| line.video == video);
        lines.map(read).sum()
    };
    TrialFacts {
        elapsed_ms,
        reach,
        over: matches!(phase, Phase::Over(_)),
        microphone: false,
        camera: false,
        audio_packets: sum(false, |line| line.packets),
        frames: sum(true, |line| line.frames_decoded),
        rtt_ms: seen.stats.rtt_ms,
        loss: seen.stats.loss_sent,
    }
}
