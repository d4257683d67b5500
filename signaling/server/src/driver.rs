//! The task of one room: feeds its machine and carries out what it wants.

use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::SystemTime;

use sfu_net::Mode;
use signaling_protocol::{
    Bye, ErrorCode, IceServer, ParticipantId, Purpose, RoomId, ServerFrame, ServerMessage,
};
use signaling_session::{
    CloseReason, Input, MediaCommand, Output, Room, SocketId, Standing, TapCommand, TokenHash,
    VisitEvent,
};
use tokio::time::sleep_until;

use crate::clinic::{Clinic, Job, within};
use crate::clock::Clock;
use crate::cluster::{Nodes, Order};
use crate::directory::{Doorway, Mail};
use crate::link::encode;
use crate::media::{Media, orphans};
use crate::observer::Listing;
use crate::phone::Line;
use crate::port::{SaidLine, SpeakerName, VisitPort};
use crate::start::Shared;

/// Runs the room of a visit until it is over or has been empty for long.
pub(crate) async fn run_visit<P: VisitPort>(
    shared: Arc<Shared<P>>,
    room: RoomId,
    mut doorway: Doorway,
) {
    let Some(record) = within("load", shared.port.load(room)).await else {
        turn_away(&shared, room, &mut doorway).await;
        return;
    };
    let live = orphans(&shared.sfu, room).await;
    let now_us = shared.clock.steady_us();
    let machine = Room::visit(room, record, live, shared.limits, now_us);
    let listing = Some(shared.hub.list(room));
    let mut driver = Driver::new(&shared, machine, Mode::Room, listing);
    // Whoever agreed told a task that is no more.
    for purpose in Purpose::ALL {
        driver
            .media
            .tell(MediaCommand::Tap(purpose, TapCommand::Close));
    }
    if let Some(legacy) = shared.nodes.as_ref().and_then(|it| it.inheritance(room)) {
        driver.feed(Input::Inherit { legacy });
    }
    driver.run(&shared, &mut doorway).await;
}

/// Runs the private room of a connection test. Nobody else hears of it.
pub(crate) async fn run_test<P: VisitPort>(
    shared: Arc<Shared<P>>,
    room: RoomId,
    mut doorway: Doorway,
) {
    let now_us = shared.clock.steady_us();
    let machine = Room::connection_test(room, shared.limits, now_us);
    Driver::new(&shared, machine, Mode::Echo, None)
        .run(&shared, &mut doorway)
        .await;
}

/// The clinic does not say what the room is; everybody who is at the door may try again.
async fn turn_away<P: VisitPort>(shared: &Shared<P>, room: RoomId, doorway: &mut Doorway) {
    while !shared.directory.retire(room, &doorway.door) {
        let Some(mail) = doorway.mail.recv().await else {
            return;
        };
        if let Mail::Enter { line, .. } = mail {
            doorway.door.answered();
            let code = ErrorCode::Unavailable;
            let message = ServerMessage::Error {
                code,
                detail: "the room could not be loaded; try again".to_owned(),
            };
            line.close(&ServerFrame { seq: 1, message }, CloseReason::Refused(code));
        }
    }
}

struct Driver<P> {
    room: Room,
    clock: Clock,
    lines: HashMap<SocketId, Line>,
    clinic: Clinic<P>,
    media: Media,
    /// `None` in a connection test.
    listing: Option<Listing>,
    finished: bool,
    /// The other nodes, which sign for pages in a visit.
    nodes: Option<Arc<Nodes>>,
    /// While the room goes to another node: what is decided here has to be known there.
    heirs: Option<Arc<Nodes>>,
}

impl<P: VisitPort> Driver<P> {
    fn new(shared: &Shared<P>, room: Room, mode: Mode, listing: Option<Listing>) -> Self {
        let id = room.id();
        Self {
            room,
            clock: shared.clock.clone(),
            lines: HashMap::new(),
            clinic: Clinic::new(id, Arc::clone(&shared.port)),
            media: Media::new(id, mode, shared.sfu.clone()),
            listing,
            finished: false,
            nodes: shared.nodes.clone(),
            heirs: None,
        }
    }

