//! What the server says, and what follows from it.

use signaling_protocol::{
    Bye, ClientMessage, ErrorCode, Grants, Purpose, Quality, Recording, RecordingPhase,
    ServerFrame, ServerMessage, Snapshot, Sources, Stage,
};

use super::media::Survival;
use super::words::{Act, Ending, Notice, Output};
use super::{CHAT_RETRY_MS, Call};

impl Call {
    pub(super) fn frame(&mut self, now_ms: u64, frame: ServerFrame) {
        let ServerFrame { seq, message } = frame;
        let first = matches!(message, ServerMessage::Welcome { .. });
        let answers_hello = matches!(
            message,
            ServerMessage::Welcome { .. } | ServerMessage::Error { .. } | ServerMessage::Bye { .. }
        );
        let stale = self.link.is_open() && !first && seq <= self.last_seq;
        let expected = self.link.is_open() || (self.link.greeted && answers_hello);
        if stale || !expected {
            return;
        }
        self.link.heard(now_ms);
        if first && seq <= self.last_seq {
            // A session of another server, which has not heard what this page sends.
            self.link.resuming = false;
        }
        self.last_seq = seq;
        self.heard(now_ms, message);
    }

    /// What is said of people and of the visit.
    fn heard(&mut self, now_ms: u64, message: ServerMessage) {
        match message {
            ServerMessage::Welcome {
                resume_token,
                snapshot,
            } => {
                self.link.welcomed(now_ms, resume_token);
                self.welcome(now_ms, snapshot);
            }
            ServerMessage::Admitted { snapshot } => {
                self.notice(Notice::Admitted);
                self.enter(now_ms, snapshot);
            }
            ServerMessage::HostPresent { present } => {
                if self.room.host_present != present {
                    self.room.host_present = present;
                    self.notice(Notice::HostPresent(present));
                }
            }
            ServerMessage::Participant { participant } => {
                let notice = self.room.participant(participant);
                self.out.extend(notice.map(Output::Notice));
                self.advance_media(now_ms);
            }
            ServerMessage::Gone { participant } => {
                let notice = self.room.gone(participant);
                self.out.extend(notice.map(Output::Notice));
            }
            ServerMessage::Encryption { on } => self.encryption(now_ms, on),
            ServerMessage::Recording { recording } => self.recorded(Purpose::Recording, recording),
            ServerMessage::Captions { captions } => self.recorded(Purpose::Captions, captions),
            ServerMessage::Caption { caption } => self.room.caption(caption),
            ServerMessage::SealedKey { from, key } => {
                self.out.push_back(Output::OpenKey { from, key });
            }
            ServerMessage::Granted { grants } => self.granted(grants),
            ServerMessage::Phone { phone } => self.room.own_phone(phone),
            ServerMessage::Hand { up } => self.room.own_hand(up),
            ServerMessage::Speakers { participants } => self.room.speakers = participants,
            ServerMessage::Muted => {
                self.sources.microphone = false;
                self.out.push_back(Output::SetSources(self.sources));
                self.notice(Notice::MutedByClinician);
            }
            ServerMessage::Chat { message } => {
                let notice = self.room.chat(message);
                self.out.extend(notice.map(Output::Notice));
            }
            ServerMessage::Move => self.begin_beside(now_ms),
            ServerMessage::Failover(failover) => self.link.vouched(failover),
            ServerMessage::Error { code, .. } => self.error(now_ms, code),
            ServerMessage::Bye { reason } => self.bye(now_ms, reason),
            other => self.heard_of_media(now_ms, other),
        }
    }

