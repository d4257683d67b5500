//! Who has failed too often.

use std::collections::BTreeMap;

/// Keys that are kept in mind. When there are more, the one that will be forgotten first goes.
pub const TRACKED_MAX: usize = 10_000;
/// Failures before a lock: three calls with three tries.
const FAILURES_MAX: u32 = 9;
/// How long a failure counts, and how long a lock lasts, in microseconds: an hour.
const REMEMBERED_US: i64 = 3_600_000_000;

/// Whether somebody may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They may.
    Free,
    /// They may not, until this time in microseconds.
    Locked {
        /// When it ends.
        until_us: i64,
    },
}

#[derive(Debug, Clone, Copy)]
struct Record {
    failures: u32,
    until_us: i64,
}

/// Failures by key: one of these for callers, one for visits.
#[derive(Debug)]
pub struct Lockout<K: Ord + Clone> {
    records: BTreeMap<K, Record>,
}

impl<K: Ord + Clone> Default for Lockout<K> {
    fn default() -> Self {
        Self {
            records: BTreeMap::new(),
        }
    }
}

impl<K: Ord + Clone> Lockout<K> {
    /// Whether this key may try now.
    #[must_use]
    pub fn standing(&self, key: &K, now_us: i64) -> Standing {
        match self.records.get(key) {
            Some(record) if record.failures >= FAILURES_MAX && now_us < record.until_us => {
                Standing::Locked {
                    until_us: record.until_us,
                }
            }
            Some(_) | None => Standing::Free,
        }
    }

    /// A try has failed. Trying while locked does not make the lock longer: it would let strangers
    /// keep somebody out.
    pub fn failed(&mut self, key: &K, now_us: i64) {
        if self.standing(key, now_us) != Standing::Free {
            return;
        }
        if self.records.len() >= TRACKED_MAX && !self.records.contains_key(key) {
            self.records.retain(|_, record| record.until_us > now_us);
            if self.records.len() >= TRACKED_MAX {
                let first = self
                    .records
                    .iter()
                    .min_by_key(|(_, record)| record.until_us);
                if let Some(first) = first.map(|(key, _)| key.clone()) {
                    self.records.remove(&first);
                }
            }
        }
        let fresh = Record {
            failures: 0,
            until_us: now_us,
        };
        let record = self.records.entry(key.clone()).or_insert(fresh);
        if record.until_us <= now_us {
            record.failures = 0;
        }
        record.failures = record.failures.saturating_add(1);
        record.until_us = now_us.saturating_add(REMEMBERED_US);
    }

    /// A try was right: what was before is forgotten.
    pub fn succeeded(&mut self, key: &K) {
        self.records.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_failures_lock_for_an_hour_and_no_longer() {
        let mut lockout = Lockout::default();
        for _ in 0..9 {
            assert_eq!(lockout.standing(&7, 0), Standing::Free);
            lockout.failed(&7, 0);
        }
        let until_us = REMEMBERED_US;
        assert_eq!(lockout.standing(&7, 5), Standing::Locked { until_us });
        assert_eq!(lockout.standing(&8, 5), Standing::Free);
        lockout.failed(&7, 5);
        assert_eq!(lockout.standing(&7, until_us), Standing::Free);
        lockout.failed(&7, until_us);
        assert_eq!(lockout.standing(&7, until_us), Standing::Free);
    }

    #[test]
    fn a_right_one_clears_the_record_and_old_failures_do_not_count() {
        let mut lockout = Lockout::default();
        for _ in 0..8 {
            lockout.failed(&7, 0);
        }
        lockout.succeeded(&7);
        lockout.failed(&7, 1);
        assert_eq!(lockout.standing(&7, 2), Standing::Free);
    }

    #[test]
    fn it_keeps_no_more_in_mind_than_it_may_and_forgets_the_oldest() {
        let mut lockout = Lockout::default();
        for key in 0..=TRACKED_MAX {
            for _ in 0..9 {
                lockout.failed(&key, i64::try_from(key).unwrap());
            }
        }
        assert_eq!(lockout.records.len(), TRACKED_MAX);
        assert_eq!(lockout.standing(&0, 20_000), Standing::Free);
        assert_ne!(lockout.standing(&TRACKED_MAX, 20_000), Standing::Free);
    }
}
