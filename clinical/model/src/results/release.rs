//! When a patient may read a result.

use crate::Micros;

/// How a facility releases a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReleaseRule {
    /// As soon as it is verified.
    Immediate,
    /// When a clinician has read it.
    AfterReview,
    /// This many hours after it was verified, or when a clinician has read it, what comes first.
    AfterHours(u16),
}

/// Whether and when a patient may read a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// From this moment on.
    From(Micros),
    /// Not before a clinician has read it.
    AfterClinician,
}

/// When a patient may read a verified result.
///
/// A critical value is never shown before a clinician has seen it, whatever the rule says: nobody
/// learns alone at night that their life is in danger.
#[must_use]
pub fn release(
    rule: ReleaseRule,
    critical: bool,
    verified: Micros,
    seen_by_clinician: Option<Micros>,
) -> Release {
    let seen = seen_by_clinician.map(|at| at.max(verified));
    let by_rule = match rule {
        ReleaseRule::Immediate => Some(verified),
        ReleaseRule::AfterReview => seen,
        ReleaseRule::AfterHours(hours) => {
            let opens = verified.plus(i64::from(hours) * Micros::HOUR);
            Some(seen.map_or(opens, |at| at.min(opens)))
        }
    };
    let allowed = if critical {
        by_rule.zip(seen).map(|(opens, seen)| opens.max(seen))
    } else {
        by_rule
    };
    allowed.map_or(Release::AfterClinician, Release::From)
}

impl Release {
    /// The patient may read it at `now`.
    #[must_use]
    pub fn is_open(self, now: Micros) -> bool {
        match self {
            Self::From(at) => at <= now,
            Self::AfterClinician => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DONE: Micros = Micros(1_800_000_000_000_000);
    const SEEN: Micros = DONE.plus(Micros::HOUR);

    #[test]
    fn each_rule_opens_at_its_moment() {
        let open = |rule, seen| release(rule, false, DONE, seen);
        assert_eq!(open(ReleaseRule::Immediate, None), Release::From(DONE));
        assert_eq!(
            open(ReleaseRule::AfterReview, None),
            Release::AfterClinician
        );
        assert_eq!(
            open(ReleaseRule::AfterReview, Some(SEEN)),
            Release::From(SEEN)
        );
        let two_days = ReleaseRule::AfterHours(48);
        assert_eq!(
            open(two_days, None),
            Release::From(DONE.plus(2 * Micros::DAY))
        );
        assert_eq!(open(two_days, Some(SEEN)), Release::From(SEEN));
    }

    fn any_rule() -> impl Strategy<Value = ReleaseRule> {
        prop_oneof![
            Just(ReleaseRule::Immediate),
            Just(ReleaseRule::AfterReview),
            (0_u16..200).prop_map(ReleaseRule::AfterHours),
        ]
    }

    proptest! {
        #[test]
        fn a_critical_value_is_never_shown_before_a_clinician_saw_it(
            rule in any_rule(),
            seen in prop::option::of(-Micros::DAY..10 * Micros::DAY),
            look in 0..20 * Micros::DAY,
        ) {
            let seen = seen.map(|after_us| DONE.plus(after_us));
            let now = DONE.plus(look);
            if release(rule, true, DONE, seen).is_open(now) {
                prop_assert!(seen.is_some_and(|at| at <= now));
            }
        }

        #[test]
        fn nothing_is_shown_before_it_is_verified(
            rule in any_rule(), critical: bool, before in 1..10 * Micros::DAY,
        ) {
            let seen = Some(DONE.plus(-before));
            prop_assert!(!release(rule, critical, DONE, seen).is_open(DONE.plus(-1)));
        }
    }
}