    /// What is said of own media. Numbers of other rooms and heartbeats need no answer.
    fn heard_of_media(&mut self, now_ms: u64, message: ServerMessage) {
        match message {
            ServerMessage::Answer {
                connection,
                offer_no,
                sdp,
            } => {
                if self.media.answer(connection, offer_no) {
                    self.out.push_back(Output::ApplyAnswer { connection, sdp });
                    self.advance_media(now_ms);
                }
            }
            ServerMessage::Slots { connection, slots } => {
                if self.media.connection() == Some(connection) {
                    self.media.slots = slots;
                }
            }
            ServerMessage::Wanted {
                connection,
                sources,
            } => {
                if self.media.connection() == Some(connection) {
                    self.out.push_back(Output::SendOnly {
                        connection,
                        sources,
                    });
                }
            }
            ServerMessage::AudioOnly { connection, on } => {
                if self.media.connection() == Some(connection) && self.room.audio_only != on {
                    self.room.audio_only = on;
                    self.notice(Notice::AudioOnly(on));
                }
            }
            ServerMessage::MediaLost { connection } => {
                if self.media.connection() == Some(connection) {
                    self.media.fail(now_ms);
                    self.advance_media(now_ms);
                }
            }
            ServerMessage::Heartbeat
            | ServerMessage::Move
            | ServerMessage::Failover(_)
            | ServerMessage::Muted
            | ServerMessage::Welcome { .. }
            | ServerMessage::Admitted { .. }
            | ServerMessage::HostPresent { .. }
            | ServerMessage::Participant { .. }
            | ServerMessage::Gone { .. }
            | ServerMessage::Encryption { .. }
            | ServerMessage::Recording { .. }
            | ServerMessage::Captions { .. }
            | ServerMessage::Caption { .. }
            | ServerMessage::SealedKey { .. }
            | ServerMessage::Granted { .. }
            | ServerMessage::Phone { .. }
            | ServerMessage::Hand { .. }
            | ServerMessage::Speakers { .. }
            | ServerMessage::Chat { .. }
            | ServerMessage::Overview { .. }
            | ServerMessage::Media { .. }
            | ServerMessage::Error { .. }
            | ServerMessage::Bye { .. } => {}
        }
    }

    pub(super) fn welcome(&mut self, now_ms: u64, snapshot: Snapshot) {
        if self.told_lost {
            self.notice(Notice::ConnectionBack);
        }
        let resumed = self.link.resuming;
        self.welcomed = true;
        self.told_lost = false;
        // Muted by the clinician while away: their word stands unless this person has chosen anew.
        let silenced = resumed && !self.sources_changed && !snapshot.me.sources.microphone;
        if snapshot.stage == Stage::Admitted && silenced && self.sources.microphone {
            self.sources.microphone = false;
            self.out.push_back(Output::SetSources(self.sources));
            self.notice(Notice::MutedByClinician);
        }
        self.enter(now_ms, snapshot);
    }

    /// Takes over a snapshot; in the visit this makes media flow.
    pub(super) fn enter(&mut self, now_ms: u64, snapshot: Snapshot) {
        let on_server = snapshot.connection;
        let wanted = snapshot.wanted.clone();
        let was_encrypted = self.room.encrypted;
        let slots = snapshot.slots.clone();
        let known_sources = snapshot.me.sources;
        self.room.load(snapshot);
        if was_encrypted && !self.room.encrypted {
            // Nobody here has decided that: what was meant for people only does not go to a server unasked.
            self.sources = Sources::default();
            self.out.push_back(Output::SetSources(self.sources));
            self.notice(Notice::Encrypted(false));
        }
        if !self.room.is_admitted() {
            if self.media.close() {
                self.out.push_back(Output::ClosePeer);
            }
            return;
        }
        if let Some(key) = self.public_key.clone() {
            self.send(ClientMessage::PublicKey { key });
        }
        if known_sources != self.sources {
            self.send(ClientMessage::Media {
                sources: self.sources,
            });
        }
        self.sources_changed = false;
        if self.quality != Quality::Unknown {
            self.send(ClientMessage::Quality {
                quality: self.quality,
            });
        }
        self.send_pending();
        if !self.room.relays.is_empty() {
            self.media.has_relays();
        }
        let survival = if was_encrypted == self.room.encrypted {
            self.media.survives(on_server)
        } else {
            Survival::Gone
        };
        let step = match survival {
            Survival::Lives => None,
            Survival::Restart => self.media.search(now_ms),
            Survival::Gone => Some(self.media.open(now_ms, &mut self.rng, &self.room.others)),
        };
        let known = on_server.filter(|_| survival != Survival::Gone);
        if let Some(connection) = known {
            self.media.slots = slots;
            self.out.push_back(Output::SendOnly {
                connection,
                sources: wanted,
            });
        }
        self.media_step(step);
        self.advance_media(now_ms);
    }

