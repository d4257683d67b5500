//! The way to the server: tickets, sockets, silence, coming back.

use signaling_protocol::{FailoverTicket, SILENCE_MS_MAX};

use super::words::Ending;
use crate::rng::Rng;

/// Shortest pause before coming back, so that a restarted server is not hit at once by everybody.
const PAUSE_MS_MIN: u64 = 250;
/// Longest pause: a patient who is back within three seconds hardly notices.
const PAUSE_MS_MAX: u64 = 2_000;
/// A socket that has said something within this time is alive. Shorter than the time without media
/// after which it is asked: what was said before the network went proves nothing.
const HEARD_LATELY_MS: u64 = 300;
/// A socket that is not open by then is given up, and one that has said Hello and is not welcomed. A
/// Hello on its way cannot be taken back, and whoever it reaches late puts off the socket that came after.
const OPEN_MS_MAX: u64 = 5_000;
/// The time to open for the first socket of somebody who comes back: it may have begun in a network that
/// has gone since. Over slow networks the next one has more time.
const RESUME_MS_MAX: u64 = 2_000;
/// Fresh tickets refused in a row before giving up: the fault is not a lost network.
const REFUSALS_MAX: u32 = 3;

/// Where the way to the server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkState {
    /// Not begun.
    Idle,
    /// Waiting for the page's ticket.
    Ticket,
    /// A socket is opening or waits for its Welcome.
    Opening {
        /// Its number.
        socket: u32,
        /// Since when, or when it said Hello.
        since_ms: u64,
    },
    /// Welcomed.
    Open {
        /// Its number.
        socket: u32,
        /// When it was heard last.
        heard_ms: u64,
    },
    /// Waiting before the next try.
    Pause {
        /// Until when.
        until_ms: u64,
    },
    /// Over for good.
    Over(Ending),
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkStep {
    /// Ask the page for a ticket.
    NeedTicket,
    /// Open this socket.
    OpenSocket(u32),
}

/// With what a socket says Hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// The secret of the last Welcome.
    Resume(String),
    /// A fresh ticket.
    Ticket(String),
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) state: LinkState,
    ticket: Option<String>,
    resume: Option<String>,
    failover: Option<FailoverTicket>,
    /// Which of the places is asked: this page's own, then those of the failover ticket.
    place: usize,
    /// The last Hello was a resume.
    pub(super) resuming: bool,
    /// This socket has said Hello; nothing is believed before.
    pub(super) greeted: bool,
    attempts: u32,
    refusals: u32,
    socket_next: u32,
    /// A socket was given up while it opened. Until the next Welcome that is not done again.
    doubted: bool,
}

impl Link {
    pub(super) const fn new() -> Self {
        Self {
            state: LinkState::Idle,
            ticket: None,
            resume: None,
            failover: None,
            place: 0,
            resuming: false,
            greeted: false,
            attempts: 0,
            refusals: 0,
            socket_next: 1,
            doubted: false,
        }
    }

    /// The number of the next socket.
    pub(super) const fn count(&self) -> u32 {
        self.socket_next
    }

