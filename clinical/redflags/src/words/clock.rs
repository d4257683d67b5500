//! Times in a text: "depuis 3 jours", "two hours ago", "last night".

use super::text::Token;

/// A length of time that somebody wrote, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moment {
    /// How long ago, or for how long, in minutes.
    pub minutes: u32,
    /// Whether it says when something was ("three days ago") rather than since when it is.
    pub ago: bool,
    /// First token of it.
    pub(super) first: usize,
    /// Behind its last token.
    pub(super) behind: usize,
}

const HOUR: u32 = 60;
const DAY: u32 = 24 * HOUR;
const WEEK: u32 = 7 * DAY;
const MONTH: u32 = 30 * DAY;
const YEAR: u32 = 365 * DAY;

/// Units of time in both languages.
const UNITS: &[(&str, u32)] = &[
    ("min", 1),
    ("mn", 1),
    ("minute", 1),
    ("minutes", 1),
    ("h", HOUR),
    ("hour", HOUR),
    ("hours", HOUR),
    ("heure", HOUR),
    ("heures", HOUR),
    ("d", DAY),
    ("day", DAY),
    ("days", DAY),
    ("jour", DAY),
    ("jours", DAY),
    ("j", DAY),
    ("night", DAY),
    ("nights", DAY),
    ("nuit", DAY),
    ("nuits", DAY),
    ("week", WEEK),
    ("weeks", WEEK),
    ("wk", WEEK),
    ("wks", WEEK),
    ("semaine", WEEK),
    ("semaines", WEEK),
    ("sem", WEEK),
    ("month", MONTH),
    ("months", MONTH),
    ("mois", MONTH),
    ("year", YEAR),
    ("years", YEAR),
    ("an", YEAR),
    ("ans", YEAR),
    ("annee", YEAR),
    ("annees", YEAR),
    ("decade", 10 * YEAR),
    ("decades", 10 * YEAR),
];

/// Numbers in words in both languages.
const NUMBERS: &[(&str, u32)] = &[
    ("un", 1),
    ("une", 1),
    ("one", 1),
    ("a", 1),
    ("an", 1),
    ("deux", 2),
    ("two", 2),
    ("couple", 2),
    ("few", 3),
    ("quelques", 3),
    ("several", 4),
    ("plusieurs", 4),
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
    ("quinze", 15),
    ("fifteen", 15),
    ("twelve", 12),
    ("douze", 12),
    ("vingt", 20),
    ("twenty", 20),
    ("trente", 30),
    ("thirty", 30),
];

/// Words that are a time of their own, in minutes.
const NAMED: &[(&[&str], u32)] = &[
    (&["just", "now"], 5),
    (&["right", "now"], 5),
    (&["tout", "a", "heure"], 60),
    (&["ce", "matin"], 6 * HOUR),
    (&["this", "morning"], 6 * HOUR),
    (&["cette", "nuit"], 12 * HOUR),
    (&["last", "night"], 12 * HOUR),
    (&["hier", "soir"], 14 * HOUR),
    (&["aujourdhui"], 8 * HOUR),
    (&["today"], 8 * HOUR),
    (&["tonight"], 2 * HOUR),
    (&["ce", "soir"], 2 * HOUR),
    (&["avant", "hier"], 2 * DAY),
    (&["hier"], DAY),
    (&["yesterday"], DAY),
    (&["last", "week"], WEEK),
    (&["semaine", "derniere"], WEEK),
    (&["last", "month"], MONTH),
    (&["mois", "dernier"], MONTH),
    (&["last", "year"], YEAR),
    (&["annee", "derniere"], YEAR),
    (&["an", "dernier"], YEAR),
    (&["half", "hour"], 30),
    (&["half", "an", "hour"], 30),
    (&["demi", "heure"], 30),
    (&["quart", "heure"], 15),
    (&["few", "years"], 3 * YEAR),
];

