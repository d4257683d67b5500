//! The ways between the server and one client, and which of them media takes.
//!
//! The engine is ICE-lite, and among the pairs that a client nominated it keeps to the one with the
//! highest priority: after a NAT gave the client another port, it would go on sending to the old
//! one until that times out. So the engine sees one unchanging path, and the shard answers checks
//! itself and follows the client's latest word (RFC 8445 section 8.1.1: the controlling side
//! chooses).

use core::time::Duration;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use crate::limits::{GAP_MIN, PATH_SILENCE_MAX};

/// What carries a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// UDP, or a relay that speaks UDP towards this server.
    Udp,
    /// A frame on a TCP connection (RFC 4571, RFC 6544).
    Tcp,
}

/// A candidate that clients are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerCandidate {
    /// How it is reached.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// One way between server and client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) transport: Transport,
    /// The candidate.
    pub(crate) local: SocketAddr,
    /// The client, as its packets name it.
    pub(crate) remote: SocketAddr,
}

/// Which way media to a client takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Chosen {
    path: Option<Path>,
    heard: Option<Instant>,
}

impl Chosen {
    pub(crate) const fn path(&self) -> Option<Path> {
        self.path
    }

    /// Something arrived on a path that has been proved.
    pub(crate) fn heard(&mut self, now: Instant, path: Path) {
        if self.path == Some(path) {
            self.heard = Some(now);
        }
    }

    /// Whether media from elsewhere may be this client's: same IP address, and silence where it was.
    pub(crate) fn may_have_moved(&self, now: Instant, path: Path, silence: Duration) -> bool {
        let silent = self
            .heard
            .is_some_and(|at| now.saturating_duration_since(at) >= silence);
        let same_ip = self.path.is_some_and(|known| {
            known.transport == path.transport && known.remote.ip() == path.remote.ip()
        });
        silent && same_ip
    }

    /// The client has proved that it moved.
    pub(crate) fn moved(&mut self, now: Instant, path: Path) {
        self.path = Some(path);
        self.heard(now, path);
    }

    /// Whether what has just arrived ends a gap: the client is elsewhere than `before`, or was silent.
    pub(crate) fn resumes(&self, before: Self, now: Instant) -> bool {
        let (Some(was), Some(is)) = (before.path, self.path) else {
            return false;
        };
        let elsewhere = was.transport != is.transport || was.remote.ip() != is.remote.ip();
        let silent = before
            .heard
            .is_some_and(|at| now.saturating_duration_since(at) >= GAP_MIN);
        elsewhere || (silent && self.heard == Some(now))
    }

    /// A signed check arrived. It moves the connection when it says so, or when the chosen path
    /// has fallen silent: not every browser repeats its nomination in later checks.
    pub(crate) fn checked(&mut self, now: Instant, path: Path, nominates: bool) {
        let silent = self
            .heard
            .is_some_and(|at| now.saturating_duration_since(at) >= PATH_SILENCE_MAX);
        if nominates || (self.path.is_some() && silent) {
            self.path = Some(path);
        }
        self.heard(now, path);
    }
}

/// The one path that an engine knows: its first candidate, and a client at the dummy address of
/// RFC 7600 or in the discard-only prefix of RFC 6666. Nobody sends from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inner {
    pub(crate) transport: Transport,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

impl Inner {
    pub(crate) fn towards(candidate: ServerCandidate) -> Self {
        let ip = if candidate.address.is_ipv4() {
            IpAddr::V4(Ipv4Addr::new(192, 0, 0, 8))
        } else {
            IpAddr::V6(Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 1))
        };
        Self {
            transport: candidate.transport,
            local: candidate.address,
            remote: SocketAddr::new(ip, 9),
        }
    }

    /// For nobody.
    pub(crate) fn nowhere() -> Self {
        Self::towards(ServerCandidate {
            transport: Transport::Udp,
            address: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 9)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::some_instant;

    fn path(port: u16) -> Path {
        Path {
            transport: Transport::Udp,
            local: SocketAddr::from(([192, 0, 2, 1], 3478)),
            remote: SocketAddr::from(([198, 51, 100, 1], port)),
        }
    }

    #[test]
    fn nothing_is_chosen_before_the_client_nominates() {
        let now = some_instant();
        let mut chosen = Chosen::default();
        chosen.checked(now, path(1), false);
        chosen.checked(now + Duration::from_secs(9), path(1), false);
        assert_eq!(chosen.path(), None);
        chosen.checked(now, path(1), true);
        assert_eq!(chosen.path(), Some(path(1)));
    }

    #[test]
    fn the_latest_nomination_wins() {
        let now = some_instant();
        let mut chosen = Chosen::default();
        for port in [1, 2, 1] {
            chosen.checked(now, path(port), true);
            assert_eq!(chosen.path(), Some(path(port)));
        }
    }

    #[test]
    fn a_check_without_nomination_moves_only_a_silent_connection() {
        let now = some_instant();
        let mut chosen = Chosen::default();
        chosen.checked(now, path(1), true);
        let soon = now + PATH_SILENCE_MAX / 2;
        chosen.heard(soon, path(1));
        chosen.checked(now + PATH_SILENCE_MAX, path(2), false);
        assert_eq!(chosen.path(), Some(path(1)));
        chosen.checked(soon + PATH_SILENCE_MAX, path(2), false);
        assert_eq!(chosen.path(), Some(path(2)));
    }

    #[test]
    fn a_gap_ends_after_a_silence_or_elsewhere_and_not_with_another_port() {
        let now = some_instant();
        let mut chosen = Chosen::default();
        let mut arrives = |at: Duration, path: Path| {
            let before = chosen;
            chosen.checked(now + at, path, true);
            chosen.resumes(before, now + at)
        };
        let millis = Duration::from_millis;
        assert!(!arrives(millis(0), path(1)), "the first one");
        assert!(!arrives(millis(20), path(1)));
        assert!(!arrives(millis(40), path(2)), "another port");
        assert!(arrives(millis(40) + GAP_MIN, path(2)), "a silence");
        let mut elsewhere = path(2);
        elsewhere.remote.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!(arrives(millis(60) + GAP_MIN, elsewhere));
        assert!(!arrives(millis(80) + GAP_MIN, elsewhere));
    }
}
