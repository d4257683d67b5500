//! The limits of second factors, step-ups and passwords of accounts that are known already.

use clinical_model::{Micros, UserId};

use super::{ADDRESS, Limited, Limiter, Origin, Rate};

/// One account from one address. A code has six digits and three of a million fit at a time: with
/// ten tries and then forty an hour a guesser needs a year.
const PAIR: Rate = Rate {
    burst: 10,
    interval_us: 90 * Micros::SECOND,
};

/// One account, all addresses.
const ACCOUNT: Rate = Rate {
    burst: 30,
    interval_us: 15 * Micros::MINUTE,
};

/// Who may try how often. Successful tries do not count.
#[derive(Debug)]
pub(crate) struct FactorLimits {
    pair: Limiter<(UserId, Origin)>,
    account: Limiter<UserId>,
    address: Limiter<Origin>,
}

impl FactorLimits {
    pub(crate) fn new() -> Self {
        Self {
            pair: Limiter::new(PAIR),
            account: Limiter::new(ACCOUNT),
            address: Limiter::new(ADDRESS),
        }
    }

    /// Takes a try for an account.
    pub(crate) fn take(&self, user: UserId, from: Origin, now: Micros) -> Result<(), Limited> {
        self.address.take(&from, now)?;
        if let Err(limited) = self.pair.take(&(user, from), now) {
            self.address.give_back(&from);
            return Err(limited);
        }
        if let Err(limited) = self.account.take(&user, now) {
            self.address.give_back(&from);
            self.pair.give_back(&(user, from));
            return Err(limited);
        }
        Ok(())
    }

    /// Gives a try back: it was a rightful one.
    pub(crate) fn give_back(&self, user: UserId, from: Origin) {
        self.address.give_back(&from);
        self.pair.give_back(&(user, from));
        self.account.give_back(&user);
    }

    /// Takes a try of somebody who has named no account.
    pub(crate) fn take_address(&self, from: Origin, now: Micros) -> Result<(), Limited> {
        self.address.take(&from, now)
    }

    /// Gives such a try back.
    pub(crate) fn give_back_address(&self, from: Origin) {
        self.address.give_back(&from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;
    use uuid::Uuid;

    #[test]
    fn an_account_is_limited_from_one_address_and_from_all() {
        let limits = FactorLimits::new();
        let user = UserId::from_uuid(Uuid::from_u128(1));
        let other = UserId::from_uuid(Uuid::from_u128(2));
        let at = |last: u8| Origin::from(IpAddr::from([192, 0, 2, last]));
        let taken = |user, from| {
            (0..100)
                .filter(|_| limits.take(user, from, Micros(0)).is_ok())
                .count()
        };
        assert_eq!(taken(user, at(1)), 10);
        assert_eq!(taken(user, at(2)), 10);
        assert_eq!(taken(user, at(3)), 10);
        assert_eq!(taken(user, at(4)), 0);
        assert_eq!(taken(other, at(1)), 10);
    }
}
