//! One person in a room: an engine, what they publish and what they receive.

use core::time::Duration;
use std::time::Instant;

use str0m::media::{Mid, Rid};
use str0m::rtp::Ssrc;
use str0m::stats::PeerStats;

use crate::arrival::Access;
use crate::climb::Climb;
use crate::command::{ConnectError, ConnectRequest};
use crate::data::Lanes;
use crate::demux::Claim;
use crate::event::DisconnectCause;
use crate::floor::Floor;
use crate::forward::Payloads;
use crate::grants::{Grants, Rank};
use crate::ids::{ConnectionKey, ParticipantKey};
use crate::limits::HANDSHAKE_MAX;
use crate::lull::Lull;
use crate::offer::Outline;
use crate::peer::Peer;
use crate::phones::Phone;
use crate::publication::Publication;
use crate::quality::{FREEZE, Grade, Jitter, Signs};
use crate::resume::Return;
use crate::shard::Outlet;
use crate::source::{SlotBinding, Source, SourceSet};
use crate::speaker::Voice;
use crate::stats::{Delivery, Flow, ParticipantStats};
use crate::subscription::Slot;
use crate::wanted::Dynacast;

/// A client that was not heard for this long is gone. Browsers send a STUN check at least every
/// 5 s (RFC 7675), so three in a row were lost.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// Who was sent a picture within this time watches.
const LATELY: Duration = Duration::from_secs(1);

/// Outgoing streams of an accepted offer: m-line, SSRC, RTX SSRC.
pub(crate) type Streams = Vec<(Mid, Ssrc, Option<Ssrc>)>;

/// One participant's media connection.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of each other"
)]
pub(crate) struct Participant {
    pub(crate) connection: ConnectionKey,
    pub(crate) peer: Peer,
    /// There is no engine: a telephone, whose bridge has what it needs.
    pub(crate) phone: Option<Phone>,
    pub(crate) claim: Claim,
    pub(crate) access: Access,
    pub(crate) on: SourceSet,
    pub(crate) rank: Rank,
    pub(crate) grants: Grants,
    /// Whose picture this person wants first.
    pub(crate) pinned: Option<ParticipantKey>,
    pub(crate) publications: Vec<Publication>,
    pub(crate) slots: Vec<Slot>,
    /// Received SSRC to publication and stream. As short as the engine's own list of streams.
    pub(crate) sources_by_ssrc: Vec<(Ssrc, usize, usize)>,
    pub(crate) connected: bool,
    /// Before it was connected, the pictures that it waits for were asked for.
    pub(crate) foreseen: bool,
    pub(crate) death: Option<DisconnectCause>,
    /// Pictures from before this moment are not shown: this person was not granted them then.
    pub(crate) granted_since: Option<Instant>,
    /// Data channels.
    pub(crate) lanes: Lanes,
    created: Instant,
    pub(crate) heard: Instant,
    pub(crate) received: Flow,
    pub(crate) forwarded: Flow,
    pub(crate) estimate_bps: Option<u64>,
    pub(crate) floor: Floor,
    pub(crate) lull: Lull,
    pub(crate) back: Return,
    pub(crate) engine_stats: Option<PeerStats>,
    /// The slots as last told to the signaling side.
    pub(crate) told: Option<Vec<SlotBinding>>,
    /// Minimum and desired bit rate as last told to the engine.
    pub(crate) asked_bps: (u64, u64),
    /// When the engine was last made to look for more bandwidth.
    pub(crate) nudged_at: Option<Instant>,
    /// What is sent now, in bit/s: an estimate below it cannot wait for the next tick.
    pub(crate) granted_bps: u64,
    /// Layers have to be chosen anew for this person.
    pub(crate) plan_due: bool,
    pub(crate) climb: Climb,
    /// Pictures are withheld, and that was told.
    pub(crate) audio_only: bool,
    /// Packets were written since the engine was last settled.
    pub(crate) written: bool,
    /// Place in the order of coming; a reconnect keeps it.
    pub(crate) came: u64,
    pub(crate) voice: Voice,
    pub(crate) jitter: Jitter,
    pub(crate) dynacast: Dynacast,
    pub(crate) delivery: Delivery,
    pub(crate) grade: Grade,
    judged_freezes: u64,
    /// What every estimate is taken for: a test without a network to be measured.
    #[cfg(test)]
    pub(crate) pinned_estimate_bps: Option<u64>,
}

