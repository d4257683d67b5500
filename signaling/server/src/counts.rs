//! How many sockets there may be, in total and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Why a socket is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CountError {
    /// The server has as many as it takes, or is closing.
    #[error("too many connections")]
    Total,
    /// That address has as many as it may.
    #[error("too many connections from this address")]
    Address,
}

/// Counts sockets.
#[derive(Debug)]
pub(crate) struct Counts {
    total: Arc<Semaphore>,
    total_max: u32,
    each_max: u32,
    by_address: Mutex<HashMap<IpAddr, u32>>,
}

/// One counted socket; dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Place {
    counts: Arc<Counts>,
    address: Option<IpAddr>,
    _total: OwnedSemaphorePermit,
}

impl Counts {
    pub(crate) fn new(total_max: u32, each_max: u32) -> Arc<Self> {
        let permits = usize::try_from(total_max).unwrap_or(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            total: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            total_max,
            each_max,
            by_address: Mutex::new(HashMap::new()),
        })
    }

    /// Takes a place for a socket from `address`; an unknown address is counted in the total only.
    pub(crate) fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Place, CountError> {
        let total = Arc::clone(&self.total)
            .try_acquire_owned()
            .or(Err(CountError::Total))?;
        if let Some(address) = address {
            let mut by_address = self.lock();
            let count = by_address.entry(address).or_insert(0);
            if *count >= self.each_max {
                return Err(CountError::Address);
            }
            *count += 1;
        }
        metrics::gauge!("signal_connections").increment(1.0);
        Ok(Place {
            counts: Arc::clone(self),
            address,
            _total: total,
        })
    }

    /// Returns when no socket is left. None are taken from here on.
    pub(crate) async fn drain(&self) {
        if let Ok(all) = self.total.acquire_many(self.total_max).await {
            all.forget();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!("signal_connections").decrement(1.0);
        let Some(address) = self.address else {
            return;
        };
        let mut by_address = self.counts.lock();
        if let Some(count) = by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_come_back() {
        let counts = Counts::new(3, 2);
        let here = Some(IpAddr::from([192, 0, 2, 1]));
        let there = Some(IpAddr::from([192, 0, 2, 2]));
        let first = counts.take(here).unwrap();
        let _second = counts.take(here).unwrap();
        assert_eq!(counts.take(here).unwrap_err(), CountError::Address);
        let _third = counts.take(there).unwrap();
        assert_eq!(counts.take(there).unwrap_err(), CountError::Total);
        drop(first);
        let _fourth = counts.take(here).unwrap();
    }
}
