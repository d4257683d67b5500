//! One room's questions to the clinic, one after the other.

use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use sfu_net::TapEvent;
use signaling_protocol::{ParticipantId, Purpose, RoomId};
use signaling_session::{ChatPost, Input, Legacy, RequestId, StoreFailed, VisitEvent};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::{Instrument as _, Span};

use crate::port::{PortError, SaidLine, VisitPort};

/// How long the clinic may take for one answer. Pages promise people an answer within three seconds.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(3);
/// Questions that may wait. Beyond it those that somebody waits for fail at once, others are
/// dropped and counted: the clinic's store hangs, and memory must not follow it.
const QUEUE_MAX: usize = 256;

/// One question.
#[derive(Debug)]
pub(crate) enum Job {
    /// Store a message.
    Chat { request: RequestId, post: ChatPost },
    /// Store a read mark.
    Mark {
        participant: ParticipantId,
        seq: u64,
    },
    /// Prepare a recorder or a scribe.
    OpenRecorder {
        purpose: Purpose,
        request: RequestId,
    },
    /// Keep what was said.
    Caption(SaidLine),
    /// Call somebody's telephone, or stop.
    CallBack {
        participant: ParticipantId,
        ring: bool,
    },
    /// Keep how the room is.
    Keep { request: RequestId, legacy: Legacy },
    /// Record an event.
    Record {
        request: Option<RequestId>,
        event: VisitEvent,
    },
}

/// An input for the room, and the recorder's end if one was prepared.
type Answered = (Option<Input>, Option<Recorder>);
/// Where a recorder or a scribe is told what flows.
pub(crate) type Recorder = (Purpose, mpsc::Sender<TapEvent>);
type Answer = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// The questions of one room in their order.
pub(crate) struct Clinic<P> {
    room: RoomId,
    port: Arc<P>,
    /// Each in the trace of whoever made the room ask.
    queue: VecDeque<(Job, Span)>,
    running: Option<Answer>,
    recorder: Option<Recorder>,
}

impl<P: VisitPort> Clinic<P> {
    pub(crate) fn new(room: RoomId, port: Arc<P>) -> Self {
        Self {
            room,
            port,
            queue: VecDeque::new(),
            running: None,
            recorder: None,
        }
    }

    /// The end of the recorder that was prepared last, once.
    pub(crate) fn take_recorder(&mut self) -> Option<Recorder> {
        self.recorder.take()
    }

    /// Queues a question. When there are too many, gives back the answer that it failed.
    pub(crate) fn ask(&mut self, job: Job) -> Option<Input> {
        if let Job::Mark { participant, seq } = job
            && let Some(newer) = self
                .queue
                .iter_mut()
                .find_map(|(waiting, _)| match waiting {
                    Job::Mark {
                        participant: of,
                        seq,
                    } if *of == participant => Some(seq),
                    _ => None,
                })
        {
            *newer = seq;
            return None;
        }
        if self.queue.len() < QUEUE_MAX {
            self.queue.push_back((job, Span::current()));
            return None;
        }
        metrics::counter!("signal_clinic_dropped_total").increment(1);
        failure(&job)
    }

    /// The next answer that a room waits for; never returns while there is nothing to do. May be
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
            && let Some((job, span)) = self.queue.pop_front()
        {
            let port = Arc::clone(&self.port);
            let answer = carry_out(port, self.room, job).instrument(span);
            self.running = Some(Box::pin(answer));
        }
        let running = self.running.as_mut()?;
        let (answer, recorder) = running.await;
        self.running = None;
        if recorder.is_some() {
            self.recorder = recorder;
        }
        answer
    }
}

