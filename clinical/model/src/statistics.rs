//! Counts that may be published without telling about one person.

/// The smallest count above zero that is published, a usual threshold for published health counts.
/// Source: CMS cell size suppression policy, which hides counts of 1 to 10.
pub const CELL_MIN: u64 = 11;

/// A row of counts as it may be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The counts in their order; none where one is suppressed.
    pub cells: Vec<Option<u64>>,
    /// Their sum; none where it is suppressed.
    pub total: Option<u64>,
}

/// Suppresses small counts, and as many others as it takes that no small one follows by subtraction:
/// what is suppressed in a row is nothing, or at least two counts whose sum is no small count either.
///
/// Rows must be about different people: a sum that follows from two rows is not looked at.
#[must_use]
pub fn publish(counts: &[u64]) -> Published {
    let is_small = |count: u64| count > 0 && count < CELL_MIN;
    let mut hidden: Vec<bool> = counts.iter().map(|&count| is_small(count)).collect();
    loop {
        let held: Vec<u64> = pick(counts, &hidden, true)
            .map(|(_, count)| count)
            .collect();
        let sum: u64 = held.iter().sum();
        if held.is_empty() || (held.len() >= 2 && sum >= CELL_MIN) {
            break;
        }
        let next = pick(counts, &hidden, false)
            .filter(|&(_, count)| count > 0)
            .min_by_key(|&(_, count)| count);
        let Some(cell) = next.and_then(|(at, _)| hidden.get_mut(at)) else {
            // Everything there is, is small: not even the sum is published, nor where it is zero.
            return Published {
                cells: vec![None; counts.len()],
                total: None,
            };
        };
        *cell = true;
    }
    let cells = counts
        .iter()
        .zip(&hidden)
        .map(|(&count, &hidden)| (!hidden).then_some(count));
    Published {
        cells: cells.collect(),
        total: Some(counts.iter().sum()),
    }
}

fn pick<'a>(
    counts: &'a [u64],
    hidden: &'a [bool],
    wanted: bool,
) -> impl Iterator<Item = (usize, u64)> + 'a {
    counts
        .iter()
        .copied()
        .zip(hidden.iter().copied())
        .enumerate()
        .filter(move |&(_, (_, hidden))| hidden == wanted)
        .map(|(at, (count, _))| (at, count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_small_count_takes_the_smallest_other_one_along() {
        let row = publish(&[40, 3, 25, 0]);
        assert_eq!(row.cells, [Some(40), None, None, Some(0)]);
        assert_eq!(row.total, Some(68));
    }

    #[test]
    fn two_small_counts_with_a_small_sum_take_another_one_along() {
        let row = publish(&[2, 3, 25, 90]);
        assert_eq!(row.cells, [None, None, None, Some(90)]);
    }

    #[test]
    fn a_row_of_small_counts_alone_says_nothing() {
        assert_eq!(publish(&[0, 4, 0]).cells, [None, None, None]);
        assert_eq!(publish(&[0, 4, 0]).total, None);
    }

    #[test]
    fn eleven_is_shown_and_nothing_is_hidden_without_reason() {
        let row = publish(&[11, 0, 500]);
        assert_eq!(row.cells, [Some(11), Some(0), Some(500)]);
        assert_eq!(row.total, Some(511));
    }

    proptest! {
        #[test]
        fn no_small_count_is_shown_or_follows_by_subtraction(
            counts in prop::collection::vec(0_u64..40, 0..14),
        ) {
            let row = publish(&counts);
            let shown: u64 = row.cells.iter().flatten().sum();
            let hidden = row.cells.iter().filter(|cell| cell.is_none()).count();
            prop_assert!(row.cells.iter().flatten().all(|&it| it == 0 || it >= CELL_MIN));
            match row.total {
                None => prop_assert_eq!(shown, 0),
                Some(total) => {
                    prop_assert_eq!(total, counts.iter().sum::<u64>());
                    prop_assert!(total == 0 || total >= CELL_MIN);
                    prop_assert!(hidden == 0 || (hidden >= 2 && total - shown >= CELL_MIN));
                }
            }
        }
    }
}
