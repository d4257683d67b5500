//! The dictionary of all words of all names, and which of them a typed word may mean.

use std::collections::HashMap;

use crate::sound::sound;

/// Fewest letters of a typed word in which a slip is forgiven. Shorter ones are one edit away from too much.
const MIN_FUZZY: usize = 4;

/// Weight of the word itself.
pub(crate) const EXACT: f32 = 1.0;
/// Weight of a word that begins as typed; what is still to type takes from it.
const PREFIX: f32 = 0.72;
/// Weight that the typed part of a begun word adds.
const PREFIX_TYPED: f32 = 0.22;
/// Weight of a word that is one slip away and sounds the same.
const SLIP_AND_SOUND: f32 = 0.88;
/// Weight of a word that is one slip away.
pub(crate) const SLIP: f32 = 0.82;
/// Weight of a word that sounds the same.
const SOUND: f32 = 0.76;
/// Weight of a word whose beginning is one slip away.
const PREFIX_SLIP: f32 = 0.55;

/// One interned word. The letters lie in one arena, because every search reads all of them.
#[derive(Debug, Clone, Copy)]
struct Word {
    begin: u32,
    len: u8,
    letters: u32,
    sound: u64,
}

/// All words, each once, with the people who bear it.
#[derive(Debug, Default)]
pub(crate) struct Words {
    arena: Vec<u16>,
    words: Vec<Word>,
    ids: HashMap<Box<str>, u32>,
    bearers: Vec<Vec<u32>>,
}

/// Which words a typed word may mean, and how well.
#[derive(Debug)]
pub(crate) struct Meanings {
    /// Weight for each word of the dictionary; zero for what is not meant.
    pub(crate) weights: Vec<f32>,
    /// The words that are meant.
    pub(crate) meant: Vec<u32>,
    /// How many people bear one of them, counted once for each word.
    pub(crate) bearers: usize,
}

impl Words {
    /// The number of a word, new when it was never seen. Words stay when the last bearer leaves; the
    /// dictionary grows with the different words ever seen and not with changes.
    pub(crate) fn intern(&mut self, word: &str) -> Option<u32> {
        if let Some(id) = self.ids.get(word) {
            return Some(*id);
        }
        let id = u32::try_from(self.words.len()).ok()?;
        let units = units(word);
        let begin = u32::try_from(self.arena.len()).ok()?;
        self.words.push(Word {
            begin,
            len: u8::try_from(units.len()).ok()?,
            letters: letters(&units),
            sound: sound(word),
        });
        self.arena.extend_from_slice(&units);
        self.ids.insert(word.into(), id);
        self.bearers.push(Vec::new());
        Some(id)
    }

    pub(crate) fn add_bearer(&mut self, word: u32, slot: u32) {
        if let Some(bearers) = self.bearers.get_mut(word as usize) {
            bearers.push(slot);
        }
    }

    pub(crate) fn remove_bearer(&mut self, word: u32, slot: u32) {
        if let Some(bearers) = self.bearers.get_mut(word as usize)
            && let Some(at) = bearers.iter().position(|other| *other == slot)
        {
            bearers.swap_remove(at);
        }
    }

    pub(crate) fn bearers(&self, word: u32) -> &[u32] {
        self.bearers.get(word as usize).map_or(&[], Vec::as_slice)
    }

    /// One pass over the dictionary. Most words are refused by their set of letters alone. A word that was
    /// finished (another one follows) still matches as a beginning, a little less.
    pub(crate) fn meanings(&self, typed: &str) -> Meanings {
        let typed_units = units(typed);
        let typed_letters = letters(&typed_units);
        let typed_sound = sound(typed);
        let fuzzy = typed_units.len() >= MIN_FUZZY;
        let mut found = Meanings {
            weights: vec![0.0; self.words.len()],
            meant: Vec::new(),
            bearers: 0,
        };
        for (index, word) in self.words.iter().enumerate() {
            let missing = (typed_letters & !word.letters).count_ones();
            let sounds = word.sound == typed_sound;
            if !sounds && (missing > 1 || (missing == 1 && !fuzzy)) {
                continue;
            }
            let bearers = self.bearers.get(index).map_or(0, Vec::len);
            if bearers == 0 {
                continue;
            }
            let begin = word.begin as usize;
            let Some(known) = self.arena.get(begin..begin + usize::from(word.len)) else {
                continue;
            };
            let weight = weigh(&typed_units, known, sounds, fuzzy);
            if weight > 0.0
                && let Ok(id) = u32::try_from(index)
            {
                found.weights[index] = weight;
                found.meant.push(id);
                found.bearers += bearers;
            }
        }
        found
    }
}

