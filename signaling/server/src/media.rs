//! One room's side of the media server: the only user of [`SfuHandle`].

use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::collections::VecDeque;

use sfu_net::{
    ConnectError, ConnectRequest, ConnectionKey, Mode, RefusedOffer, RoomKey, SfuHandle, Stopped,
    TapEvent, TapKind, TapOrder,
};
use signaling_protocol::{ErrorCode, ParticipantId, Purpose, RoomId, Sdp, TextError};
use signaling_session::{Input, MediaCommand, OfferRefusal, Orphan, PhoneCommand, TapCommand};
use tokio::sync::mpsc;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::clinic::Recorder;
use crate::translate::{
    grants_of, is_phone, orphan, participant_key, phone_key, rank_of, room_key, source_set, to_sfu,
    turned,
};

/// How long the media server may take for one command.
const COMMAND_MAX: Duration = Duration::from_secs(5);

type Running = Pin<Box<dyn Future<Output = Option<Input>> + Send>>;

/// The commands of one room, one after the other. The queue is bounded by the room's size: of each
/// person it holds at most the newest sources and sizes after each connect or disconnect, and the
/// room has one connect of a person at a time.
pub(crate) struct Media {
    room: RoomKey,
    mode: Mode,
    sfu: SfuHandle,
    queue: VecDeque<MediaCommand>,
    running: Option<Running>,
    /// The ends of a recorder and a scribe that the media server has not got yet.
    recorder: Option<mpsc::Sender<TapEvent>>,
    scribe: Option<mpsc::Sender<TapEvent>>,
}

impl Media {
    pub(crate) fn new(room: RoomId, mode: Mode, sfu: SfuHandle) -> Self {
        Self {
            room: room_key(room),
            mode,
            sfu,
            queue: VecDeque::new(),
            running: None,
            recorder: None,
            scribe: None,
        }
    }

    /// Keeps the end of a recorder or a scribe for its next [`TapCommand::Run`].
    pub(crate) fn hold(&mut self, (purpose, recorder): Recorder) {
        *self.held(purpose) = Some(recorder);
    }

    const fn held(&mut self, purpose: Purpose) -> &mut Option<mpsc::Sender<TapEvent>> {
        match purpose {
            Purpose::Recording => &mut self.recorder,
            Purpose::Captions => &mut self.scribe,
        }
    }

    /// Queues a command; a newer state replaces an older one that still waits.
    pub(crate) fn tell(&mut self, command: MediaCommand) {
        match &command {
            // What a recorder is told is not about connections: it still has to end.
            MediaCommand::CloseRoom => {
                self.queue
                    .retain(|waiting| matches!(waiting, MediaCommand::Tap(..)));
            }
            MediaCommand::SetSources { .. }
            | MediaCommand::SetGrants { .. }
            | MediaCommand::SetView { .. } => {
                let replaced = self
                    .queue
                    .iter()
                    .enumerate()
                    .rev()
                    .take_while(|(_, waiting)| !is_border(waiting, &command))
                    .find(|(_, waiting)| is_same_state(waiting, &command))
                    .map(|(at, _)| at);
                if let Some(waiting) = replaced.and_then(|at| self.queue.get_mut(at)) {
                    *waiting = command;
                    return;
                }
            }
            // Each of these is for another call than the one before; there are few.
            MediaCommand::Phone(_)
            | MediaCommand::Connect { .. }
            | MediaCommand::Disconnect { .. }
            | MediaCommand::Tap(..) => {}
        }
        self.queue.push_back(command);
    }

    /// The next answer that the room waits for; never returns while there is nothing to do. May be
    /// called again after a drop.
    pub(crate) async fn next(&mut self) -> Input {
        loop {
            if let Some(input) = self.step().await {
                return input;
            }
            if self.is_idle() {
                return core::future::pending().await;
            }
        }
    }

    /// Carries out what waits, when nobody waits for the answers any more.
    pub(crate) async fn finish(&mut self) {
        while !self.is_idle() {
            let _unheard = self.step().await;
        }
    }

    fn is_idle(&self) -> bool {
        self.running.is_none() && self.queue.is_empty()
    }

