//! The peer connection: when to make one, when to replace it, how many slots it needs.

use signaling_protocol::{ConnectionId, PARTICIPANTS_MAX, Participant, SlotBinding, Stage};

use super::words::{MediaState, PeerChange, SlotCount};
use crate::rng::Rng;

/// A connection that was interrupted looks for another way at once (ICE restart); when that has not
/// helped after this long, a new connection is made.
const DISCONNECTED_MS_MAX: u64 = 5_000;
/// A browser learns of a network seconds after it is there, and then only a connection that is new
/// knows it. Two of those have at least this between them.
const RENEWAL_MS_MIN: u64 = 3_000;
/// A search for another way has at least this time before the next one; twice and four times as much
/// when it follows on others. Over slow networks a search takes a second.
const RESTART_MS_MIN: u64 = 1_000;
/// The longest of these times. A search that is this long past counts no more.
const RESTART_MS_MAX: u64 = 4_000;
/// So many sockets in a row are given up because the browser calls the way gone; then that waits like other
/// searches. A connection that flaps would take one each time, and a clinic has one address.
const HURRIES_MAX: u8 = 3;
/// The row ends when this has passed without a new socket.
const HURRY_MS: u64 = 10_000;
/// An offer that looks for another way is answered in one round trip. When this has passed, and the
/// socket has said nothing either, the socket went with the old way.
const SEARCH_MS_MAX: u64 = 2_000;
/// From the wish for a connection to packets. Slow mobile networks need about three seconds.
const CONNECT_MS_MAX: u64 = 10_000;
/// The same for a connection that knows no relay, where there is one.
const EAGER_MS_MAX: u64 = 3_000;
/// The server answers an offer in one round trip.
const ANSWER_MS_MAX: u64 = 6_000;
/// First pause after two failures in a row; doubled up to [`RETRY_MS_MAX`].
const RETRY_MS_MIN: u64 = 500;
/// Longest pause between two connections.
const RETRY_MS_MAX: u64 = 4_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    New,
    Connected,
    Disconnected { since_ms: u64 },
}

/// How far the latest offer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Talk {
    /// The browser makes it.
    Making,
    /// It is with the server.
    Asked { since_ms: u64 },
    /// Answered.
    Settled,
    /// It was made while the server was away and is lost.
    Missed,
}

/// Whether its offer looks for another way. Every answer ends that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    Off,
    On,
    /// An answer was overdue, and the socket was looked at. That is done once.
    Doubted,
}

#[derive(Debug)]
struct Peer {
    connection: ConnectionId,
    slots: SlotCount,
    offer_no: u32,
    talk: Talk,
    flow: Flow,
    opened_ms: u64,
    restarted_ms: Option<u64>,
    /// How long after that no further search begins.
    restart_wait_ms: u64,
    search: Search,
    /// The network has changed under it; the browser may not have noticed.
    suspect: bool,
    /// Its first offer goes out before the server has said anything.
    eager: bool,
    /// It knows no relay although there is one.
    bare: bool,
}

impl Peer {
    /// When the next search may begin; none when nothing is in its way.
    fn again_ms(&self) -> Option<u64> {
        Some(self.restarted_ms?.saturating_add(self.restart_wait_ms))
    }

    /// Whether nothing arrives until its offer is answered.
    fn is_waited_for(&self) -> bool {
        let interrupted = matches!(self.flow, Flow::Disconnected { .. });
        self.search == Search::On || (interrupted && self.search == Search::Off)
    }

    fn searches(&mut self, now_ms: u64) {
        let follows = self.restarted_ms.is_some_and(|at| {
            now_ms.saturating_sub(at) < RESTART_MS_MAX.saturating_add(RESTART_MS_MIN)
        });
        self.restart_wait_ms = if follows {
            self.restart_wait_ms
                .saturating_mul(2)
                .clamp(RESTART_MS_MIN, RESTART_MS_MAX)
        } else {
            RESTART_MS_MIN
        };
        self.restarted_ms = Some(now_ms);
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaStep {
    /// Make a new connection.
    Open(ConnectionId, SlotCount),
    /// Add slots.
    Grow(ConnectionId, SlotCount),
    /// Look for another way to the server (ICE restart, RFC 8839 section 4.4.1.1.1).
    Restart(ConnectionId),
}

/// What becomes of a connection after the server is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survival {
    /// It goes on.
    Lives,
    /// The server still has it, and an offer or the way to it was lost.
    Restart,
    /// The server has forgotten it.
    Gone,
}

#[derive(Debug)]
pub(super) struct Media {
    slots_min: SlotCount,
    peer: Option<Peer>,
    retry_ms: Option<u64>,
    failures: u32,
    renewed_ms: Option<u64>,
    /// Sockets that were replaced in a row, and when the last one was.
    hurries: (u8, u64),
    pub(super) slots: Vec<SlotBinding>,
}

impl Media {
    pub(super) const fn new(slots_min: SlotCount) -> Self {
        Self {
            slots_min,
            peer: None,
            retry_ms: None,
            failures: 0,
            renewed_ms: None,
            hurries: (0, 0),
            slots: Vec::new(),
        }
    }

