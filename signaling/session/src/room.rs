//! The machine: one input in, outputs out.

use std::collections::{BTreeMap, VecDeque};

use signaling_protocol::{
    Bye, ClientMessage, ErrorCode, Grants, HEARTBEAT_MS, ParticipantId, Purpose, RecordingEnd,
    Role, RoomId, ServerMessage,
};

use crate::admission::Act;
use crate::chat::ChatLog;
use crate::entrance::Greeting;
use crate::input::{Input, Orphan, RequestId, RoomRecord, SocketId};
use crate::keeping::Keeping;
use crate::limits::{CURBED_MAX, Limits, MARKS_MAX};
use crate::member::{Member, Seat};
use crate::moving::{Legacy, Moving};
use crate::orphans::Orphans;
use crate::output::{CloseReason, MediaCommand, Output, VisitEvent};
use crate::recording::Tapes;
use crate::removed::Removed;

/// What the room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A visit.
    Visit,
    /// One person hears and sees themselves, for a short time; nothing is recorded.
    Test,
}

/// How far a room has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Nobody has been here.
    Fresh,
    /// Somebody is or was here.
    Used,
    /// Nothing will happen any more.
    Finished,
}

/// One room.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that come and go apart from each other"
)]
pub struct Room {
    pub(crate) id: RoomId,
    pub(crate) kind: Kind,
    pub(crate) limits: Limits,
    pub(crate) now_us: i64,
    pub(crate) members: BTreeMap<ParticipantId, Member>,
    /// The live sockets; at most one for each member.
    pub(crate) sockets: BTreeMap<SocketId, ParticipantId>,
    pub(crate) removed: Removed,
    pub(crate) chat: ChatLog,
    pub(crate) marks: BTreeMap<ParticipantId, u64>,
    pub(crate) acts: BTreeMap<RequestId, Act>,
    pub(crate) started: bool,
    /// Who speaks, loudest first, as the media server hears it.
    pub(crate) speakers: Vec<ParticipantId>,
    /// Media connections that wait for their page to come back.
    pub(crate) orphans: Orphans,
    /// Grants that are not everything, also of people who have gone.
    pub(crate) curbed: BTreeMap<ParticipantId, Grants>,
    /// People encrypt what they send for each other.
    pub(crate) encrypted: bool,
    pub(crate) keeping: Keeping,
    pub(crate) tapes: Tapes,
    /// It goes to another node.
    pub(crate) moving: Option<Moving>,
    /// There is somebody who can write captions.
    pub(crate) captions_offered: bool,
    since_us: i64,
    requests: u64,
    host_present: bool,
    roster_changed: bool,
    over: Option<Bye>,
    empty_since_us: Option<i64>,
    test_ends_us: Option<i64>,
    pub(crate) life: Life,
    outputs: VecDeque<Output>,
}

impl Room {
    /// The room of a visit, with what the clinic has stored of it and the media connections that go
    /// on although signaling has forgotten whose they are.
    #[must_use]
    pub fn visit(
        id: RoomId,
        record: RoomRecord,
        live: Vec<Orphan>,
        limits: Limits,
        now_us: i64,
    ) -> Self {
        let over = record.ended.then_some(Bye::Ended);
        let mut room = Self::new(id, Kind::Visit, record, limits, now_us, over);
        room.orphans = Orphans::new(live, now_us.saturating_add(limits.seat_kept_us));
        room
    }

    /// The private room of a connection test. It ends by itself.
    #[must_use]
    pub fn connection_test(id: RoomId, limits: Limits, now_us: i64) -> Self {
        let mut room = Self::new(id, Kind::Test, RoomRecord::default(), limits, now_us, None);
        room.test_ends_us = Some(now_us.saturating_add(limits.test_us));
        room
    }

    fn new(
        id: RoomId,
        kind: Kind,
        record: RoomRecord,
        limits: Limits,
        now_us: i64,
        over: Option<Bye>,
    ) -> Self {
        let Legacy { encrypted, curbed } = record.legacy;
        let curbed = curbed.into_iter().filter(|(_, it)| *it != Grants::ALL);
        let curbed: BTreeMap<_, _> = curbed.take(CURBED_MAX).collect();
        let keeping = Keeping::new(Legacy {
            encrypted,
            curbed: curbed.iter().map(|(id, it)| (*id, *it)).collect(),
        });
        Self {
            id,
            kind,
            limits,
            now_us,
            members: BTreeMap::new(),
            sockets: BTreeMap::new(),
            removed: Removed::default(),
            marks: record.read.iter().copied().take(MARKS_MAX).collect(),
            chat: ChatLog::new(record.chat),
            orphans: Orphans::default(),
            acts: BTreeMap::new(),
            started: false,
            speakers: Vec::new(),
            curbed,
            encrypted,
            keeping,
            tapes: Tapes::default(),
            moving: None,
            captions_offered: record.captions_offered,
            since_us: now_us,
            requests: 0,
            host_present: false,
            roster_changed: false,
            over,
            empty_since_us: Some(now_us),
            test_ends_us: None,
            life: Life::Fresh,
            outputs: VecDeque::new(),
        }
    }