    /// The recording has changed, or the captions have. What is worth telling is whether one is recorded
    /// now.
    fn recorded(&mut self, purpose: Purpose, state: Recording) {
        let tape = match purpose {
            Purpose::Recording => &mut self.room.recording,
            Purpose::Captions => &mut self.room.captions,
        };
        let (was, is, ended) = (tape.phase, state.phase, state.ended);
        *tape = state;
        if purpose == Purpose::Captions && is != RecordingPhase::Running {
            // Nothing more comes of what was not final, and after the end nothing is shown.
            let is_over = is == RecordingPhase::Off;
            self.room.said.retain(|line| line.is_final && !is_over);
        }
        match (was, is, ended) {
            (_, RecordingPhase::Running, _) if was != is => {
                self.notice(Notice::Recorded(purpose, true));
            }
            (RecordingPhase::Running, RecordingPhase::Paused, _) => {
                self.notice(Notice::Recorded(purpose, false));
            }
            (_, RecordingPhase::Off, Some(why)) if was != is => {
                self.notice(Notice::RecordingEnded(purpose, why));
            }
            _ => {}
        }
    }

    /// From here on people encrypt for each other, or no longer: nothing of the old connection may
    /// go on.
    pub(super) fn encryption(&mut self, now_ms: u64, on: bool) {
        if self.room.encrypted == on {
            return;
        }
        self.room.encrypted = on;
        if on {
            // It was begun in clear, and must not become the call.
            self.drop_beside();
        }
        self.notice(Notice::Encrypted(on));
        if self.is_in_call() {
            let step = self.media.open(now_ms, &mut self.rng, &self.room.others);
            self.media_step(Some(step));
        }
    }

    /// A clinician changed what the server forwards. What is no longer forwarded is switched off,
    /// so that no light is on for nobody.
    pub(super) fn granted(&mut self, grants: Grants) {
        if let Some(me) = &mut self.room.me {
            me.grants = grants;
        }
        let sources = Sources {
            microphone: self.sources.microphone && grants.publish.microphone,
            camera: self.sources.camera && grants.publish.camera,
            screen: self.sources.screen && grants.publish.screen,
        };
        if sources != self.sources {
            self.act(Act::Sources(sources));
        }
        self.notice(Notice::GrantsChanged(grants));
    }

    pub(super) fn error(&mut self, now_ms: u64, code: ErrorCode) {
        match code {
            // A Bye follows and decides.
            ErrorCode::Unauthorized | ErrorCode::Version => return,
            ErrorCode::BadOffer => {
                if self.media.is_asking() {
                    self.media.fail(now_ms);
                    self.advance_media(now_ms);
                }
            }
            ErrorCode::Unavailable | ErrorCode::RateLimited => {
                if !self.room.pending.is_empty() {
                    self.chat_retry_ms = Some(now_ms.saturating_add(CHAT_RETRY_MS));
                    return;
                }
            }
            // The offer that went out with the Hello, of somebody who has to wait after all.
            ErrorCode::NotAdmitted if !self.room.is_admitted() => return,
            ErrorCode::Malformed
            | ErrorCode::TooLarge
            | ErrorCode::NotAdmitted
            | ErrorCode::Forbidden
            | ErrorCode::UnknownParticipant
            | ErrorCode::Full
            | ErrorCode::OutOfOrder => {}
        }
        self.notice(Notice::Refused(code));
    }

    pub(super) fn bye(&mut self, now_ms: u64, reason: Bye) {
        match reason {
            Bye::Left
            | Bye::Refused
            | Bye::Removed
            | Bye::Ended
            | Bye::Replaced
            | Bye::TestOver
            | Bye::Misbehaved => self.finish(Ending::Bye(reason)),
            Bye::Unauthorized => {
                self.out.push_back(Output::CloseSocket);
                if self.link.refused(now_ms, &mut self.rng) {
                    self.tell_lost();
                } else {
                    self.finish(Ending::Bye(reason));
                }
            }
            Bye::SlowReader | Bye::Restarting => self.lose(now_ms),
        }
    }
}
