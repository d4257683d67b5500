//! What calls may cost: at once, and in a day.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

use crate::trunk::Outbound;

/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// Why nobody is called, for whoever wanted it.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum CapReached {
    /// So many calls stand already.
    #[error("all lines of this trunk are taken; try again when a call has ended")]
    Calls,
    /// All minutes of the day are talked.
    #[error(
        "the minutes of this trunk for today are used up; raise `minutes_per_day_max` or wait for tomorrow (UTC)"
    )]
    Minutes,
    /// All money of the month is spent.
    #[error(
        "what this facility may spend on calls this month is used up; raise its `per_month` in [phone.spend] or wait for the next month (UTC)"
    )]
    Budget,
}

#[derive(Debug, Default, Clone, Copy)]
struct Used {
    calls: u32,
    day: u64,
    seconds: u64,
}

/// What was used of each trunk by this process. What was used before, and money, is in the clinic's
/// books ([`crate::Clinic::begin_call`]).
#[derive(Debug, Default)]
pub(crate) struct Caps {
    // Held for one question, never over an await.
    used: Mutex<BTreeMap<String, Used>>,
}

impl Caps {
    /// Takes a line, and answers how many seconds may be talked.
    pub(crate) fn take(
        &self,
        trunk: &str,
        outbound: &Outbound,
        now_s: u64,
    ) -> Result<u64, CapReached> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let used = used.entry(trunk.to_owned()).or_default();
        let day = now_s / DAY_S;
        if used.day != day {
            used.day = day;
            used.seconds = 0;
        }
        if used.calls >= outbound.calls_max {
            return Err(CapReached::Calls);
        }
        let most = u64::from(outbound.minutes_per_day_max).saturating_mul(60);
        let left = most.saturating_sub(used.seconds);
        if left == 0 {
            return Err(CapReached::Minutes);
        }
        used.calls = used.calls.saturating_add(1);
        Ok(left)
    }

    /// Gives a line back, with the seconds that were talked; each minute that was begun counts, as it
    /// does on the bill.
    pub(crate) fn give_back(&self, trunk: &str, talked_s: u64) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let used = used.entry(trunk.to_owned()).or_default();
        used.calls = used.calls.saturating_sub(1);
        let billed = talked_s.div_ceil(60).saturating_mul(60);
        used.seconds = used.seconds.saturating_add(billed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signaling_sip::PhoneNumber;

    #[test]
    fn lines_come_back_and_minutes_come_back_tomorrow() {
        let outbound = Outbound {
            proxy: "192.0.2.1:5060".parse().unwrap(),
            far: None,
            ask_every: None,
            register: None,
            caller: PhoneNumber::parse("+33123456789", None).unwrap(),
            login: None,
            countries: Vec::new(),
            calls_max: 2,
            minutes_per_day_max: 3,
        };
        let caps = Caps::default();
        assert_eq!(caps.take("a", &outbound, 0), Ok(180));
        assert_eq!(caps.take("a", &outbound, 0), Ok(180));
        assert_eq!(caps.take("a", &outbound, 0), Err(CapReached::Calls));
        caps.give_back("a", 61);
        assert_eq!(caps.take("a", &outbound, 5), Ok(60));
        caps.give_back("a", 60);
        assert_eq!(caps.take("a", &outbound, 5), Err(CapReached::Minutes));
        assert_eq!(caps.take("b", &outbound, 5), Ok(180));
        assert_eq!(caps.take("a", &outbound, DAY_S), Ok(180));
    }
}