/// The number that a word is, as whole units.
pub(super) fn number(word: &str) -> Option<u32> {
    if let Some((_, value)) = NUMBERS.iter().find(|(name, _)| *name == word) {
        return Some(*value);
    }
    let whole = word.split('.').next()?;
    if whole.len() > 4 || whole.is_empty() {
        return None;
    }
    whole.parse().ok()
}

/// Every time in the words of a text, in order.
pub(super) fn moments(tokens: &[Token]) -> Vec<Moment> {
    let mut moments = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match named(tokens, at).or_else(|| counted(tokens, at)) {
            Some(moment) => {
                at = moment.behind;
                moments.push(moment);
            }
            None => at += 1,
        }
    }
    moments
}

fn named(tokens: &[Token], first: usize) -> Option<Moment> {
    let (words, minutes) = NAMED.iter().find(|(words, _)| {
        words.iter().enumerate().all(|(at, word)| {
            tokens
                .get(first + at)
                .is_some_and(|token| token.word == *word)
        })
    })?;
    Some(Moment {
        minutes: *minutes,
        ago: *minutes >= YEAR,
        first,
        behind: first + words.len(),
    })
}

/// Whether a length of time says how old somebody is, or how far a pregnancy.
fn is_age(before: &str, before_that: &str, after: &str) -> bool {
    const WHOSE: [&str; 16] = [
        "bebe",
        "fils",
        "fille",
        "enfant",
        "garcon",
        "nourrisson",
        "fillette",
        "petit",
        "petite",
        "age",
        "agee",
        "enceinte",
        "grossesse",
        "baby",
        "infant",
        "pregnant",
    ];
    matches!(
        after,
        "old" | "pregnant" | "enceinte" | "gestation" | "amenorrhee" | "sa"
    ) || WHOSE.contains(&before)
        || (matches!(before, "de" | "a" | "of") && WHOSE.contains(&before_that))
}

/// A number and a unit, with "ago" or "il y a" about it. "5 ans" alone is an age as often as a time,
/// so years need "ago", "il y a", "since", "depuis" or "for".
fn counted(tokens: &[Token], first: usize) -> Option<Moment> {
    let count = number(&tokens.get(first)?.word)?;
    let mut behind = first + 1;
    while tokens.get(behind).is_some_and(|token| {
        matches!(
            token.word.as_str(),
            "of" | "or" | "ou" | "three" | "trois" | "3" | "4" | "2"
        )
    }) {
        behind += 1;
    }
    let unit = &tokens.get(behind)?.word;
    let (_, minutes) = UNITS.iter().find(|(name, _)| name == unit)?;
    behind += 1;
    let minutes = minutes.saturating_mul(count);
    let before = |back: usize| {
        first
            .checked_sub(back)
            .map_or("", |at| tokens[at].word.as_str())
    };
    let after = tokens.get(behind).map_or("", |token| token.word.as_str());
    let il_y_a = (before(1) == "a" && matches!(before(2), "y"))
        || (number_like(before(1)) && before(2) == "a" && before(3) == "y")
        || (before(1) == "environ" && before(2) == "a");
    let ago = matches!(after, "ago" | "back" | "earlier")
        || il_y_a
        || (after == "plus"
            && tokens
                .get(behind + 1)
                .is_some_and(|token| token.word == "tot"));
    let since = matches!(
        before(1),
        "depuis" | "since" | "for" | "past" | "last" | "pendant" | "derniers" | "dernieres" | "les"
    ) || matches!(before(2), "depuis" | "since" | "for" | "past");
    if (minutes >= YEAR || is_age(before(1), before(2), after)) && !ago && !since {
        return None;
    }
    let behind = behind + usize::from(matches!(after, "ago" | "back" | "earlier"));
    Some(Moment {
        minutes,
        ago,
        first,
        behind,
    })
}

fn number_like(word: &str) -> bool {
    matches!(word, "about" | "environ" | "peine" | "over" | "peu")
}