impl Participant {
    pub(crate) fn new(now: Instant, connection: ConnectionKey, peer: Peer) -> Self {
        Self {
            connection,
            peer,
            phone: None,
            claim: Claim::default(),
            access: Access::new(now),
            on: SourceSet::NONE,
            rank: Rank::Other,
            grants: Grants::NONE,
            pinned: None,
            publications: Vec::new(),
            slots: Vec::new(),
            sources_by_ssrc: Vec::new(),
            connected: false,
            foreseen: false,
            death: None,
            granted_since: None,
            lanes: Lanes::new(now),
            created: now,
            heard: now,
            received: Flow::default(),
            forwarded: Flow::default(),
            estimate_bps: None,
            floor: Floor::default(),
            lull: Lull::default(),
            back: Return::default(),
            engine_stats: None,
            told: None,
            asked_bps: (0, 0),
            nudged_at: None,
            granted_bps: 0,
            plan_due: false,
            climb: Climb::default(),
            audio_only: false,
            written: false,
            came: 0,
            voice: Voice::default(),
            jitter: Jitter::default(),
            dynacast: Dynacast::default(),
            delivery: Delivery::default(),
            grade: Grade::default(),
            judged_freezes: 0,
            #[cfg(test)]
            pinned_estimate_bps: None,
        }
    }

    /// Takes over what the engine accepted. Publications and slots that go on keep their state.
    pub(crate) fn apply(
        &mut self,
        request: &ConnectRequest,
        outline: &Outline,
        streams: &Streams,
    ) -> Result<(), ConnectError> {
        let rtc = self.peer.rtc().ok_or(ConnectError::EngineFailed)?;
        let mut publications = Vec::new();
        for wanted in &outline.sources {
            let fresh = Publication::new(rtc, &wanted.mid, wanted.source);
            if fresh.payloads.is_empty() {
                return Err(ConnectError::NoCommonCodec {
                    mid: wanted.mid.clone(),
                });
            }
            publications.push(fresh);
        }
        let mut slots = Vec::new();
        for offered in &outline.slots {
            let mid = Mid::from(offered.mid.as_str());
            let payloads = Payloads::of_media(rtc, mid);
            let stream = streams.iter().find(|(of, ..)| *of == mid);
            let (false, Some((_, ssrc, rtx))) = (payloads.is_empty(), stream) else {
                return Err(ConnectError::NoCommonCodec {
                    mid: offered.mid.clone(),
                });
            };
            slots.push(Slot::new(offered, payloads, (*ssrc, *rtx)));
        }
        for fresh in &mut publications {
            let same = |p: &Publication| p.name == fresh.name && p.source == fresh.source;
            if let Some(at) = self.publications.iter().position(same) {
                fresh.inherit(self.publications.swap_remove(at));
            }
        }
        for fresh in &mut slots {
            let same = |s: &Slot| s.name == fresh.name && s.stream == fresh.stream;
            if let Some(at) = self.slots.iter().position(same) {
                *fresh = self.slots.swap_remove(at);
            }
        }
        self.publications = publications;
        let shape: Vec<(Source, usize)> = self
            .publications
            .iter()
            .map(|publication| (publication.source, publication.encodings()))
            .collect();
        self.dynacast.fit(&shape);
        self.slots = slots;
        self.sources_by_ssrc.clear();
        self.on = request.on;
        self.rank = request.rank;
        self.grants = request.grants;
        Ok(())
    }

    /// Whether packets of `source` may go to anybody: switched on and granted.
    pub(crate) fn forwards(&self, source: Source) -> bool {
        self.on.contains(source) && self.grants.may_publish(source)
    }

    /// Whether this person could hear somebody.
    pub(crate) fn listens(&self) -> bool {
        let has_ears = self.phone.is_some() || self.slots.iter().any(|slot| slot.audio);
        self.grants.subscribe && has_ears
    }

    /// Counts what a forwarded video packet tells: another layer, and how long none came.
    pub(crate) fn note_picture(
        &mut self,
        switched: bool,
        gap: Option<Duration>,
        outlet: &mut Outlet,
    ) {
        let gap = gap.unwrap_or_default();
        for delivery in [&mut self.delivery, &mut outlet.counters.delivery] {
            delivery.layer_switches += u64::from(switched);
            delivery.freezes += u64::from(gap > FREEZE);
            delivery.gaps.note(gap);
        }
    }

    /// Whoever may not be heard does not speak.
    pub(crate) fn hush(&mut self) {
        if !self.forwards(Source::Microphone) {
            self.voice = Voice::default();
        }
    }