    async fn step(&mut self) -> Option<Input> {
        if self.running.is_none()
            && let Some(command) = self.queue.pop_front()
        {
            let (sfu, room, mode) = (self.sfu.clone(), self.room, self.mode);
            self.running = Some(match command {
                MediaCommand::Tap(purpose, command) => {
                    let recorder = match command {
                        TapCommand::Run | TapCommand::Close => self.held(purpose).take(),
                        TapCommand::Pause | TapCommand::Say { .. } => None,
                    };
                    Box::pin(tap(sfu, (room, tap_kind(purpose)), command, recorder))
                }
                command => Box::pin(carry_out(sfu, room, mode, command)),
            });
        }
        let running = self.running.as_mut()?;
        let answer = running.await;
        self.running = None;
        answer
    }
}

/// The connections of a room that outlived the task which knew them.
pub(crate) async fn orphans(sfu: &SfuHandle, room: RoomId) -> Vec<Orphan> {
    // A media server that does not answer in time keeps nobody waiting: people connect anew.
    let live = timeout(COMMAND_MAX, sfu.live(room_key(room))).await;
    let live = live.unwrap_or_default();
    // A telephone's connection is its bridge's, which ends it with the call.
    let pages = live.into_iter().filter(|live| !is_phone(live.participant));
    pages.map(orphan).collect()
}

/// A state must not move over a connect or disconnect of the same person.
fn is_border(waiting: &MediaCommand, new: &MediaCommand) -> bool {
    matches!(
        waiting,
        MediaCommand::Connect { .. } | MediaCommand::Disconnect { .. }
    ) && subject(waiting) == subject(new)
}

fn is_same_state(waiting: &MediaCommand, new: &MediaCommand) -> bool {
    core::mem::discriminant(waiting) == core::mem::discriminant(new)
        && subject(waiting) == subject(new)
}

fn subject(command: &MediaCommand) -> Option<ParticipantId> {
    match command {
        MediaCommand::Connect { participant, .. }
        | MediaCommand::SetSources { participant, .. }
        | MediaCommand::SetGrants { participant, .. }
        | MediaCommand::SetView { participant, .. }
        | MediaCommand::Disconnect { participant } => Some(*participant),
        MediaCommand::Phone(_) | MediaCommand::Tap(..) | MediaCommand::CloseRoom => None,
    }
}

async fn carry_out(
    sfu: SfuHandle,
    room: RoomKey,
    mode: Mode,
    command: MediaCommand,
) -> Option<Input> {
    let told = match command {
        MediaCommand::Connect {
            participant,
            connection,
            offer_no,
            sdp,
            sources,
            on,
            grants,
            role,
        } => {
            let request = ConnectRequest {
                room,
                participant: participant_key(participant),
                connection: ConnectionKey(connection.as_uuid().as_u128()),
                mode,
                offer_sdp: sdp.into(),
                sources: sources
                    .into_iter()
                    .map(|source| sfu_net::SourceMid {
                        mid: source.mid,
                        source: to_sfu(source.source),
                    })
                    .collect(),
                on: source_set(on),
                rank: rank_of(role),
                grants: grants_of(grants),
            };
            let result = connect(&sfu, request).await;
            return Some(Input::Answered {
                participant,
                connection,
                offer_no,
                result,
            });
        }
        MediaCommand::SetSources { participant, on } => {
            let participant = participant_key(participant);
            insist(|| sfu.set_sources(room, participant, source_set(on))).await
        }
        MediaCommand::SetGrants {
            participant,
            grants,
        } => {
            let participant = participant_key(participant);
            insist(|| sfu.set_grants(room, participant, grants_of(grants))).await
        }
        MediaCommand::SetView {
            participant,
            slots,
            pinned,
        } => {
            let slots = slots
                .into_iter()
                .map(|slot| sfu_net::SlotView {
                    mid: slot.mid,
                    height_px: slot.height_px,
                })
                .collect();
            let pinned = pinned.map(participant_key);
            let set = sfu.set_view(room, participant_key(participant), slots, pinned);
            timeout(COMMAND_MAX, set).await
        }
        MediaCommand::Disconnect { participant } => {
            let participant = participant_key(participant);
            insist(|| sfu.disconnect(room, participant)).await
        }
        MediaCommand::CloseRoom => insist(|| sfu.close_room(room)).await,
        MediaCommand::Phone(command) => phone(&sfu, room, command).await,
        // Has a way of its own.
        MediaCommand::Tap(..) => return None,
    };
    if !matches!(told, Ok(Ok(()))) {
        complain();
    }
    None
}

