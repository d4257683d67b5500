//! The words of a text, folded, with figures and their signs kept together.

/// Words that are read; the rest of a long text says nothing of a date.
const WORDS_MAX: usize = 400;

/// Folded words, and which have been taken.
#[derive(Debug)]
pub(super) struct Words {
    list: Vec<String>,
    taken: Vec<bool>,
}

fn fold(c: char) -> char {
    match c {
        'à' | 'â' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' => 'i',
        'ô' | 'ö' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        other => other,
    }
}

impl Words {
    pub(super) fn read(text: &str) -> Self {
        let folded: Vec<char> = text
            .chars()
            .flat_map(char::to_lowercase)
            .map(fold)
            .take(WORDS_MAX * 20)
            .collect();
        let mut list: Vec<String> = Vec::new();
        let mut word = String::new();
        for (at, c) in folded.iter().enumerate() {
            let digit = |at: Option<usize>| {
                at.and_then(|at| folded.get(at))
                    .is_some_and(char::is_ascii_digit)
            };
            let sign = matches!(c, ':' | '/' | '-' | '.');
            let inside = sign && digit(at.checked_sub(1)) && digit(at.checked_add(1));
            if c.is_alphanumeric() || inside {
                word.push(*c);
            } else if !word.is_empty() {
                list.push(core::mem::take(&mut word));
            }
        }
        if !word.is_empty() {
            list.push(word);
        }
        list.truncate(WORDS_MAX);
        let taken = vec![false; list.len()];
        Self { list, taken }
    }

    pub(super) const fn len(&self) -> usize {
        self.list.len()
    }

    /// The word at a place; nothing outside and where one was taken.
    pub(super) fn at(&self, at: usize) -> &str {
        match (self.list.get(at), self.taken.get(at)) {
            (Some(word), Some(false)) => word,
            _ => "",
        }
    }

    /// The word some places before another, taken or not.
    pub(super) fn back(&self, at: usize, by: usize) -> &str {
        let place = at.checked_sub(by).and_then(|at| self.list.get(at));
        place.map_or("", String::as_str)
    }

    pub(super) fn take(&mut self, from: usize, count: usize) {
        for taken in self.taken.iter_mut().skip(from).take(count) {
            *taken = true;
        }
    }

    /// Whether these words stand somewhere in a row.
    pub(super) fn has(&self, phrase: &str) -> bool {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        self.list.windows(wanted.len()).any(|it| it == wanted)
    }
}

/// A number in figures or words.
pub(super) fn number(word: &str) -> Option<i64> {
    const NAMES: [(&str, i64); 36] = [
        ("un", 1),
        ("une", 1),
        ("a", 1),
        ("an", 1),
        ("one", 1),
        ("deux", 2),
        ("two", 2),
        ("couple", 2),
        ("trois", 3),
        ("three", 3),
        ("quatre", 4),
        ("four", 4),
        ("cinq", 5),
        ("five", 5),
        ("six", 6),
        ("sept", 7),
        ("seven", 7),
        ("huit", 8),
        ("eight", 8),
        ("neuf", 9),
        ("nine", 9),
        ("dix", 10),
        ("ten", 10),
        ("onze", 11),
        ("eleven", 11),
        ("douze", 12),
        ("twelve", 12),
        ("treize", 13),
        ("quatorze", 14),
        ("fourteen", 14),
        ("quinze", 15),
        ("fifteen", 15),
        ("seize", 16),
        ("vingt", 20),
        ("twenty", 20),
        ("trente", 30),
    ];
    if let Some((_, value)) = NAMES.iter().find(|(name, _)| *name == word) {
        return Some(*value);
    }
    let is_short = !word.is_empty() && word.len() <= 4;
    word.parse().ok().filter(|_| is_short)
}