    async fn run(mut self, shared: &Shared<P>, doorway: &mut Doorway) {
        while !(self.finished && shared.directory.retire(self.room.id(), &doorway.door)) {
            let due = self.room.poll_timeout();
            let timer = async {
                match due {
                    Some(at_us) => sleep_until(self.clock.instant(at_us)).await,
                    None => core::future::pending().await,
                }
            };
            let input = tokio::select! {
                mail = doorway.mail.recv() => match mail {
                    Some(Mail::Input(input)) => input,
                    Some(Mail::Said { input, span }) => {
                        span.in_scope(|| self.feed(input));
                        continue;
                    }
                    Some(Mail::Asked { token, knows }) => {
                        // Whoever asked may have gone.
                        let _ = knows.send(self.room.knows(&token));
                        continue;
                    }
                    Some(Mail::Move { nodes, patience }) => self.leave_to(nodes, patience),
                    Some(Mail::Enter { socket, entry, secret, line }) => {
                        doorway.door.answered();
                        self.finished = false;
                        self.lines.insert(socket, line);
                        Input::Enter { socket, entry, secret, relays: relays(shared) }
                    }
                    // Never: the doorway holds a door.
                    None => break,
                },
                input = self.clinic.next() => {
                    if let Some(recorder) = self.clinic.take_recorder() {
                        self.media.hold(recorder);
                    }
                    input
                }
                input = self.media.next() => input,
                () = timer => Input::Timeout,
            };
            self.feed(input);
        }
        drop(self.listing);
        self.clinic.finish().await;
        self.media.finish().await;
    }

    /// Another node has the room from here on, and shows it.
    fn leave_to(&mut self, nodes: Arc<Nodes>, patience: Duration) -> Input {
        self.listing = None;
        nodes.bequeath(self.room.id(), self.room.legacy());
        self.heirs = Some(nodes);
        let patience_us = i64::try_from(patience.as_micros()).unwrap_or(i64::MAX);
        Input::Move { patience_us }
    }

    /// Who is sent out while the room moves is sent out of both.
    fn tell_heirs(&self, event: VisitEvent) {
        let (Some(nodes), room) = (&self.heirs, self.room.id()) else {
            return;
        };
        let order = match event {
            VisitEvent::Ended { .. } => Order::Close {
                room,
                reason: Bye::Ended,
            },
            VisitEvent::Removed { participant, .. } => Order::Drop {
                room,
                participant,
                reason: Bye::Removed,
            },
            VisitEvent::Refused { participant, .. } => Order::Drop {
                room,
                participant,
                reason: Bye::Refused,
            },
            VisitEvent::Arrived { .. }
            | VisitEvent::Admitted { .. }
            | VisitEvent::Started
            | VisitEvent::ConsentAsked { .. }
            | VisitEvent::ConsentGiven { .. }
            | VisitEvent::ConsentRefused { .. }
            | VisitEvent::ConsentOver { .. }
            | VisitEvent::ByPhone { .. }
            | VisitEvent::CalledBack { .. }
            | VisitEvent::Left { .. } => return,
        };
        nodes.order(&order);
    }

    /// A failover ticket, while the room is this node's.
    fn vouch(&self, participant: ParticipantId, session: (TokenHash, Standing)) -> Option<Input> {
        let nodes = self.nodes.as_ref()?;
        let failover = nodes.vouch(self.room.id(), participant, session)?;
        Some(Input::Vouched {
            participant,
            failover,
        })
    }

