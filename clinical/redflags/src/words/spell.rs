//! Bounded edit distance.

/// Typing errors that are forgiven in a word of this many letters.
#[must_use]
pub(super) fn forgiven(letters: usize) -> usize {
    match letters {
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    }
}

/// The number of letters that must be changed, added, left out or swapped with their neighbour to
/// make one word of the other, if that is at most `max`.
///
/// Words are folded ASCII-like; bytes are compared. Time is the product of the lengths.
#[must_use]
pub fn distance_within(one: &str, other: &str, max: usize) -> Option<usize> {
    let (a, b) = (one.as_bytes(), other.as_bytes());
    if a.len().abs_diff(b.len()) > max {
        return None;
    }
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row: Vec<usize> = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        let mut least = i;
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cost = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row[j] = cost;
            least = least.min(cost);
        }
        if least > max {
            return None;
        }
        core::mem::swap(&mut before, &mut last);
        core::mem::swap(&mut last, &mut row);
    }
    (last[b.len()] <= max).then_some(last[b.len()])
}

#[cfg(test)]
mod tests {
    use super::distance_within;

    #[test]
    fn a_swap_is_one_error() {
        assert_eq!(distance_within("cehst", "chest", 1), Some(1));
        assert_eq!(distance_within("poitrinne", "poitrine", 2), Some(1));
        assert_eq!(distance_within("chest", "chest", 0), Some(0));
        assert_eq!(distance_within("chest", "heart", 2), None);
        assert_eq!(distance_within("", "abc", 2), None);
    }
}
