//! One person in a room: an engine, what they publish and what they receive.

use core::time::Duration;
use std::time::Instant;

use str0m::media::{Mid, Rid};
use str0m::rtp::Ssrc;
use str0m::stats::PeerStats;

use crate::arrival::Access;
use crate::command::{ConnectError, ConnectRequest};
use crate::demux::Claim;
use crate::event::DisconnectCause;
use crate::forward::Payloads;
use crate::ids::{ConnectionKey, ParticipantKey};
use crate::limits::HANDSHAKE_MAX;
use crate::offer::Outline;
use crate::peer::Peer;
use crate::publication::Publication;
use crate::source::{SlotBinding, Source, SourceSet};
use crate::stats::{Flow, ParticipantStats};
use crate::subscription::Slot;

/// A client that was not heard for this long is gone. Browsers send a STUN check at least every
/// 5 s (RFC 7675), so three in a row were lost.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// Outgoing streams of an accepted offer: m-line, SSRC, RTX SSRC.
pub(crate) type Streams = Vec<(Mid, Ssrc, Option<Ssrc>)>;

/// One participant's media connection.
#[derive(Debug)]
pub(crate) struct Participant {
    pub(crate) connection: ConnectionKey,
    pub(crate) peer: Peer,
    pub(crate) claim: Claim,
    pub(crate) access: Access,
    pub(crate) on: SourceSet,
    pub(crate) publications: Vec<Publication>,
    pub(crate) slots: Vec<Slot>,
    /// Received SSRC to publication and layer. As short as the engine's own list of streams.
    pub(crate) sources_by_ssrc: Vec<(Ssrc, usize, usize)>,
    pub(crate) connected: bool,
    pub(crate) death: Option<DisconnectCause>,
    created: Instant,
    pub(crate) heard: Instant,
    pub(crate) received: Flow,
    pub(crate) forwarded: Flow,
    pub(crate) estimate_bps: Option<u64>,
    pub(crate) engine_stats: Option<PeerStats>,
    /// The slots as last told to the signaling side.
    pub(crate) told: Option<Vec<SlotBinding>>,
    /// Minimum and desired bit rate as last told to the engine.
    pub(crate) asked_bps: (u64, u64),
}

impl Participant {
    pub(crate) fn new(now: Instant, connection: ConnectionKey, peer: Peer) -> Self {
        Self {
            connection,
            peer,
            claim: Claim::default(),
            access: Access::new(now),
            on: SourceSet::NONE,
            publications: Vec::new(),
            slots: Vec::new(),
            sources_by_ssrc: Vec::new(),
            connected: false,
            death: None,
            created: now,
            heard: now,
            received: Flow::default(),
            forwarded: Flow::default(),
            estimate_bps: None,
            engine_stats: None,
            told: None,
            asked_bps: (0, 0),
        }
    }

    /// Takes over what the engine accepted. Publications and slots that go on keep their state.
    pub(crate) fn apply(
        &mut self,
        request: &ConnectRequest,
        outline: &Outline,
        streams: &Streams,
    ) -> Result<(), ConnectError> {
        let rtc = self.peer.rtc();
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
        self.slots = slots;
        self.sources_by_ssrc.clear();
        self.on = request.on;
        Ok(())
    }

    pub(crate) fn publication(&self, source: Source) -> Option<&Publication> {
        self.publications
            .iter()
            .find(|publication| publication.source == source)
    }

    /// Publication and layer of an m-line and rid.
    pub(crate) fn find_layer(&self, mid: Mid, rid: Option<Rid>) -> Option<(usize, usize)> {
        let index = self
            .publications
            .iter()
            .position(|publication| publication.mid == mid)?;
        let layer = self.publications.get(index)?.layer_index(rid)?;
        Some((index, layer))
    }

    /// Whether the connection has to be given up now.
    pub(crate) fn note_silence(&mut self, now: Instant) {
        if self.death.is_some() {
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
        }
    }
}