    /// Counts sockets from here.
    pub(super) const fn count_from(&mut self, number: u32) {
        self.socket_next = number;
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, LinkState::Open { .. })
    }

    pub(super) const fn is_opening(&self) -> bool {
        matches!(self.state, LinkState::Opening { .. })
    }

    /// Whether a socket that is being opened and has said nothing may be given up at once for another one.
    pub(super) const fn doubt(&mut self) -> bool {
        let silent = self.is_opening() && !self.greeted;
        silent && !core::mem::replace(&mut self.doubted, true)
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.state, LinkState::Over(_))
    }

    /// Whether an event comes from the socket in use.
    pub(super) const fn is_current(&self, number: u32) -> bool {
        match self.state {
            LinkState::Opening { socket, .. } | LinkState::Open { socket, .. } => socket == number,
            LinkState::Idle | LinkState::Ticket | LinkState::Pause { .. } | LinkState::Over(_) => {
                false
            }
        }
    }

    pub(super) fn begin(&mut self, now_ms: u64) -> LinkStep {
        self.greeted = false;
        if self.resume.is_some() || self.ticket.is_some() {
            let socket = self.socket_next;
            self.socket_next = self.socket_next.wrapping_add(1);
            self.state = LinkState::Opening {
                socket,
                since_ms: now_ms,
            };
            LinkStep::OpenSocket(socket)
        } else {
            self.state = LinkState::Ticket;
            LinkStep::NeedTicket
        }
    }

    /// A ticket came; none when nobody waits for it.
    pub(super) fn ticket(&mut self, now_ms: u64, ticket: String) -> Option<LinkStep> {
        if self.state != LinkState::Ticket {
            return None;
        }
        self.ticket = Some(ticket);
        Some(self.begin(now_ms))
    }

    /// What to say Hello with. A ticket is spent by being shown, so it is given once.
    pub(super) fn proof(&mut self, now_ms: u64) -> Option<Proof> {
        if self.greeted {
            return None;
        }
        self.greeted = true;
        if let LinkState::Opening { since_ms, .. } = &mut self.state {
            *since_ms = now_ms;
        }
        if let Some(token) = &self.resume {
            self.resuming = true;
            let token = match &self.failover {
                Some(failover) => format!("{token}.{}", failover.ticket),
                None => token.clone(),
            };
            return Some(Proof::Resume(token));
        }
        self.resuming = false;
        self.ticket.take().map(Proof::Ticket)
    }

    /// What to come back with, and where else. Whoever has greeted stays the first to be asked; who is
    /// named no more gives that to whoever signs.
    pub(super) fn vouched(&mut self, failover: FailoverTicket) {
        self.place = self.origin().map_or(0, |at| {
            let known = failover.nodes.iter().position(|node| node == at);
            known.unwrap_or(0).saturating_add(1)
        });
        self.failover = Some(failover);
    }

    /// Where the next socket goes: to the server of this page, or to another one.
    pub(super) fn origin(&self) -> Option<&str> {
        let nodes = &self.failover.as_ref()?.nodes;
        let place = self.place.checked_rem(nodes.len().saturating_add(1))?;
        nodes.get(place.checked_sub(1)?).map(String::as_str)
    }

    pub(super) fn welcomed(&mut self, now_ms: u64, token: String) {
        if let LinkState::Opening { socket, .. } | LinkState::Open { socket, .. } = self.state {
            self.state = LinkState::Open {
                socket,
                heard_ms: now_ms,
            };
        }
        self.resume = Some(token);
        self.doubted = false;
        self.attempts = 0;
        self.refusals = 0;
    }

    pub(super) const fn heard(&mut self, now_ms: u64) {
        if let LinkState::Open { heard_ms, .. } = &mut self.state {
            *heard_ms = now_ms;
        }
    }

    /// Whether the socket in use has said something a moment ago.
    pub(super) const fn was_heard_lately(&self, now_ms: u64) -> bool {
        match self.state {
            LinkState::Open { heard_ms, .. } => now_ms.saturating_sub(heard_ms) < HEARD_LATELY_MS,
            _ => false,
        }
    }

    /// Whether the socket in use has said something since a moment.
    pub(super) const fn was_heard_since(&self, moment_ms: u64) -> bool {
        match self.state {
            LinkState::Open { heard_ms, .. } => heard_ms > moment_ms,
            _ => false,
        }
    }

    /// The proof was not accepted: forget it. Says whether to try again, and when.
    pub(super) fn refused(&mut self, now_ms: u64, rng: &mut Rng) -> bool {
        self.ticket = None;
        if self.resuming {
            self.resume = None;
            self.resuming = false;
            self.state = LinkState::Pause { until_ms: now_ms };
            return true;
        }
        self.refusals += 1;
        self.resume = None;
        if self.refusals >= REFUSALS_MAX {
            return false;
        }
        self.pause(now_ms, rng);
        true
    }

    /// Wait a little, longer each time.
    pub(super) fn pause(&mut self, now_ms: u64, rng: &mut Rng) {
        // A place where nobody greets is left for the next one.
        self.place = self.place.wrapping_add(usize::from(self.is_opening()));
        let widest = PAUSE_MS_MIN.saturating_mul(2 << self.attempts.min(4));
        let wait_ms = rng.within(PAUSE_MS_MIN, widest.min(PAUSE_MS_MAX));
        self.attempts = self.attempts.saturating_add(1);
        self.state = LinkState::Pause {
            until_ms: now_ms.saturating_add(wait_ms),
        };
    }

    pub(super) fn over(&mut self, ending: Ending) {
        self.state = LinkState::Over(ending);
        self.ticket = None;
        self.resume = None;
    }

    pub(super) fn due_ms(&self) -> Option<u64> {
        match self.state {
            LinkState::Opening { since_ms, .. } => {
                let first = self.resume.is_some() && self.attempts == 0 && !self.greeted;
                let max_ms = if first { RESUME_MS_MAX } else { OPEN_MS_MAX };
                Some(since_ms.saturating_add(max_ms))
            }
            LinkState::Open { heard_ms, .. } => {
                Some(heard_ms.saturating_add(u64::from(SILENCE_MS_MAX)))
            }
            LinkState::Pause { until_ms } => Some(until_ms),
            LinkState::Idle | LinkState::Ticket | LinkState::Over(_) => None,
        }
    }
}
