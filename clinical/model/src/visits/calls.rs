//! Calls that the clinic places into visits: where they stand, and what they may cost.

use serde::{Deserialize, Serialize};

/// Longest call that is placed, in seconds; a call is hung up then. So much is set aside of every cap
/// when a call begins, so that calls at once do not spend the same minute twice.
pub const CALL_MAX_S: i64 = 7_200;
/// Shortest call that is worth placing, in seconds: telephone companies bill begun minutes.
const CALL_MIN_S: i64 = 60;
/// Digits of a number that may be shown.
const SHOWN: usize = 2;

/// Where a call into a visit stands, for the page of whoever wanted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStage {
    /// The line is at work.
    Calling,
    /// It rings there.
    Ringing,
    /// Somebody or something has answered, and has not pressed 1.
    Answered,
    /// A person has pressed 1, and goes into the visit.
    Joined,
    /// It was answered and has ended.
    Finished,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// Somebody refused it.
    Declined,
    /// Nobody pressed 1: it was a machine, or nobody who wants to talk. Nothing was said to it.
    Voicemail,
    /// There is no such number, or it cannot be reached.
    Unreachable,
    /// Whoever called hung up before it was answered.
    Stopped,
    /// A line, a password or a server failed.
    Failed,
    /// No line calls out for this facility.
    NoLine,
    /// This country may not be called.
    CountryBarred,
    /// All lines are taken.
    LinesTaken,
    /// The minutes of the day are used up.
    MinutesUsed,
    /// The money of the month is used up.
    BudgetUsed,
}

impl CallStage {
    /// Every stage.
    pub const ALL: [Self; 17] = [
        Self::Calling,
        Self::Ringing,
        Self::Answered,
        Self::Joined,
        Self::Finished,
        Self::Busy,
        Self::NoAnswer,
        Self::Declined,
        Self::Voicemail,
        Self::Unreachable,
        Self::Stopped,
        Self::Failed,
        Self::NoLine,
        Self::CountryBarred,
        Self::LinesTaken,
        Self::MinutesUsed,
        Self::BudgetUsed,
    ];

    /// Whether nothing comes after it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        !matches!(
            self,
            Self::Calling | Self::Ringing | Self::Answered | Self::Joined
        )
    }

    /// Whether the line was never asked.
    #[must_use]
    pub const fn is_refused(self) -> bool {
        matches!(
            self,
            Self::NoLine
                | Self::CountryBarred
                | Self::LinesTaken
                | Self::MinutesUsed
                | Self::BudgetUsed
        )
    }

    /// Its word in the audit and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calling => "calling",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Joined => "joined",
            Self::Finished => "finished",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Declined => "declined",
            Self::Voicemail => "voicemail",
            Self::Unreachable => "unreachable",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::NoLine => "no_line",
            Self::CountryBarred => "country_barred",
            Self::LinesTaken => "lines_taken",
            Self::MinutesUsed => "minutes_used",
            Self::BudgetUsed => "budget_used",
        }
    }
}

/// What may be shown of a number: its last two digits.
#[must_use]
pub fn masked_number(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let shown = digits.iter().skip(digits.len().saturating_sub(SHOWN));
    format!("••• {}", shown.collect::<String>())
}

/// What calls may cost, as the configuration says for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallCaps {
    /// Seconds that may be talked on this trunk in a day.
    pub day_s: i64,
    /// What a minute costs, in millionths of the currency.
    pub minute_micros: i64,
    /// What the facility may spend in a month, in millionths of the currency; without, it is not
    /// bounded.
    pub month_micros: Option<i64>,
}

/// What was used, with what is set aside for calls that stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallsUsed {
    /// Seconds on this trunk, this day.
    pub day_s: i64,
    /// Money of this facility, this month, in millionths of the currency.
    pub month_micros: i64,
}

/// Why a call may not be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CapReached {
    /// The minutes of the trunk for the day.
    #[error("the minutes of this trunk for today are used up")]
    Minutes,
    /// The money of the facility for the month.
    #[error("what this facility may spend on calls this month is used up")]
    Budget,
}

impl CallCaps {
    /// How long a call may last, in seconds: whole minutes, at most [`CALL_MAX_S`].
    ///
    /// # Errors
    /// Less than a minute is left of a cap.
    pub fn allow(self, used: CallsUsed) -> Result<i64, CapReached> {
        let minutes_left = self.day_s.saturating_sub(used.day_s);
        if minutes_left < CALL_MIN_S {
            return Err(CapReached::Minutes);
        }
        let paid = match self.month_micros {
            Some(cap) if self.minute_micros > 0 => {
                let left = cap.saturating_sub(used.month_micros).max(0);
                (left / self.minute_micros).saturating_mul(60)
            }
            // What costs nothing is refused with the rest once nothing is left.
            Some(cap) if used.month_micros > cap => 0,
            Some(_) | None => CALL_MAX_S,
        };
        if paid < CALL_MIN_S {
            return Err(CapReached::Budget);
        }
        Ok(minutes_left.min(paid).min(CALL_MAX_S) / 60 * 60)
    }

    /// What a call of so many seconds costs, in millionths; begun minutes count.
    #[must_use]
    pub fn cost(minute_micros: i64, seconds: i64) -> i64 {
        (billed_s(seconds) / 60).saturating_mul(minute_micros)
    }
}

/// Seconds as telephone companies bill them: each minute that was begun.
#[must_use]
pub fn billed_s(seconds: i64) -> i64 {
    seconds.max(0).saturating_add(59) / 60 * 60
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: CallCaps = CallCaps {
        day_s: 600,
        minute_micros: 250_000,
        month_micros: Some(1_000_000),
    };

    #[test]
    fn a_call_gets_what_the_tightest_cap_leaves_in_whole_minutes() {
        let used = |day_s, month_micros| CallsUsed {
            day_s,
            month_micros,
        };
        assert_eq!(CAPS.allow(used(0, 0)), Ok(240), "four minutes are paid");
        assert_eq!(CAPS.allow(used(430, 0)), Ok(120));
        assert_eq!(CAPS.allow(used(541, 0)), Err(CapReached::Minutes));
        assert_eq!(CAPS.allow(used(0, 750_000)), Ok(60));
        assert_eq!(CAPS.allow(used(0, 750_001)), Err(CapReached::Budget));
        assert_eq!(CAPS.allow(used(0, i64::MAX)), Err(CapReached::Budget));
        let free = CallCaps {
            day_s: i64::MAX,
            minute_micros: 0,
            month_micros: None,
        };
        assert_eq!(free.allow(used(0, i64::MAX)), Ok(CALL_MAX_S));
    }

    #[test]
    fn begun_minutes_are_billed() {
        assert_eq!([0, 1, 60, 61].map(billed_s), [0, 60, 60, 120]);
        assert_eq!(CallCaps::cost(250_000, 61), 500_000);
        assert_eq!(CallCaps::cost(250_000, -5), 0);
    }

    #[test]
    fn two_digits_are_shown_and_no_more() {
        assert_eq!(masked_number("+237 699 000 101"), "••• 01");
        assert_eq!(masked_number(""), "••• ");
    }

    #[test]
    fn words_on_the_wire_are_those_of_the_audit() {
        for stage in CallStage::ALL {
            let wire = serde_json::to_value(stage).unwrap();
            assert_eq!(wire, stage.as_str());
            assert!(!stage.is_refused() || stage.is_over());
        }
    }
}
