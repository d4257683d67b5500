//! What works, and what did not today. Pure: times are arguments.

use std::collections::VecDeque;

use crate::phone::LineLook;
use crate::vitals::StoreLook;

/// Changes that are kept; older ones are forgotten. A service that changes more often than this in a day is
/// not described by its times any more.
const CHANGES_MAX: usize = 256;

/// From here on people notice that answers wait for the store, in milliseconds.
const SLOW_MS: u128 = 1000;

const MINUTE_S: u64 = 60;
pub(super) const DAY_S: u64 = 24 * 60 * MINUTE_S;

/// What people use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Signing in.
    SignIn,
    /// Appointments and records: whatever is stored.
    Records,
    /// Video visits.
    Visits,
    /// Coming to a visit by telephone.
    Telephone,
}

impl Service {
    pub(super) const ALL: [Self; 4] = [Self::SignIn, Self::Records, Self::Visits, Self::Telephone];
}

/// How a service is, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// As it should be.
    Working,
    /// With a drawback.
    Limited,
    /// Not to be had.
    Down,
}

/// What was found in one look.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// None before the first look.
    pub(super) store: Option<StoreLook>,
    /// Services whose answers have failed since the last look, though the store is there.
    pub(super) failing: Vec<Service>,
    /// New visits can begin.
    pub(super) takes_visits: bool,
    /// None without a line, and before it was asked.
    pub(super) line: Option<LineLook>,
}

impl Look {
    /// How a service is; none when there is no such service, or nothing is known yet.
    fn of(&self, service: Service) -> Option<State> {
        match service {
            Service::SignIn | Service::Records => Some(match self.store? {
                StoreLook::Silent => State::Down,
                StoreLook::Answers(after) if after.as_millis() >= SLOW_MS => State::Limited,
                StoreLook::Answers(_) if self.failing.contains(&service) => State::Limited,
                StoreLook::Answers(_) => State::Working,
            }),
            // Visits that run need no store; new ones do.
            Service::Visits => Some(match (self.takes_visits, self.store?) {
                (true, StoreLook::Answers(_)) => State::Working,
                (false, _) | (true, StoreLook::Silent) => State::Limited,
            }),
            Service::Telephone => Some(match self.line? {
                LineLook::Answers => State::Working,
                LineLook::AnswersInPart => State::Limited,
                LineLook::Silent => State::Down,
            }),
        }
    }
}

/// A time in which a service did not work as it should, in seconds of Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) from_s: u64,
    /// None while it lasts.
    pub(super) until_s: Option<u64>,
    pub(super) state: State,
}

/// All services now, and their changes.
#[derive(Debug)]
pub(super) struct Board {
    /// Since when it is kept.
    pub(super) since_s: u64,
    changes: VecDeque<(u64, Service, Option<State>)>,
}

impl Board {
    pub(super) const fn new(now_s: u64) -> Self {
        Self {
            since_s: now_s,
            changes: VecDeque::new(),
        }
    }

    /// Takes in what was found.
    pub(super) fn hear(&mut self, look: &Look, now_s: u64) {
        for service in Service::ALL {
            let state = look.of(service);
            if self.now(service) != state {
                self.changes.push_back((now_s, service, state));
            }
        }
        while self.changes.len() > CHANGES_MAX {
            // The last change of a service says how it is.
            let is_past = |at: &usize| {
                let of = self.changes.get(*at).map(|(_, of, _)| *of);
                let mut later = self.changes.iter().skip(at.saturating_add(1));
                later.any(|(_, service, _)| Some(*service) == of)
            };
            let Some(oldest) = (0..self.changes.len()).find(is_past) else {
                break;
            };
            self.changes.remove(oldest);
        }
    }

    /// How a service is; none when there is no such service, or nothing is known yet.
    pub(super) fn now(&self, service: Service) -> Option<State> {
        let last = self.changes.iter().rev().find(|(_, of, _)| *of == service);
        last.and_then(|(_, _, state)| *state)
    }