    pub(super) const fn slots_min(&self) -> SlotCount {
        self.slots_min
    }

    pub(super) fn connection(&self) -> Option<ConnectionId> {
        self.peer.as_ref().map(|peer| peer.connection)
    }

    pub(super) fn state(&self) -> MediaState {
        match self.peer.as_ref().map(|peer| peer.flow) {
            None if self.retry_ms.is_some() => MediaState::Lost,
            None => MediaState::Off,
            Some(Flow::New) if self.failures > 0 => MediaState::Lost,
            Some(Flow::New) => MediaState::Connecting,
            Some(Flow::Connected) => MediaState::Flowing,
            Some(Flow::Disconnected { .. }) => MediaState::Lost,
        }
    }

    /// Slots that these people need: one voice each, one picture each, one more per shared screen.
    fn wanted(&self, others: &[Participant]) -> SlotCount {
        let seated = others.iter().filter(|one| one.stage == Stage::Admitted);
        let people = seated.clone().count();
        let screens = seated.filter(|one| one.sources.screen).count();
        let bounded = |count: usize, min: u8| {
            let count = count.min(2 * PARTICIPANTS_MAX);
            u8::try_from(count).unwrap_or(u8::MAX).max(min)
        };
        SlotCount {
            audio: bounded(people, self.slots_min.audio),
            video: bounded(people.saturating_add(screens), self.slots_min.video),
        }
    }

    pub(super) fn open(&mut self, now_ms: u64, rng: &mut Rng, others: &[Participant]) -> MediaStep {
        let connection = rng.connection_id();
        let slots = self.wanted(others);
        self.slots.clear();
        self.retry_ms = None;
        self.peer = Some(Peer {
            connection,
            slots,
            offer_no: 0,
            talk: Talk::Making,
            flow: Flow::New,
            opened_ms: now_ms,
            restarted_ms: None,
            restart_wait_ms: 0,
            search: Search::Off,
            suspect: false,
            eager: false,
            bare: false,
        });
        MediaStep::Open(connection, slots)
    }

    /// A connection before the server has said anything.
    pub(super) fn open_eagerly(&mut self, now_ms: u64, rng: &mut Rng) -> MediaStep {
        let step = self.open(now_ms, rng, &[]);
        if let Some(peer) = &mut self.peer {
            peer.eager = true;
        }
        step
    }

    /// The server has relays, of which an eager connection knows nothing.
    pub(super) fn has_relays(&mut self) {
        if let Some(peer) = &mut self.peer {
            peer.bare = peer.eager;
        }
    }

    /// More slots, if people need them and no offer is under way.
    pub(super) fn grow(&mut self, others: &[Participant]) -> Option<MediaStep> {
        let wanted = self.wanted(others);
        let peer = self.peer.as_mut()?;
        if peer.talk != Talk::Settled
            || (wanted.audio <= peer.slots.audio && wanted.video <= peer.slots.video)
        {
            return None;
        }
        peer.slots = SlotCount {
            audio: wanted.audio.max(peer.slots.audio),
            video: wanted.video.max(peer.slots.video),
        };
        peer.talk = Talk::Making;
        Some(MediaStep::Grow(peer.connection, peer.slots))
    }

    /// Whether another way may be looked for: not a moment after the last time, and not while an offer
    /// is under way.
    pub(super) fn may_restart(&self, now_ms: u64) -> bool {
        self.peer.as_ref().is_some_and(|peer| {
            let recent = peer.again_ms().is_some_and(|at| now_ms < at);
            peer.flow != Flow::New && peer.talk == Talk::Settled && !recent
        })
    }

    /// When a connection that is interrupted may look for another way once more; none when a new connection
    /// comes first.
    fn search_due_ms(&self) -> Option<u64> {
        let peer = self.peer.as_ref()?;
        let Flow::Disconnected { since_ms } = peer.flow else {
            return None;
        };
        let over_ms = since_ms.saturating_add(DISCONNECTED_MS_MAX);
        // It has not looked yet when an offer was under way.
        let at = peer.again_ms().unwrap_or(since_ms);
        (peer.talk == Talk::Settled && at < over_ms).then_some(at)
    }

