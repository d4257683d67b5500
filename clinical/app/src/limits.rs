//! How often somebody may try: token buckets in bounded memory.

mod factors;

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use clinical_model::{Email, Micros};

pub(crate) use factors::FactorLimits;

/// Keys one limiter remembers. A full bucket is forgotten first, which changes nothing; after that
/// the bucket nearest to full goes, so memory is bounded and a flood of new keys is what it costs
/// to be forgotten.
const KEYS_MAX: usize = 20_000;

/// How often: `burst` tries at once, then one more every `interval_us`.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Tries at once.
    pub burst: u32,
    /// Microseconds until one more try.
    pub interval_us: i64,
}

/// Too many tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many tries")]
pub struct Limited {
    /// Seconds until the next try can succeed, at least 1.
    pub retry_after_s: u32,
}

/// One token bucket per key, kept as the moment when the bucket is full again (GCRA).
#[derive(Debug)]
pub struct Limiter<K> {
    rate: Rate,
    full_at: Mutex<HashMap<K, i64>>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// A limiter that remembers nobody yet.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            full_at: Mutex::new(HashMap::new()),
        }
    }

    /// Takes one try.
    ///
    /// # Errors
    /// The bucket is empty; nothing was taken.
    pub fn take(&self, key: &K, now: Micros) -> Result<(), Limited> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let depth_us = self
            .rate
            .interval_us
            .saturating_mul(i64::from(self.rate.burst));
        // No bucket is emptier than empty. Without this a clock that is set back by a day would
        // lock out for a day whoever has tried before.
        let empty = now.0.saturating_add(depth_us);
        if let Some(at) = full_at.get_mut(key) {
            *at = (*at).min(empty);
        }
        let before = full_at.get(key).copied().unwrap_or(now.0).max(now.0);
        let after = before.saturating_add(self.rate.interval_us);
        let over_us = after.saturating_sub(now.0).saturating_sub(depth_us);
        if over_us > 0 {
            let seconds = over_us.saturating_add(Micros::SECOND - 1) / Micros::SECOND;
            return Err(Limited {
                retry_after_s: u32::try_from(seconds).unwrap_or(u32::MAX),
            });
        }
        if full_at.len() >= KEYS_MAX && !full_at.contains_key(key) {
            make_room(&mut full_at, now);
        }
        full_at.insert(key.clone(), after);
        Ok(())
    }

    /// Gives one try back: it turned out to be a rightful one.
    pub fn give_back(&self, key: &K) {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = full_at.get_mut(key) {
            *at = at.saturating_sub(self.rate.interval_us);
        }
    }
}

fn make_room<K: Hash + Eq + Clone>(full_at: &mut HashMap<K, i64>, now: Micros) {
    full_at.retain(|_, at| *at > now.0);
    if full_at.len() >= KEYS_MAX {
        let fullest = full_at
            .iter()
            .min_by_key(|(_, at)| **at)
            .map(|(key, _)| key.clone());
        if let Some(key) = fullest {
            full_at.remove(&key);
        }
    }
}

/// An address as a limiter sees it: one IPv4 address, or one IPv6 network of 64 bits, which is what
/// one subscriber has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin([u8; 8]);

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                Self([0, 0, 0, 0, a, b, c, d])
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, h, ..] = v6.octets();
                Self([a, b, c, d, e, f, g, h])
            }
        }
    }
}

/// One account from one address: a person who mistypes, or a guesser.
const PAIR: Rate = Rate {
    burst: 10,
    interval_us: 90 * Micros::SECOND,
};

/// One address, all accounts: a clinic behind one address, or a guesser with a list.
const ADDRESS: Rate = Rate {
    burst: 50,
    interval_us: 10 * Micros::SECOND,
};

/// One account, all addresses: guessers with many machines. Large enough that locking the owner out
/// takes a hundred tries.
const ACCOUNT: Rate = Rate {
    burst: 100,
    interval_us: 15 * Micros::MINUTE,
};

/// The limits of signing in. Successful sign-ins do not count.
#[derive(Debug)]
pub(crate) struct LoginLimits {
    pair: Limiter<(Email, Origin)>,
    address: Limiter<Origin>,
    account: Limiter<Email>,
}

