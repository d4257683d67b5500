//! A line of numbers with pieces cut out, closed without a seam.
//!
//! Numbers that arrive get a place at a constant distance; numbers that are cut get none, and what
//! comes behind them moves up. A number that is missing keeps its place, because nobody knows yet
//! whether it will come. So no place is given to two numbers, and the gaps of the places are the
//! numbers that were missing when something behind them was placed.

use std::collections::VecDeque;

/// Cuts that are remembered to place what arrives late; older numbers are refused. With every
/// second frame of 30 in a second cut this is some 8 s, longer than anybody resends.
const CUTS_MAX: usize = 128;

/// See the module.
#[derive(Debug)]
pub(crate) struct Line {
    first: u64,
    /// The place of `first` minus `first`, wrapping.
    offset: u64,
    /// The highest number that has a place.
    placed: u64,
    /// Ascending, never touching each other.
    cuts: VecDeque<Cut>,
    /// Numbers cut in all, also by cuts that are no longer remembered.
    removed: u64,
    /// Numbers below this are refused.
    refused_below: u64,
}

#[derive(Debug, Clone, Copy)]
struct Cut {
    first: u64,
    last: u64,
}

impl Line {
    /// A line on which `number` has the given place.
    pub(crate) fn new(number: u64, place: u64) -> Self {
        Self {
            first: number,
            offset: place.wrapping_sub(number),
            placed: number,
            cuts: VecDeque::new(),
            removed: 0,
            refused_below: number,
        }
    }

    /// The highest number that was placed or cut.
    pub(crate) fn highest(&self) -> u64 {
        self.cuts
            .back()
            .map_or(self.placed, |cut| cut.last.max(self.placed))
    }

    /// The place of a number. `None`: it was cut, or lies before the line.
    pub(crate) fn place(&mut self, number: u64) -> Option<u64> {
        if number < self.first || number < self.refused_below {
            return None;
        }
        let mut before = self.removed;
        for cut in self.cuts.iter().rev() {
            if number > cut.last {
                break;
            }
            if number >= cut.first {
                return None;
            }
            before = before.saturating_sub(cut.last - cut.first + 1);
        }
        self.placed = self.placed.max(number);
        Some(number.wrapping_add(self.offset).wrapping_sub(before))
    }

    /// Takes a number out. One that has others placed behind it leaves its place empty.
    pub(crate) fn cut(&mut self, number: u64) {
        if number <= self.placed {
            return;
        }
        let at = self.cuts.partition_point(|cut| cut.last < number);
        if self.cuts.get(at).is_some_and(|cut| cut.first <= number) {
            return;
        }
        self.removed += 1;
        let joins_next = self.cuts.get(at).is_some_and(|cut| cut.first == number + 1);
        let before = at.checked_sub(1).and_then(|at| self.cuts.get_mut(at));
        match before.filter(|cut| cut.last + 1 == number) {
            Some(cut) => {
                cut.last = number;
                if joins_next && let Some(next) = self.cuts.remove(at) {
                    cut_ends(self.cuts.get_mut(at - 1), next.last);
                }
            }
            None if joins_next => {
                if let Some(cut) = self.cuts.get_mut(at) {
                    cut.first = number;
                }
            }
            None => self.cuts.insert(
                at,
                Cut {
                    first: number,
                    last: number,
                },
            ),
        }
        while self.cuts.len() > CUTS_MAX {
            if let Some(oldest) = self.cuts.pop_front() {
                self.refused_below = oldest.last + 1;
            }
        }
    }
}

fn cut_ends(cut: Option<&mut Cut>, last: u64) {
    if let Some(cut) = cut {
        cut.last = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_cut_leaves_no_gap_and_what_is_missing_does() {
        let mut line = Line::new(100, 1);
        assert_eq!(line.place(100), Some(1));
        line.cut(101);
        line.cut(102);
        assert_eq!(line.place(104), Some(3));
        assert_eq!(line.place(103), Some(2));
        assert_eq!(line.place(102), None);
        line.cut(106);
        assert_eq!(line.place(107), Some(5));
        assert_eq!(line.place(105), Some(4));
    }

    #[test]
    fn a_late_cut_closes_as_long_as_nothing_is_behind_it() {
        let mut line = Line::new(1, 1);
        line.cut(3);
        line.cut(2);
        assert_eq!(line.place(4), Some(2));
        line.cut(6);
        line.cut(8);
        line.cut(7);
        assert_eq!(line.place(9), Some(4));
        assert_eq!(line.place(5), Some(3));
    }

    #[test]
    fn what_is_older_than_the_remembered_cuts_is_refused() {
        let mut line = Line::new(0, 1);
        for number in 0..1000 {
            if number % 2 == 1 {
                line.cut(number);
            } else if number != 10 {
                assert_eq!(line.place(number), Some(1 + number / 2));
            }
        }
        assert_eq!(line.place(10), None);
        assert_eq!(line.cuts.len(), CUTS_MAX);
        assert_eq!(line.place(998), Some(500));
    }

    proptest! {
        #[test]
        fn places_are_unique_in_order_and_their_gaps_are_what_was_missing(
            fates in proptest::collection::vec((any::<bool>(), 0_u8..8), 2..200),
        ) {
            // Per number: whether it is cut, and how late it arrives; 7 is never.
            let mut arrivals: Vec<(usize, usize)> = fates.iter().enumerate()
                .filter(|(number, (_, late))| *number == 0 || *late < 7)
                .map(|(number, (_, late))| (number + if number == 0 { 0 } else { usize::from(*late) }, number))
                .collect();
            arrivals.sort_unstable();
            let (mut line, mut places) = (Line::new(0, 1), BTreeMap::new());
            let (mut closed, mut highest) = (Vec::new(), 0);
            for (_, number) in arrivals {
                let wanted = number as u64;
                if fates[number].0 && number != 0 {
                    if wanted > highest {
                        closed.push(wanted);
                    }
                    line.cut(wanted);
                } else {
                    places.insert(wanted, line.place(wanted).unwrap());
                    highest = highest.max(wanted);
                }
            }
            let given: Vec<u64> = places.values().copied().collect();
            prop_assert!(given.windows(2).all(|two| two[0] < two[1]), "{given:?}");
            let open = (0..=highest)
                .filter(|number| !places.contains_key(number) && !closed.contains(number))
                .count();
            prop_assert_eq!(given.last().unwrap() - given.len() as u64, open as u64);
        }
    }
}
