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

/// One call with all that belongs to it.
struct Talk {
    line: Line,
    conversation: Conversation,
    sound: mpsc::Receiver<SoundEvent>,
    watch: Option<Watch>,
    stop: CancellationToken,
}

/// Follows a call to its end.
pub(crate) async fn talk(
    line: Line,
    conversation: Conversation,
    sound: mpsc::Receiver<SoundEvent>,
    watch: Option<Watch>,
) -> Talked {
    let stop = line.stack.stop.clone();
    let mut talk = Talk {
        line,
        conversation,
        sound,
        watch,
        stop,
    };
    let now_us = talk.line.stack.door.now_us();
    let mut event = Event::Step(talk.conversation.pump(now_us, &*talk.line.media.leg));
    let (why, by_us) = loop {
        match talk.take(event) {
            Taken::Next(next) => event = next,
            Taken::Wait => event = talk.next().await,
            Taken::End { why, by_us } => break (why, by_us),
        }
    };
    let mut line = talk.line;
    if by_us {
        line.hang_up();
    }
    tracing::info!(by_us, ?why, "a call has ended");
    let now_us = line.stack.door.now_us();
    Talked {
        call: line.ended(now_us),
    }
}

enum Taken {
    Next(Event),
    Wait,
    End { why: Option<HangUp>, by_us: bool },
}

impl Talk {
    fn take(&mut self, event: Event) -> Taken {
        let now_us = self.line.stack.door.now_us();
        let leg = &*self.line.media.leg;
        match event {
            Event::Step(Step::Go) | Event::Heard(Heard::Nothing) => Taken::Wait,
            Event::Step(Step::End(why)) => Taken::End {
                why: Some(why),
                by_us: true,
            },
            Event::Step(step) => {
                if let Some(watch) = &self.watch {
                    // There are two steps, and place for more.
                    let _ = watch.steps.try_send(step);
                }
                if step == Step::Confirmed {
                    Taken::Next(Event::Step(self.conversation.pump(now_us, leg)))
                } else {
                    Taken::End {
                        why: None,
                        by_us: true,
                    }
                }
            }
            Event::Heard(Heard::Key(digit)) => {
                Taken::Next(Event::Step(self.conversation.pressed(now_us, leg, digit)))
            }
            Event::Heard(Heard::Held(on)) => {
                self.conversation.held(leg, on);
                Taken::Wait
            }
            Event::Heard(Heard::Over) => Taken::End {
                why: None,
                by_us: false,
            },
            Event::End => Taken::End {
                why: None,
                by_us: true,
            },
        }
    }

    fn due(&self) -> Instant {
        let watched = self.watch.as_ref().map(|watch| watch.until_us);
        let all = [self.line.due_us(), self.conversation.due_us(), watched];
        self.line
            .stack
            .door
            .instant(all.into_iter().flatten().min())
    }

    fn timeout(&mut self) -> Event {
        let now_us = self.line.stack.door.now_us();
        if self
            .watch
            .as_ref()
            .is_some_and(|watch| watch.until_us <= now_us)
        {
            return Event::End;
        }
        match self.line.timeout(now_us) {
            Heard::Over => Event::End,
            _ => Event::Step(self.conversation.timeout(now_us, &*self.line.media.leg)),
        }
    }

    fn sounded(&mut self, came: Option<SoundEvent>) -> Event {
        match came {
            Some(SoundEvent::Pressed(digit)) if self.line.takes_key(KeyWay::Sound) => {
                Event::Heard(Heard::Key(digit))
            }
            Some(SoundEvent::Pressed(_) | SoundEvent::Heard) => Event::Heard(Heard::Nothing),
            Some(SoundEvent::Played(id)) => Event::Step(self.conversation.played(id)),
            Some(SoundEvent::Silent | SoundEvent::Gone) | None => Event::End,
        }
    }

    async fn next(&mut self) -> Event {
        if let Some(request) = self.line.ready() {
            let now_us = self.line.stack.door.now_us();
            return Event::Heard(self.line.handle(now_us, request).await);
        }
        let due = self.due();
        tokio::select! {
            request = self.line.requests.recv() => match request {
                Some(request) => {
                    let now_us = self.line.stack.door.now_us();
                    Event::Heard(self.line.handle(now_us, request).await)
                }
                None => Event::End,
            },
            wire = self.line.wires.recv() => {
                let now_us = self.line.stack.door.now_us();
                match wire.map(|wire| self.line.wired(now_us, wire)) {
                    // The other side may not know yet.
                    Some(Heard::Over) | None => Event::End,
                    Some(heard) => Event::Heard(heard),
                }
            }
            came = self.sound.recv() => self.sounded(came),
            news = next_news(&mut self.conversation.news) => {
                let now_us = self.line.stack.door.now_us();
                Event::Step(self.conversation.room(now_us, &*self.line.media.leg, news))
            }
            Some(done) = self.conversation.work.join_next() => {
                let now_us = self.line.stack.door.now_us();
                // A task that was ended by a fault of its own counts as a clinic that is silent.
                let done = done.unwrap_or(Done::Told);
                Event::Step(self.conversation.done(now_us, &*self.line.media.leg, done))
            }
            () = sleep_until(due) => self.timeout(),
            () = hung_up(self.watch.as_mut()) => Event::End,
            () = self.stop.cancelled() => Event::End,
        }
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