    /// When another way was looked for last, or the way was interrupted after that: what the server has
    /// said before proves nothing.
    pub(super) fn searched_ms(&self) -> Option<u64> {
        let peer = self.peer.as_ref()?;
        match peer.flow {
            Flow::Disconnected { since_ms } => Some(since_ms).max(peer.restarted_ms),
            Flow::New | Flow::Connected => peer.restarted_ms,
        }
    }

    /// When an offer should have been answered without which nothing arrives, and since when it waits.
    fn answer_due_ms(&self) -> Option<(u64, u64)> {
        let peer = self.peer.as_ref()?;
        match peer.talk {
            Talk::Asked { since_ms } if peer.is_waited_for() => {
                Some((since_ms.saturating_add(SEARCH_MS_MAX), since_ms))
            }
            _ => None,
        }
    }

    /// Whether an interrupted connection is to look for another way now.
    pub(super) fn is_search_due(&self, now_ms: u64) -> bool {
        self.search_due_ms().is_some_and(|due| due <= now_ms)
    }

    /// Since when an offer waits that should have been answered. Said once.
    pub(super) fn overdue_since_ms(&mut self, now_ms: u64) -> Option<u64> {
        let (due_ms, since_ms) = self.answer_due_ms()?;
        if now_ms < due_ms {
            return None;
        }
        self.peer.as_mut()?.search = Search::Doubted;
        Some(since_ms)
    }

    /// Another way to the server, unless it was looked for a moment ago or an offer is under way.
    pub(super) fn restart(&mut self, now_ms: u64) -> Option<MediaStep> {
        if self.may_restart(now_ms) {
            self.search(now_ms)
        } else {
            None
        }
    }

    /// Another way to the server, whenever the last one was looked for.
    pub(super) fn search(&mut self, now_ms: u64) -> Option<MediaStep> {
        let peer = self.peer.as_mut()?;
        peer.searches(now_ms);
        peer.talk = Talk::Making;
        if peer.search == Search::Off {
            peer.search = Search::On;
        }
        Some(MediaStep::Restart(peer.connection))
    }

    /// The number of an offer that was made, if it is to be sent.
    pub(super) fn offer(
        &mut self,
        now_ms: u64,
        connection: ConnectionId,
        open: bool,
    ) -> Option<u32> {
        let peer = self.peer_of(connection)?;
        if peer.talk != Talk::Making {
            return None;
        }
        if !open {
            peer.talk = Talk::Missed;
            return None;
        }
        peer.offer_no = peer.offer_no.saturating_add(1);
        peer.talk = Talk::Asked { since_ms: now_ms };
        Some(peer.offer_no)
    }

    /// Whether this answer is the one that is waited for.
    pub(super) fn answer(&mut self, connection: ConnectionId, offer_no: u32) -> bool {
        let Some(peer) = self.peer_of(connection) else {
            return false;
        };
        let fits = matches!(peer.talk, Talk::Asked { .. }) && peer.offer_no == offer_no;
        if fits {
            peer.talk = Talk::Settled;
            peer.search = Search::Off;
        }
        fits
    }

    /// An offer is with the server.
    pub(super) fn is_asking(&self) -> bool {
        matches!(
            self.peer.as_ref().map(|peer| peer.talk),
            Some(Talk::Asked { .. })
        )
    }

    pub(super) fn changed(&mut self, now_ms: u64, connection: ConnectionId, change: PeerChange) {
        let hurries = self.may_hurry(now_ms);
        let Some(peer) = self.peer_of(connection) else {
            return;
        };
        match change {
            PeerChange::Connected => {
                if hurries && matches!(peer.flow, Flow::Disconnected { .. }) {
                    // What was found counts; the next interruption is another one.
                    peer.restart_wait_ms = RESTART_MS_MIN / 2;
                }
                peer.flow = Flow::Connected;
                self.failures = 0;
            }
            PeerChange::Disconnected => {
                if !matches!(peer.flow, Flow::Disconnected { .. }) {
                    peer.flow = Flow::Disconnected { since_ms: now_ms };
                }
            }
            // An offer for something else is under way: its answer may be lost with the network.
            PeerChange::Stalled => {
                if peer.search == Search::Off && matches!(peer.talk, Talk::Asked { .. }) {
                    peer.search = Search::On;
                }
            }
            PeerChange::Nowhere => self.renew(now_ms),
            PeerChange::Failed => self.fail(now_ms),
        }
    }

