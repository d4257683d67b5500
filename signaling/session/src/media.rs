//! Offers, sources and slots between a person and the media server.

use signaling_protocol::{
    ConnectionId, ErrorCode, ParticipantId, Quality, Sdp, ServerMessage, SlotBinding, SlotView,
    Source, Sources, WantedSource,
};

use crate::input::OfferRefusal;
use crate::limits::{MID_BYTES_MAX, SLOTS_MAX, SOURCES_MAX};
use crate::member::{Member, Offer, Pending};
use crate::output::{MediaCommand, Output};
use crate::room::Room;

impl Room {
    pub(crate) fn offer(&mut self, from: ParticipantId, offer: Offer) {
        let fits = offer.sources.len() <= SOURCES_MAX
            && offer.sources.iter().all(|source| is_mid(&source.mid));
        if !fits {
            self.refuse(from, ErrorCode::Malformed, "sources out of range");
            return;
        }
        let Some(member) = self.members.get_mut(&from) else {
            return;
        };
        if member.media.pending.is_some() {
            member.media.next = Some(offer);
            return;
        }
        // A program cannot say what is on: what it offers is, until a clinician mutes it. A later
        // offer (an ICE restart) must not lift that.
        if member.is_program() && !member.media.offered {
            let sources = offered_sources(&offer);
            self.set_sources(from, sources);
        }
        self.connect(from, offer);
    }

    fn connect(&mut self, from: ParticipantId, offer: Offer) {
        let Some(member) = self.members.get_mut(&from) else {
            return;
        };
        if member.media.live != Some(offer.connection) {
            member.media.view.clear();
            member.media.wanted.clear();
            member.media.audio_only = false;
        }
        member.media.offered = true;
        member.media.pending = Some(Pending {
            connection: offer.connection,
            offer_no: offer.offer_no,
            slots: None,
            lost: false,
        });
        let (on, grants, role) = (member.sources, member.granted(), member.role);
        self.push(Output::Media(MediaCommand::Connect {
            participant: from,
            connection: offer.connection,
            offer_no: offer.offer_no,
            sdp: offer.sdp,
            sources: offer.sources,
            on,
            grants,
            role,
        }));
    }

    /// The media server has answered an offer.
    pub(crate) fn answered(
        &mut self,
        from: ParticipantId,
        connection: ConnectionId,
        offer_no: u32,
        result: Result<Sdp, OfferRefusal>,
    ) {
        let Some(member) = self.members.get_mut(&from) else {
            return;
        };
        // Of an earlier window, or of an earlier stay of the same person.
        let Some(pending) = member
            .media
            .pending
            .take_if(|pending| pending.connection == connection && pending.offer_no == offer_no)
        else {
            return;
        };
        match result {
            Ok(sdp) => {
                if member.media.live != Some(connection) {
                    member.media.live = Some(connection);
                    member.media.slots.clear();
                }
                self.say(
                    from,
                    ServerMessage::Answer {
                        connection,
                        offer_no,
                        sdp,
                    },
                );
                if let Some(slots) = pending.slots {
                    self.slots(from, connection, slots);
                }
                if pending.lost {
                    self.media_lost(from, connection);
                }
            }
            Err(refusal) => self.refuse(from, refusal.code, &refusal.detail),
        }
        let next = self
            .members
            .get_mut(&from)
            .and_then(|member| member.media.next.take());
        if let Some(offer) = next {
            self.connect(from, offer);
        }
    }

    /// The media server says what the slots carry.
    pub(crate) fn slots(
        &mut self,
        of: ParticipantId,
        connection: ConnectionId,
        mut slots: Vec<SlotBinding>,
    ) {
        slots.truncate(SLOTS_MAX);
        let Some(member) = self.members.get_mut(&of) else {
            return;
        };
        // Whoever waits is not told who is in the room; the list comes again after admission.
        if !member.is_admitted() {
            return;
        }
        if let Some(pending) = &mut member.media.pending
            && pending.connection == connection
        {
            pending.slots = Some(slots);
        } else if member.media.live == Some(connection) {
            member.media.slots.clone_from(&slots);
            self.say(of, ServerMessage::Slots { connection, slots });
        }
    }

