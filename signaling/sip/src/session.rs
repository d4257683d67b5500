//! Session timers (RFC 4028): a call whose other end has vanished ends by itself.

use thiserror::Error;

/// The shortest time between two refreshes that is taken, in seconds (RFC 4028 section 4).
pub const SESSION_MIN_S: u32 = 90;
/// What is asked for where the other side leaves it to us, in seconds (RFC 4028 section 4).
pub const SESSION_S: u32 = 1_800;
/// The longest time that is taken, in seconds: a day.
const SESSION_MAX_S: u32 = 86_400;
/// A call ends so much before its time, in seconds, or a third of it (RFC 4028 section 10).
const MARGIN_S: u32 = 32;

/// Who refreshes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// Who sent the request that this stands in, or that the answer answers.
    Uac,
    /// Who answers.
    Uas,
}

/// What a message says of its session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionTerms {
    /// `Session-Expires`, in seconds, and who refreshes.
    pub expires: Option<(u32, Option<Refresher>)>,
    /// `Min-SE`, in seconds.
    pub min_s: Option<u32>,
    /// Whether `Supported` or `Require` names `timer`.
    pub is_supported: bool,
}

impl SessionTerms {
    /// Reads the values of `Session-Expires` and `Min-SE`. What cannot be read counts as not said.
    #[must_use]
    pub fn parse(expires: Option<&str>, min: Option<&str>, is_supported: bool) -> Self {
        Self {
            expires: expires.and_then(read_expires),
            min_s: min.and_then(|text| seconds(text.split(';').next().unwrap_or_default())),
            is_supported,
        }
    }
}

fn seconds(text: &str) -> Option<u32> {
    let text = text.trim();
    let is_plain = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

fn read_expires(text: &str) -> Option<(u32, Option<Refresher>)> {
    let mut parts = text.split(';');
    let interval = seconds(parts.next()?)?;
    let refresher = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        match (
            name.trim().to_ascii_lowercase().as_str(),
            value.trim().to_ascii_lowercase().as_str(),
        ) {
            ("refresher", "uac") => Some(Refresher::Uac),
            ("refresher", "uas") => Some(Refresher::Uas),
            _ => None,
        }
    });
    Some((interval, refresher))
}

/// The other side wants refreshes too often: 422 with `Min-SE` of [`SESSION_MIN_S`].
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("sessions shorter than {SESSION_MIN_S} s are not taken")]
pub struct TooSmall;

/// What is to be done when the time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionDue {
    /// Send an UPDATE or a re-INVITE that changes nothing.
    Refresh,
    /// Nobody has refreshed: send BYE.
    Expire,
}

/// The timer of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimer {
    interval_s: u32,
    refresher: Refresher,
    ours: bool,
    fresh_us: i64,
    asked: bool,
}

impl SessionTimer {
    /// Answers a request that begins or refreshes a session (RFC 4028 section 9). Nothing where
    /// neither side wants a timer.
    ///
    /// # Errors
    /// When the other side knows timers and wants a shorter one than is taken.
    pub fn answer(terms: SessionTerms, now_us: i64) -> Result<Option<Self>, TooSmall> {
        let (interval_s, refresher) = match terms.expires {
            Some((wanted, _)) if wanted < SESSION_MIN_S && terms.is_supported => {
                return Err(TooSmall);
            }
            Some((wanted, refresher)) => {
                let refresher = if terms.is_supported {
                    refresher.unwrap_or(Refresher::Uac)
                } else {
                    Refresher::Uas
                };
                (wanted.max(SESSION_MIN_S), refresher)
            }
            None if terms.is_supported => (SESSION_S, Refresher::Uas),
            None => return Ok(None),
        };
        let interval_s = interval_s
            .max(terms.min_s.unwrap_or(0))
            .clamp(SESSION_MIN_S, SESSION_MAX_S);
        Ok(Some(Self {
            interval_s,
            refresher,
            ours: refresher == Refresher::Uas,
            fresh_us: now_us,
            asked: false,
        }))
    }

    /// What the answer to a request of ours agreed on (RFC 4028 section 7.2). Nothing where the
    /// other side does not know timers.
    #[must_use]
    pub fn agreed(terms: SessionTerms, now_us: i64) -> Option<Self> {
        let (interval, refresher) = terms.expires?;
        let refresher = refresher.unwrap_or(Refresher::Uac);
        Some(Self {
            interval_s: interval.clamp(SESSION_MIN_S, SESSION_MAX_S),
            refresher,
            ours: refresher == Refresher::Uac,
            fresh_us: now_us,
            asked: false,
        })
    }

