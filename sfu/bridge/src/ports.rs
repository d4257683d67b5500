//! Sockets of calls: which port, and how many.
//!
//! Who is free is known to the system alone: a port is taken by binding it. A socket that was freed
//! is kept bound for a while, so that late packets of one call never reach the next.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

/// How long a port rests, in microseconds: longer than a packet lives, and than a telephone goes on
/// sending after it was told that the call is over.
const REST_US: i64 = 30_000_000;

/// Where sockets are bound.
#[derive(Debug)]
pub(crate) struct Ports {
    bind: IpAddr,
    advertise: IpAddr,
    range: Option<RangeInclusive<u16>>,
    next: AtomicU16,
    open: AtomicUsize,
    max: usize,
}

impl Ports {
    pub(crate) fn new(
        (bind, advertise): (IpAddr, IpAddr),
        range: Option<RangeInclusive<u16>>,
        max: usize,
    ) -> Self {
        let next = AtomicU16::new(range.as_ref().map_or(0, |range| *range.start()));
        Self {
            bind,
            advertise,
            range,
            next,
            open: AtomicUsize::new(0),
            max,
        }
    }

    pub(crate) const fn max(&self) -> usize {
        self.max
    }

    /// Counts one more call; `false` when there are enough.
    pub(crate) fn take(&self) -> bool {
        let more = |open: usize| (open < self.max).then_some(open + 1);
        self.open
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more)
            .is_ok()
    }

    /// A call is over.
    pub(crate) fn give_back(&self) {
        let less = |open: usize| Some(open.saturating_sub(1));
        let _ = self
            .open
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
    }

    /// How many calls there are.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// A bound socket that does not block, and where telephones reach it.
    pub(crate) fn bind(&self) -> io::Result<(UdpSocket, SocketAddr)> {
        let socket = match &self.range {
            None => UdpSocket::bind((self.bind, 0))?,
            Some(range) => self.bind_within(range)?,
        };
        socket.set_nonblocking(true)?;
        let port = socket.local_addr()?.port();
        Ok((socket, SocketAddr::new(self.advertise, port)))
    }

    /// Even ports only, as RFC 3550 section 11 wants them, one after the other from where the last
    /// search ended.
    fn bind_within(&self, range: &RangeInclusive<u16>) -> io::Result<UdpSocket> {
        let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..=(range.end().saturating_sub(*range.start()) / 2) {
            let step = |port: u16| {
                let following = port.checked_add(2).filter(|port| range.contains(port));
                Some(following.unwrap_or(*range.start()))
            };
            let port = self
                .next
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, step)
                .unwrap_or(*range.start());
            match UdpSocket::bind((self.bind, port)) {
                Ok(socket) => return Ok(socket),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => refused = error,
                Err(error) => return Err(error),
            }
        }
        Err(refused)
    }
}

/// What rests until its time has come.
#[derive(Debug)]
pub(crate) struct Resting<T> {
    waiting: VecDeque<(i64, T)>,
    max: usize,
}

impl<T> Resting<T> {
    /// Room for so many; of more the oldest is let go early.
    pub(crate) const fn new(max: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            max,
        }
    }

    pub(crate) fn rest(&mut self, now_us: i64, what: T) {
        if self.waiting.len() >= self.max {
            self.waiting.pop_front();
        }
        self.waiting
            .push_back((now_us.saturating_add(REST_US), what));
    }

    /// Lets go of everything whose time has come.
    pub(crate) fn wake(&mut self, now_us: i64) {
        while self.waiting.front().is_some_and(|(at, _)| *at <= now_us) {
            self.waiting.pop_front();
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_freed_port_is_bound_until_it_has_rested() {
        let ports = Ports::new((HERE, HERE), None, 2);
        let (socket, address) = ports.bind().unwrap();
        let mut resting = Resting::new(4);
        resting.rest(1_000_000, socket);
        resting.wake(30_999_999);
        assert!(UdpSocket::bind(address).is_err());
        resting.wake(31_000_000);
        assert!(UdpSocket::bind(address).is_ok());
    }

    #[test]
    fn a_range_is_used_up_port_by_port_and_then_refuses() {
        // A range around a port that the system has just given: all of it is free, or taken by others,
        // and then there are fewer.
        let (_probe, address) = Ports::new((HERE, HERE), None, 1).bind().unwrap();
        let first = (address.port() & !1).min(65_000);
        let ports = Ports::new((HERE, HERE), Some(first..=first + 7), 9);
        let mut bound = Vec::new();
        let refused = loop {
            match ports.bind() {
                Ok((socket, address)) => {
                    assert!(
                        address.port() % 2 == 0 && (first..=first + 7).contains(&address.port())
                    );
                    bound.push(socket);
                }
                Err(refused) => break refused,
            }
        };
        assert!(bound.len() <= 4);
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn no_more_calls_than_configured() {
        let ports = Ports::new((HERE, HERE), None, 2);
        assert!(ports.take() && ports.take() && !ports.take());
        ports.give_back();
        assert!(ports.take());
        assert_eq!(ports.open(), 2);
    }

    #[test]
    fn more_than_may_rest_wake_the_oldest() {
        let mut resting = Resting::new(2);
        for what in 0..3 {
            resting.rest(what, what);
        }
        assert_eq!(resting.len(), 2);
        resting.wake(REST_US + 1);
        assert_eq!(resting.len(), 1);
    }
}
