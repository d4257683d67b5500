//! The load at which a server keeps its core as busy as wanted, found by trying.

/// How far from what is wanted a server may be, in cores: 70 % is 65 to 75 %.
const TOLERANCE: f64 = 0.05;
/// Trials before it is given up: on a machine that is not quiet a load has no one answer.
const TRIALS_MAX: u32 = 8;
/// A trial has at most so many times the load of the one before.
const GROWTH_MAX: f64 = 4.0;
/// From so many cores on nothing is known but that it is too much, and the next trial has half the load. So it is
/// when something was lost.
const FULL: f64 = 0.95;

/// A search. The busier a server is, the more load it has; how much more, nobody has to know.
#[derive(Debug, Clone)]
pub struct Fill {
    wanted: f64,
    load: u32,
    trials: u32,
    /// The largest load that was too little.
    low: Option<u32>,
    /// The smallest load that was too much.
    high: Option<u32>,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Try this load.
    Try(u32),
    /// It is this load.
    Found(u32),
    /// There is no such load, or the machine does not show it.
    NotFound,
}

impl Fill {
    /// Looks for a load at which so many cores are busy, beginning with `load`.
    #[must_use]
    pub fn new(wanted: f64, load: u32) -> Self {
        Self {
            wanted,
            load: load.max(1),
            trials: 0,
            low: None,
            high: None,
        }
    }

    /// The load that is tried first.
    #[must_use]
    pub const fn first(&self) -> u32 {
        self.load
    }

    /// With the last load so many cores were busy. `whole`: everybody came in and got everything; otherwise it was
    /// too much, however busy the server was.
    pub fn told(&mut self, cores: f64, whole: bool) -> Step {
        self.trials += 1;
        let here = self.load;
        if whole && (cores - self.wanted).abs() <= TOLERANCE {
            return Step::Found(here);
        }
        if whole && cores < self.wanted {
            self.low = Some(self.low.map_or(here, |low| low.max(here)));
        } else {
            self.high = Some(self.high.map_or(here, |high| high.min(here)));
        }
        if self.trials >= TRIALS_MAX {
            return Step::NotFound;
        }
        let next = self.guess(cores, whole);
        if next == here || self.low == Some(next) || self.high == Some(next) {
            return Step::NotFound;
        }
        self.load = next;
        Step::Try(next)
    }

    /// In proportion, and within what is known.
    fn guess(&self, cores: f64, whole: bool) -> u32 {
        let factor = if cores >= FULL || !whole {
            0.5
        } else if cores > 0.0 {
            (self.wanted / cores).min(GROWTH_MAX)
        } else {
            GROWTH_MAX
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive number; what is too large saturates"
        )]
        let next = (f64::from(self.load) * factor).round() as u32;
        let next = next.max(1);
        match (self.low, self.high) {
            // Noise may have put a bound on the wrong side; then there is nothing in between.
            (Some(low), Some(high)) if next <= low || next >= high => low.midpoint(high),
            (Some(low), None) => next.max(low.saturating_add(1)),
            (None, Some(high)) => next.min(high.saturating_sub(1)).max(1),
            (Some(_), Some(_)) | (None, None) => next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a search on a server ends that keeps so many cores busy with a load.
    fn search(first: u32, cores: impl Fn(u32) -> f64) -> (Step, u32) {
        search_whole(first, cores, |_| true)
    }

    /// The same, where not every load is carried whole.
    fn search_whole(
        first: u32,
        cores: impl Fn(u32) -> f64,
        whole: impl Fn(u32) -> bool,
    ) -> (Step, u32) {
        let mut fill = Fill::new(0.7, first);
        let mut load = fill.first();
        for trials in 1.. {
            match fill.told(cores(load), whole(load)) {
                Step::Try(next) => load = next,
                end @ (Step::Found(_) | Step::NotFound) => return (end, trials),
            }
        }
        unreachable!("trials have an end")
    }

    #[test]
    fn the_load_is_found_on_servers_of_many_kinds() {
        let proportional = |load| f64::from(load) * 0.013;
        let with_a_base = |load| 0.15 + f64::from(load) * 0.004;
        let cheaper_when_busy = |load| (f64::from(load) * 0.003).sqrt();
        let servers: [&dyn Fn(u32) -> f64; 3] = [&proportional, &with_a_base, &cheaper_when_busy];
        for cores in servers {
            for first in [1, 10, 400] {
                // No server is busier than its core.
                let (end, trials) = search(first, |load| cores(load).min(1.0));
                let Step::Found(load) = end else {
                    panic!("from {first}: {end:?} after {trials}");
                };
                assert!((cores(load) - 0.7).abs() <= TOLERANCE, "{load}");
                assert!(trials <= TRIALS_MAX);
            }
        }
    }

    #[test]
    fn a_search_without_an_answer_ends() {
        // One room more is far too much, one less far too little.
        let steep = |load| if load < 7 { 0.1 } else { 0.95 };
        assert_eq!(search(5, steep).0, Step::NotFound);
        assert_eq!(search(5, |_| 0.2).0, Step::NotFound);
        assert_eq!(search(5, |_| 0.0).0, Step::NotFound);
        assert_eq!(search(1, |_| 0.9), (Step::NotFound, 1));
    }

    #[test]
    fn a_load_that_is_not_carried_whole_is_never_the_answer() {
        // 70 % of a core would be at 50 to 57; from 53 on packets are lost.
        let cores = |load| f64::from(load) * 0.013;
        let (end, _) = search_whole(54, cores, |load| load < 53);
        let Step::Found(load) = end else {
            panic!("{end:?}");
        };
        assert!((50..53).contains(&load), "{load}");
        assert_eq!(search_whole(54, cores, |_| false).0, Step::NotFound);
        assert_eq!(search_whole(1, |_| 0.7, |_| false).0, Step::NotFound);
    }
}
