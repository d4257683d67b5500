//! Two changes of one text, line by line: what each did, and both together.

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// It stayed.
    Same(&'a str),
    /// It was taken out.
    Gone(&'a str),
    /// It was put in.
    New(&'a str),
}

/// More pairs of lines are not compared one by one; such texts count as changed throughout. A note
/// of 20,000 characters has fewer.
const PAIRS_MAX: usize = 4_000_000;

/// What turned a text into another.
#[must_use]
pub fn changes<'a>(old: &'a str, new: &'a str) -> Vec<Change<'a>> {
    let (old, new) = (lines(old), lines(new));
    let mut told = Vec::new();
    let (mut from, mut to) = (0, 0);
    for (in_old, in_new) in common(&old, &new) {
        told.extend(
            between(&old, from, in_old)
                .iter()
                .map(|it| Change::Gone(it)),
        );
        told.extend(between(&new, to, in_new).iter().map(|it| Change::New(it)));
        told.extend(old.get(in_old).map(|it| Change::Same(it)));
        (from, to) = (in_old + 1, in_new + 1);
    }
    told.extend(
        between(&old, from, old.len())
            .iter()
            .map(|it| Change::Gone(it)),
    );
    told.extend(
        between(&new, to, new.len())
            .iter()
            .map(|it| Change::New(it)),
    );
    told
}

/// Both changes of a text. Where they changed the same lines, those of both stand one after the
/// other, theirs first: a person decides, and nothing is lost.
#[must_use]
pub fn merged(began: &str, theirs: &str, mine: &str) -> String {
    let (began, theirs, mine) = (lines(began), lines(theirs), lines(mine));
    let mine_of: std::collections::BTreeMap<_, _> = common(&began, &mine).into_iter().collect();
    let mut text: Vec<&str> = Vec::new();
    let (mut b, mut t, mut m) = (0, 0, 0);
    let all = (began.len(), (theirs.len(), mine.len()));
    let stable = common(&began, &theirs)
        .into_iter()
        .filter_map(|(in_began, in_theirs)| {
            Some((in_began, (in_theirs, *mine_of.get(&in_began)?)))
        });
    for (to_b, (to_t, to_m)) in stable.chain([all]) {
        let was = between(&began, b, to_b);
        let their = between(&theirs, t, to_t);
        let my = between(&mine, m, to_m);
        if my == was || my == their {
            text.extend(their);
        } else if their == was {
            text.extend(my);
        } else {
            text.extend(their);
            text.extend(my.iter().filter(|line| !their.contains(line)));
        }
        text.extend(began.get(to_b));
        (b, t, m) = (to_b + 1, to_t + 1, to_m + 1);
    }
    text.join("\n")
}

fn lines(text: &str) -> Vec<&str> {
    if text.is_empty() {
        Vec::new()
    } else {
        text.split('\n').collect()
    }
}

fn between<'a, 'b>(lines: &'b [&'a str], from: usize, to: usize) -> &'b [&'a str] {
    lines.get(from..to).unwrap_or_default()
}

/// Places of the lines of a longest common subsequence, in order.
fn common(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    if old.len().saturating_mul(new.len()) > PAIRS_MAX {
        return Vec::new();
    }
    // longest[i * width + j]: how many lines old[i..] and new[j..] have in common.
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    let at = |longest: &[u32], i: usize, j: usize| longest.get(i * width + j).copied().unwrap_or(0);
    for (i, line) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            let best = if line == other {
                at(&longest, i + 1, j + 1) + 1
            } else {
                at(&longest, i + 1, j).max(at(&longest, i, j + 1))
            };
            if let Some(cell) = longest.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let mut places = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(line), Some(other)) = (old.get(i), new.get(j)) {
        if line == other {
            places.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if at(&longest, i + 1, j) >= at(&longest, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_other_lines_stand_together() {
        let began = "Fever\nCough\nNo rash";
        let theirs = "Fever 39\nCough\nNo rash";
        let mine = "Fever\nCough\nNo rash\nPlan: rest";
        let both = "Fever 39\nCough\nNo rash\nPlan: rest";
        assert_eq!(merged(began, theirs, mine), both);
        assert_eq!(merged(began, mine, theirs), both);
    }

    #[test]
    fn changes_of_the_same_line_are_both_kept() {
        let text = merged("Dose 5 mg\nDaily", "Dose 10 mg\nDaily", "Dose 15 mg\nDaily");
        assert_eq!(text, "Dose 10 mg\nDose 15 mg\nDaily");
        assert_eq!(merged("", "Theirs", "Mine"), "Theirs\nMine");
    }

    #[test]
    fn the_same_change_stands_once_and_what_one_took_out_is_out() {
        assert_eq!(merged("a\nb", "a\nc", "a\nc"), "a\nc");
        assert_eq!(merged("a\nb\nc", "a\nc", "a\nb\nc\nd"), "a\nc\nd");
        assert_eq!(merged("a", "a", "b"), "b");
        assert_eq!(merged("a", "b", "a"), "b");
    }

    #[test]
    fn every_line_that_somebody_added_is_in_the_merged_text() {
        // All small texts over three lines, three times.
        let words = ["", "a", "b", "a\nb", "b\na", "a\nc\nb", "c", "c\nb\na"];
        for began in words {
            for theirs in words {
                for mine in words {
                    let text = merged(began, theirs, mine);
                    for new in [theirs, mine] {
                        for change in changes(began, new) {
                            if let Change::New(line) = change {
                                assert!(
                                    text.split('\n').any(|it| it == line),
                                    "{began:?} {theirs:?} {mine:?}: {text:?}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn changes_tell_both_texts() {
        let told = changes("a\nb\nc", "a\nd\nc\ne");
        assert_eq!(
            told,
            [
                Change::Same("a"),
                Change::Gone("b"),
                Change::New("d"),
                Change::Same("c"),
                Change::New("e")
            ]
        );
    }
}
