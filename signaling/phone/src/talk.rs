//! One answered call: its line, its conversation and its sound, until one of them ends.

use std::time::Duration;

use signaling_sip::{Call, HangUp};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::conversation::{Conversation, Done, Step};
use crate::line::{Heard, KeyWay, Line};
use crate::ports::{RoomNews, SoundEvent};

/// What a dialled call has besides: how it ends early, and whom it tells.
pub(crate) struct Watch {
    /// Whoever called wants it to end.
    pub(crate) hang_up: CancellationToken,
    /// Until when it may last, in microseconds.
    pub(crate) until_us: i64,
    /// Told what became of the question to press 1.
    pub(crate) steps: mpsc::Sender<Step>,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Talked {
    /// Where it stands at the end.
    pub(crate) call: Call,
}

enum Event {
    Step(Step),
    Heard(Heard),
    End,
}

/// Follows a call to its end.
pub(crate) async fn talk(
    mut line: Line,
    mut conversation: Conversation,
    mut sound: mpsc::Receiver<SoundEvent>,
    mut watch: Option<Watch>,
) -> Talked {
    let stop = line.stack.stop.clone();
    let mut why: Option<HangUp> = None;
    let mut by_us = true;
    let mut event = Event::Step(conversation.pump(line.stack.door.now_us(), &*line.media.leg));
    loop {
        match event {
            Event::Step(Step::Go) | Event::Heard(Heard::Nothing) => {}
            Event::Step(Step::End(hang_up)) => {
                why = Some(hang_up);
                break;
            }
            Event::Step(step) => {
                if let Some(watch) = &watch {
                    let _ = watch.steps.try_send(step);
                }
                if step != Step::Confirmed {
                    break;
                }
                let now_us = line.stack.door.now_us();
                event = Event::Step(conversation.pump(now_us, &*line.media.leg));
                continue;
            }
            Event::Heard(Heard::Key(digit)) => {
                let now_us = line.stack.door.now_us();
                event = Event::Step(conversation.pressed(now_us, &*line.media.leg, digit));
                continue;
            }
            Event::Heard(Heard::Held(on)) => conversation.held(&*line.media.leg, on),
            Event::Heard(Heard::Over) => {
                by_us = false;
                break;
            }
            Event::End => break,
        }
        let due_us = [
            line.due_us(),
            conversation.due_us(),
            watch.as_ref().map(|watch| watch.until_us),
        ];
        let due = line.stack.door.instant(due_us.into_iter().flatten().min());
        event = tokio::select! {
            request = line.requests.recv() => match request {
                Some(request) => {
                    let now_us = line.stack.door.now_us();
                    Event::Heard(line.handle(now_us, request).await)
                }
                None => Event::End,
            },
            wire = line.wires.recv() => match wire {
                Some(wire) => match line.wired(line.stack.door.now_us(), wire) {
                    // The other side may not know yet.
                    Heard::Over => Event::End,
                    heard => Event::Heard(heard),
                },
                None => Event::End,
            },
            came = sound.recv() => match came {
                Some(SoundEvent::Pressed(digit)) if line.takes_key(KeyWay::Sound) => {
                    Event::Heard(Heard::Key(digit))
                }
                Some(SoundEvent::Pressed(_) | SoundEvent::Heard) => Event::Heard(Heard::Nothing),
                Some(SoundEvent::Played(id)) => Event::Step(conversation.played(id)),
                Some(SoundEvent::Silent | SoundEvent::Gone) | None => Event::End,
            },
            news = next_news(&mut conversation.news) => {
                let now_us = line.stack.door.now_us();
                Event::Step(conversation.room(now_us, &*line.media.leg, news))
            }
            Some(done) = conversation.work.join_next() => {
                let now_us = line.stack.door.now_us();
                // A task that was ended by a fault of its own counts as a clinic that is silent.
                let done = done.unwrap_or(Done::Told);
                Event::Step(conversation.done(now_us, &*line.media.leg, done))
            }
            () = sleep_until(due) => {
                let now_us = line.stack.door.now_us();
                if watch.as_ref().is_some_and(|watch| watch.until_us <= now_us) {
                    Event::End
                } else {
                    match line.timeout(now_us) {
                        Heard::Over => Event::End,
                        _ => Event::Step(conversation.timeout(now_us, &*line.media.leg)),
                    }
                }
            }
            () = hung_up(watch.as_mut()) => Event::End,
            () = stop.cancelled() => Event::End,
        };
    }
    if by_us {
        line.hang_up();
    }
    tracing::info!(by_us, ?why, "a call has ended");
    let now_us = line.stack.door.now_us();
    Talked {
        call: line.ended(now_us),
    }
}

async fn next_news(news: &mut Option<mpsc::Receiver<RoomNews>>) -> Option<RoomNews> {
    match news {
        Some(news) => news.recv().await,
        None => core::future::pending().await,
    }
}

async fn hung_up(watch: Option<&mut Watch>) {
    match watch {
        Some(watch) => watch.hang_up.cancelled().await,
        None => core::future::pending().await,
    }
}

/// A day: nothing waits longer.
pub(crate) const LONG: Duration = Duration::from_secs(86_400);

impl crate::door::Door {
    /// The time of an event in microseconds, for waiting.
    pub(crate) fn instant(&self, at_us: Option<i64>) -> Instant {
        let now = Instant::now();
        let wait = at_us.map_or(LONG, |at_us| {
            let left = at_us.saturating_sub(self.now_us()).max(0);
            Duration::from_micros(u64::try_from(left).unwrap_or(0))
        });
        now.checked_add(wait.min(LONG)).unwrap_or(now)
    }
}