    /// One input and everything that follows from it.
    fn feed(&mut self, input: Input) {
        if let Input::Lost { socket } = &input {
            self.lines.remove(socket);
        }
        // A socket is found slow once and a question is refused once, so this ends.
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.room.handle(self.clock.steady_us(), input);
            while let Some(output) = self.room.poll_output() {
                inputs.extend(self.carry_out(output));
            }
        }
    }

    fn carry_out(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Send { socket, frame } => {
                count_refusal(&frame.message);
                if let ServerMessage::Admitted { snapshot } = &frame.message {
                    let waited_us = self.clock.steady_us().saturating_sub(snapshot.me.since_us);
                    metrics::histogram!("signal_admission_wait_seconds")
                        .record(waited_us as f64 / 1e6);
                }
                // A telephone is told by news of its own.
                let Line::Socket(link) = self.lines.get(&socket)? else {
                    return None;
                };
                let overflow = link.push(encode(&frame)).is_err();
                return overflow.then_some(Input::Slow { socket });
            }
            Output::Close {
                socket,
                farewell,
                reason,
            } => {
                count_refusal(&farewell.message);
                if let Some(line) = self.lines.remove(&socket) {
                    line.close(&farewell, reason);
                }
            }
            Output::Phone { socket, news } => {
                let Line::Phone(line) = self.lines.get(&socket)? else {
                    return None;
                };
                let overflow = line.tell(news).is_err();
                return overflow.then_some(Input::Slow { socket });
            }
            Output::Vouch {
                participant,
                session,
                standing,
            } => return self.vouch(participant, (session, standing)),
            Output::StoreChat { request, post } => {
                return self.clinic.ask(Job::Chat { request, post });
            }
            Output::MarkRead { participant, seq } => {
                return self.clinic.ask(Job::Mark { participant, seq });
            }
            Output::Record { request, event } => {
                self.tell_heirs(event);
                return self.clinic.ask(Job::Record { request, event });
            }
            Output::Keep { request, legacy } => {
                return self.clinic.ask(Job::Keep { request, legacy });
            }
            Output::OpenRecorder { purpose, request } => {
                return self.clinic.ask(Job::OpenRecorder { purpose, request });
            }
            Output::KeepCaption {
                caption,
                name,
                role,
            } => {
                return self.clinic.ask(Job::Caption(SaidLine {
                    caption,
                    name: SpeakerName(name),
                    role,
                }));
            }
            Output::CallBack { participant, ring } => {
                return self.clinic.ask(Job::CallBack { participant, ring });
            }
            Output::Media(command) => self.media.tell(command),
            Output::RosterChanged => {
                if let Some(listing) = &self.listing {
                    listing.publish(self.room.overview());
                }
            }
            Output::Finished => self.finished = true,
        }
        None
    }
}

/// Relays of this server that a session may use from now on.
fn relays<P: VisitPort>(shared: &Shared<P>) -> Vec<IceServer> {
    let since = Duration::from_micros(u64::try_from(shared.clock.wall_us()).unwrap_or(0));
    let relays = shared.sfu.ice_servers(SystemTime::UNIX_EPOCH + since);
    let relays = relays.into_iter().map(|relay| IceServer {
        urls: relay.urls,
        username: relay.username,
        credential: relay.credential,
    });
    relays.collect()
}

/// Counts what is refused by its code.
pub(crate) fn count_refusal(message: &ServerMessage) {
    if let ServerMessage::Error { code, .. } = message {
        let code = match code {
            ErrorCode::Malformed => "malformed",
            ErrorCode::TooLarge => "too_large",
            ErrorCode::RateLimited => "rate_limited",
            ErrorCode::Version => "version",
            ErrorCode::Unauthorized => "unauthorized",
            ErrorCode::NotAdmitted => "not_admitted",
            ErrorCode::Forbidden => "forbidden",
            ErrorCode::UnknownParticipant => "unknown_participant",
            ErrorCode::BadOffer => "bad_offer",
            ErrorCode::Full => "full",
            ErrorCode::Unavailable => "unavailable",
            ErrorCode::OutOfOrder => "out_of_order",
        };
        metrics::counter!("signal_refused_total", "code" => code).increment(1);
    }
}
