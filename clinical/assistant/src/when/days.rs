//! Days.

use jiff::civil::{Date, Weekday};

use super::words::{Words, number};
use super::{next, plus};

type Days = (Date, Date);

/// Whether somebody wants what is first free.
pub(super) fn soonest(words: &Words) -> bool {
    const SAID: [&str; 20] = [
        "des que possible",
        "plus tot possible",
        "plus vite possible",
        "plus rapidement possible",
        "au plus vite",
        "au plus tot",
        "aussi vite que possible",
        "rapidement",
        "premier creneau",
        "premiere place",
        "premier rendez vous",
        "prochain creneau",
        "prochaine disponibilite",
        "soon as possible",
        "asap",
        "soonest",
        "earliest",
        "first available",
        "next available",
        "first appointment",
    ];
    SAID.iter().any(|it| words.has(it))
}

const WEEKDAYS: [(&[&str], Weekday); 7] = [
    (
        &["lundi", "lun", "monday", "mon", "mondays"],
        Weekday::Monday,
    ),
    (&["mardi", "tuesday", "tue", "tues"], Weekday::Tuesday),
    (&["mercredi", "mer", "wednesday", "wed"], Weekday::Wednesday),
    (
        &["jeudi", "jeu", "thursday", "thu", "thur", "thurs"],
        Weekday::Thursday,
    ),
    (&["vendredi", "ven", "friday", "fri"], Weekday::Friday),
    (&["samedi", "sam", "saturday", "sat"], Weekday::Saturday),
    (&["dimanche", "dim", "sunday", "sun"], Weekday::Sunday),
];

/// "mon" and "sat", "sun", "sam" are words and names too.
fn weekday(words: &Words, at: usize) -> Option<Weekday> {
    let word = words.at(at);
    if word == "mon" && !matches!(words.back(at, 1), "on" | "next" | "this" | "for" | "until") {
        return None;
    }
    if matches!(word, "sun" | "sat" | "mer" | "sam")
        && matches!(
            words.back(at, 1),
            "the" | "la" | "i" | "doctor" | "docteur" | "dr"
        )
    {
        return None;
    }
    let found = WEEKDAYS.iter().find(|(names, _)| names.contains(&word));
    found.map(|(_, day)| *day)
}

fn month(word: &str) -> Option<i8> {
    const MONTHS: [&[&str]; 12] = [
        &["janvier", "janv", "january", "jan"],
        &["fevrier", "fev", "february", "feb"],
        &["mars", "march", "mar"],
        &["avril", "avr", "april", "apr"],
        &["mai", "may"],
        &["juin", "june", "jun"],
        &["juillet", "juil", "july", "jul"],
        &["aout", "august", "aug"],
        &["septembre", "sept", "september", "sep"],
        &["octobre", "oct", "october"],
        &["novembre", "nov", "november"],
        &["decembre", "dec", "december"],
    ];
    let at = MONTHS.iter().position(|names| names.contains(&word))?;
    i8::try_from(at + 1).ok()
}

