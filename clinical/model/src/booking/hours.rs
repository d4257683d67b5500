//! The hours that a doctor keeps every week.

/// Shortest appointment, in minutes.
pub const SLOT_MIN_MIN: u16 = 5;
/// Longest appointment, in minutes.
pub const SLOT_MIN_MAX: u16 = 120;
/// Most stretches in one week: four a day.
pub const HOURS_MAX: usize = 28;

/// Minutes of one day on the wall clock.
const DAY_MIN: u16 = 1440;

/// One stretch of working time on the wall clock of the doctor's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// 1 Monday ... 7 Sunday (ISO 8601).
    pub weekday: u8,
    /// Minutes after midnight, 0 ..= 1439.
    pub start_min: u16,
    /// Minutes after midnight, after `start_min`, at most 1440.
    pub end_min: u16,
}

/// Why weekly hours were refused. `index` counts in the list that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// The length of one appointment is out of range.
    #[error("an appointment takes {SLOT_MIN_MIN} to {SLOT_MIN_MAX} minutes")]
    SlotLength,
    /// More than [`HOURS_MAX`] stretches.
    #[error("more than {HOURS_MAX} stretches")]
    TooMany,
    /// Not a weekday of ISO 8601.
    #[error("stretch {index}: weekday is 1 (Monday) to 7 (Sunday)")]
    Weekday {
        /// Which stretch.
        index: usize,
    },
    /// It begins after the day.
    #[error("stretch {index}: a stretch begins within its day")]
    Start {
        /// Which stretch.
        index: usize,
    },
    /// It ends before it begins or after its day.
    #[error("stretch {index}: a stretch ends after its begin and within its day")]
    End {
        /// Which stretch.
        index: usize,
    },
    /// Two stretches share a time.
    #[error("stretch {index} overlaps another one")]
    Overlap {
        /// The later of the two.
        index: usize,
    },
}

/// Weekly hours: ordered, not overlapping, with the length of one appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeeklyHours {
    slot_min: u16,
    stretches: Vec<Stretch>,
}

impl WeeklyHours {
    /// Reads weekly hours; the order of the list does not matter.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(slot_min: u16, stretches: &[Stretch]) -> Result<Self, HoursError> {
        if !(SLOT_MIN_MIN..=SLOT_MIN_MAX).contains(&slot_min) {
            return Err(HoursError::SlotLength);
        }
        if stretches.len() > HOURS_MAX {
            return Err(HoursError::TooMany);
        }
        for (index, stretch) in stretches.iter().enumerate() {
            if !(1..=7).contains(&stretch.weekday) {
                return Err(HoursError::Weekday { index });
            }
            if stretch.start_min >= DAY_MIN {
                return Err(HoursError::Start { index });
            }
            if stretch.end_min <= stretch.start_min || stretch.end_min > DAY_MIN {
                return Err(HoursError::End { index });
            }
        }
        let mut ordered: Vec<(Stretch, usize)> = stretches
            .iter()
            .copied()
            .enumerate()
            .map(|(index, stretch)| (stretch, index))
            .collect();
        ordered.sort_unstable();
        for (a, b) in ordered.iter().zip(ordered.iter().skip(1)) {
            if a.0.weekday == b.0.weekday && b.0.start_min < a.0.end_min {
                return Err(HoursError::Overlap { index: b.1 });
            }
        }
        Ok(Self {
            slot_min,
            stretches: ordered.into_iter().map(|(stretch, _)| stretch).collect(),
        })
    }

    /// Length of one appointment, in minutes.
    #[must_use]
    pub const fn slot_min(&self) -> u16 {
        self.slot_min
    }

    /// The stretches in order of weekday and time.
    #[must_use]
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(weekday: u8, start_min: u16, end_min: u16) -> Stretch {
        Stretch {
            weekday,
            start_min,
            end_min,
        }
    }

    #[test]
    fn hours_are_put_in_order_and_may_touch() {
        let hours = WeeklyHours::parse(15, &[stretch(2, 600, 700), stretch(2, 0, 600)]).unwrap();
        assert_eq!(
            hours.stretches(),
            [stretch(2, 0, 600), stretch(2, 600, 700)]
        );
    }

    #[test]
    fn hours_that_cannot_be_are_refused_by_name() {
        let refused = |slot, list: &[Stretch]| WeeklyHours::parse(slot, list).unwrap_err();
        assert_eq!(refused(4, &[]), HoursError::SlotLength);
        assert_eq!(refused(121, &[]), HoursError::SlotLength);
        assert_eq!(
            refused(15, &[stretch(0, 0, 9)]),
            HoursError::Weekday { index: 0 }
        );
        assert_eq!(
            refused(15, &[stretch(8, 0, 9)]),
            HoursError::Weekday { index: 0 }
        );
        assert_eq!(
            refused(15, &[stretch(1, 1440, 1440)]),
            HoursError::Start { index: 0 }
        );
        assert_eq!(
            refused(15, &[stretch(1, 60, 60)]),
            HoursError::End { index: 0 }
        );
        assert_eq!(
            refused(15, &[stretch(1, 60, 1441)]),
            HoursError::End { index: 0 }
        );
        assert_eq!(
            refused(15, &[stretch(1, 60, 120), stretch(1, 0, 61)]),
            HoursError::Overlap { index: 0 }
        );
        assert_eq!(refused(15, &[stretch(1, 0, 9); 29]), HoursError::TooMany);
    }
}