fn weigh(typed: &[u16], known: &[u16], sounds: bool, fuzzy: bool) -> f32 {
    if typed == known {
        return EXACT;
    }
    if known.starts_with(typed) {
        // Both are at most 40 letters.
        let share = f32::from(small(typed.len())) / f32::from(small(known.len()));
        let begun = PREFIX + PREFIX_TYPED * share;
        return if sounds { begun.max(SOUND) } else { begun };
    }
    let slip = if fuzzy { slip(typed, known) } else { None };
    match (slip, sounds) {
        (Some(Reach::Whole), true) => SLIP_AND_SOUND,
        (Some(Reach::Whole), false) => SLIP,
        (Some(Reach::Beginning) | None, true) => SOUND,
        (Some(Reach::Beginning), false) => PREFIX_SLIP,
        (None, false) => 0.0,
    }
}

fn small(len: usize) -> u8 {
    u8::try_from(len).unwrap_or(u8::MAX)
}

/// How far a typed word with one slip reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Whole,
    Beginning,
}

/// Whether one letter more, less, other, or two changed places lead from the typed word to the known one or
/// to its beginning. After the first difference the rest must agree, so this is one walk, not a table.
fn slip(typed: &[u16], known: &[u16]) -> Option<Reach> {
    let same = typed.iter().zip(known).take_while(|(a, b)| a == b).count();
    let (typed, known) = (&typed[same..], &known[same..]);
    let mut reach = None;
    let mut try_rest = |typed: Option<&[u16]>, known: Option<&[u16]>| {
        if let (Some(typed), Some(known)) = (typed, known)
            && known.starts_with(typed)
        {
            let now = if typed.len() == known.len() {
                Reach::Whole
            } else {
                Reach::Beginning
            };
            if reach != Some(Reach::Whole) {
                reach = Some(now);
            }
        }
    };
    try_rest(typed.get(1..), known.get(1..));
    try_rest(typed.get(1..), Some(known));
    try_rest(Some(typed), known.get(1..));
    if let ([a, b, ..], [c, d, ..]) = (typed, known)
        && a == d
        && b == c
    {
        try_rest(typed.get(2..), known.get(2..));
    }
    reach
}

/// Letters as 16-bit units; letters outside the basic plane are one and the same.
fn units(word: &str) -> Vec<u16> {
    word.chars()
        .map(|c| u16::try_from(u32::from(c)).unwrap_or(0xfffd))
        .take(usize::from(u8::MAX))
        .collect()
}

/// The set of letters, in 32 boxes.
fn letters(units: &[u16]) -> u32 {
    units.iter().fold(0, |set, unit| set | 1 << (unit & 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(typed: &str, known: &str) -> f32 {
        let mut words = Words::default();
        let id = words.intern(known).unwrap();
        words.add_bearer(id, 0);
        words.meanings(typed).weights[0]
    }

    #[test]
    fn one_slip_of_each_kind_is_forgiven_and_two_are_not() {
        for typed in [
            "mbaga", "mbarrga", "mbabga", "mbagra", "barga", "mbarg", "bmarga",
        ] {
            assert!(weight(typed, "mbarga") > 0.5, "{typed}");
        }
        for typed in ["mabgra", "tbabga", "xyarga"] {
            assert!(weight(typed, "mbarga") < 0.01, "{typed}");
        }
    }

    #[test]
    fn what_is_written_exactly_weighs_most_and_a_longer_beginning_more_than_a_shorter_one() {
        assert!(weight("mbarga", "mbarga") > weight("mbarg", "mbarga"));
        assert!(weight("mbarg", "mbarga") > weight("mb", "mbarga"));
        assert!(weight("mb", "mbarga") > weight("mbraga", "mbarga") - 0.2);
    }

    #[test]
    fn a_word_that_nobody_bears_any_more_means_nobody() {
        let mut words = Words::default();
        let id = words.intern("mbarga").unwrap();
        words.add_bearer(id, 3);
        words.add_bearer(id, 4);
        words.remove_bearer(id, 3);
        assert_eq!(words.bearers(id), [4]);
        words.remove_bearer(id, 4);
        assert!(words.meanings("mbarga").meant.is_empty());
    }

    #[test]
    fn a_slip_while_typing_is_forgiven() {
        assert!(weight("emxxau", "emmanuelle") < 0.01);
        assert!(weight("emanue", "emmanuelle") > 0.5);
    }
}
