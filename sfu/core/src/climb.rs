//! Down at once, up with patience: turns what the budget would allow into what a slot is granted.

use core::time::Duration;
use std::time::Instant;

/// A better layer is granted after this many plans in a row allowed it.
const HOLD_MIN: u32 = 3;
/// The same for a path that went up and down again and again: 20 s.
const HOLD_MAX: u32 = 80;
/// Plans in between, made because something changed, do not count.
const COUNT_INTERVAL: Duration = Duration::from_millis(200);
/// Down again this soon after going up: the path did not carry it, and patience doubles.
const RELAPSE: Duration = Duration::from_secs(10);
/// A path that failed this recently is not looked at more closely.
const CALM: Duration = Duration::from_secs(5);
/// After this long without a relapse patience is halved.
const FORGIVE: Duration = Duration::from_secs(30);

/// What a slot is granted. It begins anew whenever the slot is bound.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub(crate) bound_at: Option<Instant>,
    granted: Option<usize>,
    /// The next grant waits for nothing: the slot was just bound, or its view has grown.
    fresh: bool,
    streak: u32,
    /// The encodings that this slot wants its publisher to send: bit n is encoding n.
    pub(crate) wanted: u32,
    /// The last video packet, while nothing has paused the slot since.
    fed_at: Option<Instant>,
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            bound_at: None,
            granted: None,
            fresh: true,
            streak: 0,
            wanted: 0,
            fed_at: None,
        }
    }
}

impl Turn {
    pub(crate) fn bound(now: Instant) -> Self {
        Self {
            bound_at: Some(now),
            ..Self::default()
        }
    }

    pub(crate) fn granted(&self) -> Option<usize> {
        self.granted
    }

    /// The person looks closer and does not have to wait for it.
    pub(crate) fn refresh(&mut self) {
        self.fresh = true;
    }

    /// Nothing is wanted here: what comes later is a new beginning.
    pub(crate) fn rest(&mut self) {
        *self = Self {
            bound_at: self.bound_at,
            ..Self::default()
        };
    }

    /// A video packet was forwarded; answers how long the one before is ago.
    pub(crate) fn feed(&mut self, now: Instant) -> Option<Duration> {
        let before = self.fed_at.replace(now)?;
        Some(now.saturating_duration_since(before))
    }

    /// No packet is to come: what follows is no freeze.
    pub(crate) fn starve(&mut self) {
        self.fed_at = None;
    }

    /// How long nothing was forwarded although a picture is wanted.
    pub(crate) fn hunger(&self, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.fed_at?))
    }
}

/// What became of one slot's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// As before, or as the view asked for.
    Same,
    /// A better layer, or a picture again.
    Raised,
    /// A lower layer than the view asks for.
    Lowered,
    /// No picture.
    Paused,
}

/// One subscriber's patience.
#[derive(Debug)]
pub(crate) struct Climb {
    hold: u32,
    counted_at: Option<Instant>,
    counts: bool,
    raised_at: Option<Instant>,
    relapsed_at: Option<Instant>,
    fell_at: Option<Instant>,
}

impl Default for Climb {
    fn default() -> Self {
        Self {
            hold: HOLD_MIN,
            counted_at: None,
            counts: false,
            raised_at: None,
            relapsed_at: None,
            fell_at: None,
        }
    }
}

impl Climb {
    /// Begins a plan.
    pub(crate) fn begin(&mut self, now: Instant) {
        let since = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        self.counts = since(self.counted_at).is_none_or(|passed| passed >= COUNT_INTERVAL);
        if self.counts {
            self.counted_at = Some(now);
        }
        if since(self.relapsed_at).is_some_and(|passed| passed >= FORGIVE) {
            self.hold = (self.hold / 2).max(HOLD_MIN);
            self.relapsed_at = Some(now);
        }
    }

    /// Grants a slot what the budget allows, or as much of it as patience does. `fits` is the layer
    /// that suits the view: below it only the budget is at fault. While pictures are withheld
    /// altogether, nothing is granted at once.
    pub(crate) fn grant(
        &mut self,
        now: Instant,
        turn: &mut Turn,
        allowed: Option<usize>,
        (fits, withheld): (usize, bool),
    ) -> Step {
        let before = turn.granted;
        let first = core::mem::replace(&mut turn.fresh, false) && !withheld;
        if first || allowed <= before {
            turn.streak = 0;
            turn.granted = allowed;
        } else if self.counts {
            turn.streak = turn.streak.saturating_add(1);
            if turn.streak >= self.hold {
                turn.streak = 0;
                turn.granted = allowed;
                self.raised_at = Some(now);
            }
        }
        let after = turn.granted;
        let fell = after < before.map(|before| before.min(fits));
        if fell {
            self.fall(now);
        }
        match (before, after) {
            (_, None) if before.is_some() || first => Step::Paused,
            _ if first => Step::Same,
            _ if after > before => Step::Raised,
            _ if fell => Step::Lowered,
            _ => Step::Same,
        }
    }

