//! Whether the API answers people, counted between two looks.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::StatusCode;

use super::board::Service;

/// Failed answers between two looks below which nothing is said: one of them is an accident.
const FAILED_MIN: u32 = 3;

/// Answers since the last look.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    sign_in: Outcomes,
    records: Outcomes,
}

#[derive(Debug, Default)]
struct Outcomes {
    given: AtomicU32,
    failed: AtomicU32,
}

impl Tally {
    /// Counts an answer to a route; what is no part of the API is left out.
    pub(crate) fn note(&self, route: &str, status: StatusCode) {
        let Some(api) = route.strip_prefix("/api/v1/") else {
            return;
        };
        let outcomes = if api.starts_with("auth/") {
            &self.sign_in
        } else {
            &self.records
        };
        let counter = if status.is_server_error() {
            &outcomes.failed
        } else {
            &outcomes.given
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The services of which at least half of the answers since the last time have failed.
    pub(super) fn take_failing(&self) -> Vec<Service> {
        let both = [
            (Service::SignIn, &self.sign_in),
            (Service::Records, &self.records),
        ];
        let failing = both.into_iter().filter(|(_, outcomes)| {
            let given = outcomes.given.swap(0, Ordering::Relaxed);
            let failed = outcomes.failed.swap(0, Ordering::Relaxed);
            failed >= FAILED_MIN && failed >= given
        });
        failing.map(|(service, _)| service).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(route: &str, given: u32, failed: u32) -> Tally {
        let tally = Tally::default();
        for _ in 0..given {
            tally.note(route, StatusCode::NOT_FOUND);
        }
        for _ in 0..failed {
            tally.note(route, StatusCode::INTERNAL_SERVER_ERROR);
        }
        tally
    }

    #[test]
    fn a_service_fails_when_half_of_its_answers_do_until_the_next_look() {
        let tally = noted("/api/v1/auth/login", 3, 3);
        assert_eq!(tally.take_failing(), [Service::SignIn]);
        assert!(tally.take_failing().is_empty());
        let tally = noted("/api/v1/appointments/{id}", 0, 9);
        assert_eq!(tally.take_failing(), [Service::Records]);
    }

    #[test]
    fn few_failures_and_those_of_pages_are_no_trouble() {
        assert!(noted("/api/v1/auth/login", 0, 2).take_failing().is_empty());
        assert!(noted("/api/v1/me", 4, 3).take_failing().is_empty());
        assert!(noted("pages", 0, 9).take_failing().is_empty());
    }
}