    /// Plans a new connection in place of one whose search can find nothing.
    fn renew(&mut self, now_ms: u64) {
        let recent = self
            .renewed_ms
            .is_some_and(|at| now_ms.saturating_sub(at) < RENEWAL_MS_MIN);
        let searches = self.peer.as_ref().is_some_and(|peer| {
            let searched = peer
                .restarted_ms
                .is_some_and(|at| now_ms.saturating_sub(at) < RESTART_MS_MAX);
            let offered = matches!(peer.talk, Talk::Asked { .. } | Talk::Settled);
            peer.flow != Flow::New && offered && searched
        });
        if searches && !recent {
            self.renewed_ms = Some(now_ms);
            self.fail(now_ms);
        }
    }

    const fn hurries(&self, now_ms: u64) -> u8 {
        let (count, last_ms) = self.hurries;
        if now_ms.saturating_sub(last_ms) < HURRY_MS {
            count
        } else {
            0
        }
    }

    /// Whether a socket may be given up on the browser's word alone.
    pub(super) const fn may_hurry(&self, now_ms: u64) -> bool {
        self.hurries(now_ms) < HURRIES_MAX
    }

    /// The network has changed under the connection: as soon as the server is back, another way is
    /// looked for.
    pub(super) fn interrupted(&mut self, now_ms: u64) {
        self.hurries = (self.hurries(now_ms).saturating_add(1), now_ms);
        if let Some(peer) = &mut self.peer {
            peer.suspect = true;
        }
    }

    /// Plans the next connection: at once the first time, then with growing pauses.
    pub(super) fn fail(&mut self, now_ms: u64) {
        let wait_ms = if self.failures == 0 {
            0
        } else {
            (RETRY_MS_MIN << (self.failures - 1).min(3)).min(RETRY_MS_MAX)
        };
        self.failures = self.failures.saturating_add(1);
        self.retry_ms = Some(now_ms.saturating_add(wait_ms));
    }

    /// After a Welcome: whether the connection lives on the server too, or is still to be offered.
    pub(super) fn survives(&mut self, on_server: Option<ConnectionId>) -> Survival {
        let Some(peer) = self.peer.as_mut() else {
            return Survival::Gone;
        };
        let known = on_server == Some(peer.connection);
        let disconnected = matches!(peer.flow, Flow::Disconnected { .. });
        let interrupted = core::mem::take(&mut peer.suspect) || disconnected;
        match peer.talk {
            Talk::Making if peer.offer_no == 0 || known => Survival::Lives,
            // Its offer went out with this session's Hello.
            Talk::Asked { .. } if core::mem::take(&mut peer.eager) => Survival::Lives,
            Talk::Settled if known && !interrupted => Survival::Lives,
            Talk::Settled | Talk::Asked { .. } | Talk::Missed if known => {
                peer.talk = Talk::Settled;
                Survival::Restart
            }
            Talk::Making | Talk::Settled | Talk::Asked { .. } | Talk::Missed => Survival::Gone,
        }
    }

    /// Forgets the connection. Says whether there was one to close.
    pub(super) fn close(&mut self) -> bool {
        self.slots.clear();
        self.retry_ms = None;
        self.failures = 0;
        self.peer.take().is_some()
    }

    pub(super) fn due_ms(&self) -> Option<u64> {
        let search = self.search_due_ms();
        let answer = self.answer_due_ms().map(|(due, _)| due);
        self.retry_ms.or_else(|| {
            [self.deadline_ms(), search, answer]
                .into_iter()
                .flatten()
                .min()
        })
    }

    fn deadline_ms(&self) -> Option<u64> {
        let peer = self.peer.as_ref()?;
        let flow = match peer.flow {
            Flow::New if peer.bare => Some(peer.opened_ms.saturating_add(EAGER_MS_MAX)),
            Flow::New => Some(peer.opened_ms.saturating_add(CONNECT_MS_MAX)),
            Flow::Connected => None,
            Flow::Disconnected { since_ms } => Some(since_ms.saturating_add(DISCONNECTED_MS_MAX)),
        };
        let talk = match peer.talk {
            Talk::Asked { since_ms } => Some(since_ms.saturating_add(ANSWER_MS_MAX)),
            Talk::Making | Talk::Settled | Talk::Missed => None,
        };
        [flow, talk].into_iter().flatten().min()
    }

    /// Whether a new connection is due. A deadline that has passed counts as a failure.
    pub(super) fn tick(&mut self, now_ms: u64) -> bool {
        if self.retry_ms.is_none() && self.deadline_ms().is_some_and(|due| due <= now_ms) {
            self.fail(now_ms);
        }
        self.retry_ms.is_some_and(|due| due <= now_ms)
    }

    fn peer_of(&mut self, connection: ConnectionId) -> Option<&mut Peer> {
        self.peer
            .as_mut()
            .filter(|peer| peer.connection == connection)
    }
}