    /// The troubles of the last 24 hours, oldest first, to the minute: those that touch are one, as bad as
    /// its worst moment.
    pub(super) fn troubles(&self, service: Service, now_s: u64) -> Vec<Trouble> {
        let begin_s = now_s.saturating_sub(DAY_S);
        let mut troubles: Vec<Trouble> = Vec::new();
        for (at_s, _, state) in self.changes.iter().filter(|(_, of, _)| *of == service) {
            if let Some(last) = troubles.last_mut().filter(|last| last.until_s.is_none()) {
                last.until_s = Some(at_s.next_multiple_of(MINUTE_S));
            }
            let Some(state) = state.filter(|state| *state != State::Working) else {
                continue;
            };
            let from_s = at_s - at_s % MINUTE_S;
            match troubles.last_mut() {
                Some(last) if last.until_s >= Some(from_s) => {
                    last.until_s = None;
                    last.state = last.state.max(state);
                }
                _ => troubles.push(Trouble {
                    from_s,
                    until_s: None,
                    state,
                }),
            }
        }
        troubles.retain(|it| it.until_s.is_none_or(|until_s| until_s > begin_s));
        troubles
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const GOOD: Look = Look {
        store: Some(StoreLook::Answers(Duration::from_millis(3))),
        failing: Vec::new(),
        takes_visits: true,
        line: None,
    };
    const GONE: Look = Look {
        store: Some(StoreLook::Silent),
        failing: Vec::new(),
        takes_visits: true,
        line: None,
    };

    #[test]
    fn without_a_store_records_are_down_and_visits_limited() {
        let mut board = Board::new(0);
        assert_eq!(board.now(Service::Records), None);
        board.hear(&GONE, 10);
        assert_eq!(board.now(Service::Records), Some(State::Down));
        assert_eq!(board.now(Service::SignIn), Some(State::Down));
        assert_eq!(board.now(Service::Visits), Some(State::Limited));
        board.hear(&GOOD, 20);
        assert_eq!(board.now(Service::Records), Some(State::Working));
    }

    #[test]
    fn a_slow_store_is_said_and_a_line_that_is_not_there_is_not() {
        let mut board = Board::new(0);
        let slow = Some(StoreLook::Answers(Duration::from_millis(1500)));
        board.hear(
            &Look {
                store: slow,
                ..GOOD
            },
            10,
        );
        assert_eq!(board.now(Service::Records), Some(State::Limited));
        assert_eq!(board.now(Service::Telephone), None);
        let line = Some(LineLook::Silent);
        board.hear(&Look { line, ..GOOD }, 20);
        assert_eq!(board.now(Service::Telephone), Some(State::Down));
    }

    #[test]
    fn answers_that_fail_are_said_of_their_service_alone() {
        let mut board = Board::new(0);
        let failing = vec![Service::SignIn];
        board.hear(&Look { failing, ..GOOD }, 10);
        assert_eq!(board.now(Service::SignIn), Some(State::Limited));
        assert_eq!(board.now(Service::Records), Some(State::Working));
    }

    #[test]
    fn how_a_service_is_outlives_the_changes_of_the_others() {
        let mut board = Board::new(0);
        let line = Some(LineLook::Silent);
        let looks = [Look { line, ..GOOD }, Look { line, ..GONE }];
        let flapping = looks.iter().cycle().take(2 * CHANGES_MAX);
        for (look, at_s) in flapping.zip((10_u64..).step_by(10)) {
            board.hear(look, at_s);
            assert_eq!(board.now(Service::Telephone), Some(State::Down));
        }
        assert_eq!(board.changes.len(), CHANGES_MAX);
        let troubles = board.troubles(Service::Telephone, 40_000);
        assert_eq!(troubles.first().map(|it| it.from_s), Some(0));
    }

    #[test]
    fn troubles_are_told_to_the_minute_and_those_that_touch_are_one() {
        let mut board = Board::new(0);
        for (look, at_s) in [
            (GOOD, 5),
            (GONE, 130),
            (GOOD, 140),
            (GONE, 170),
            (GOOD, 185),
        ] {
            board.hear(&look, at_s);
        }
        let one = Trouble {
            from_s: 120,
            until_s: Some(240),
            state: State::Down,
        };
        assert_eq!(board.troubles(Service::Records, 300), [one]);
        board.hear(&GONE, 900);
        let last = board.troubles(Service::Records, 1000).pop().unwrap();
        assert_eq!((last.from_s, last.until_s), (900, None));
    }

    #[test]
    fn what_is_older_than_a_day_is_forgotten_but_not_what_lasts() {
        let mut board = Board::new(0);
        board.hear(&GONE, 60);
        assert_eq!(board.troubles(Service::Records, 3 * DAY_S).len(), 1);
        board.hear(&GOOD, 120);
        assert!(board.troubles(Service::Records, 3 * DAY_S).is_empty());
    }

    #[test]
    fn a_service_that_comes_and_goes_takes_no_memory_without_end() {
        let mut board = Board::new(0);
        for at_s in 0..10_000 {
            let look = if at_s % 2 == 0 { GONE } else { GOOD };
            board.hear(&look, at_s);
        }
        assert!(board.changes.len() <= CHANGES_MAX);
        assert_eq!(board.now(Service::Records), Some(State::Working));
    }
}