    /// Judges the last second.
    pub(crate) fn judge(&mut self, now: Instant) {
        if !self.connected {
            return;
        }
        let engine = self.engine_stats.as_ref();
        let up = engine.and_then(|stats| stats.ingress_loss_fraction);
        let down = engine.and_then(|stats| stats.egress_loss_fraction);
        let standing = self
            .slots
            .iter()
            .filter(|slot| slot.turn.hunger(now).is_some_and(|gap| gap > FREEZE))
            .count();
        let over = self.delivery.freezes.saturating_sub(self.judged_freezes);
        self.judged_freezes = self.delivery.freezes;
        self.grade.update(Signs {
            loss: up.unwrap_or(0.0).max(down.unwrap_or(0.0)),
            round_trip: engine.and_then(|stats| stats.rtt).unwrap_or_default(),
            jitter: self.jitter.get().unwrap_or_default(),
            freezes: u32::try_from(over)
                .unwrap_or(u32::MAX)
                .max(u32::try_from(standing).unwrap_or(u32::MAX)),
            silence: now.saturating_duration_since(self.heard),
        });
    }

    pub(crate) fn publication(&self, source: Source) -> Option<&Publication> {
        self.publications
            .iter()
            .find(|publication| publication.source == source)
    }

    /// Takes what the engine measured. Its loss is that of the whole path.
    pub(crate) fn note_stats(&mut self, now: Instant, stats: Box<PeerStats>) {
        if !self.back.is_recent(now) {
            self.floor.note(now, stats.egress_loss_fraction, stats.rtt);
        }
        if let Some(share) = stats.egress_loss_fraction {
            for slot in &mut self.slots {
                slot.note_loss(share);
            }
        }
        self.engine_stats = Some(*stats);
    }

    /// Takes what the client reports of one m-line. It comes later than what the engine measures,
    /// and counts where a client sends no transport feedback.
    pub(crate) fn note_loss(&mut self, mid: Mid, share: f32) {
        let measured = self.engine_stats.as_ref();
        if measured.is_none_or(|stats| stats.egress_loss_fraction.is_none())
            && let Some(slot) = self.slots.iter_mut().find(|slot| slot.mid == mid)
        {
            slot.note_loss(share);
        }
    }

    /// Whether pictures go to or come from this person, so that they are never silent for long.
    pub(crate) fn is_watched_or_watches(&self, now: Instant) -> bool {
        let fed = |slot: &Slot| slot.turn.hunger(now).is_some_and(|gap| gap < LATELY);
        (self.forwards(Source::Camera) && self.publication(Source::Camera).is_some())
            || self.slots.iter().any(fed)
    }

    /// Drops the kept pictures of every source that is off or not granted: nobody may see them later.
    pub(crate) fn forget_pictures(&mut self) {
        for publication in &mut self.publications {
            let source = publication.source;
            if !self.on.contains(source) || !self.grants.may_publish(source) {
                publication.forget_pictures();
            }
        }
    }

    /// Publication and stream of an m-line and rid.
    pub(crate) fn find_stream(&self, mid: Mid, rid: Option<Rid>) -> Option<(usize, usize)> {
        let index = self
            .publications
            .iter()
            .position(|publication| publication.mid == mid)?;
        let stream = self.publications.get(index)?.stream_index(rid)?;
        Some((index, stream))
    }

    /// Whether the connection has to be given up now.
    pub(crate) fn note_silence(&mut self, now: Instant) {
        if self.death.is_some() {
            return;
        }
        if self.phone.is_some() {
            // Its bridge watches over its silence.
            self.heard = now;
            return;
        }
        if !self.connected && now.saturating_duration_since(self.created) >= HANDSHAKE_MAX {
            self.death = Some(DisconnectCause::NeverConnected);
        } else if self.connected && now.saturating_duration_since(self.heard) >= SILENCE_MAX {
            self.death = Some(DisconnectCause::ConsentLost);
        }
    }

    pub(crate) fn stats(&self, participant: ParticipantKey) -> ParticipantStats {
        let engine = self.engine_stats.as_ref();
        ParticipantStats {
            participant,
            connected: self.connected,
            received: self.received,
            forwarded: self.forwarded,
            loss_up: engine.and_then(|stats| stats.ingress_loss_fraction),
            loss_down: engine.and_then(|stats| stats.egress_loss_fraction),
            rtt: engine.and_then(|stats| stats.rtt),
            estimate_bps: self.estimate_bps,
            jitter_up: self.jitter.get(),
            quality: self.connected.then(|| self.grade.word()),
            speaks: self.voice.speaks().is_some(),
            audio_only: self.audio_only,
            delivery: self.delivery,
        }
    }
}