async fn carry_out<P: VisitPort>(port: Arc<P>, room: RoomId, job: Job) -> Answered {
    let failed = failure(&job);
    let input = match job {
        Job::Chat { request, post } => {
            let stored = within("append_chat", port.append_chat(room, post)).await;
            stored.map_or(failed, |message| {
                Some(Input::Stored {
                    request,
                    result: Ok(message),
                })
            })
        }
        Job::Mark { participant, seq } => {
            within("mark_read", port.mark_read(room, participant, seq)).await;
            None
        }
        Job::Record { request, event } => {
            let recorded = within("record", port.record(room, event)).await;
            if recorded.is_none() {
                return (failed, None);
            }
            count(event);
            request.map(|request| Input::Recorded {
                request,
                result: Ok(()),
            })
        }
        Job::Keep { request, legacy } => {
            let kept = within("keep_legacy", port.keep_legacy(room, legacy)).await;
            kept.map_or(failed, |()| {
                Some(Input::Kept {
                    request,
                    result: Ok(()),
                })
            })
        }
        Job::CallBack { participant, ring } => {
            let told = within("call_back", port.call_back(room, participant, ring)).await;
            return (failed.filter(|_| told.is_none()), None);
        }
        Job::Caption(line) => {
            within("keep_caption", port.keep_caption(room, line)).await;
            None
        }
        Job::OpenRecorder { purpose, request } => {
            let opened = match purpose {
                Purpose::Recording => within("open_recorder", port.open_recorder(room)).await,
                Purpose::Captions => within("open_scribe", port.open_scribe(room)).await,
            };
            let Some(recorder) = opened else {
                return (failed, None);
            };
            let input = Input::RecorderOpened {
                purpose,
                request,
                result: Ok(()),
            };
            return (Some(input), Some((purpose, recorder)));
        }
    };
    (input, None)
}

/// What the room is told when the clinic could not do it.
fn failure(job: &Job) -> Option<Input> {
    match job {
        Job::Chat { request, .. } => Some(Input::Stored {
            request: *request,
            result: Err(StoreFailed),
        }),
        Job::Record { request, .. } => request.map(|request| Input::Recorded {
            request,
            result: Err(StoreFailed),
        }),
        Job::Keep { request, .. } => Some(Input::Kept {
            request: *request,
            result: Err(StoreFailed),
        }),
        Job::OpenRecorder { purpose, request } => Some(Input::RecorderOpened {
            purpose: *purpose,
            request: *request,
            result: Err(StoreFailed),
        }),
        Job::CallBack { participant, ring } => {
            let participant = *participant;
            ring.then_some(Input::CallBackFailed { participant })
        }
        Job::Mark { .. } | Job::Caption(_) => None,
    }
}

/// Waits for the clinic, but not for long; says once what went wrong.
pub(crate) async fn within<T>(
    what: &'static str,
    call: impl Future<Output = Result<T, PortError>>,
) -> Option<T> {
    let cause = match timeout(ANSWER_MAX, call).await {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(error)) => core::error::Error::source(&error).map(ToString::to_string),
        Err(elapsed) => Some(elapsed.to_string()),
    };
    metrics::counter!("signal_clinic_failures_total", "call" => what).increment(1);
    let cause = cause.unwrap_or_default();
    tracing::warn!(call = what, cause, "the clinic did not answer signaling");
    None
}

fn count(event: VisitEvent) {
    let outcome = match event {
        VisitEvent::Admitted { .. } => "admitted",
        VisitEvent::Refused { .. } => "refused",
        VisitEvent::Removed { .. } => "removed",
        VisitEvent::Ended { .. } => "ended",
        VisitEvent::Arrived { .. }
        | VisitEvent::ByPhone { .. }
        | VisitEvent::CalledBack { .. }
        | VisitEvent::Started
        | VisitEvent::ConsentAsked { .. }
        | VisitEvent::ConsentGiven { .. }
        | VisitEvent::ConsentRefused { .. }
        | VisitEvent::ConsentOver { .. }
        | VisitEvent::Left { .. } => return,
    };
    metrics::counter!("signal_admissions_total", "outcome" => outcome).increment(1);
}
