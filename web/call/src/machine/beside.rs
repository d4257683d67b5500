//! A second session beside the one in use, while the room goes to another server: this one carries the
//! call until the other can.

use signaling_protocol::{Bye, ClientMessage, Sources, Stage};

use super::words::{Act, Config, Ending, Entrance, Input, MediaState, Notice, Output, Phase};
use super::{Call, LinkState};

/// Sockets of a second session are counted from so far ahead, so that no two have one number.
const SOCKETS_APART: u32 = 1 << 16;

/// The second session.
#[derive(Debug)]
pub(super) struct Beside {
    call: Call,
    /// What it was last told to send.
    sources: Sources,
    /// The server was told that it is there.
    told: bool,
}

impl Call {
    /// The server asks to begin elsewhere. Where people encrypt for each other it does not ask, and the
    /// key of a page cannot be in two sessions.
    pub(super) fn begin_beside(&mut self, now_ms: u64) {
        if self.beside.is_some() || self.room.encrypted || !self.link.is_open() {
            return;
        }
        let entrance = match self.room.stage {
            Some(Stage::Admitted) => Entrance::AtOnce,
            Some(Stage::Lobby) | None => Entrance::Lobby,
        };
        let mut call = Self::new(Config {
            slots_min: self.media.slots_min(),
            seed: self.rng.next(),
            sources: self.sources,
            entrance,
        });
        call.link
            .count_from(self.link.count().wrapping_add(SOCKETS_APART));
        call.public_key.clone_from(&self.public_key);
        call.handle(now_ms, Input::Start);
        self.beside = Some(Box::new(Beside {
            call,
            sources: self.sources,
            told: false,
        }));
    }

    /// Gives what happened to the second session, if it is about it alone.
    pub(super) fn divert(&mut self, now_ms: u64, input: Input) -> Option<Input> {
        let waits = self.link.state == LinkState::Ticket;
        let Some(beside) = &mut self.beside else {
            return Some(input);
        };
        let other = &mut beside.call;
        let is_theirs = match &input {
            Input::Ticket(_) | Input::TicketLater | Input::TicketRefused => !waits,
            Input::SocketOpened(socket) | Input::SocketClosed(socket) | Input::Frame(socket, _) => {
                other.link.is_current(*socket)
            }
            Input::OfferMade { connection, .. } | Input::Peer(connection, _) => {
                other.media.connection() == Some(*connection)
            }
            Input::Tick | Input::NetworkChanged => {
                other.handle(now_ms, input.clone());
                false
            }
            Input::Act(act) => {
                if is_for_both(act) {
                    other.act(act.clone());
                }
                false
            }
            Input::Start => false,
        };
        if is_theirs {
            other.handle(now_ms, input);
            return None;
        }
        Some(input)
    }

    /// Does what the second session wants, and looks how far it is.
    pub(super) fn look_beside(&mut self) {
        let sources = self.sources;
        let Some(beside) = &mut self.beside else {
            return;
        };
        if beside.sources != sources {
            beside.sources = sources;
            beside.call.act(Act::Sources(sources));
        }
        self.pass_on();
        let Some(beside) = &mut self.beside else {
            return;
        };
        match beside.call.phase() {
            Phase::Over(ending) => {
                self.drop_beside();
                let is_final = |reason| {
                    matches!(
                        reason,
                        Bye::Ended | Bye::Removed | Bye::Refused | Bye::Replaced
                    )
                };
                if let Ending::Bye(reason) = ending
                    && is_final(reason)
                {
                    self.finish(ending);
                }
            }
            Phase::Lobby | Phase::InCall if !beside.told && beside.call.is_there() => {
                beside.told = true;
                self.send(ClientMessage::Moved);
            }
            Phase::Idle
            | Phase::Connecting
            | Phase::Lobby
            | Phase::InCall
            | Phase::Reconnecting => {}
        }
    }

    pub(super) fn beside_due_ms(&self) -> Option<u64> {
        self.beside.as_ref()?.call.poll_timeout()
    }

    /// The second session becomes the call, if it is there. Nobody notices.
    pub(super) fn take_beside(&mut self) -> bool {
        if !self.beside.as_ref().is_some_and(|it| it.call.is_there()) {
            return false;
        }
        let Some(beside) = self.beside.take() else {
            return false;
        };
        let mut old = core::mem::replace(self, beside.call);
        core::mem::swap(&mut self.out, &mut old.out);
        self.out.push_back(Output::UseBeside);
        self.out.append(&mut old.out);
        self.entrance = old.entrance;
        self.quality = old.quality;
        // A clinician may have muted in either room.
        let sources = Sources {
            microphone: old.sources.microphone && self.sources.microphone,
            ..old.sources
        };
        if sources != old.sources {
            self.notice(Notice::MutedByClinician);
        }
        if sources != self.sources || sources != old.sources {
            self.act(Act::Sources(sources));
        }
        if old.pinned.is_some() {
            self.act(Act::Pin(old.pinned));
        }
        for line in old.room.chat {
            // It was told when it came.
            let _told = self.room.chat(line);
        }
        self.room.chat_read = self.room.chat_read.max(old.room.chat_read);
        for line in old.room.pending {
            self.act(Act::Chat {
                id: line.id,
                text: line.text,
            });
        }
        true
    }

    /// What the second session wants done. Nobody is told twice, and nobody hears of what is only being
    /// prepared.
    fn pass_on(&mut self) {
        let Some(beside) = &mut self.beside else {
            return;
        };
        while let Some(output) = beside.call.poll_output() {
            if !matches!(output, Output::Notice(_) | Output::SetSources(_)) {
                self.out.push_back(Output::Beside(Box::new(output)));
            }
        }
    }

    /// Gives the second session up, after its last words.
    pub(super) fn drop_beside(&mut self) {
        self.pass_on();
        if self.beside.take().is_some() {
            for output in [Output::ClosePeer, Output::CloseSocket] {
                self.out.push_back(Output::Beside(Box::new(output)));
            }
        }
    }

    /// Whether it can carry the call: in the visit, with media, or waiting as before.
    fn is_there(&self) -> bool {
        match self.phase() {
            Phase::Lobby => self.room.stage == Some(Stage::Lobby),
            Phase::InCall => self.media.state() == MediaState::Flowing,
            Phase::Idle | Phase::Connecting | Phase::Reconnecting | Phase::Over(_) => false,
        }
    }
}

/// What is said in both rooms: each of them is the visit for somebody. Words and recordings are not; they
/// would come twice.
const fn is_for_both(act: &Act) -> bool {
    matches!(
        act,
        Act::Admit(_)
            | Act::Refuse(_)
            | Act::Mute(_)
            | Act::Hand(_)
            | Act::LowerHand(_)
            | Act::Remove(_)
            | Act::End
            | Act::Grant(..)
            | Act::Leave
    )
}