    /// Nothing was taken away for a while.
    pub(crate) fn is_calm(&self, now: Instant) -> bool {
        let fallen = |at| now.saturating_duration_since(at) < CALM;
        !self.fell_at.is_some_and(fallen)
    }

    fn fall(&mut self, now: Instant) {
        self.fell_at = Some(now);
        let raised_at = self.raised_at.take();
        if raised_at.is_some_and(|at| now.saturating_duration_since(at) < RELAPSE) {
            self.hold = self.hold.saturating_mul(2).min(HOLD_MAX);
            self.relapsed_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::some_instant;
    use proptest::prelude::*;

    const PLAN: Duration = Duration::from_millis(250);

    /// One slot under an estimate that allows a layer, plan by plan.
    struct Slot {
        now: Instant,
        climb: Climb,
        turn: Turn,
        raises: usize,
        pauses: usize,
    }

    impl Slot {
        fn new() -> Self {
            let now = some_instant();
            Self {
                now,
                climb: Climb::default(),
                turn: Turn::bound(now),
                raises: 0,
                pauses: 0,
            }
        }

        fn plan(&mut self, allowed: Option<usize>) -> Option<usize> {
            self.now += PLAN;
            self.climb.begin(self.now);
            let step = self
                .climb
                .grant(self.now, &mut self.turn, allowed, (2, false));
            self.raises += usize::from(step == Step::Raised);
            self.pauses += usize::from(step == Step::Paused);
            self.turn.granted()
        }
    }

    #[test]
    fn the_first_grant_waits_for_nothing() {
        assert_eq!(Slot::new().plan(Some(2)), Some(2));
    }

    #[test]
    fn up_after_three_plans_in_a_row_and_down_at_once() {
        let mut slot = Slot::new();
        slot.plan(Some(0));
        assert_eq!(slot.plan(Some(1)), Some(0));
        assert_eq!(slot.plan(Some(1)), Some(0));
        assert_eq!(slot.plan(Some(0)), Some(0));
        assert_eq!(slot.plan(Some(1)), Some(0));
        assert_eq!(slot.plan(Some(1)), Some(0));
        assert_eq!(slot.plan(Some(1)), Some(1));
        assert_eq!(slot.plan(Some(0)), Some(0));
    }

    #[test]
    fn plans_made_in_between_do_not_count() {
        let mut slot = Slot::new();
        slot.plan(Some(0));
        for _ in 0..10 {
            slot.now -= PLAN - Duration::from_millis(1);
            assert_eq!(slot.plan(Some(1)), Some(0));
        }
    }

    #[test]
    fn a_view_that_has_grown_is_served_at_once() {
        let mut slot = Slot::new();
        slot.plan(Some(0));
        slot.turn.refresh();
        assert_eq!(slot.plan(Some(2)), Some(2));
    }

    #[test]
    fn an_estimate_that_goes_up_and_down_does_not_make_the_picture_come_and_go() {
        for half in [1_usize, 2, 4, 10, 20, 40] {
            let mut slot = Slot::new();
            slot.plan(None);
            // Five minutes.
            for n in 0..1200_usize {
                slot.plan((n / half % 2 == 0).then_some(0));
            }
            assert!(slot.raises <= 14, "{} raises at {half}", slot.raises);
        }
    }

    #[test]
    fn a_path_that_is_good_again_gets_its_picture_back() {
        let mut slot = Slot::new();
        for n in 0..400_usize {
            slot.plan((n / 10 % 2 == 0).then_some(0));
        }
        for _ in 0..HOLD_MAX {
            slot.plan(Some(0));
        }
        assert_eq!(slot.turn.granted(), Some(0));
    }

    proptest! {
        #[test]
        fn nobody_is_granted_more_than_allowed(
            allowed in proptest::collection::vec(proptest::option::of(0_usize..3), 1..200),
        ) {
            let mut slot = Slot::new();
            for allowed in allowed {
                prop_assert!(slot.plan(allowed) <= allowed);
            }
        }
    }
}