/// What becomes of a telephone's sound. Its bridge seats it, with what [`crate::PhoneNews::Admitted`]
/// says; here the media server is told what holds whatever the bridge does.
async fn phone(
    sfu: &SfuHandle,
    room: RoomKey,
    command: PhoneCommand,
) -> Result<Result<(), Stopped>, Elapsed> {
    match command {
        PhoneCommand::Seat { .. } => Ok(Ok(())),
        PhoneCommand::Turn { participant, sound } => {
            let key = phone_key(participant);
            let (on, grants) = turned(sound);
            match insist(|| sfu.set_sources(room, key, on)).await {
                Ok(Ok(())) => insist(|| sfu.set_grants(room, key, grants)).await,
                failed => failed,
            }
        }
        PhoneCommand::Drop { participant } => {
            let key = phone_key(participant);
            insist(|| sfu.disconnect(room, key)).await
        }
    }
}

const fn tap_kind(purpose: Purpose) -> TapKind {
    match purpose {
        Purpose::Recording => TapKind::Recorder,
        Purpose::Captions => TapKind::Scribe,
    }
}

/// Tells what the recorder or the scribe gets; insists, because what nobody agreed to must not be kept.
async fn tap(
    sfu: SfuHandle,
    (room, kind): (RoomKey, TapKind),
    command: TapCommand,
    recorder: Option<mpsc::Sender<TapEvent>>,
) -> Option<Input> {
    if command == TapCommand::Run
        && let Some(recorder) = recorder
        && !matches!(
            insist(|| sfu.open_tap(room, kind, recorder.clone())).await,
            Ok(Ok(()))
        )
    {
        complain();
        return None;
    }
    let order = match command {
        TapCommand::Run => TapOrder::Run,
        TapCommand::Pause => TapOrder::Pause,
        TapCommand::Say { text } => TapOrder::Say(text),
        TapCommand::Close => TapOrder::Close,
    };
    if !matches!(
        insist(|| sfu.tap(room, kind, order.clone())).await,
        Ok(Ok(()))
    ) {
        complain();
    }
    None
}

/// Tells the media server until it listens or has stopped: whoever was taken out or muted must not
/// go on being seen or heard because it was busy at that moment.
async fn insist<F>(tell: impl Fn() -> F) -> Result<Result<(), Stopped>, Elapsed>
where
    F: Future<Output = Result<(), Stopped>>,
{
    loop {
        if let Ok(told) = timeout(COMMAND_MAX, tell()).await {
            return Ok(told);
        }
        complain();
    }
}

fn complain() {
    metrics::counter!("signal_media_failures_total").increment(1);
    tracing::warn!("the media server did not take a command");
}

async fn connect(sfu: &SfuHandle, request: ConnectRequest) -> Result<Sdp, OfferRefusal> {
    let refusal = |code, detail: String| OfferRefusal { code, detail };
    match timeout(COMMAND_MAX, sfu.connect(request)).await {
        Ok(Ok(answer)) => Sdp::try_from(answer).map_err(|error: TextError| {
            refusal(ErrorCode::Unavailable, format!("the answer: {error}"))
        }),
        Ok(Err(ConnectError::Refused(error))) => Err(refusal(code(&error), error.to_string())),
        Ok(Err(error @ ConnectError::Stopped)) => {
            Err(refusal(ErrorCode::Unavailable, error.to_string()))
        }
        Err(elapsed) => Err(refusal(ErrorCode::Unavailable, elapsed.to_string())),
    }
}

fn code(error: &RefusedOffer) -> ErrorCode {
    match error {
        RefusedOffer::RoomFull | RefusedOffer::ServerFull => ErrorCode::Full,
        RefusedOffer::EngineFailed => ErrorCode::Unavailable,
        RefusedOffer::OfferTooLarge { .. } => ErrorCode::TooLarge,
        RefusedOffer::BadOffer(_)
        | RefusedOffer::TooManyMedia { .. }
        | RefusedOffer::NoCommonCodec { .. }
        | RefusedOffer::BadSource { .. }
        | RefusedOffer::ModeMismatch => ErrorCode::BadOffer,
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_busy_media_server_is_told_again_and_one_that_stopped_is_not() {
        let told = Cell::new(0);
        let busy_once = || {
            told.set(told.get() + 1);
            let first = told.get() == 1;
            async move {
                if first {
                    core::future::pending::<()>().await;
                }
                Ok(())
            }
        };
        assert!(matches!(insist(busy_once).await, Ok(Ok(()))));
        assert_eq!(told.get(), 2);
        let stopped = insist(|| core::future::ready(Err(Stopped))).await;
        assert!(matches!(stopped, Ok(Err(Stopped))));
    }
}
