//! How many TCP connections with media there may be, in total and of one address.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use crate::port::RELAY_IP;

/// Ports of relayed clients begin here, as those of any other relay would.
const RELAY_PORT_FIRST: u16 = 1024;

/// The limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connections_max: usize,
    pub(crate) per_address_max: usize,
}

/// Who sits where. Asked when a connection begins and ends, never for a packet.
#[derive(Debug)]
pub(super) struct Seats {
    limits: Limits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
    relay_ports: BTreeSet<u16>,
    relay_port_last: u16,
}

/// One connection's place; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Seat<'a> {
    seats: &'a Seats,
    address: IpAddr,
    relay_port: Option<u16>,
}

impl Seats {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            taken: Mutex::default(),
        }
    }

    /// A place for one more connection, if there is one.
    pub(super) fn take(&self, address: IpAddr) -> Option<Seat<'_>> {
        let mut taken = self.taken();
        let of_address = taken.by_address.get(&address).copied().unwrap_or(0);
        if taken.total >= self.limits.connections_max || of_address >= self.limits.per_address_max {
            return None;
        }
        taken.total += 1;
        taken.by_address.insert(address, of_address + 1);
        Some(Seat {
            seats: self,
            address,
            relay_port: None,
        })
    }

    /// Nothing in here can be left half done, so that a panic elsewhere spoils nothing.
    fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat<'_> {
    /// The address that this connection has towards the shards, as a relayed client.
    pub(super) fn relayed(&mut self) -> Option<SocketAddr> {
        let mut taken = self.seats.taken();
        // One more try than ports are taken finds a free one.
        for _ in 0..=taken.relay_ports.len() {
            let next = taken.relay_port_last.wrapping_add(1).max(RELAY_PORT_FIRST);
            taken.relay_port_last = next;
            if taken.relay_ports.insert(next) {
                self.relay_port = Some(next);
                return Some(SocketAddr::new(RELAY_IP, next));
            }
        }
        None
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.total = taken.total.saturating_sub(1);
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
        if let Some(port) = self.relay_port {
            taken.relay_ports.remove(&port);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_limited_and_come_back() {
        let seats = Seats::new(Limits {
            connections_max: 3,
            per_address_max: 2,
        });
        let ip = |last| IpAddr::from([203, 0, 113, last]);
        let first = seats.take(ip(1)).unwrap();
        let _second = seats.take(ip(1)).unwrap();
        assert!(seats.take(ip(1)).is_none(), "two of one address");
        let _third = seats.take(ip(2)).unwrap();
        assert!(seats.take(ip(3)).is_none(), "three in total");
        drop(first);
        assert!(seats.take(ip(3)).is_some());
    }

    #[test]
    fn relayed_clients_never_share_an_address() {
        let seats = Seats::new(Limits {
            connections_max: 200_000,
            per_address_max: 200_000,
        });
        let mut open: Vec<Seat<'_>> = Vec::new();
        let mut addresses = BTreeSet::new();
        for _ in RELAY_PORT_FIRST..=u16::MAX {
            let mut seat = seats.take(RELAY_IP).unwrap();
            assert!(addresses.insert(seat.relayed().unwrap()));
            open.push(seat);
        }
        let mut one_more = seats.take(RELAY_IP).unwrap();
        assert_eq!(one_more.relayed(), None);
        open.pop();
        assert!(one_more.relayed().is_some());
    }
}