    /// The value of `Session-Expires` in the answer to the request that this answers.
    #[must_use]
    pub fn header(&self) -> String {
        let refresher = match self.refresher {
            Refresher::Uac => "uac",
            Refresher::Uas => "uas",
        };
        format!("{};refresher={refresher}", self.interval_s)
    }

    /// The value of `Session-Expires` in a refresh of ours: who refreshes does not change.
    #[must_use]
    pub fn refresh_header(&self) -> String {
        format!("{};refresher=uac", self.interval_s)
    }

    /// Whether the answer must have `Require: timer` (RFC 4028 section 9).
    #[must_use]
    pub fn must_be_required(&self) -> bool {
        self.refresher == Refresher::Uac
    }

    /// When something is to be done, in microseconds, and what.
    #[must_use]
    pub fn due(&self) -> (i64, SessionDue) {
        let after = |seconds: u32| {
            self.fresh_us
                .saturating_add(i64::from(seconds).saturating_mul(1_000_000))
        };
        if self.ours && !self.asked {
            return (after(self.interval_s / 2), SessionDue::Refresh);
        }
        let margin = MARGIN_S.min(self.interval_s / 3);
        let ends = self.interval_s.saturating_sub(margin);
        (after(ends), SessionDue::Expire)
    }

    /// A refresh was sent; until it is answered, the time goes on.
    pub const fn asked(&mut self) {
        self.asked = true;
    }

    /// A refresh was answered with 2xx.
    pub const fn refreshed(&mut self, now_us: i64) {
        self.fresh_us = now_us;
        self.asked = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(expires: &str, supported: bool) -> SessionTerms {
        SessionTerms::parse(Some(expires), None, supported)
    }

    #[test]
    fn the_refresher_of_the_request_stays_and_is_required() {
        let timer = SessionTimer::answer(terms("1800;refresher=uac", true), 0)
            .unwrap()
            .unwrap();
        assert_eq!(timer.header(), "1800;refresher=uac");
        assert!(timer.must_be_required());
        assert_eq!(timer.due(), (1_768_000_000, SessionDue::Expire));
        let timer = SessionTimer::answer(terms("120 ; Refresher = UAS", true), 0)
            .unwrap()
            .unwrap();
        assert_eq!(timer.header(), "120;refresher=uas");
        assert_eq!(timer.due(), (60_000_000, SessionDue::Refresh));
    }

    #[test]
    fn one_that_is_too_small_is_refused_only_who_would_understand_it() {
        assert_eq!(SessionTimer::answer(terms("30", true), 0), Err(TooSmall));
        let raised = SessionTimer::answer(terms("30", false), 0)
            .unwrap()
            .unwrap();
        assert_eq!(raised.header(), "90;refresher=uas");
    }

    #[test]
    fn who_knows_no_timer_gets_none() {
        assert_eq!(SessionTimer::answer(SessionTerms::default(), 0), Ok(None));
        assert_eq!(SessionTimer::agreed(SessionTerms::default(), 0), None);
        assert_eq!(terms("x", true).expires, None);
    }

    #[test]
    fn a_refresh_that_is_not_answered_ends_the_call_and_one_that_is_does_not() {
        let mut timer = SessionTimer::agreed(terms("90;refresher=uac", true), 0).unwrap();
        assert_eq!(timer.due(), (45_000_000, SessionDue::Refresh));
        timer.asked();
        assert_eq!(timer.due(), (60_000_000, SessionDue::Expire));
        timer.refreshed(46_000_000);
        assert_eq!(timer.due(), (91_000_000, SessionDue::Refresh));
    }

    proptest! {
        #[test]
        fn a_refresh_comes_before_the_end(expires in "[0-9]{1,9}(;refresher=(uac|uas))?", supported: bool, min in prop::option::of("[0-9]{1,6}")) {
            let terms = SessionTerms::parse(Some(&expires), min.as_deref(), supported);
            if let Ok(Some(mut timer)) = SessionTimer::answer(terms, 0) {
                let (first, _) = timer.due();
                timer.asked();
                let (last, due) = timer.due();
                prop_assert_eq!(due, SessionDue::Expire);
                prop_assert!(0 < first && first <= last);
                let read = SessionTerms::parse(Some(&timer.header()), None, true);
                prop_assert!(read.expires.is_some());
            }
        }

        #[test]
        fn nothing_panics(expires in "\\PC{0,40}", min in "\\PC{0,20}") {
            let _ = SessionTimer::answer(SessionTerms::parse(Some(&expires), Some(&min), true), i64::MAX);
        }
    }
}