    /// Takes one input at `now_us`, Unix time in microseconds that never goes back.
    pub fn handle(&mut self, now_us: i64, input: Input) {
        self.now_us = self.now_us.max(now_us);
        self.expire();
        match input {
            Input::Enter {
                socket,
                entry,
                secret,
                relays,
            } => self.enter(socket, entry, Greeting { secret, relays }),
            Input::Message { socket, message } => self.message(socket, message),
            Input::PhoneSeated {
                participant,
                connection,
            } => self.phone_seated(participant, connection),
            Input::CallBackFailed { participant } => self.call_back_failed(participant),
            Input::Phone { socket, act } => self.phone_act(socket, act),
            Input::Complain { socket, complaint } => self.complain(socket, complaint),
            Input::Slow { socket } => self.slow(socket),
            Input::Lost { socket } => self.lost(socket),
            Input::Stored { request, result } => self.stored(request, result),
            Input::Recorded { request, result } => self.recorded(request, result.is_ok()),
            Input::Kept { request, result } => self.kept(request, result),
            Input::Answered {
                participant,
                connection,
                offer_no,
                result,
            } => self.answered(participant, connection, offer_no, result),
            Input::Slots {
                participant,
                connection,
                slots,
            } => self.slots(participant, connection, slots),
            Input::Wanted {
                participant,
                connection,
                sources,
            } => self.wanted(participant, connection, sources),
            Input::Speakers { participants } => self.heard(participants),
            Input::AudioOnly {
                participant,
                connection,
                on,
            } => self.audio_only(participant, connection, on),
            Input::MediaLost {
                participant,
                connection,
            } => self.media_lost(participant, connection),
            Input::RecorderOpened {
                purpose,
                request,
                result,
            } => self.recorder_opened((purpose, request), result),
            Input::RecorderFailed { purpose, why } => self.end_tape(purpose, why),
            Input::Heard { caption } => self.caption(caption),
            Input::Drop {
                participant,
                reason,
            } => self.take_out(participant, reason),
            Input::Close { reason } => self.close(reason),
            Input::Vouched {
                participant,
                failover,
            } => self.say(participant, ServerMessage::Failover(failover)),
            Input::Move { patience_us } => self.begin_move(patience_us),
            Input::Inherit { legacy } => self.inherit(legacy),
            Input::Timeout => {}
        }
        self.settle();
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due, Unix time in microseconds; `None` when nothing is waited for.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<i64> {
        if self.life == Life::Finished {
            return None;
        }
        let seats = self
            .members
            .values()
            .filter_map(|member| match member.seat {
                Seat::Taken(_) => Some(member.spoken_us.saturating_add(heartbeat_us())),
                Seat::Kept { until_us } => Some(until_us),
                Seat::None => None,
            });
        let empty = self
            .empty_since_us
            .map(|since| since.saturating_add(self.limits.empty_grace_us));
        seats
            .chain(empty)
            .chain(self.test_ends_us)
            .chain(self.orphans.due_us())
            .chain(self.call_backs_due_us())
            .chain(self.move_due_us())
            .chain(self.keep_due_us())
            .min()
    }

    /// When the first person came, or the room was made.
    pub(crate) fn since_us(&self) -> i64 {
        self.members
            .values()
            .map(|member| member.since_us)
            .fold(None, |first: Option<i64>, since| {
                Some(first.map_or(since, |first| first.min(since)))
            })
            .unwrap_or(self.since_us)
    }

    pub(crate) fn over(&self) -> Option<Bye> {
        self.over
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn request(&mut self) -> RequestId {
        self.requests = self.requests.saturating_add(1);
        RequestId(self.requests)
    }

    /// Records an event that nothing waits for.
    pub(crate) fn note(&mut self, event: VisitEvent) {
        if self.kind == Kind::Visit {
            self.push(Output::Record {
                request: None,
                event,
            });
        }
    }

    pub(crate) fn mark_roster(&mut self) {
        self.roster_changed = true;
    }

    /// Ends the room for everybody with `reason`.
    pub(crate) fn close(&mut self, reason: Bye) {
        if self.over.is_some() {
            return;
        }
        for purpose in Purpose::ALL {
            self.end_tape(purpose, RecordingEnd::Stopped);
        }
        let everybody: Vec<_> = self.sockets.keys().copied().collect();
        for socket in everybody {
            self.say_bye(socket, reason);
        }
        // Over a restart of signaling people go on talking; what nobody claims is dropped later. Who has
        // moved talks elsewhere.
        let has_media = self
            .members
            .values()
            .any(|member| member.media.offered || member.is_heard_by_phone());
        let has_moved = self.moving.take().is_some();
        let goes_on = reason == Bye::Restarting && !has_moved;
        if !goes_on && (has_media || !self.orphans.is_empty()) {
            self.push(Output::Media(MediaCommand::CloseRoom));
        }
        self.orphans.clear();
        let everybody: Vec<_> = self.members.keys().copied().collect();
        for participant in everybody {
            self.stop_calling(participant);
        }
        self.members.clear();
        self.sockets.clear();
        self.acts.clear();
        self.over = Some(reason);
        self.mark_roster();
    }

    fn message(&mut self, socket: SocketId, message: ClientMessage) {
        let Some(&from) = self.sockets.get(&socket) else {
            return;
        };
        let Some(member) = self.members.get_mut(&from) else {
            return;
        };
        let (admitted, role) = (member.is_admitted(), member.role);
        if member.socket() != Some(socket) {
            // A telephone speaks by other inputs.
            return;
        }
        // Nobody speaks before they have read their Welcome: a Hello with an earlier token is late.
        let [_, earlier] = &mut member.tokens;
        *earlier = None;
        let is_program = member.is_program();
        match (&message, admitted) {
            (ClientMessage::Hello { .. }, _) => {
                self.refuse(from, ErrorCode::OutOfOrder, "a second Hello");
                return;
            }
            (ClientMessage::Inspect { .. }, _) => {
                self.refuse(
                    from,
                    ErrorCode::Forbidden,
                    "only an observer looks at numbers",
                );
                return;
            }
            (
                ClientMessage::Leave
                | ClientMessage::Quality { .. }
                | ClientMessage::Moved
                | ClientMessage::PublicKey { .. },
                _,
            )
            | (_, true) => {}
            (ClientMessage::Offer { .. }, false) if is_program => {}
            (_, false) => {
                self.refuse(from, ErrorCode::NotAdmitted, "wait to be admitted");
                return;
            }
        }
        if is_for_clinicians(&message) && role != Role::Clinician {
            self.refuse(from, ErrorCode::Forbidden, "only a clinician may do this");
            return;
        }
        if self.kind == Kind::Test && is_for_visits(&message) {
            self.refuse(from, ErrorCode::OutOfOrder, "this is a connection test");
            return;
        }
        self.obey(from, message);
    }

    /// Carries out what `from` may do.
    fn obey(&mut self, from: ParticipantId, message: ClientMessage) {
        match message {
            ClientMessage::Offer {
                connection,
                offer_no,
                sdp,
                sources,
            } => self.offer(
                from,
                crate::member::Offer {
                    connection,
                    offer_no,
                    sdp,
                    sources,
                },
            ),
            ClientMessage::Media { sources } => self.set_sources(from, sources),
            ClientMessage::View { slots, pinned } => self.set_view(from, slots, pinned),
            ClientMessage::Chat { id, text } => self.post(from, id, text),
            ClientMessage::ChatRead { seq } => self.read(from, seq),
            ClientMessage::Admit { participant } => self.admit(from, participant),
            ClientMessage::Refuse { participant } => self.turn_away(from, participant),
            ClientMessage::Mute { participant } => self.mute(from, participant),
            ClientMessage::Grant {
                participant,
                grants,
            } => self.grant(from, participant, grants),
            ClientMessage::Remove { participant } => self.remove(from, participant),
            ClientMessage::Encrypt { on } => self.encrypt(from, on),
            ClientMessage::Record { on } => self.tape(Purpose::Recording, from, on),
            ClientMessage::Captions { on } => self.tape(Purpose::Captions, from, on),
            ClientMessage::Consent {
                agree,
                wording,
                purpose,
            } => self.consent(purpose, from, agree.then_some(wording)),
            ClientMessage::PublicKey { key } => self.public_key(from, key),
            ClientMessage::SealedKey { to, key } => self.sealed_key(from, to, key),
            ClientMessage::Hand { up } => self.raise_hand(from, up),
            ClientMessage::LowerHand { participant } => self.lower_hand(from, participant),
            ClientMessage::CallBack { participant, on } => self.call_back(from, participant, on),
            ClientMessage::End => self.end(from),
            ClientMessage::Quality { quality } => self.set_quality(from, quality),
            ClientMessage::Moved => self.moved(from),
            ClientMessage::Leave => self.leave(from),
            // Refused before.
            ClientMessage::Hello { .. } | ClientMessage::Inspect { .. } => {}
        }
    }

    /// What time alone changes.
    fn expire(&mut self) {
        if self.over.is_none() && self.test_ends_us.is_some_and(|end| end <= self.now_us) {
            self.close(Bye::TestOver);
        }
        self.expire_move();
        self.pass_call_backs();
        for participant in self.orphans.overdue(self.now_us) {
            self.push(Output::Media(MediaCommand::Disconnect { participant }));
        }
        let gone: Vec<_> = self
            .members
            .values()
            .filter(
                |member| matches!(member.seat, Seat::Kept { until_us } if until_us <= self.now_us),
            )
            .map(|member| member.id)
            .collect();
        for participant in gone {
            if self.stay_by_phone(participant) {
                continue;
            }
            self.forget(participant);
            self.note(VisitEvent::Left { participant });
        }
        let due = self.now_us.saturating_sub(heartbeat_us());
        let silent: Vec<_> = self
            .members
            .values()
            .filter(|member| member.socket().is_some() && member.spoken_us <= due)
            .map(|member| member.id)
            .collect();
        for participant in silent {
            self.say(participant, ServerMessage::Heartbeat);
        }
        self.vouch_again();
    }

    /// What follows from any change.
    fn settle(&mut self) {
        let present = self.is_host_present();
        if present != self.host_present {
            self.host_present = present;
            let waiting: Vec<_> = self
                .members
                .values()
                .filter(|member| !member.is_admitted() && member.socket().is_some())
                .map(|member| member.id)
                .collect();
            for participant in waiting {
                self.say(participant, ServerMessage::HostPresent { present });
            }
        }
        self.settle_call_backs();
        self.agree_by_phone();
        self.settle_tapes();
        self.settle_move();
        self.settle_keeping();
        self.tell_phones();
        if core::mem::take(&mut self.roster_changed) {
            self.push(Output::RosterChanged);
        }
        if !self.members.is_empty() {
            self.empty_since_us = None;
            return;
        }
        let since_us = *self.empty_since_us.get_or_insert(self.now_us);
        let waited = since_us.saturating_add(self.limits.empty_grace_us) <= self.now_us;
        // A test room is for one person; without them it is over.
        let test_done = self.kind == Kind::Test && self.life == Life::Used;
        let is_writing = self.chat.is_storing() || self.is_keeping();
        let idle = self.acts.is_empty() && !is_writing && self.orphans.is_empty();
        let done = self.over.is_some() || (idle && (waited || test_done));
        if done && self.life != Life::Finished {
            self.life = Life::Finished;
            self.push(Output::Finished);
        }
    }

    /// Whether somebody who can let others in is there now.
    pub(crate) fn is_host_present(&self) -> bool {
        self.members
            .values()
            .any(|member| member.is_host() && member.socket().is_some())
    }

    /// Says Bye to a socket and forgets it.
    pub(crate) fn say_bye(&mut self, socket: SocketId, reason: Bye) {
        self.hang_up(
            socket,
            ServerMessage::Bye { reason },
            CloseReason::Bye(reason),
        );
    }
}

fn heartbeat_us() -> i64 {
    i64::from(HEARTBEAT_MS).saturating_mul(1_000)
}

fn is_for_clinicians(message: &ClientMessage) -> bool {
    matches!(
        message,
        ClientMessage::Admit { .. }
            | ClientMessage::Refuse { .. }
            | ClientMessage::Mute { .. }
            | ClientMessage::Grant { .. }
            | ClientMessage::Encrypt { .. }
            | ClientMessage::Record { .. }
            | ClientMessage::Remove { .. }
            | ClientMessage::CallBack { .. }
            | ClientMessage::LowerHand { .. }
            | ClientMessage::End
    )
}

fn is_for_visits(message: &ClientMessage) -> bool {
    is_for_clinicians(message)
        || matches!(
            message,
            ClientMessage::Chat { .. }
                | ClientMessage::ChatRead { .. }
                | ClientMessage::PublicKey { .. }
                | ClientMessage::SealedKey { .. }
                | ClientMessage::Captions { .. }
                | ClientMessage::Consent { .. }
                | ClientMessage::Hand { .. }
        )
}
