//! Tickets are used once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

/// Ids that are remembered at most. A ticket lives minutes, so this is more than a thousand
/// arrivals each second; beyond it nobody comes in rather than somebody twice.
const SPENT_MAX: usize = 500_000;
/// Expired ids are thrown out when this many are kept, and again at every doubling.
const SWEEP_MIN: usize = 1_024;

/// Why a ticket is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpendError {
    /// It was used before.
    Replayed,
    /// Too many are remembered, or the register of all nodes does not answer.
    Full,
}

/// The ids of used tickets, until they expire.
#[derive(Debug)]
pub(crate) struct Spent {
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    expiry_us: HashMap<Uuid, i64>,
    sweep_at: usize,
}

impl Spent {
    pub(crate) fn new() -> Self {
        Self {
            kept: Mutex::new(Kept {
                expiry_us: HashMap::new(),
                sweep_at: SWEEP_MIN,
            }),
        }
    }

    /// Uses a ticket up.
    pub(crate) fn spend(&self, id: Uuid, expires_us: i64, now_us: i64) -> Result<(), SpendError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.expiry_us.contains_key(&id) {
            return Err(SpendError::Replayed);
        }
        if kept.expiry_us.len() >= kept.sweep_at {
            kept.expiry_us.retain(|_, expiry_us| *expiry_us > now_us);
            kept.sweep_at = (kept.expiry_us.len() * 2).max(SWEEP_MIN);
        }
        if kept.expiry_us.len() >= SPENT_MAX {
            return Err(SpendError::Full);
        }
        kept.expiry_us.insert(id, expires_us);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_taken_once_and_forgotten_after_its_time() {
        let spent = Spent::new();
        let id = Uuid::from_u128(1);
        assert_eq!(spent.spend(id, 100, 0), Ok(()));
        assert_eq!(spent.spend(id, 100, 0), Err(SpendError::Replayed));
        for n in 2..10_000 {
            assert_eq!(spent.spend(Uuid::from_u128(n), 100, 0), Ok(()));
        }
        for n in 10_000..40_000 {
            assert_eq!(spent.spend(Uuid::from_u128(n), 300, 200), Ok(()));
        }
        let kept = spent.kept.lock().unwrap();
        assert!(!kept.expiry_us.contains_key(&id));
        assert!(kept.expiry_us.contains_key(&Uuid::from_u128(39_999)));
    }
}