impl LoginLimits {
    pub(crate) fn new() -> Self {
        Self {
            pair: Limiter::new(PAIR),
            address: Limiter::new(ADDRESS),
            account: Limiter::new(ACCOUNT),
        }
    }

    pub(crate) fn take(&self, email: &Email, from: Origin, now: Micros) -> Result<(), Limited> {
        self.address.take(&from, now)?;
        let pair = (email.clone(), from);
        if let Err(limited) = self.pair.take(&pair, now) {
            // Nothing was tried: one stubborn page must not use up the address of a whole clinic.
            self.address.give_back(&from);
            return Err(limited);
        }
        if let Err(limited) = self.account.take(email, now) {
            self.address.give_back(&from);
            self.pair.give_back(&pair);
            return Err(limited);
        }
        Ok(())
    }

    pub(crate) fn give_back(&self, email: &Email, from: Origin) {
        self.address.give_back(&from);
        self.pair.give_back(&(email.clone(), from));
        self.account.give_back(email);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        burst: 3,
        interval_us: 10 * Micros::SECOND,
    };

    #[test]
    fn after_the_burst_one_try_returns_per_interval() {
        let limiter = Limiter::new(RATE);
        for _ in 0..3 {
            limiter.take(&"a", Micros(0)).unwrap();
        }
        assert_eq!(
            limiter.take(&"a", Micros(0)),
            Err(Limited { retry_after_s: 10 })
        );
        assert!(limiter.take(&"a", Micros(10 * Micros::SECOND - 1)).is_err());
        limiter.take(&"a", Micros(10 * Micros::SECOND)).unwrap();
        assert!(limiter.take(&"a", Micros(10 * Micros::SECOND)).is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let limiter = Limiter::new(RATE);
        for _ in 0..3 {
            limiter.take(&"a", Micros(Micros::DAY)).unwrap();
        }
        assert_eq!(
            limiter.take(&"a", Micros(0)),
            Err(Limited { retry_after_s: 10 })
        );
        limiter.take(&"a", Micros(10 * Micros::SECOND)).unwrap();
        assert!(limiter.take(&"a", Micros(10 * Micros::SECOND)).is_err());
    }

    #[test]
    fn refused_tries_for_one_account_leave_the_address_to_others() {
        let limits = LoginLimits::new();
        let from = Origin::from(IpAddr::from([192, 0, 2, 1]));
        let stubborn = Email::parse("a@test.clinic").unwrap();
        let tried = (0..1_000).filter(|_| limits.take(&stubborn, from, Micros(0)).is_ok());
        assert_eq!(tried.count(), 10);
        let other = Email::parse("b@test.clinic").unwrap();
        assert!(limits.take(&other, from, Micros(0)).is_ok());
    }

    #[test]
    fn one_key_does_not_limit_another() {
        let limiter = Limiter::new(RATE);
        for _ in 0..3 {
            limiter.take(&"a", Micros(0)).unwrap();
        }
        limiter.take(&"b", Micros(0)).unwrap();
    }

    #[test]
    fn a_rightful_try_is_given_back() {
        let limiter = Limiter::new(RATE);
        for _ in 0..20 {
            limiter.take(&"a", Micros(0)).unwrap();
            limiter.give_back(&"a");
        }
    }

    #[test]
    fn memory_is_bounded_and_the_worst_offender_is_kept() {
        let limiter = Limiter::new(RATE);
        for _ in 0..3 {
            limiter.take(&usize::MAX, Micros(0)).unwrap();
        }
        for key in 0..KEYS_MAX + 100 {
            limiter.take(&key, Micros(0)).unwrap();
        }
        assert!(limiter.full_at.lock().unwrap().len() <= KEYS_MAX);
        assert!(limiter.take(&usize::MAX, Micros(0)).is_err());
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_origin() {
        let origin = |text: &str| Origin::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(origin("2001:db8::1"), origin("2001:db8::ffff"));
        assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));
        assert_eq!(origin("::ffff:192.0.2.1"), origin("192.0.2.1"));
    }
}