    /// The media server says which encodings somebody watches.
    pub(crate) fn wanted(
        &mut self,
        of: ParticipantId,
        connection: ConnectionId,
        mut sources: Vec<WantedSource>,
    ) {
        sources.truncate(SOURCES_MAX);
        let Some(member) = self.members.get_mut(&of) else {
            return;
        };
        let media = &mut member.media;
        let pending = media.pending.as_ref().map(|pending| pending.connection);
        if media.live == Some(connection) || pending == Some(connection) {
            media.wanted.clone_from(&sources);
            self.say(
                of,
                ServerMessage::Wanted {
                    connection,
                    sources,
                },
            );
        }
    }

    /// The media server says who speaks.
    pub(crate) fn heard(&mut self, mut participants: Vec<ParticipantId>) {
        participants.retain(|speaker| self.members.get(speaker).is_some_and(Member::is_admitted));
        if self.speakers == participants {
            return;
        }
        self.speakers.clone_from(&participants);
        let listeners: Vec<_> = self
            .members
            .values()
            .filter(|member| member.is_admitted())
            .map(|member| member.id)
            .collect();
        for listener in listeners {
            let participants = participants.clone();
            self.say(listener, ServerMessage::Speakers { participants });
        }
    }

    /// The media server withholds pictures from a connection, or no longer.
    pub(crate) fn audio_only(&mut self, of: ParticipantId, connection: ConnectionId, on: bool) {
        let Some(member) = self.members.get_mut(&of) else {
            return;
        };
        let media = &mut member.media;
        let pending = media.pending.as_ref().map(|pending| pending.connection);
        let known = media.live == Some(connection) || pending == Some(connection);
        if known && media.audio_only != on {
            media.audio_only = on;
            self.say(of, ServerMessage::AudioOnly { connection, on });
        }
    }

    /// The media server lost a connection by itself.
    pub(crate) fn media_lost(&mut self, of: ParticipantId, connection: ConnectionId) {
        let Some(member) = self.members.get_mut(&of) else {
            return;
        };
        if member.media.live != Some(connection) {
            if let Some(pending) = &mut member.media.pending
                && pending.connection == connection
            {
                pending.lost = true;
            }
            return;
        }
        member.media.live = None;
        member.media.slots.clear();
        member.media.wanted.clear();
        member.media.audio_only = false;
        self.say(of, ServerMessage::MediaLost { connection });
    }

    pub(crate) fn set_sources(&mut self, of: ParticipantId, sources: Sources) {
        let Some(member) = self.members.get_mut(&of) else {
            return;
        };
        if member.sources == sources {
            return;
        }
        member.sources = sources;
        if member.media.offered {
            self.push(Output::Media(MediaCommand::SetSources {
                participant: of,
                on: sources,
            }));
        }
        self.announce(of);
    }

    pub(crate) fn set_view(
        &mut self,
        of: ParticipantId,
        slots: Vec<SlotView>,
        pinned: Option<ParticipantId>,
    ) {
        let fits = slots.len() <= SLOTS_MAX && slots.iter().all(|slot| is_mid(&slot.mid));
        if !fits {
            self.refuse(of, ErrorCode::Malformed, "slots out of range");
            return;
        }
        let Some(member) = self.members.get_mut(&of) else {
            return;
        };
        member.media.pinned = pinned;
        // A view of a connection that was just lost needs no answer.
        if !member.media.offered {
            return;
        }
        for slot in slots {
            let view = &mut member.media.view;
            if view.len() < SLOTS_MAX || view.contains_key(&slot.mid) {
                view.insert(slot.mid, slot.height_px);
            }
        }
        let slots = member
            .media
            .view
            .iter()
            .map(|(mid, height_px)| SlotView {
                mid: mid.clone(),
                height_px: *height_px,
            })
            .collect();
        self.push(Output::Media(MediaCommand::SetView {
            participant: of,
            slots,
            pinned,
        }));
    }

    pub(crate) fn set_quality(&mut self, of: ParticipantId, quality: Quality) {
        if let Some(member) = self.members.get_mut(&of)
            && member.quality != quality
        {
            member.quality = quality;
            self.announce(of);
        }
    }
}

fn offered_sources(offer: &Offer) -> Sources {
    let has = |source| offer.sources.iter().any(|offered| offered.source == source);
    Sources {
        microphone: has(Source::Microphone),
        camera: has(Source::Camera),
        screen: has(Source::Screen),
    }
}

fn is_mid(mid: &str) -> bool {
    !mid.is_empty() && mid.len() <= MID_BYTES_MAX
}