/// A day of a month: "3", "1er", "3rd".
fn day_of_month(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ending = word.strip_prefix(digits)?;
    if digits.len() > 2 || !matches!(ending, "" | "er" | "st" | "nd" | "rd" | "th" | "e") {
        return None;
    }
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

fn year(word: &str) -> Option<i16> {
    word.parse()
        .ok()
        .filter(|year| (2000..=2100).contains(year))
}

/// The day of this year, or of the next when it is over.
fn coming(today: Date, (year, month, day): (Option<i16>, i8, i8)) -> Option<Date> {
    if let Some(year) = year {
        return Date::new(year, month, day).ok();
    }
    let this = Date::new(today.year(), month, day).ok();
    let this = this.filter(|it| *it >= today);
    this.or_else(|| Date::new(today.year().checked_add(1)?, month, day).ok())
}

/// The Monday of the week of a day.
fn monday(day: Date) -> Date {
    plus(day, -i64::from(day.weekday().to_monday_zero_offset()))
}

/// What stands at a place, and of how many words.
fn named_date(words: &Words, at: usize, today: Date) -> Option<(Days, usize)> {
    let one = |day: Date, count| Some(((day, day), count));
    let (word, second) = (words.at(at), words.at(at + 1));
    let signs: Vec<&str> = word.split(['/', '-', '.']).collect();
    match signs.as_slice() {
        [y, m, d] if y.len() == 4 => {
            let day = Date::new(y.parse().ok()?, m.parse().ok()?, d.parse().ok()?).ok()?;
            return one(day, 1);
        }
        [d, m, y] => {
            let year: i16 = y.parse().ok()?;
            let year = if year < 100 { year + 2000 } else { year };
            return one(Date::new(year, m.parse().ok()?, d.parse().ok()?).ok()?, 1);
        }
        [d, m] if word.contains('/') => {
            return one(coming(today, (None, m.parse().ok()?, d.parse().ok()?))?, 1);
        }
        _ => {}
    }
    if let Some(day) = day_of_month(word) {
        let skip = usize::from(second == "of");
        if let Some(month) = month(words.at(at + 1 + skip)) {
            let year = year(words.at(at + 2 + skip));
            let count = 2 + skip + usize::from(year.is_some());
            return one(coming(today, (year, month, day))?, count);
        }
        let article = words.back(at, 1);
        let is_ordinal = word.ends_with(|c: char| c.is_ascii_alphabetic());
        let follows = matches!(
            second,
            "h" | "heures" | "heure" | "am" | "pm" | "jours" | "semaines"
        );
        if (article == "le" || article == "the" && is_ordinal) && !follows {
            return one(next_numbered(today, day)?, 1);
        }
    }
    let month = month(word).filter(|_| {
        word != "mar" && word != "may" && word != "mars" || day_of_month(second).is_some()
    })?;
    let skip = usize::from(second == "the");
    if let Some(day) = day_of_month(words.at(at + 1 + skip)) {
        let year = year(words.at(at + 2 + skip));
        let count = 2 + skip + usize::from(year.is_some());
        return one(coming(today, (year, month, day))?, count);
    }
    let first = coming(today, (None, month, 1)).filter(|it| it.month() != today.month());
    let first = first.unwrap_or(today);
    Some(((first, first.last_of_month()), 1))
}

/// The next day with this number, from today on.
fn next_numbered(today: Date, day: i8) -> Option<Date> {
    let mut first = today.first_of_month();
    for _ in 0..3 {
        let found = Date::new(first.year(), first.month(), day).ok();
        if let Some(found) = found.filter(|it| *it >= today) {
            return Some(found);
        }
        first = plus(first.last_of_month(), 1);
    }
    None
}

/// "in two weeks", "dans 3 jours", "d'ici une semaine".
fn distance(words: &Words, at: usize, today: Date) -> Option<(Days, usize)> {
    let word = words.at(at);
    let within = matches!(word, "within" | "ici");
    if !matches!(word, "in" | "dans") && !within {
        return None;
    }
    let skip = usize::from(words.at(at + 1) == "a" && words.at(at + 2) == "couple");
    let count = number(words.at(at + 1 + skip))?;
    let of = usize::from(words.at(at + 2 + skip) == "of");
    let days = match words.at(at + 2 + skip + of) {
        "day" | "days" | "jour" | "jours" => count,
        "week" | "weeks" | "semaine" | "semaines" => count.checked_mul(7)?,
        "fortnight" => 14,
        "month" | "months" | "mois" => {
            use jiff::ToSpan as _;
            let later = today.checked_add(count.checked_mul(1)?.months()).ok()?;
            let first = if within { today } else { later };
            return Some(((first, later), 3 + skip + of));
        }
        _ => return None,
    };
    let day = plus(today, days);
    let first = if within { today } else { day };
    Some(((first, day), 3 + skip + of))
}

/// "demain", "this week", "next month", "le week-end".
fn relative(words: &Words, at: usize, today: Date) -> Option<(Days, usize)> {
    let one = |day: Date, count| Some(((day, day), count));
    let (word, second, third) = (words.at(at), words.at(at + 1), words.at(at + 2));
    let week = |start: Date| (start, plus(start, 6));
    let next_week = week(plus(monday(today), 7));
    let saturday = plus(monday(today), 5);
    let weekend = |weeks: i64| {
        let first = plus(saturday, 7 * weeks);
        (first.max(today), plus(first, 1))
    };
    let next_month = plus(today.last_of_month(), 1);
    match (word, second, third) {
        ("aujourd", "hui", _) => one(today, 2),
        ("aujourdhui" | "ajd" | "auj" | "today" | "tonight" | "maintenant" | "now", ..) => {
            one(today, 1)
        }
        ("ce", "soir" | "matin" | "midi", _) => one(today, 1),
        ("this", "morning" | "afternoon" | "evening", _) => one(today, 1),
        ("cet", "apres" | "aprem", _) | ("cette", "apres" | "aprem", _) => one(today, 1),
        ("apres", "demain", _) => one(plus(today, 2), 2),
        ("day", "after", "tomorrow") => one(plus(today, 2), 3),
        ("demain" | "tomorrow" | "tmrw" | "tmr" | "tomorow" | "2moro", ..) => {
            one(plus(today, 1), 1)
        }
        ("week", "end", "prochain") | ("next", "week", "end") => {
            Some((weekend(i64::from(today < saturday)), 3))
        }
        ("weekend", "prochain", _) | ("next", "weekend", _) => {
            Some((weekend(i64::from(today < saturday)), 2))
        }
        ("week", "end", _) => Some((weekend(0), 2)),
        ("weekend", ..) => Some((weekend(0), 1)),
        ("semaine", "prochaine", _) | ("next", "week", _) => Some((next_week, 2)),
        ("cette", "semaine", _) | ("this", "week", _) => Some(((today, plus(monday(today), 6)), 2)),
        ("week", "after", "next") => Some((week(plus(monday(today), 14)), 3)),
        ("mois", "prochain", _) | ("next", "month", _) => {
            Some(((next_month, next_month.last_of_month()), 2))
        }
        ("ce", "mois", _) | ("this", "month", _) => Some(((today, today.last_of_month()), 2)),
        ("fin", "de" | "du", "mois") => Some((
            (
                plus(today.last_of_month(), -6).max(today),
                today.last_of_month(),
            ),
            3,
        )),
        _ => None,
    }
}

/// A day of the week with what stands around it.
fn of_week(words: &Words, at: usize, today: Date) -> Option<(Days, usize)> {
    let day = weekday(words, at)?;
    let (before, second, third) = (words.back(at, 1), words.at(at + 1), words.at(at + 2));
    let coming = next(today, day);
    let this = matches!(before, "ce" | "this") && today.weekday() == day;
    let (found, count) = match (second, third) {
        ("en", "huit") => (plus(coming, 7), 3),
        ("en", "quinze") => (plus(coming, 14), 3),
        ("week", _) => (plus(coming, 7), 2),
        ("prochain", _) => (coming, 2),
        _ if this => (today, 1),
        _ => (coming, 1),
    };
    // "mardi 8 décembre" says it twice, and the date is the surer one.
    let at_date = at + usize::from(second == "le" || second == "the") + 1;
    if let Some((days, more)) = named_date(words, at_date, today) {
        return Some((days, at_date + more - at));
    }
    if let Some(number) =
        day_of_month(second).filter(|_| second.len() <= 2 || !second.ends_with("h"))
        && !matches!(third, "h" | "heures" | "heure" | "am" | "pm" | "o")
        && let Some(date) = next_numbered(today, number)
        && date.weekday() == day
    {
        return Some(((date, date), 2));
    }
    Some(((found, found), count))
}

/// The days that a text speaks of; its words are taken.
pub(super) fn read(words: &mut Words, today: Date) -> Option<Days> {
    let mut found: Option<(Days, bool)> = None;
    let mut at = 0;
    while at < words.len() {
        let is_week = weekday(words, at).is_some();
        let here = distance(words, at, today)
            .or_else(|| of_week(words, at, today))
            .or_else(|| relative(words, at, today))
            .or_else(|| named_date(words, at, today));
        let Some((days, count)) = here else {
            at += 1;
            continue;
        };
        words.take(at, count);
        at += count.max(1);
        found = Some(match found {
            None => (days, is_week),
            // "Tuesday next week", "la semaine prochaine, mardi": the day inside the days.
            Some(((day, last), true)) if day == last && days.0 < days.1 => {
                (inside(day, days), false)
            }
            Some((range, false)) if is_week && range.0 < range.1 => (inside(days.0, range), false),
            // "mardi ou jeudi": from the first to the last.
            Some(((first, last), true))
                if is_week && last < days.0 && words.has("ou") | words.has("or") =>
            {
                ((first, days.1), false)
            }
            Some(known) => known,
        });
    }
    found.map(|(days, _)| days)
}

/// The same day of the week among some days; the days when it is not among them.
fn inside(day: Date, (first, last): Days) -> Days {
    let found = if first.weekday() == day.weekday() {
        first
    } else {
        next(first, day.weekday())
    };
    if found <= last {
        (found, found)
    } else {
        (first, last)
    }
}
