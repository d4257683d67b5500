//! What people are told: frames, snapshots, changes of the roster.

use signaling_protocol::{
    ErrorCode, Participant, ParticipantId, Purpose, Recording, RoomId, RoomOverview, ServerFrame,
    ServerMessage, Snapshot, Stage,
};

use crate::input::SocketId;
use crate::output::{CloseReason, Output};
use crate::room::Room;

impl Room {
    /// The room's id.
    #[must_use]
    pub fn id(&self) -> RoomId {
        self.id
    }

    /// The room as an observer sees it; `None` when nobody is in it.
    #[must_use]
    pub fn overview(&self) -> Option<RoomOverview> {
        if self.members.is_empty() {
            return None;
        }
        Some(RoomOverview {
            room: self.id,
            since_us: self.since_us(),
            participants: self.roster(),
        })
    }

    /// Everybody, waiting ones included, as those who are in the visit see them.
    #[must_use]
    pub fn roster(&self) -> Vec<Participant> {
        self.members.values().map(|member| member.view()).collect()
    }

    /// Numbers a message and sends it to a person, if they are connected.
    pub(crate) fn say(&mut self, to: ParticipantId, message: ServerMessage) {
        let now_us = self.now_us;
        let Some(member) = self.members.get_mut(&to) else {
            return;
        };
        let Some(socket) = member.socket() else {
            return;
        };
        member.seq = member.seq.saturating_add(1);
        member.spoken_us = now_us;
        let frame = ServerFrame {
            seq: member.seq,
            message,
        };
        self.push(Output::Send { socket, frame });
    }

    /// Says a last message to a socket and takes it from the room. The seat is the caller's matter.
    pub(crate) fn hang_up(
        &mut self,
        socket: SocketId,
        message: ServerMessage,
        reason: CloseReason,
    ) {
        let member = self
            .sockets
            .remove(&socket)
            .and_then(|id| self.members.get_mut(&id))
            // What a telephone is told has no numbers.
            .filter(|member| member.socket() == Some(socket));
        let seq = member.map_or(1, |member| {
            member.seq = member.seq.saturating_add(1);
            member.seq
        });
        self.push(Output::Close {
            socket,
            farewell: ServerFrame { seq, message },
            reason,
        });
    }

    /// Says a message to everybody in the visit except `subject`, whom it is about.
    pub(crate) fn tell_others(&mut self, subject: ParticipantId, message: &ServerMessage) {
        let others: Vec<_> = self
            .members
            .values()
            .filter(|member| member.is_admitted() && member.id != subject)
            .map(|member| member.id)
            .collect();
        for other in others {
            self.say(other, message.clone());
        }
    }

    /// Tells the others in the visit how a person is.
    pub(crate) fn announce(&mut self, subject: ParticipantId) {
        if let Some(member) = self.members.get(&subject) {
            let participant = member.view();
            self.tell_others(subject, &ServerMessage::Participant { participant });
            self.mark_roster();
        }
    }

    /// Tells a person that what they said was refused.
    pub(crate) fn refuse(&mut self, to: ParticipantId, code: ErrorCode, detail: &str) {
        let detail = detail.to_owned();
        self.say(to, ServerMessage::Error { code, detail });
    }

    /// Everything that a person may know; what only admitted people may know stays empty before.
    pub(crate) fn snapshot(&self, of: ParticipantId) -> Option<Snapshot> {
        let member = self.members.get(&of)?;
        let me = member.view();
        let stage = member.stage;
        let host_present = self.is_host_present();
        let mut snapshot = Snapshot {
            room: self.id,
            me,
            stage,
            host_present,
            others: Vec::new(),
            chat: Vec::new(),
            chat_read: 0,
            slots: Vec::new(),
            connection: None,
            wanted: Vec::new(),
            speakers: Vec::new(),
            audio_only: false,
            encrypted: false,
            recording: Recording::default(),
            captions: Recording::default(),
            captions_offered: self.captions_offered,
            relays: Vec::new(),
        };
        if stage == Stage::Admitted {
            snapshot.others = self
                .members
                .values()
                .filter(|other| other.id != of)
                .map(|other| other.view())
                .collect();
            snapshot.chat = self.chat.latest();
            snapshot.chat_read = self.marks.get(&of).copied().unwrap_or(0);
            snapshot.slots.clone_from(&member.media.slots);
            snapshot.connection = member.media.live;
            snapshot.wanted.clone_from(&member.media.wanted);
            snapshot.speakers.clone_from(&self.speakers);
            snapshot.audio_only = member.media.audio_only;
            snapshot.encrypted = self.encrypted;
            snapshot.recording = self.tape_state(Purpose::Recording);
            snapshot.captions = self.tape_state(Purpose::Captions);
        }
        // A program connects while it waits.
        if stage == Stage::Admitted || member.is_program() {
            snapshot.relays.clone_from(&member.relays);
        }
        Some(snapshot)
    }
}
